//! Where an engine file goes. It is made in a folder of its own beside its destination, by the worker when that sees the
//! folder, else from what the worker sends, and gets its name when the job is done. However the job ends, the folder goes.

use super::super::JobError;
use super::super::protocol::{Beside, TOKEN};
use super::super::store::hash;
use super::state::engine_failed;
use crate::engine::{BuildRecord, EngineError, record_path};
use crate::files::{self, PREFIX, Unfinished, left, without_path};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The engine file of a job at work.
pub struct Delivery {
    /// Where the user wants it, absolute.
    path: PathBuf,
    force: bool,
    folder: TempDir,
    /// The file with the proof: while it is open, nobody takes the folder for left over.
    _held: File,
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
        left::clear(beside);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(beside);
        let io = |e: io::Error| {
            format!(
                "{}: no engine can be written there: {}",
                beside.display(),
                files::words(&e)
            )
        };
        let folder = folder.map_err(|e| io(without_path(e)))?;
        let mut held = File::create(folder.path().join(TOKEN)).map_err(io)?;
        left::hold(&held);
        held.write_all(token.as_bytes()).map_err(io)?;
        Ok(Self {
            force,
            _held: held,
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
        File::create_new(self.file()).map_err(|e| self.failed(&e))
    }

    /// Gives the engine its name and writes its record beside it. The bytes are read and hashed here, whoever wrote them: what
    /// the record describes is what is kept, or nothing is.
    ///
    /// # Errors
    /// When the file is not what the record says, when it is a link, when one has appeared meanwhile, or the system's reason.
    pub fn complete(self, record: &BuildRecord) -> Result<(), JobError> {
        let file = self.file();
        let found = left::open(&file).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => engine_failed("the worker made no engine file".into()),
            _ => engine_failed(format!("the engine file that the worker made: {}", files::words(&e))),
        })?;
        // Of the opened file, because network file systems tell the true size only then.
        let bytes = found.metadata().map_err(|e| self.failed(&e))?.len();
        let differs = |what: &str, found: String, said: Option<String>| {
            let said = said.unwrap_or("nothing".into());
            engine_failed(format!(
                "the engine file has {what} {found}, its record says {said}; it is not kept"
            ))
        };
        if record.engine_bytes != Some(bytes) {
            let said = record.engine_bytes.map(|n| n.to_string());
            return Err(differs("a size in bytes of", bytes.to_string(), said));
        }
        let sha256 = hash(found, &mut || true).map_err(|e| self.failed(&e))?;
        if record.engine_sha256.as_ref() != Some(&sha256) {
            return Err(differs("the SHA-256", sha256, record.engine_sha256.clone()));
        }
        let text = serde_json::to_string_pretty(record).map_err(|e| engine_failed(e.to_string()))? + "\n";
        refuse(&self.path, self.force, &[]).map_err(request)?;
        self.rename(file)?;
        // The record last: one without its engine would describe another one that comes there later.
        let beside = record_path(&self.path);
        files::write_renamed(&beside, text.as_bytes())
            .map_err(|e| engine_failed(format!("{}: {}", beside.display(), files::words(&e))))
    }

    fn rename(&self, from: PathBuf) -> Result<(), JobError> {
        files::rename(from, &self.path, self.force)
            .map_err(|e| request(format!("{}: {}", self.path.display(), files::words(&e))))
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
    use super::super::super::wire::sha256_hex;
    use super::*;
    use crate::files::trial;
    use std::fs;

    fn record(content: &str) -> BuildRecord {
        BuildRecord {
            engine_bytes: Some(content.len() as u64),
            engine_sha256: Some(sha256_hex(content.as_bytes())),
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
            let completed = delivery.complete(&record("engine"));
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
        for (written, wanted) in [
            (None, "no engine file"),
            (Some("half"), "bytes of 4, its record says 6"),
            (Some("enginE"), "the SHA-256"),
        ] {
            let delivery = Delivery::prepare(&path, false, &[], "t".into()).unwrap();
            if let Some(text) = written {
                fs::write(delivery.file(), text).unwrap();
            }
            let error = delivery.complete(&record("engine")).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        drop(Delivery::prepare(&path, false, &[], "t".into()).unwrap());
        assert!(names(dir.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_a_worker_left_is_not_followed() {
        let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, secret) = (dir.path().join("e.engine"), outside.path().join("secret"));
        fs::write(&secret, "engine").unwrap();
        let delivery = Delivery::prepare(&path, true, &[], "t".into()).unwrap();
        std::os::unix::fs::symlink(&secret, delivery.file()).unwrap();
        let error = delivery.complete(&record("engine")).unwrap_err().to_string();
        assert!(error.contains("a link"), "{error}");
        // Nor is one written through that lies where the record or a sent engine goes.
        let delivery = Delivery::prepare(&path, true, &[], "t".into()).unwrap();
        std::os::unix::fs::symlink(&secret, delivery.file()).unwrap();
        assert!(delivery.receive().is_err());
        drop(delivery);
        assert!(names(dir.path()).is_empty() && fs::read_to_string(&secret).unwrap() == "engine");
    }

    #[test]
    fn after_a_loss_of_power_there_is_an_engine_whole_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e.engine");
        let mut with_record = 0;
        let delivery = Delivery::prepare(&path, false, &[], "t".into()).unwrap();
        fs::write(delivery.file(), "engine").unwrap();
        let made = delivery.file();
        let losses = trial::losses(&[], &[&made], || delivery.complete(&record("engine")).unwrap());
        for loss in &losses {
            let found = loss.disk.get(&path);
            assert!(found.is_none_or(|f| f == b"engine"));
            let beside = loss.disk.get(&record_path(&path));
            assert!(beside.is_none_or(|f| found.is_some() && serde_json::from_slice::<BuildRecord>(f).is_ok()));
            assert!(!loss.is_over || (found.is_some() && beside.is_some()));
            with_record += usize::from(beside.is_some());
        }
        assert!(with_record > 0 && with_record < losses.len());
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
            assert!(error.contains(&folder) && !error.contains(PREFIX), "{error}");
        }
    }
}
