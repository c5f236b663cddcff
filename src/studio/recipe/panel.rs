//! The Recipe step: everything a build and a measurement depend on. Offers only what the target can do; the rest says why not.

use crate::bench::Protocol;
use crate::engine::{TargetInfo, Usable};
use crate::format;
use crate::recipe::{Precision, Recipe};
use crate::studio::command::{CommandId, find};
use crate::studio::patches::panel::patches;
use crate::studio::precision::choice::{View, choice};
use crate::studio::recipe::parts::{data, measurement, save_bar, variants};
use crate::studio::recipe::target::target;
use crate::studio::sizes::known::Sizes;
use crate::studio::sizes::panel::shapes;
use crate::studio::state::{Action, State, Targets};
use crate::studio::theme::SPACE;
use crate::studio::widgets::{empty, heading, note, section};
use eframe::egui::{ComboBox, ScrollArea, Ui};

/// What undo calls an edit of the shapes.
const CHANGE_SHAPES: &str = "Change shapes";

/// What a part of the panel may look at while it edits the recipe.
pub struct Looks<'a> {
    /// All targets, empty until known.
    pub targets: &'a [TargetInfo],
    /// The recipe's target, when known.
    pub target: Option<&'a TargetInfo>,
    /// Dynamic dimensions, once the graph is built.
    pub axes: Option<&'a crate::studio::sizes::axes::Axes>,
    /// The sizes that the model is measured at as the recipe is, where something says them.
    pub sizes: &'a Sizes,
    /// The model after the recipe's patches.
    pub patched: &'a crate::studio::patches::patched::Patched,
    /// Folder that the recipe's relative paths start from.
    pub folder: &'a std::path::Path,
}

/// Draws the panel.
pub fn show(ui: &mut Ui, state: &mut State) {
    heading(ui, "Recipe");
    let Some(doc) = &state.doc else {
        empty(
            ui,
            "No recipe yet",
            "Open a model first; its recipe starts with the defaults.",
        );
        return;
    };
    let mut next = doc.recipe().clone();
    let file = doc
        .recipe_path
        .as_ref()
        .and_then(|p| p.file_name())
        .map(|n| n.to_string_lossy().into_owned());
    let words = match (&file, doc.is_dirty()) {
        (Some(file), false) => file.clone(),
        (Some(file), true) => format!("{file}, changed"),
        (None, _) => "not saved".into(),
    };
    ui.horizontal_wrapped(|ui| {
        ui.weak(words);
        if ui.button("Save recipe").clicked() {
            state.actions.push(Action::Run(CommandId::SaveRecipe));
        }
        if ui.button("Copy command line").clicked() {
            state.actions.push(Action::Run(CommandId::CopyCommandLine));
        }
    });
    save_bar(ui, state);
    let mut label = None;
    let targets = match &state.targets {
        Targets::Known(list) => list.as_slice(),
        Targets::Asking(_) => {
            note(ui, "Looking for targets on this machine.");
            &[]
        }
        Targets::Failed(why) => {
            note(ui, format!("The targets are not known: {why}"));
            if ui.button("Look for targets again").clicked() {
                state.actions.push(Action::Run(CommandId::RefreshTargets));
            }
            &[]
        }
    };
    let why_not_now = |id| find(id).and_then(|c| (c.blocked)(state));
    let (blocked, no_clean_up) = (why_not_now(CommandId::Calibrate), why_not_now(CommandId::CleanUp));
    // Taken out while it is drawn, because the document is looked at meanwhile.
    let mut precision = std::mem::take(&mut state.precision);
    let mut actions = Vec::new();
    if let Some(doc) = &state.doc {
        let looks = Looks {
            targets,
            target: state.target(),
            axes: doc.built().map(|a| &a.axes),
            sizes: &doc.sizes,
            patched: &doc.patched,
            folder: doc
                .recipe_path
                .as_deref()
                .unwrap_or(doc.model.path())
                .parent()
                .unwrap_or(std::path::Path::new("")),
        };
        let id = doc.model.path().to_path_buf();
        ui.push_id(("recipe", id), |ui| {
            // Sideways too: a narrow window cuts rows of choices off.
            ScrollArea::both().auto_shrink(false).show(ui, |ui| {
                let mut part = |ui: &mut Ui,
                                title: &str,
                                edit: &'static str,
                                draw: &mut dyn FnMut(&mut Ui, &mut Recipe, &Looks<'_>)| {
                    let before = next.clone();
                    section(ui, title, |ui| draw(ui, &mut next, &looks));
                    if next != before {
                        label = Some(edit);
                    }
                };
                part(ui, "Target", "Change target", &mut target);
                let mut view = View {
                    doc,
                    view: &mut precision,
                    blocked: blocked.clone(),
                    actions: &mut actions,
                };
                part(ui, "Precision", "Change precision", &mut |ui, recipe, looks| {
                    choice(ui, recipe, looks, &mut view);
                });
                part(ui, "Build options", "Change build options", &mut build_options);
                part(ui, "Shapes", CHANGE_SHAPES, &mut shapes);
                let mut clean_up = false;
                part(ui, "Patches", "Change patches", &mut |ui, recipe, looks| {
                    clean_up = patches(ui, recipe, looks, no_clean_up.as_deref());
                });
                if clean_up {
                    actions.push(Action::Run(CommandId::CleanUp));
                }
                part(ui, "Measurement", "Change measurement", &mut measurement);
                part(ui, "Data", "Change data", &mut data);
                part(ui, "Variants", "Change variants", &mut variants);
                ui.add_space(2.0 * SPACE);
            });
        });
    }
    state.precision = precision;
    state.actions.extend(actions);
    let pressed = ui.input(|i| i.pointer.any_down());
    if let Some(doc) = &mut state.doc {
        if let Some(label) = label {
            doc.edit(label, next);
        }
        // A cell of the shapes hands over a finished number: each is a step of its own, also when the focus goes on to the next.
        if label == Some(CHANGE_SHAPES) || (!pressed && ui.ctx().memory(|m| m.focused()).is_none()) {
            doc.history().close_step();
        }
    }
}

