//! Samples from files.
//!
//! A source is a list of units (files, or folders that hold one file per input), each with one or more rows: samples at
//! batch 1. Only the unit being read is open, and of its arrays only the rows asked for are in memory.

use super::pad::{self, pad};
use super::unit::{self, OpenUnit, Unit};
use super::values::{Allowed, allowed};
use super::{NamedTensors, shapes};
use crate::graph::{Dim, Graph};
use crate::model::{DataType, Tensor};
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use std::path::{Path, PathBuf};

/// Why data cannot be used; names the file, the array, the shape or type expected and found.
#[derive(thiserror::Error, Debug)]
#[error("{}: {message}", path.display())]
pub struct DataError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong.
    pub message: String,
}

impl DataError {
    pub(super) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            message: message.into(),
        }
    }
}

/// An input of the model as its data must be.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub name: String,
    /// Array, npz member or sub-folder that holds it.
    pub array: String,
    pub dtype: DataType,
    /// The model's shape; `None` where a size is dynamic.
    pub dims: Vec<Option<u64>>,
    /// Sizes that dynamic dimensions are padded to.
    pub pad: Vec<Option<u64>>,
    /// What they are padded with.
    pub pad_value: f64,
    /// Values that the model can take.
    pub allowed: Option<Allowed>,
}

impl Wanted {
    /// The shape of a row (without the batch) after padding.
    ///
    /// # Errors
    /// A row that is longer.
    fn padded(&self, row: &[u64]) -> Result<Vec<u64>, String> {
        let target = |(i, size): (usize, &u64)| match self.pad.get(i + 1).copied().flatten() {
            Some(to) if *size > to => Err(format!(
                "array {:?} has a sample of {size} on axis {}, more than the {to} that samples are padded to",
                self.array,
                i + 1
            )),
            Some(to) => Ok(to),
            None => Ok(*size),
        };
        row.iter().enumerate().map(target).collect()
    }

    /// Checks an array's type and shape. Its first dimension counts samples; for an input that is a scalar it may be
    /// missing (one value for all samples).
    ///
    /// # Errors
    /// Type or shape expected and found.
    pub fn check(&self, dtype: DataType, dims: &[u64]) -> Result<(), String> {
        let name = &self.name;
        if dtype != self.dtype {
            return Err(format!(
                "array {:?} is {dtype}, the model's input {name:?} is {}; save it as {}",
                self.array, self.dtype, self.dtype
            ));
        }
        let expected = self.dims.get(1..).unwrap_or_default();
        let found = dims.get(1..).unwrap_or_default();
        let same = expected.iter().zip(found).all(|(e, f)| e.is_none_or(|e| e == *f));
        let scalar = self.dims.is_empty() && dims.len() <= 1;
        if scalar || (dims.len() == self.dims.len() && same) {
            return Ok(());
        }
        let size = |d: &Option<u64>| d.map_or("?".to_owned(), |d| d.to_string());
        let expected: Vec<String> = std::iter::once("samples".to_owned())
            .chain(expected.iter().map(size))
            .collect();
        let found: Vec<String> = dims.iter().map(u64::to_string).collect();
        Err(format!(
            "array {:?} has shape {}, the model's input {name:?} needs {}",
            self.array,
            found.join("x"),
            expected.join("x")
        ))
    }
}

/// Samples whose values are looked at before anything else is done with the data, where that is cheap.
const AHEAD: u64 = 1 << 16;
/// Samples of these read at once.
const AHEAD_BATCH: usize = 256;

/// A stream of samples, each with its inputs at batch 1 (the model's first dimension) and its label when there is one.
pub struct Samples {
    source: DataSource,
    wanted: Vec<Wanted>,
    units: std::vec::IntoIter<Unit>,
    open: Option<OpenUnit>,
    labels: Option<Vec<i64>>,
    count: u64,
    taken: u64,
}

