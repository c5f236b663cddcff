//! The rule and the search on small graphs with errors made up for every tensor.

use super::*;
use crate::graph::sample::{graph, model, node, proto};
use proptest::prelude::*;

/// `x -> a -> b -> c -> y`, and `a -> d -> e -> y` beside it.
fn two_ways() -> Graph {
    let nodes = vec![
        node("Relu", &["x"], &["a"]),
        node("Exp", &["a"], &["b"]),
        node("Tanh", &["a"], &["d"]),
        node("Sqrt", &["b"], &["c"]),
        node("Neg", &["d"], &["e"]),
        node("Add", &["c", "e"], &["y"]),
    ];
    Graph::new(model(&proto(graph(&["x"], &["y"], vec![], nodes), vec![])))
}

fn tensor(graph: &Graph, name: &str) -> TensorId {
    let at = graph.tensors.iter().position(|t| *t.name == *name).expect(name);
    TensorId(at as u32)
}

fn errors(graph: &Graph, list: &[(&str, f64)]) -> HashMap<TensorId, f64> {
    list.iter().map(|(name, e)| (tensor(graph, name), *e)).collect()
}

fn made(graph: &Graph, bad: &Bad) -> String {
    graph.tensor(bad.tensor).name.to_string()
}

#[test]
fn the_first_whose_inputs_are_good_is_named() {
    let g = two_ways();
    let all = [("a", 0.0), ("b", 0.5), ("c", 0.7), ("d", 0.0), ("e", 0.0), ("y", 0.6)];
    let bad = first_bad(&g, &errors(&g, &all), 0.1).unwrap();
    assert_eq!((made(&g, &bad).as_str(), bad.before(), bad.after), ("b", 0.0, 0.5));
    assert!(
        first_bad(&g, &errors(&g, &all), 0.65).is_none(),
        "the output is within the limit"
    );
}

#[test]
fn an_error_that_heals_is_nobody_s_fault() {
    let g = two_ways();
    // b is bad, c has healed; e is what reaches the output.
    let all = [("a", 0.0), ("b", 9.0), ("c", 0.01), ("d", 0.0), ("e", 0.5), ("y", 0.5)];
    let bad = first_bad(&g, &errors(&g, &all), 0.1).unwrap();
    assert_eq!(made(&g, &bad), "e");
}

#[test]
fn what_cannot_be_compared_is_looked_through() {
    let g = two_ways();
    let some = [("a", 0.01), ("c", 0.7), ("e", 0.0), ("y", 0.6)];
    let bad = first_bad(&g, &errors(&g, &some), 0.1).unwrap();
    assert_eq!((made(&g, &bad).as_str(), bad.before()), ("c", 0.01));
    let unseen: Vec<&str> = bad.unseen.iter().map(|n| &*g.node(*n).op_type).collect();
    assert_eq!(unseen, ["Exp"]);
    // Nothing known but the output: the whole way to the input is unseen.
    let bad = first_bad(&g, &errors(&g, &[("y", f64::INFINITY)]), 0.1).unwrap();
    assert_eq!((made(&g, &bad).as_str(), bad.unseen.len()), ("y", 5));
}

#[test]
fn infinities_are_beyond_every_limit() {
    let g = two_ways();
    let all = [
        ("a", 0.0),
        ("b", f64::INFINITY),
        ("c", f64::INFINITY),
        ("d", 0.0),
        ("e", 0.0),
        ("y", f64::INFINITY),
    ];
    assert_eq!(made(&g, &first_bad(&g, &errors(&g, &all), 1e30).unwrap()), "b");
}

