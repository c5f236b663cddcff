//! Menus, toolbar and context menus, built from the list.

use crate::studio::command::list::{Command, CommandId, Menu, commands, find};
use crate::studio::state::{Action, State};
use crate::studio::theme::{SPACE, Tokens};
use crate::studio::widgets;
use eframe::egui::{self, Button, Response, RichText, ScrollArea, Ui};

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

/// The menu inside its menu that a command stands in; none for most.
fn submenu(id: CommandId) -> Option<&'static str> {
    match id {
        CommandId::Pane(_) => Some("Panes"),
        CommandId::Paint(_) => Some("Paint graph"),
        CommandId::Theme(_) => Some("Theme"),
        CommandId::CopyTableMarkdown
        | CommandId::CopyTableCsv
        | CommandId::CopyPlotCsv
        | CommandId::CopyPlotPng
        | CommandId::CopySvg(_) => Some("Copy"),
        _ => None,
    }
}

/// The menu bar's menus.
pub fn menu_bar(ui: &mut Ui, state: &mut State) {
    for menu in Menu::ALL {
        ui.menu_button(menu.title(), |ui| {
            ui.set_min_width(240.0);
            // A window lower than the menu scrolls it.
            let room = ui.ctx().content_rect().height() - 6.0 * SPACE;
            ScrollArea::vertical()
                .max_height(room)
                .min_scrolled_height(room)
                .show(ui, |ui| entries(ui, state, menu));
        });
    }
}

fn entries(ui: &mut Ui, state: &mut State, menu: Menu) {
    let mut list = commands().filter(|c| c.menu == menu).peekable();
    let mut steps = false;
    while let Some(command) = list.next() {
        let step = matches!(command.id, CommandId::Step(_));
        if steps && !step {
            ui.separator();
        }
        steps = step;
        if let Some(title) = submenu(command.id) {
            let mut inner = vec![command];
            while let Some(next) = list.next_if(|c| submenu(c.id) == Some(title)) {
                inner.push(next);
            }
            ui.menu_button(title, |ui| {
                for command in inner {
                    entry(ui, state, command);
                }
            });
            continue;
        }
        entry(ui, state, command);
    }
    if menu == Menu::File && !state.settings.recent.is_empty() {
        ui.separator();
        ui.weak("Recent");
        for path in state.settings.recent.clone() {
            let name = path
                .file_name()
                .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            let name = crate::format::middle(&name, 48);
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                state.act(Action::Open(path));
                ui.close();
            }
        }
    }
}

/// A button for a command, called as it is; disabled with the reason on hover when it cannot be run now.
pub fn button(ui: &mut Ui, state: &mut State, id: CommandId) -> Option<Response> {
    let command = find(id)?;
    let blocked = (command.blocked)(state);
    let response = ui.add_enabled(blocked.is_none(), Button::new(command.name));
    Some(asked(state, command, blocked, response))
}

/// As [`button`], as high as a panel's primary button, for those beside it.
pub fn tall_button(ui: &mut Ui, state: &mut State, id: CommandId) -> Option<Response> {
    let command = find(id)?;
    let blocked = (command.blocked)(state);
    let button = Button::new(command.name).min_size(egui::vec2(0.0, 4.0 * SPACE));
    let response = ui.add_enabled(blocked.is_none(), button);
    Some(asked(state, command, blocked, response))
}

/// A panel's primary button for a command.
pub fn primary(ui: &mut Ui, state: &mut State, id: CommandId) -> Option<Response> {
    let command = find(id)?;
    let blocked = (command.blocked)(state);
    let response = widgets::primary(ui, command.name, blocked.as_deref());
    Some(asked(state, command, None, response))
}

fn asked(state: &mut State, command: &Command, blocked: Option<String>, response: Response) -> Response {
    if response.clicked() {
        state.act(Action::Run(command.id));
    }
    match blocked {
        Some(why) => response.on_disabled_hover_text(why),
        None => response,
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