impl Samples {
    /// Opens the source and checks names, types and shapes of the first sample against the model's inputs. Of models that
    /// take whole numbers only (text as token ids), the values are checked too; of others when they are read.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(source: &DataSource, graph: &Graph) -> Result<Self, DataError> {
        let mut samples = Self::open_unchecked(source, graph)?;
        let is_text = samples.wanted.iter().all(|w| !w.dtype.is_float());
        if is_text && samples.wanted.iter().any(|w| w.allowed.is_some()) {
            while samples.taken < AHEAD && samples.next_batch(AHEAD_BATCH)?.is_some() {}
            samples = Self::open_unchecked(source, graph)?;
        }
        Ok(samples)
    }

    fn open_unchecked(source: &DataSource, graph: &Graph) -> Result<Self, DataError> {
        let fail = |message: String| DataError::new(&source.path, message);
        let wanted = wanted(source, graph).map_err(fail)?;
        let labels_path = unit::labels_path(source);
        let units = unit::list(source, &wanted, labels_path.as_deref())?;
        let mut count = 0u64;
        for (index, unit) in units.iter().enumerate() {
            // The first unit is checked as a whole; of the others only the number of rows is needed now.
            count += if index == 0 {
                unit.open(source, &wanted)?.rows()
            } else {
                unit.rows(source, &wanted)?
            };
            if source.limit.is_some_and(|limit| count >= limit) {
                break;
            }
        }
        if count == 0 {
            return Err(fail("no samples: every array is empty".into()));
        }
        let labels = match &source.labels {
            Some(name) => Some(unit::labels(source, name, labels_path.as_deref())?),
            None => None,
        };
        let limited = source.limit.map_or(count, |limit| limit.min(count));
        // With a limit not all samples were counted.
        let enough = |n: u64| {
            if source.limit.is_some() {
                n >= limited
            } else {
                n == count
            }
        };
        if let Some(labels) = labels.as_ref().filter(|l| !enough(l.len() as u64)) {
            return Err(fail(format!("{} labels for {count} samples", labels.len())));
        }
        Ok(Self {
            source: source.clone(),
            wanted,
            units: units.into_iter(),
            open: None,
            labels,
            count: limited,
            taken: 0,
        })
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next `batch` samples stacked on the first dimension, with labels; fewer at the end, and where the next
    /// sample has another shape (of a dynamic dimension). `None` after the last.
    ///
    /// # Errors
    /// [`DataError`], also for values that are not numbers (NaN), or that the model cannot take (token ids beyond its
    /// vocabulary), and for samples longer than what they are padded to.
    pub fn next_batch(&mut self, batch: usize) -> Result<Option<(NamedTensors, Vec<i64>)>, DataError> {
        let batch = batch.max(1) as u64;
        let mut stacked: Option<(Vec<Stack>, u64)> = None;
        let (wanted, path) = (self.wanted.clone(), self.source.path.clone());
        while self.taken < self.count {
            let have = stacked.as_ref().map_or(0, |(_, n)| *n);
            let room = (batch - have).min(self.count - self.taken);
            if room == 0 {
                break;
            }
            let Some(open) = self.current()? else {
                break;
            };
            let padded: Result<Vec<Vec<u64>>, String> =
                open.row_dims().zip(&wanted).map(|(dims, w)| w.padded(dims)).collect();
            let padded = padded.map_err(|m| DataError::new(&path, m))?;
            let fits = stacked
                .as_ref()
                .is_none_or(|(s, _)| s.iter().zip(&padded).all(|(s, d)| s.row_dims == *d));
            if !fits {
                break;
            }
            let rows = room.min(open.rows() - open.position());
            let taken = open.take(rows)?;
            let stacks = stacked.get_or_insert_with(|| (padded.iter().map(|d| Stack::new(d)).collect(), 0));
            for (((stack, tensor), wanted), dims) in stacks.0.iter_mut().zip(taken).zip(&wanted).zip(&padded) {
                let fail = |m: String| DataError::new(&path, format!("array {:?}: {m}", wanted.array));
                if let Some(allowed) = &wanted.allowed {
                    allowed.check(&tensor, self.taken).map_err(fail)?;
                }
                stack.push(pad(tensor, dims, wanted.pad_value).map_err(fail)?);
            }
            stacks.1 += rows;
            self.taken += rows;
        }
        let Some((stacks, n)) = stacked else {
            return Ok(None);
        };
        let mut tensors = NamedTensors::new();
        for (stack, wanted) in stacks.into_iter().zip(&self.wanted) {
            let tensor = stack
                .finish(wanted, n)
                .map_err(|m| DataError::new(&self.source.path, m))?;
            tensors.push((wanted.name.clone(), tensor));
        }
        let start = (self.taken - n) as usize;
        let labels = self.labels.as_ref().and_then(|l| l.get(start..start + n as usize));
        Ok(Some((tensors, labels.unwrap_or_default().to_vec())))
    }

    /// The unit that has the next row, opened; `None` after the last.
    fn current(&mut self) -> Result<Option<&mut OpenUnit>, DataError> {
        loop {
            let done = self.open.as_ref().is_none_or(|open| open.position() >= open.rows());
            if !done {
                return Ok(self.open.as_mut());
            }
            match self.units.next() {
                Some(unit) => self.open = Some(unit.open(&self.source, &self.wanted)?),
                None => return Ok(None),
            }
        }
    }
}

