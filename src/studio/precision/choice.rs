//! The Recipe step's precision: the toggle, its settings, what it changes.

use crate::engine::TargetInfo;
use crate::recipe::{Lowering, Precision, Recipe};
use crate::studio::command::CommandId;
use crate::studio::model::document::Document;
use crate::studio::precision::state::PrecisionView;
use crate::studio::precision::{calibration, counts, words};
use crate::studio::recipe::panel::{Here, Looks, here, why_not};
use crate::studio::shell::layout::Pane;
use crate::studio::state::{Action, PaintChoice};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{card, note};
use eframe::egui::{self, CollapsingHeader, ComboBox, DragValue, Grid, RichText, TextEdit, Ui};

/// What the precision part looks at besides the recipe, and what it asks for.
pub struct View<'a> {
    /// The open model.
    pub doc: &'a Document,
    /// Calibrations and their job.
    pub view: &'a mut PrecisionView,
    /// Why no calibration can be started now.
    pub blocked: Option<String>,
    /// Queued actions.
    pub actions: &'a mut Vec<Action>,
}

/// Draws the part; edits the recipe.
pub fn choice(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>, view: &mut View<'_>) {
    let now = Lowering::of(recipe);
    let mut next = now.clone();
    toggle(ui, &mut next, recipe, looks, view);
    target(ui, recipe, looks);
    if let Some(wanted) = &view.view.wanted
        && view.view.is_running()
    {
        note(ui, format!("{} follows when the calibration is done.", wanted.to));
    }
    if next.to.is_lower() {
        CollapsingHeader::new(RichText::new("Options").small())
            .id_salt("precision options")
            .default_open(false)
            .show_unindented(ui, |ui| options(ui, &mut next));
    }
    if next != now {
        set(recipe, next, view);
    }
    counts::show(ui, view.doc);
    calibration::show(ui, recipe, view);
    ui.horizontal(|ui| {
        if ui
            .button("Show nodes and reasons")
            .on_hover_text(
                "Every node with what it computes in and why, in the drawer below; the graph in the same colours",
            )
            .clicked()
        {
            view.actions.push(Action::Run(CommandId::Pane(Pane::Precision)));
            view.actions.push(Action::Run(CommandId::Paint(PaintChoice::Precision)));
        }
    });
}

/// Puts a choice into the recipe; one that needs a calibration waits for it.
fn set(recipe: &mut Recipe, next: Lowering, view: &mut View<'_>) {
    let has_functions = !view.doc.model.proto().functions.is_empty();
    let next = next.for_model(recipe, has_functions);
    let found = view.view.calibration_for(&next, recipe);
    if next.to.is_lower() {
        view.actions.push(Action::Run(CommandId::Paint(PaintChoice::Precision)));
    }
    match next.write(recipe, found.as_deref()) {
        Ok(()) => view.view.wanted = None,
        Err(_) => {
            view.view.wanted = Some(next);
            view.actions.push(Action::Run(CommandId::Calibrate));
        }
    }
}

/// Precisions side by side.
fn toggle(ui: &mut Ui, next: &mut Lowering, recipe: &Recipe, looks: &Looks<'_>, view: &View<'_>) {
    let shown = match &view.view.wanted {
        Some(wanted) if view.view.is_running() => wanted.to,
        _ => next.to,
    };
    ui.horizontal_wrapped(|ui| {
        // All of them side by side in the panel's usual width.
        ui.spacing_mut().item_spacing.x = HALF / 2.0;
        ui.spacing_mut().button_padding.x = HALF;
        for p in Precision::ALL {
            let of_target = || looks.target.and_then(|t| why_not(t, p)).filter(|_| !p.is_lower());
            let why = of_target();
            let chosen = shown == p;
            let response = ui.add_enabled(why.is_none() || chosen, egui::Button::selectable(chosen, p.to_string()));
            if response.clicked() && !chosen {
                *next = next.switched(p);
            }
            response
                .on_hover_text(words::precision(p))
                .on_disabled_hover_text(why.unwrap_or_default());
        }
    });
    // A wish that no patch stands for: the target's own way, or a recipe written by hand.
    if recipe.build.precision.is_lower() && !Lowering::is_patched(recipe) {
        ui.horizontal_wrapped(|ui| {
            note(
                ui,
                format!(
                    "The recipe asks for {}; the graph is lowered when it is built, by default rules.",
                    recipe.build.precision
                ),
            );
        });
    }
}

