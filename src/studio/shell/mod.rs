//! The window: layout of the panes, menus, palette, story line, settings, screenshots. Knows features only through their list.

pub mod app;
pub mod layout;
pub mod menus;
pub mod palette;
pub mod panes;
pub mod screenshot;
pub mod settings;
pub mod story;
