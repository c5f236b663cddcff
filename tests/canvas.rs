//! The graph canvas as a user meets it: pictures in both themes, pointer, keyboard, and what is announced.

#[path = "support/canvas.rs"]
mod support;

use eframe::egui::{self, Key, Vec2, accesskit::Role, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use enginesmith::{
    check::Severity,
    graph::{Graph, NodeId},
    model::Model,
    studio::canvas::{
        CanvasEvents, CanvasState, DiffMark, Family, GraphMarks, GraphView, Item, Legend, Marks, NodeKind,
        OperatorFamilies, PaintBy, Scene, SceneNode, Style, canvas_ui, contrast,
        layout::{
            StubEnd,
            generate::{resnet, transformer},
            hierarchy::{Grouping, LayoutCache, opening_level},
        },
    },
};
use std::sync::{Arc, atomic::AtomicBool};
use support::{Generated, dark, light};

/// A continuous value for each node, as times or errors will be.
struct Times;

impl PaintBy for Times {
    fn color(&self, node: &SceneNode, _: &Style) -> Option<egui::Color32> {
        match node.key {
            Item::Node(i) if node.kind == NodeKind::Operator => Some(Self::ramp((i % 20) as f32 / 19.0)),
            _ => None,
        }
    }

    fn legend(&self, _: &Scene, _: &Style) -> Legend {
        let colors = (0..=20).map(|i| Self::ramp(i as f32 / 20.0)).collect();
        let ramp = Some((colors, "0 ms".to_owned(), "1.9 ms".to_owned()));
        Legend {
            title: "Time".to_owned(),
            entries: Vec::new(),
            ramp,
        }
    }
}

impl Times {
    fn ramp(t: f32) -> egui::Color32 {
        egui::Color32::from_rgb(40, 60, 90).lerp_to_gamma(egui::Color32::from_rgb(255, 214, 90), t)
    }
}

struct App {
    paint: Box<dyn PaintBy>,
    scene: Scene,
    state: CanvasState,
    style: Style,
    events: Option<CanvasEvents>,
    hovered: Option<u32>,
}

fn harness(scene: Scene, style: Style) -> Harness<'static, App> {
    let app = App {
        paint: Box::new(OperatorFamilies),
        scene,
        state: CanvasState::default(),
        style,
        events: None,
        hovered: None,
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_step_dt(1.0 / 60.0)
        .with_max_steps(60)
        .wgpu()
        .build_ui_state(
            |ui, app: &mut App| {
                let App {
                    paint,
                    scene,
                    state,
                    style,
                    events,
                    hovered,
                } = app;
                let all = egui::UiBuilder::new().max_rect(ui.ctx().content_rect());
                let new = canvas_ui(&mut ui.new_child(all), state, scene, &**paint, style);
                *hovered = new.hovered_tensor;
                let keep = new.clicked.is_some() || new.toggle_scope.is_some() || new.double_clicked.is_some();
                if keep || events.is_none() {
                    *events = Some(new);
                }
            },
            app,
        );
    harness.run();
    harness
}

fn click_at(harness: &mut Harness<'static, App>, at: egui::Pos2) {
    for pressed in [true, false] {
        let (pos, button) = (at, egui::PointerButton::Primary);
        harness.event(egui::Event::PointerMoved(at));
        harness.event(egui::Event::PointerButton {
            pos,
            button,
            pressed,
            modifiers: Default::default(),
        });
    }
    harness.step();
}

fn finding(severity: Severity) -> Marks {
    Marks {
        finding: Some(severity),
        diff: None,
    }
}

fn diff(mark: DiffMark) -> Marks {
    Marks {
        finding: None,
        diff: Some(mark),
    }
}

/// About 60 nodes with findings and differences at some of them.
fn residual() -> Generated {
    Generated::new(resnet(70))
        .with(9, finding(Severity::Error))
        .with(6, finding(Severity::Warning))
        .with(8, finding(Severity::Info))
        .with(12, diff(DiffMark::Added))
        .with(14, diff(DiffMark::Removed))
        .with(10, diff(DiffMark::Changed))
}

fn collapsed_transformer() -> Generated {
    Generated::new(transformer(1200))
        .with(220, finding(Severity::Error))
        .with(500, finding(Severity::Warning))
}

fn styles() -> [(&'static str, Style); 2] {
    [("light", light()), ("dark", dark())]
}

#[test]
fn a_residual_network_is_shown_in_both_themes() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    for (theme, style) in styles() {
        harness.state_mut().style = style;
        harness.state_mut().state.reset();
        harness.run();
        harness.snapshot(format!("canvas_residual_{theme}"));
        harness.state_mut().state.fit();
        harness.run();
        harness.snapshot(format!("canvas_residual_fit_{theme}"));
    }
}

#[test]
fn a_transformer_opens_collapsed_and_a_block_opens_in_place() {
    let graph = collapsed_transformer();
    let Grouping {
        by_name: true,
        mut open,
    } = opening_level(graph.hierarchy())
    else {
        panic!("too large for a flat view")
    };
    let before = graph.scene(&Grouping::scopes(open.clone()));
    let mut harness = harness(before.clone(), light());
    for (theme, style) in styles() {
        harness.state_mut().style = style;
        harness.run();
        harness.snapshot(format!("canvas_transformer_{theme}"));
    }
    let block = graph.scope("/model/layers.1");
    harness.state_mut().state.jump_to(Item::Scope(block));
    harness.run();
    let on_screen = |h: &Harness<'static, App>| {
        let App { scene, state, .. } = h.state();
        let place = scene.place(Item::Scope(block)).unwrap();
        (place.center_top() - state.camera.center) * state.camera.zoom
    };
    let old = on_screen(&harness);
    for inner in ["", "/attn", "/mlp"] {
        open[graph.scope(&format!("/model/layers.1{inner}")) as usize] = true;
    }
    let after = graph.scene(&Grouping::scopes(open));
    harness
        .state_mut()
        .state
        .keep_in_place(&before, &after, Some(Item::Scope(block)));
    harness.state_mut().scene = after;
    harness.run();
    assert!((on_screen(&harness) - old).length() < 1.0, "the block moved");
    harness.snapshot("canvas_transformer_open");
    harness.state_mut().state.zoom_to_selection();
    harness.run();
    harness.snapshot("canvas_transformer_selection");
}

