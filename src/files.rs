//! Files that users name, and those that are kept for them: what the system's refusals mean in words, what an output may
//! replace, writing under a temporary name first, and clearing away what killed runs left ([`left`]). Models, engines,
//! recipes, the history and the cache are all written here; it knows nothing of the rest.

mod disk;
pub mod left;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::{NamedTempFile, TempPath};

#[cfg(test)]
pub(crate) use disk::trial;

/// What the system said, in words.
pub fn words(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let text = match error.kind() {
        Kind::NotFound => "there is no such file",
        Kind::AlreadyExists => "something of that name is there already",
        Kind::IsADirectory => "it is a folder, not a file",
        Kind::NotADirectory => "a part of its path is no folder",
        Kind::PermissionDenied => "the system gives no permission",
        Kind::ReadOnlyFilesystem => "its file system is read-only",
        Kind::StorageFull | Kind::QuotaExceeded => "there is no space left on the disk",
        _ => return error.to_string(),
    };
    text.into()
}

/// Says no to an output that is one of the files in `read`, that is there already and not to be replaced, that is no file
/// (a folder, a device), or whose folder is missing. Asked before long work, so that its result has a place to go.
///
/// # Errors
/// The reason, naming the file, and what to do.
pub fn may_write(path: &Path, replace: bool, read: &[&Path]) -> Result<(), String> {
    let fail = |why: &str| Err(format!("{}: {why}", path.display()));
    if path == Path::new("-") {
        return fail(
            "results are written to files, not to standard output; give the name of a file (./- for this one)",
        );
    }
    if path.file_name().is_none() {
        return fail("that is not the name of a file");
    }
    if read.iter().any(|r| is_same(path, r)) {
        return fail("that is the model itself, which is kept; give the output another name");
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => fail("that is a folder; give the name of a file in it"),
        Ok(found) if !found.is_file() => fail("that is a device or a pipe, which is kept; give the name of a file"),
        Ok(_) if !replace => fail("the file exists already and is kept; --force replaces it"),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => match folder(path).metadata() {
            Ok(above) if above.is_dir() => Ok(()),
            _ => fail(&format!("there is no folder {}", folder(path).display())),
        },
        Err(e) => fail(&words(&e)),
    }
}

/// True when both paths lead to one file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Writes the bytes under a temporary name and renames it to `path`, which is replaced. After a loss of power at any
/// moment the old file is there or the new one, whole.
///
/// # Errors
/// The system's reason; nothing is left behind.
pub fn write_renamed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = Part::beside(path)?;
    part.write_all(bytes)?;
    part.persist(path, true)
}

/// The same for what can be found out again: the disk is not waited for, so a machine that loses power just now may keep an
/// empty file.
///
/// # Errors
/// As [`write_renamed`].
pub fn write_known(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = Part::beside(path)?;
    part.write_all(bytes)?;
    part.persist_known(path, true)
}

/// Adds the bytes at the end of a file, which is made when it is not there; they are on the disk when this returns. One
/// write where the system takes them at once, so that what several processes add does not mix.
///
/// # Errors
/// The system's reason; some of the bytes may have been added.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, is_new) = disk::append(path)?;
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = disk::write(&file, path, rest)?;
        rest = rest
            .get(written..)
            .filter(|_| written > 0)
            .ok_or(io::ErrorKind::WriteZero)?;
    }
    disk::sync(&file, path)?;
    match is_new {
        true => disk::sync_folder(folder(path)),
        false => Ok(()),
    }
}

/// Gives a finished file (made by another program) its name, as [`write_renamed`] does.
///
/// # Errors
/// The system's reason; the file is gone then.
pub fn rename(from: PathBuf, to: &Path, replace: bool) -> io::Result<()> {
    let from = TempPath::try_from_path(from)?;
    disk::sync(&left::open(&from)?, &from)?;
    disk::rename(from, to, replace)?;
    disk::sync_folder(folder(to))
}

/// An error of a temporary file without that file's name, which nobody asked for.
pub fn without_path(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => error.kind().into(),
    }
}

/// How the temporary names of this program begin.
pub const PREFIX: &str = ".enginesmith-";
/// How those of files end.
const PART: &str = ".part";
/// Files in temporary folders that their process holds: what a worker looks for in one beside an engine, and the plain one.
pub const LOCKS: [&str; 2] = ["token", "lock"];

/// A file in the making: it disappears unless it is given its name. What killed runs left in its folder goes, too.
pub struct Part {
    file: NamedTempFile,
    _unfinished: Unfinished,
}

impl Part {
    /// Bytes written so far; 0 where the system does not say.
    pub fn bytes(&self) -> u64 {
        self.file.as_file().metadata().map_or(0, |m| m.len())
    }

