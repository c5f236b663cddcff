//! The table of variants: one row each, the columns those of reports, the protocol beside every latency.

use crate::bench::{Comparison, Standing, VariantResult};
use crate::export::table;
use crate::format;
use crate::recipe::Precision;
use crate::studio::command::CommandId;
use crate::studio::shell::menus;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{empty_with, note};
use eframe::egui;
use egui::{Align, Layout, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

/// What a column sorts by; numbers that are better when large come as their negative. None for columns of words.
fn sort_key(header: &str) -> Option<fn(&VariantResult) -> f64> {
    Some(match header {
        "Median [ms]" => |v| v.statistics.latency_ms.median,
        "p99 [ms]" => |v| v.statistics.latency_ms.p99,
        "CV [%]" => |v| v.statistics.latency_ms.cv,
        "Images/s, mean" => |v| -v.statistics.throughput_qps * v.batch.max(1) as f64,
        "Speed-up per image, median" => |v| -v.ratio.as_ref().map_or(1.0, |r| r.speedup),
        "Build [s]" => |v| v.build_s,
        "Batch" => |v| v.batch as f64,
        _ => return None,
    })
}

/// Rows in the order the user wants: by a column, failed ones last; in the recipe's order without one.
fn order(result: &Comparison, by: Option<&str>) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..result.variants.len()).collect();
    if let Some(key) = by.and_then(sort_key) {
        let value = |i: &usize| match result.variants.get(*i) {
            Some(v) if v.error.is_none() => key(v),
            _ => f64::INFINITY,
        };
        rows.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    rows
}

/// The speed-up in words: `2.94x (2.90 to 2.98)`, that it is within noise, or why there is none.
pub fn speedup_words(v: &VariantResult) -> String {
    match (&v.ratio, v.verdict.standing) {
        (Some(r), Standing::Faster | Standing::Slower) => {
            format!("{} ({})", v.speedup_words(), format::range(r.low, r.high))
        }
        _ => v.speedup_words(),
    }
}

/// Columns of words, to the left.
const WORDS: [&str; 3] = ["Variant", "Target", "Precision"];
/// Characters of a variant's name in its column.
const NAME: usize = 32;
/// The column that moves above the table when all rows have the same in it.
const TARGET: &str = "Target";

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(result) = &state.lab.result else {
        let advice = "Latency, throughput, speed-up and accuracy of every variant, once a comparison has ended.";
        empty_with(ui, "No results yet", advice, |ui| {
            menus::primary(ui, state, CommandId::Compare);
        });
        return;
    };
    let t = Tokens::of(ui);
    let (mut headers, mut rows) = table::rows(result);
    let target = headers
        .iter()
        .position(|h| *h == TARGET)
        .and_then(|i| shared(&rows, i).map(|t| (i, t)));
    if let Some((column, _)) = &target {
        headers.remove(*column);
        for row in &mut rows {
            row.remove(*column);
        }
    }
    let is_words = |column: usize| headers.get(column).is_some_and(|h| WORDS.contains(h));
    let side = |column: usize| {
        if is_words(column) {
            Layout::left_to_right(Align::Center)
        } else {
            Layout::right_to_left(Align::Center)
        }
    };
    let mut sort = state.lab.sort.clone();
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Protocol {}", result.protocol)).strong());
        let on = target.map_or(String::new(), |(_, target)| format!(" on {target}"));
        ui.label(RichText::new(format!("model {}{on}", result.model)).color(t.weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for (label, id) in [
                ("Copy as CSV", CommandId::CopyTableCsv),
                ("Copy as Markdown", CommandId::CopyTableMarkdown),
            ] {
                if ui.button(label).clicked() {
                    actions.push(Action::Run(id));
                }
            }
        });
    });
    ui.add_space(HALF);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ScrollArea::horizontal().show(ui, |ui| {
            let mut builder = TableBuilder::new(ui)
                .vscroll(false)
                .cell_layout(Layout::right_to_left(Align::Center));
            for i in 0..headers.len() {
                builder = builder.column(if i == 0 {
                    Column::auto().at_least(120.0)
                } else {
                    Column::auto().at_least(64.0)
                });
            }
            builder
                .header(28.0, |mut header| {
                    for (i, title) in headers.iter().enumerate() {
                        header.col(|ui| {
                            ui.with_layout(side(i), |ui| heading_cell(ui, title, i == 0, &mut sort, &t));
                        });
                    }
                })
                .body(|mut body| {
                    for index in order(result, sort.as_deref()) {
                        let Some(cells) = rows.get(index) else { continue };
                        body.row(24.0, |mut row| {
                            for (i, cell) in cells.iter().enumerate() {
                                row.col(|ui| {
                                    ui.with_layout(side(i), |ui| {
                                        if i == 0 {
                                            swatch(ui, t.variant(index));
                                        }
                                        if i == 0 {
                                            let name = format::middle(cell, NAME);
                                            let response = ui.label(&name);
                                            if name != *cell {
                                                response.on_hover_text(cell);
                                            }
                                            actions.extend(find_layers(ui, result, index));
                                            return;
                                        }
                                        let text = RichText::new(cell);
                                        ui.label(if is_words(i) { text } else { text.monospace() });
                                    });
                                });
                            }
                        });
                    }
                });
        });
        ui.add_space(SPACE);
        for warning in table::notes(result) {
            note(ui, format!("⚠ {warning}"));
        }
    });
    state.lab.sort = sort;
    state.actions.extend(actions);
}