#[test]
fn far_away_a_finding_is_still_seen() {
    let graph = Generated::new(transformer(10_000)).with(5_000, finding(Severity::Error));
    let mut harness = harness(graph.scene(&Grouping::default()), light());
    harness.state_mut().state.fit();
    harness.run();
    assert!(harness.state().state.camera.zoom < 0.02);
    harness.snapshot("canvas_strips");
    let image = harness.render().unwrap();
    let red = light().error.fill;
    let seen = image
        .pixels()
        .filter(|p| [p.0[0], p.0[1], p.0[2]] == [red.r(), red.g(), red.b()])
        .count();
    assert!(seen > 20, "only {seen} pixels of the mark");
}

#[test]
fn pointing_selecting_and_opening() {
    let graph = collapsed_transformer();
    let mut harness = harness(graph.scene(&opening_level(graph.hierarchy())), dark());
    let scope = Item::Scope(graph.scope("/model/layers.0"));
    harness.state_mut().state.jump_to(scope);
    harness.run();
    harness.state_mut().state.select(None);
    let at = harness.get_by_label("Graph canvas").rect().center();
    let click = |h: &mut Harness<'static, App>| click_at(h, at);
    click(&mut harness);
    assert_eq!(harness.state().state.selection(), Some(scope));
    assert_eq!(harness.state().events.as_ref().unwrap().clicked, Some(scope));
    click(&mut harness);
    let events = harness.state().events.clone().unwrap();
    assert_eq!(
        events.toggle_scope,
        Some(graph.scope("/model/layers.0")),
        "a double click opens"
    );
}

