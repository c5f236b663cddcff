//! The files a source is made of, and their rows.

use super::npy::Header;
use super::npz::Archive;
use super::source::{DataError, Wanted};
use super::{image, npz};
use crate::files;
use crate::model::{DataType, Tensor};
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A folder with more files than this is not read.
const MAX_FILES: usize = 10_000_000;

/// Files that are read together.
#[derive(Debug)]
pub(super) enum Unit {
    /// An archive with an array per input.
    Npz(PathBuf),
    /// One file per input, in the inputs' order: `.npy`, `.pb` or pictures.
    Files(Vec<PathBuf>),
}

/// The units of a source, in the order of their names.
pub(super) fn list(source: &DataSource, wanted: &[Wanted], labels: Option<&Path>) -> Result<Vec<Unit>, DataError> {
    let path = &source.path;
    let kind = std::fs::metadata(path).map_err(|e| DataError::new(path, files::words(&e)))?;
    if !kind.is_dir() {
        let file = path.clone();
        return match (ending(path).as_str(), wanted) {
            ("npz", _) => Ok(vec![Unit::Npz(file)]),
            (_, [_]) => Ok(vec![Unit::Files(vec![file])]),
            (_, _) => Err(DataError::new(
                path,
                format!(
                    "one array for {} inputs; give an .npz file or a folder with one sub-folder per input",
                    wanted.len()
                ),
            )),
        };
    }
    let entries = entries(path, labels)?;
    let archives: Vec<&PathBuf> = entries.iter().filter(|p| ending(p) == "npz").collect();
    if !archives.is_empty() {
        return Ok(archives.into_iter().cloned().map(Unit::Npz).collect());
    }
    if let Some(set) = onnx_test_set(path, &entries, wanted)? {
        return Ok(set);
    }
    let columns: Vec<Vec<PathBuf>> = match wanted {
        [one] if !path.join(&one.array).is_dir() => vec![data_files(path, &entries)?],
        _ => wanted
            .iter()
            .map(|input| column(path, &entries, input, labels))
            .collect::<Result<_, _>>()?,
    };
    let count = columns.first().map_or(0, Vec::len);
    for (files, input) in columns.iter().zip(wanted) {
        if files.len() != count {
            let message = format!(
                "{} files for input {:?}, {count} for input {:?}",
                files.len(),
                input.name,
                wanted.first().map_or("", |w| &w.name)
            );
            return Err(DataError::new(path, message));
        }
    }
    Ok((0..count)
        .map(|i| Unit::Files(columns.iter().map(|files| files[i].clone()).collect()))
        .collect())
}

/// Names in a folder, sorted, without hidden files and labels.
fn entries(folder: &Path, labels: Option<&Path>) -> Result<Vec<PathBuf>, DataError> {
    let fail = |e: std::io::Error| DataError::new(folder, files::words(&e));
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && Some(entry.path().as_path()) != labels {
            out.push(entry.path());
        }
        if out.len() > MAX_FILES {
            return Err(DataError::new(folder, format!("more than {MAX_FILES} files")));
        }
    }
    out.sort();
    Ok(out)
}

/// The sub-folder of one input.
fn column(
    folder: &Path,
    entries: &[PathBuf],
    input: &Wanted,
    labels: Option<&Path>,
) -> Result<Vec<PathBuf>, DataError> {
    let inside = folder.join(&input.array);
    if !inside.is_dir() {
        let names: Vec<String> = entries.iter().filter(|p| p.is_dir()).map(|p| name(p)).collect();
        let message = match names.is_empty() {
            true => format!(
                "no .npz files, and no sub-folder {:?} for input {:?}",
                input.array, input.name
            ),
            false => format!(
                "no sub-folder {:?} for input {:?}{}",
                input.array,
                input.name,
                suggest(&input.array, &names)
            ),
        };
        return Err(DataError::new(folder, message));
    }
    data_files(&inside, &self::entries(&inside, labels)?)
}

fn data_files(folder: &Path, entries: &[PathBuf]) -> Result<Vec<PathBuf>, DataError> {
    let known =
        |p: &&PathBuf| matches!(ending(p).as_str(), "npy" | "pb") || image::ENDINGS.contains(&ending(p).as_str());
    let files: Vec<PathBuf> = entries.iter().filter(known).cloned().collect();
    if files.is_empty() {
        let message = match entries.first() {
            None => "the folder is empty".to_owned(),
            Some(first) => format!("no .npy, .npz, .pb or picture file in it; it has {}", name(first)),
        };
        return Err(DataError::new(folder, message));
    }
    Ok(files)
}

