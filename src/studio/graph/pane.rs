//! The graph pane: the canvas with its search, laid out off the UI thread.

use crate::check::Report;
use crate::format;
use crate::graph::memory::Memory;
use crate::graph::{Graph, NodeId};
use crate::rewrite::{Decision, GraphDiff};
use crate::studio::accuracy::paint::DifferencePaint;
use crate::studio::canvas::layout::hierarchy::{Grouping, LayoutCache};
use crate::studio::canvas::{
    CanvasState, Entry, Family, GraphMarks, GraphView, Item, OperatorFamilies, PaintBy, Scene, Side, canvas_ui,
};
use crate::studio::check::paint::TargetAnswers;
use crate::studio::command::CommandId;
use crate::studio::layers::paint::LayerPaint;
use crate::studio::model::document::Document;
use crate::studio::model::memory_paint::MemoryPaint;
use crate::studio::model::opening::Wake;
use crate::studio::precision::paint::{LoweredLayer, SensitivityLayer};
use crate::studio::shell::menus;
use crate::studio::state::{Action, PaintChoice, Selection, State};
use crate::studio::theme::{self, HALF, SPACE, Tokens};
use crate::studio::widgets;
use crossbeam_channel::{Receiver, TryRecvError};
use eframe::egui;
use egui::{Frame, Key, RichText, ScrollArea, TextEdit, Ui};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Nodes listed by the search.
const HITS: usize = 200;

/// A layout being computed.
struct Pending {
    result: Receiver<(Arc<GraphView>, Grouping, Scene)>,
    cancel: Arc<AtomicBool>,
    /// Item that stays where it is on the screen.
    anchor: Option<Item>,
    /// Box to jump to when it is done.
    jump: Option<Item>,
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// What was shown before another graph came.
struct Before {
    view: Arc<GraphView>,
    grouping: Grouping,
    scene: Scene,
}

/// What colours by layer depend on: the choice, the versions of engine and profile.
type LayersKey = (PaintChoice, u64, u64);

/// What colours by error depend on: the run's variant and version.
type ErrorsKey = (String, u64);

/// State of the graph pane.
#[derive(Default)]
pub struct CanvasPane {
    canvas: CanvasState,
    graph: Option<Arc<Graph>>,
    view: Option<Arc<GraphView>>,
    grouping: Option<Grouping>,
    scene: Option<Scene>,
    report: Option<Arc<Report>>,
    /// The graph before this one, until this one is laid out: what stands in both stays where it is.
    before: Option<Before>,
    /// What the patches changed, and the side of it that is shown.
    diff: Option<(Arc<GraphDiff>, Side)>,
    answers: Option<TargetAnswers>,
    /// What was decided about the nodes, and the paint layer of it.
    decided: Arc<Vec<Decision>>,
    lowered: LoweredLayer,
    /// The paint layer of what layers lose, and the version of the search that it shows.
    lost: (u64, SensitivityLayer),
    /// Colours by the layers of an engine or a profile, and what they were made from.
    layers: Option<(LayersKey, Option<LayerPaint>)>,
    /// Colours by error, and what they were made from.
    errors: Option<(ErrorsKey, Option<DifferencePaint>)>,
    /// Colours by memory, and what they were made from.
    memory: Option<(Memory, MemoryPaint)>,
    findings_version: Option<u64>,
    cache: Arc<Mutex<LayoutCache>>,
    pending: Option<Pending>,
    failed: bool,
    search: Option<String>,
    focus_search: bool,
    hit: usize,
}

/// The family of an operator, given as `Conv` or `domain::Conv`.
pub fn family_of(name: &str) -> Family {
    Family::of(name.rsplit("::").next().unwrap_or(name))
}

impl CanvasPane {
    /// Opens the search.
    pub fn open_search(&mut self) {
        self.search.get_or_insert_default();
        self.focus_search = true;
        self.hit = 0;
    }

    /// Shows the whole graph.
    pub fn fit(&mut self) {
        self.canvas.fit();
    }

    /// What is in view.
    pub fn camera(&self) -> crate::studio::canvas::Camera {
        self.canvas.camera
    }

    /// True while a layout is being computed or the view moves.
    pub fn is_busy(&self) -> bool {
        self.pending.is_some() || self.canvas.is_moving()
    }

