//! The commands.

use crate::studio::layout::Pane;
use crate::studio::state::{CheckState, PaintChoice, State, Step};
use eframe::egui::{Key, KeyboardShortcut, Modifiers, ThemePreference};

/// A command by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum CommandId {
    Open,
    OpenDemo,
    SaveRecipe,
    SaveRecipeAs,
    CopyCommandLine,
    Quit,
    Undo,
    Redo,
    FindNode,
    Palette,
    Step(Step),
    Pane(Pane),
    ResetLayout,
    Theme(ThemePreference),
    ReduceMotion,
    Larger,
    Smaller,
    ResetScale,
    FitGraph,
    Paint(PaintChoice),
    Turn,
    Check,
    Build,
    CancelBuild,
    Compare,
    CancelCompare,
    RefreshTargets,
    PausePlots,
    ResetPlots,
    CopyTableMarkdown,
    CopyTableCsv,
    CopyPlotCsv,
    CopyPlotPng,
    CopySvg(Figure),
    CopyLog,
    ClearLog,
}

/// A figure of a finished comparison.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Figure {
    Latency,
    Throughput,
    Speedup,
}

/// Where a command stands in the menu bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Menu {
    File,
    Edit,
    View,
    Run,
    Lab,
}

impl Menu {
    /// In order.
    pub const ALL: [Self; 5] = [Self::File, Self::Edit, Self::View, Self::Run, Self::Lab];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View => "View",
            Self::Run => "Run",
            Self::Lab => "Lab",
        }
    }
}

/// A command.
pub struct Command {
    /// What it is called in code.
    pub id: CommandId,
    /// What it is called in menus: a verb first.
    pub name: &'static str,
    /// Its icon; empty for none.
    pub icon: &'static str,
    /// Where it stands.
    pub menu: Menu,
    /// Its shortcut.
    pub shortcut: Option<KeyboardShortcut>,
    /// Why it cannot be run now.
    pub blocked: fn(&State) -> Option<String>,
}

const fn ctrl(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
}

const fn ctrl_shift(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key))
}

const fn alone(key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(Modifiers::NONE, key))
}

fn never(_: &State) -> Option<String> {
    None
}

fn needs_model(state: &State) -> Option<String> {
    state.doc.is_none().then(|| "Open a model first".into())
}

fn needs_graph(state: &State) -> Option<String> {
    match &state.doc {
        None => needs_model(state),
        Some(doc) if doc.analysis.is_none() => Some("The graph is still being built".into()),
        Some(_) => None,
    }
}

fn may_check(state: &State) -> Option<String> {
    needs_model(state).or_else(|| {
        let running = state
            .doc
            .as_ref()
            .is_some_and(|d| matches!(d.check, CheckState::Running(_)));
        running.then(|| "A check is running".into())
    })
}

/// Why nothing can be built or measured now: no model, an unusable target or precision, another job.
fn may_build(state: &State) -> Option<String> {
    if let Some(why) = needs_graph(state) {
        return Some(why);
    }
    if state.build.as_ref().is_some_and(super::super::state::Job::is_running) {
        return Some("A build is running".into());
    }
    if state.lab.is_running() {
        return Some("A comparison is running".into());
    }
    super::super::panels::recipe::blocked(state)
}

/// As [`may_build`]; a target that builds but does not run here is no use either.
fn may_compare(state: &State) -> Option<String> {
    may_build(state).or_else(|| super::super::panels::recipe::cannot_measure(state))
}

