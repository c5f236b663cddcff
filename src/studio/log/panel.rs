//! The log tab: severity colours, filter, copy.

use crate::studio::command::CommandId;
use crate::studio::log::lines::Level;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::empty;
use eframe::egui::{self, ComboBox, RichText, ScrollArea, TextEdit, Ui};

/// A level and those above it, as a choice.
fn words(level: Level) -> String {
    crate::format::sentence(&format!("{} and above", level.word()))
}

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    if state.log.is_empty() {
        empty(
            ui,
            "The log is empty",
            "What the studio, the workers and the runtimes say appears here.",
        );
        return;
    }
    ui.horizontal(|ui| {
        ui.name_inputs("Least severity", |ui| {
            ComboBox::from_id_salt("least severity")
                .width(120.0)
                .selected_text(words(state.log.least))
                .show_ui(ui, |ui| {
                    for level in [Level::Debug, Level::Stray, Level::Info, Level::Warn, Level::Error] {
                        ui.selectable_value(&mut state.log.least, level, words(level));
                    }
                });
        });
        let width = (ui.available_width() - 140.0).clamp(80.0, 320.0);
        crate::studio::widgets::field(
            ui,
            "Search log",
            TextEdit::singleline(&mut state.log.search).desired_width(width),
        );
        if ui.button("Copy log").clicked() {
            state.actions.push(Action::Run(CommandId::CopyLog));
        }
        if ui.button("Clear").clicked() {
            state.actions.push(Action::Run(CommandId::ClearLog));
        }
    });
    ui.add_space(HALF);
    let t = Tokens::of(ui);
    let lines = state.log.shown();
    let height = ui.text_style_height(&egui::TextStyle::Monospace) + 2.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    ScrollArea::both().auto_shrink(false).stick_to_bottom(true).show_rows(
        ui,
        height - 2.0,
        lines.len(),
        |ui, range| {
            for line in lines.iter().take(range.end).skip(range.start) {
                let colour = match line.level {
                    Level::Error => t.error,
                    Level::Warn => t.warning,
                    Level::Info => t.text,
                    Level::Stray | Level::Debug => t.weak,
                };
                let text = format!(
                    "{:>8.2} s  {:<7}  {:<10} {}",
                    line.at,
                    line.level.word(),
                    line.source,
                    line.text
                );
                ui.add(egui::Label::new(RichText::new(text).monospace().color(colour)).extend());
            }
        },
    );
}
