//! The recipe's fields. Relative paths are relative to the recipe's folder.

use super::Precision;
use crate::bench::Protocol;
use crate::graph::ranges::ProfileSpec;
use crate::rewrite::PatchSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The version of the format that this program reads and writes.
pub const VERSION: u32 = 1;

/// A recipe.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Format version: 1.
    pub version: u32,
    /// The model.
    pub model: ModelSpec,
    /// Where the engine is built and run.
    #[serde(default)]
    pub target: TargetSpec,
    /// How it is built.
    #[serde(default, skip_serializing_if = "is_default")]
    pub build: BuildSpec,
    /// Optimization profiles; needed where an input is dynamic.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "profile")]
    pub profiles: Vec<ProfileSpec>,
    /// Patches, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "patch")]
    pub patches: Vec<PatchSpec>,
    /// How it is measured.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bench: BenchSpec,
    /// Batch sizes to measure throughput against; none means no sweep when the recipe is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepSpec>,
    /// Inputs for calibration and accuracy.
    #[serde(default, skip_serializing_if = "is_default")]
    pub data: DataSpec,
    /// What accuracy is measured against, and limits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accuracy: AccuracySpec,
    /// Rows of a comparison; none means the recipe itself is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "variant")]
    pub variants: Vec<VariantSpec>,
}

/// `[model]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The ONNX file.
    pub path: PathBuf,
    /// SHA-256 of the file in hex; a mismatch is an error when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// `[target]`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// `embedded`, `onnxruntime-cpu`, `onnxruntime-cuda`, `openvino`, `onnxruntime-ep`, `tensorrt`,
    /// `tensorrt-rtx` or `runner`.
    pub name: String,
    /// Version or prefix of it (`10`, `1.7`); none means the newest found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Device index for GPU targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<u32>,
    /// Command prefix that the worker runs behind (`ssh gpu-box`); none means this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Of `onnxruntime-ep`, and of `openvino` instead of the one that is found: the execution provider library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
    /// Of the same two: options of the provider, passed through as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_options: BTreeMap<String, String>,
    /// Of `runner`: the program that is measured and its arguments. It starts where the worker runs, not through a shell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Of `runner`: the folder that the program starts in; none means the recipe's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl TargetSpec {
    /// The names there are.
    pub const NAMES: [&'static str; 8] = [
        "embedded",
        "onnxruntime-cpu",
        "onnxruntime-cuda",
        "openvino",
        "onnxruntime-ep",
        "tensorrt",
        "tensorrt-rtx",
        "runner",
    ];

    /// As rows of a comparison are named: `onnxruntime-cpu@1.32`, a runner by its command.
    pub fn label(&self) -> String {
        match &self.version {
            _ if !self.command.is_empty() => self.command.join(" "),
            Some(version) => format!("{}@{version}", self.name),
            None => self.name.clone(),
        }
    }
}

impl Default for TargetSpec {
    fn default() -> Self {
        Self {
            name: "embedded".into(),
            version: None,
            device: None,
            via: None,
            library: None,
            provider_options: BTreeMap::new(),
            command: Vec::new(),
            folder: None,
        }
    }
}

/// `[build]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildSpec {
    /// Precision.
    #[serde(default)]
    pub precision: Precision,
    /// Largest scratch memory in bytes that the builder may use, written `"1GiB"`; none means the target's default.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::units::size")]
    pub workspace: Option<u64>,
    /// Most main memory in bytes that the worker may take, written `"8GiB"`; a worker that takes more is stopped, and its
    /// variant fails. None means three quarters of the machine's memory (or of its control group's).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::units::size")]
    pub memory: Option<u64>,
    /// Target options by name (`threads`, `optimization_level`, ...); each target refuses names it does not know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, toml::Value>,
}

/// `[bench]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenchSpec {
    /// Protocol; none means the target's default (`serial` on CPU engines, `trtexec-11` on GPU ones).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Shape per input; none means `opt` of the first profile, or 1 for every symbolic dimension.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shapes: BTreeMap<String, Vec<u64>>,
    /// Values of shape tensors and of other inputs of whole numbers (a sample rate, a length), by input; none means those of
    /// the first profile that fits, or what the model's sizes suggest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Vec<i64>>,
    /// Seconds of measurement at least; none means the protocol's (3 s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Iterations at least; none means the protocol's (10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
    /// Warm-up in milliseconds; none means the protocol's (200).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_ms: Option<f64>,
    /// Rounds in which every variant is measured once, in an order drawn at random; none means 10, and more (40 at most)
    /// where `duration_s` and `iterations` are open too, until the answer is precise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// Rounds are added until the interval of every speed-up is this narrow: half its width over the speed-up, 0.015 when
    /// not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision_of_answer: Option<f64>,
    /// Seconds of measuring after which no rounds are added; none means 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_s: Option<f64>,
}

