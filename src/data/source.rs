//! Samples from files.
//!
//! A source is a list of units (files, or folders that hold one file per input), each with one or more rows: samples at
//! batch 1. Only the unit being read is open, and of its arrays only the rows asked for are in memory.

use super::layout::{self, Layout};
use super::pad::{self, pad};
use super::unit::{self, OpenUnit, Unit};
use super::values::{Allowed, allowed};
use super::{NamedTensors, shapes};
use crate::graph::{Dim, Graph};
use crate::model::{DataType, Tensor};
use crate::recipe::DataSource;
use crate::recipe::de::suggest;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Where its samples are, when the source says so.
    pub samples_on: Option<Layout>,
    /// The model's names of its sizes.
    pub symbols: Vec<Option<Arc<str>>>,
    /// The axis of the batch, when a symbol says so.
    pub batch_axis: Option<usize>,
}

impl Wanted {
    /// The shape of a sample after padding, which leaves the axis of the samples alone.
    ///
    /// # Errors
    /// A sample that is longer.
    fn padded(&self, sample: &[u64], layout: Layout) -> Result<Vec<u64>, String> {
        let target = |(i, size): (usize, &u64)| match self.pad.get(i).copied().flatten() {
            _ if layout == Layout::Axis(i) => Ok(*size),
            Some(to) if *size > to => Err(format!(
                "array {:?} has a sample of {size} on axis {i}, more than the {to} that samples are padded to",
                self.array,
            )),
            Some(to) => Ok(to),
            None => Ok(*size),
        };
        sample.iter().enumerate().map(target).collect()
    }

    /// Checks an array's type.
    ///
    /// # Errors
    /// Type expected and found.
    pub fn check_type(&self, dtype: DataType) -> Result<(), String> {
        if dtype != self.dtype {
            return Err(format!(
                "array {:?} is {dtype}, the model's input {:?} is {}; save it as {}",
                self.array, self.name, self.dtype, self.dtype
            ));
        }
        Ok(())
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
    all: Vec<Unit>,
    /// The next of them.
    unit: usize,
    open: Option<OpenUnit>,
    labels: Option<Vec<i64>>,
    count: u64,
    taken: u64,
    last: u64,
    layout: Option<String>,
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
        let mut layout = None;
        for (index, unit) in units.iter().enumerate() {
            // The first unit is checked as a whole; of the others only the number of rows is needed now.
            count += if index == 0 {
                let first = unit.open(source, &wanted)?;
                layout = layout::words(&wanted, &first.layouts());
                first.rows()
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
            all: units,
            unit: 0,
            open: None,
            labels,
            count: limited,
            taken: 0,
            last: 0,
            layout,
        })
    }

    /// Number of samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Samples in the last batch.
    pub fn in_batch(&self) -> u64 {
        self.last
    }

    /// Goes back to before the last batch.
    ///
    /// # Errors
    /// [`DataError`]: a file that changed meanwhile.
    pub fn step_back(&mut self) -> Result<(), DataError> {
        let target = self.taken - self.last;
        (self.unit, self.open, self.taken, self.last) = (0, None, 0, 0);
        while self.taken < target {
            let left = target - self.taken;
            let Some(open) = self.current()? else { break };
            let skipped = left.min(open.rows() - open.position());
            open.skip(skipped);
            self.taken += skipped;
        }
        Ok(())
    }

    /// Where samples are found, in a sentence; none where they are on the first axis of each input.
    pub fn layout(&self) -> Option<&str> {
        self.layout.as_deref()
    }

