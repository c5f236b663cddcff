//! What a measurement means: protocols, samples, statistics, comparison, accuracy.
//!
//! Pure computation plus the measuring loops that the worker runs around an engine. Definitions are trtexec's.

pub mod accuracy;
pub mod bisect;
pub mod buckets;
pub mod compare;
pub mod differences;
pub mod effective;
pub mod gate;
pub mod gpu_loop;
pub mod history;
pub mod interval;
pub mod layer;
pub mod lint;
pub mod live;
pub mod measure;
pub mod mixes;
pub mod palette;
pub mod protocol;
pub mod resources;
pub mod rounds;
pub mod sample;
pub mod self_timed;
pub mod side_by_side;
mod slower;
pub mod stats;
pub mod sweep;
pub mod trend;
pub mod verdict;

pub use accuracy::{OutputAccuracy, OutputMeter, TaskAccuracy};
pub use compare::{Comparison, Histogram, ProviderShare, Ratio, VariantResult};
pub use differences::{Differences, FirstBad, NodeRef, TensorDifference};
pub use effective::{EffectivePrecision, TypeShare, TypedLayer};
pub use gate::Gates;
pub use layer::{LayerProfile, LayerTime, Profile};
pub use lint::LayerFinding;
pub use mixes::Mixes;
pub use protocol::Protocol;
pub use resources::{DeviceMemory, Resources};
pub use sample::{Environment, Sample};
pub use side_by_side::SideBySide;
pub use stats::{Statistics, Summary};
pub use verdict::{Decision, Standing, Verdict};
