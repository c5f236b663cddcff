//! Layouts by structure, so that identical blocks are laid out once and reopening a scope is instant.

use super::super::{Cancelled, Layout, LayoutInput, LayoutOptions, layout};
use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicBool},
};

/// Keys beyond this many words (64 MiB) empty the cache.
const MOST_WORDS: usize = 1 << 24;

/// Finished layouts of frames. The whole structure is the key, so that no two frames are mistaken for each other.
#[derive(Debug, Default)]
pub struct LayoutCache {
    entries: HashMap<Box<[u32]>, Arc<Layout>>,
    options: LayoutOptions,
    words: usize,
    computed: usize,
}

impl LayoutCache {
    /// How many layouts were computed rather than found.
    pub fn computed(&self) -> usize {
        self.computed
    }

    /// The layout of `input`, from the cache if one with the same structure is there.
    pub(super) fn layout(
        &mut self,
        input: &LayoutInput,
        options: &LayoutOptions,
        cancel: &AtomicBool,
    ) -> Result<Arc<Layout>, Cancelled> {
        if self.options != *options || self.words > MOST_WORDS {
            self.entries.clear();
            self.words = 0;
            self.options = options.clone();
        }
        let key = key(input);
        if let Some(found) = self.entries.get(&key) {
            return Ok(found.clone());
        }
        let fresh = Arc::new(layout(input, options, cancel)?);
        self.computed += 1;
        self.words += key.len();
        self.entries.insert(key, fresh.clone());
        Ok(fresh)
    }
}

/// Everything the layout depends on, as words.
fn key(input: &LayoutInput) -> Box<[u32]> {
    let nodes = input
        .nodes
        .iter()
        .flat_map(|n| [n.width.to_bits(), n.height.to_bits(), n.role as u32]);
    let port = |p: Option<f32>| p.map_or(u32::MAX, f32::to_bits);
    let edges = input.edges.iter().flat_map(|e| {
        let ports = [port(e.source_port), port(e.target_port)];
        [
            e.source,
            e.tensor,
            e.target,
            ports[0],
            ports[1],
            u32::from(e.stub_if_reversed),
        ]
    });
    [input.nodes.len() as u32]
        .into_iter()
        .chain(nodes)
        .chain(edges)
        .collect()
}