#[test]
fn the_keyboard_walks_along_lines_and_the_selection_is_announced() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    let node = harness.get_by_label("Graph canvas");
    assert_eq!(node.accesskit_node().role(), Role::Canvas);
    node.focus();
    harness.run();
    harness.state_mut().state.select(Some(Item::Node(0)));
    let press = |h: &mut Harness<'static, App>, key| {
        h.key_press(key);
        h.run();
        h.state().state.selection()
    };
    assert_eq!(press(&mut harness, Key::ArrowDown), Some(Item::Node(1)));
    assert_eq!(press(&mut harness, Key::ArrowDown), Some(Item::Node(2)));
    assert_eq!(press(&mut harness, Key::ArrowUp), Some(Item::Node(1)));
    let told = harness.get_by_label("Graph canvas").value().unwrap();
    assert!(told.starts_with("Selected: Conv /stem/Conv_1"), "{told}");
    assert!(told.contains("1 producer, 1 consumer"), "{told}");
    press(&mut harness, Key::Enter);
    assert_eq!(
        harness.state().events.as_ref().unwrap().double_clicked,
        Some(Item::Node(1))
    );
    assert_eq!(press(&mut harness, Key::Escape), None);
}

#[test]
fn dragging_scrolling_and_zooming_move_the_view() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    let before = harness.state().state.camera;
    let middle = harness.get_by_label("Graph canvas").rect().center();
    harness.hover_at(middle);
    harness.run();
    let wheel = |delta: Vec2, modifiers| egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers,
    };
    harness.event(wheel(vec2(0.0, -120.0), egui::Modifiers::NONE));
    harness.run();
    let scrolled = harness.state().state.camera;
    assert!(scrolled.center.y > before.center.y && scrolled.zoom == before.zoom);
    harness.event_modifiers(
        wheel(vec2(0.0, 120.0), egui::Modifiers::COMMAND),
        egui::Modifiers::COMMAND,
    );
    harness.run();
    assert!(harness.state().state.camera.zoom > scrolled.zoom);
    let before = harness.state().state.camera;
    harness.drag_at(middle);
    harness.step();
    harness.hover_at(middle + vec2(80.0, -60.0));
    harness.step();
    harness.drop_at(middle + vec2(80.0, -60.0));
    harness.run();
    let dragged = harness.state().state.camera;
    assert!(
        dragged.center.x < before.center.x && dragged.center.y > before.center.y,
        "{before:?} {dragged:?}"
    );
}

#[test]
fn a_jump_moves_and_ends_and_reduced_motion_does_not_move() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    let target = Item::Node(60);
    harness.state_mut().state.jump_to(target);
    harness.step();
    assert!(harness.state().state.is_moving());
    harness.run();
    assert!(!harness.state().state.is_moving(), "idle costs nothing");
    harness.state_mut().style.reduced_motion = true;
    harness.state_mut().state.jump_to(Item::Node(1));
    harness.step();
    assert!(!harness.state().state.is_moving());
    let place = harness.state().scene.place(Item::Node(1)).unwrap();
    assert_eq!(harness.state().state.camera.center, place.center());
}

#[test]
fn pointing_at_a_line_lights_up_the_whole_tensor() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    // The skip of the second block: a long line beside the main path.
    let App { scene, state, .. } = harness.state();
    let skip = scene
        .segments()
        .iter()
        .find(|s| s.from.x == s.to.x && s.to.y - s.from.y > 300.0)
        .unwrap();
    let (tensor, at) = (skip.tensor, skip.from + (skip.to - skip.from) * 0.2);
    let consumers = scene.tensors()[tensor as usize].consumers.len();
    assert_eq!(consumers, 1);
    let screen = harness.get_by_label("Graph canvas").rect();
    let pointer = screen.center() + (at - state.camera.center) * state.camera.zoom;
    assert!(screen.contains(pointer));
    harness.hover_at(pointer);
    harness.run();
    assert_eq!(harness.state().hovered, Some(tensor));
    // The tooltip comes after a moment's rest.
    harness.run_steps(60);
    harness.snapshot("canvas_hover");
    harness.hover_at(screen.left_top() + vec2(40.0, 40.0));
    harness.run();
    assert_eq!(harness.state().hovered, None);
}

