//! The window: draws the panes, carries out what was asked.

use crate::studio::command::{self, Shell, commands};
use crate::studio::engine_file::opened::is_engine_file;
use crate::studio::jobs::Job;
use crate::studio::model::document::CheckState;
use crate::studio::model::opening::Opening;
use crate::studio::recipe::save;
use crate::studio::shell::layout::{self, Pane};
use crate::studio::shell::menus;
use crate::studio::shell::palette::Palette;
use crate::studio::shell::screenshot::Screenshot;
use crate::studio::shell::{panes, settings};
use crate::studio::state::{Action, Selection, State, Step, Targets};
use crate::studio::theme::{self, SPACE, Tokens};
use crate::studio::{self, Options, inbox};
use crate::worker::Service;
use eframe::egui;
use egui::{CentralPanel, Frame, Panel, Ui};
use egui_tiles::Tree;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Least time between two frames that background work asks for, in milliseconds: about 30 a second.
const FRAME: u64 = 33;
/// The same while latencies are measured: drawing by software takes processor time from what is measured, and a plot that
/// grows 12 times a second reads as moving.
const FRAME_MEASURING: u64 = 80;
/// The drawer's share of the height that engine view and tables of results need.
const HIGH_SHARE: f32 = 0.55;

/// The studio.
pub struct Studio {
    state: State,
    tree: Tree<Pane>,
    palette: Palette,
    canvas: studio::graph::pane::CanvasPane,
    screenshot: Option<Screenshot>,
    persist: bool,
    /// A picture of the plots on its way to the clipboard.
    picture: Arc<Mutex<Option<egui::ColorImage>>>,
    was_share: Option<f32>,
    /// Least time between two frames that background work asks for, in milliseconds.
    frame: Arc<AtomicU64>,
    /// A command to run once what was opened stands.
    run: Option<command::CommandId>,
}

impl Studio {
    /// The studio with stored settings, opening what the options name.
    pub fn new(cc: &eframe::CreationContext<'_>, options: Options) -> Self {
        let ctx = cc.egui_ctx.clone();
        let persist = options.persist && options.screenshot.is_none();
        let (mut settings, mut tree) = settings::load(cc.storage.filter(|_| persist));
        if let Some(theme) = options.theme {
            settings.theme = theme;
        }
        ctx.options_mut(|o| o.zoom_with_keyboard = false);
        ctx.set_theme(settings.theme);
        theme::install_fonts(&ctx);
        theme::install(&ctx, settings.reduce_motion);
        ctx.set_zoom_factor(settings.scale);
        let step = options.step.unwrap_or_default();
        let share = settings
            .drawer
            .get(&step)
            .copied()
            .unwrap_or_else(|| layout::default_drawer(step));
        layout::set_drawer_share(&mut tree, share);
        if options.step.is_some() {
            layout::show_tab_of(&mut tree, step);
        }
        if let Some(pane) = options.pane {
            layout::show(&mut tree, pane);
        }
        let waker = ctx.clone();
        let frame = Arc::new(AtomicU64::new(FRAME));
        let pace = Arc::clone(&frame);
        let wake: Arc<dyn Fn() + Send + Sync> =
            Arc::new(move || waker.request_repaint_after(Duration::from_millis(pace.load(Ordering::Relaxed))));
        let mut service = Service::new(options.launch);
        if let Some(folder) = options.data {
            service = service.with_data(Some(folder));
        }
        let asking = Job::new(service.start(crate::worker::Task::Targets, Arc::clone(&wake)));
        let mut state = State {
            settings,
            step,
            doc: None,
            engine: None,
            opening: None,
            open_failure: None,
            dialog: None,
            data_dialog: None,
            path_field: String::new(),
            selection: Selection::Model,
            reveal: None,
            findings: Default::default(),
            save_as: None,
            targets: Targets::Asking(Box::new(asking)),
            build: None,
            engine_file: Default::default(),
            built_file: None,
            paint: Default::default(),
            precision: Default::default(),
            sensitivity: Default::default(),
            lab: Default::default(),
            runs: Default::default(),
            log: Default::default(),
            toasts: egui_notify::Toasts::default().with_anchor(egui_notify::Anchor::BottomRight),
            plots_at: None,
            actions: Vec::new(),
            service,
            wake,
        };
        if let Some(path) = options.open {
            state.act(Action::Open(path));
        }
        let screenshot = options
            .screenshot
            .map(|path| Screenshot::new(path, options.run.is_some()));
        Self {
            state,
            tree,
            palette: Palette::default(),
            canvas: Default::default(),
            screenshot,
            persist,
            picture: Arc::default(),
            was_share: None,
            frame,
            run: options.run,
        }
    }

