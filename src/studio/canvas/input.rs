//! Pointer and keyboard.

use super::{
    camera::Projection,
    draw::{self, minimap::Minimap},
    layout::{NONE, StubEnd, hierarchy::Item},
    scene::{NodeKind, Scene},
    state::{CanvasState, Drag},
    widget::CanvasEvents,
};
use eframe::egui::{EventFilter, Key, Modifiers, PointerButton, Pos2, Response, Ui, Vec2};

/// How near to a line the pointer must be to mean it, in screen points.
const REACH: f32 = 5.0;
/// Below this zoom lines cannot be pointed at.
const LINES: f32 = 0.1;

/// What is at a place on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hit {
    Node(u32),
    /// A stub and where it leads.
    Stub(u32),
    /// The button that collapses a frame.
    Collapse(Item),
    FrameHeader(Item),
    Tensor(u32),
    Nothing,
}

fn hit(scene: &Scene, to: Projection, at: Pos2) -> Hit {
    let place = to.to_graph(at);
    if let Some(node) = scene.node_at(place) {
        return Hit::Node(node);
    }
    if let Some(stub) = scene.stub_at(place) {
        return Hit::Stub(stub);
    }
    if let Some(frame) = scene.frames().iter().rev().find(|f| f.rect.contains(place)) {
        if draw::collapse_button(to.rect(frame.rect), to.screen, to.zoom()).contains(at) {
            return Hit::Collapse(frame.key);
        }
        if draw::frame_header(frame.rect).contains(place) {
            return Hit::FrameHeader(frame.key);
        }
    }
    if to.zoom() >= LINES
        && let Some(tensor) = scene.tensor_at(place, REACH / to.zoom())
    {
        return Hit::Tensor(tensor);
    }
    Hit::Nothing
}

/// Moves the view.
pub(super) fn navigate(ui: &Ui, response: &Response, state: &mut CanvasState, scene: &Scene, to: Projection) {
    let map = Minimap::new(scene, to);
    let pressed_at = response.interact_pointer_pos();
    if response.drag_started() || response.is_pointer_button_down_on() && ui.input(|i| i.pointer.any_pressed()) {
        let on_map = pressed_at.is_some_and(|p| map.is_some_and(|m| m.frame.contains(p)));
        state.drag = if on_map { Drag::Minimap } else { Drag::Graph };
    }
    let mut camera = state.camera;
    match (state.drag, pressed_at, map) {
        (Drag::Minimap, Some(at), Some(map)) if response.is_pointer_button_down_on() => {
            camera.center = map.to_graph(at)
        }
        (Drag::Graph, ..)
            if response.dragged_by(PointerButton::Primary) || response.dragged_by(PointerButton::Middle) =>
        {
            camera = camera.panned(response.drag_delta());
        }
        _ => {}
    }
    if response.contains_pointer() {
        let (scroll, zoom) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
        if scroll != Vec2::ZERO {
            camera = camera.panned(scroll);
        }
        if zoom != 1.0 {
            let pointer = response.hover_pos().unwrap_or(to.screen.center());
            camera = camera.zoomed(zoom, pointer - to.screen.center());
        }
    }
    if camera != state.camera {
        state.take_over(camera.kept_near(scene.bounds(), to.screen.size()));
    }
}

/// Hover, clicks and the context menu's target.
pub(super) fn point(
    response: &Response,
    state: &mut CanvasState,
    scene: &Scene,
    to: Projection,
    events: &mut CanvasEvents,
) {
    let map = Minimap::new(scene, to);
    let on_map = |p: Pos2| map.is_some_and(|m| m.frame.contains(p));
    let under = |at: Option<Pos2>| at.filter(|&p| !on_map(p)).map_or(Hit::Nothing, |p| hit(scene, to, p));
    let hover = if response.dragged() {
        Hit::Nothing
    } else {
        under(response.hover_pos())
    };
    state.hovered_node = if let Hit::Node(node) = hover { Some(node) } else { None };
    state.hovered_tensor = match hover {
        Hit::Tensor(tensor) => Some(tensor),
        Hit::Stub(stub) => scene.stubs().get(stub as usize).map(|s| s.tensor),
        _ => None,
    };
    let click = response.interact_pointer_pos();
    if click.is_some_and(on_map) {
        return;
    }
    // Not `clicked()`: that is also true for Enter on the focused canvas.
    if response.clicked_by(PointerButton::Primary) || response.secondary_clicked() {
        response.request_focus();
        let target = under(click);
        let item = match target {
            Hit::Node(node) => scene.nodes().get(node as usize).map(|n| n.key),
            Hit::FrameHeader(key) => Some(key),
            _ => None,
        };
        if response.secondary_clicked() {
            events.context_menu = item;
            if item.is_some() {
                state.select(item);
            }
            return;
        }
        events.clicked = item;
        match target {
            Hit::Collapse(Item::Scope(scope)) => events.toggle_scope = Some(scope),
            Hit::Stub(stub) => follow_stub(scene, state, stub),
            Hit::Tensor(tensor) => events.clicked_tensor = Some(tensor),
            _ => state.select(item),
        }
    }
    if response.double_clicked() {
        match under(click) {
            Hit::Node(node) => match scene.nodes().get(node as usize).map(|n| (n.kind, n.key)) {
                Some((NodeKind::Scope { .. }, Item::Scope(scope))) => events.toggle_scope = Some(scope),
                Some((_, key)) => events.double_clicked = Some(key),
                None => {}
            },
            Hit::FrameHeader(Item::Scope(scope)) => events.toggle_scope = Some(scope),
            _ => {}
        }
    }
}

