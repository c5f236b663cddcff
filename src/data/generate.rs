//! Realistic generated inputs: token ids inside the vocabulary, masks of ones, images in range; never bare noise where
//! the model says what it expects.

use super::NamedTensors;
use super::evidence::{Evidence, evidence};
use super::random::Random;
use super::shapes::inputs;
use crate::graph::sizes::Sizes;
use crate::graph::{Graph, TensorInfo};
use crate::model::{DataType, Tensor};
use half::{bf16, f16};

/// Generated inputs larger than this are refused: they would have to be held, copied and sent.
const MAX_BYTES: u64 = 4 << 30;
/// Sample rate that speech models expect, in Hz.
const SAMPLE_RATE: f64 = 16_000.0;

/// Inputs of these sizes for the model, with the values that belong to them (of shape tensors, lengths, sample rates); the
/// same seed gives the same tensors. `why` of each input says what it was taken for (`token ids below 30522, the rows of
/// embeddings.word`).
///
/// # Errors
/// An input whose type cannot be generated or whose shape is missing, by name.
pub fn generate(graph: &Graph, sizes: &Sizes, seed: u64) -> Result<(NamedTensors, Vec<String>), String> {
    let ids = graph.bodies.first().map(|b| b.inputs.clone()).unwrap_or_default();
    let shapes = sizes.inputs.values().map(|s| &s.shape);
    let longest = shapes.filter_map(|s| s.get(1)).max().copied().unwrap_or(1);
    let mut total = 0u64;
    let mut tensors = NamedTensors::new();
    let mut why = Vec::new();
    for (index, (input, id)) in inputs(graph).zip(ids).enumerate() {
        let name = input.name.as_ref();
        let place = |reason: String| format!("input {name:?}: {reason}");
        if let Some(container) = &input.ty.container {
            return Err(place(format!(
                "values of kind {container} cannot be generated; only tensors can"
            )));
        }
        let dtype = input
            .ty
            .dtype
            .ok_or_else(|| place("the model does not say its element type".into()))?;
        let size = sizes.inputs.get(name);
        let size = size.ok_or_else(|| place("no shape was given".into()))?;
        let dims = &size.shape;
        let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        let bytes = elements.and_then(|n| dtype.packed_bytes(n));
        total = total.saturating_add(bytes.unwrap_or(u64::MAX));
        if total > MAX_BYTES {
            return Err(place(format!("the inputs take more than {} GiB", MAX_BYTES >> 30)));
        }
        let kind = match &size.value {
            Some(value) => Kind::Told(value.clone(), size.reason.clone()),
            None => kind(input, dtype, dims, evidence(graph, id), longest),
        };
        let mut random = Random::new(seed ^ (index as u64).wrapping_mul(0x9e37_79b9));
        let tensor = tensor(dtype, dims, &kind, &mut random).ok_or_else(|| {
            place(format!(
                "values of type {dtype} cannot be generated; give them as a file"
            ))
        })?;
        tensors.push((name.to_owned(), tensor));
        why.push(format!("{name}: {}", kind.words()));
    }
    Ok((tensors, why))
}

/// What an input is taken for.
#[derive(Debug, PartialEq)]
enum Kind {
    /// These values, and in words why.
    Told(Vec<i64>, String),
    /// One value everywhere, and in words what it stands for.
    Constant(f64, String),
    /// 0, 1, 2, ... along the last axis, below a limit.
    Positions(u64),
    /// Whole numbers below a limit, and in words what they index.
    Below(u64, String),
    /// Smooth pictures; `channels_last`, the largest value, and in words why.
    Picture(bool, f64, String),
    /// A sound of -1 to 1.
    Sound,
    /// Standard normal numbers.
    Normal,
}

impl Kind {
    fn words(&self) -> String {
        match self {
            Self::Told(values, what) => {
                let values: Vec<String> = values.iter().map(i64::to_string).collect();
                format!("{}, {what}", values.join(", "))
            }
            Self::Constant(value, what) => format!("all {value}, {what}"),
            Self::Positions(_) => "positions 0, 1, 2, ...".into(),
            Self::Below(limit, what) => format!("whole numbers below {limit}, {what}"),
            Self::Picture(_, high, what) => format!("pictures with values from 0 to {high}, {what}"),
            Self::Sound => "a sound with values from -1 to 1, by its name".into(),
            Self::Normal => "standard normal numbers: nothing in the model says more".into(),
        }
    }
}

