//! The measuring loop of engines that take their own times (runners): one inference at a time, each waited for.
//!
//! The latency is what the engine's own clock says of the call, so that the exchange of messages with it is no part of it.
//! Our clock around the exchange is the check: an engine cannot report more than passed outside, and what it leaves out is
//! said beside the numbers.

use super::gpu_loop::Conduct;
use super::measure::{HAND_ON_MS, MAX_SAMPLES, Plan};
use super::{Protocol, Sample, stats};
use std::time::Instant;

/// What an engine's own clock says of one inference, in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Parts {
    /// From host to device; 0 on engines without a device of their own, and where transfers were not asked for.
    pub h2d_ms: f64,
    /// Computing.
    pub compute_ms: f64,
    /// From device to host, as `h2d_ms`.
    pub d2h_ms: f64,
}

impl Parts {
    fn total_ms(&self) -> f64 {
        self.h2d_ms + self.compute_ms + self.d2h_ms
    }

    fn is_sound(&self) -> bool {
        [self.h2d_ms, self.compute_ms, self.d2h_ms]
            .iter()
            .all(|x| x.is_finite() && *x >= 0.0)
    }
}

/// An engine that takes its own times.
pub trait SelfTimed {
    /// One inference, waited for; `transfers` between host and device belong to it or not.
    ///
    /// # Errors
    /// The engine's message.
    fn run(&mut self, transfers: bool) -> Result<Parts, String>;
    /// Keeps a sentence about how the measurement ran, for [`super::measure::Timed::notes`].
    fn note(&mut self, sentence: String);
}

/// Own times may exceed ours by this share and this many milliseconds: two clocks, and one of them is a GPU's.
const SLACK: (f64, f64) = (0.02, 0.1);
/// An engine that leaves out more than this share of the time outside, and more milliseconds than a message takes, is asked
/// about in words.
const LEFT_OUT: (f64, f64) = (0.5, 1.0);

/// Runs the loop; see [`super::measure::measure`].
///
/// # Errors
/// The engine's message; times that cannot be.
pub fn measure(
    engine: &mut dyn SelfTimed,
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
) -> Result<Vec<Sample>, String> {
    let clock = Instant::now();
    measure_with(engine, plan, batch, &mut || clock.elapsed().as_secs_f64() * 1e3)
}

/// The loop with the clock as a parameter: milliseconds, monotonic.
fn measure_with(
    engine: &mut dyn SelfTimed,
    plan: &Plan,
    batch: &mut dyn FnMut(&[Sample]) -> bool,
    now: &mut dyn FnMut() -> f64,
) -> Result<Vec<Sample>, String> {
    let transfers = Conduct::of(plan.protocol).transfers;
    let begin = now();
    let mut last_hand_on = begin;
    loop {
        engine.run(transfers)?;
        let at = now();
        if at - begin >= plan.warmup_ms {
            break;
        }
        if at - last_hand_on >= HAND_ON_MS {
            if !batch(&[]) {
                return Ok(Vec::new());
            }
            last_hand_on = at;
        }
    }
    let mut samples: Vec<Sample> = Vec::new();
    let mut outside = Vec::new();
    let (mut own, mut around, mut handed) = (0.0, 0.0, 0);
    last_hand_on = now();
    loop {
        let start = now();
        let parts = engine.run(transfers)?;
        let end = now();
        let passed = end - start;
        if !parts.is_sound() {
            return Err(format!("it reports times that cannot be: {parts:?}"));
        }
        if parts.total_ms() > passed * (1.0 + SLACK.0) + SLACK.1 {
            return Err(format!(
                "it reports {:.3} ms for an inference that took {passed:.3} ms as seen from outside",
                parts.total_ms()
            ));
        }
        samples.push(stamped(&parts, own));
        outside.push(passed);
        (own, around) = (own + parts.total_ms(), around + passed);
        let enough = around >= plan.duration_s * 1e3 && samples.len() as u64 >= plan.iterations;
        let full = samples.len() >= MAX_SAMPLES;
        if enough || full || end - last_hand_on >= HAND_ON_MS {
            let go_on = batch(&samples[handed..]);
            handed = samples.len();
            if enough || full || !go_on {
                break;
            }
            last_hand_on = now();
        }
    }
    explain(engine, plan.protocol, &samples, outside);
    Ok(samples)
}

