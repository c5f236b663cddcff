//! A whole number that is typed.

use crate::studio::theme::Tokens;
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Align2, Key, TextEdit, Ui};

/// The largest number that is taken; no dimension of a tensor comes near it.
const LARGEST: u64 = 1 << 31;

/// A field for a whole number from 1 on. What is typed counts on Enter or when the field is left, Escape gives the old number
/// back, and until then nothing else changes. `is_marked` draws it weak: a proposal that nobody has confirmed. Gives the
/// number that was committed, when it is another one.
pub fn whole_number(ui: &mut Ui, label: &str, value: Option<u64>, is_marked: bool) -> Option<u64> {
    let tokens = Tokens::of(ui);
    let id = ui.make_persistent_id(("whole number", label));
    let draft: Option<String> = ui.data(|d| d.get_temp(id));
    let mut text = draft.clone().or_else(|| Some(value?.to_string())).unwrap_or_default();
    let colour = match (&draft, parse(&text)) {
        (Some(_), Err(_)) => tokens.error,
        (None, _) if is_marked => tokens.weak,
        _ => tokens.text,
    };
    let edit = TextEdit::singleline(&mut text)
        .id(id.with("text"))
        .desired_width(48.0)
        .align(Align2::RIGHT_CENTER)
        .text_color(colour);
    let mut response = ui.add(edit);
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_label(label.to_owned()));
    if response.gained_focus() {
        // What is typed replaces what is there.
        let mut state = TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
        let all = CCursorRange::two(CCursor::default(), CCursor::new(text.chars().count()));
        state.cursor.set_char_range(Some(all));
        state.store(ui.ctx(), response.id);
    }
    let draft = if response.changed() { Some(text) } else { draft };
    let typed = draft?;
    let is_dropped = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape));
    let number = parse(&typed);
    if let Err(why) = &number {
        response = response.on_hover_text(*why);
    }
    if response.has_focus() {
        ui.data_mut(|d| d.insert_temp(id, typed));
        return None;
    }
    match number {
        _ if is_dropped || typed.trim().is_empty() => {
            ui.data_mut(|d| d.remove::<String>(id));
        }
        Ok(number) => {
            ui.data_mut(|d| d.remove::<String>(id));
            return (Some(number) != value).then_some(number);
        }
        // Stays as it was typed, in red, until it is mended; the number is the old one.
        Err(_) => {
            ui.data_mut(|d| d.insert_temp(id, typed));
        }
    }
    None
}

fn parse(text: &str) -> Result<u64, &'static str> {
    let number = text.trim().replace(['_', ','], "").parse::<u64>();
    match number {
        Ok(n) if (1..=LARGEST).contains(&n) => Ok(n),
        _ => Err("Type a whole number from 1 on"),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn whole_numbers_from_one_on() {
        assert_eq!(parse(" 640 "), Ok(640));
        assert_eq!(parse("1,024"), Ok(1024));
        for wrong in ["", "0", "-1", "1.5", "6 4", "99999999999"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