#[test]
fn a_paint_layer_colours_the_nodes_and_explains_itself() {
    let mut harness = harness(residual().scene(&Grouping::default()), dark());
    harness.state_mut().paint = Box::new(Times);
    harness.run();
    harness.snapshot("canvas_paint_layer");
}

#[test]
fn the_minimap_shows_where_one_is_and_leads_elsewhere() {
    let mut harness = harness(residual().scene(&Grouping::default()), light());
    let before = harness.state().state.camera;
    let canvas = harness.get_by_label("Graph canvas").rect();
    click_at(&mut harness, canvas.right_bottom() - vec2(38.0, 30.0));
    harness.run();
    let after = harness.state().state.camera;
    let bounds = harness.state().scene.bounds();
    assert!(
        after.center.y > bounds.top() + bounds.height() * 0.8,
        "{before:?} {after:?}"
    );
    assert_eq!(after.zoom, before.zoom);
    assert_eq!(
        harness.state().state.selection(),
        None,
        "nothing under the minimap is clicked"
    );
}

#[test]
fn a_stub_leads_to_the_producer_of_its_tensor() {
    let graph = Generated::new(transformer(2_000));
    let mut harness = harness(graph.scene(&Grouping::default()), dark());
    let App { scene, state, .. } = harness.state_mut();
    let stub = scene.stubs().iter().rfind(|s| s.end == StubEnd::Consumer).unwrap();
    let producer = scene.nodes()[scene.tensors()[stub.tensor as usize].producer as usize].key;
    (state.camera.center, state.camera.zoom) = (stub.rect.center(), 1.0);
    harness.run();
    harness.snapshot("canvas_stub");
    let middle = harness.get_by_label("Graph canvas").rect().center();
    click_at(&mut harness, middle);
    harness.run();
    assert_eq!(harness.state().state.selection(), Some(producer));
    let place = harness.state().scene.place(producer).unwrap();
    assert_eq!(harness.state().state.camera.center, place.center());
}

#[test]
fn the_demo_model_is_shown_completely() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/digits.onnx");
    let graph = Arc::new(Graph::new(Arc::new(Model::open(&path).unwrap())));
    let view = GraphView::new(graph.clone());
    let never = AtomicBool::new(false);
    let scene = view
        .scene(
            &view.opening(),
            &GraphMarks::default(),
            &mut LayoutCache::default(),
            &never,
        )
        .unwrap();
    let constants = graph.nodes.iter().filter(|n| &*n.op_type == "Constant").count();
    let top = &graph.bodies[0];
    assert_eq!(
        scene.nodes().len(),
        graph.nodes.len() - constants + top.inputs.len() + top.outputs.len()
    );
    let mut harness = harness(scene, dark());
    let last = view.item(NodeId(graph.nodes.len() as u32 - 1)).unwrap();
    harness.state_mut().state.jump_to(last);
    harness.run();
    let told = harness.get_by_label("Graph canvas").value().unwrap();
    assert!(
        told.starts_with(&format!("Selected: {}", graph.nodes.last().unwrap().op_type)),
        "{told}"
    );
}

#[test]
fn text_has_the_contrast_that_wcag_aa_asks_for() {
    for (theme, style) in styles() {
        let families = Family::ALL.into_iter().map(|f| style.family(f).header);
        let others = [
            style.node,
            style.terminal.header,
            style.scope.header,
            style.frames[0],
            style.frames[1],
            style.stub,
            style.overlay,
            style.error,
            style.warning,
            style.info,
            style.added,
            style.removed,
            style.changed,
        ];
        for pair in families.chain(others) {
            assert!(contrast(pair.fill, pair.text) >= 4.5, "{theme}: {pair:?}");
        }
        assert!(contrast(style.node.fill, style.node_weak_text) >= 4.5, "{theme}");
        for family in Family::ALL {
            let strong = style.family(family).strong;
            assert!(contrast(style.background, strong) >= 2.0, "{theme}: {family:?}");
        }
    }
}