    /// What the studio knows; for tests.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the graph pane has in view; for tests.
    pub fn camera(&self) -> crate::studio::canvas::Camera {
        self.canvas.camera()
    }

    /// True while nothing runs in the background that will change what is shown.
    pub fn is_settled(&self) -> bool {
        let s = &self.state;
        let checking = s.doc.as_ref().is_some_and(|d| {
            d.analysis.is_none()
                || matches!(d.check, CheckState::Running(_))
                || d.patched.is_running()
                || d.cleaning.is_some()
        });
        s.opening.is_none()
            && !matches!(s.targets, Targets::Asking(_))
            && !checking
            && !s.build.as_ref().is_some_and(Job::is_running)
            && !s.lab.is_running()
            && !s.runs.is_busy()
            && !s.precision.is_running()
            && !s.sensitivity.is_running()
            && !s.lab.is_profiling()
            && !s.lab.is_differing()
            && !s
                .doc
                .as_ref()
                .is_some_and(|d| d.optimized.as_ref().is_some_and(|o| o.is_running()))
            && s.engine.as_ref().is_none_or(|e| e.asking.is_none())
            && !self.canvas.is_busy()
    }

    fn carry_out(&mut self, ctx: &egui::Context) {
        for action in std::mem::take(&mut self.state.actions) {
            match action {
                Action::Run(id) => {
                    let mut shell = Shell {
                        ctx,
                        state: &mut self.state,
                        tree: &mut self.tree,
                        palette: &mut self.palette,
                        canvas: &mut self.canvas,
                    };
                    command::run(&mut shell, id);
                }
                Action::Open(path) => self.open(path),
                Action::OpenEngineModel => self.open_engine_model(),
                Action::ShowHigh(pane) => {
                    layout::show(&mut self.tree, pane);
                    let now = layout::drawer_share(&self.tree).unwrap_or_default();
                    layout::set_drawer_share(&mut self.tree, now.max(HIGH_SHARE));
                    self.was_share = None;
                }
                Action::Go(selection) => {
                    self.state.selection = selection;
                    if let Selection::Node(node) = selection {
                        self.state.reveal = Some(node);
                        self.state.choose_layers_of(node);
                        layout::show(&mut self.tree, Pane::Canvas);
                    }
                    layout::show(&mut self.tree, Pane::Inspector);
                }
                Action::Step(step) => self.go_to(step),
                Action::Copy(text, what) => {
                    ctx.copy_text(text);
                    self.state.say(format!("Copied the {what}"));
                }
                Action::CopyPlots => {
                    let (at, slot, waker) = (self.state.plots_at, Arc::clone(&self.picture), ctx.clone());
                    let scale = ctx.pixels_per_point();
                    ctx.request_screenshot(move |image| {
                        let picture = at.map(|rect| image.region(&rect, Some(scale)));
                        *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = picture;
                        waker.request_repaint();
                    });
                }
                Action::FindLayersOf(variant) => {
                    command::find_layers_of(&mut self.state, variant);
                    layout::show(&mut self.tree, Pane::Precision);
                }
                Action::ShowRuns(ids) => {
                    let s = &mut self.state;
                    s.runs.compare(ids, &s.wake);
                }
                Action::Save(path, replace) => self.save(path, replace),
            }
            ctx.request_repaint();
        }
    }

    fn open(&mut self, path: PathBuf) {
        // An engine is looked at beside what runs.
        if !is_engine_file(&path) && self.is_busy() {
            return;
        }
        let s = &mut self.state;
        s.open_failure = None;
        s.opening = Some(Opening::start(path, &s.wake));
    }

