//! The inspector's part about a node's layers: in the open engine, and in the last profile.

use crate::format;
use crate::graph::NodeId;
use crate::studio::command::CommandId;
use crate::studio::shell::layout::Pane;
use crate::studio::state::{Action, State};
use crate::studio::widgets::{name_link, note, section};
use eframe::egui::Ui;

/// Layers listed of each.
const LISTED: usize = 10;

/// Draws the part; nothing where neither has the node.
pub fn show(ui: &mut Ui, state: &mut State, node: NodeId) {
    let mut actions = Vec::new();
    if let Some(engine) = &mut state.engine
        && let Some(nodes) = &engine.table.nodes
        && !nodes.layers(node).is_empty()
    {
        let layers = nodes.layers(node).to_vec();
        let chosen = section(ui, "In the engine", |ui| {
            let mut chosen = None;
            for index in layers.into_iter().take(LISTED) {
                let Some(layer) = engine.view.layers.get(index) else {
                    continue;
                };
                if name_link(ui, &layer.name, "Show layer").clicked() {
                    chosen = Some(index);
                }
                let parts = [
                    layer.kind.as_str(),
                    layer.precision.as_deref().unwrap_or_default(),
                    &layer.format,
                    &layer.tactic,
                ];
                let parts: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
                note(ui, parts.join(", "));
                if layer.nodes.len() > 1 {
                    note(ui, format!("Fused from {}", format::plural(layer.nodes.len(), "node")));
                }
            }
            chosen
        });
        if let Some(index) = chosen.flatten() {
            engine.table.choose(Some(index), true);
            actions.push(Action::Run(CommandId::Pane(Pane::Engine)));
        }
    }
    if let Some(run) = &mut state.lab.profile
        && let (Some(nodes), Some(result)) = (&run.table.nodes, &run.result)
        && !nodes.layers(node).is_empty()
    {
        let layers = nodes.layers(node).to_vec();
        let chosen = section(ui, "Time", |ui| {
            let mut chosen = None;
            for index in layers.into_iter().take(LISTED) {
                let Some(layer) = result.profile.layers.get(index) else {
                    continue;
                };
                if name_link(ui, &layer.name, "Show layer").clicked() {
                    chosen = Some(index);
                }
                note(
                    ui,
                    format!(
                        "{} % of the layers' time, {} ms on average, profiled with {}",
                        format::significant(100.0 * layer.share),
                        format::significant(layer.mean_ms),
                        result.target
                    ),
                );
            }
            chosen
        });
        if let Some(index) = chosen.flatten() {
            run.table.choose(Some(index), true);
            actions.push(Action::Run(CommandId::Pane(Pane::Layers)));
        }
    }
    state.actions.extend(actions);
}
