//! One input's samples in one file: `.npy`, a member of an `.npz`, `.pb` or a picture.

use super::ending;
use crate::data::image;
use crate::data::layout::Layout;
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

/// One input's samples in one file.
pub(super) struct Column {
    pub(super) path: PathBuf,
    pub(super) array: String,
    /// Shape of the array.
    pub(super) dims: Vec<u64>,
    /// Where its samples are; set once all arrays that belong together are known.
    pub(super) layout: Layout,
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
        input.check_type(dtype)?;
        Ok(Self {
            path: path.to_owned(),
            array: input.array.clone(),
            dims: dims.to_vec(),
            layout: Layout::Fixed,
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

    pub(super) fn of_tensor(path: &Path, input: &Wanted, tensor: Tensor) -> Result<Self, String> {
        let (dtype, dims) = (tensor.dtype, tensor.dims.clone());
        Self::new(path, input, dtype, &dims, Rows::Memory(tensor))
    }

    /// Samples from `position` on, for an input of `rank` dimensions.
    pub(super) fn take(&mut self, position: u64, rows: u64, rank: usize) -> Result<Tensor, String> {
        match self.layout {
            Layout::Axis(0) => {
                let mut dims = self.dims.clone();
                if let Some(first) = dims.first_mut() {
                    *first = rows;
                }
                self.range(position, rows, dims)
            }
            Layout::Stack => self.range(position, 1, self.layout.sample(&self.dims, rank)),
            Layout::Fixed => {
                let dims = self.layout.sample(&self.dims, rank);
                self.whole(dims)
            }
            Layout::Axis(axis) => {
                if let Rows::File { .. } = self.data {
                    self.data = Rows::Memory(self.whole(self.dims.clone())?);
                }
                let Rows::Memory(tensor) = &self.data else {
                    return Err("it cannot be read".into());
                };
                along(tensor, axis, position, rows)
            }
        }
    }

    /// All of the array, as a tensor of this shape.
    fn whole(&mut self, dims: Vec<u64>) -> Result<Tensor, String> {
        if let Rows::Memory(tensor) = &self.data {
            let reshaped = Tensor::new(tensor.dtype, &dims, tensor.bytes.clone());
            return reshaped.ok_or_else(|| "it does not fit its shape".into());
        }
        self.range(0, self.dims.first().copied().unwrap_or(1), dims)
    }

    /// Slices `position..position + rows` of the first axis, as a tensor of this shape.
    fn range(&mut self, position: u64, rows: u64, dims: Vec<u64>) -> Result<Tensor, String> {
        let rest = self.dims.get(1..).unwrap_or_default();
        let elements = rest
            .iter()
            .try_fold(1u64, |n, d| n.checked_mul(*d))
            .ok_or("a sample is too large")?;
        match &mut self.data {
            Rows::File { file, start, header } => {
                let row = elements.checked_mul(u64::from(header.dtype.bits().div_ceil(8)));
                let too_large = "a batch is too large";
                let row = row.ok_or(too_large)?;
                let length = row
                    .checked_mul(rows)
                    .and_then(|n| usize::try_from(n).ok())
                    .ok_or(too_large)?;
                file.seek(SeekFrom::Start(*start + row * position))
                    .map_err(|e| e.to_string())?;
                let mut bytes = vec![0; length];
                file.read_exact(&mut bytes)
                    .map_err(|e| format!("array {:?}: {e}", self.array))?;
                header.unpack(bytes, dims)
            }
            Rows::Memory(tensor) => {
                if self.dims.first().is_none_or(|all| *all == rows) {
                    let whole = Tensor::new(tensor.dtype, &dims, tensor.bytes.clone());
                    return whole.ok_or_else(|| "it does not fit its shape".into());
                }
                let row = tensor.dtype.packed_bytes(elements).filter(|_| tensor.dtype.bits() >= 8);
                let row = row.ok_or("samples below a byte cannot be taken apart")?;
                let range = (row * position) as usize..(row * (position + rows)) as usize;
                if range.end > tensor.bytes.len() {
                    return Err(format!("array {:?} ends early", self.array));
                }
                let bytes = tensor.bytes.slice(range);
                Tensor::new(tensor.dtype, &dims, bytes).ok_or_else(|| "a sample does not fit its shape".to_owned())
            }
        }
    }
}

/// Slices of a tensor along an axis behind the first.
fn along(tensor: &Tensor, axis: usize, position: u64, rows: u64) -> Result<Tensor, String> {
    let bits = u64::from(tensor.dtype.bits());
    if bits < 8 || !bits.is_multiple_of(8) {
        return Err("samples below a byte cannot be taken apart".into());
    }
    let size = |dims: &[u64]| dims.iter().product::<u64>();
    let all = tensor.dims.get(axis).copied().unwrap_or(0);
    let inner = size(tensor.dims.get(axis + 1..).unwrap_or_default()) * bits / 8;
    let outer = size(tensor.dims.get(..axis).unwrap_or_default());
    let mut bytes = Vec::new();
    for at in 0..outer {
        let start = (at * all + position) * inner;
        let range = start as usize..(start + rows * inner) as usize;
        bytes.extend_from_slice(tensor.bytes.get(range).ok_or("it ends early")?);
    }
    let mut dims = tensor.dims.clone();
    if let Some(size) = dims.get_mut(axis) {
        *size = rows;
    }
    Tensor::new(tensor.dtype, &dims, bytes.into()).ok_or_else(|| "a sample does not fit its shape".into())
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
pub(super) fn require(names: &[String], input: &Wanted) -> Result<(), String> {
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
    input.check_type(dtype)?;
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

/// Shapes of all inputs' arrays, from their headers.
pub(super) fn dims_of_npz(path: &Path, wanted: &[Wanted]) -> Result<Vec<Vec<u64>>, DataError> {
    let fail = |m: String| DataError::new(path, m);
    let mut archive = archive(path).map_err(fail)?;
    let names = archive.names().map_err(fail)?;
    let mut dims = Vec::with_capacity(wanted.len());
    for input in wanted {
        require(&names, input).map_err(fail)?;
        let header = archive
            .with_member(&input.array, |m| Header::read(&mut m.data))
            .map_err(fail)?;
        input.check_type(header.dtype).map_err(fail)?;
        dims.push(header.dims);
    }
    Ok(dims)
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
