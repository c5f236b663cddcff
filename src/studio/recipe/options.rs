//! The recipe panel's build options: each by what it takes. What is not set is the target's default.

use crate::engine::OptionKind;
use crate::recipe::Recipe;
use crate::studio::recipe::panel::Looks;
use crate::studio::theme::{HALF, SPACE, Tokens};
use eframe::egui::{self, ComboBox, DragValue, Grid, RichText, TextEdit, Ui};
use toml::Value;

/// What stands where an option is not set.
const DEFAULT: &str = "default";
/// Width of the fields, in points.
const FIELD: f32 = 150.0;

/// The target's options in its order.
pub fn show(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let Some(target) = looks.target else { return };
    Grid::new("build options")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            for (name, help) in &target.options {
                let set = recipe.build.options.contains_key(name);
                let text = RichText::new(name).monospace();
                let text = if set { text } else { text.color(Tokens::of(ui).weak) };
                ui.add(egui::Label::new(text)).on_hover_text(help);
                let kind = target
                    .kinds
                    .get(name)
                    .cloned()
                    .unwrap_or(OptionKind::Text(String::new()));
                value(ui, recipe, name, &kind);
                ui.end_row();
            }
        });
}

fn value(ui: &mut Ui, recipe: &mut Recipe, name: &str, kind: &OptionKind) {
    let options = &mut recipe.build.options;
    match kind {
        OptionKind::Flag | OptionKind::Choice(_) => {
            let mut chosen = options.get(name).cloned();
            let words = |value: &Value| match value {
                Value::Boolean(true) => "on".to_owned(),
                Value::Boolean(false) => "off".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let shown = chosen.as_ref().map_or_else(|| DEFAULT.to_owned(), words);
            ui.name_inputs(name, |ui| {
                ComboBox::from_id_salt(("option", name))
                    .width(FIELD)
                    .selected_text(shown)
                    .show_ui(ui, |ui| {
                        ui.selectable_value(&mut chosen, None, DEFAULT);
                        for value in kind.values() {
                            let text = words(&value);
                            ui.selectable_value(&mut chosen, Some(value), text);
                        }
                    });
            });
            set(recipe, name, chosen);
        }
        OptionKind::Whole { least, most, start } => {
            ui.horizontal(|ui| match options.get_mut(name) {
                Some(Value::Integer(n)) => {
                    ui.name_inputs(name, |ui| {
                        ui.add(DragValue::new(n).range(*least..=*most).speed(0.1));
                    });
                    let label = format!("Reset {name}");
                    let button = ui.button("⟲").on_hover_text("Back to the default");
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
                    if button.clicked() {
                        options.remove(name);
                    }
                }
                _ => {
                    let button = ui.button(DEFAULT).on_hover_text("Set a number");
                    let label = format!("Set {name}");
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
                    if button.clicked() {
                        options.insert(name.into(), Value::Integer(*start));
                    }
                }
            });
        }
        OptionKind::Text(like) => text(ui, recipe, name, like),
    }
}

/// A text field; empty is not set. What is no text (a list, a number) is shown as the recipe has it, and becomes text when
/// it is edited.
fn text(ui: &mut Ui, recipe: &mut Recipe, name: &str, like: &str) {
    let mut text = match recipe.build.options.get(name) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let response = ui.add(TextEdit::singleline(&mut text).desired_width(FIELD).hint_text(DEFAULT));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(name.to_owned()));
    let changed = response.changed();
    if !like.is_empty() {
        response.on_hover_text(format!("Such as {like}"));
    }
    if changed {
        let empty = text.trim().is_empty();
        let given = if empty { None } else { Some(Value::String(text)) };
        set(recipe, name, given);
    }
}

fn set(recipe: &mut Recipe, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            recipe.build.options.insert(name.into(), value);
        }
        None => {
            recipe.build.options.remove(name);
        }
    }
}
