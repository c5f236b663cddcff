//! Parts of the recipe panel: measurement, data, variants, and the "save as" bar.

use crate::bench::Protocol;
use crate::recipe::{DataSource, Precision, Recipe};
use crate::studio::recipe::panel::{Looks, protocol_name, why_not};
use crate::studio::recipe::variants as edit;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{card, note};
use eframe::egui::{self, ComboBox, DragValue, Grid, RichText, TextEdit, Ui};
use std::path::PathBuf;

/// The bar for a recipe's file name, while it is asked for.
pub fn save_bar(ui: &mut Ui, state: &mut State) {
    let Some(mut path) = state.save_as.take() else { return };
    let mut open = true;
    card(ui, Some(Tokens::of(ui).accent), |ui| {
        ui.label("Save recipe as");
        crate::studio::widgets::field(
            ui,
            "Recipe file",
            TextEdit::singleline(&mut path).desired_width(f32::INFINITY),
        );
        let file = PathBuf::from(path.trim());
        let exists = file.is_file();
        ui.horizontal(|ui| {
            let label = if exists { "Replace existing file" } else { "Save file" };
            let named = !path.trim().is_empty();
            if ui
                .add_enabled(named, egui::Button::new(label))
                .on_disabled_hover_text("Type a file name first")
                .clicked()
            {
                state.actions.push(Action::Save(file, exists));
                open = false;
            }
            if ui.button("Keep unsaved").clicked() {
                open = false;
            }
        });
    });
    if open {
        state.save_as = Some(path);
    }
}

/// Protocol, time, iterations, rounds.
pub fn measurement(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let all = [Protocol::Serial, Protocol::Trtexec10, Protocol::Trtexec11];
    let can = |p: Protocol| looks.target.is_none_or(|t| t.protocols.iter().any(|n| n == p.name()));
    ui.horizontal(|ui| {
        ui.label("Protocol");
        ui.name_inputs("Protocol", |ui| {
            ComboBox::from_id_salt("protocol")
                .selected_text(protocol_name(recipe))
                .show_ui(ui, |ui| {
                    for p in all {
                        let chosen = recipe.bench.protocol == Some(p);
                        let response = ui.add_enabled(can(p), egui::Button::selectable(chosen, p.name()));
                        if response.clicked() {
                            recipe.bench.protocol = Some(p);
                        }
                        response.on_disabled_hover_text(format!(
                            "{} cannot measure with {}",
                            recipe.target.name,
                            p.name()
                        ));
                    }
                });
        });
    });
    Grid::new("measurement")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            let mut seconds = recipe.bench.duration_s.unwrap_or(3.0);
            ui.label("At least, s");
            if ui
                .name_inputs("Duration in seconds", |ui| {
                    ui.add(DragValue::new(&mut seconds).range(0.1..=3600.0).speed(0.1))
                })
                .changed()
            {
                recipe.bench.duration_s = Some(seconds);
            }
            ui.end_row();
            let mut iterations = recipe.bench.iterations.unwrap_or(10);
            ui.label("At least, iterations");
            if ui
                .name_inputs("Iterations", |ui| {
                    ui.add(DragValue::new(&mut iterations).range(1..=10_000_000u64))
                })
                .changed()
            {
                recipe.bench.iterations = Some(iterations);
            }
            ui.end_row();
            let mut warmup = recipe.bench.warmup_ms.unwrap_or(200.0);
            ui.label("Warm-up, ms");
            if ui
                .name_inputs("Warm-up in milliseconds", |ui| {
                    ui.add(DragValue::new(&mut warmup).range(0.0..=600_000.0))
                })
                .changed()
            {
                recipe.bench.warmup_ms = Some(warmup);
            }
            ui.end_row();
            let mut rounds = recipe.bench.rounds.unwrap_or(crate::bench::rounds::ROUNDS);
            ui.label("Rounds");
            if ui
                .name_inputs("Rounds", |ui| {
                    ui.add(DragValue::new(&mut rounds).range(1..=1000u32).speed(0.1))
                })
                .changed()
            {
                recipe.bench.rounds = Some(rounds);
            }
            ui.end_row();
        });
    note(
        ui,
        "Every variant is measured once in each round, in an order drawn at random, so that a warming machine favours none.",
    );
}