/// A sample that begins at `at_ms`, as calls back to back have it.
fn stamped(parts: &Parts, at_ms: f64) -> Sample {
    let (computing, computed) = (at_ms + parts.h2d_ms, at_ms + parts.h2d_ms + parts.compute_ms);
    Sample {
        start_enq_ms: at_ms,
        end_enq_ms: at_ms,
        start_h2d_ms: at_ms,
        end_h2d_ms: computing,
        start_compute_ms: computing,
        end_compute_ms: computed,
        start_d2h_ms: computed,
        end_d2h_ms: computed + parts.d2h_ms,
    }
}

/// Says beside the numbers whose clock they are from, and what it leaves out.
fn explain(engine: &mut dyn SelfTimed, protocol: Protocol, samples: &[Sample], mut outside: Vec<f64>) {
    let mut own: Vec<f64> = samples.iter().map(Sample::latency_ms).collect();
    own.sort_by(f64::total_cmp);
    outside.sort_by(f64::total_cmp);
    let (Some(own), Some(outside)) = (stats::median(&own), stats::median(&outside)) else {
        return;
    };
    // Without figures: a sentence is kept once for all rounds.
    engine.note(
        "The times are the runner's own; the exchange of messages around each inference is no part of them.".into(),
    );
    if own < outside * LEFT_OUT.0 && outside - own > LEFT_OUT.1 {
        engine.note(
            "The runner measured less than half of the time that passed: it may not wait for its results, or it does much \
             outside the time that it takes."
                .into(),
        );
    }
    if matches!(protocol, Protocol::Trtexec10 | Protocol::Trtexec11) {
        engine.note(
            "A runner makes one inference at a time, without a CUDA graph of ours and with none enqueued ahead; what it measures \
             of each is what the protocol measures."
                .into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Takes 10 ms of a clock that it moves itself.
    struct Engine<'a> {
        now: &'a Cell<f64>,
        own: f64,
        notes: Vec<String>,
    }

    impl SelfTimed for Engine<'_> {
        fn run(&mut self, transfers: bool) -> Result<Parts, String> {
            self.now.set(self.now.get() + 10.0);
            let moved = if transfers { 1.0 } else { 0.0 };
            Ok(Parts {
                h2d_ms: moved,
                compute_ms: self.own,
                d2h_ms: moved,
            })
        }
        fn note(&mut self, sentence: String) {
            self.notes.push(sentence);
        }
    }

    fn run(own: f64, protocol: Protocol) -> (Result<Vec<Sample>, String>, Vec<String>) {
        let now = Cell::new(5.0);
        let mut engine = Engine {
            now: &now,
            own,
            notes: Vec::new(),
        };
        let plan = Plan {
            protocol,
            warmup_ms: 25.0,
            duration_s: 0.2,
            iterations: 3,
        };
        let samples = measure_with(&mut engine, &plan, &mut |_| true, &mut || now.get());
        (samples, engine.notes)
    }

    #[test]
    fn the_engines_own_times_stand_back_to_back() {
        let (samples, notes) = run(7.0, Protocol::Serial);
        let samples = samples.unwrap();
        // 20 runs of 10 ms outside fill 0.2 s; each is 1 + 7 + 1 by its own clock.
        assert_eq!(samples.len(), 20);
        assert!(samples.iter().all(|s| (s.latency_ms() - 9.0).abs() < 1e-9));
        assert!((samples[19].end_d2h_ms - 180.0).abs() < 1e-9);
        assert!(notes.len() == 1 && notes[0].contains("the runner's own"), "{notes:?}");
        let (samples, notes) = run(7.0, Protocol::Trtexec11);
        assert!(
            samples
                .unwrap()
                .iter()
                .all(|s| s.h2d_ms() == 0.0 && (s.latency_ms() - 7.0).abs() < 1e-9)
        );
        assert!(notes[1].contains("one inference at a time"), "{notes:?}");
    }

    #[test]
    fn times_that_cannot_be_are_refused_and_missing_ones_named() {
        let (more, _) = run(12.0, Protocol::Serial);
        assert!(
            more.unwrap_err()
                .contains("14.000 ms for an inference that took 10.000 ms")
        );
        assert!(run(f64::NAN, Protocol::Serial).0.is_err() && run(-1.0, Protocol::Serial).0.is_err());
        let (_, notes) = run(1.0, Protocol::Serial);
        assert!(notes.iter().any(|n| n.contains("less than half")), "{notes:?}");
    }
}
