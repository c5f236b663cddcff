//! The inspector: what is selected, in full. The model when nothing is.

use crate::format;
use crate::graph::{Graph, NodeId, Producer, TensorId, TensorKind};
use crate::model::onnx::AttributeProto;
use crate::model::statistics::{FP16_MAX, FP16_MIN_NORMAL, TensorStatistics};
use crate::studio::graph::pane::family_of;
use crate::studio::state::{Action, Selection, State, Step};
use crate::studio::theme::{HALF, SPACE, Tokens};
use crate::studio::widgets::{self, card, empty, heading, key_value, note, section};
use eframe::egui::{self, Grid, RichText, ScrollArea, Ui};
use std::sync::Arc;

/// Things listed at most (consumers of a tensor, elements of an attribute).
const LISTED: usize = 50;

/// Draws the pane.
pub fn show(ui: &mut Ui, state: &mut State) {
    let Some(doc) = &state.doc else {
        empty(ui, "Nothing selected", "Open a model, then select a node on the graph.");
        return;
    };
    let Some(analysis) = doc.shown() else {
        empty(ui, "Building the graph", "The outline is in the Model panel.");
        return;
    };
    let graph = Arc::clone(&analysis.graph);
    ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| match state.selection {
            Selection::Node(id) if (id.0 as usize) < graph.nodes.len() => node(ui, state, &graph, id),
            Selection::Tensor(id) if (id.0 as usize) < graph.tensors.len() => tensor(ui, state, &graph, id),
            _ => model(ui, state),
        });
}

fn model(ui: &mut Ui, state: &State) {
    let Some(doc) = &state.doc else { return };
    heading(ui, &doc.outline.file);
    note(ui, "Select a node or a line on the graph to see it here.");
    ui.add_space(HALF);
    crate::studio::model::panel::origin(ui, doc);
    if state.step != Step::Model {
        section(ui, "Inputs and outputs", |ui| {
            crate::studio::model::panel::interface(ui, doc)
        });
        section(ui, "Operators", |ui| crate::studio::model::panel::operators(ui, doc));
    }
    if !doc.outline.metadata.is_empty() {
        section(ui, "Metadata", |ui| {
            pairs(
                ui,
                "model metadata",
                doc.outline.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())),
            )
        });
    }
}

fn pairs<'a>(ui: &mut Ui, id: &str, list: impl Iterator<Item = (&'a str, &'a str)>) {
    Grid::new(id).num_columns(2).spacing([SPACE, HALF]).show(ui, |ui| {
        for (key, value) in list.take(LISTED) {
            ui.weak(format::middle(key, 24));
            long_value(ui, value);
            ui.end_row();
        }
    });
}

/// A value of any length on a line or two: what is written in a model may be a whole vocabulary.
fn long_value(ui: &mut Ui, value: &str) {
    /// Characters shown.
    const SHOWN: usize = 120;
    let mut line: String = value.chars().take(SHOWN).collect();
    line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let more = value.chars().nth(SHOWN).is_some();
    ui.vertical(|ui| {
        if more {
            line.push('…');
        }
        ui.add(egui::Label::new(RichText::new(line).monospace()).wrap());
        if more {
            let words = format!("Copy all {} characters", format::count(value.chars().count() as u64));
            if ui.small_button(words).clicked() {
                ui.ctx().copy_text(value.to_owned());
            }
        }
    });
}

/// Operator in its family's colours.
fn chip(ui: &mut Ui, op: &str) {
    let header = crate::studio::theme::canvas::style(&Tokens::of(ui), true)
        .family(family_of(op))
        .header;
    let (fill, text) = (header.fill, header.text);
    egui::Frame::new()
        .fill(fill)
        .corner_radius(4)
        .inner_margin(egui::Margin::symmetric(8, 2))
        .show(ui, |ui| {
            ui.label(RichText::new(op).strong().color(text));
        });
}

