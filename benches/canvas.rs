//! CPU time of a frame of the canvas at 1280x800, widget and tessellation, without a GPU; and of making a scene.
//! Run with `cargo bench --bench canvas`.

#[path = "../tests/support/canvas.rs"]
mod support;

use divan::Bencher;
use eframe::egui::{self, Rect, pos2, vec2};
use enginesmith::studio::canvas::{
    CanvasState, OperatorFamilies, canvas_ui,
    layout::{
        generate,
        hierarchy::{Grouping, opening_level},
    },
};
use support::{Generated, dark};

fn main() {
    divan::main();
}

/// Frames of a flat transformer of so many nodes, with its middle in view at this zoom.
#[divan::bench(args = [(10_000, 1.0), (10_000, 0.2), (10_000, 0.03), (10_000, 0.002),
                       (50_000, 1.0), (50_000, 0.2), (50_000, 0.03), (50_000, 0.002)])]
fn frame(bencher: Bencher<'_, '_>, (nodes, zoom): (usize, f32)) {
    let scene = Generated::new(generate::transformer(nodes)).scene(&Grouping::default());
    let context = egui::Context::default();
    let style = dark();
    let mut state = CanvasState::default();
    let screen = Rect::from_min_size(pos2(0.0, 0.0), vec2(1280.0, 800.0));
    let mut step = 0u32;
    let frame = |state: &mut CanvasState| {
        let input = egui::RawInput {
            screen_rect: Some(screen),
            ..Default::default()
        };
        let output = context.run_ui(input, |ui| {
            canvas_ui(ui, state, &scene, &OperatorFamilies, &style);
        });
        context.tessellate(output.shapes, output.pixels_per_point)
    };
    frame(&mut state); // opens
    state.camera.zoom = zoom;
    bencher.bench_local(|| {
        // Pans, as a user would: nothing is the same as in the frame before.
        step = (step + 1) % 100;
        state.camera.center = scene.bounds().center() + vec2(step as f32, step as f32 * 7.0) / zoom * 0.1;
        frame(&mut state)
    });
}

/// A scene as it is made when a model opens.
#[divan::bench(args = [1_000, 10_000])]
fn opening(bencher: Bencher<'_, '_>, nodes: usize) {
    let graph = Generated::new(generate::transformer(nodes));
    let grouping = opening_level(graph.hierarchy());
    bencher.bench_local(|| graph.scene(&grouping));
}
