//! Menus, toolbar and context menus, built from the list.

use super::list::{Command, CommandId, Menu, commands, find};
use crate::studio::state::{Action, State};
use crate::studio::theme::Tokens;
use eframe::egui;
use eframe::egui::{Button, RichText, Ui};

/// One menu entry; disabled with the reason on hover when it cannot be run.
fn entry(ui: &mut Ui, state: &mut State, command: &Command) {
    let blocked = (command.blocked)(state);
    let mut button = Button::new(command.name);
    if let Some(shortcut) = command.shortcut {
        button = button.shortcut_text(ui.ctx().format_shortcut(&shortcut));
    }
    let response = ui.add_enabled(blocked.is_none(), button);
    let clicked = response.clicked();
    if let Some(why) = blocked {
        response.on_disabled_hover_text(why);
    }
    if clicked {
        state.act(Action::Run(command.id));
        ui.close();
    }
}

/// The menu bar's menus.
pub fn menu_bar(ui: &mut Ui, state: &mut State) {
    for menu in Menu::ALL {
        ui.menu_button(menu.title(), |ui| {
            ui.set_min_width(240.0);
            let mut group = None;
            for command in commands().filter(|c| c.menu == menu) {
                let this = std::mem::discriminant(&command.id);
                let apart = matches!(
                    command.id,
                    CommandId::Step(_) | CommandId::Pane(_) | CommandId::Theme(_)
                );
                let was_apart = group.is_some_and(|(_, a)| a);
                if group.is_some_and(|(g, _)| g != this) && (apart || was_apart) {
                    ui.separator();
                }
                group = Some((this, apart));
                entry(ui, state, command);
            }
            if menu == Menu::File && !state.settings.recent.is_empty() {
                ui.separator();
                ui.weak("Recent");
                for path in state.settings.recent.clone() {
                    let name = path
                        .file_name()
                        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
                    if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                        state.act(Action::Open(path));
                        ui.close();
                    }
                }
            }
        });
    }
}

/// The toolbar: commands with an icon that are needed all the time.
pub fn toolbar(ui: &mut Ui, state: &mut State) {
    for id in [CommandId::Open, CommandId::SaveRecipe, CommandId::Undo, CommandId::Redo] {
        tool(ui, state, id);
    }
    ui.separator();
    for id in [CommandId::Check, CommandId::Build, CommandId::Compare] {
        tool(ui, state, id);
    }
}

/// An icon button for a command: its accessible label is the command's name, hover says name, shortcut and why not.
pub fn tool(ui: &mut Ui, state: &mut State, id: CommandId) {
    let Some(command) = find(id) else { return };
    let blocked = (command.blocked)(state);
    let text = RichText::new(command.icon).size(crate::studio::theme::tokens::TEXT);
    let button = Button::new(text)
        .frame_when_inactive(false)
        .min_size(egui::vec2(28.0, 24.0));
    let response = ui.add_enabled(blocked.is_none(), button);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, blocked.is_none(), command.name));
    if response.clicked() {
        state.act(Action::Run(id));
    }
    let weak = Tokens::of(ui).weak;
    let hover = |ui: &mut Ui| {
        ui.horizontal(|ui| {
            ui.label(command.name);
            if let Some(shortcut) = command.shortcut {
                ui.label(RichText::new(ui.ctx().format_shortcut(&shortcut)).color(weak));
            }
        });
        if let Some(why) = &blocked {
            ui.label(why);
        }
    };
    response.on_hover_ui(hover).on_disabled_hover_ui(hover);
}

/// Entries of a context menu.
pub fn context(ui: &mut Ui, state: &mut State, ids: &[CommandId]) {
    for command in ids.iter().filter_map(|id| find(*id)) {
        entry(ui, state, command);
    }
}
