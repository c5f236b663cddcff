//! Realistic generated inputs: token ids inside the vocabulary, masks of ones, images in range; never bare noise where
//! the model says what it expects.

use super::NamedTensors;
use crate::graph::Graph;
use std::collections::BTreeMap;

/// Inputs of these shapes for the model; the same seed gives the same tensors. `why` of each input says what it was
/// taken for (`token ids below 30522, the rows of embeddings.word`).
///
/// # Errors
/// An input whose type cannot be generated or whose shape is missing, by name.
pub fn generate(
    graph: &Graph,
    shapes: &BTreeMap<String, Vec<u64>>,
    seed: u64,
) -> Result<(NamedTensors, Vec<String>), String> {
    let _ = (graph, shapes, seed);
    todo!("owner: recipe/bench/data")
}

/// A shape for every input: as given, else `opt` of a profile, else declared, with symbols that repeat bound to one value.
///
/// # Errors
/// An unknown input name (with the nearest), a rank or fixed size that contradicts the model.
pub fn bind_shapes(
    graph: &Graph,
    given: &BTreeMap<String, Vec<u64>>,
    profiles: &[crate::recipe::ProfileSpec],
) -> Result<BTreeMap<String, Vec<u64>>, String> {
    let _ = (graph, given, profiles);
    todo!("owner: recipe/bench/data")
}
