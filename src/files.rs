//! Files that users name: what the system's refusals mean in words, what an output may replace, and writing under a
//! temporary name first. Everything that reads or writes such a file may call it; it knows nothing of the rest.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::NamedTempFile;

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

/// Writes the bytes under a temporary name and renames it to `path`, which is replaced.
///
/// # Errors
/// The system's reason; nothing is left behind.
pub fn write_renamed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = Part::beside(path)?;
    part.write_all(bytes)?;
    part.file().sync_all()?;
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
    part.persist(path, true)
}

/// An error of a temporary file without that file's name, which nobody asked for.
pub fn without_path(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => error.kind().into(),
    }
}

/// A file in the making: it disappears unless it is given its name.
pub struct Part {
    file: NamedTempFile,
    _unfinished: Unfinished,
}

impl Part {
    /// A file under a temporary name in the folder of `path`, with the permissions of any new file.
    ///
    /// # Errors
    /// The system's reason.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".enginesmith-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The process's mask is taken off; a temporary file's own 0600 would surprise whoever shares the folder.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder(path)).map_err(|e| match e.kind() {
            // The folder is there, but takes no files, as /proc.
            io::ErrorKind::NotFound if folder(path).is_dir() => io::Error::other("no file can be made there"),
            _ => without_path(e),
        })?;
        let _unfinished = Unfinished::new(file.path());
        Ok(Self { file, _unfinished })
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Gives the file its name; one that is there is replaced only when `replace`.
    ///
    /// # Errors
    /// The system's reason; the file is gone then.
    pub fn persist(self, path: &Path, replace: bool) -> io::Result<()> {
        let done = match replace {
            true => self.file.persist(path),
            false => self.file.persist_noclobber(path),
        };
        done.map(drop).map_err(|e| e.error)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(without_path)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(without_path)
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
}
