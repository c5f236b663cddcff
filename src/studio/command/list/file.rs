//! The menus "File" and "Edit".

use crate::studio::command::list::blocked::{needs_graph, needs_model, never};
use crate::studio::command::list::{Command, CommandId, Menu, ctrl, ctrl_shift};
use eframe::egui::Key;

/// Models, recipes, leaving.
pub(crate) static FILE: &[Command] = &[
    Command::new(Menu::File, CommandId::Open, "Open model, recipe or engine…", never)
        .icon("🗁")
        .key(ctrl(Key::O)),
    Command::new(Menu::File, CommandId::OpenDemo, "Open demo", |_| {
        crate::studio::command::run::demo()
            .is_none()
            .then(|| "The demo (examples/digits) is not next to the program or in the current folder".into())
    }),
    Command::new(Menu::File, CommandId::CloseEngine, "Close engine", |s| {
        s.engine.is_none().then(|| "No engine file is open".into())
    }),
    Command::new(Menu::File, CommandId::SaveRecipe, "Save recipe", |s| {
        needs_model(s).or_else(|| {
            let doc = s.doc.as_ref()?;
            (doc.recipe_path.is_some() && !doc.is_dirty()).then(|| "The recipe is saved".into())
        })
    })
    .icon("💾")
    .key(ctrl(Key::S)),
    Command::new(Menu::File, CommandId::SaveRecipeAs, "Save recipe as…", needs_model).key(ctrl_shift(Key::S)),
    Command::new(Menu::File, CommandId::CopyCommandLine, "Copy command line", needs_model)
        .icon("🗐")
        .key(ctrl_shift(Key::C)),
    Command::new(Menu::File, CommandId::Quit, "Quit", never).key(ctrl(Key::Q)),
];

/// The recipe's history, and finding things.
pub(crate) static EDIT: &[Command] = &[
    Command::new(Menu::Edit, CommandId::Undo, "Undo recipe edit", |s| {
        needs_model(s).or_else(|| s.doc.as_ref()?.undoable().0.is_none().then(|| "Nothing to undo".into()))
    })
    .icon("⟲")
    .key(ctrl(Key::Z)),
    Command::new(Menu::Edit, CommandId::Redo, "Redo recipe edit", |s| {
        needs_model(s).or_else(|| s.doc.as_ref()?.undoable().1.is_none().then(|| "Nothing to redo".into()))
    })
    .icon("⟳")
    .key(ctrl_shift(Key::Z)),
    Command::new(Menu::Edit, CommandId::CleanUp, "Add clean-up patches", |s| {
        needs_graph(s).or_else(|| {
            let doc = s.doc.as_ref()?;
            let busy = doc.cleaning.is_some() || doc.patched.is_running();
            busy.then(|| "Patches are being applied".into())
        })
    }),
    Command::new(Menu::Edit, CommandId::FindNode, "Find node", needs_graph)
        .icon("🔍")
        .key(ctrl(Key::F)),
    Command::new(Menu::Edit, CommandId::Palette, "Command palette", never).key(ctrl(Key::K)),
];
