//! The widget: input, drawing, tooltip and what assistive technology is told.

use super::{
    camera::Projection,
    draw::Drawing,
    input,
    layout::{NONE, hierarchy::Item},
    paint::PaintBy,
    scene::{NodeKind, Scene},
    state::CanvasState,
    style::Style,
};
use eframe::egui::{Response, RichText, Sense, Ui, WidgetInfo, accesskit::Role};

/// What happened on the canvas in this frame. The selection is in [`CanvasState::selection`].
#[derive(Debug, Clone)]
pub struct CanvasEvents {
    /// The widget; attach the context menu to it.
    pub response: Response,
    /// A box or a frame's header was clicked.
    pub clicked: Option<Item>,
    /// A box that is no scope was double-clicked, or Enter was pressed on it.
    pub double_clicked: Option<Item>,
    /// A collapsed scope was opened or an open one collapsed: make the scene anew and call
    /// [`CanvasState::keep_in_place`].
    pub toggle_scope: Option<u32>,
    /// The context menu was asked for; `None` inside for the background.
    pub context_menu: Option<Item>,
    /// A line was clicked: index into the scene's tensors.
    pub clicked_tensor: Option<u32>,
    /// The line under the pointer: index into the scene's tensors.
    pub hovered_tensor: Option<u32>,
    /// The box under the pointer.
    pub hovered: Option<Item>,
    /// The selection is another one than before.
    pub selection_changed: bool,
}

/// Shows `scene` in all the room that `ui` has. Asks for another frame only while the view moves.
pub fn canvas_ui(
    ui: &mut Ui,
    state: &mut CanvasState,
    scene: &Scene,
    paint: &dyn PaintBy,
    style: &Style,
) -> CanvasEvents {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    let mut events = CanvasEvents {
        response: response.clone(),
        clicked: None,
        double_clicked: None,
        toggle_scope: None,
        context_menu: None,
        clicked_tensor: None,
        hovered_tensor: None,
        hovered: None,
        selection_changed: false,
    };
    let before = state.selection();
    let now = ui.input(|i| i.time);
    state.advance(scene, rect.size(), now, style.reduced_motion);
    let projection = |state: &CanvasState| Projection {
        screen: rect,
        camera: state.camera,
    };
    input::navigate(ui, &response, state, scene, projection(state));
    input::point(&response, state, scene, projection(state), &mut events);
    input::keys(ui, &response, state, scene, &mut events);
    // Input may have set a goal; without this the view would move one frame late.
    if state.advance(scene, rect.size(), now, style.reduced_motion) {
        ui.ctx().request_repaint();
    }
    events.hovered_tensor = state.hovered_tensor;
    events.hovered = state
        .hovered_node
        .and_then(|n| scene.nodes().get(n as usize))
        .map(|n| n.key);
    events.selection_changed = state.selection() != before;

    describe(ui, &response, state, scene);
    if ui.is_rect_visible(rect) {
        let drawing = Drawing {
            painter: ui.painter_at(rect),
            to: projection(state),
            scene,
            state,
            paint,
            style,
        };
        drawing.scene();
        drawing.overlays();
        tooltip(response, state, scene);
    }
    events
}

/// Name and description for assistive technology and tests.
fn describe(ui: &Ui, response: &Response, state: &CanvasState, scene: &Scene) {
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Graph canvas"));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        let text = description(state, scene);
        node.set_value(text.clone());
        node.set_description(text);
    });
}

/// The selection in words: what it is, what it is called, how it is connected, what was found.
pub fn description(state: &CanvasState, scene: &Scene) -> String {
    let Some(key) = state.selection() else {
        return format!(
            "{}, nothing selected",
            if scene.nodes().len() == 1 {
                "1 box".to_owned()
            } else {
                format!("{} boxes", scene.nodes().len())
            }
        );
    };
    if let Some(frame) = scene.frame(key) {
        return format!("Selected: open scope {}", frame.title);
    }
    let Some(index) = scene.node_index(key) else {
        return "The selection is not shown".to_owned();
    };
    let node = &scene.nodes()[index as usize];
    let mut text = match node.kind {
        NodeKind::Operator => format!("Selected: {} {}", node.title, node.name),
        NodeKind::Input => format!("Selected: input {}", node.title),
        NodeKind::Output => format!("Selected: output {}", node.title),
        NodeKind::Scope { nodes } => format!("Selected: collapsed scope {}, {nodes} nodes", node.title),
    };
    if !node.detail.is_empty() {
        text += &format!(", {}", node.detail);
    }
    let producers = scene
        .inputs(index)
        .iter()
        .filter(|&&t| scene.tensors()[t as usize].producer != NONE)
        .count();
    let consumers: usize = scene
        .outputs(index)
        .iter()
        .map(|&t| scene.tensors()[t as usize].consumers.len())
        .sum();
    text += &format!(
        ", {}, {}",
        counted(producers, "producer"),
        counted(consumers, "consumer")
    );
    if let Some(severity) = node.marks.finding {
        text += &format!(", finding: {}", format!("{severity:?}").to_lowercase());
    }
    text
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn tooltip(response: Response, state: &CanvasState, scene: &Scene) {
    if let Some(node) = state.hovered_node.and_then(|n| scene.nodes().get(n as usize)) {
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(RichText::new(&node.title).strong());
            for line in [&node.name, &node.detail].into_iter().filter(|l| !l.is_empty()) {
                ui.label(RichText::new(line).monospace());
            }
        });
    } else if let Some(tensor) = state.hovered_tensor.and_then(|t| scene.tensors().get(t as usize)) {
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(RichText::new(&tensor.name).monospace().strong());
            if !tensor.ty.is_empty() {
                ui.label(RichText::new(&tensor.ty).monospace());
            }
            ui.label(counted(tensor.consumers.len(), "consumer"));
        });
    }
}
