//! Names: patterns that users write, and new names that no tensor has yet.

use crate::graph::Graph;
use std::collections::{HashMap, HashSet};

/// True when the name fits the pattern, in which `*` stands for any characters.
pub fn matches(pattern: &str, name: &str) -> bool {
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
    /// The number last put behind a name, so that a name asked for often is not searched for from the start.
    last: HashMap<String, u32>,
}

impl Fresh {
    pub(super) fn new(graph: &Graph) -> Self {
        let tensors = graph.tensors.iter().map(|t| t.name.to_string());
        Self {
            taken: tensors.chain(graph.nodes.iter().map(|n| n.name.to_string())).collect(),
            last: HashMap::new(),
        }
    }

    /// This name, with a number behind it where it is taken.
    pub(super) fn name(&mut self, wanted: String) -> String {
        if self.taken.insert(wanted.clone()) {
            return wanted;
        }
        let n = self.last.entry(wanted.clone()).or_insert(1);
        loop {
            *n += 1;
            let name = format!("{wanted}_{n}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
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
