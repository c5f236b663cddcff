//! One input's samples in one file: `.npy`, a member of an `.npz`, `.pb` or a picture.

use super::ending;
use crate::data::image;
use crate::data::npy::Header;
use crate::data::npz::{self, Archive};
use crate::data::source::{DataError, Wanted};
use crate::files;
use crate::model::{DataType, Tensor};
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// One input's rows in one file.
pub(super) struct Column {
    pub(super) path: PathBuf,
    pub(super) array: String,
    /// Shape of a row without the batch.
    pub(super) row_dims: Vec<u64>,
    /// `None` for a scalar that holds for all samples.
    pub(super) rows: Option<u64>,
    data: Rows,
}

enum Rows {
    /// In a file, from this offset on.
    File {
        file: File,
        start: u64,
        header: Header,
    },
    Memory(Tensor),
}

impl Column {
    fn new(path: &Path, input: &Wanted, dtype: DataType, dims: &[u64], data: Rows) -> Result<Self, String> {
        input.check(dtype, dims)?;
        Ok(Self {
            path: path.to_owned(),
            array: input.array.clone(),
            row_dims: dims.get(1..).unwrap_or_default().to_vec(),
            rows: dims.first().copied(),
            data,
        })
    }

    pub(super) fn open(path: &Path, source: &DataSource, input: &Wanted) -> Result<Self, DataError> {
        let opened = match ending(path).as_str() {
            "pb" => tensor_proto(path).and_then(|t| Self::of_tensor(path, input, t)),
            e if image::ENDINGS.contains(&e) => {
                image::read(path, source, input.dtype, &input.dims).and_then(|t| Self::of_tensor(path, input, t))
            }
            _ => open_npy(path, input),
        };
        opened.map_err(|m| DataError::new(path, m))
    }

    fn of_tensor(path: &Path, input: &Wanted, tensor: Tensor) -> Result<Self, String> {
        let (dtype, dims) = (tensor.dtype, tensor.dims.clone());
        Self::new(path, input, dtype, &dims, Rows::Memory(tensor))
    }

    pub(super) fn take(&mut self, position: u64, rows: u64) -> Result<Tensor, String> {
        let (position, rows) = if self.rows.is_none() { (0, 1) } else { (position, rows) };
        let elements = self
            .row_dims
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(*d))
            .ok_or("a row is too large")?;
        let mut dims = vec![rows];
        dims.extend(&self.row_dims);
        match &mut self.data {
            Rows::File { file, start, header } => {
                let row = elements * u64::from(header.dtype.bits().div_ceil(8));
                let length = usize::try_from(row * rows).map_err(|_| "a batch is too large")?;
                file.seek(SeekFrom::Start(*start + row * position))
                    .map_err(|e| e.to_string())?;
                let mut bytes = vec![0; length];
                file.read_exact(&mut bytes)
                    .map_err(|e| format!("array {:?}: {e}", self.array))?;
                header.unpack(bytes, if self.rows.is_none() { vec![] } else { dims })
            }
            Rows::Memory(tensor) => {
                if self.rows.is_none_or(|all| all == rows) {
                    return Ok(tensor.clone());
                }
                let row = tensor.dtype.packed_bytes(elements).filter(|_| tensor.dtype.bits() >= 8);
                let row = row.ok_or("samples below a byte cannot be taken apart")?;
                let range = (row * position) as usize..(row * (position + rows)) as usize;
                if range.end > tensor.bytes.len() {
                    return Err(format!("array {:?} ends early", self.array));
                }
                let bytes = tensor.bytes.slice(range);
                Tensor::new(tensor.dtype, &dims, bytes).ok_or_else(|| "a row does not fit its shape".to_owned())
            }
        }
    }
}

