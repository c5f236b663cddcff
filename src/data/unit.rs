//! The files a source is made of, and their rows.

mod column;
mod labels;

pub(super) use labels::{labels, labels_path};

use super::image;
use super::source::{DataError, Wanted};
use crate::files;
use crate::model::Tensor;
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use column::{Column, open_npz, rows_of_npz};
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
