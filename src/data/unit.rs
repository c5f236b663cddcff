//! The files a source is made of, and their rows.

mod column;
mod feeds;
mod labels;

pub(super) use labels::{labels, labels_path};

use super::image;
use super::layout::{self, Layout};
use super::source::{DataError, Wanted};
use crate::files;
use crate::model::Tensor;
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use column::{Column, dims_of_npz, open_npz};
use feeds::Feed;
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
    /// The same, with exactly the inputs of one inference.
    Sample(Vec<PathBuf>),
    /// The inputs of one inference of this file.
    Feed(PathBuf, Feed),
}

/// The units of a source, in the order of their names.
pub(super) fn list(source: &DataSource, wanted: &[Wanted], labels: Option<&Path>) -> Result<Vec<Unit>, DataError> {
    let path = &source.path;
    let kind = std::fs::metadata(path).map_err(|e| DataError::new(path, files::words(&e)))?;
    if !kind.is_dir() {
        let file = path.clone();
        return match (ending(path).as_str(), wanted) {
            ("npz", _) => Ok(vec![Unit::Npz(file)]),
            ("json", _) => {
                let feeds = feeds::read(path).map_err(|m| DataError::new(path, m))?;
                Ok(feeds.into_iter().map(|feed| Unit::Feed(file.clone(), feed)).collect())
            }
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
            None => Ok(Unit::Sample(files)),
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
    /// Opens the files and checks names, types, shapes and that all inputs have the same number of samples.
    pub fn open(&self, source: &DataSource, wanted: &[Wanted]) -> Result<OpenUnit, DataError> {
        let mut columns: Vec<Column> = match self {
            Self::Npz(path) => open_npz(path, wanted)?,
            Self::Files(files) | Self::Sample(files) => files
                .iter()
                .zip(wanted)
                .map(|(path, input)| Column::open(path, source, input))
                .collect::<Result<_, _>>()?,
            Self::Feed(path, feed) => wanted
                .iter()
                .map(|input| {
                    let names: Vec<String> = feed.keys().cloned().collect();
                    column::require(&names, input)?;
                    let array = feed.get(&input.array).cloned().ok_or("it is missing")?;
                    Column::of_tensor(path, input, array)
                })
                .collect::<Result<_, String>>()
                .map_err(|m| DataError::new(path, m))?,
        };
        let dims: Vec<&[u64]> = columns.iter().map(|c| c.dims.as_slice()).collect();
        let layouts = self.layouts(wanted, &dims)?;
        let rows = layouts.iter().zip(&dims).find_map(|(layout, dims)| layout.rows(dims));
        for (column, layout) in columns.iter_mut().zip(&layouts) {
            column.layout = *layout;
        }
        let is_alone = rows.is_none() || layouts.contains(&Layout::Stack);
        Ok(OpenUnit {
            rows: rows.unwrap_or(1),
            position: 0,
            columns,
            is_alone,
        })
    }

    /// Where each array's samples are.
    fn layouts(&self, wanted: &[Wanted], dims: &[&[u64]]) -> Result<Vec<Layout>, DataError> {
        let path = match self {
            Self::Npz(path) | Self::Feed(path, _) => path.as_path(),
            Self::Files(files) | Self::Sample(files) => files.first().map_or(Path::new(""), PathBuf::as_path),
        };
        // A set of inputs of one inference is one sample, where it fits the model as it is.
        let is_whole = |(input, dims): (&Wanted, &&[u64])| {
            let fits = input
                .dims
                .iter()
                .zip(*dims)
                .all(|(want, is)| want.is_none_or(|want| want == *is));
            input.samples_on.is_none() && input.dims.len() == dims.len() && fits
        };
        let decided = layout::decide(wanted, dims);
        let rows = |layouts: &[Layout]| layouts.iter().zip(dims).find_map(|(layout, dims)| layout.rows(dims));
        // A batch of one can be joined with others; anything else stays together.
        let can_join = decided.as_ref().is_ok_and(|layouts| rows(layouts) == Some(1));
        let fits = || wanted.iter().zip(dims).all(is_whole) && layout::agree(wanted, dims);
        if matches!(self, Self::Sample(_) | Self::Feed(..)) && !can_join && fits() {
            return Ok(vec![Layout::Fixed; wanted.len()]);
        }
        decided.map_err(|m| DataError::new(path, m))
    }

    /// The number of samples, by the headers alone where the format allows it.
    pub fn rows(&self, source: &DataSource, wanted: &[Wanted]) -> Result<u64, DataError> {
        match self {
            Self::Files(files) if files.iter().all(|f| image::ENDINGS.contains(&ending(f).as_str())) => Ok(1),
            Self::Npz(path) => {
                let dims = dims_of_npz(path, wanted)?;
                let dims: Vec<&[u64]> = dims.iter().map(Vec::as_slice).collect();
                let layouts = self.layouts(wanted, &dims)?;
                let rows = layouts.iter().zip(&dims).find_map(|(layout, dims)| layout.rows(dims));
                Ok(rows.unwrap_or(1))
            }
            Self::Files(_) | Self::Sample(_) | Self::Feed(..) => Ok(self.open(source, wanted)?.rows),
        }
    }
}

/// A unit being read.
pub(super) struct OpenUnit {
    rows: u64,
    position: u64,
    columns: Vec<Column>,
    is_alone: bool,
}

impl OpenUnit {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// Leaves samples out.
    pub fn skip(&mut self, rows: u64) {
        self.position += rows;
    }

    /// True when each sample is whole, so that none can be joined with others.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    pub fn layouts(&self) -> Vec<Layout> {
        self.columns.iter().map(|c| c.layout).collect()
    }

    /// Shape of one sample of each input.
    pub fn samples(&self, wanted: &[Wanted]) -> Vec<Vec<u64>> {
        let columns = self.columns.iter().zip(wanted);
        columns
            .map(|(c, input)| c.layout.sample(&c.dims, input.dims.len()))
            .collect()
    }

    /// The next rows of every input; there must be as many.
    pub fn take(&mut self, rows: u64, wanted: &[Wanted]) -> Result<Vec<Tensor>, DataError> {
        let position = self.position;
        self.position += rows;
        self.columns
            .iter_mut()
            .zip(wanted)
            .map(|(column, input)| {
                let tensor = column
                    .take(position, rows, input.dims.len())
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
