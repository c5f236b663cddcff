//! Time of the statistics behind every table and plot. `cargo bench --bench stats`.

use enginesmith::bench::live::LiveSeries;
use enginesmith::bench::verdict::{ERROR, Pairing};
use enginesmith::bench::{Protocol, Ratio, Sample, Statistics};
use enginesmith::data::random::Random;

fn main() {
    divan::main();
}

fn samples(count: usize) -> Vec<Sample> {
    let mut random = Random::new(1);
    let mut clock = 0.0;
    (0..count)
        .map(|_| {
            let start = clock;
            clock += 1.0 + 0.05 * random.normal().abs();
            Sample::call(start, clock)
        })
        .collect()
}

/// Statistics of one run.
#[divan::bench(args = [10_000, 1_000_000])]
fn statistics(bencher: divan::Bencher<'_, '_>, count: usize) {
    let samples = samples(count);
    bencher.bench(|| Statistics::of(divan::black_box(&samples), Protocol::Serial, false, 1));
}

/// The interval of a ratio, ten rounds each.
#[divan::bench(args = [10_000, 1_000_000])]
fn ratio(bencher: divan::Bencher<'_, '_>, count: usize) {
    let rounds: Vec<Vec<Sample>> = samples(count).chunks(count / 10).map(<[Sample]>::to_vec).collect();
    let pairing = Pairing::Rounds { growing: false };
    bencher.bench(|| Ratio::of((divan::black_box(&rounds), 1), (&rounds, 1), pairing, ERROR));
}

/// What the studio does with new samples.
#[divan::bench(args = [10_000, 1_000_000])]
fn live_append(bencher: divan::Bencher<'_, '_>, count: usize) {
    let samples = samples(count);
    bencher.bench(|| {
        let mut series = LiveSeries::default();
        series.append(0, divan::black_box(&samples));
        series
    });
}

/// What the studio asks every frame, after a million samples.
#[divan::bench]
fn live_frame(bencher: divan::Bencher<'_, '_>) {
    let mut series = LiveSeries::default();
    series.append(0, &samples(1_000_000));
    bencher.bench(|| {
        let series = divan::black_box(&series);
        (
            series.percentile_ms(99.0),
            series.histogram(0.0, 2.0, 60),
            series.columns().len(),
        )
    });
}