/// `[sweep]`: latency and throughput against an open size, the batch where nothing else is said, by the protocol, rounds and
/// time of `[bench]` at every size.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepSpec {
    /// Batch sizes, ascending; empty means powers of two until `max_batch`, memory or `max_latency_ms` end them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<u64>,
    /// Largest of the powers of two; none means 256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_batch: Option<u64>,
    /// Powers of two end at a median latency over this; none means 2,000 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_latency_ms: Option<f64>,
    /// What varies instead of the batch: the name of an open size (`seq`), `INPUT:AXIS`, or several that stay equal
    /// (`height=width`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// Sizes of `over`, ascending; empty means a quarter to four times the size that is measured otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<u64>,
}

impl SweepSpec {
    /// Largest power of two when the recipe says nothing.
    pub const MAX_BATCH: u64 = 256;
    /// Median latency in milliseconds that ends the powers of two when the recipe says nothing.
    pub const MAX_LATENCY_MS: f64 = 2000.0;

    /// The name of the batch where a size is named.
    pub const BATCH: &'static str = "batch";

    /// What varies: the batch, or `over`.
    pub fn what(&self) -> &str {
        self.over.as_deref().unwrap_or(Self::BATCH)
    }

    /// True when the batch varies.
    pub fn is_batch(&self) -> bool {
        self.what() == Self::BATCH
    }

    /// The sizes to measure at most, ascending.
    pub fn planned(&self) -> Vec<u64> {
        if !self.is_batch() || !self.sizes.is_empty() {
            return self.sizes.clone();
        }
        if !self.batches.is_empty() {
            return self.batches.clone();
        }
        let largest = self.max_batch.unwrap_or(Self::MAX_BATCH);
        let doubling = (0..u64::BITS).map(|i| 1u64 << i);
        doubling.take_while(|n| *n <= largest).collect()
    }
}

/// `[data]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// For calibration (ranges, quantization).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<DataSource>,
    /// For accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<DataSource>,
}

/// Where inputs come from and how they become tensors.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// A `.npz`/`.npy` file, or a folder of `.npy`, `.npz`, `.pb` or image files.
    pub path: PathBuf,
    /// Array (npz member, or sub-folder) per input name; needed when names differ from the model's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Where an input's samples are, by its name, where the data and the model do not show it: the number of an axis, `stack`
    /// for one axis more in front, `fixed` where all samples share the array.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub samples_on: BTreeMap<String, String>,
    /// npz member or `.npy` file with class labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// Resize images to this height and width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<[u32; 2]>,
    /// Image layout: `nchw` (default) or `nhwc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Multiplied onto pixel values 0..=255 before mean and std; default 1/255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f32>,
    /// Subtracted per channel, after scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Vec<f32>>,
    /// Divided by per channel, after mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<Vec<f32>>,
    /// Use at most this many samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Sizes that shorter samples are padded to, at their ends: by the name of the model's dynamic dimension, or `INPUT:AXIS`
    /// where it has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pad: BTreeMap<String, u64>,
    /// What an input is padded with, by its name; default 0.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pad_value: BTreeMap<String, f64>,
}

impl DataSource {
    /// Layouts of image tensors.
    pub const LAYOUTS: [&'static str; 2] = ["nchw", "nhwc"];
}

/// `[accuracy]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccuracySpec {
    /// Target whose FP32 results are the reference; none means `onnxruntime-cpu` when found, else `embedded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<TargetSpec>,
    /// Largest mean absolute error allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_mean_abs: Option<f64>,
    /// Smallest cosine similarity allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_cosine: Option<f64>,
    /// Largest loss of top-1 accuracy allowed, in percentage points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_top1_loss: Option<f64>,
}

/// `[[variant]]`: a name plus overrides of anything above, as the same keys.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VariantSpec {
    /// Its name in tables and plots.
    pub name: String,
    /// Overrides: `build.precision = "fp16"`, `target.name = ...`.
    #[serde(flatten)]
    pub overrides: toml::Table,
}

/// Sections that say nothing are not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