/// Calibration and test data.
pub fn data(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    for (label, source) in [
        ("Calibration data", &mut recipe.data.calibration),
        ("Test data", &mut recipe.data.test),
    ] {
        ui.horizontal(|ui| {
            let caption = ui.label(label);
            // As the recipe file has it: relative to its folder.
            let shown = |s: &DataSource| {
                s.path
                    .strip_prefix(looks.folder)
                    .unwrap_or(&s.path)
                    .display()
                    .to_string()
            };
            let mut text = source.as_ref().map_or_else(String::new, shown);
            let edit = TextEdit::singleline(&mut text)
                .hint_text("file or folder")
                .desired_width(f32::INFINITY);
            if ui.add(edit).labelled_by(caption.id).changed() {
                let path = looks.folder.join(text.trim());
                match (text.trim().is_empty(), source.as_mut()) {
                    (true, _) => *source = None,
                    (false, Some(s)) => s.path = path,
                    (false, None) => {
                        *source = Some(DataSource {
                            path,
                            ..Default::default()
                        })
                    }
                }
            }
        });
        if let Some(s) = source
            && !s.path.as_os_str().is_empty()
            && !s.path.exists()
        {
            note(ui, format!("⚠ {} is not there", s.path.display()));
        }
    }
    note(
        ui,
        "An .npz or .npy file, or a folder of arrays or images. With test data, a comparison shows accuracy beside speed.",
    );
}

/// Rows of a comparison.
pub fn variants(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let t = Tokens::of(ui);
    if recipe.variants.is_empty() {
        note(
            ui,
            "None: the recipe is measured by itself. Add a variant to compare it with.",
        );
    }
    let (mut remove, mut duplicate) = (None, None);
    for (i, variant) in recipe.variants.iter_mut().enumerate() {
        ui.push_id(i, |ui| {
            ui.horizontal(|ui| {
                crate::studio::lab::table::swatch(ui, t.variant(i));
                crate::studio::widgets::field(
                    ui,
                    &format!("Name of variant {}", i + 1),
                    TextEdit::singleline(&mut variant.name).desired_width(96.0),
                );
                variant_precision(ui, variant, i, looks);
                if ui
                    .button("🗐")
                    .on_hover_text(format!("Duplicate variant {}", i + 1))
                    .clicked()
                {
                    duplicate = Some(i);
                }
                if ui
                    .button("🗑")
                    .on_hover_text(format!("Remove variant {}", i + 1))
                    .clicked()
                {
                    remove = Some(i);
                }
            });
            for line in edit::others(variant) {
                ui.horizontal(|ui| {
                    ui.add_space(2.0 * SPACE);
                    ui.label(RichText::new(line).monospace().color(t.weak));
                });
            }
        });
    }
    if let Some(i) = duplicate
        && let Some(mut copy) = recipe.variants.get(i).cloned()
    {
        copy.name = edit::fresh_name(recipe, &copy.name);
        recipe.variants.insert(i + 1, copy);
    }
    if let Some(i) = remove {
        recipe.variants.remove(i);
    }
    ui.horizontal_wrapped(|ui| {
        ui.menu_button("Add variant", |ui| {
            for p in Precision::ALL {
                let why = looks.target.and_then(|t| why_not(t, p));
                let response = ui.add_enabled(why.is_none(), egui::Button::new(p.to_string()));
                if response.clicked() {
                    edit::add(recipe, Some(p));
                }
                if let Some(why) = why {
                    response.on_disabled_hover_text(why);
                }
            }
            let threads = looks
                .target
                .is_some_and(|t| t.options.iter().any(|(n, _)| n == "threads"));
            if threads {
                ui.separator();
                for n in [1i64, 2, 4, 8] {
                    if ui.button(format!("{n} threads")).clicked() {
                        edit::add(recipe, None);
                        if let Some(variant) = recipe.variants.last_mut() {
                            edit::set_option(variant, "threads", Some(toml::Value::Integer(n)));
                            variant.name = String::new();
                        }
                        let fresh = edit::fresh_name(recipe, &format!("{n} threads"));
                        if let Some(variant) = recipe.variants.last_mut() {
                            variant.name = fresh;
                        }
                    }
                }
            }
        });
    });
}

fn variant_precision(ui: &mut Ui, variant: &mut crate::recipe::VariantSpec, i: usize, looks: &Looks<'_>) {
    let now = edit::precision(variant);
    let words = now.map_or_else(|| "as recipe".into(), |p| p.to_string());
    ui.name_inputs(format!("Precision of variant {}", i + 1), |ui| {
        ComboBox::from_id_salt("variant precision")
            .width(84.0)
            .selected_text(words)
            .show_ui(ui, |ui| {
                if ui.selectable_label(now.is_none(), "as recipe").clicked() {
                    edit::set_precision(variant, None);
                }
                for p in Precision::ALL {
                    let why = looks.target.and_then(|t| why_not(t, p));
                    let response =
                        ui.add_enabled(why.is_none(), egui::Button::selectable(now == Some(p), p.to_string()));
                    if response.clicked() {
                        edit::set_precision(variant, Some(p));
                    }
                    if let Some(why) = why {
                        response.on_disabled_hover_text(why);
                    }
                }
            });
    });
}
