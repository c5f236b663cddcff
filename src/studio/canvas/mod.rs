//! The graph canvas: layered layout, culling, level of detail.
pub mod layout;
