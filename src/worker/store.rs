//! The worker's files: models by content in the cache directory, and scratch folders.

use super::protocol::{Beside, Content, ModelAt, Offered, TOKEN};
use super::room;
use super::wire::{finish, from_base64, is_sha256};
use crate::files::{self, Part, left};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest sum of cached model files in bytes; the oldest go first.
const CACHE_LIMIT: u64 = 16 << 30;

/// Models and scratch space of one worker process.
pub struct Store {
    root: PathBuf,
    /// Hashes that this process checked, so that a file is read once, not for every job.
    checked: HashSet<String>,
    /// True when the client's token was found at the client's path.
    shares_files: bool,
    scratch: tempfile::TempDir,
    /// Held while the process lives; a scratch folder whose lock can be had is left over.
    _lock: File,
}

/// An upload on its way.
pub struct Upload {
    sha256: String,
    bytes: u64,
    received: u64,
    hash: Sha256,
    to: Destination,
}

enum Destination {
    Cache(Part),
    Memory(Vec<u8>),
}

impl Store {
    /// Opens the cache in the user's cache directory (`XDG_CACHE_HOME` and its like), or in a temporary one when there is
    /// none that can be written to.
    ///
    /// # Errors
    /// When not even a temporary folder can be made.
    pub fn open() -> io::Result<Self> {
        let dirs = directories::ProjectDirs::from("", "", "enginesmith");
        let preferred = dirs.map(|d| d.cache_dir().join("worker"));
        match preferred.map(Self::open_at) {
            Some(Ok(store)) => Ok(store),
            _ => Self::open_at(std::env::temp_dir().join("enginesmith-worker")),
        }
    }

    /// Opens the cache in this folder, which is made when it is not there.
    ///
    /// # Errors
    /// The system's reason.
    pub fn open_at(root: PathBuf) -> io::Result<Self> {
        for folder in ["files", "models", "scratch"] {
            fs::create_dir_all(root.join(folder))?;
        }
        remove_stale(&root.join("scratch"));
        let scratch = tempfile::Builder::new().prefix("w").tempdir_in(root.join("scratch"))?;
        let lock = File::create(scratch.path().join("lock"))?;
        left::hold(&lock);
        Ok(Self {
            root,
            checked: HashSet::new(),
            shares_files: false,
            scratch,
            _lock: lock,
        })
    }

    /// A new folder for scratch files; it goes when the value is dropped.
    ///
    /// # Errors
    /// The system's reason.
    pub fn scratch(&self) -> io::Result<tempfile::TempDir> {
        tempfile::tempdir_in(self.scratch.path())
    }

    /// The folder of all scratch folders of this process.
    pub fn scratch_root(&self) -> &Path {
        self.scratch.path()
    }

    /// Looks for the client's token at the client's path.
    pub fn meet(&mut self, path: Option<&Path>, token: Option<&str>) {
        self.shares_files = match (path, token) {
            (Some(path), Some(token)) => says(path, token),
            _ => false,
        };
    }

    /// True when all files are here at the client's paths with the same size and time of change.
    pub fn sees(&self, files: &[Offered]) -> bool {
        self.shares_files
            && !files.is_empty()
            && files.iter().all(|f| {
                f.path.is_absolute()
                    && fs::metadata(&f.path)
                        .is_ok_and(|m| m.is_file() && m.len() == f.bytes && modified_ns(&m) == Some(f.modified_ns))
            })
    }

    /// Those of the offered hashes that are not in the cache. A file that is there is read once and checked.
    pub fn missing(&mut self, files: &[Offered]) -> Vec<String> {
        let mut missing = Vec::new();
        for file in files {
            let Some(sha256) = file.sha256.as_ref().filter(|s| is_sha256(s)) else {
                continue;
            };
            if !self.has(sha256) && !missing.contains(sha256) {
                missing.push(sha256.clone());
            }
        }
        missing
    }

    fn has(&mut self, sha256: &str) -> bool {
        let path = self.root.join("files").join(sha256);
        if self.checked.contains(sha256) && path.is_file() {
            return true;
        }
        match hash_file(&path, &mut || true) {
            Ok(found) if found == sha256 => {
                // Remembers the use: the oldest file goes first when the cache is full.
                let _ = File::open(&path).and_then(|f| f.set_modified(SystemTime::now()));
                self.checked.insert(sha256.into());
                true
            }
            Ok(_) => {
                let _ = fs::remove_file(&path);
                false
            }
            Err(_) => false,
        }
    }

    /// Begins an upload, to the cache (`keep`) or to memory.
    ///
    /// # Errors
    /// A hash that is none, or the system's reason.
    pub fn begin(&self, sha256: &str, bytes: u64, keep: bool) -> Result<Upload, String> {
        if !is_sha256(sha256) {
            return Err(format!("{sha256:?} is not a SHA-256 in hex"));
        }
        let to = if keep {
            self.make_room(bytes);
            let folder = self.root.join("files");
            room::on_disk(&folder, bytes)?;
            let file = Part::beside(&folder.join(sha256));
            Destination::Cache(file.map_err(|e| format!("{}: {}", folder.display(), files::words(&e)))?)
        } else {
            room::in_memory(bytes)?;
            Destination::Memory(Vec::new())
        };
        Ok(Upload {
            sha256: sha256.into(),
            bytes,
            received: 0,
            hash: Sha256::new(),
            to,
        })
    }

