//! trtexec's inference loop (samples/common/sampleInference.cpp) over any engine with streams and events.
//!
//! Three streams (in, compute, out) and three pairs of events per slot; one inference is enqueued ahead, so two slots are in
//! flight. What differs between protocols is the [`Conduct`].

use super::measure::{HAND_ON_MS, MAX_SAMPLES, Plan};
use super::{Protocol, Sample};

/// The three streams.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Stream {
    Input,
    Compute,
    Output,
}

/// Time stamps that a slot records, each on its stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Event {
    InputStart,
    InputEnd,
    ComputeStart,
    ComputeEnd,
    OutputStart,
    OutputEnd,
}

impl Event {
    /// The stream it is recorded on.
    pub fn stream(self) -> Stream {
        match self {
            Self::InputStart | Self::InputEnd => Stream::Input,
            Self::ComputeStart | Self::ComputeEnd => Stream::Compute,
            Self::OutputStart | Self::OutputEnd => Stream::Output,
        }
    }
}

/// Streams, events and the engine's own steps. Slots count from 0; each owns its host buffers and events, device buffers may be
/// shared as trtexec shares them. Every call returns the runtime's message as its error.
#[allow(clippy::missing_errors_doc)]
pub trait GpuTimed {
    /// Makes streams, and events for `slots` slots; waiting for an event spins when `spin`, else the thread sleeps.
    fn prepare(&mut self, slots: usize, spin: bool) -> Result<(), String>;
    /// Records the event that all GPU times count from, waits for it, and sets the host clock to 0.
    fn start_clock(&mut self) -> Result<(), String>;
    /// Host time in milliseconds since [`Self::start_clock`]; monotonic.
    fn host_ms(&self) -> f64;
    /// Records `event` on its stream.
    fn record(&mut self, slot: usize, event: Event) -> Result<(), String>;
    /// Makes `stream` wait for `event` of the slot.
    fn wait(&mut self, stream: Stream, slot: usize, event: Event) -> Result<(), String>;
    /// Enqueues the copies of all inputs to the device on the input stream.
    fn copy_inputs(&mut self, slot: usize) -> Result<(), String>;
    /// Enqueues one inference on the compute stream: the captured graph when there is one.
    fn enqueue(&mut self, slot: usize) -> Result<(), String>;
    /// Enqueues the copies of all outputs to the host on the output stream.
    fn copy_outputs(&mut self, slot: usize) -> Result<(), String>;
    /// Captures one inference as a CUDA graph, which later calls of [`Self::enqueue`] launch.
    fn capture(&mut self) -> Result<(), String>;
    /// Waits on the host until `event` of the slot has happened.
    fn synchronize(&mut self, slot: usize, event: Event) -> Result<(), String>;
    /// GPU time of an event that has happened, in milliseconds since [`Self::start_clock`].
    fn event_ms(&self, slot: usize, event: Event) -> Result<f64, String>;
    /// Keeps a sentence about how the measurement ran, for [`super::measure::Timed::notes`].
    fn note(&mut self, sentence: String);
}

/// What a protocol asks of the loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conduct {
    /// Transfers belong to each inference.
    pub transfers: bool,
    /// Launch a captured CUDA graph.
    pub graph: bool,
    /// Wait by spinning.
    pub spin: bool,
    /// Inferences enqueued before the oldest is waited for, beyond the one.
    pub ahead: usize,
}

impl Conduct {
    /// The protocol's. `custom` is `serial` until a recipe can state its parts.
    pub fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Trtexec10 => Self {
                transfers: true,
                graph: false,
                spin: false,
                ahead: 1,
            },
            Protocol::Trtexec11 => Self {
                transfers: false,
                graph: true,
                spin: true,
                ahead: 1,
            },
            Protocol::Serial | Protocol::Custom => Self {
                transfers: true,
                graph: false,
                spin: false,
                ahead: 0,
            },
        }
    }
}

