//! The inspector's part about a node's errors, and, of the first bad node, its values in both engines.

use crate::bench::FirstBad;
use crate::format;
use crate::graph::NodeId;
use crate::model::statistics::TensorStatistics;
use crate::studio::accuracy::differences::words;
use crate::studio::accuracy::panel::verdict;
use crate::studio::command::CommandId;
use crate::studio::shell::layout::Pane;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, Tokens};
use crate::studio::widgets::{card, name_link, note, section};
use eframe::egui::{self, CollapsingHeader, RichText, Ui};

/// Tensors listed at most.
const LISTED: usize = 20;

/// Draws the part; nothing where the node was not compared.
pub fn show(ui: &mut Ui, state: &mut State, node: NodeId) {
    let Some(run) = &mut state.lab.difference else { return };
    let rows = run.rows_of(node).to_vec();
    if rows.is_empty() {
        return;
    }
    let is_first = run.first_bad() == Some(node);
    let mut chosen = None;
    section(ui, "Accuracy", |ui| {
        let limit = run.result.as_ref().map_or(f64::INFINITY, |r| r.limit);
        for row in rows.into_iter().take(LISTED) {
            let Some(tensor) = run.tensor(row) else { continue };
            if name_link(ui, &tensor.tensor, "Show error").clicked() {
                chosen = Some(row);
            }
            let beyond = if tensor.size() > limit {
                ", beyond the limit"
            } else {
                ""
            };
            note(
                ui,
                format!(
                    "error {}{beyond}, max {} absolute",
                    words(tensor.error),
                    format::significant(tensor.accuracy.max_abs)
                ),
            );
        }
        let found = run.result.as_ref().and_then(|r| r.first_bad.as_ref());
        if let Some(bad) = found.filter(|_| is_first) {
            first_bad(ui, bad);
        }
    });
    if let Some(row) = chosen {
        run.choose(Some(row), true);
        state.act(Action::Run(CommandId::Pane(Pane::Differences)));
    }
}

fn first_bad(ui: &mut Ui, bad: &FirstBad) {
    let t = Tokens::of(ui);
    ui.add_space(HALF);
    card(ui, Some(t.error), |ui| {
        ui.label(RichText::new("⛔ First bad node").strong());
        ui.add(egui::Label::new(verdict(&bad.alone)).wrap());
    });
    for weight in &bad.weights {
        values(ui, &format!("Weights {}", weight.tensor), &weight.values);
    }
    for a in &bad.activations {
        let role = if a.is_made { "Makes" } else { "Reads" };
        for (engine, statistics) in [("reference", &a.reference), ("variant", &a.variant)] {
            if let Some(statistics) = statistics {
                values(ui, &format!("{role} {}, {engine}", a.tensor), statistics);
            }
        }
    }
}

/// A tensor's values behind one click.
fn values(ui: &mut Ui, title: &str, s: &TensorStatistics) {
    let bad = match s.nan + s.inf {
        0 => String::new(),
        n => format!(", {} NaN or infinite", format::count(n)),
    };
    let line = format!("{} to {}{bad}", format::significant(s.min), format::significant(s.max));
    CollapsingHeader::new(format::middle(title, 48))
        .id_salt(title)
        .show(ui, |ui| crate::studio::inspector::figures(ui, s))
        .header_response
        .on_hover_text(format!("{title}: {line}"));
    note(ui, line);
}