/// Runs a search to its end on known errors; the node found and how many tensors were asked for.
fn search(graph: &Graph, all: &HashMap<TensorId, f64>, limit: f64, missing: &[TensorId]) -> Option<(Bad, usize)> {
    let comparable: Vec<TensorId> = all.keys().copied().collect();
    let top = &graph.bodies[0].outputs;
    let outputs = all
        .iter()
        .filter(|(t, _)| top.contains(t))
        .map(|(t, e)| (*t, *e))
        .collect();
    let mut search = Search::new(graph, &comparable, &outputs, limit)?;
    let mut asked = 0;
    loop {
        match search.step() {
            Next::Found(bad) => return Some((bad, asked)),
            Next::Probe(tensors) => {
                assert!(!tensors.is_empty());
                for t in tensors {
                    asked += 1;
                    assert!(asked <= all.len(), "every tensor is asked for once at most");
                    search.tell(t, all.get(&t).copied().filter(|_| !missing.contains(&t)));
                }
            }
        }
    }
}

/// A chain of `n` nodes.
fn chain(n: usize) -> Graph {
    let name = |i: usize| if i == 0 { "x".to_owned() } else { format!("t{i}") };
    let nodes = (1..=n).map(|i| node("Relu", &[&name(i - 1)], &[&name(i)])).collect();
    Graph::new(model(&proto(graph(&["x"], &[&name(n)], vec![], nodes), vec![])))
}

#[test]
fn a_search_asks_for_few() {
    let n = 1000;
    let g = chain(n);
    for first in [1, 2, 500, 999, 1000] {
        let error = |i: usize| if i < first { 0.01 } else { 0.5 };
        let all: HashMap<TensorId, f64> = (1..=n).map(|i| (tensor(&g, &format!("t{i}")), error(i))).collect();
        let (bad, asked) = search(&g, &all, 0.1, &[]).unwrap();
        assert_eq!(made(&g, &bad), format!("t{first}"));
        assert!(asked <= 12, "{asked} tensors were asked for");
    }
}

#[test]
fn a_search_goes_around_what_cannot_be_had() {
    let g = chain(20);
    let error = |i: usize| if i < 11 { 0.01 } else { 0.5 };
    let all: HashMap<TensorId, f64> = (1..=20).map(|i| (tensor(&g, &format!("t{i}")), error(i))).collect();
    let missing: Vec<TensorId> = (8..=12).map(|i| tensor(&g, &format!("t{i}"))).collect();
    let (bad, _) = search(&g, &all, 0.1, &missing).unwrap();
    assert_eq!((made(&g, &bad).as_str(), bad.unseen.len()), ("t13", 5));
}

proptest! {
    /// Whatever the errors are, rule and search both name a bad node that reads good tensors only.
    #[test]
    fn what_is_named_is_bad_and_reads_good(
        edges in prop::collection::vec((0usize..1000, 0usize..1000), 1..40),
        sizes in prop::collection::vec(0.0f64..0.2, 40),
        gone in prop::collection::vec(any::<bool>(), 40),
    ) {
        let name = |i: usize| if i == 0 { "x".to_owned() } else { format!("t{i}") };
        let n = edges.len();
        let nodes = edges
            .iter()
            .enumerate()
            .map(|(i, (a, b))| node("Add", &[&name(a % (i + 1)), &name(b % (i + 1))], &[&name(i + 1)]))
            .collect();
        let g = Graph::new(model(&proto(graph(&["x"], &[&name(n)], vec![], nodes), vec![])));
        let limit = 0.1;
        let all: HashMap<TensorId, f64> = (1..=n).map(|i| (tensor(&g, &name(i)), sizes[i - 1])).collect();
        let is_bad = sizes[n - 1] > limit;
        let check = |bad: &Bad| bad.after > limit && bad.before() <= limit;
        let found = first_bad(&g, &all, limit);
        prop_assert_eq!(found.is_some(), is_bad);
        prop_assert!(found.iter().all(check));
        let missing: Vec<TensorId> = (1..n).filter(|i| gone[i - 1]).map(|i| tensor(&g, &name(i))).collect();
        for missing in [&[][..], &missing] {
            let found = search(&g, &all, limit, missing);
            prop_assert_eq!(found.is_some(), is_bad);
            prop_assert!(found.iter().all(|(bad, _)| check(bad)));
        }
    }
}
