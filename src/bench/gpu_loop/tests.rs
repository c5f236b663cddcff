//! The loop against a simulated device: three streams that run in order, copies of 2 and 1 ms, 5 ms of compute, a host that
//! needs 0.5 ms to enqueue.

use super::*;
use crate::bench::Statistics;
use std::collections::HashMap;

#[derive(Default)]
struct Device {
    host: f64,
    /// When each stream is free, in absolute time.
    free: HashMap<Stream, f64>,
    events: HashMap<(usize, Event), f64>,
    zero: f64,
    capture_error: Option<String>,
    graph: bool,
    in_flight: usize,
    most_in_flight: usize,
    notes: Vec<String>,
    log: Vec<&'static str>,
    fail_at: Option<usize>,
    enqueues: usize,
}

impl Device {
    fn run(&mut self, stream: Stream, ms: f64) {
        let host = self.host;
        let free = self.free.entry(stream).or_default();
        *free = free.max(host) + ms;
    }
}

impl GpuTimed for Device {
    fn prepare(&mut self, _: usize, spin: bool) -> Result<(), String> {
        self.log.push(if spin { "spin" } else { "sleep" });
        Ok(())
    }
    fn start_clock(&mut self) -> Result<(), String> {
        self.host = self.free.values().fold(self.host, |a, b| a.max(*b));
        self.zero = self.host;
        self.in_flight = 0;
        Ok(())
    }
    fn host_ms(&self) -> f64 {
        self.host - self.zero
    }
    fn record(&mut self, slot: usize, event: Event) -> Result<(), String> {
        self.run(event.stream(), 0.0);
        self.events.insert((slot, event), self.free[&event.stream()]);
        Ok(())
    }
    fn wait(&mut self, stream: Stream, slot: usize, event: Event) -> Result<(), String> {
        let at = self.events[&(slot, event)];
        let free = self.free.entry(stream).or_default();
        *free = free.max(at);
        Ok(())
    }
    fn copy_inputs(&mut self, _: usize) -> Result<(), String> {
        self.log.push("in");
        self.run(Stream::Input, 2.0);
        Ok(())
    }
    fn enqueue(&mut self, _: usize) -> Result<(), String> {
        self.enqueues += 1;
        if self.fail_at == Some(self.enqueues) {
            return Err("out of memory".into());
        }
        self.log.push(if self.graph { "launch" } else { "enqueue" });
        self.host += if self.graph { 0.1 } else { 0.5 };
        self.run(Stream::Compute, 5.0);
        self.in_flight += 1;
        self.most_in_flight = self.most_in_flight.max(self.in_flight);
        Ok(())
    }
    fn copy_outputs(&mut self, _: usize) -> Result<(), String> {
        self.log.push("out");
        self.run(Stream::Output, 1.0);
        Ok(())
    }
    fn capture(&mut self) -> Result<(), String> {
        match self.capture_error.take() {
            Some(why) => Err(why),
            None => {
                self.graph = true;
                Ok(())
            }
        }
    }
    fn synchronize(&mut self, slot: usize, event: Event) -> Result<(), String> {
        self.host = self.host.max(self.events[&(slot, event)]);
        self.in_flight = self.in_flight.saturating_sub(1);
        Ok(())
    }
    fn event_ms(&self, slot: usize, event: Event) -> Result<f64, String> {
        Ok(self.events[&(slot, event)] - self.zero)
    }
    fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }
}

