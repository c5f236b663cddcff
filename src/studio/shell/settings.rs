//! What the studio remembers between sessions: looks, recent files, the panes' layout.

use crate::studio::shell::layout::{Pane, add_new, default_tree};
use crate::studio::state::Step;
use eframe::egui::ThemePreference;
use egui_tiles::Tree;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Recent files kept.
const RECENT: usize = 10;
/// Smallest and largest scale of the interface.
const SCALE: std::ops::RangeInclusive<f32> = 0.6..=3.0;

/// Remembered settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Dark, light, or as the system has it.
    pub theme: ThemePreference,
    /// Scale of everything, 1 by default.
    pub scale: f32,
    /// No animation.
    pub reduce_motion: bool,
    /// Files opened before, latest first.
    pub recent: Vec<PathBuf>,
    /// The drawer's share of the height, by step.
    pub drawer: BTreeMap<Step, f32>,
    /// Titles of the panes there were when the layout was stored; others are new to it.
    pub panes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            scale: 1.0,
            reduce_motion: false,
            recent: Vec::new(),
            drawer: BTreeMap::new(),
            panes: Vec::new(),
        }
    }
}

/// Panes of the first version, which did not store their titles.
const FIRST_PANES: [&str; 4] = ["Plots", "Variants", "Findings", "Log"];

impl Settings {
    /// Puts a file at the head of the recent ones.
    pub fn remember(&mut self, path: &Path) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        self.recent.retain(|p| *p != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT);
    }

    /// Multiplies the scale, within limits.
    pub fn rescale(&mut self, factor: f32) {
        self.scale = (self.scale * factor).clamp(*SCALE.start(), *SCALE.end());
    }
}

const SETTINGS: &str = "settings";
const LAYOUT: &str = "layout";

/// Reads what was stored; defaults for what is missing or unreadable.
pub fn load(storage: Option<&dyn eframe::Storage>) -> (Settings, Tree<Pane>) {
    let Some(storage) = storage else {
        return (Settings::default(), default_tree());
    };
    let mut settings: Settings = eframe::get_value(storage, SETTINGS).unwrap_or_default();
    settings.rescale(1.0);
    let known = match std::mem::take(&mut settings.panes) {
        none if none.is_empty() => FIRST_PANES.map(String::from).to_vec(),
        panes => panes,
    };
    let stored = eframe::get_value::<Tree<Pane>>(storage, LAYOUT).filter(|t| t.root().is_some());
    let tree = match stored {
        Some(mut tree) => {
            add_new(&mut tree, &known);
            tree
        }
        None => default_tree(),
    };
    (settings, tree)
}

/// Stores both.
pub fn store(storage: &mut dyn eframe::Storage, settings: &Settings, tree: &Tree<Pane>) {
    let settings = Settings {
        panes: Pane::ALL.map(|p| p.title(Step::Model).to_owned()).to_vec(),
        ..settings.clone()
    };
    eframe::set_value(storage, SETTINGS, &settings);
    eframe::set_value(storage, LAYOUT, tree);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Memory(std::collections::HashMap<String, String>);
    impl eframe::Storage for Memory {
        fn get_string(&self, key: &str) -> Option<String> {
            self.0.get(key).cloned()
        }
        fn set_string(&mut self, key: &str, value: String) {
            self.0.insert(key.into(), value);
        }
        fn remove_string(&mut self, key: &str) {
            self.0.remove(key);
        }
        fn flush(&mut self) {}
    }

    #[test]
    fn settings_and_layout_come_back() {
        let mut storage = Memory::default();
        let mut settings = Settings {
            theme: ThemePreference::Dark,
            ..Default::default()
        };
        settings.rescale(100.0);
        settings.remember(Path::new("/a.onnx"));
        settings.remember(Path::new("/b.onnx"));
        settings.remember(Path::new("/a.onnx"));
        settings.drawer.insert(Step::Lab, 0.6);
        let mut tree = default_tree();
        let log = tree.tiles.find_pane(&Pane::Log).unwrap();
        tree.remove_recursively(log);
        store(&mut storage, &settings, &tree);
        let (back, tree) = load(Some(&storage));
        assert_eq!(back, settings);
        assert_eq!(back.recent, [Path::new("/a.onnx"), Path::new("/b.onnx")]);
        assert_eq!(back.scale, *SCALE.end());
        assert!(
            tree.tiles.find_pane(&Pane::Log).is_none(),
            "a tab that was closed stays closed"
        );
        assert!(tree.tiles.find_pane(&Pane::Plots).is_some());
    }

    #[test]
    fn a_layout_of_the_first_version_gains_new_tabs() {
        let mut storage = Memory::default();
        let mut tree = default_tree();
        for pane in [Pane::Layers, Pane::Precision, Pane::Plots] {
            crate::studio::shell::layout::close(&mut tree, pane);
        }
        eframe::set_value(&mut storage, SETTINGS, &Settings::default());
        eframe::set_value(&mut storage, LAYOUT, &tree);
        let (_, tree) = load(Some(&storage));
        let is_open = |p| tree.tiles.find_pane(&p).is_some();
        assert!(is_open(Pane::Layers) && is_open(Pane::Precision));
        assert!(!is_open(Pane::Plots), "it was there in the first version, and closed");
    }

    #[test]
    fn rubbish_in_the_store_is_survived() {
        let mut storage = Memory::default();
        eframe::Storage::set_string(&mut storage, SETTINGS, "(scale: \"x\"".into());
        eframe::Storage::set_string(&mut storage, LAYOUT, "42".into());
        let (settings, tree) = load(Some(&storage));
        assert_eq!(settings, Settings::default());
        assert!(tree.root().is_some());
    }
}
