//! A comparison for tests, computed from simulated samples by the real code.

use crate::bench::compare::Measured;
use crate::bench::verdict::Pairing;
use crate::bench::{Comparison, Environment, OutputAccuracy, Protocol, Sample, TaskAccuracy, VariantResult};
use crate::data::random::Random;

fn rounds(center: f64, seed: u64) -> Vec<Vec<Sample>> {
    let mut random = Random::new(seed);
    (0..10)
        .map(|_| {
            let mut clock = 0.0;
            (0..400)
                .map(|_| {
                    let start = clock;
                    clock +=
                        center * (1.0 + 0.015 * random.normal().abs() + if random.unit() < 0.01 { 0.2 } else { 0.0 });
                    Sample::call(start, clock)
                })
                .collect()
        })
        .collect()
}

/// Made once: the intervals take a while without optimisation.
pub(super) fn comparison() -> Comparison {
    static MADE: std::sync::LazyLock<Comparison> = std::sync::LazyLock::new(make);
    MADE.clone()
}

fn make() -> Comparison {
    let mut variants = Vec::new();
    let mut all = Vec::new();
    for (index, (name, precision, center)) in [
        ("fp32", "fp32", 2.0),
        ("fp32 again", "fp32", 2.0),
        ("fp16, folded", "fp16", 0.9),
        ("int8", "int8", 0.61),
    ]
    .into_iter()
    .enumerate()
    {
        let rounds = rounds(center, 1 + index as u64);
        let mut variant = VariantResult {
            name: name.into(),
            target: "embedded 0.27".into(),
            precision: precision.into(),
            shapes: vec!["x:8x3x32x32".into()],
            batch: 8,
            sessions: 10,
            build_s: 0.4 + index as f64,
            accuracy: vec![OutputAccuracy {
                output: "logits".into(),
                samples: 500,
                mean_abs: 1e-4 * index as f64,
                max_abs: 1e-3 * index as f64,
                cosine: 1.0 - 1e-6 * index as f64,
                min_passing_atol: 1e-3 * index as f64,
                top1_agreement: Some(1.0),
                ..OutputAccuracy::default()
            }],
            task: Some(TaskAccuracy {
                samples: 500,
                top1_correct: 490 - index as u64,
                top5_correct: None,
            }),
            environment: Environment {
                host: "bench-1".into(),
                system: "Linux 6.12".into(),
                cpu: "Example CPU".into(),
                cores: 2,
                threads: Some(1),
                runtime: "rten 0.27".into(),
                program: "0.1.0".into(),
                started: "2026-01-02T03:04:05Z".into(),
                ..Environment::default()
            },
            ..VariantResult::default()
        };
        let measured = Measured {
            rounds: &rounds,
            protocol: Protocol::Serial,
            is_gpu: false,
        };
        variant.fill(&measured);
        all.push(rounds);
        variants.push(variant);
    }
    variants.push(VariantResult {
        name: "broken".into(),
        target: "embedded 0.27".into(),
        precision: "fp8".into(),
        batch: 8,
        error: Some("out of memory".into()),
        ..VariantResult::default()
    });
    let mut comparison = Comparison {
        model: "net.onnx".into(),
        model_sha256: "ab".repeat(32),
        protocol: "serial".into(),
        variants,
        warnings: vec!["The machine was busy during round 2.".into()],
        ..Comparison::default()
    };
    let rounds: Vec<&[Vec<Sample>]> = all.iter().map(Vec::as_slice).collect();
    comparison.judge(&rounds, Pairing::Rounds { growing: false }, Some(7), None);
    comparison
}