/// Jumps to the other end of a line that is not drawn: from a consumer to the producer, from the producer to its first
/// consumer.
fn follow_stub(scene: &Scene, state: &mut CanvasState, stub: u32) {
    let Some(stub) = scene.stubs().get(stub as usize) else {
        return;
    };
    let Some(tensor) = scene.tensors().get(stub.tensor as usize) else {
        return;
    };
    let other = match stub.end {
        StubEnd::Consumer => Some(tensor.producer).filter(|&p| p != NONE),
        StubEnd::Producer => tensor.consumers.first().copied(),
    };
    if let Some(node) = other.and_then(|n| scene.nodes().get(n as usize)) {
        state.jump_to(node.key);
    }
}

/// Keys while the canvas has the focus.
pub(super) fn keys(ui: &Ui, response: &Response, state: &mut CanvasState, scene: &Scene, events: &mut CanvasEvents) {
    if !response.has_focus() {
        return;
    }
    let filter = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        escape: true,
        tab: false,
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    for key in [Key::ArrowUp, Key::ArrowDown, Key::ArrowLeft, Key::ArrowRight] {
        if pressed(key) {
            walk(state, scene, key);
        }
    }
    if pressed(Key::Enter) {
        match state.selection() {
            Some(Item::Scope(scope)) => events.toggle_scope = Some(scope),
            Some(item) => events.double_clicked = Some(item),
            None => {}
        }
    }
    if pressed(Key::Escape) {
        if state.selection().is_none() {
            response.surrender_focus();
        }
        state.select(None);
    }
}

/// Moves the selection along a line (up to a producer, down to a consumer) or to the neighbour on the left or right.
fn walk(state: &mut CanvasState, scene: &Scene, key: Key) {
    let current = state.selection().and_then(|s| scene.node_index(s));
    let next = match current {
        None => nearest(scene, state.camera.center),
        Some(node) => match key {
            Key::ArrowUp => scene
                .inputs(node)
                .iter()
                .map(|&t| scene.tensors()[t as usize].producer)
                .find(|&p| p != NONE),
            Key::ArrowDown => scene
                .outputs(node)
                .iter()
                .find_map(|&t| scene.tensors()[t as usize].consumers.first().copied()),
            Key::ArrowLeft => beside(scene, node, -1.0),
            _ => beside(scene, node, 1.0),
        },
    };
    if let Some(node) = next.and_then(|n| scene.nodes().get(n as usize)) {
        state.select(Some(node.key));
        state.make_visible(node.key);
    }
}

fn nearest(scene: &Scene, to: Pos2) -> Option<u32> {
    let distance = |i: &u32| scene.nodes()[*i as usize].rect.distance_sq_to_pos(to);
    (0..scene.nodes().len() as u32).min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The nearest box in the same row on one side (-1 left, 1 right).
fn beside(scene: &Scene, node: u32, side: f32) -> Option<u32> {
    let from = scene.nodes()[node as usize].rect;
    let row = scene.node_bands.in_range(from.top(), from.bottom());
    let away = |i: u32| (scene.nodes()[i as usize].rect.center().x - from.center().x) * side;
    let candidates = row.filter(|&i| {
        let rect = scene.nodes()[i as usize].rect;
        i != node && away(i) > 0.0 && rect.top() < from.bottom() && rect.bottom() > from.top()
    });
    candidates.min_by(|&a, &b| away(a).total_cmp(&away(b)))
}