fn run(device: &mut Device, protocol: Protocol) -> (Vec<Sample>, Statistics) {
    let plan = Plan {
        warmup_ms: 40.0,
        duration_s: 0.4,
        ..Plan::of(protocol)
    };
    let mut streamed = Vec::new();
    let samples = measure(device, &plan, &mut |new| {
        streamed.extend_from_slice(new);
        true
    })
    .unwrap();
    assert_eq!(samples, streamed, "everything is handed on, in order of time");
    let statistics = Statistics::of(&samples, protocol, true, 1).unwrap();
    (samples, statistics)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

#[test]
fn serial_waits_for_each_inference() {
    let mut device = Device::default();
    let (samples, s) = run(&mut device, Protocol::Serial);
    assert_eq!(device.most_in_flight, 1);
    // The copy in (2 ms) hides the host's 0.5 ms; then 5 and 1.
    assert!(near(s.latency_ms.median, 8.0) && near(s.latency_ms.max, 8.0), "{s:?}");
    assert!(near(s.throughput_qps, 125.0), "{s:?}");
    assert!(near(s.enqueue_ms.unwrap().median, 0.5));
    assert!(near(s.h2d_ms.unwrap().median, 2.0) && near(s.d2h_ms.unwrap().median, 1.0));
    assert!(near(samples[0].start_h2d_ms, 0.0), "stamps count from the first sample");
    // 0.4 s from the end of warm-up, counted by the start of compute: 8 ms each.
    assert!((50..=52).contains(&samples.len()), "{}", samples.len());
}

#[test]
fn trtexec_10_overlaps_transfers_with_one_inference_ahead() {
    let mut device = Device::default();
    let (_, s) = run(&mut device, Protocol::Trtexec10);
    assert_eq!(device.most_in_flight, 2);
    assert_eq!(device.log[0], "sleep");
    // Compute is the bottleneck, transfers hide behind it; latency still adds the three parts.
    assert!(near(s.latency_ms.median, 8.0), "{s:?}");
    assert!((s.throughput_qps - 200.0).abs() < 5.0, "{s:?}");
    assert!(device.notes.is_empty());
}

#[test]
fn trtexec_11_launches_a_graph_without_transfers() {
    let mut device = Device::default();
    let (samples, s) = run(&mut device, Protocol::Trtexec11);
    assert_eq!(device.log[0], "spin");
    assert_eq!(
        device.log.iter().filter(|l| **l == "enqueue").count(),
        1,
        "one plain enqueue, then the graph"
    );
    assert_eq!(
        device.log.iter().filter(|l| **l == "in").count(),
        2,
        "inputs go up once per slot"
    );
    assert!(!device.log.contains(&"out"));
    assert!(near(s.latency_ms.median, 5.0) && s.h2d_ms.is_none());
    assert!(near(s.enqueue_ms.unwrap().median, 0.1));
    assert!(
        samples
            .iter()
            .all(|x| x.start_h2d_ms == x.start_compute_ms && x.end_d2h_ms == x.end_compute_ms)
    );
    assert!(device.notes[0].contains("was captured"));
}

#[test]
fn a_failed_capture_is_recorded_and_runs_plainly() {
    let mut device = Device {
        capture_error: Some("operation not permitted when stream is capturing".into()),
        ..Device::default()
    };
    let (_, s) = run(&mut device, Protocol::Trtexec11);
    assert!(near(s.enqueue_ms.unwrap().median, 0.5));
    assert!(device.notes[0].contains("could not be captured") && device.notes[0].contains("not permitted"));
}

#[test]
fn errors_and_cancel_end_the_loop() {
    let mut device = Device {
        fail_at: Some(30),
        ..Device::default()
    };
    let plan = Plan::of(Protocol::Trtexec10);
    assert_eq!(measure(&mut device, &plan, &mut |_| true), Err("out of memory".into()));
    let mut device = Device::default();
    assert_eq!(
        measure(&mut device, &plan, &mut |_| false),
        Ok(vec![]),
        "cancelled in the warm-up"
    );
    let mut batches = 0;
    let plan = Plan { warmup_ms: 0.0, ..plan };
    let samples = measure(&mut Device::default(), &plan, &mut |_| {
        batches += 1;
        batches < 3
    });
    assert!(
        (20..60).contains(&samples.unwrap().len()),
        "three batches of about 50 ms"
    );
}
