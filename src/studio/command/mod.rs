//! The one list of commands: menus, toolbar, context menus and palette are built from it. A command has a name, an icon, a
//! shortcut and a reason why it cannot be run now; [`run`] carries it out.

mod list;
mod palette;
mod precision;
mod run;
mod show;

pub use list::{Command, CommandId, Figure, Menu, commands, find};
pub use palette::Palette;
pub use precision::{find_layers_of, search_calibrated};
pub use run::{Shell, check, run};
pub use show::{button, context, menu_bar, primary, tall_button, tool, toolbar};
