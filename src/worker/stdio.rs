//! The process's standard streams, its environment and its end: the few system calls that the worker needs.
//!
//! Native libraries print to file descriptor 1 as they like, and programs they start read descriptor 0. So the worker
//! takes both away before any library is loaded: the protocol keeps private copies, 1 becomes stderr and 0 the null
//! device.

use std::fs::File;
use std::io;

/// The protocol's private streams: where requests come from and where answers go.
///
/// # Errors
/// The system's reason when a descriptor cannot be copied.
#[cfg(unix)]
pub fn take() -> io::Result<(File, File)> {
    use std::os::fd::{AsRawFd, FromRawFd};
    let keep = |fd: i32| -> io::Result<File> {
        // SAFETY: fcntl with F_DUPFD_CLOEXEC reads no memory; a bad descriptor is reported as -1.
        let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
        if copy < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `copy` was just made, is open and owned by nobody else.
        Ok(unsafe { File::from_raw_fd(copy) })
    };
    let input = keep(libc::STDIN_FILENO)?;
    let output = keep(libc::STDOUT_FILENO)?;
    let null = File::open("/dev/null")?;
    for (from, to) in [
        (null.as_raw_fd(), libc::STDIN_FILENO),
        (libc::STDERR_FILENO, libc::STDOUT_FILENO),
    ] {
        // SAFETY: both descriptors are open; dup2 touches no memory. Rust's own handles for 0 and 1 do not cache them.
        if unsafe { libc::dup2(from, to) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok((input, output))
}

/// The protocol's streams. Here the process's own handles are duplicated; what libraries print to stdout is not
/// redirected, and the client treats it as stray output.
///
/// # Errors
/// The system's reason when a handle cannot be copied.
#[cfg(windows)]
pub fn take() -> io::Result<(File, File)> {
    use std::os::windows::io::AsHandle;
    let input = io::stdin().as_handle().try_clone_to_owned()?;
    let output = io::stdout().as_handle().try_clone_to_owned()?;
    Ok((input.into(), output.into()))
}

/// Switches off what libraries would send home, before any of them is loaded: since 1.29 ONNX Runtime's library from PyPI
/// makes a database under the user's cache folder when it is loaded and queues a device's hash, the program's path and
/// texts of errors in it. Call it before the process has a second thread.
pub fn no_telemetry() {
    // SAFETY: no other thread runs yet that could read or write the environment meanwhile.
    unsafe { std::env::set_var("ORT_DISABLE_TELEMETRY", "1") };
}

/// Ends the process at once, without running destructors of libraries whose threads may still be at work.
pub fn exit_now(code: i32) -> ! {
    #[cfg(unix)]
    // SAFETY: _exit never returns and touches no memory of ours.
    unsafe {
        libc::_exit(code)
    }
    #[cfg(not(unix))]
    std::process::exit(code)
}

/// Makes the child the leader of a process group of its own, so that [`kill_group`] reaches what it starts.
pub fn own_group(command: &mut std::process::Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Kills the child and everything in its process group. The caller still has to wait for the child, and must not have
/// done so yet (its number could belong to someone else by then).
pub fn kill_group(child: &mut std::process::Child) {
    #[cfg(unix)]
    if let Ok(pid) = i32::try_from(child.id())
        && pid > 1
    {
        // SAFETY: kill touches no memory. The child was not waited for, so its process group number is still its own.
        unsafe {
            libc::kill(-pid, libc::SIGKILL);
        }
    }
    let _ = child.kill();
}
