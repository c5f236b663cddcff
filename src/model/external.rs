//! External data: weights in files beside the model. Only files inside the model's folder are read.

use super::map::Map;
use super::onnx::TensorProto;
use super::walk::quoted;
use bytes::Bytes;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a tensor says its data is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reference<'a> {
    pub(super) location: &'a str,
    pub(super) offset: u64,
    pub(super) length: Option<u64>,
}

impl<'a> Reference<'a> {
    /// Reads the keys `location`, `offset` and `length` (ONNX, TensorProto.external_data); others are left alone.
    pub(super) fn of(tensor: &'a TensorProto) -> Result<Self, String> {
        let get = |key: &str| {
            let entry = tensor.external_data.iter().find(|e| e.key.as_deref() == Some(key))?;
            Some(entry.value.as_deref().unwrap_or_default())
        };
        let number = |key: &str| match get(key) {
            None => Ok(None),
            Some(text) => text
                .trim()
                .parse::<u64>()
                .map(Some)
                .map_err(|_| format!("external data: {key} {} is not a number of bytes", quoted(text))),
        };
        match get("location") {
            None | Some("") => Err("external data without a location".into()),
            Some(location) => Ok(Self {
                location,
                offset: number("offset")?.unwrap_or(0),
                length: number("length")?,
            }),
        }
    }
}

/// Real path and size of a file, or why it is not read.
type Found = Result<(PathBuf, u64), String>;

/// The files beside a model: found once, mapped when first read.
pub(super) struct External {
    folder: PathBuf,
    found: Mutex<HashMap<String, Found>>,
    maps: Mutex<HashMap<PathBuf, Arc<Map>>>,
}

impl External {
    /// For the model file at `path`.
    pub(super) fn beside(path: &Path) -> Self {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.into(),
            _ => PathBuf::from("."),
        };
        Self {
            folder,
            found: Mutex::default(),
            maps: Mutex::default(),
        }
    }

    /// Path of a location as messages and users know it, not resolved.
    pub(super) fn path_of(&self, location: &str) -> PathBuf {
        self.folder.join(location)
    }

    /// Checks that the data exists, is inside the folder and long enough for `bytes`.
    pub(super) fn check(&self, reference: Reference<'_>, bytes: u64) -> Result<(), String> {
        self.find(reference, bytes).map(|_| ())
    }

    /// The data; a view into the mapped file.
    pub(super) fn read(&self, reference: Reference<'_>, bytes: u64) -> Result<Bytes, String> {
        let path = self.find(reference, bytes)?;
        let map = {
            let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
            match maps.get(&path) {
                Some(map) => map.clone(),
                None => {
                    let map =
                        Map::open(&path).map_err(|e| format!("external data {}: {e}", quoted(reference.location)))?;
                    let map = Arc::new(map);
                    maps.insert(path, map.clone());
                    map
                }
            }
        };
        if !map.is_intact() {
            return Err(format!(
                "external data {}: the file was shortened or written to while it was open; open the model again",
                quoted(reference.location)
            ));
        }
        let range = usize::try_from(reference.offset)
            .ok()
            .zip(usize::try_from(bytes).ok())
            .and_then(|(start, len)| Some(start..start.checked_add(len)?))
            .filter(|range| range.end <= map.as_ref().as_ref().len());
        match range {
            Some(range) => Ok(Bytes::from_owner(Shared(map)).slice(range)),
            None => Err(format!(
                "external data {}: the file is too short",
                quoted(reference.location)
            )),
        }
    }

    /// True when no file read so far was changed by another program.
    pub(super) fn is_intact(&self) -> bool {
        let maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        maps.values().all(|map| map.is_intact())
    }

    fn find(&self, reference: Reference<'_>, bytes: u64) -> Result<PathBuf, String> {
        let Reference {
            location,
            offset,
            length,
        } = reference;
        if let Some(length) = length
            && length != bytes
        {
            return Err(format!(
                "external data {}: length says {length} bytes, type and dims need {bytes}",
                quoted(location)
            ));
        }
        let (path, size) = {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            match found.get(location) {
                Some(known) => known.clone(),
                None => {
                    let known = self.resolve(location);
                    found.insert(location.into(), known.clone());
                    known
                }
            }
        }?;
        if offset.checked_add(bytes).is_none_or(|end| end > size) {
            return Err(format!(
                "external data {}: {bytes} bytes from offset {offset} are needed, the file has {size}",
                quoted(location)
            ));
        }
        Ok(path)
    }

    /// The real path and size of a location, which must stay inside the folder, symbolic links followed.
    fn resolve(&self, location: &str) -> Found {
        let fail = |why: &str| Err(format!("external data {}: {why}", quoted(location)));
        let relative = Path::new(location);
        let plain = |c| matches!(c, Component::Normal(_) | Component::CurDir);
        // Backslashes and drive letters are separators elsewhere: a model must not mean different files per system.
        if !relative.components().all(plain) || location.contains(['\\', '\0']) {
            return fail(
                "the path leaves the model's folder, or is not a plain relative path; such files are never read",
            );
        }
        let folder = match self.folder.canonicalize() {
            Ok(folder) => folder,
            Err(e) => return fail(&format!("the model's folder cannot be read: {e}")),
        };
        let path = match self.folder.join(relative).canonicalize() {
            Ok(path) => path,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return fail(&format!("the file is missing from {}", self.folder.display()));
            }
            Err(e) => return fail(&e.to_string()),
        };
        if !path.starts_with(&folder) {
            return fail("a symbolic link leads out of the model's folder; put the file itself there");
        }
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => Ok((path, metadata.len())),
            Ok(_) => fail("not a regular file"),
            Err(e) => fail(&e.to_string()),
        }
    }
}

/// A map as the owner of [`Bytes`].
pub(super) struct Shared(pub(super) Arc<Map>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().as_ref()
    }
}