    /// Draws the pane.
    pub fn show(&mut self, ui: &mut Ui, state: &mut State) {
        let Some(doc) = &state.doc else {
            *self = Self::default();
            crate::studio::model::start::show(ui, state);
            return;
        };
        let t = Tokens::of(ui);
        ui.painter().rect_filled(ui.max_rect(), 0.0, t.ground);
        let Some(analysis) = doc.shown() else {
            widgets::empty(ui, "Building the graph", "The outline is in the Model panel.");
            return;
        };
        let graph = Arc::clone(&analysis.graph);
        crate::studio::graph::bar::show(ui, state);
        let Some(doc) = &state.doc else { return };
        self.follow(&graph, doc, &state.wake);
        if let Some(node) = state.reveal.take() {
            self.reveal(node, &state.wake);
        }
        self.take_in();
        self.lowered.themed(t);
        self.follow_search(&graph, state, t);
        if self.failed {
            widgets::empty(
                ui,
                "The graph could not be laid out",
                "This is a fault of Enginesmith; the terminal has its last words. Everything else works.",
            );
            return;
        }
        let Some(scene) = &self.scene else {
            widgets::empty(
                ui,
                "Laying out the graph",
                &format!("{} nodes", format::count(graph.nodes.len() as u64)),
            );
            return;
        };
        let style = theme::canvas::style(&t, state.settings.reduce_motion);
        self.layers = Self::layers(self.layers.take(), self.view.as_deref(), state, &graph);
        let layers = self.layers.as_ref().and_then(|l| l.1.as_ref());
        if let (Some(run), Some(view)) = (&state.lab.difference, &self.view) {
            let key = (run.variant.clone(), run.version);
            if self.errors.as_ref().is_none_or(|old| old.0 != key) {
                self.errors = Some((key, DifferencePaint::of(view, run)));
            }
        }
        let errors = self.errors.as_ref().and_then(|e| e.1.as_ref());
        let counted = state.doc.as_ref().and_then(|d| d.shown()).map(|a| &a.memory);
        if let (PaintChoice::Memory, Some(counted), Some(view)) = (state.paint, counted, &self.view)
            && self.memory.as_ref().is_none_or(|old| old.0 != *counted)
        {
            self.memory = Some((counted.clone(), MemoryPaint::of(view, counted)));
        }
        let memory = self.memory.as_ref().map(|m| &m.1);
        let paint: &dyn PaintBy = match (state.paint, &self.answers, layers) {
            (PaintChoice::Memory, ..) => memory.map_or(&OperatorFamilies, |m| m as &dyn PaintBy),
            (PaintChoice::Error, ..) => errors.map_or(&OperatorFamilies, |e| e as &dyn PaintBy),
            (PaintChoice::Target, Some(answers), _) => answers,
            (PaintChoice::Precision, ..) => &self.lowered,
            (PaintChoice::Sensitivity, ..) => &self.lost.1,
            (PaintChoice::Types | PaintChoice::Time, _, Some(layers)) => layers,
            _ => &OperatorFamilies,
        };
        let events = canvas_ui(ui, &mut self.canvas, scene, paint, &style);
        if events.selection_changed {
            let selection = match (self.canvas.selection(), &self.view) {
                (Some(item), Some(view)) => match view.entry(item) {
                    Some(Entry::Node(id)) => Selection::Node(id),
                    Some(Entry::Input(id) | Entry::Output(id)) => Selection::Tensor(id),
                    None => Selection::Model,
                },
                _ => Selection::Model,
            };
            state.selection = selection;
            if let Selection::Node(node) = selection {
                state.choose_layers_of(node);
            }
        }
        if let Some(scope) = events.toggle_scope {
            self.toggle(scope, &state.wake);
        }
        events.response.context_menu(|ui| {
            menus::context(ui, state, &[CommandId::FindNode, CommandId::FitGraph, CommandId::Check]);
        });
        self.search_bar(ui, state, &graph);
    }

    /// The colours by layer, made anew when what they depend on changed.
    fn layers(
        old: Option<(LayersKey, Option<LayerPaint>)>,
        view: Option<&GraphView>,
        state: &mut State,
        graph: &Arc<Graph>,
    ) -> Option<(LayersKey, Option<LayerPaint>)> {
        let view = view?;
        if let Some(engine) = &mut state.engine {
            engine.follow(Some(graph));
        }
        if let Some(run) = &mut state.lab.profile {
            run.follow(Some(graph));
        }
        let versions = (
            state.engine.as_ref().map_or(0, |e| e.table.version),
            state.lab.profile.as_ref().map_or(0, |p| p.table.version),
        );
        let key = (state.paint, versions.0, versions.1);
        if let Some(old) = old.filter(|old| old.0 == key) {
            return Some(old);
        }
        let paint = match state.paint {
            PaintChoice::Types => state.engine.as_ref().and_then(|e| LayerPaint::of_engine(view, e)),
            PaintChoice::Time => state.lab.profile.as_ref().and_then(|p| LayerPaint::of_run(view, p)),
            _ => None,
        };
        Some((key, paint))
    }

