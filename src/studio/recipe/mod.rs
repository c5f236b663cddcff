//! The Recipe step: everything a build and a measurement depend on, with undo, saving and variants.

pub mod options;
pub mod panel;
pub mod parts;
pub mod save;
pub mod target;
pub mod undo;
pub mod variants;