/// Runs trtexec's loop; see [`super::measure::measure`].
///
/// # Errors
/// The runtime's message.
pub fn measure(
    gpu: &mut dyn GpuTimed,
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
) -> Result<Vec<Sample>, String> {
    let conduct = Conduct::of(plan.protocol);
    let slots = conduct.ahead + 1;
    gpu.prepare(slots, conduct.spin)?;
    if !conduct.transfers {
        // Without transfers in the loop the inputs still have to be on the device, once.
        for slot in 0..slots {
            gpu.copy_inputs(slot)?;
            gpu.record(slot, Event::InputEnd)?;
            gpu.synchronize(slot, Event::InputEnd)?;
        }
    }
    // The runtime may allocate, load kernels or build anew on its first enqueue for these shapes: neither a sample nor a
    // capture must see that, whatever the warm-up. (trtexec does the same before a capture only.)
    gpu.enqueue(0)?;
    gpu.record(0, Event::ComputeEnd)?;
    gpu.synchronize(0, Event::ComputeEnd)?;
    if conduct.graph {
        match gpu.capture() {
            Ok(()) => gpu.note("A CUDA graph was captured and launched.".into()),
            Err(why) => gpu.note(format!(
                "The CUDA graph could not be captured, so every inference was enqueued plainly: {why}"
            )),
        }
    }
    gpu.start_clock()?;
    let mut state = Loop {
        conduct,
        enqueued: vec![None; slots],
        samples: Vec::new(),
    };
    let mut zero = None;
    let mut handed = 0;
    let mut last_hand_on = gpu.host_ms();
    for slot in (0..slots).cycle() {
        state.query(gpu, slot)?;
        let oldest = (slot + 1) % slots;
        let Some(sample) = state.sync(gpu, oldest)? else {
            continue;
        };
        let now = gpu.host_ms();
        if sample.start_compute_ms < plan.warmup_ms {
            if now - last_hand_on >= HAND_ON_MS {
                last_hand_on = now;
                if !batch(&[]) {
                    break;
                }
            }
            continue;
        }
        let zero = *zero.get_or_insert(sample.start_h2d_ms.min(sample.start_enq_ms));
        state.samples.push(sample.since(zero));
        let long_enough = sample.start_compute_ms - plan.warmup_ms >= plan.duration_s * 1e3;
        let enough = long_enough && state.samples.len() as u64 >= plan.iterations;
        if enough || state.samples.len() >= MAX_SAMPLES {
            break;
        }
        if now - last_hand_on >= HAND_ON_MS {
            // The next inference is already enqueued, so the GPU works while samples are handed on.
            let go_on = batch(&state.samples[handed..]);
            handed = state.samples.len();
            last_hand_on = gpu.host_ms();
            if !go_on {
                break;
            }
        }
    }
    // What is still in flight finishes and counts, as trtexec's does.
    for slot in 0..slots {
        if let Some(sample) = state.sync(gpu, slot)?
            && let Some(zero) = zero
        {
            state.samples.push(sample.since(zero));
        }
    }
    state.samples[handed..].sort_by(|a, b| a.start_h2d_ms.total_cmp(&b.start_h2d_ms));
    if handed < state.samples.len() {
        batch(&state.samples[handed..]);
    }
    Ok(state.samples)
}

struct Loop {
    conduct: Conduct,
    /// Host start and end of the enqueue call of every slot that is in flight.
    enqueued: Vec<Option<(f64, f64)>>,
    samples: Vec<Sample>,
}

impl Loop {
    /// Enqueues one inference with its events (trtexec's `Iteration::query`).
    fn query(&mut self, gpu: &mut dyn GpuTimed, slot: usize) -> Result<(), String> {
        if self.conduct.transfers {
            gpu.record(slot, Event::InputStart)?;
            gpu.copy_inputs(slot)?;
            gpu.record(slot, Event::InputEnd)?;
            gpu.wait(Stream::Compute, slot, Event::InputEnd)?;
        }
        gpu.record(slot, Event::ComputeStart)?;
        let start = gpu.host_ms();
        gpu.enqueue(slot)?;
        let end = gpu.host_ms();
        gpu.record(slot, Event::ComputeEnd)?;
        if self.conduct.transfers {
            gpu.wait(Stream::Output, slot, Event::ComputeEnd)?;
            gpu.record(slot, Event::OutputStart)?;
            gpu.copy_outputs(slot)?;
            gpu.record(slot, Event::OutputEnd)?;
        }
        self.enqueued[slot] = Some((start, end));
        Ok(())
    }

    /// Waits for a slot in flight and reads its stamps (trtexec's `Iteration::sync` and `getTrace`).
    fn sync(&mut self, gpu: &mut dyn GpuTimed, slot: usize) -> Result<Option<Sample>, String> {
        let Some((start_enq_ms, end_enq_ms)) = self.enqueued[slot].take() else {
            return Ok(None);
        };
        let transfers = self.conduct.transfers;
        gpu.synchronize(slot, if transfers { Event::OutputEnd } else { Event::ComputeEnd })?;
        let start_compute_ms = gpu.event_ms(slot, Event::ComputeStart)?;
        let end_compute_ms = gpu.event_ms(slot, Event::ComputeEnd)?;
        let at = |event, otherwise| {
            if transfers {
                gpu.event_ms(slot, event)
            } else {
                Ok(otherwise)
            }
        };
        Ok(Some(Sample {
            start_enq_ms,
            end_enq_ms,
            start_h2d_ms: at(Event::InputStart, start_compute_ms)?,
            end_h2d_ms: at(Event::InputEnd, start_compute_ms)?,
            start_compute_ms,
            end_compute_ms,
            start_d2h_ms: at(Event::OutputStart, end_compute_ms)?,
            end_d2h_ms: at(Event::OutputEnd, end_compute_ms)?,
        }))
    }
}

#[cfg(test)]
mod tests;
