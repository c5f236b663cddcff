//! The graph pane: the canvas with its bar and search, laid out off the UI thread.

pub mod bar;
pub mod pane;