fn kind(input: &TensorInfo, dtype: DataType, dims: &[u64], evidence: Evidence, longest: u64) -> Kind {
    let name = input.name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    let last = name
        .rsplit(['/', '.', ':'])
        .find(|s| !s.is_empty() && s.parse::<u32>().is_err());
    let is = |words: &[&str]| last.is_some_and(|l| words.contains(&l));
    let few = dims.iter().all(|d| *d == 1);
    if has(&["mask"]) && dtype != DataType::String {
        return Kind::Constant(1.0, "a mask that hides nothing".into());
    }
    if few && is(&["sr", "sample_rate", "sampling_rate", "samplerate"]) {
        return Kind::Constant(SAMPLE_RATE, "a sample rate in Hz".into());
    }
    if let Some(operator) = evidence.state_of {
        return Kind::Constant(0.0, format!("the initial state of {operator}"));
    }
    let whole = !dtype.is_float() && dtype != DataType::Bool;
    let state = has(&["state", "hidden", "cache", "past_key", "past_value", "memory"]) && !has(&["hidden_states"]);
    if state || (!whole && is(&["h", "c", "h0", "c0", "h_in", "c_in", "hx", "cx"])) {
        return Kind::Constant(0.0, "the state before the first step".into());
    }
    if dtype == DataType::Bool {
        return Kind::Constant(1.0, "a switch that is on".into());
    }
    if whole {
        return whole_numbers(dtype, dims, &name, evidence, longest);
    }
    if let Some(channels_last) = picture(dims) {
        return match evidence.bytes_range {
            Some(reason) => Kind::Picture(channels_last, 255.0, reason),
            None => Kind::Picture(channels_last, 1.0, "by the shape".into()),
        };
    }
    if has(&["audio", "wav", "speech", "sound", "pcm"]) {
        return Kind::Sound;
    }
    Kind::Normal
}

fn whole_numbers(dtype: DataType, dims: &[u64], name: &str, evidence: Evidence, longest: u64) -> Kind {
    let has = |words: &[&str]| words.iter().any(|w| name.contains(w));
    if has(&["token_type", "segment"]) {
        return Kind::Constant(0.0, "the first segment".into());
    }
    let range = match dtype {
        DataType::UInt8 => 256,
        DataType::Int8 => 128,
        _ => u64::MAX,
    };
    if has(&["position_id", "position_ids"]) {
        return Kind::Positions(evidence.below.map_or(u64::MAX, |(n, _)| n).min(range));
    }
    if let Some((below, what)) = evidence.below {
        return Kind::Below(below.min(range), what);
    }
    if has(&["length", "seq_len", "_lens"]) {
        return Kind::Constant(longest as f64, "the whole length".into());
    }
    if let Some(operator) = evidence.sizes_of {
        return Kind::Constant(1.0, format!("a size that {operator} uses"));
    }
    match (picture(dims), dtype) {
        (Some(channels_last), DataType::UInt8) => Kind::Picture(channels_last, 255.0, "by type and shape".into()),
        (None, DataType::UInt8) => Kind::Below(256, "any byte".into()),
        _ => Kind::Below(2, "zeros and ones: nothing in the model says more".into()),
    }
}

/// Whether the shape is that of pictures, and if so whether the channels come last.
fn picture(dims: &[u64]) -> Option<bool> {
    let channels = |n: u64| matches!(n, 1 | 3 | 4);
    match dims {
        // Three channels of four dimensions are colour, whatever the size.
        [_, 3, _, _] => Some(false),
        [.., c, h, w] if dims.len() >= 3 && channels(*c) && *h >= 8 && *w >= 8 => Some(false),
        [.., h, w, c] if dims.len() >= 3 && channels(*c) && *h >= 8 && *w >= 8 => Some(true),
        _ => None,
    }
}