    /// A file under a temporary name in the folder of `path`, with the permissions of any new file.
    ///
    /// # Errors
    /// The system's reason.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let folder = folder(path);
        left::clear(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(PART);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The process's mask is taken off; a temporary file's own 0600 would surprise whoever shares the folder.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = disk::make(&builder, folder).map_err(|e| match e.kind() {
            // The folder is there, but takes no files, as /proc.
            io::ErrorKind::NotFound if folder.is_dir() => io::Error::other("no file can be made there"),
            _ => without_path(e),
        })?;
        left::hold(file.as_file());
        let _unfinished = Unfinished::new(file.path());
        Ok(Self { file, _unfinished })
    }

    /// Gives the file its name, once its content is on the disk; one that is there is replaced only when `replace`.
    ///
    /// # Errors
    /// The system's reason; the file is gone then.
    pub fn persist(self, path: &Path, replace: bool) -> io::Result<()> {
        disk::sync(self.file.as_file(), self.file.path())?;
        self.persist_known(path, replace)?;
        disk::sync_folder(folder(path))
    }

    /// The same without waiting for the disk: for what can be made again.
    ///
    /// # Errors
    /// As [`Self::persist`].
    pub fn persist_known(self, path: &Path, replace: bool) -> io::Result<()> {
        // The lock is held until the file has its name.
        let (_held, from) = self.file.into_parts();
        disk::rename(from, path, replace)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk::write(self.file.as_file(), self.file.path(), bytes).map_err(without_path)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary file or folder that [`abandon`] removes while this lives.
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Remembers the path.
    pub fn new(path: &Path) -> Self {
        UNFINISHED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path.into());
        Self(path.into())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut all = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = all.iter().position(|path| *path == self.0) {
            all.swap_remove(at);
        }
    }
}

/// Removes all that is unfinished: for a program that ends without going back through its callers.
pub fn abandon() {
    let all = std::mem::take(&mut *UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner));
    for path in all {
        // Nobody is left to be told when this fails.
        let _ = match path.is_dir() {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_must_not_be_written_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("model"), "m").unwrap();
        std::fs::write(at("other"), "o").unwrap();
        let detour = at("..").join(dir.path().file_name().unwrap()).join("model");
        let why = |path: &Path, replace| may_write(path, replace, &[&at("model")]).unwrap_err();
        for replace in [false, true] {
            assert!(why(&at("model"), replace).contains("the model itself"));
            assert!(why(&detour, replace).contains("the model itself"));
            assert!(why(dir.path(), replace).contains("a folder"));
            assert!(why(Path::new("-"), replace).contains("standard output"));
            assert!(why(&at("no/where"), replace).contains("there is no folder"));
            assert!(why(&at("other/where"), replace).contains("no folder"));
            #[cfg(unix)]
            assert!(why(Path::new("/dev/null"), replace).contains("a device"));
        }
        assert!(why(&at("other"), false).contains("--force"));
        assert_eq!(may_write(&at("other"), true, &[&at("model")]), Ok(()));
        assert_eq!(may_write(&at("new"), false, &[&at("model")]), Ok(()));
    }

    #[test]
    fn a_part_is_kept_only_under_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        drop(Part::beside(&path).unwrap());
        assert!(names(dir.path()).is_empty());
        write_renamed(&path, b"one").unwrap();
        let mut part = Part::beside(&path).unwrap();
        part.write_all(b"two").unwrap();
        assert!(part.persist(&path, false).is_err());
        assert_eq!(names(dir.path()), ["f"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write_renamed(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
    }

    #[test]
    fn after_a_loss_of_power_the_old_file_is_there_or_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let (old, new) = (b"the old one".to_vec(), b"the new one, longer".to_vec());
        let torn = |known: bool| {
            std::fs::write(&path, &old).unwrap();
            let losses = trial::losses(&[&path], &[], || match known {
                true => write_known(&path, &new).unwrap(),
                false => write_renamed(&path, &new).unwrap(),
            });
            assert!(losses.len() > 8);
            let found = losses.iter().map(|l| (l.disk.get(&path), l.is_over));
            let is_whole =
                |(found, is_over): (Option<&Vec<u8>>, bool)| found == Some(&new) || (!is_over && found == Some(&old));
            found.filter(|f| !is_whole(*f)).count()
        };
        assert_eq!(torn(false), 0);
        assert!(torn(true) > 0, "this is what the disk is waited for");
    }

    #[test]
    fn whatever_step_fails_the_old_file_stays_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        write_renamed(&path, b"old").unwrap();
        for step in 0.. {
            let (result, failed) = trial::failing(step, || write_renamed(&path, b"new"));
            assert_eq!(names(dir.path()), ["f"], "step {step}");
            if !failed {
                assert!(step > 3 && result.is_ok());
                break;
            }
            result.unwrap_err();
            let found = std::fs::read(&path).unwrap();
            // When only the folder was not synced the file has its new name already.
            assert!(found == b"old" || step == 4, "step {step}");
        }
    }
}