    /// A new graph, or new findings.
    fn follow(&mut self, graph: &Arc<Graph>, doc: &Document, wake: &Wake) {
        if !self.graph.as_ref().is_some_and(|g| Arc::ptr_eq(g, graph)) {
            let old = std::mem::take(self);
            let seen = old.view.zip(old.grouping).zip(old.scene);
            let seen = seen.map(|((view, grouping), scene)| Before { view, grouping, scene });
            *self = Self {
                graph: Some(Arc::clone(graph)),
                search: old.search,
                // Where several graphs come one after another before one is laid out, the one last seen counts.
                before: seen.or(old.before),
                canvas: old.canvas,
                ..Self::default()
            };
            self.start(None, None, wake);
        }
        if self.findings_version != Some(doc.findings_version) {
            self.findings_version = Some(doc.findings_version);
            let patches = !doc.recipe().patches.is_empty();
            self.report = doc.report().filter(|_| doc.findings_are_shown()).cloned().map(Arc::new);
            let diff = doc.difference().filter(|_| patches || doc.optimized().is_some());
            self.diff = diff.map(|d| (Arc::new(d.clone()), doc.side));
            self.decided = Arc::new(doc.decisions().to_vec());
            self.mark();
        }
    }

    /// Makes the paint layer of what layers lose anew when the search tells something.
    fn follow_search(&mut self, graph: &Arc<Graph>, state: &State, tokens: Tokens) {
        let Some(view) = &self.view else { return };
        let version = state.sensitivity.version;
        if state.paint == PaintChoice::Sensitivity && (self.lost.0 != version || !self.lost.1.is_of(graph)) {
            self.lost = (
                version,
                SensitivityLayer::of(view, graph, &state.sensitivity.by_node(graph)),
            );
        }
        self.lost.1.themed(tokens);
    }

    /// Puts the marks of findings and patches on the scene, and makes the paint layers of the target's answers and of precision.
    fn mark(&mut self) {
        if let (Some(view), Some(scene)) = (&self.view, &mut self.scene) {
            let mut marks = GraphMarks::default();
            if let Some(report) = &self.report {
                marks.add_findings(view, &report.findings);
            }
            if let Some((diff, side)) = &self.diff {
                marks.add_diff(view, diff, *side);
            }
            scene.mark(|item| marks.of(item));
            self.answers = self.report.as_ref().map(|r| TargetAnswers::of(view, r));
            self.lowered = LoweredLayer::of(view, &self.decided);
        }
    }

    /// Starts laying out the current grouping on a thread.
    fn start(&mut self, anchor: Option<Item>, jump: Option<Item>, wake: &Wake) {
        let Some(graph) = self.graph.clone() else { return };
        let (view, grouping, cache) = (self.view.clone(), self.grouping.clone(), Arc::clone(&self.cache));
        let like = self.before.as_ref().map(|b| (Arc::clone(&b.view), b.grouping.clone()));
        let cancel = Arc::new(AtomicBool::new(false));
        let (tell, result) = crossbeam_channel::bounded(1);
        let (stop, wake) = (Arc::clone(&cancel), Arc::clone(wake));
        // A thread that cannot be had drops the sender, which reads as failed.
        let _ = std::thread::Builder::new().name("layout".into()).spawn(move || {
            let view = view.unwrap_or_else(|| Arc::new(GraphView::new(graph)));
            let grouping = grouping.unwrap_or_else(|| match &like {
                Some((other, grouping)) => view.grouping_like(other, grouping),
                None => view.opening(),
            });
            let mut cache = cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Ok(scene) = view.scene(&grouping, &GraphMarks::default(), &mut cache, &stop) {
                let _ = tell.send((view, grouping, scene));
            }
            drop(tell);
            wake();
        });
        self.pending = Some(Pending {
            result,
            cancel,
            anchor,
            jump,
        });
    }

