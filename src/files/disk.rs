//! What a file's survival depends on: making, writing, syncing and renaming. Everything in this module's parent goes through
//! here, so that tests can let any of it fail and can look at what a loss of power would leave ([`trial`]).

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tempfile::{NamedTempFile, TempPath};

#[cfg(test)]
pub(crate) mod trial;

/// A step that reaches the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step<'a> {
    /// A file appears under this name.
    Made(&'a Path),
    /// The file's content grew.
    Wrote(&'a Path),
    /// The file's content is on the disk.
    Synced(&'a Path),
    /// The file has another name.
    Renamed(&'a Path, &'a Path),
    /// Names in the folder are on the disk.
    SyncedFolder(&'a Path),
}

/// Says what is about to be done; tests may refuse.
fn before(step: Step<'_>) -> io::Result<()> {
    #[cfg(test)]
    return trial::before(step);
    #[cfg(not(test))]
    {
        let _ = step;
        Ok(())
    }
}

/// Says what was done, for tests.
fn after(step: Step<'_>) {
    #[cfg(test)]
    trial::after(step);
    #[cfg(not(test))]
    let _ = step;
}

fn done<T>(step: Step<'_>, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    before(step)?;
    let result = act()?;
    after(step);
    Ok(result)
}

/// A temporary file in `folder`.
pub(super) fn make(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> io::Result<NamedTempFile> {
    // Its name is not known yet.
    before(Step::Made(folder))?;
    let file = builder.tempfile_in(folder)?;
    after(Step::Made(file.path()));
    Ok(file)
}

/// Writes, as far as one call does.
pub(super) fn write(mut file: &File, path: &Path, bytes: &[u8]) -> io::Result<usize> {
    done(Step::Wrote(path), || file.write(bytes))
}

/// The content of the file is on the disk when this returns.
pub(super) fn sync(file: &File, path: &Path) -> io::Result<()> {
    done(Step::Synced(path), || file.sync_all())
}

/// Gives the file another name in its file system; one that is there is replaced only when `replace`.
pub(super) fn rename(from: TempPath, to: &Path, replace: bool) -> io::Result<()> {
    let old = from.to_path_buf();
    done(Step::Renamed(&old, to), || {
        let renamed = match replace {
            true => from.persist(to),
            false => from.persist_noclobber(to),
        };
        renamed.map_err(|e| e.error)
    })
}

/// Opens a file to write at its end, made when it is not there.
pub(super) fn append(path: &Path) -> io::Result<(File, bool)> {
    let is_new = !path.exists();
    let file = done(Step::Made(path), || {
        File::options().create(true).append(true).open(path)
    })?;
    Ok((file, is_new))
}

/// The names in the folder are on the disk when this returns, where the system can do that for folders.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    done(Step::SyncedFolder(folder), || {
        #[cfg(unix)]
        match File::open(folder).and_then(|f| f.sync_all()) {
            // A folder that may be written to but not read, and file systems that sync no folders.
            Err(e) if !matches!(e.raw_os_error(), Some(libc::EACCES | libc::EINVAL | libc::ENOTSUP)) => return Err(e),
            _ => {}
        }
        Ok(())
    })
}