fn open_npy(path: &Path, input: &Wanted) -> Result<Column, String> {
    let mut file = File::open(path).map_err(|e| files::words(&e))?;
    let header = Header::read(&mut file)?;
    let start = file.stream_position().map_err(|e| files::words(&e))?;
    let length = file.metadata().map_err(|e| files::words(&e))?.len();
    let needed = header.file_bytes().ok_or("its shape is absurd")?;
    if start.saturating_add(needed) > length {
        return Err(format!(
            "its shape needs {needed} bytes of data, the file has {}",
            length.saturating_sub(start)
        ));
    }
    let (dtype, dims) = (header.dtype, header.dims.clone());
    Column::new(path, input, dtype, &dims, Rows::File { file, start, header })
}

fn tensor_proto(path: &Path) -> Result<Tensor, String> {
    // A protobuf message cannot be larger.
    const MAX: u64 = 2 << 30;
    let size = std::fs::metadata(path).map_err(|e| files::words(&e))?.len();
    if size > MAX {
        return Err(format!("{size} bytes are too large for a TensorProto"));
    }
    let bytes = std::fs::read(path).map_err(|e| files::words(&e))?;
    Tensor::from_message(bytes.into()).map_err(|e| format!("not a TensorProto: {e}"))
}

pub(super) fn archive(path: &Path) -> Result<Archive<BufReader<File>>, String> {
    let file = File::open(path).map_err(|e| files::words(&e))?;
    Archive::new(BufReader::new(file))
}

/// # Errors
/// An input without an array, with the nearest name.
fn require(names: &[String], input: &Wanted) -> Result<(), String> {
    if names.contains(&input.array) {
        return Ok(());
    }
    let hint = suggest(&input.array, names);
    Err(format!(
        "no array {:?} for input {:?}{hint}; --array {}=NAME (in a recipe: inputs) says which it takes",
        input.array, input.name, input.name
    ))
}

pub(super) fn open_npz(path: &Path, wanted: &[Wanted]) -> Result<Vec<Column>, DataError> {
    let fail = |m: String| DataError::new(path, m);
    let mut archive = archive(path).map_err(fail)?;
    let names = archive.names().map_err(fail)?;
    wanted
        .iter()
        .map(|input| {
            require(&names, input)?;
            archive.with_member(&input.array, |member| member_column(path, input, member))
        })
        .collect::<Result<_, _>>()
        .map_err(fail)
}

/// A stored member is read where it stands; a compressed one is unpacked to a temporary file first.
fn member_column(path: &Path, input: &Wanted, member: &mut npz::Member<'_>) -> Result<Column, String> {
    let mut counted = Counted {
        inner: &mut *member.data,
        bytes: 0,
    };
    let header = Header::read(&mut counted)?;
    let header_bytes = counted.bytes;
    let needed = member.check(&header)?;
    let (dtype, dims) = (header.dtype, header.dims.clone());
    input.check(dtype, &dims)?;
    let (file, start) = match member.stored_at {
        Some(at) => (File::open(path).map_err(|e| files::words(&e))?, at + header_bytes),
        None => {
            let mut file = tempfile::tempfile().map_err(|e| files::words(&e))?;
            let copied =
                std::io::copy(&mut (&mut *member.data).take(needed), &mut file).map_err(|e| files::words(&e))?;
            if copied != needed {
                return Err(format!("{copied} bytes of data where the shape needs {needed}"));
            }
            (file, 0)
        }
    };
    Column::new(path, input, dtype, &dims, Rows::File { file, start, header })
}

pub(super) fn rows_of_npz(path: &Path, wanted: &[Wanted]) -> Result<u64, DataError> {
    let fail = |m: String| DataError::new(path, m);
    let mut archive = archive(path).map_err(fail)?;
    let names = archive.names().map_err(fail)?;
    for input in wanted {
        require(&names, input).map_err(fail)?;
        let header = archive
            .with_member(&input.array, |m| Header::read(&mut m.data))
            .map_err(fail)?;
        input.check(header.dtype, &header.dims).map_err(fail)?;
        if let Some(rows) = header.dims.first() {
            return Ok(*rows);
        }
    }
    Ok(1)
}

/// Counts what is read.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    bytes: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        self.bytes += n as u64;
        Ok(n)
    }
}