fn node(ui: &mut Ui, state: &mut State, graph: &Arc<Graph>, id: NodeId) {
    let node = graph.node(id);
    ui.add_space(HALF);
    ui.horizontal(|ui| {
        chip(ui, &node.op_type);
        let domain = if node.domain.is_empty() {
            "ai.onnx"
        } else {
            &node.domain
        };
        let opset = graph
            .opset(node.body, &node.domain)
            .map(|v| format!(" {v}"))
            .unwrap_or_default();
        ui.weak(format!("{domain}{opset}"));
    });
    ui.add_space(HALF);
    if node.name.is_empty() {
        ui.weak(format!("Unnamed node {}", node.path));
    } else {
        widgets::name(ui, &node.name);
    }
    let path: &str = graph.scopes.get(node.scope.0 as usize).map_or("", |s| &s.path);
    Grid::new("node place")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            key_value(ui, "Path", node.path.to_string());
            if !path.is_empty() {
                ui.weak("Scope");
                widgets::name(ui, path);
                ui.end_row();
            }
            if let Some(cost) = state
                .doc
                .as_ref()
                .and_then(|d| d.shown())
                .and_then(|a| a.costs.get(id.0 as usize))
            {
                if cost.parameters > 0 {
                    key_value(ui, "Parameters", format::count(cost.parameters));
                }
                if let Some(macs) = cost.macs {
                    key_value(ui, "Multiply-accumulates", format::short(macs));
                }
            }
            if let Some(a) = state.doc.as_ref().and_then(|d| d.shown())
                && let Some(bytes) = a.memory.alive.get(id.0 as usize)
            {
                let least = if a.memory.is_complete() { "" } else { "at least " };
                let peak = if a.memory.peak == Some(id) {
                    ", the most of all nodes"
                } else {
                    ""
                };
                key_value(ui, "Memory alive", format!("{least}{}{peak}", format::bytes(*bytes)));
            }
        });
    crate::studio::precision::nodes::why_here(ui, state, id);
    findings(ui, state, graph, id);
    crate::studio::layers::node::show(ui, state, id);
    crate::studio::accuracy::node::show(ui, state, id);
    let proto = graph.proto(id);
    if !proto.attribute.is_empty() {
        section(ui, "Attributes", |ui| {
            Grid::new("attributes")
                .num_columns(2)
                .spacing([SPACE, HALF])
                .show(ui, |ui| {
                    for attribute in proto.attribute.iter().take(LISTED) {
                        ui.weak(attribute.name.as_deref().unwrap_or("(no name)"));
                        ui.add(egui::Label::new(RichText::new(attribute_text(attribute)).monospace()).wrap());
                        ui.end_row();
                    }
                });
        });
    }
    section(ui, "Inputs", |ui| {
        for (i, input) in node.inputs.iter().enumerate().take(LISTED) {
            match input {
                Some(t) => tensor_row(ui, state, graph, *t, &format!("Input {i}")),
                None => note(ui, format!("Input {i} is left out")),
            }
        }
        for t in node.captures.iter().take(LISTED) {
            tensor_row(ui, state, graph, *t, "Captured");
        }
        beyond(ui, node.inputs.len());
    });
    section(ui, "Outputs", |ui| {
        for (i, output) in node.outputs.iter().enumerate().take(LISTED) {
            if let Some(t) = output {
                tensor_row(ui, state, graph, *t, &format!("Output {i}"));
            }
        }
        beyond(ui, node.outputs.len());
    });
    if !proto.metadata_props.is_empty() {
        section(ui, "Metadata", |ui| {
            let list = proto.metadata_props.iter();
            pairs(
                ui,
                "node metadata",
                list.map(|p| {
                    (
                        p.key.as_deref().unwrap_or_default(),
                        p.value.as_deref().unwrap_or_default(),
                    )
                }),
            );
        });
    }
    if let Some(doc) = proto.doc_string.as_deref().filter(|d| !d.is_empty()) {
        section(ui, "Description", |ui| {
            note(ui, doc.chars().take(2000).collect::<String>())
        });
    }
}

fn beyond(ui: &mut Ui, all: usize) {
    if all > LISTED {
        note(ui, format!("and {} more", format::count((all - LISTED) as u64)));
    }
}