    /// Ends an upload: into the cache, or the bytes when it went to memory.
    ///
    /// # Errors
    /// A size or hash that differs from what was announced, or the system's reason.
    pub fn end(&mut self, upload: Upload) -> Result<Option<Vec<u8>>, String> {
        if upload.received != upload.bytes {
            return Err(format!(
                "{} bytes came, {} were announced",
                upload.received, upload.bytes
            ));
        }
        let found = finish(upload.hash);
        if found != upload.sha256 {
            return Err(format!("the content has the SHA-256 {found}, not {}", upload.sha256));
        }
        match upload.to {
            Destination::Memory(bytes) => Ok(Some(bytes)),
            Destination::Cache(file) => {
                let path = self.root.join("files").join(&upload.sha256);
                file.persist(&path, true)
                    .map_err(|e| format!("{}: {}", path.display(), files::words(&e)))?;
                self.checked.insert(upload.sha256);
                Ok(None)
            }
        }
    }

    /// Path of the model file: the client's own, or one in a folder of the cache that has all its files under their names.
    ///
    /// # Errors
    /// A name that leaves the folder, a file that is not in the cache, or the system's reason.
    pub fn model(&self, at: &ModelAt) -> Result<PathBuf, String> {
        let files = match at {
            ModelAt::Path(path) if self.shares_files => return Ok(path.clone()),
            ModelAt::Path(path) => {
                return Err(format!(
                    "{}: this worker does not see the client's files",
                    path.display()
                ));
            }
            ModelAt::Files(files) => files,
        };
        let first = files.first().ok_or("a model without files")?;
        let mut hash = Sha256::new();
        for file in files {
            if !is_sha256(&file.sha256) || !stays_inside(&file.name) {
                return Err(format!("{:?}: not a file of a model", file.name));
            }
            hash.update(format!("{} {}\n", file.sha256, file.name));
        }
        let folder = self.root.join("models").join(finish(hash));
        for Content { name, sha256 } in files {
            let (from, to) = (self.root.join("files").join(sha256), folder.join(name));
            self.link(&from, &to).map_err(|e| format!("{}: {e}", to.display()))?;
        }
        Ok(folder.join(&first.name))
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let size = fs::metadata(from)?.len();
        if fs::metadata(to).is_ok_and(|m| m.len() == size) {
            return Ok(());
        }
        fs::create_dir_all(to.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        // A name of our own first, so that nobody sees half a file.
        let temporary = self.scratch()?;
        let part = temporary.path().join("file");
        if fs::hard_link(from, &part).is_err() {
            fs::copy(from, &part)?;
        }
        fs::rename(part, to)
    }

    /// Drops the oldest files until `bytes` more fit the limit. Best effort: another worker may be at it too.
    fn make_room(&self, bytes: u64) {
        let entries = fs::read_dir(self.root.join("files")).into_iter().flatten().flatten();
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter_map(|e| {
                let meta = e.metadata().ok()?;
                Some((meta.modified().ok()?, meta.len(), e.path()))
            })
            .collect();
        files.sort();
        let mut sum = files.iter().fold(bytes, |n, f| n.saturating_add(f.1));
        let mut dropped = false;
        for (_, size, path) in files {
            if sum <= CACHE_LIMIT {
                break;
            }
            dropped |= fs::remove_file(path).is_ok();
            sum = sum.saturating_sub(size);
        }
        if dropped {
            // The model folders link to the files; they are made again when needed.
            let _ = fs::remove_dir_all(self.root.join("models"));
        }
    }
}

impl Upload {
    /// Adds a chunk.
    ///
    /// # Errors
    /// What is not base64 or more than was announced, or the system's reason.
    pub fn add(&mut self, data: &str) -> Result<(), String> {
        let data = from_base64(data).ok_or("a chunk that is not base64")?;
        self.received = self.received.saturating_add(data.len() as u64);
        if self.received > self.bytes {
            return Err(format!("more than the {} bytes announced", self.bytes));
        }
        self.hash.update(&data);
        match &mut self.to {
            Destination::Cache(file) => file.write_all(&data).map_err(|e| e.to_string()),
            Destination::Memory(bytes) => {
                bytes.extend_from_slice(&data);
                Ok(())
            }
        }
    }
}

/// True when the folder that the client made beside its destination is the one seen here.
pub fn sees_folder(beside: &Beside) -> bool {
    beside.folder.is_absolute() && says(&beside.folder.join(TOKEN), &beside.token)
}

/// True when the file is here and says just this.
fn says(path: &Path, token: &str) -> bool {
    let mut text = String::new();
    let read = File::open(path).and_then(|f| f.take(4096).read_to_string(&mut text));
    read.is_ok() && !token.is_empty() && text == token
}

/// Time of last change in nanoseconds since 1970.
pub fn modified_ns(meta: &fs::Metadata) -> Option<u64> {
    let since = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

/// SHA-256 of a file, read in parts; `go_on` is asked between them.
///
/// # Errors
/// The system's reason; `Interrupted` when `go_on` said no.
pub fn hash_file(path: &Path, go_on: &mut dyn FnMut() -> bool) -> io::Result<String> {
    hash(File::open(path)?, go_on)
}

/// As [`hash_file`], of what is still to be read.
///
/// # Errors
/// As [`hash_file`].
pub fn hash(mut file: impl Read, go_on: &mut dyn FnMut() -> bool) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut part = vec![0u8; 1 << 20];
    loop {
        if !go_on() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match file.read(&mut part) {
            Ok(0) => return Ok(finish(hash)),
            Ok(n) => hash.update(&part[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// True for a relative name that stays in its folder.
fn stays_inside(name: &str) -> bool {
    !name.is_empty() && !name.contains('\\') && Path::new(name).components().all(|c| matches!(c, Component::Normal(_)))
}

/// Removes scratch folders of workers that are gone.
fn remove_stale(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry
            .metadata()
            .is_ok_and(|meta| left::is_left(&meta, &path.join("lock")))
        {
            let _ = fs::remove_dir_all(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{sha256_hex, to_base64};
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_at(dir.path().to_path_buf()).unwrap();
        (dir, store)
    }

    fn offered(path: &Path, sha256: Option<String>) -> Offered {
        let meta = fs::metadata(path).unwrap();
        Offered {
            name: "m.onnx".into(),
            path: path.into(),
            bytes: meta.len(),
            modified_ns: modified_ns(&meta).unwrap(),
            sha256,
        }
    }

    #[test]
    fn files_are_opened_in_place_only_by_a_worker_that_sees_the_token() {
        let (dir, mut store) = store();
        let model = dir.path().join("m.onnx");
        fs::write(&model, "model").unwrap();
        let files = [offered(&model, None)];
        assert!(!store.sees(&files));
        let token = dir.path().join("token");
        fs::write(&token, "abc").unwrap();
        store.meet(Some(&token), Some("abd"));
        assert!(!store.sees(&files));
        store.meet(Some(&token), Some("abc"));
        assert!(store.sees(&files));
        fs::write(&model, "other").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        File::options()
            .write(true)
            .open(&model)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(!store.sees(&files), "the file changed since the offer");
    }

    #[test]
    fn an_upload_is_kept_only_with_the_right_hash_and_size() {
        let (dir, mut store) = store();
        let sha256 = sha256_hex(b"model");
        for content in ["mode", "modem"] {
            let mut upload = store.begin(&sha256, 5, true).unwrap();
            upload.add(&to_base64(content.as_bytes())).unwrap();
            store.end(upload).unwrap_err();
        }
        let mut upload = store.begin(&sha256, 5, true).unwrap();
        upload.add(&to_base64(b"models")).unwrap_err();
        drop(upload);
        assert_eq!(
            fs::read_dir(dir.path().join("files")).unwrap().count(),
            0,
            "nothing is left behind"
        );

        let mut upload = store.begin(&sha256, 5, true).unwrap();
        upload.add(&to_base64(b"mod")).unwrap();
        upload.add(&to_base64(b"el")).unwrap();
        store.end(upload).unwrap();
        let content = |name: &str| Content {
            name: name.into(),
            sha256: sha256.clone(),
        };
        let path = store
            .model(&ModelAt::Files(vec![content("m.onnx"), content("sub/w.data")]))
            .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"model");
        assert_eq!(fs::read(path.with_file_name("sub/w.data")).unwrap(), b"model");
        for name in ["../m.onnx", "/m.onnx", "a/../../m.onnx", "", "..\\m.onnx"] {
            assert!(store.model(&ModelAt::Files(vec![content(name)])).is_err(), "{name}");
        }
    }

    #[test]
    fn a_cached_file_that_was_damaged_is_asked_for_again() {
        let (dir, mut first) = store();
        let sha256 = sha256_hex(b"model");
        let path = dir.path().join("files").join(&sha256);
        fs::write(&path, "modem").unwrap();
        let offer = [Offered {
            name: "m.onnx".into(),
            path: "/nowhere/m.onnx".into(),
            bytes: 5,
            modified_ns: 0,
            sha256: Some(sha256.clone()),
        }];
        assert_eq!(first.missing(&offer), std::slice::from_ref(&sha256));
        assert!(!path.exists());
        fs::write(&path, "model").unwrap();
        assert!(first.missing(&offer).is_empty());
    }

    #[test]
    fn scratch_of_a_living_worker_stays() {
        let (dir, store) = store();
        let scratch = store.scratch().unwrap();
        let _second = Store::open_at(dir.path().to_path_buf()).unwrap();
        assert!(scratch.path().is_dir());
    }
}
