//! What values a tensor took in the calibration: its histogram with the limits of types, and figures.

use crate::format;
use crate::graph::{Graph, TensorId, TensorKind};
use crate::model::DataType;
use crate::recipe::{Lowering, Precision, Recipe};
use crate::rewrite::decisions::measured;
use crate::rewrite::{Calibration, LowType, Observed, PatchSpec, QuantMode};
use crate::studio::plots;
use crate::studio::state::{Selection, State};
use crate::studio::theme::{HALF, SPACE};
use crate::studio::widgets::{empty, key_value, note};
use eframe::egui::{self, ComboBox, Grid, Ui};

/// The tensors of a node that the calibration saw, outputs first.
fn tensors(graph: &Graph, selection: Selection, found: &Calibration) -> Vec<TensorId> {
    let all: Vec<TensorId> = match selection {
        Selection::Node(id) if (id.0 as usize) < graph.nodes.len() => {
            let node = graph.node(id);
            node.outputs.iter().chain(&node.inputs).flatten().copied().collect()
        }
        Selection::Tensor(id) if (id.0 as usize) < graph.tensors.len() => vec![id],
        _ => Vec::new(),
    };
    all.into_iter().filter(|id| seen(graph, *id, found).is_some()).collect()
}

/// What the calibration saw of a tensor, under the name that it had there.
fn seen<'a>(graph: &Graph, id: TensorId, found: &'a Calibration) -> Option<(&'a String, &'a Observed)> {
    measured(graph, id, |name| found.tensors.get_key_value(name))
}

/// The drawer's side: the ranges of what is selected.
pub fn side(ui: &mut Ui, state: &mut State) {
    let Some(doc) = &state.doc else { return };
    let Some(found) = state.precision.calibration(doc.recipe()) else {
        let words = if state.precision.is_running() {
            "Histograms appear here when the calibration is done."
        } else {
            "Calibrate in the Recipe step: histograms of the values that tensors take appear here."
        };
        empty(ui, "No ranges yet", words);
        return;
    };
    let Some(shown) = doc.shown() else { return };
    let list = tensors(&shown.graph, state.selection, &found);
    let Some(first) = list.first().copied() else {
        empty(
            ui,
            "No tensor selected",
            "Select a node or a tensor: the values that it took appear here.",
        );
        return;
    };
    let memory = ui
        .scope_id()
        .with(("tensor of", format!("{:?}", state.selection), doc.shown_version));
    let mut chosen: TensorId = ui.data(|d| d.get_temp(memory)).unwrap_or(first);
    let words = |id: TensorId| format::middle(&shown.graph.tensor(id).name, 34);
    ui.name_inputs("Tensor", |ui| {
        ComboBox::from_id_salt("tensor of ranges")
            .width(ui.available_width() - SPACE)
            .selected_text(words(chosen))
            .show_ui(ui, |ui| {
                for id in &list {
                    ui.selectable_value(&mut chosen, *id, words(*id));
                }
            });
    });
    ui.data_mut(|d| d.insert_temp(memory, chosen));
    if let Some((name, seen)) = seen(&shown.graph, chosen, &found) {
        let height = (ui.available_height() - 84.0).clamp(80.0, 320.0);
        picture(ui, doc.recipe(), name, seen, &mut state.precision.log_axis, height);
    }
}

/// True when the calibration saw the tensor.
pub fn has_ranges(state: &mut State, graph: &Graph, id: TensorId) -> bool {
    let Some(doc) = &state.doc else { return false };
    let tensor = graph.tensor(id);
    if tensor.kind == TensorKind::Constant || !tensor.ty.dtype.is_some_and(DataType::is_float) {
        return false;
    }
    let found = state.precision.calibration(doc.recipe());
    found.is_some_and(|found| seen(graph, id, &found).is_some())
}

/// The inspector's part: the ranges of one tensor.
pub fn tensor_ranges(ui: &mut Ui, state: &mut State, graph: &Graph, id: TensorId) {
    let Some(doc) = &state.doc else { return };
    let Some(found) = state.precision.calibration(doc.recipe()) else {
        return;
    };
    if let Some((name, seen)) = seen(graph, id, &found) {
        note(ui, &found.source);
        picture(ui, doc.recipe(), name, seen, &mut state.precision.log_axis, 130.0);
    }
}

fn picture(ui: &mut Ui, recipe: &Recipe, tensor: &str, seen: &Observed, log_axis: &mut Option<bool>, height: f32) {
    let to = Lowering::of(recipe).to;
    let mode = recipe.patches.iter().find_map(|p| match p {
        PatchSpec::Quantize(spec) => Some(spec.mode),
        _ => None,
    });
    let clip = mode.zip(Lowering::threshold(recipe, tensor));
    // A cast asks for orders of magnitude, a quantization for the shape below the threshold.
    let mut log = log_axis.unwrap_or(mode.is_none()) && !seen.octaves.is_empty();
    ui.horizontal(|ui| {
        ui.add_enabled(!seen.octaves.is_empty(), egui::Checkbox::new(&mut log, "Log axis"))
            .on_disabled_hover_text("This calibration was made without; calibrate again");
        note(ui, "counts are logarithmic");
    });
    if log != log_axis.unwrap_or(mode.is_none()) && !seen.octaves.is_empty() {
        *log_axis = Some(log);
    }
    plots::ranges(ui, tensor, seen, &plots::limits(clip), log, height);
    Grid::new(("ranges", tensor))
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            let s = |v: f32| format::significant(f64::from(v));
            if seen.range.absmax() >= f32::MAX {
                key_value(ui, "Range", "not finite: overflowed or NaN in the calibration");
            } else {
                key_value(ui, "Range", format!("{} to {}", s(seen.range.min), s(seen.range.max)));
            }
            match (clip, to) {
                (Some((mode, at)), _) => {
                    let clipped = format::significant(1e2 * seen.beyond(at));
                    let step = at / mode.largest();
                    let grid = match mode {
                        // Evenly spaced; of floats the grid is finer towards zero.
                        QuantMode::Int8 => format!("step {}, ", s(step)),
                        QuantMode::Fp8 | QuantMode::Int4 => String::new(),
                    };
                    key_value(ui, "Quantized", format!("{grid}clip at {} ({clipped} % beyond)", s(at)));
                }
                (None, Precision::Fp16) => fits(ui, LowType::Fp16, seen),
                (None, Precision::Bf16) => fits(ui, LowType::Bf16, seen),
                _ => {}
            }
        });
}

fn fits(ui: &mut Ui, to: LowType, seen: &Observed) {
    let reached = seen.range.absmax();
    let words = if reached > to.largest() {
        format!("overflows {to}")
    } else {
        let share = format::significant(1e2 * f64::from(reached / to.largest()));
        format!("reaches {share} % of what {to} holds")
    };
    key_value(ui, to.name().to_uppercase().as_str(), words);
}
