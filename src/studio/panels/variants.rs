//! The table of variants: one row each, the columns those of reports, the protocol beside every latency.

use crate::bench::{Comparison, VariantResult};
use crate::export::table;
use crate::format;
use crate::recipe::Precision;
use crate::studio::command::CommandId;
use crate::studio::state::{Action, State};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{empty, note};
use eframe::egui;
use egui::{Align, Layout, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};

/// What a column sorts by; numbers that are better when large come as their negative. None for columns of words.
fn sort_key(header: &str) -> Option<fn(&VariantResult) -> f64> {
    Some(match header {
        "Median [ms]" => |v| v.statistics.latency_ms.median,
        "p99 [ms]" => |v| v.statistics.latency_ms.p99,
        "CV [%]" => |v| v.statistics.latency_ms.cv,
        "Images/s" => |v| -v.statistics.throughput_qps * v.batch.max(1) as f64,
        "Speed-up" => |v| -v.ratio.as_ref().map_or(1.0, |r| r.speedup),
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

/// The speed-up in words: `2.94x (2.90 to 2.98)`, or that it is within noise.
pub fn speedup_words(v: &VariantResult) -> String {
    match &v.ratio {
        None => "baseline".into(),
        Some(r) if r.within_noise => format!("{} within noise", format::speedup(r.speedup)),
        Some(r) => format!("{} ({})", format::speedup(r.speedup), format::range(r.low, r.high)),
    }
}

/// Columns of words, to the left.
const WORDS: usize = 3;

/// Draws the tab.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(result) = &state.lab.result else {
        empty(ui, "No results yet", "Compare variants (F7) to fill this table.");
        return;
    };
    let t = Tokens::of(ui);
    let mut sort = state.lab.sort.clone();
    let mut actions = Vec::new();
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Protocol {}", result.protocol)).strong());
        ui.label(RichText::new(format!("model {}", result.model)).color(t.weak));
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
    let (headers, rows) = table::rows(result);
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
                                        let text = RichText::new(cell);
                                        ui.label(if i < WORDS { text } else { text.monospace() });
                                        if i == 0 {
                                            actions.extend(find_layers(ui, result, index));
                                        }
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
fn find_layers(ui: &mut Ui, result: &Comparison, index: usize) -> Option<Action> {
    let variant = result.variants.get(index)?;
    let precision = Precision::ALL.into_iter().find(|p| p.name() == variant.precision)?;
    if !precision.is_lower() || !variant.differs() {
        return None;
    }
    let response = ui.small_button("Find layers");
    let label = format!("Find layers that lose accuracy in {}", variant.name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &label));
    let response =
        response.on_hover_text("Which layers make its results differ from FP32, and what keeping them wins back");
    response.clicked().then_some(Action::FindLayersOf(index))
}

fn side(column: usize) -> Layout {
    if column < WORDS {
        Layout::left_to_right(Align::Center)
    } else {
        Layout::right_to_left(Align::Center)
    }
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
        let summary = serde_json::json!({"min": 0.0, "max": 0.0, "mean": 0.0, "median": median, "p90": 0.0, "p95": 0.0, "p99": 2.0 * median, "cv": 0.0});
        serde_json::json!({
            "name": name, "target": "embedded", "precision": "fp32", "shapes": [], "batch": 8, "engine_bytes": null, "build_s": 0.5,
            "statistics": {"samples": 10, "latency_ms": summary, "compute_ms": summary, "throughput_qps": 1000.0 / median, "warnings": []},
            "round_medians_ms": [], "ratio": ratio, "accuracy": [], "task": null, "error": error,
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
    fn noise_is_never_called_a_win() {
        let c = comparison();
        assert_eq!(speedup_words(&c.variants[1]), "2.94x (2.89 to 2.99)");
        assert_eq!(speedup_words(&c.variants[2]), "1.01x within noise");
        assert_eq!(speedup_words(&c.variants[0]), "baseline");
    }

    #[test]
    fn failed_rows_sort_last_and_sortable_columns_exist() {
        let c = comparison();
        assert_eq!(order(&c, Some("Median [ms]")), [1, 2, 0, 3]);
        assert_eq!(order(&c, Some("Images/s")), [1, 2, 0, 3]);
        assert_eq!(order(&c, None), [0, 1, 2, 3]);
        // Were a column renamed in the reports, sorting by it would silently be gone.
        let (headers, _) = table::rows(&c);
        for sortable in ["Median [ms]", "p99 [ms]", "Images/s", "Speed-up", "Build [s]", "Batch"] {
            assert!(
                headers.contains(&sortable) && sort_key(sortable).is_some(),
                "{sortable}"
            );
        }
    }
}
