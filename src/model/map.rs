//! Memory maps that survive the file being shortened by another program.
//!
//! Reading a mapped page that no longer has a file behind it raises SIGBUS, which kills the process. Every map made here
//! is registered; a handler puts zero pages under the rest of a map whose file went away and marks it as damaged, so the
//! reader goes on (with zeros) and [`Map::is_intact`] tells the truth afterwards.

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A read-only map of a regular file.
pub struct Map {
    bytes: Mmap,
    slot: signal::Slot,
    path: PathBuf,
    identity: Identity,
}

/// What a file was when it was mapped.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Identity {
    file: Option<(u64, u64)>,
    len: u64,
    modified: Option<SystemTime>,
}

impl Identity {
    fn of(metadata: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt;
            Some((metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let file = None;
        Self {
            file,
            len: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl Map {
    /// Maps the file. An empty file gives an empty map.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` when it is not a regular file (a pipe would block for ever).
    pub fn open(path: &Path) -> io::Result<Self> {
        match std::fs::metadata(path)? {
            found if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            found if !found.is_file() => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "it is a device or a pipe, not a file",
                ));
            }
            _ => {}
        }
        let file = File::open(path)?;
        let identity = Identity::of(&file.metadata()?);
        // SAFETY: the map is private to us and read-only. Another program may still change the file's bytes; everything
        // read through the map is treated as untrusted (decoded with checks, never transmuted), and pages that vanish
        // are replaced by the handler registered below.
        let bytes = unsafe { Mmap::map(&file)? };
        let slot = signal::Slot::register(bytes.as_ptr() as usize, bytes.len())?;
        Ok(Self {
            bytes,
            slot,
            path: path.into(),
            identity,
        })
    }

    /// False once the file was shortened or written to while mapped. A file that was replaced by renaming another over
    /// it, or deleted, leaves the map intact.
    pub fn is_intact(&self) -> bool {
        if self.slot.is_damaged() {
            return false;
        }
        match std::fs::metadata(&self.path) {
            Ok(now) => {
                let now = Identity::of(&now);
                now.file != self.identity.file || now == self.identity
            }
            Err(_) => true,
        }
    }
}

impl AsRef<[u8]> for Map {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(unix)]
mod signal {
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// Maps that can exist at once: the model files that are open and their external data files.
    const SLOTS: usize = 4096;

    struct Entry {
        start: AtomicUsize,
        len: AtomicUsize,
        damaged: AtomicBool,
    }

    /// Fixed-size and lock-free, because a signal handler reads it. A free entry has `len` 0; `start` is `CLAIMED` while
    /// an entry is being filled.
    static TABLE: [Entry; SLOTS] = [const {
        Entry {
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            damaged: AtomicBool::new(false),
        }
    }; SLOTS];
    const CLAIMED: usize = usize::MAX;

    /// The handler that was there before ours, and the page size, both fixed before ours is installed.
    static BEFORE: OnceLock<(libc::sigaction, usize)> = OnceLock::new();
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();

    /// A registered range; removed from the table when dropped.
    pub(super) struct Slot(Option<usize>);

    impl Slot {
        pub(super) fn register(start: usize, len: usize) -> io::Result<Self> {
            if len == 0 {
                return Ok(Self(None));
            }
            install()?;
            for (i, entry) in TABLE.iter().enumerate() {
                if entry
                    .start
                    .compare_exchange(0, CLAIMED, Ordering::AcqRel, Ordering::Relaxed)
                    .is_ok()
                {
                    entry.damaged.store(false, Ordering::Release);
                    entry.start.store(start, Ordering::Release);
                    entry.len.store(len, Ordering::Release);
                    return Ok(Self(Some(i)));
                }
            }
            Err(io::Error::other(format!("more than {SLOTS} files are mapped at once")))
        }

        pub(super) fn is_damaged(&self) -> bool {
            self.0
                .and_then(|i| TABLE.get(i))
                .is_some_and(|entry| entry.damaged.load(Ordering::Acquire))
        }
    }

    impl Drop for Slot {
        fn drop(&mut self) {
            if let Some(entry) = self.0.and_then(|i| TABLE.get(i)) {
                entry.len.store(0, Ordering::Release);
                entry.start.store(0, Ordering::Release);
            }
        }
    }

    fn install() -> io::Result<()> {
        let result = INSTALLED.get_or_init(|| {
            // SAFETY: plain queries and a sigaction call with initialised structures; the handler only does what is
            // allowed in one (atomics, mmap, sigaction).
            unsafe {
                let mut before: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut before) != 0 {
                    return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
                }
                let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
                let _ = BEFORE.set((before, page));
                let mut ours: libc::sigaction = std::mem::zeroed();
                ours.sa_sigaction = on_sigbus as *const () as usize;
                // ONSTACK: the previous handler may be std's stack-overflow guard, which needs its alternate stack.
                ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigemptyset(&raw mut ours.sa_mask);
                if libc::sigaction(libc::SIGBUS, &raw const ours, std::ptr::null_mut()) != 0 {
                    return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
                }
            }
            Ok(())
        });
        result.map_err(io::Error::from_raw_os_error)
    }

    /// Repairs a fault inside a registered map; hands every other one to the handler before ours.
    extern "C" fn on_sigbus(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        let Some((before, page)) = BEFORE.get() else { return };
        // SAFETY: the kernel passes a valid siginfo because SA_SIGINFO is set; a null pointer gives `None`.
        let address = unsafe { info.as_ref() }.map_or(0, |info| {
            // SAFETY: a SIGBUS siginfo carries the address of the fault.
            unsafe { info.si_addr() as usize }
        });
        for entry in &TABLE {
            let (start, len) = (entry.start.load(Ordering::Acquire), entry.len.load(Ordering::Acquire));
            if len == 0 || start == CLAIMED || address < start || address - start >= len {
                continue;
            }
            let from = address & !(page - 1);
            // SAFETY: the range lies inside one of our own maps, whose pages nothing else owns; replacing them with
            // zero pages keeps every pointer into the map valid.
            let done = unsafe {
                libc::mmap(
                    from as *mut libc::c_void,
                    start + len - from,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                    -1,
                    0,
                )
            };
            if done != libc::MAP_FAILED {
                entry.damaged.store(true, Ordering::Release);
                return;
            }
        }
        // SAFETY: `before` is what sigaction gave us; its handler has the signature that its flags say. The default
        // action and "ignore" are put back instead, so that the fault happens again and ends the process as it would
        // have without us.
        unsafe {
            match before.sa_sigaction {
                libc::SIG_DFL | libc::SIG_IGN => {
                    libc::sigaction(libc::SIGBUS, std::ptr::from_ref(before), std::ptr::null_mut());
                }
                handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
                    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                        std::mem::transmute(handler);
                    handler(signal, info, context);
                }
                handler => {
                    let handler: extern "C" fn(libc::c_int) = std::mem::transmute(handler);
                    handler(signal);
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod signal {
    /// Other systems refuse to shorten a mapped file; there is nothing to repair.
    pub(super) struct Slot;

    impl Slot {
        pub(super) fn register(_start: usize, _len: usize) -> std::io::Result<Self> {
            Ok(Self)
        }
        pub(super) fn is_damaged(&self) -> bool {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn reading_past_a_shortened_file_gives_zeros_and_is_noticed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![7u8; 1 << 20]).unwrap();
        let map = Map::open(file.path()).unwrap();
        assert!(map.is_intact());
        File::options()
            .write(true)
            .open(file.path())
            .unwrap()
            .set_len(100)
            .unwrap();
        assert_eq!(map.as_ref()[..100], [7; 100]);
        assert!(map.as_ref()[4096..].iter().all(|b| *b == 0));
        assert!(!map.is_intact());
    }

    #[test]
    fn a_file_replaced_by_renaming_stays_readable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"first").unwrap();
        let map = Map::open(&path).unwrap();
        std::fs::write(folder.path().join("b"), b"second").unwrap();
        std::fs::rename(folder.path().join("b"), &path).unwrap();
        assert_eq!(map.as_ref(), b"first");
        #[cfg(unix)]
        assert!(map.is_intact());
    }

    #[test]
    fn folders_and_pipes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Map::open(folder.path()).is_err());
    }
}