/// The way from a variant whose results differ to the layers that cause it.
pub fn find_layers(ui: &mut Ui, result: &Comparison, index: usize) -> Option<Action> {
    let variant = result.variants.get(index)?;
    let precision = Precision::ALL.into_iter().find(|p| p.name() == variant.precision)?;
    if !precision.is_lower() || !variant.differs() {
        return None;
    }
    let t = Tokens::of(ui);
    let response = ui.add(egui::Button::new(RichText::new("Find layers").small()).fill(t.hover));
    let label = format!("Find layers that lose accuracy in {}", variant.name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
    let response =
        response.on_hover_text("Which layers make its results differ from FP32, and what keeping them wins back");
    response.clicked().then_some(Action::FindLayersOf(index))
}

/// The target that all rows, two or more, have in a column; none when they differ. A row that failed may lack its version.
fn shared(rows: &[Vec<String>], column: usize) -> Option<String> {
    let cells: Option<Vec<&String>> = rows.iter().map(|r| r.get(column)).collect();
    let whole = cells.as_ref()?.iter().max_by_key(|c| c.len())?.as_str();
    let name = whole.split('@').next().unwrap_or(whole);
    let same = |c: &&String| c.as_str() == whole || c.as_str() == name;
    (rows.len() > 1 && cells.as_ref()?.iter().all(same)).then(|| whole.to_owned())
}

/// A header: a button where the column can be sorted by; the first column goes back to the recipe's order.
fn heading_cell(ui: &mut Ui, title: &'static str, first: bool, sort: &mut Option<String>, t: &Tokens) {
    let chosen = sort.as_deref() == Some(title);
    let text = RichText::new(if chosen {
        format!("{title} ⏷")
    } else {
        title.to_owned()
    })
    .small()
    .color(t.weak);
    if !first && sort_key(title).is_none() {
        ui.label(text);
        return;
    }
    let hint = if first {
        "Sort as in the recipe"
    } else {
        "Sort by this column, best first"
    };
    // Titles stand over what is below them.
    ui.spacing_mut().button_padding.x = 0.0;
    if ui
        .add(egui::Button::new(text).frame_when_inactive(false))
        .on_hover_text(hint)
        .clicked()
    {
        *sort = (!first).then(|| title.to_owned());
    }
}

/// A square in a variant's colour.
pub fn swatch(ui: &mut Ui, colour: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, 2.0, colour);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Ratio;

    fn row(name: &str, median: f64, ratio: Option<Ratio>, error: Option<&str>) -> serde_json::Value {
        let standing = match ratio {
            Some(r) if r.within_noise => "within_noise",
            Some(_) => "faster",
            None if error.is_some() => "not_compared",
            None => "baseline",
        };
        let summary = serde_json::json!({"min": 0.0, "max": 0.0, "mean": 0.0, "median": median, "p90": 0.0, "p95": 0.0, "p99": 2.0 * median, "cv": 0.0});
        serde_json::json!({
            "name": name, "target": "embedded", "precision": "fp32", "shapes": [], "batch": 8, "engine_bytes": null, "build_s": 0.5,
            "statistics": {"samples": 10, "latency_ms": summary, "compute_ms": summary, "throughput_qps": 1000.0 / median, "warnings": []},
            "round_medians_ms": [], "ratio": ratio, "verdict": {"standing": standing, "sentence": ""}, "accuracy": [], "task": null, "error": error,
            "environment": serde_json::to_value(crate::bench::Environment::default()).unwrap(),
        })
    }

    fn comparison() -> Comparison {
        let ratio = |speedup: f64, within_noise| {
            Some(Ratio {
                speedup,
                low: speedup - 0.05,
                high: speedup + 0.05,
                within_noise,
            })
        };
        serde_json::from_value(serde_json::json!({
            "model": "m.onnx", "model_sha256": "", "protocol": "serial", "warnings": [],
            "variants": [
                row("base", 4.0, None, None),
                row("fast", 1.36, ratio(2.94, false), None),
                row("same", 3.96, ratio(1.01, true), None),
                row("broken", 0.1, None, Some("no")),
            ],
        }))
        .unwrap()
    }

    #[test]
    fn what_all_rows_share_is_said_once() {
        let rows = |targets: &[&str]| -> Vec<Vec<String>> {
            targets.iter().map(|t| vec!["name".into(), (*t).into()]).collect()
        };
        assert_eq!(shared(&rows(&["a@1", "a@1"]), 1).as_deref(), Some("a@1"));
        assert_eq!(
            shared(&rows(&["a@1", "a"]), 1).as_deref(),
            Some("a@1"),
            "the second failed"
        );
        assert_eq!(shared(&rows(&["a@1", "a@2"]), 1), None);
        assert_eq!(shared(&rows(&["a@1"]), 1), None, "a row alone keeps its cell");
        // Were the column renamed in the reports, it would silently stay in the table.
        assert!(table::rows(&comparison()).0.contains(&TARGET));
    }

    #[test]
    fn noise_is_never_called_a_win() {
        let c = comparison();
        assert_eq!(speedup_words(&c.variants[1]), "2.94x (2.89 to 2.99)");
        assert_eq!(speedup_words(&c.variants[2]), "within noise");
        assert_eq!(speedup_words(&c.variants[0]), "baseline");
    }

    #[test]
    fn failed_rows_sort_last_and_sortable_columns_exist() {
        let c = comparison();
        assert_eq!(order(&c, Some("Median [ms]")), [1, 2, 0, 3]);
        assert_eq!(order(&c, Some("Images/s, mean")), [1, 2, 0, 3]);
        assert_eq!(order(&c, None), [0, 1, 2, 3]);
        // Were a column renamed in the reports, sorting by it would silently be gone.
        let (headers, _) = table::rows(&c);
        for sortable in [
            "Median [ms]",
            "p99 [ms]",
            "Images/s, mean",
            "Speed-up per image, median",
            "Build [s]",
            "Batch",
        ] {
            assert!(
                headers.contains(&sortable) && sort_key(sortable).is_some(),
                "{sortable}"
            );
        }
    }
}
