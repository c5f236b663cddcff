//! What killed runs leave: files and folders under temporary names that nobody will finish. Whoever makes one holds a lock
//! on a file of it for as long as the process lives (the system lets go of it however the process ends), so what can be
//! locked is left over.

use super::{LOCKS, PART, PREFIX};
use std::collections::HashSet;
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Between making a file and locking it lies a moment.
const MOMENT: Duration = Duration::from_secs(10);
/// Where locks are not supported, what is as old as this is left over.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// Holds the file's lock as long as the file is open.
pub fn hold(file: &File) {
    // Where locks are not supported, age decides.
    let _ = file.try_lock();
}

/// True when the process that made `entry` is gone; `lock` is the file in it (or itself) that the process holds.
pub fn is_left(entry: &Metadata, lock: &Path) -> bool {
    let age = entry.modified().ok().and_then(|m| m.elapsed().ok());
    let is_older = |than: Duration| age.is_some_and(|age| age > than);
    if !is_older(MOMENT) {
        return false;
    }
    match open(lock) {
        Err(_) => is_older(OLD),
        Ok(file) => match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(_)) => is_older(OLD),
        },
    }
}

/// Opens a file that is one: no link is followed, no pipe waited for.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path).map_err(|e| match e.raw_os_error() {
        #[cfg(unix)]
        Some(libc::ELOOP) => io::Error::other("it is a link, which is not followed"),
        _ => e,
    })?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other("it is no file")),
    }
}

/// Removes what killed runs left in the folder: files and folders that bear this program's temporary names and whose
/// process is gone. Looks at each folder once in the life of this process. Nobody needs to know when it fails.
pub fn clear(folder: &Path) {
    static SEEN: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let Ok(folder) = folder.canonicalize() else { return };
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.get_or_insert_default().insert(folder.clone()) {
        drop(seen);
        clear_now(&folder, PREFIX, PART);
    }
}

/// As [`clear`], now, for files named `prefix`, six characters, `suffix`, and folders without the suffix.
pub fn clear_now(folder: &Path, prefix: &str, suffix: &str) {
    let is_random = |name: &str| name.len() == 6 && name.bytes().all(|b| b.is_ascii_alphanumeric());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|n| n.strip_prefix(prefix)) else {
            continue;
        };
        // Of the entry itself: what a link leads to is not ours.
        let (Ok(meta), path) = (entry.metadata(), entry.path()) else {
            continue;
        };
        if meta.is_file() && rest.strip_suffix(suffix).is_some_and(is_random) {
            if is_left(&meta, &path) {
                let _ = fs::remove_file(&path);
            }
        } else if meta.is_dir() && is_random(rest) {
            // Somebody else's folder may be called so, but has no such file in it.
            let lock = LOCKS.iter().map(|lock| path.join(lock)).find(|lock| open(lock).is_ok());
            if lock.is_some_and(|lock| is_left(&meta, &lock)) {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::time::SystemTime;

    fn aged(path: &Path, by: Duration) {
        let when = SystemTime::now() - by;
        File::open(path).unwrap().set_modified(when).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_dead_processes_left_goes_and_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in [
            ".enginesmith-aaaaaa.part",
            ".enginesmith-bbbbbb.part",
            ".enginesmith-notes.part",
            ".enginesmith-ccccc1",
        ] {
            fs::write(at(name), "x").unwrap();
        }
        for name in [".enginesmith-dddddd", ".enginesmith-backup", ".enginesmith-eeeeee"] {
            fs::create_dir(at(name)).unwrap();
        }
        for name in [".enginesmith-dddddd", ".enginesmith-eeeeee"] {
            fs::write(at(name).join(LOCKS[0]), "x").unwrap();
            fs::write(at(name).join("engine"), "x").unwrap();
        }
        fs::write(at("precious"), "x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("precious"), at(".enginesmith-ffffff.part")).unwrap();
        // Another process holds one file and one folder; it ends when its input does.
        let script = format!(
            "exec 8<'{}' 9<'{}'; flock -n 8 && flock -n 9 && echo held && read x",
            at(".enginesmith-bbbbbb.part").display(),
            at(".enginesmith-eeeeee").join(LOCKS[0]).display()
        );
        let mut other = Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 5];
        std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut said).unwrap();
        clear_now(dir.path(), PREFIX, PART);
        assert!(at(".enginesmith-aaaaaa.part").exists(), "made just now");
        let all = names(dir.path());
        for name in &all {
            aged(&at(name), Duration::from_secs(3600));
        }
        clear_now(dir.path(), PREFIX, PART);
        let left: Vec<String> = all
            .iter()
            .filter(|n| ![".enginesmith-aaaaaa.part", ".enginesmith-dddddd"].contains(&n.as_str()))
            .cloned()
            .collect();
        assert_eq!(names(dir.path()), left);
        other.kill().unwrap();
        other.wait().unwrap();
        clear_now(dir.path(), PREFIX, PART);
        let left: Vec<String> = left
            .into_iter()
            .filter(|n| ![".enginesmith-bbbbbb.part", ".enginesmith-eeeeee"].contains(&n.as_str()))
            .collect();
        assert_eq!(names(dir.path()), left);
    }

    #[cfg(unix)]
    #[test]
    fn only_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, pipe) = (dir.path().join("f"), dir.path().join("l"), dir.path().join("p"));
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(open(&file).is_ok());
        assert!(open(&link).unwrap_err().to_string().contains("link"));
        assert!(open(&pipe).is_err() && open(dir.path()).is_err());
    }
}
