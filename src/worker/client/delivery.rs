//! Where an engine file goes. It is made in a folder of its own beside its destination, by the worker when that sees the
//! folder, else from what the worker sends, and gets its name when the job is done. However the job ends, the folder goes.

use super::super::protocol::{Beside, TOKEN};
use super::super::{BESIDE, JobError};
use super::state::engine_failed;
use crate::engine::{BuildRecord, EngineError, record_path};
use crate::files::{self, Unfinished, without_path};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::{TempDir, TempPath};

/// The engine file of a job at work.
pub struct Delivery {
    /// Where the user wants it, absolute.
    path: PathBuf,
    force: bool,
    folder: TempDir,
    _unfinished: Unfinished,
    token: String,
}

impl Delivery {
    /// Makes the folder, with the proof in it; `read` are the files of the model, which are never replaced.
    ///
    /// # Errors
    /// A file that is there already, a destination that is one of `read`, a folder that cannot be written to.
    pub fn prepare(path: &Path, force: bool, read: &[&Path], token: String) -> Result<Self, String> {
        refuse(path, force, read)?;
        let path = std::path::absolute(path).map_err(|e| format!("{}: {e}", path.display()))?;
        if path.to_str().is_none() {
            return Err(format!("{}: an engine's path must be UTF-8", path.display()));
        }
        let (Some(beside), Some(_)) = (path.parent(), path.file_name()) else {
            return Err(format!("{}: not the name of a file", path.display()));
        };
        let folder = tempfile::Builder::new().prefix(BESIDE).tempdir_in(beside);
        let io = |e: io::Error| {
            format!(
                "{}: no engine can be written there: {}",
                beside.display(),
                files::words(&e)
            )
        };
        let folder = folder.map_err(|e| io(without_path(e)))?;
        fs::write(folder.path().join(TOKEN), &token).map_err(io)?;
        Ok(Self {
            force,
            _unfinished: Unfinished::new(folder.path()),
            folder,
            token,
            path,
        })
    }

    /// What the worker is told.
    pub fn beside(&self) -> Beside {
        Beside {
            folder: self.folder.path().to_path_buf(),
            token: self.token.clone(),
        }
    }

    /// Where the user wants it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file for what the worker sends.
    ///
    /// # Errors
    /// The system's reason.
    pub fn receive(&self) -> Result<File, JobError> {
        File::create(self.file()).map_err(|e| self.failed(&e))
    }

    /// Gives the engine its name and writes its record beside it.
    ///
    /// # Errors
    /// When the file is not what the record says, when one has appeared meanwhile, or the system's reason.
    pub fn complete(self, record: &BuildRecord) -> Result<(), JobError> {
        let file = self.file();
        // Opened, because network file systems tell the true size only then.
        let found = File::open(&file)
            .and_then(|f| f.metadata())
            .map_err(|e| match e.kind() {
                io::ErrorKind::NotFound => engine_failed("the worker made no engine file".into()),
                _ => self.failed(&e),
            })?;
        if record.engine_bytes != Some(found.len()) {
            return Err(engine_failed(format!(
                "the engine file has {} bytes, its record says {}",
                found.len(),
                record.engine_bytes.map_or("nothing".into(), |n| n.to_string())
            )));
        }
        let text = serde_json::to_string_pretty(record).map_err(|e| engine_failed(e.to_string()))?;
        let (made, wanted) = (record_path(&file), record_path(&self.path));
        fs::write(&made, text + "\n").map_err(|e| self.failed(&e))?;
        refuse(&self.path, self.force, &[]).map_err(request)?;
        self.rename(file, &self.path)?;
        self.rename(made, &wanted)
    }

    fn rename(&self, from: PathBuf, to: &Path) -> Result<(), JobError> {
        let from = TempPath::try_from_path(from).map_err(|e| self.failed(&e))?;
        let renamed = if self.force {
            from.persist(to)
        } else {
            from.persist_noclobber(to)
        };
        renamed.map_err(|e| request(format!("{}: {}", to.display(), files::words(&e.error))))
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(self.path.file_name().unwrap_or_default())
    }

    fn failed(&self, error: &io::Error) -> JobError {
        engine_failed(format!("{}: {}", self.path.display(), files::words(error)))
    }
}

/// Says no to an engine file that would replace another without being told to, or one of the files in `read` at all.
///
/// # Errors
/// The reason, naming the file.
pub fn refuse(path: &Path, force: bool, read: &[&Path]) -> Result<(), String> {
    for file in [path, &record_path(path)] {
        files::may_write(file, force, read)?;
    }
    Ok(())
}

fn request(message: String) -> JobError {
    JobError::Engine(EngineError::Request(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(bytes: u64) -> BuildRecord {
        BuildRecord {
            engine_bytes: Some(bytes),
            ..BuildRecord::default()
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_appeared_meanwhile_is_kept_unless_forced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e.engine");
        for force in [false, true] {
            let delivery = Delivery::prepare(&path, force, &[], "t".into()).unwrap();
            fs::write(delivery.file(), "engine").unwrap();
            fs::write(&path, "mine").unwrap();
            let completed = delivery.complete(&record(6));
            let left = fs::read_to_string(&path).unwrap();
            if force {
                completed.unwrap();
                assert_eq!(left, "engine");
                assert_eq!(names(dir.path()), ["e.engine", "e.engine.json"]);
            } else {
                assert!(completed.unwrap_err().to_string().contains("e.engine"));
                assert_eq!(left, "mine");
                assert_eq!(names(dir.path()), ["e.engine"]);
                fs::remove_file(&path).unwrap();
            }
        }
    }

    #[test]
    fn what_is_not_what_the_record_says_gets_no_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e.engine");
        for written in [None, Some("half")] {
            let delivery = Delivery::prepare(&path, false, &[], "t".into()).unwrap();
            if let Some(text) = written {
                fs::write(delivery.file(), text).unwrap();
            }
            let error = delivery.complete(&record(6)).unwrap_err().to_string();
            let wanted = if written.is_some() { "4 bytes" } else { "no engine file" };
            assert!(error.contains(wanted), "{error}");
        }
        drop(Delivery::prepare(&path, false, &[], "t".into()).unwrap());
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn the_model_is_never_replaced_under_any_name() {
        let dir = tempfile::tempdir().unwrap();
        let (model, data) = (dir.path().join("m.onnx"), dir.path().join("m.data"));
        fs::write(&model, "model").unwrap();
        fs::write(&data, "weights").unwrap();
        let detour = dir.path().join("../").join(dir.path().file_name().unwrap());
        for path in [&model, &data, &detour.join("m.onnx")] {
            let refused = Delivery::prepare(path, true, &[&model, &data], "t".into());
            let error = refused.err().expect("it is the model");
            assert!(error.contains("the model itself"), "{error}");
        }
        assert_eq!(names(dir.path()), ["m.data", "m.onnx"]);
    }

    #[test]
    fn a_folder_that_takes_no_file_is_told_before_anything_is_built() {
        for place in ["/proc/e.engine", "/nowhere/at/all/e.engine"] {
            let error = Delivery::prepare(Path::new(place), false, &[], "t".into())
                .err()
                .unwrap();
            let folder = Path::new(place).parent().unwrap().display().to_string();
            assert!(error.contains(&folder) && !error.contains(BESIDE), "{error}");
        }
    }
}
