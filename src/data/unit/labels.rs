//! Class labels, in a file of their own or beside the inputs in an `.npz`.

use super::column::archive;
use super::ending;
use crate::data::npy::Header;
use crate::data::source::DataError;
use crate::files;
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the labels are, when they are a file of their own.
pub(in crate::data) fn labels_path(source: &DataSource) -> Option<PathBuf> {
    let name = source.labels.as_ref().filter(|n| ending(Path::new(n)) == "npy")?;
    let folder = if source.path.is_dir() {
        source.path.as_path()
    } else {
        source.path.parent()?
    };
    Some(folder.join(name))
}

/// All labels: whole numbers, one per sample.
pub(in crate::data) fn labels(source: &DataSource, name: &str, file: Option<&Path>) -> Result<Vec<i64>, DataError> {
    let path = file.unwrap_or(&source.path);
    let fail = |m: String| DataError::new(path, format!("labels {name:?}: {m}"));
    let read = |header: Header, data: &mut dyn Read, size: u64| {
        let mut bytes = Vec::new();
        data.take(size).read_to_end(&mut bytes).map_err(|e| files::words(&e))?;
        let flat = match header.dims.as_slice() {
            [_] | [_, 1] => vec![header.dims[0]],
            dims => return Err(format!("expected one number per sample, found the shape {dims:?}")),
        };
        let dtype = header.dtype;
        let tensor = header.unpack(bytes, flat)?;
        tensor
            .to_i64()
            .ok_or_else(|| format!("expected whole numbers, found {dtype}"))
    };
    if file.is_some() {
        let mut file = File::open(path).map_err(|e| fail(e.to_string()))?;
        let header = Header::read(&mut file).map_err(fail)?;
        let size = header.file_bytes().ok_or_else(|| fail("its shape is absurd".into()))?;
        return read(header, &mut file, size).map_err(fail);
    }
    if ending(path) != "npz" {
        return Err(fail("give an .npy file, or a member of the .npz file".into()));
    }
    let mut archive = archive(path).map_err(fail)?;
    let names = archive.names().map_err(fail)?;
    if !names.iter().any(|n| n == name) {
        return Err(fail(format!("no such array{}", suggest(name, &names))));
    }
    archive
        .with_member(name, |member| {
            let header = Header::read(&mut member.data)?;
            let size = member.check(&header)?;
            read(header, &mut member.data, size)
        })
        .map_err(fail)
}
