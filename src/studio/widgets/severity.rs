//! Severity never stands on colour alone: icon and word go with it.

use crate::check::Severity;
use crate::studio::theme::Tokens;
use eframe::egui::{self, RichText, Ui};

/// Icon of a severity.
pub fn icon(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "⛔",
        Severity::Warning => "⚠",
        Severity::Info => "ℹ",
    }
}

/// Its word.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// Icon and word in the severity's colour.
pub fn severity_text(tokens: &Tokens, of: Severity) -> RichText {
    RichText::new(format!("{} {}", icon(of), word(of))).color(tokens.severity(of))
}

/// Shows [`severity_text`].
pub fn severity(ui: &mut Ui, of: Severity) -> egui::Response {
    ui.label(severity_text(&Tokens::of(ui), of))
}
