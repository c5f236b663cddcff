//! The measuring loop: warm-up, at least the protocol's time and iterations, samples handed on in batches.

use super::gpu_loop::{self, GpuTimed};
use super::self_timed::{self, SelfTimed};
use super::{Protocol, Sample};
use crate::recipe::BenchSpec;
use std::cell::RefCell;
use std::time::Instant;

/// Samples are handed on when this much time has passed since the last time: twenty times a second.
pub(super) const HAND_ON_MS: f64 = 50.0;
/// A measurement ends here whatever its plan says, so that a fast engine and a long duration do not fill the memory
/// (64 bytes a sample).
pub(super) const MAX_SAMPLES: usize = 20_000_000;

/// What the loop drives: an engine with its inputs bound.
pub trait Timed {
    /// True when the engine runs on a GPU (enqueue and transfer series exist, every protocol is possible).
    fn is_gpu(&self) -> bool;

    /// One synchronous inference on inputs already bound; the caller takes the time around it (CPU engines).
    ///
    /// # Errors
    /// The runtime's message.
    fn call(&mut self) -> Result<(), String>;

    /// Frees what the last call left behind; the loop calls it after the end of the call was stamped.
    fn settle(&mut self) {}

    /// Streams and events of the engine; `None` for CPU engines.
    fn gpu(&mut self) -> Option<&mut dyn GpuTimed> {
        None
    }

    /// An engine that takes its own times; `None` for those that are timed from here.
    fn self_timed(&mut self) -> Option<&mut dyn SelfTimed> {
        None
    }

    /// What a reader must know about how the last measurement ran (a CUDA graph that could not be captured).
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
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

impl Plan {
    /// trtexec's warm-up, duration and iterations.
    pub fn of(protocol: Protocol) -> Self {
        Self {
            protocol,
            warmup_ms: 200.0,
            duration_s: 3.0,
            iterations: 10,
        }
    }