/// Rows of one input on their way into one tensor.
struct Stack {
    row_dims: Vec<u64>,
    bytes: Vec<u8>,
    first: Option<Tensor>,
}

impl Stack {
    fn new(row_dims: &[u64]) -> Self {
        Self {
            row_dims: row_dims.to_vec(),
            bytes: Vec::new(),
            first: None,
        }
    }

    fn push(&mut self, tensor: Tensor) {
        match &self.first {
            None => self.first = Some(tensor),
            Some(first) => {
                if self.bytes.is_empty() {
                    self.bytes.extend_from_slice(&first.bytes);
                }
                self.bytes.extend_from_slice(&tensor.bytes);
            }
        }
    }

    fn finish(self, wanted: &Wanted, rows: u64) -> Result<Tensor, String> {
        let first = self.first.ok_or("no rows")?;
        if wanted.dims.is_empty() {
            return Ok(first);
        }
        let mut dims = vec![rows];
        dims.extend(self.row_dims);
        let bytes = if self.bytes.is_empty() {
            first.bytes
        } else {
            self.bytes.into()
        };
        Tensor::new(first.dtype, &dims, bytes)
            .ok_or_else(|| format!("array {:?}: samples of {} cannot be stacked", wanted.array, first.dtype))
    }
}

fn wanted(source: &DataSource, graph: &Graph) -> Result<Vec<Wanted>, String> {
    let names: Vec<&str> = shapes::inputs(graph).map(|i| i.name.as_ref()).collect();
    if let Some(unknown) = source.inputs.keys().find(|n| !names.contains(&n.as_str())) {
        return Err(format!(
            "the model has no input {unknown:?}{}",
            suggest(unknown, &names)
        ));
    }
    pad::check(source, graph)?;
    let ids = graph.bodies.first().map(|b| b.inputs.as_slice()).unwrap_or_default();
    shapes::inputs(graph)
        .zip(ids)
        .map(|(input, id)| {
            let name = input.name.as_ref();
            let missing = |what: &str| format!("the model does not say the {what} of input {name:?}");
            let shape = input.ty.shape.as_ref().ok_or_else(|| missing("number of dimensions"))?;
            let dims = shape
                .0
                .iter()
                .map(|d| if let Dim::Known(n) = d { Some(*n) } else { None });
            let dtype = input.ty.dtype.ok_or_else(|| missing("element type"))?;
            Ok(Wanted {
                name: name.to_owned(),
                array: source.inputs.get(name).map_or(name, String::as_str).to_owned(),
                dtype,
                dims: dims.collect(),
                pad: pad::sizes(source, name, shape),
                pad_value: source.pad_value.get(name).copied().unwrap_or(0.0),
                allowed: allowed(graph, *id, dtype),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