/// Why nothing can be built with the recipe as it is; none while the targets are not known yet.
pub fn blocked(state: &State) -> Option<String> {
    let doc = state.doc.as_ref()?;
    let recipe = doc.recipe();
    if let Some(why) = doc.built().and_then(|a| a.axes.trouble(recipe)) {
        return Some(why);
    }
    let targets = state.known_targets();
    if targets.is_empty() || recipe.target.via.is_some() {
        return None;
    }
    let Some(target) = state.target() else {
        return Some(format!("There is no target {:?}", recipe.target.name));
    };
    // A library that the recipe names itself is not among those found; the worker says what becomes of it.
    let names_library = recipe.build.options.contains_key("library");
    if let Here::Nothing(why) = here(target, recipe.target.version.as_deref())
        && !names_library
    {
        return Some(why);
    }
    let p = recipe.build.precision;
    why_not(target, p).map(|why| format!("{} cannot do {p}: {why}", target.name))
}

/// Why nothing can be measured with the recipe as it is: what [`blocked`] says, or what [`builds_only`] does.
pub fn cannot_measure(state: &State) -> Option<String> {
    blocked(state).or_else(|| builds_only(state))
}

/// Why the recipe's target builds here and does not run; none when it does, or is not known.
pub fn builds_only(state: &State) -> Option<String> {
    let recipe = state.doc.as_ref()?.recipe();
    let target = state.target().filter(|_| recipe.target.via.is_none())?;
    match here(target, recipe.target.version.as_deref()) {
        Here::Builds(why) => Some(why),
        Here::Runs | Here::Nothing(_) => None,
    }
}

/// What a target can do on the worker's machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Here {
    /// Build and run.
    Runs,
    /// Build; why it does not run.
    Builds(String),
    /// Nothing but being checked for by rules, and why.
    Nothing(String),
}

/// True when a found version is the one asked for, by whole parts: `10` asks for `10.16.0`, not for `100`.
pub fn is_version(found: &str, asked: &str) -> bool {
    found == asked || found.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.'))
}

/// What the best of a target's found versions can do here; of those asked for when a version is.
pub fn here(target: &TargetInfo, version: Option<&str>) -> Here {
    let (mut builds, mut nothing) = (None, None);
    let wanted = target
        .found
        .iter()
        .filter(|f| version.is_none_or(|v| is_version(&f.version, v)));
    for found in wanted {
        let words = |why: &String| format!("{} {}: {why}", target.name, found.version);
        match &found.usable {
            Usable::Yes => return Here::Runs,
            Usable::BuildOnly(why) => builds = builds.or_else(|| Some(words(why))),
            Usable::No(why) => nothing = nothing.or_else(|| Some(words(why))),
        }
    }
    match (builds, nothing) {
        (Some(why), _) => Here::Builds(why),
        (None, Some(why)) => Here::Nothing(why),
        (None, None) => {
            let install = target.install.clone().unwrap_or_default();
            let what = match version {
                Some(version) => format!("{} {version} was not found.", target.name),
                None => format!("{} was not found.", target.name),
            };
            Here::Nothing(format!("{what} {install}").trim().to_owned())
        }
    }
}

