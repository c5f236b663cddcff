//! Scopes: the hierarchy that node names such as `/layer.3/attn/MatMul` spell out.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Index into [`super::Graph::scopes`]; 0 is the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeId(pub u32);

/// One scope.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Last part of the name (`attn`); empty for the root.
    pub name: Arc<str>,
    /// Full name (`/layer.3/attn`).
    pub path: Arc<str>,
    /// Enclosing scope; `None` for the root.
    pub parent: Option<ScopeId>,
    /// Nodes inside, nested scopes included.
    pub node_count: u32,
}

/// Levels of nesting that are told apart; names from hostile files may have any number.
const DEEPEST: usize = 24;

/// Scopes of nodes given as (name, operator), and the scope of each node. Names are split at `/` when most names that can
/// be split have one, else at `.`; names such as `p2o.Conv.12`, which only repeat the operator, are not split.
pub(super) fn scopes<'a>(nodes: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> (Vec<Scope>, Vec<ScopeId>) {
    let root = Scope {
        name: "".into(),
        path: "".into(),
        parent: None,
        node_count: 0,
    };
    let (mut slashes, mut dots) = (0usize, 0usize);
    for (name, op_type) in nodes.clone() {
        if name.contains('/') {
            slashes += 1;
        } else if name.contains('.') && !name.split('.').any(|part| part == op_type) {
            dots += 1;
        }
    }
    let separator = match (slashes, dots) {
        (0, 0) => None,
        _ if slashes >= dots => Some('/'),
        _ => Some('.'),
    };
    let mut scopes = vec![root];
    let mut known: HashMap<&str, ScopeId> = HashMap::new();
    let mut of_nodes = Vec::new();
    for (name, _) in nodes {
        let scope = match separator.and_then(|s| name.rfind(s).map(|end| (s, &name[..end]))) {
            Some((separator, prefix)) => scope_of(prefix, separator, &mut scopes, &mut known),
            None => ScopeId(0),
        };
        of_nodes.push(scope);
        let mut at = Some(scope);
        while let Some(ScopeId(i)) = at {
            let scope = &mut scopes[i as usize];
            scope.node_count += 1;
            at = scope.parent;
        }
    }
    (scopes, of_nodes)
}

/// The scope with this full name, made with its ancestors where new.
fn scope_of<'a>(
    prefix: &'a str,
    separator: char,
    scopes: &mut Vec<Scope>,
    known: &mut HashMap<&'a str, ScopeId>,
) -> ScopeId {
    if let Some(found) = known.get(prefix) {
        return *found;
    }
    let mut at = ScopeId(0);
    let mut end = 0;
    for part in prefix.split(separator).take(DEEPEST) {
        let start = end;
        end = (start + part.len() + separator.len_utf8()).min(prefix.len() + separator.len_utf8());
        if part.is_empty() {
            continue;
        }
        let path = &prefix[..start + part.len()];
        at = match known.get(path) {
            Some(found) => *found,
            None => {
                let id = ScopeId(scopes.len() as u32);
                scopes.push(Scope {
                    name: part.into(),
                    path: path.into(),
                    parent: Some(at),
                    node_count: 0,
                });
                known.insert(path, id);
                id
            }
        };
    }
    known.insert(prefix, at);
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[(&str, &str)]) -> Vec<String> {
        let (scopes, of_nodes) = scopes(names.iter().copied());
        of_nodes
            .iter()
            .map(|id| scopes[id.0 as usize].path.to_string())
            .collect()
    }

    #[test]
    fn slashes_make_nested_scopes() {
        let names = [
            ("/layer.3/attn/MatMul", "MatMul"),
            ("/layer.3/Add", "Add"),
            ("out", "Relu"),
            ("//a//b", "X"),
        ];
        assert_eq!(paths(&names), ["/layer.3/attn", "/layer.3", "", "//a"]);
        let (scopes, _) = scopes(names.iter().copied());
        let layer = scopes.iter().find(|s| &*s.path == "/layer.3").unwrap();
        assert_eq!(
            (layer.node_count, &*layer.name, layer.parent),
            (2, "layer.3", Some(ScopeId(0)))
        );
        assert_eq!(scopes[0].node_count, 4);
    }

    #[test]
    fn dots_count_only_where_they_say_more_than_the_operator() {
        assert_eq!(paths(&[("enc.0.fc", "Gemm"), ("enc.1.fc", "Gemm")]), ["enc.0", "enc.1"]);
        assert_eq!(paths(&[("p2o.Conv.0", "Conv"), ("p2o.Relu.1", "Relu")]), ["", ""]);
        assert_eq!(paths(&[("", "Conv"), ("", "Relu")]), ["", ""]);
    }

    #[test]
    fn endless_names_stay_bounded() {
        let name = "a/".repeat(10_000);
        let (scopes, _) = scopes([(name.as_str(), "X")].into_iter());
        assert!(scopes.len() <= DEEPEST + 1);
    }
}
