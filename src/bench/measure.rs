//! The measuring loop: warm-up, at least the protocol's time and iterations, samples handed on in batches.

use super::{Protocol, Sample};

/// What the loop drives: an engine with its inputs bound.
pub trait Timed {
    /// True when the engine runs on a GPU (enqueue and transfer series exist, every protocol is possible).
    fn is_gpu(&self) -> bool;

    /// One synchronous inference on inputs already bound; the caller takes the time around it (CPU engines).
    ///
    /// # Errors
    /// The runtime's message.
    fn call(&mut self) -> Result<(), String>;
}

/// How long and how to measure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plan {
    /// The protocol.
    pub protocol: Protocol,
    /// Warm-up in milliseconds: samples whose compute starts inside it are dropped.
    pub warmup_ms: f64,
    /// Seconds at least.
    pub duration_s: f64,
    /// Iterations at least, after warm-up.
    pub iterations: u64,
}

/// Runs the loop. `batch` gets new samples at least ten times a second while measuring and returns false to stop early
/// (cancel). Returns all samples after warm-up.
///
/// # Errors
/// The runtime's message; a protocol the engine cannot do.
pub fn measure(
    timed: &mut dyn Timed,
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
) -> Result<Vec<Sample>, String> {
    let _ = (timed, plan, batch);
    todo!("owner: bench")
}
