//! Starting the child and attending to it until it is gone.

use super::super::{limit, words};
use super::sender::{Command as Send, Sending};
use super::state::{Shared, Watch};
use super::{Launch, inbox};
use crate::worker::stdio;
use crossbeam_channel::Sender;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A child with pipes.
pub struct Spawned {
    child: Child,
}

/// The command line that `launch` asks for.
pub fn command(launch: &Launch) -> Result<Command, String> {
    let mut words = match &launch.via {
        None => Vec::new(),
        Some(via) => words::split(via)?,
    };
    if launch.via.is_some() && words.is_empty() {
        return Err("the command prefix is empty".into());
    }
    let program = match (&launch.program, &launch.via) {
        (Some(program), _) => program.clone(),
        (None, Some(_)) => PathBuf::from("enginesmith"),
        (None, None) => this_program()?,
    };
    if words.is_empty() {
        let mut command = Command::new(program);
        command.arg("worker");
        return Ok(command);
    }
    let program = program
        .to_str()
        .ok_or("the path of the program is not UTF-8")?
        .to_string();
    if let Some(alone) = words.iter().position(|w| w == "{}") {
        words.splice(alone..=alone, [program, "worker".into()]);
    } else if words.iter().any(|w| w.contains("{}")) {
        let text = format!("{} worker", words::quote(&program));
        words.iter_mut().for_each(|w| *w = w.replace("{}", &text));
    } else {
        words.extend([program, "worker".into()]);
    }
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    Ok(command)
}

fn this_program() -> Result<PathBuf, String> {
    let path = std::env::current_exe().map_err(|e| format!("this program's own path is not known: {e}"))?;
    // On Linux a program that was replaced on disk while it runs can still be started through /proc.
    let running = PathBuf::from("/proc/self/exe");
    Ok(if !path.exists() && running.exists() {
        running
    } else {
        path
    })
}

/// Starts the child.
pub fn spawn(command: &mut Command) -> Result<Spawned, String> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    stdio::own_group(command);
    let child = command.spawn().map_err(|e| {
        let program = command.get_program().to_string_lossy().into_owned();
        format!("{program} cannot be started: {}", crate::files::words(&e))
    })?;
    Ok(Spawned { child })
}

/// Starts the threads that attend to the child; it is reaped whatever happens.
pub fn attend(spawned: Spawned) -> Result<(Arc<Shared>, Sender<Send>), String> {
    let mut child = spawned.child;
    let shared = Arc::new(Shared::new(child.id()));
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (sender, commands) = crossbeam_channel::unbounded();
    let (answers_in, answers) = crossbeam_channel::unbounded();
    let start = |name: &str, body: Box<dyn FnOnce() + core::marker::Send>| {
        thread::Builder::new()
            .name(format!("worker {name}"))
            .spawn(body)
            .map(drop)
    };
    let threads = [
        output.map(|output| {
            let shared = Arc::clone(&shared);
            start(
                "output",
                Box::new(move || inbox::read_output(output, &shared, &answers_in)),
            )
        }),
        errors.map(|errors| {
            let shared = Arc::clone(&shared);
            start("errors", Box::new(move || inbox::read_errors(errors, &shared)))
        }),
        input.map(|input| {
            let shared = Arc::clone(&shared);
            start(
                "input",
                Box::new(move || Sending::new(input, shared, commands, answers).run()),
            )
        }),
    ];
    if threads.into_iter().any(|t| !matches!(t, Some(Ok(())))) {
        shared.doom("its threads on this side cannot be started");
    }
    let watched = Arc::clone(&shared);
    start("watch", Box::new(move || watch(child, &watched))).map_err(|e| format!("it cannot be watched: {e}"))?;
    Ok((shared, sender))
}

/// Time between two looks at a worker after which this program cannot have been running.
const STOPPED: Duration = Duration::from_secs(3);

fn watch(mut child: Child, shared: &Shared) {
    let mut silent_since = None;
    let mut looked = Instant::now();
    let status = loop {
        if looked.elapsed() > STOPPED {
            // This program was stopped, or its machine slept: what the worker said meanwhile is still to be read.
            shared.resume();
            silent_since = None;
        }
        looked = Instant::now();
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) => {}
            Err(e) => break Err(e),
        }
        if shared.output_ended() {
            // A process that closed its stdout cannot be heard any more.
            let since = *silent_since.get_or_insert_with(Instant::now);
            if since.elapsed() > Duration::from_secs(2) {
                shared.doom("it closed its output");
            }
        }
        if matches!(shared.watch(), Watch::Kill) {
            stdio::kill_group(&mut child);
            break child.wait();
        }
        thread::sleep(Duration::from_millis(20));
    };
    // What it said before its end counts.
    let deadline = Instant::now() + Duration::from_secs(1);
    while !shared.all_was_read() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    shared.end(&match status {
        Ok(status) => describe(status),
        Err(e) => format!("it cannot be waited for: {e}"),
    });
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            libc::SIGKILL => "SIGKILL: killed, perhaps for lack of memory",
            libc::SIGSEGV => "SIGSEGV: a crash inside a library",
            libc::SIGABRT => "SIGABRT: a library gave up",
            libc::SIGBUS => "SIGBUS: a mapped file was shortened, or the disk is full",
            libc::SIGILL => "SIGILL: an instruction that this processor does not know",
            libc::SIGTERM => "SIGTERM",
            _ => "a signal",
        };
        return format!("it was ended by signal {signal} ({name})");
    }
    match status.code() {
        Some(limit::EXIT) => "it was stopped because its job needs more memory than it may have".into(),
        Some(127) => "it ended with exit code 127 (a command was not found)".into(),
        Some(code) => format!("it ended with exit code {code}"),
        None => "it ended".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(via: &str) -> Vec<String> {
        let launch = Launch {
            via: Some(via.into()),
            program: Some("/opt/my tools/enginesmith".into()),
        };
        let command = command(&launch).unwrap();
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|w| w.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_program_comes_last_or_where_braces_stand() {
        let program = "/opt/my tools/enginesmith";
        assert_eq!(line("ssh gpu-box"), ["ssh", "gpu-box", program, "worker"]);
        assert_eq!(line("run {} --verbose"), ["run", program, "worker", "--verbose"]);
        assert_eq!(
            line("sh -c 'cd /data && exec {}'"),
            ["sh", "-c", "cd /data && exec '/opt/my tools/enginesmith' worker"]
        );
        let launch = Launch {
            via: Some("ssh gpu-box".into()),
            program: None,
        };
        assert_eq!(command(&launch).unwrap().get_args().nth(1).unwrap(), "enginesmith");
        let launch = Launch {
            via: Some(" ".into()),
            program: None,
        };
        assert!(command(&launch).unwrap_err().contains("empty"));
    }
}
