//! The one list of commands: menus, toolbar, context menus and palette are built from it. A command has a name, an icon, a
//! shortcut and a reason why it cannot be run now; [`run`] carries it out.

pub mod list;
mod precision;
mod run;

pub use list::{Command, CommandId, Figure, Menu, commands, find};
pub use precision::{find_layers_of, search_calibrated};
pub use run::{Shell, check, run};