fn findings(ui: &mut Ui, state: &mut State, graph: &Graph, id: NodeId) {
    let path = &graph.node(id).path;
    let Some(report) = state.doc.as_ref().and_then(|d| d.report()) else {
        return;
    };
    let t = Tokens::of(ui);
    let here = |p: &crate::check::Place| matches!(p, crate::check::Place::Node { path: at, .. } if at == path);
    for finding in report.findings.iter().filter(|f| here(&f.place)).take(LISTED) {
        ui.add_space(HALF);
        card(ui, Some(t.severity(finding.severity)), |ui| {
            widgets::severity(ui, finding.severity);
            ui.add(egui::Label::new(&finding.reason).wrap());
            for fix in &finding.fixes {
                ui.add(egui::Label::new(RichText::new(format!("Fix: {}", fix.text)).color(t.weak)).wrap());
            }
            if let Some(detail) = &finding.detail {
                note(ui, detail.chars().take(600).collect::<String>());
            }
        });
    }
}

/// An attribute's value in a line; long lists are cut.
fn attribute_text(a: &AttributeProto) -> String {
    fn list<T: std::fmt::Display>(items: &[T]) -> String {
        let shown: Vec<String> = items.iter().take(LISTED).map(ToString::to_string).collect();
        let rest = if items.len() > LISTED {
            format!(", … {} in all", items.len())
        } else {
            String::new()
        };
        format!("[{}{rest}]", shown.join(", "))
    }
    if let Some(i) = a.i {
        return i.to_string();
    }
    if let Some(f) = a.f {
        return f.to_string();
    }
    if let Some(s) = &a.s {
        let text = String::from_utf8_lossy(s);
        return format!("{:?}", text.chars().take(300).collect::<String>());
    }
    if let Some(t) = a.t.as_option() {
        let dims: Vec<u64> = t.dims.iter().map(|d| u64::try_from(*d).unwrap_or(0)).collect();
        let dtype = crate::model::DataType::from_onnx(t.data_type.unwrap_or_default()).map_or("?", |d| d.name());
        return format!(
            "tensor {dtype} {}",
            crate::graph::Shape::known(&dims).notation(usize::MAX)
        );
    }
    if a.g.is_set() {
        return "graph".into();
    }
    if !a.ints.is_empty() {
        return list(&a.ints);
    }
    if !a.floats.is_empty() {
        return list(&a.floats);
    }
    if !a.strings.is_empty() {
        let strings: Vec<String> = a
            .strings
            .iter()
            .take(LISTED)
            .map(|s| format!("{:?}", String::from_utf8_lossy(s)))
            .collect();
        return list(&strings);
    }
    if !a.graphs.is_empty() || !a.tensors.is_empty() {
        return format!("{} values", a.graphs.len() + a.tensors.len());
    }
    "[]".into()
}

/// A tensor as one row: role, type, where it comes from or goes to.
fn tensor_row(ui: &mut Ui, state: &mut State, graph: &Graph, id: TensorId, role: &str) {
    let tensor = graph.tensor(id);
    let kind = match (tensor.kind, tensor.is_output) {
        (TensorKind::Constant, _) => "constant",
        (TensorKind::Input, _) => "model input",
        (TensorKind::Activation, true) => "model output",
        (TensorKind::Activation, false) => "",
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(role).small().color(Tokens::of(ui).weak));
        widgets::tensor_type(ui, &tensor.ty);
        ui.label(RichText::new(kind).small().color(Tokens::of(ui).weak));
    });
    ui.horizontal(|ui| {
        ui.add_space(SPACE);
        if widgets::name_link(ui, &tensor.name, "Inspect tensor").clicked() {
            state.act(Action::Go(Selection::Tensor(id)));
        }
    });
}

