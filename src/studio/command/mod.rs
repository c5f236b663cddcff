//! The one list of commands: menus, toolbar, context menus and palette are built from it. A command has a name, an icon, a
//! shortcut and a reason why it cannot be run now; [`run`] carries it out.

mod list;
mod palette;
mod run;
mod show;

pub use list::{Command, CommandId, Figure, Menu, commands, find};
pub use palette::Palette;
pub use run::{Shell, check, find_layers_of, run, search_calibrated};
pub use show::{context, menu_bar, tool, toolbar};