/// `None` for types that have no values to write.
fn tensor(dtype: DataType, dims: &[u64], kind: &Kind, random: &mut Random) -> Option<Tensor> {
    let count = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d))?;
    let last = dims.last().copied().unwrap_or(1).max(1);
    match kind {
        Kind::Told(values, _) => encode(dtype, dims, values.iter().map(|v| *v as f64)),
        Kind::Constant(value, _) => encode(dtype, dims, (0..count).map(|_| *value)),
        Kind::Positions(limit) => encode(dtype, dims, (0..count).map(|i| ((i % last) % (*limit).max(1)) as f64)),
        Kind::Below(limit, _) => encode(dtype, dims, (0..count).map(|_| random.below(*limit) as f64)),
        Kind::Picture(channels_last, high, _) => {
            let mut scene = Scene::new(dims, *channels_last, random);
            encode(dtype, dims, (0..count).map(|i| scene.value(i, random) * high))
        }
        Kind::Sound => {
            let step = 0.02 + 0.1 * random.unit();
            encode(
                dtype,
                dims,
                (0..count).map(|i| 0.3 * (i as f64 * step).sin() + 0.05 * random.normal()),
            )
        }
        Kind::Normal => encode(dtype, dims, (0..count).map(|_| random.normal())),
    }
}

/// Soft stripes with a little noise: closer to a photograph's statistics than white noise, and never out of range.
struct Scene {
    width: u64,
    height: u64,
    channels: u64,
    channels_last: bool,
    waves: Vec<[f64; 3]>,
}

impl Scene {
    fn new(dims: &[u64], channels_last: bool, random: &mut Random) -> Self {
        let from_end = |i: usize| dims.iter().rev().nth(i).copied().unwrap_or(1).max(1);
        let (channels, height, width) = if channels_last {
            (from_end(0), from_end(2), from_end(1))
        } else {
            (from_end(2), from_end(1), from_end(0))
        };
        let wave = |_| {
            [
                random.unit() * 12.0,
                random.unit() * 12.0,
                random.unit() * std::f64::consts::TAU,
            ]
        };
        Self {
            width,
            height,
            channels,
            channels_last,
            waves: (0..channels.min(4)).map(wave).collect(),
        }
    }

    /// Value of element `index`, 0 to 1.
    fn value(&mut self, index: u64, random: &mut Random) -> f64 {
        let (c, pixel) = if self.channels_last {
            (index % self.channels, index / self.channels)
        } else {
            let plane = self.width * self.height;
            ((index / plane) % self.channels, index % plane)
        };
        let x = (pixel % self.width) as f64 / self.width as f64;
        let y = ((pixel / self.width) % self.height) as f64 / self.height as f64;
        let [fx, fy, phase] = self.waves.get(c as usize).copied().unwrap_or_default();
        let value = 0.5 + 0.35 * (fx * x + fy * y + phase).sin() + 0.05 * random.normal();
        value.clamp(0.0, 1.0)
    }
}

/// The values in the type's own form; integers are rounded and saturate.
pub(super) fn encode(dtype: DataType, dims: &[u64], values: impl Iterator<Item = f64>) -> Option<Tensor> {
    use DataType as T;
    let write: fn(f64, &mut Vec<u8>) = match dtype {
        T::Float32 => |v, out| out.extend((v as f32).to_le_bytes()),
        T::Float64 => |v, out| out.extend(v.to_le_bytes()),
        T::Float16 => |v, out| out.extend(f16::from_f64(v).to_le_bytes()),
        T::BFloat16 => |v, out| out.extend(bf16::from_f64(v).to_le_bytes()),
        T::Bool => |v, out| out.push(u8::from(v != 0.0)),
        T::Int8 => |v, out| out.extend((v.round() as i8).to_le_bytes()),
        T::UInt8 => |v, out| out.push(v.round() as u8),
        T::Int16 => |v, out| out.extend((v.round() as i16).to_le_bytes()),
        T::UInt16 => |v, out| out.extend((v.round() as u16).to_le_bytes()),
        T::Int32 => |v, out| out.extend((v.round() as i32).to_le_bytes()),
        T::UInt32 => |v, out| out.extend((v.round() as u32).to_le_bytes()),
        T::Int64 => |v, out| out.extend((v.round() as i64).to_le_bytes()),
        T::UInt64 => |v, out| out.extend((v.round() as u64).to_le_bytes()),
        _ => return None,
    };
    let mut bytes = Vec::new();
    values.for_each(|v| write(v, &mut bytes));
    Tensor::new(dtype, dims, bytes.into())
}

#[cfg(test)]
mod tests;
