//! The Model step: opening files, the open document, the model in figures.

pub mod document;
pub mod memory_paint;
pub mod opening;
pub mod panel;
pub mod start;
pub mod summary;
pub mod weights;
