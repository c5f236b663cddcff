//! The command palette: type part of a name, Enter runs it. The same list as the menus; node names are found by "Find node".

use crate::studio::command::list::{Command, commands};
use crate::studio::state::{Action, State};
use crate::studio::theme::{SPACE, Tokens};
use eframe::egui::{self, Align2, Area, Frame, Id, Key, Order, RichText, ScrollArea, TextEdit, Ui, vec2};

/// The palette while it is open.
#[derive(Default)]
pub struct Palette {
    open: bool,
    fresh: bool,
    text: String,
    chosen: usize,
}

/// How well `name` answers to what was typed: `None` when it does not. Lower is better: a match at the start of words, then
/// anywhere, then letters in order.
fn rank(name: &str, typed: &str) -> Option<usize> {
    let (name, typed) = (name.to_lowercase(), typed.trim().to_lowercase());
    if typed.is_empty() {
        return Some(0);
    }
    if let Some(at) = name.find(&typed) {
        let at_word = at == 0 || !name[..at].ends_with(char::is_alphanumeric);
        return Some(if at_word { at } else { 100 + at });
    }
    let mut letters = typed.chars().filter(|c| !c.is_whitespace()).peekable();
    for c in name.chars() {
        if letters.peek() == Some(&c) {
            letters.next();
        }
    }
    letters.peek().is_none().then_some(1000)
}

impl Palette {
    /// Opens it, empty.
    pub fn open(&mut self) {
        *self = Self {
            open: true,
            fresh: true,
            ..Self::default()
        };
    }

    /// True while it is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Shows it over everything.
    pub fn show(&mut self, ctx: &egui::Context, state: &mut State) {
        if !self.open {
            return;
        }
        let mut found: Vec<(usize, &Command)> = commands()
            .filter_map(|c| Some((rank(c.name, &self.text)?, c)))
            .collect();
        found.sort_by_key(|f| f.0);
        let step = |key| ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, key));
        if step(Key::Escape) {
            self.open = false;
            return;
        }
        if step(Key::ArrowDown) {
            self.chosen += 1;
        }
        if step(Key::ArrowUp) {
            self.chosen = self.chosen.saturating_sub(1);
        }
        self.chosen = self.chosen.min(found.len().saturating_sub(1));
        let mut picked = None;
        if step(Key::Enter) {
            picked = found.get(self.chosen).map(|f| f.1);
        }
        let tokens = Tokens::of_ctx(ctx);
        let area = Area::new(Id::unique("command palette"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 96.0));
        let shown = area.show(ctx, |ui| {
            Frame::popup(ui.style()).inner_margin(SPACE).show(ui, |ui| {
                ui.set_width(480.0);
                let edit = TextEdit::singleline(&mut self.text).desired_width(f32::INFINITY);
                let response = crate::studio::widgets::field(ui, "Type a command", edit);
                if self.fresh {
                    response.request_focus();
                    self.fresh = false;
                }
                if response.changed() {
                    self.chosen = 0;
                }
                ui.add_space(SPACE / 2.0);
                ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                    if found.is_empty() {
                        ui.weak("No command has this name");
                    }
                    for (i, (_, command)) in found.iter().enumerate() {
                        if row(ui, state, command, i == self.chosen, &tokens) {
                            picked = Some(command);
                        }
                    }
                });
            });
        });
        if let Some(command) = picked
            && (command.blocked)(state).is_none()
        {
            state.act(Action::Run(command.id));
            self.open = false;
        }
        if shown.response.clicked_elsewhere() && !self.fresh {
            self.open = false;
        }
    }
}

/// Characters of a row: its name and why it cannot be run.
const LINE: usize = 64;

fn row(ui: &mut Ui, state: &State, command: &Command, chosen: bool, tokens: &Tokens) -> bool {
    let blocked = (command.blocked)(state);
    let mut button = egui::Button::selectable(chosen, command.name).min_size(vec2(ui.available_width(), 0.0));
    if let Some(why) = &blocked {
        // The name stays on its line; the whole reason is on hover.
        let room = LINE.saturating_sub(command.name.chars().count());
        let mut short: String = why.chars().take(room).collect();
        if short.len() < why.len() {
            short.push('…');
        }
        button = button.right_text(RichText::new(short).small().color(tokens.weak));
    } else if let Some(shortcut) = command.shortcut {
        button = button.right_text(RichText::new(ui.ctx().format_shortcut(&shortcut)).color(tokens.weak));
    } else {
        button = button.right_text("");
    }
    let response = ui.add_enabled(blocked.is_none(), button);
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::Button, blocked.is_none(), chosen, command.name)
    });
    if chosen {
        response.scroll_to_me(None);
    }
    let clicked = response.clicked();
    if let Some(why) = blocked {
        response.on_disabled_hover_text(why);
    }
    clicked
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn words_beat_parts_beat_letters() {
        assert!(rank("Build engine", "eng") < rank("Challenge", "eng"));
        assert!(rank("Copy log", "log") < rank("Clear something of long", "log"));
        assert!(rank("Build engine", "bdeg").is_some());
        assert_eq!(rank("Build engine", "xyz"), None);
        assert_eq!(rank("Zurück öffnen", "öff"), Some("zurück ".len()));
    }
}
