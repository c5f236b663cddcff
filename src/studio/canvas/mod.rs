//! The graph canvas: layered layout, culling, level of detail.
