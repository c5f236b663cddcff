//! The menu "View": steps, panes, graph, theme, scale.

use crate::studio::command::list::blocked::{needs_difference, needs_graph, never};
use crate::studio::command::list::{Command, CommandId, Menu, ctrl};
use crate::studio::shell::layout::Pane;
use crate::studio::state::{PaintChoice, Step};
use eframe::egui::{Key, ThemePreference};

/// What is seen, and how.
pub(crate) static VIEW: &[Command] = &[
    Command::new(Menu::View, CommandId::Step(Step::Model), "Go to Model", never).key(ctrl(Key::Num1)),
    Command::new(Menu::View, CommandId::Step(Step::Check), "Go to Check", never).key(ctrl(Key::Num2)),
    Command::new(Menu::View, CommandId::Step(Step::Recipe), "Go to Recipe", never).key(ctrl(Key::Num3)),
    Command::new(Menu::View, CommandId::Step(Step::Build), "Go to Build", never).key(ctrl(Key::Num4)),
    Command::new(Menu::View, CommandId::Step(Step::Lab), "Go to Lab", never).key(ctrl(Key::Num5)),
    Command::new(Menu::View, CommandId::Pane(Pane::Step), "Show step panel", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Canvas), "Show graph", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Inspector), "Show inspector", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Precision), "Show precision", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Plots), "Show plots", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Batches), "Show batch sizes", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Variants), "Show variants", never),
    Command::new(
        Menu::View,
        CommandId::Pane(Pane::Differences),
        "Show differences",
        never,
    ),
    Command::new(Menu::View, CommandId::Pane(Pane::History), "Show history", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Findings), "Show findings", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Engine), "Show engine", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Layers), "Show layers", never),
    Command::new(Menu::View, CommandId::Pane(Pane::Log), "Show log", never),
    Command::new(Menu::View, CommandId::ResetLayout, "Reset layout", never),
    Command::new(Menu::View, CommandId::FitGraph, "Fit graph", needs_graph)
        .icon("⛶")
        .key(ctrl(Key::Num0)),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Families),
        "Paint nodes by operator family",
        needs_graph,
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Target),
        "Paint nodes by what the target takes",
        needs_graph,
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Precision),
        "Paint nodes by precision",
        needs_graph,
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Sensitivity),
        "Paint nodes by accuracy lost",
        needs_graph,
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Types),
        "Paint nodes by types in the engine",
        |s| {
            needs_graph(s).or_else(|| match &s.engine {
                None => Some("Open an engine file first".into()),
                Some(e) if e.view.layers.is_empty() => Some("The open engine tells no layers here".into()),
                Some(_) => None,
            })
        },
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Time),
        "Paint nodes by time per layer",
        |s| {
            let profiled = s.lab.profile.as_ref().is_some_and(|p| p.result.is_some());
            needs_graph(s).or_else(|| (!profiled).then(|| "Profile layers first".into()))
        },
    ),
    Command::new(
        Menu::View,
        CommandId::Paint(PaintChoice::Error),
        "Paint nodes by error",
        |s| needs_graph(s).or_else(|| needs_difference(s)),
    ),
    Command::new(
        Menu::View,
        CommandId::Turn,
        "Switch between original and patched graph",
        |s| {
            needs_graph(s).or_else(|| match &s.doc {
                Some(doc) if doc.optimized().is_some() => None,
                Some(doc) if doc.recipe().patches.is_empty() => Some("The recipe has no patches".into()),
                Some(doc) if doc.patched.applied().is_none() => Some("The patches are not applied".into()),
                _ => None,
            })
        },
    ),
    Command::new(
        Menu::View,
        CommandId::Theme(ThemePreference::System),
        "Use system theme",
        never,
    ),
    Command::new(
        Menu::View,
        CommandId::Theme(ThemePreference::Dark),
        "Use dark theme",
        never,
    ),
    Command::new(
        Menu::View,
        CommandId::Theme(ThemePreference::Light),
        "Use light theme",
        never,
    ),
    Command::new(Menu::View, CommandId::ReduceMotion, "Toggle reduced motion", never),
    Command::new(Menu::View, CommandId::Larger, "Enlarge interface", never).key(ctrl(Key::Plus)),
    Command::new(Menu::View, CommandId::Smaller, "Shrink interface", never).key(ctrl(Key::Minus)),
    Command::new(Menu::View, CommandId::ResetScale, "Reset interface scale", never),
];