/// All commands, in the order of menus and palette.
pub static COMMANDS: &[Command] = &[
    Command {
        id: CommandId::Open,
        name: "Open model or recipe…",
        icon: "🗁",
        menu: Menu::File,
        shortcut: ctrl(Key::O),
        blocked: never,
    },
    Command {
        id: CommandId::OpenDemo,
        name: "Open demo",
        icon: "",
        menu: Menu::File,
        shortcut: None,
        blocked: |_| {
            super::run::demo()
                .is_none()
                .then(|| "The demo (examples/digits) is not next to the program or in the current folder".into())
        },
    },
    Command {
        id: CommandId::SaveRecipe,
        name: "Save recipe",
        icon: "💾",
        menu: Menu::File,
        shortcut: ctrl(Key::S),
        blocked: |s| {
            needs_model(s).or_else(|| {
                let doc = s.doc.as_ref()?;
                (doc.recipe_path.is_some() && !doc.is_dirty()).then(|| "The recipe is saved".into())
            })
        },
    },
    Command {
        id: CommandId::SaveRecipeAs,
        name: "Save recipe as…",
        icon: "",
        menu: Menu::File,
        shortcut: ctrl_shift(Key::S),
        blocked: needs_model,
    },
    Command {
        id: CommandId::CopyCommandLine,
        name: "Copy command line",
        icon: "🗐",
        menu: Menu::File,
        shortcut: ctrl_shift(Key::C),
        blocked: needs_model,
    },
    Command {
        id: CommandId::Quit,
        name: "Quit",
        icon: "",
        menu: Menu::File,
        shortcut: ctrl(Key::Q),
        blocked: never,
    },
    Command {
        id: CommandId::Undo,
        name: "Undo recipe edit",
        icon: "⟲",
        menu: Menu::Edit,
        shortcut: ctrl(Key::Z),
        blocked: |s| {
            needs_model(s).or_else(|| s.doc.as_ref()?.undoable().0.is_none().then(|| "Nothing to undo".into()))
        },
    },
    Command {
        id: CommandId::Redo,
        name: "Redo recipe edit",
        icon: "⟳",
        menu: Menu::Edit,
        shortcut: ctrl_shift(Key::Z),
        blocked: |s| {
            needs_model(s).or_else(|| s.doc.as_ref()?.undoable().1.is_none().then(|| "Nothing to redo".into()))
        },
    },
    Command {
        id: CommandId::FindNode,
        name: "Find node",
        icon: "🔍",
        menu: Menu::Edit,
        shortcut: ctrl(Key::F),
        blocked: needs_graph,
    },
    Command {
        id: CommandId::Palette,
        name: "Command palette",
        icon: "",
        menu: Menu::Edit,
        shortcut: ctrl(Key::K),
        blocked: never,
    },
    Command {
        id: CommandId::Step(Step::Model),
        name: "Go to Model",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Num1),
        blocked: never,
    },
    Command {
        id: CommandId::Step(Step::Check),
        name: "Go to Check",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Num2),
        blocked: never,
    },
    Command {
        id: CommandId::Step(Step::Recipe),
        name: "Go to Recipe",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Num3),
        blocked: never,
    },
    Command {
        id: CommandId::Step(Step::Build),
        name: "Go to Build",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Num4),
        blocked: never,
    },
    Command {
        id: CommandId::Step(Step::Lab),
        name: "Go to Lab",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Num5),
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Step),
        name: "Show step panel",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Canvas),
        name: "Show graph",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Inspector),
        name: "Show inspector",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Plots),
        name: "Show plots",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Variants),
        name: "Show variants",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Findings),
        name: "Show findings",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Pane(Pane::Log),
        name: "Show log",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::ResetLayout,
        name: "Reset layout",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::FitGraph,
        name: "Fit graph",
        icon: "⛶",
        menu: Menu::View,
        shortcut: ctrl(Key::Num0),
        blocked: needs_graph,
    },
    Command {
        id: CommandId::Paint(PaintChoice::Families),
        name: "Paint nodes by operator family",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: needs_graph,
    },
    Command {
        id: CommandId::Paint(PaintChoice::Target),
        name: "Paint nodes by what the target takes",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: needs_graph,
    },
    Command {
        id: CommandId::Turn,
        name: "Switch between original and patched graph",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: |s| {
            needs_graph(s).or_else(|| match &s.doc {
                Some(doc) if doc.recipe().patches.is_empty() => Some("The recipe has no patches".into()),
                Some(doc) if doc.patched.applied().is_none() => Some("The patches are not applied".into()),
                _ => None,
            })
        },
    },
    Command {
        id: CommandId::Theme(ThemePreference::System),
        name: "Use system theme",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Theme(ThemePreference::Dark),
        name: "Use dark theme",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Theme(ThemePreference::Light),
        name: "Use light theme",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::ReduceMotion,
        name: "Toggle reduced motion",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Larger,
        name: "Enlarge interface",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Plus),
        blocked: never,
    },
    Command {
        id: CommandId::Smaller,
        name: "Shrink interface",
        icon: "",
        menu: Menu::View,
        shortcut: ctrl(Key::Minus),
        blocked: never,
    },
    Command {
        id: CommandId::ResetScale,
        name: "Reset interface scale",
        icon: "",
        menu: Menu::View,
        shortcut: None,
        blocked: never,
    },
    Command {
        id: CommandId::Check,
        name: "Check model",
        icon: "✔",
        menu: Menu::Run,
        shortcut: alone(Key::F5),
        blocked: may_check,
    },
    Command {
        id: CommandId::Build,
        name: "Build engine",
        icon: "🔨",
        menu: Menu::Run,
        shortcut: alone(Key::F6),
        blocked: may_build,
    },
    Command {
        id: CommandId::CancelBuild,
        name: "Cancel build",
        icon: "",
        menu: Menu::Run,
        shortcut: None,
        blocked: |s| match &s.build {
            Some(job) if job.is_cancelling() => Some("The build was asked to stop".into()),
            Some(job) if job.is_running() => None,
            _ => Some("No build is running".into()),
        },
    },
    Command {
        id: CommandId::RefreshTargets,
        name: "Look for targets again",
        icon: "",
        menu: Menu::Run,
        shortcut: None,
        blocked: |s| {
            matches!(s.targets, super::super::state::Targets::Asking(_)).then(|| "Targets are being looked for".into())
        },
    },
    Command {
        id: CommandId::Compare,
        name: "Compare variants",
        icon: "▶",
        menu: Menu::Lab,
        shortcut: alone(Key::F7),
        blocked: may_compare,
    },
    Command {
        id: CommandId::CancelCompare,
        name: "Cancel comparison",
        icon: "⏹",
        menu: Menu::Lab,
        shortcut: None,
        blocked: |s| match &s.lab.run {
            Some(run) if run.job.is_cancelling() => Some("The comparison was asked to stop".into()),
            Some(run) if run.job.is_running() => None,
            _ => Some("No comparison is running".into()),
        },
    },
    Command {
        id: CommandId::PausePlots,
        name: "Pause or resume plots",
        icon: "⏸",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_run,
    },
    Command {
        id: CommandId::ResetPlots,
        name: "Reset plot zoom",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_run,
    },
    Command {
        id: CommandId::CopyTableMarkdown,
        name: "Copy table as Markdown",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_result,
    },
    Command {
        id: CommandId::CopyTableCsv,
        name: "Copy table as CSV",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_result,
    },
    Command {
        id: CommandId::CopyPlotCsv,
        name: "Copy plot data as CSV",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_run,
    },
    Command {
        id: CommandId::CopyPlotPng,
        name: "Copy plots as PNG",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_run,
    },
    Command {
        id: CommandId::CopySvg(Figure::Latency),
        name: "Copy latency plot as SVG",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_result,
    },
    Command {
        id: CommandId::CopySvg(Figure::Throughput),
        name: "Copy throughput plot as SVG",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_result,
    },
    Command {
        id: CommandId::CopySvg(Figure::Speedup),
        name: "Copy speed-up plot as SVG",
        icon: "",
        menu: Menu::Lab,
        shortcut: None,
        blocked: needs_result,
    },
    Command {
        id: CommandId::CopyLog,
        name: "Copy log",
        icon: "",
        menu: Menu::Run,
        shortcut: None,
        blocked: |s| s.log.is_empty().then(|| "The log is empty".into()),
    },
    Command {
        id: CommandId::ClearLog,
        name: "Clear log",
        icon: "",
        menu: Menu::Run,
        shortcut: None,
        blocked: |s| s.log.is_empty().then(|| "The log is empty".into()),
    },
];

fn needs_run(state: &State) -> Option<String> {
    state.lab.run.is_none().then(|| "Compare variants first".into())
}

fn needs_result(state: &State) -> Option<String> {
    state
        .lab
        .result
        .is_none()
        .then(|| "No comparison has finished yet".into())
}

/// The command with this id; every id is in the list (a test checks it).
pub fn find(id: CommandId) -> Option<&'static Command> {
    COMMANDS.iter().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_and_shortcuts_are_unique() {
        for (i, a) in COMMANDS.iter().enumerate() {
            for b in COMMANDS.iter().skip(i + 1) {
                assert_ne!(a.id, b.id);
                assert_ne!(a.name, b.name);
                assert!(
                    a.shortcut.is_none() || a.shortcut != b.shortcut,
                    "{} and {}",
                    a.name,
                    b.name
                );
            }
            assert!(a.name.starts_with(char::is_uppercase) && !a.name.contains('!'));
        }
        for step in Step::ALL {
            assert!(find(CommandId::Step(step)).is_some());
        }
        for pane in Pane::ALL {
            assert!(find(CommandId::Pane(pane)).is_some());
        }
    }
}