    /// The next `batch` samples joined on the axis of the samples, with labels; fewer at the end, and where the next
    /// sample has another shape (of a dynamic dimension); whole samples one at a time. `None` after the last.
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
            let (samples, layouts) = (open.samples(&wanted), open.layouts());
            let alone = open.is_alone();
            let padded: Result<Vec<Vec<u64>>, String> = samples
                .iter()
                .zip(&wanted)
                .zip(&layouts)
                .map(|((dims, w), layout)| w.padded(dims, *layout))
                .collect();
            let padded = padded.map_err(|m| DataError::new(&path, m))?;
            let fits = stacked.as_ref().is_none_or(|(stacks, _)| {
                let mut stacks = stacks.iter().zip(&padded).zip(&layouts);
                !alone && stacks.all(|((s, d), layout)| s.sample == *d && s.layout == *layout)
            });
            if !fits {
                break;
            }
            let rows = if alone {
                1
            } else {
                room.min(open.rows() - open.position())
            };
            let taken = open.take(rows, &wanted)?;
            let stacks = stacked.get_or_insert_with(|| {
                let stacks = padded.iter().zip(&layouts).map(|(d, layout)| Stack::new(d, *layout));
                (stacks.collect(), 0)
            });
            for (((stack, tensor), wanted), dims) in stacks.0.iter_mut().zip(taken).zip(&wanted).zip(&padded) {
                let fail = |m: String| DataError::new(&path, format!("array {:?}: {m}", wanted.array));
                if let Some(allowed) = &wanted.allowed {
                    allowed.check(&tensor, self.taken).map_err(fail)?;
                }
                let mut target = dims.clone();
                if let Layout::Axis(at) = stack.layout
                    && let (Some(size), Some(rows)) = (target.get_mut(at), tensor.dims.get(at))
                {
                    *size = *rows;
                }
                stack.parts.push(pad(tensor, &target, wanted.pad_value).map_err(fail)?);
            }
            stacks.1 += rows;
            self.taken += rows;
            if alone {
                break;
            }
        }
        let Some((stacks, n)) = stacked else {
            return Ok(None);
        };
        self.last = n;
        let mut tensors = NamedTensors::new();
        for (stack, wanted) in stacks.into_iter().zip(&self.wanted) {
            let tensor = stack.finish(wanted).map_err(|m| DataError::new(&self.source.path, m))?;
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
            match self.all.get(self.unit) {
                Some(unit) => self.open = Some(unit.open(&self.source, &self.wanted)?),
                None => return Ok(None),
            }
            self.unit += 1;
        }
    }
}

/// Samples of one input on their way into one tensor.
struct Stack {
    /// Shape of one.
    sample: Vec<u64>,
    layout: Layout,
    parts: Vec<Tensor>,
}

impl Stack {
    fn new(sample: &[u64], layout: Layout) -> Self {
        Self {
            sample: sample.to_vec(),
            layout,
            parts: Vec::new(),
        }
    }

    fn finish(mut self, wanted: &Wanted) -> Result<Tensor, String> {
        let axis = match self.layout {
            Layout::Axis(axis) if self.parts.len() > 1 => axis,
            // What all samples share is the same in every part.
            _ => return self.parts.drain(..).next().ok_or_else(|| "no samples".into()),
        };
        let failed = || format!("array {:?}: its samples cannot be joined", wanted.array);
        let dtype = self.parts[0].dtype;
        let bits = dtype.bits() as usize;
        let outer: u64 = self.sample.iter().take(axis).product();
        let is_whole = bits.is_multiple_of(8) && bits > 0 || outer <= 1;
        if !is_whole {
            return Err(failed());
        }
        let mut bytes = Vec::with_capacity(self.parts.iter().map(|p| p.bytes.len()).sum());
        for at in 0..outer.max(1) as usize {
            for part in &self.parts {
                let chunk = part.bytes.len() / outer.max(1) as usize;
                bytes.extend_from_slice(part.bytes.get(at * chunk..(at + 1) * chunk).ok_or_else(failed)?);
            }
        }
        let mut dims = self.sample.clone();
        let size = dims.get_mut(axis).ok_or_else(failed)?;
        *size = self.parts.iter().filter_map(|p| p.dims.get(axis)).sum();
        Tensor::new(dtype, &dims, bytes.into()).ok_or_else(failed)
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
    if let Some(unknown) = source.samples_on.keys().find(|n| !names.contains(&n.as_str())) {
        return Err(format!(
            "samples_on: the model has no input {unknown:?}{}",
            suggest(unknown, &names)
        ));
    }
    let axes = layout::batch_axes(graph);
    let ids = graph.bodies.first().map(|b| b.inputs.as_slice()).unwrap_or_default();
    shapes::inputs(graph)
        .zip(ids)
        .zip(axes)
        .map(|((input, id), batch_axis)| {
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
                samples_on: source
                    .samples_on
                    .get(name)
                    .map(|text| Layout::parse(text).map_err(|why| format!("input {name:?}: {why}")))
                    .transpose()?,
                symbols: shape
                    .0
                    .iter()
                    .map(|d| {
                        if let Dim::Symbol(name) = d {
                            Some(Arc::clone(name))
                        } else {
                            None
                        }
                    })
                    .collect(),
                batch_axis,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
