//! Arguments of `search`.

use super::SampleArgs;
use super::value::{at_least_one, named};
use crate::rewrite::Method;
use crate::rewrite::search::{Limit, SearchSpec, Way};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `search`.
#[derive(Args, Debug)]
pub struct SearchArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sample: SampleArgs,
    /// The type to lower to: fp16, bf16 or one that `quantize --mode` takes; not needed for a recipe with such a patch
    #[arg(long, value_name = "TYPE")]
    pub to: Option<String>,
    /// With an 8-bit type: how thresholds are chosen, as for `quantize`
    #[arg(long, value_name = "NAME", value_parser = named::<Method>)]
    pub method: Option<Method>,
    /// Find the layers to keep so that this holds and the most stays lowered: cosine=0.999, relative-l2=0.01, max-abs=0.1, top1-agreement=99%
    /// or (with labels) top1-drop=1%
    #[arg(long, value_name = "METRIC=VALUE")]
    pub limit: Option<Limit>,
    /// Run "keep the worst N" for each of these, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = SearchSpec::default().points)]
    pub keep: Vec<usize>,
    /// What to write: the model (.onnx) or the recipe (.toml) with the layers kept that --limit found, or the worst --keep
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Then measure the latency of FP32, of the combinations asked for and of the one found, in turn, on this target
    /// (NAME or NAME@VERSION); on the recipe's when none is named
    #[arg(long, value_name = "TARGET", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub measure: Option<String>,
    /// With --measure: how long each is measured, for example 3s
    #[arg(long, value_name = "TIME", requires = "measure")]
    pub duration: Option<String>,
    /// With --measure: write a report: .html, .md, .csv or .json by the file's ending; repeatable
    #[arg(long, value_name = "FILE", requires = "measure")]
    pub report: Vec<PathBuf>,
    /// How layers are told apart: one-lowered or one-kept
    #[arg(long, value_name = "WAY", default_value = "one-lowered", value_parser = named::<Way>)]
    pub way: Way,
    /// Test data that errors are measured on; the calibration data when not given
    #[arg(long, value_name = "PATH")]
    pub test: Option<PathBuf>,
    /// Array of the data that errors are measured on, or .npy file, that holds class labels
    #[arg(long, value_name = "ARRAY")]
    pub labels: Option<String>,
    /// Rank layers on at most this many samples; where they are many, each is measured on 4 first, and the worst 16 on these
    #[arg(long, value_name = "N", default_value_t = SearchSpec::default().rank_samples, value_parser = at_least_one::<u64>)]
    pub rank_samples: u64,
    /// Run combinations on at most this many samples; all of the data when not given
    #[arg(long, value_name = "N", value_parser = at_least_one::<u64>)]
    pub test_samples: Option<u64>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
}
