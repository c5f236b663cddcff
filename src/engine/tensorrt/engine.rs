//! A built engine.

use crate::bench::Profile;
use crate::bench::measure::Timed;
use crate::data::NamedTensors;
use crate::engine::{BuildRecord, Engine, EngineError, TensorSpec};

/// What every refusal of such an engine begins with.
pub const ELSEWHERE: &str = "the engine was built, but cannot run here: ";

/// An engine that was built here and does not run here.
pub struct Elsewhere {
    /// How it was built.
    pub record: BuildRecord,
    /// Its inputs.
    pub inputs: Vec<TensorSpec>,
    /// Its outputs.
    pub outputs: Vec<TensorSpec>,
    /// Why it does not run here.
    pub why: String,
}

impl Elsewhere {
    fn refuse<T>(&self) -> Result<T, EngineError> {
        Err(EngineError::Unavailable(format!("{ELSEWHERE}{}", self.why)))
    }
}

impl Engine for Elsewhere {
    fn record(&self) -> &BuildRecord {
        &self.record
    }

    fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    fn outputs(&self) -> &[TensorSpec] {
        &self.outputs
    }

    fn infer(&mut self, _: &NamedTensors) -> Result<NamedTensors, EngineError> {
        self.refuse()
    }

    fn profile(&mut self, _: &NamedTensors, _: u32) -> Result<Profile, EngineError> {
        self.refuse()
    }

    fn timed(&mut self, _: &NamedTensors) -> Result<Box<dyn Timed + '_>, EngineError> {
        self.refuse()
    }
}