    /// True, with a warning, while something runs that belongs to the open model.
    fn is_busy(&mut self) -> bool {
        let s = &mut self.state;
        let busy = s.build.as_ref().is_some_and(Job::is_running)
            || s.lab.is_running()
            || s.lab.is_profiling()
            || s.lab.is_differing();
        if busy {
            s.warn("A build, comparison or profile is running. Cancel it before you open another model.");
        }
        busy
    }

    /// Opens the model that the open engine was built from, with the recipe of its record.
    fn open_engine_model(&mut self) {
        if self.is_busy() {
            return;
        }
        let s = &mut self.state;
        if let Some(recipe) = s.engine.as_ref().and_then(|e| e.view.recipe(&e.path)) {
            s.open_failure = None;
            s.opening = Some(Opening::start_recipe(recipe, &s.wake));
        }
    }

    fn save(&mut self, path: PathBuf, replace: bool) {
        let s = &mut self.state;
        let Some(doc) = &mut s.doc else { return };
        match save::save(doc.recipe(), &path, replace) {
            Ok(()) => {
                doc.mark_saved(&path);
                s.settings.remember(&path);
                s.say(format!("Saved {}", path.display()));
            }
            Err(why) => {
                s.save_as = Some(path.display().to_string());
                s.error(format!("The recipe was not saved. {why}"));
            }
        }
    }

    /// Goes to a step: its panel, its drawer tab, the drawer's height of that step.
    fn go_to(&mut self, step: Step) {
        self.state.step = step;
        layout::show(&mut self.tree, Pane::Step);
        layout::show_tab_of(&mut self.tree, step);
        let share = self
            .state
            .settings
            .drawer
            .get(&step)
            .copied()
            .unwrap_or_else(|| layout::default_drawer(step));
        layout::set_drawer_share(&mut self.tree, share);
        self.was_share = None;
    }

    /// A drawer that the user resized keeps its height for this step.
    fn remember_drawer(&mut self) {
        let now = layout::drawer_share(&self.tree);
        if let (Some(now), Some(was)) = (now, self.was_share)
            && (now - was).abs() > 1e-3
        {
            self.state.settings.drawer.insert(self.state.step, now);
        }
        self.was_share = now;
    }

    fn shortcuts(&mut self, ctx: &egui::Context) {
        // Ctrl+Shift+Z also answers to Ctrl+Z for egui, so those with Shift are asked first.
        let with_shift = |c: &&command::Command| c.shortcut.is_some_and(|s| s.modifiers.shift);
        let ordered = commands()
            .filter(with_shift)
            .chain(commands().filter(|c| !with_shift(c)));
        for command in ordered {
            let Some(shortcut) = command.shortcut else { continue };
            // Ctrl+Z and plain keys belong to a text field while it is being edited.
            let typing = ctx.egui_wants_keyboard_input();
            let editing = shortcut.modifiers.is_none() || matches!(shortcut.logical_key, egui::Key::Z | egui::Key::C);
            let function = matches!(
                shortcut.logical_key,
                egui::Key::F5 | egui::Key::F6 | egui::Key::F7 | egui::Key::F8
            );
            if typing && editing && !function {
                continue;
            }
            if ctx.input_mut(|i| i.consume_shortcut(&shortcut)) {
                self.state.act(Action::Run(command.id));
            }
        }
        // Ctrl+= is Ctrl++ without Shift on most keyboards.
        if ctx.input_mut(|i| i.consume_key(egui::Modifiers::COMMAND, egui::Key::Equals)) {
            self.state.act(Action::Run(command::CommandId::Larger));
        }
    }

    fn drops(&mut self, ctx: &egui::Context) {
        let (hovered, dropped) = ctx.input(|i| (i.raw.hovered_files.len(), i.raw.dropped_files.clone()));
        if hovered > 0 {
            let what = if hovered == 1 {
                "Drop to open"
            } else {
                "Drop one file: the first is opened"
            };
            studio::model::start::drop_overlay(ctx, what);
        }
        if let Some(file) = dropped.first() {
            self.state.act(Action::Open(file.path().to_path_buf()));
            if dropped.len() > 1 {
                self.state
                    .warn(format!("{} files were dropped; the first is opened", dropped.len()));
            }
        }
    }
}