/// ONNX's own test sets: `input_0.pb`, `input_1.pb`, ... here or in sub-folders.
fn onnx_test_set(folder: &Path, entries: &[PathBuf], wanted: &[Wanted]) -> Result<Option<Vec<Unit>>, DataError> {
    let inside: Vec<&Path> = if folder.join("input_0.pb").is_file() {
        vec![folder]
    } else {
        entries
            .iter()
            .map(PathBuf::as_path)
            .filter(|p| p.join("input_0.pb").is_file())
            .collect()
    };
    if inside.is_empty() {
        return Ok(None);
    }
    let unit = |set: &Path| {
        let files: Vec<PathBuf> = (0..wanted.len()).map(|i| set.join(format!("input_{i}.pb"))).collect();
        match files.iter().find(|f| !f.is_file()) {
            Some(missing) => Err(DataError::new(
                set,
                format!("{} is missing: the model has {} inputs", name(missing), wanted.len()),
            )),
            None => Ok(Unit::Files(files)),
        }
    };
    inside.into_iter().map(unit).collect::<Result<_, _>>().map(Some)
}

fn ending(path: &Path) -> String {
    path.extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

impl Unit {
    /// Opens the files and checks names, types, shapes and that all inputs have the same number of rows.
    pub fn open(&self, source: &DataSource, wanted: &[Wanted]) -> Result<OpenUnit, DataError> {
        let columns: Vec<Column> = match self {
            Self::Npz(path) => open_npz(path, wanted)?,
            Self::Files(files) => files
                .iter()
                .zip(wanted)
                .map(|(path, input)| Column::open(path, source, input))
                .collect::<Result<_, _>>()?,
        };
        let mut rows = None;
        for (column, input) in columns.iter().zip(wanted) {
            let Some(n) = column.rows else { continue };
            match rows {
                None => rows = Some((n, &input.name)),
                Some((other, of)) if other != n => {
                    let message = format!("{n} samples for input {:?}, {other} for input {of:?}", input.name);
                    return Err(DataError::new(&column.path, message));
                }
                _ => {}
            }
        }
        Ok(OpenUnit {
            rows: rows.map_or(1, |(n, _)| n),
            position: 0,
            columns,
        })
    }

    /// The number of rows, by the headers alone where the format allows it.
    pub fn rows(&self, source: &DataSource, wanted: &[Wanted]) -> Result<u64, DataError> {
        match self {
            Self::Files(files) if files.iter().all(|f| image::ENDINGS.contains(&ending(f).as_str())) => Ok(1),
            Self::Npz(path) => rows_of_npz(path, wanted),
            Self::Files(_) => Ok(self.open(source, wanted)?.rows),
        }
    }
}

/// A unit being read.
pub(super) struct OpenUnit {
    rows: u64,
    position: u64,
    columns: Vec<Column>,
}

impl OpenUnit {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// Shape of one row of each input, without the batch.
    pub fn row_dims(&self) -> impl Iterator<Item = &[u64]> {
        self.columns.iter().map(|c| c.row_dims.as_slice())
    }

    /// The next rows of every input; there must be as many.
    pub fn take(&mut self, rows: u64) -> Result<Vec<Tensor>, DataError> {
        let position = self.position;
        self.position += rows;
        self.columns
            .iter_mut()
            .map(|column| {
                let tensor = column
                    .take(position, rows)
                    .map_err(|m| DataError::new(&column.path, m))?;
                let values = tensor.to_f64_iter().filter(|_| tensor.dtype.is_float());
                if let Some(at) = values.and_then(|mut v| v.position(f64::is_nan)) {
                    let row = (tensor.elements() / rows.max(1)).max(1);
                    let message = format!(
                        "array {:?} has NaN in sample {}, counted from 0",
                        column.array,
                        position + at as u64 / row
                    );
                    return Err(DataError::new(&column.path, message));
                }
                Ok(tensor)
            })
            .collect()
    }
}

/// One input's rows in one file.
struct Column {
    path: PathBuf,
    array: String,
    /// Shape of a row without the batch.
    row_dims: Vec<u64>,
    /// `None` for a scalar that holds for all samples.
    rows: Option<u64>,
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

    fn open(path: &Path, source: &DataSource, input: &Wanted) -> Result<Self, DataError> {
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

    fn take(&mut self, position: u64, rows: u64) -> Result<Tensor, String> {
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

fn archive(path: &Path) -> Result<Archive<BufReader<File>>, String> {
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

fn open_npz(path: &Path, wanted: &[Wanted]) -> Result<Vec<Column>, DataError> {
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

fn rows_of_npz(path: &Path, wanted: &[Wanted]) -> Result<u64, DataError> {
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

/// Where the labels are, when they are a file of their own.
pub(super) fn labels_path(source: &DataSource) -> Option<PathBuf> {
    let name = source.labels.as_ref().filter(|n| ending(Path::new(n)) == "npy")?;
    let folder = if source.path.is_dir() {
        source.path.as_path()
    } else {
        source.path.parent()?
    };
    Some(folder.join(name))
}

/// All labels: whole numbers, one per sample.
pub(super) fn labels(source: &DataSource, name: &str, file: Option<&Path>) -> Result<Vec<i64>, DataError> {
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