/// Why the target cannot do a precision; none when it can.
pub fn why_not(target: &TargetInfo, precision: Precision) -> Option<String> {
    match target.precisions.iter().find(|(name, _)| name == precision.name()) {
        Some((_, why)) => why.clone(),
        None => Some(format!("{} does not know it", target.name)),
    }
}

/// Name of the protocol that a measurement of this recipe will have.
pub fn protocol_name(recipe: &Recipe) -> String {
    let default = if matches!(recipe.target.name.as_str(), "embedded" | "onnxruntime-cpu") {
        Protocol::Serial
    } else {
        Protocol::Trtexec11
    };
    recipe.bench.protocol.unwrap_or(default).name().into()
}

/// Workspace, threads and the target's other options.
fn build_options(ui: &mut Ui, recipe: &mut Recipe, looks: &Looks<'_>) {
    let knows = |name: &str| looks.target.is_none_or(|t| t.options.iter().any(|(n, _)| n == name));
    let gpu = recipe.target.name.starts_with("tensorrt");
    ui.add_enabled_ui(gpu, |ui| {
        ui.horizontal(|ui| {
            ui.label("Workspace");
            workspace(ui, recipe);
        });
    })
    .response
    .on_disabled_hover_text(format!("{} has no workspace limit", recipe.target.name));
    crate::studio::recipe::options::show(ui, recipe, looks);
    let unknown: Vec<String> = recipe.build.options.keys().filter(|k| !knows(k)).cloned().collect();
    for name in unknown {
        ui.horizontal(|ui| {
            note(ui, format!("⚠ {} does not know the option {name}", recipe.target.name));
            if ui.button(format!("Remove {name}")).clicked() {
                recipe.build.options.remove(&name);
            }
        });
    }
}

fn workspace(ui: &mut Ui, recipe: &mut Recipe) {
    let sizes = [256u64 << 20, 1 << 30, 2 << 30, 4 << 30, 8 << 30, 16 << 30];
    let words = recipe
        .build
        .workspace
        .map_or_else(|| "Target's default".into(), format::bytes);
    ui.name_inputs("Workspace", |ui| {
        ComboBox::from_id_salt("workspace")
            .selected_text(words)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut recipe.build.workspace, None, "Target's default");
                for size in sizes {
                    ui.selectable_value(&mut recipe.build.workspace, Some(size), format::bytes(size));
                }
            });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Found;

    fn target(versions: &[(&str, Usable)]) -> TargetInfo {
        TargetInfo {
            name: "tensorrt".into(),
            found: versions
                .iter()
                .map(|(v, u)| Found {
                    version: (*v).into(),
                    path: None,
                    usable: u.clone(),
                    remark: None,
                })
                .collect(),
            install: Some("Run enginesmith targets install tensorrt.".into()),
            precisions: vec![("fp32".into(), None), ("fp8".into(), Some("needs Ada or newer".into()))],
            options: vec![],
            kinds: Default::default(),
            protocols: vec![],
        }
    }

    #[test]
    fn reasons_name_the_version() {
        let t = target(&[("10.16.0", Usable::No("no driver".into())), ("11.1.0", Usable::Yes)]);
        assert_eq!(here(&t, None), Here::Runs);
        assert_eq!(here(&t, Some("11")), Here::Runs);
        assert_eq!(
            here(&t, Some("10")),
            Here::Nothing("tensorrt 10.16.0: no driver".into())
        );
        // "1" is not a prefix of "11.1.0" by parts.
        assert!(matches!(here(&t, Some("1")), Here::Nothing(why) if why.starts_with("tensorrt 1 was not found. Run")));
        let t = target(&[("1.7.0", Usable::BuildOnly("no RTX card".into()))]);
        assert_eq!(here(&t, None), Here::Builds("tensorrt 1.7.0: no RTX card".into()));
        assert_eq!(why_not(&t, Precision::Fp32), None);
        assert_eq!(why_not(&t, Precision::Fp8).unwrap(), "needs Ada or newer");
        assert!(why_not(&t, Precision::Int4).is_some());
    }
}
