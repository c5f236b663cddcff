//! The Build step: one engine of the recipe, and the file that it is written to.

pub mod file;
pub mod file_panel;
pub mod panel;