impl eframe::App for Studio {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        inbox::take_in(&mut self.state);
        let picture = self.picture.lock().map(|mut p| p.take()).unwrap_or_default();
        if let Some(picture) = picture {
            ctx.copy_image(picture);
            self.state.say("Copied the plots as PNG");
        }
        self.carry_out(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if (ctx.zoom_factor() - self.state.settings.scale).abs() > 1e-3 {
            ctx.set_zoom_factor(self.state.settings.scale);
        }
        self.shortcuts(&ctx);
        let t = Tokens::of(ui);
        Panel::top("menu bar")
            .frame(Frame::new().fill(t.panel).inner_margin(egui::Margin::symmetric(8, 4)))
            .show(ui, |ui| {
                egui::MenuBar::new().ui(ui, |ui| {
                    menus::menu_bar(ui, &mut self.state);
                    ui.add_space(SPACE);
                    menus::toolbar(ui, &mut self.state);
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        let text = egui::RichText::new("Search commands").color(t.weak);
                        let keys = ui
                            .ctx()
                            .format_shortcut(&egui::KeyboardShortcut::new(egui::Modifiers::COMMAND, egui::Key::K));
                        ui.spacing_mut().button_padding.x = SPACE;
                        let button = egui::Button::new(text)
                            .shortcut_text(keys)
                            .fill(t.raised)
                            .min_size(egui::vec2(200.0, 24.0));
                        let response = ui.add(button);
                        let info = || egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, "Search commands");
                        response.widget_info(info);
                        if response.clicked() {
                            self.state.act(Action::Run(command::CommandId::Palette));
                        }
                    });
                });
            });
        Panel::top("story line")
            .frame(Frame::new().fill(t.panel))
            .show(ui, |ui| studio::shell::story::show(ui, &mut self.state));
        CentralPanel::default().frame(Frame::new().fill(t.line)).show(ui, |ui| {
            let mut behavior = panes::Behavior {
                state: &mut self.state,
                canvas: &mut self.canvas,
            };
            self.tree.ui(&mut behavior, ui);
        });
        self.remember_drawer();
        self.palette.show(&ctx, &mut self.state);
        self.drops(&ctx);
        let toasts = std::mem::take(&mut self.state.toasts);
        self.state.toasts = toasts.with_shadow(theme::toast_edge(&t));
        // A picture shows what stands, not what passes.
        if self.screenshot.is_none() {
            self.state.toasts.show(&ctx);
        }
        // Elapsed times move while something runs, once a second is enough for them.
        let s = &self.state;
        let pace = if s.lab.is_running() { FRAME_MEASURING } else { FRAME };
        self.frame.store(pace, Ordering::Relaxed);
        let measuring = s.lab.is_running() || s.lab.is_profiling() || s.lab.is_differing();
        let precision = s.precision.is_running() || s.sensitivity.is_running();
        if s.build.as_ref().is_some_and(Job::is_running) || measuring || precision {
            ctx.request_repaint_after(Duration::from_millis(500));
        }
        if self.state.dialog.is_some() || self.state.data_dialog.is_some() {
            ctx.request_repaint_after(Duration::from_secs(2));
        }
        self.carry_out(&ctx);
        let mut settled = self.is_settled();
        if settled && let Some(id) = self.run.take() {
            // Whatever it starts has not started yet.
            settled = false;
            match command::find(id).and_then(|c| (c.blocked)(&self.state)) {
                None => self.state.act(Action::Run(id)),
                Some(why) => {
                    eprintln!("enginesmith: --run: {why}");
                    crate::studio::FAILED.store(true, std::sync::atomic::Ordering::Relaxed);
                }
            }
            ctx.request_repaint();
        }
        if let Some(screenshot) = &mut self.screenshot {
            screenshot.step(&ctx, settled);
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if self.persist {
            settings::store(storage, &self.state.settings, &self.tree);
        }
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
