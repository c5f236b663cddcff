//! Names: patterns that users write, and new names that no tensor has yet.

use crate::graph::Graph;
use std::collections::HashSet;

/// True when the name fits the pattern, in which `*` stands for any characters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Gives names that nothing in the model has.
pub(super) struct Fresh {
    taken: HashSet<String>,
}

impl Fresh {
    pub(super) fn new(graph: &Graph) -> Self {
        let tensors = graph.tensors.iter().map(|t| t.name.to_string());
        Self {
            taken: tensors.chain(graph.nodes.iter().map(|n| n.name.to_string())).collect(),
        }
    }

    /// This name, with a number behind it where it is taken.
    pub(super) fn name(&mut self, wanted: String) -> String {
        let mut name = wanted.clone();
        let mut n = 1u32;
        while !self.taken.insert(name.clone()) {
            n += 1;
            name = format!("{wanted}_{n}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*b", "abc", false),
            ("/enc*/attn*", "/encoder/l.0/attn/MatMul", true),
            ("*a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