    fn take_in(&mut self) {
        let Some(pending) = &self.pending else { return };
        let (anchor, jump) = (pending.anchor, pending.jump);
        match pending.result.try_recv() {
            Ok((view, grouping, scene)) => {
                self.pending = None;
                if let Some(old) = &self.scene {
                    self.canvas.keep_in_place(old, &scene, anchor);
                } else if let Some(before) = self.before.take() {
                    self.canvas.carry_over(&before.scene, &scene, before.view.twins(&view));
                }
                self.view = Some(view);
                self.grouping = Some(grouping);
                self.scene = Some(scene);
                self.layers = None;
                self.mark();
                if let Some(item) = jump {
                    self.canvas.jump_to(item);
                }
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.pending = None;
                self.failed = self.scene.is_none();
            }
        }
    }

    fn reveal(&mut self, node: NodeId, wake: &Wake) {
        let (Some(view), Some(grouping), Some(scene)) = (&self.view, &mut self.grouping, &self.scene) else {
            return;
        };
        let Some(item) = view.item(node) else { return };
        if scene.place(item).is_some() {
            self.canvas.jump_to(item);
        } else if let Some(item) = view.reveal(node, grouping) {
            self.start(None, Some(item), wake);
        }
    }

    fn toggle(&mut self, scope: u32, wake: &Wake) {
        let (Some(view), Some(grouping)) = (&self.view, &mut self.grouping) else {
            return;
        };
        view.hierarchy().toggle(scope, grouping);
        self.start(Some(Item::Scope(scope)), None, wake);
    }

    /// The search over the canvas: Enter goes to the next hit, Escape closes.
    fn search_bar(&mut self, ui: &mut Ui, state: &mut State, graph: &Graph) {
        let Some(mut text) = self.search.take() else { return };
        let t = Tokens::of(ui);
        let mut rect = ui.max_rect();
        // Below the bar.
        rect.min.y += 3.0 * SPACE;
        let width = (rect.width() - 4.0 * SPACE).clamp(160.0, 420.0);
        let place = egui::Rect::from_min_size(
            rect.left_top() + egui::vec2(2.0 * SPACE, 2.0 * SPACE),
            egui::vec2(width, 0.0),
        );
        let mut open = true;
        ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
            Frame::popup(ui.style()).inner_margin(SPACE).show(ui, |ui| {
                ui.set_width(width);
                let response = crate::studio::widgets::field(
                    ui,
                    "Find node by name or operator",
                    TextEdit::singleline(&mut text).desired_width(f32::INFINITY),
                );
                if std::mem::take(&mut self.focus_search) {
                    response.request_focus();
                }
                if response.changed() {
                    self.hit = 0;
                }
                let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
                if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Escape)) {
                    open = false;
                }
                if text.trim().is_empty() {
                    return;
                }
                let (hits, all) = find(graph, &text);
                ui.horizontal(|ui| {
                    ui.label(RichText::new(format::plural(all, "node")).small().color(t.weak));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        if ui.small_button("Close search").clicked() {
                            open = false;
                        }
                    });
                });
                if entered && !hits.is_empty() {
                    self.hit %= hits.len();
                    state.act(Action::Go(Selection::Node(hits[self.hit])));
                    self.hit += 1;
                    response.request_focus();
                }
                ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
                    for id in &hits {
                        let node = graph.node(*id);
                        let name = if node.name.is_empty() {
                            node.path.to_string()
                        } else {
                            node.name.to_string()
                        };
                        let chosen = state.selection == Selection::Node(*id);
                        let row = format!("{}  {}", node.op_type, format::middle(&name, 44));
                        if ui
                            .selectable_label(chosen, RichText::new(row).monospace())
                            .on_hover_text(&name)
                            .clicked()
                        {
                            state.act(Action::Go(Selection::Node(*id)));
                        }
                    }
                    if all > hits.len() {
                        ui.label(
                            RichText::new(format!("and {} more", format::count((all - hits.len()) as u64))).small(),
                        );
                    }
                });
                ui.add_space(HALF);
            });
        });
        if open {
            self.search = Some(text);
        }
    }
}

/// Nodes whose name or operator contains the text, and how many there are in all.
fn find(graph: &Graph, text: &str) -> (Vec<NodeId>, usize) {
    let needle = text.trim().to_lowercase();
    let matches = |i: &usize| {
        graph
            .nodes
            .get(*i)
            .is_some_and(|n| n.name.to_lowercase().contains(&needle) || n.op_type.to_lowercase().contains(&needle))
    };
    let all = (0..graph.nodes.len()).filter(matches).count();
    let hits = (0..graph.nodes.len())
        .filter(matches)
        .take(HITS)
        .map(|i| NodeId(i as u32))
        .collect();
    (hits, all)
}
