//! The commands: a file per menu (the two short ones share one), and the reasons that several commands share.

mod blocked;
mod file;
mod lab;
mod run;
mod view;

use crate::studio::shell::layout::Pane;
use crate::studio::state::{PaintChoice, State, Step};
use eframe::egui::{Key, KeyboardShortcut, Modifiers, ThemePreference};

/// A command by name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum CommandId {
    Open,
    OpenDemo,
    CloseEngine,
    SaveRecipe,
    SaveRecipeAs,
    CopyCommandLine,
    Quit,
    Undo,
    Redo,
    CleanUp,
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
    Optimize,
    CancelOptimize,
    CloseOptimized,
    Compare,
    CancelCompare,
    FindDifference,
    CancelDifference,
    GoToFirstBad,
    Sweep,
    CancelSweep,
    ReadHistory,
    ProfileLayers,
    CancelProfile,
    RefreshTargets,
    Calibrate,
    CancelCalibration,
    ChooseCalibrationData,
    FindSensitive,
    SearchUnderLimit,
    CancelSearch,
    MeasureMixes,
    CancelMixes,
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

impl Command {
    /// A command without icon and shortcut.
    const fn new(menu: Menu, id: CommandId, name: &'static str, blocked: fn(&State) -> Option<String>) -> Self {
        Self {
            id,
            name,
            icon: "",
            menu,
            shortcut: None,
            blocked,
        }
    }

    /// With an icon.
    const fn icon(mut self, icon: &'static str) -> Self {
        self.icon = icon;
        self
    }

    /// With a shortcut.
    const fn key(mut self, shortcut: KeyboardShortcut) -> Self {
        self.shortcut = Some(shortcut);
        self
    }
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn alone(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// All commands, in the order of menus and palette.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    let menus = [file::FILE, file::EDIT, view::VIEW, run::RUN, lab::LAB];
    menus.into_iter().flatten()
}

/// The command with this id; every id is in the list (a test checks it).
pub fn find(id: CommandId) -> Option<&'static Command> {
    commands().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_and_shortcuts_are_unique() {
        for (i, a) in commands().enumerate() {
            for b in commands().skip(i + 1) {
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