/// What the recipe's target thinks of the precision, with another target that can do it.
fn target(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let p = recipe.build.precision;
    let Some(why) = looks.target.and_then(|t| why_not(t, p)) else {
        return;
    };
    let t = Tokens::of(ui);
    let able = |t: &&TargetInfo| why_not(t, p).is_none() && matches!(here(t, None), Here::Runs);
    let other = looks.targets.iter().find(able).map(|t| t.name.clone());
    card(ui, Some(t.warning), |ui| {
        let text = format!(
            "⚠ {} cannot build this: {why}. The graph can be looked at all the same.",
            recipe.target.name
        );
        ui.add(egui::Label::new(RichText::new(text).color(t.warning)).wrap());
        match other {
            Some(name) => {
                if ui
                    .button(format!("Use {name}"))
                    .on_hover_text("Found on this machine, and runs this")
                    .clicked()
                {
                    recipe.target.name = name;
                    recipe.target.version = None;
                    recipe.target.device = None;
                }
            }
            None => note(ui, "No target found on this machine can run it."),
        }
    });
}

fn options(ui: &mut Ui, next: &mut Lowering) {
    let is_cast = matches!(next.to, Precision::Fp16 | Precision::Bf16);
    let methods = next.methods();
    if is_cast {
        ui.checkbox(&mut next.keep_io_types, "Keep input and output types")
            .on_hover_text(words::KEEP_IO);
    }
    if !is_cast {
        ui.checkbox(&mut next.rest_in_fp16, "Lower the rest to FP16")
            .on_hover_text(words::REST);
        if next.to == Precision::Int8 {
            ui.checkbox(&mut next.pointwise, "Also quantize pointwise operators")
                .on_hover_text(words::POINTWISE);
        }
        if !methods.is_empty() {
            ui.checkbox(&mut next.attention, "Also quantize attention")
                .on_hover_text(words::ATTENTION);
        }
    }
    Grid::new("precision options")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            if is_cast {
                ui.label("Keep nodes beyond").on_hover_text(words::LIMIT);
                let mut limit = next.max_activation.unwrap_or(crate::rewrite::cast::MAX_ACTIVATION);
                let response = ui.name_inputs("Keep nodes beyond", |ui| {
                    ui.add(DragValue::new(&mut limit).range(1.0..=3.4e38f32).speed(4.0))
                });
                if response.on_hover_text(words::LIMIT).changed() {
                    next.max_activation = Some(limit);
                }
                ui.end_row();
            } else if !methods.is_empty() {
                ui.label("Calibration method");
                ui.name_inputs("Calibration method", |ui| {
                    ComboBox::from_id_salt("calibration method")
                        .selected_text(next.method.name())
                        .show_ui(ui, |ui| {
                            for m in methods.iter().copied() {
                                ui.selectable_value(&mut next.method, m, m.name())
                                    .on_hover_text(words::method(m));
                            }
                        });
                });
                ui.end_row();
            }
            for (label, list, help) in [
                ("Nodes in FP32", &mut next.exclude, words::EXCLUDE),
                ("Operators in FP32", &mut next.exclude_ops, words::EXCLUDE_OPS),
                ("Nodes lowered anyway", &mut next.include, words::INCLUDE),
            ] {
                ui.label(label).on_hover_text(help);
                words_field(ui, label, list, help);
                ui.end_row();
            }
        });
}

/// A list of words in a field; taken over when the field is left, so that not every letter rewrites the graph.
fn words_field(ui: &mut Ui, label: &str, list: &mut Vec<String>, help: &str) {
    let id = ui.scope_id().with(label);
    let kept: Option<String> = ui.data(|d| d.get_temp(id));
    let mut text = kept.unwrap_or_else(|| list.join(", "));
    let edit = TextEdit::singleline(&mut text).desired_width(ui.available_width().max(80.0));
    let response = ui.add(edit).on_hover_text(help);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(label.to_owned()));
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, text));
        return;
    }
    if response.lost_focus() {
        let words = text.split(',').map(str::trim).filter(|w| !w.is_empty());
        *list = words.map(str::to_owned).collect();
    }
    ui.data_mut(|d| d.remove::<String>(id));
}
