//! Patches: labelled, reversible rewrites of a graph.