    /// What a recipe asks for; what it leaves open is the protocol's, and the protocol the target's default (`serial` on
    /// CPU engines, `trtexec-11` on GPU ones).
    pub fn from_spec(spec: &BenchSpec, is_gpu: bool) -> Self {
        let default = if is_gpu { Protocol::Trtexec11 } else { Protocol::Serial };
        let plan = Self::of(spec.protocol.unwrap_or(default));
        Self {
            warmup_ms: spec.warmup_ms.unwrap_or(plan.warmup_ms),
            duration_s: spec.duration_s.unwrap_or(plan.duration_s),
            iterations: spec.iterations.unwrap_or(plan.iterations),
            ..plan
        }
    }
}

/// Runs the loop. `batch` gets new samples at least ten times a second while measuring (an empty slice during warm-up)
/// and returns false to stop early (cancel). Returns all samples after warm-up; stamps count from the first of them.
///
/// On CPU engines the samples are handed on between calls, never during one, and the clock stands still meanwhile: the
/// stamps, and so the throughput, are those of calls back to back.
///
/// # Errors
/// The runtime's message; a protocol the engine cannot do.
pub fn measure(
    timed: &mut dyn Timed,
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
) -> Result<Vec<Sample>, String> {
    if timed.self_timed().is_some() && !timed.is_gpu() {
        refuse_on_cpu(plan.protocol)?;
    }
    if let Some(own) = timed.self_timed() {
        return self_timed::measure(own, plan, batch);
    }
    if timed.is_gpu() {
        return match timed.gpu() {
            Some(gpu) => gpu_loop::measure(gpu, plan, batch),
            None => Err("this engine runs on a GPU but offers no streams and events to measure with".into()),
        };
    }
    refuse_on_cpu(plan.protocol)?;
    let clock = Instant::now();
    let timed = RefCell::new(timed);
    let mut call = || timed.borrow_mut().call();
    let mut settle = || timed.borrow_mut().settle();
    measure_calls(&mut call, &mut settle, plan, batch, &mut || {
        clock.elapsed().as_secs_f64() * 1e3
    })
}

/// # Errors
/// Why the protocol means nothing on a CPU engine.
fn refuse_on_cpu(protocol: Protocol) -> Result<(), String> {
    match protocol {
        Protocol::Serial | Protocol::Custom => Ok(()),
        Protocol::Trtexec10 | Protocol::Trtexec11 => Err(format!(
            "the protocol {} needs GPU streams and events; a CPU engine is measured with serial or custom",
            protocol.name()
        )),
    }
}

/// The loop for CPU engines, with the clock as a parameter: milliseconds, monotonic.
fn measure_calls(
    call: &mut dyn FnMut() -> Result<(), String>,
    settle: &mut dyn FnMut(),
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
    now: &mut dyn FnMut() -> f64,
) -> Result<Vec<Sample>, String> {
    let mut samples: Vec<Sample> = Vec::new();
    let begin = now();
    let mut last_hand_on = begin;
    // Warm-up: calls that start inside the window are dropped, and the first one in any case: it may allocate, choose
    // kernels or build anew for these shapes.
    let mut warm = false;
    loop {
        let start = now();
        if warm && start - begin >= plan.warmup_ms {
            break;
        }
        call()?;
        settle();
        warm = true;
        if start - last_hand_on >= HAND_ON_MS {
            if !batch(&[]) {
                return Ok(samples);
            }
            last_hand_on = start;
        }
    }
    // Room for the samples is made here and while handing on, not between two calls.
    samples.reserve(64 << 10);
    let zero = now();
    let mut paused = 0.0;
    let mut handed = 0;
    last_hand_on = zero;
    loop {
        let start = now();
        call()?;
        let end = now();
        settle();
        samples.push(Sample::call(start - zero - paused, end - zero - paused));
        let enough = end - zero - paused >= plan.duration_s * 1e3 && samples.len() as u64 >= plan.iterations;
        let full = samples.len() >= MAX_SAMPLES;
        if enough || full || end - last_hand_on >= HAND_ON_MS {
            let new = samples.len() - handed;
            let go_on = batch(&samples[handed..]);
            handed = samples.len();
            if enough || full || !go_on {
                return Ok(samples);
            }
            samples.reserve(4 * new);
            last_hand_on = now();
            paused += last_hand_on - end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A clock that stands still but for calls (10 ms each) and handing on (7 ms each).
    struct World {
        now: Cell<f64>,
        calls: Cell<u32>,
    }

    fn run(plan: Plan, stop_after: usize) -> (Vec<Sample>, Vec<usize>, u32) {
        let world = World {
            now: Cell::new(1000.0),
            calls: Cell::new(0),
        };
        let settled = Cell::new(0);
        let mut batches = Vec::new();
        let mut call = || {
            world.now.set(world.now.get() + 10.0);
            world.calls.set(world.calls.get() + 1);
            Ok(())
        };
        let mut settle = || settled.set(settled.get() + 1);
        let mut batch = |new: &[Sample]| {
            world.now.set(world.now.get() + 7.0);
            batches.push(new.len());
            batches.len() < stop_after
        };
        let samples = measure_calls(&mut call, &mut settle, &plan, &mut batch, &mut || world.now.get()).unwrap();
        assert_eq!(settled.get(), world.calls.get(), "every call is settled");
        (samples, batches, world.calls.get())
    }

    const PLAN: Plan = Plan {
        protocol: Protocol::Serial,
        warmup_ms: 25.0,
        duration_s: 0.2,
        iterations: 3,
    };

    #[test]
    fn warm_up_counts_by_start_and_handing_on_costs_nothing() {
        let (samples, batches, calls) = run(PLAN, usize::MAX);
        // Starts at 0, 10 and 20 lie inside the window of 25 ms; 20 calls of 10 ms fill 0.2 s.
        assert_eq!((calls, samples.len()), (3 + 20, 20));
        // Handed on every 50 ms: the pauses are not in the stamps.
        assert_eq!(batches, [5, 5, 5, 5]);
        for (i, s) in samples.iter().enumerate() {
            assert!((s.start_compute_ms - 10.0 * i as f64).abs() < 1e-9);
            assert!((s.latency_ms() - 10.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_first_call_of_a_measurement_is_never_timed() {
        let world = World {
            now: Cell::new(0.0),
            calls: Cell::new(0),
        };
        // The first call for a shape builds for a second.
        let mut call = || {
            world
                .now
                .set(world.now.get() + if world.calls.get() == 0 { 1000.0 } else { 10.0 });
            world.calls.set(world.calls.get() + 1);
            Ok(())
        };
        let plan = Plan { warmup_ms: 0.0, ..PLAN };
        let samples = measure_calls(&mut call, &mut || (), &plan, &mut |_| true, &mut || world.now.get()).unwrap();
        assert_eq!(samples.len() as u32 + 1, world.calls.get());
        assert!(
            samples.iter().all(|s| (s.latency_ms() - 10.0).abs() < 1e-9),
            "{samples:?}"
        );
    }

    #[test]
    fn both_time_and_iterations_must_be_reached() {
        let (samples, ..) = run(
            Plan {
                duration_s: 0.01,
                iterations: 7,
                ..PLAN
            },
            usize::MAX,
        );
        assert_eq!(samples.len(), 7);
        let (samples, ..) = run(
            Plan {
                duration_s: 0.1,
                iterations: 1,
                ..PLAN
            },
            usize::MAX,
        );
        assert_eq!(samples.len(), 10);
    }

    #[test]
    fn cancel_ends_the_loop_even_in_the_warm_up() {
        let (samples, ..) = run(PLAN, 2);
        assert_eq!(samples.len(), 10);
        let (samples, batches, _) = run(Plan { warmup_ms: 1e9, ..PLAN }, 1);
        assert_eq!((samples.len(), batches), (0, vec![0]));
    }

    struct Cpu(u32);
    impl Timed for Cpu {
        fn is_gpu(&self) -> bool {
            false
        }
        fn call(&mut self) -> Result<(), String> {
            self.0 += 1;
            if self.0 == 5 {
                Err("node 3: out of memory".into())
            } else {
                Ok(())
            }
        }
    }

    #[test]
    fn a_cpu_engine_refuses_gpu_protocols_and_passes_errors_on() {
        let plan = Plan::of(Protocol::Trtexec11);
        let error = measure(&mut Cpu(0), &plan, &mut |_| true).unwrap_err();
        assert!(error.contains("trtexec-11") && error.contains("serial"), "{error}");
        let plan = Plan::of(Protocol::Serial);
        assert_eq!(
            measure(&mut Cpu(0), &plan, &mut |_| true),
            Err("node 3: out of memory".into())
        );
    }

    #[test]
    fn a_real_clock_gives_what_the_plan_asks() {
        struct Busy;
        impl Timed for Busy {
            fn is_gpu(&self) -> bool {
                false
            }
            fn call(&mut self) -> Result<(), String> {
                std::hint::black_box((0..1000u64).sum::<u64>());
                Ok(())
            }
        }
        let plan = Plan {
            warmup_ms: 1.0,
            duration_s: 0.12,
            iterations: 10,
            protocol: Protocol::Custom,
        };
        let mut streamed = Vec::new();
        let samples = measure(&mut Busy, &plan, &mut |new| {
            streamed.extend_from_slice(new);
            true
        })
        .unwrap();
        assert_eq!(samples, streamed, "everything is handed on");
        assert!(samples.last().unwrap().end_compute_ms >= 120.0);
        assert!(samples.windows(2).all(|w| w[0].end_compute_ms <= w[1].start_compute_ms));
    }

    #[test]
    fn recipes_fill_in_the_protocol() {
        let spec = BenchSpec::default();
        assert_eq!(Plan::from_spec(&spec, true).protocol, Protocol::Trtexec11);
        assert_eq!(Plan::from_spec(&spec, false), Plan::of(Protocol::Serial));
        let spec = BenchSpec {
            duration_s: Some(1.5),
            iterations: Some(4),
            ..spec
        };
        let plan = Plan::from_spec(&spec, false);
        assert_eq!((plan.duration_s, plan.iterations, plan.warmup_ms), (1.5, 4, 200.0));
    }
}