fn tensor(ui: &mut Ui, state: &mut State, graph: &Arc<Graph>, id: TensorId) {
    let tensor = graph.tensor(id);
    heading(ui, "Tensor");
    widgets::name(ui, &tensor.name);
    widgets::tensor_type(ui, &tensor.ty);
    Grid::new("tensor")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            let kind = match tensor.kind {
                TensorKind::Input => "input",
                TensorKind::Constant => "constant",
                TensorKind::Activation => "computed",
            };
            key_value(
                ui,
                "Kind",
                if tensor.is_output {
                    format!("{kind}, output")
                } else {
                    kind.into()
                },
            );
            if tensor.stored_bytes > 0 {
                key_value(ui, "Stored", format::bytes(tensor.stored_bytes));
            }
        });
    section(ui, "Produced by", |ui| match tensor.producer {
        Producer::Node { node, .. } => node_link(ui, state, graph, node),
        Producer::Input => note(ui, "An input of the graph."),
        Producer::Initializer => note(ui, "Stored in the model."),
        Producer::Missing => note(ui, "Nothing produces it: the model is broken here."),
    });
    section(ui, "Read by", |ui| {
        if tensor.consumers.is_empty() {
            note(
                ui,
                if tensor.is_output {
                    "The graph's output."
                } else {
                    "Nothing reads it."
                },
            );
        }
        for (node, _) in tensor.consumers.iter().take(LISTED) {
            node_link(ui, state, graph, *node);
        }
        beyond(ui, tensor.consumers.len());
    });
    if crate::studio::precision::ranges::has_ranges(state, graph, id) {
        section(ui, "Ranges", |ui| {
            crate::studio::precision::ranges::tensor_ranges(ui, state, graph, id)
        });
    }
    if tensor.kind == TensorKind::Constant {
        section(ui, "Values", |ui| values(ui, state, graph, id));
    }
}

fn node_link(ui: &mut Ui, state: &mut State, graph: &Graph, id: NodeId) {
    let node = graph.node(id);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&*node.op_type).strong());
        let name = if node.name.is_empty() {
            node.path.to_string()
        } else {
            node.name.to_string()
        };
        if widgets::name_link(ui, &name, "Show node").clicked() {
            state.act(Action::Go(Selection::Node(id)));
        }
    });
}

fn values(ui: &mut Ui, state: &mut State, graph: &Arc<Graph>, id: TensorId) {
    let wake = Arc::clone(&state.wake);
    let Some(doc) = &mut state.doc else { return };
    match doc.weights.get(id) {
        None => {
            if ui.button("Show values").clicked() {
                doc.weights.ask(graph, id, &wake);
            }
        }
        Some(None) => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Reading");
            });
        }
        Some(Some(Err(why))) => {
            ui.add(egui::Label::new(RichText::new(why).color(Tokens::of(ui).error)).wrap());
        }
        Some(Some(Ok(statistics))) => figures(ui, statistics),
    }
}

pub(crate) fn figures(ui: &mut Ui, s: &TensorStatistics) {
    crate::studio::plots::weights(ui, s);
    Grid::new("tensor figures")
        .num_columns(2)
        .spacing([SPACE, HALF])
        .show(ui, |ui| {
            key_value(ui, "Elements", format::count(s.elements));
            if s.sampled < s.elements {
                key_value(ui, "Looked at", format!("{}, evenly spaced", format::count(s.sampled)));
            }
            key_value(ui, "Minimum", format::significant(s.min));
            key_value(ui, "Maximum", format::significant(s.max));
            key_value(ui, "Mean", format::significant(s.mean));
            key_value(ui, "Standard deviation", format::significant(s.std));
            key_value(ui, "Zeros", format::count(s.zeros));
            for (name, count) in [("NaN", s.nan), ("Infinite", s.inf)] {
                if count > 0 {
                    key_value(ui, name, format::count(count));
                }
            }
            if s.beyond_fp16 > 0 {
                key_value(
                    ui,
                    "Beyond FP16",
                    format!(
                        "{} above {}",
                        format::count(s.beyond_fp16),
                        format::significant(FP16_MAX)
                    ),
                );
            }
            if s.below_fp16 > 0 {
                key_value(
                    ui,
                    "Below FP16 normal",
                    format!(
                        "{} under {}",
                        format::count(s.below_fp16),
                        format::significant(FP16_MIN_NORMAL)
                    ),
                );
            }
        });
}
