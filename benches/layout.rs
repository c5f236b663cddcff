//! Layout of generated graphs with the shapes of real models. Run with `cargo bench --bench layout`.

use divan::Bencher;
use enginesmith::studio::canvas::layout::{LayoutOptions, generate, layout};
use std::sync::atomic::AtomicBool;

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, graph: &generate::GeneratedGraph) {
    let input = graph.layout_input();
    let never = AtomicBool::new(false);
    bencher.bench_local(|| layout(&input, &LayoutOptions::default(), &never));
}

#[divan::bench(args = [1_000, 10_000, 50_000])]
fn transformer(bencher: Bencher<'_, '_>, nodes: usize) {
    bench(bencher, &generate::transformer(nodes));
}

#[divan::bench(args = [1_000, 10_000, 50_000])]
fn resnet(bencher: Bencher<'_, '_>, nodes: usize) {
    bench(bencher, &generate::resnet(nodes));
}

/// Nested skips: few levels with many operators, and very many levels.
#[divan::bench(args = [(24, 200), (2_000, 4)])]
fn unet(bencher: Bencher<'_, '_>, (levels, per_level): (usize, usize)) {
    bench(bencher, &generate::unet(levels, per_level));
}
