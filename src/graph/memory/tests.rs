use super::*;
use crate::graph::sample::{body, graph, int, ints, model, node, proto, value, weight, with};
use crate::model::onnx::{GraphProto, NodeProto};

/// A graph of float32 values with these inputs and outputs.
fn build(inputs: &[(&str, &[i64])], outputs: &[&str], nodes: Vec<NodeProto>) -> GraphProto {
    let mut g = graph(&[], outputs, vec![weight("w", &[8, 4, 3, 3])], nodes);
    g.output.iter_mut().for_each(|o| o.r#type = Default::default());
    g.input = inputs
        .iter()
        .map(|(n, dims)| value(n, DataType::Float32, dims))
        .collect();
    g
}

fn memory(g: GraphProto, bind: &[(&str, u64)]) -> (Graph, Memory) {
    let graph = Graph::new(model(&proto(g, vec![])));
    let memory = Memory::of(&graph, bind);
    (graph, memory)
}

fn curve(memory: &Memory) -> Vec<u64> {
    memory.curve().map(|(_, bytes)| bytes / 4).collect()
}

#[test]
fn values_live_from_their_node_to_their_last_reader() {
    // x holds 4 x 10 x 10 = 400 values all the time; the convolution makes 8 x 8 x 8 = 512.
    let nodes = vec![
        node("Conv", &["x", "w"], &["a"]),
        node("Relu", &["a"], &["b"]),
        with(node("MaxPool", &["b"], &["c"]), ints("kernel_shape", &[2, 2])),
        node("Transpose", &["c"], &["y"]),
    ];
    let (graph, memory) = memory(build(&[("x", &[1, 4, 10, 10])], &["y"], nodes), &[]);
    // The Relu writes over its input; the pool of 2 x 2 without strides makes 8 x 7 x 7 = 392.
    assert_eq!(curve(&memory), [912, 912, 400 + 512 + 392, 400 + 392 + 392]);
    assert_eq!(memory.activation_bytes, 4 * 1304);
    assert_eq!(&*graph.node(memory.peak.unwrap()).op_type, "MaxPool");
    assert_eq!((memory.weight_bytes, memory.is_complete()), (4 * 8 * 4 * 9, true));
}

#[test]
fn a_skip_connection_is_held_and_not_written_over() {
    let nodes = vec![
        node("Transpose", &["x"], &["a"]),
        node("Relu", &["a"], &["b"]),
        node("Relu", &["b"], &["c"]),
        node("Add", &["a", "c"], &["y"]),
    ];
    let (_, memory) = memory(build(&[("x", &[10, 10])], &["y"], nodes), &[]);
    // a is read again by Add, so the first Relu makes a value of its own, and the second writes over that; the result has
    // memory of its own.
    assert_eq!(curve(&memory), [200, 300, 300, 400]);
}

#[test]
fn what_is_computed_from_constants_is_kept_and_is_no_activation() {
    let nodes = vec![
        node("Neg", &["w"], &["n"]),
        node("Exp", &["n"], &["e"]),
        node("Conv", &["x", "e"], &["a"]),
        node("Transpose", &["a"], &["y"]),
    ];
    let (_, memory) = memory(build(&[("x", &[1, 4, 10, 10])], &["y"], nodes), &[]);
    // Of the two only e is read while the model runs.
    assert_eq!(
        (memory.folded_bytes, memory.weight_bytes),
        (4 * 8 * 4 * 9, 4 * 8 * 4 * 9)
    );
    assert_eq!(curve(&memory), [400, 400, 912, 400 + 512 + 512]);
    assert_eq!(memory.needs().total_bytes, 2 * 4 * 8 * 4 * 9 + 4 * (400 + 512 + 512));
    // A random number is another one in every run.
    let nodes = vec![
        with(node("RandomNormal", &[], &["r"]), ints("shape", &[10])),
        node("Neg", &["r"], &["y"]),
    ];
    assert_eq!(self::memory(build(&[], &["y"], nodes), &[]).1.folded_bytes, 0);
}

#[test]
fn a_reshape_shares_memory_and_types_count_by_their_bits() {
    let mut nodes = vec![
        node("Transpose", &["x"], &["a"]),
        node("Flatten", &["a"], &["b"]),
        node("Transpose", &["b"], &["y"]),
    ];
    let (_, memory) = self::memory(build(&[("x", &[10, 10])], &["y"], nodes.clone()), &[]);
    assert_eq!(curve(&memory), [200, 200, 300]);
    // Five values of 4 bits take three bytes.
    let to = int("to", i64::from(DataType::Int4.to_onnx()));
    nodes = vec![with(node("Cast", &["x"], &["y"]), to)];
    let (_, memory) = self::memory(build(&[("x", &[5])], &["y"], nodes), &[]);
    assert_eq!(memory.activation_bytes, 20 + 3);
}

#[test]
fn unknown_sizes_make_a_lower_bound() {
    let nodes = vec![node("Transpose", &["x"], &["y"])];
    let mut g = build(&[("x", &[-1, 10])], &["y"], nodes);
    let (_, open) = memory(g.clone(), &[]);
    assert_eq!(
        (open.is_complete(), open.unknown.len(), open.activation_bytes),
        (false, 2, 0)
    );
    let sizes = [("x".to_owned(), crate::graph::sizes::At::shape(&[3, 10]))].into();
    let at = crate::graph::sized::sized(&Graph::new(model(&proto(g.clone(), vec![]))), &sizes);
    let at = Memory::of(&at, &[]);
    assert_eq!((at.is_complete(), at.activation_bytes), (true, 2 * 120));
    // Constants take nothing beside the weights, and a model without nodes still holds its input.
    g.node.clear();
    g.output.clear();
    g.input = vec![value("x", DataType::Float32, &[7])];
    let (_, idle) = memory(g, &[]);
    assert_eq!((idle.activation_bytes, idle.peak), (28, None));
}

#[test]
fn a_loop_holds_one_round_of_its_body() {
    let mut inner = graph(
        &["i", "keep", "v"],
        &["go", "next", "out"],
        vec![],
        vec![
            node("Identity", &["keep"], &["go"]),
            node("Transpose", &["v"], &["next"]),
            node("Transpose", &["next"], &["out"]),
        ],
    );
    inner.input = vec![
        value("i", DataType::Int64, &[]),
        value("keep", DataType::Bool, &[]),
        value("v", DataType::Float32, &[10, 10]),
    ];
    inner.output.iter_mut().for_each(|o| o.r#type = Default::default());
    let trip = crate::model::Tensor::from_i64(&[], &[5]).unwrap().to_proto("trip");
    let mut g = build(&[("x", &[10, 10])], &["last", "all"], vec![]);
    g.initializer.push(trip);
    g.node = vec![with(
        node("Loop", &["trip", "", "x"], &["last", "all"]),
        body("body", inner),
    )];
    let (graph, memory) = memory(g, &[]);
    // x and the last value, and inside v, next, out; the counter takes 8 bytes, the conditions 1 each. How many rounds are
    // gathered is not known, because the condition may end them.
    assert_eq!(memory.curve().next().unwrap().1, 4 * (100 + 100 + 300) + 10);
    assert_eq!(&*graph.node(memory.peak.unwrap()).name, "go_Identity");
    let unknown: Vec<&str> = memory.unknown.iter().map(|id| &*graph.tensor(*id).name).collect();
    assert_eq!(unknown, ["all"]);
}

#[test]
fn of_branches_the_larger_one_counts() {
    let branch = |name: &str, ops: &[&str]| {
        let mut nodes = Vec::new();
        let mut from = "x".to_owned();
        for (i, op) in ops.iter().enumerate() {
            let to = format!("{name}{i}");
            nodes.push(node(op, &[&from], &[&to]));
            from = to;
        }
        let mut g = graph(&[], &[&from], vec![], nodes);
        g.output.iter_mut().for_each(|o| o.r#type = Default::default());
        g
    };
    let mut g = build(&[("x", &[10, 10])], &["y"], vec![]);
    g.input.push(value("c", DataType::Bool, &[]));
    let fork = with(
        node("If", &["c"], &["y"]),
        body("then_branch", branch("t", &["Transpose", "Transpose"])),
    );
    g.node = vec![with(fork, body("else_branch", branch("e", &["Relu"])))];
    let (graph, memory) = memory(g, &[]);
    assert_eq!(memory.activation_bytes, 4 * 300 + 1);
    assert_eq!(&*graph.node(memory.peak.unwrap()).name, "t1_Transpose");
}

#[test]
fn nodes_run_right_after_what_they_wait_for_and_a_normalization_holds_squares_and_sums() {
    // In the file both branches begin first; a runtime ends one before it begins the other.
    let pool = |x: &str, y: &str| with(node("MaxPool", &[x], &[y]), ints("kernel_shape", &[10, 10]));
    let nodes = vec![
        with(node("Transpose", &["x"], &["a"]), ints("perm", &[0, 1, 3, 2])),
        with(node("Transpose", &["x"], &["b"]), ints("perm", &[0, 1, 3, 2])),
        pool("a", "c"),
        pool("b", "d"),
        node("Concat", &["c", "d"], &["y"]),
    ]
    .into_iter()
    .map(|n| {
        if n.op_type.as_deref() == Some("Concat") {
            with(n, int("axis", 1))
        } else {
            n
        }
    })
    .collect();
    let (graph, memory) = memory(build(&[("x", &[1, 4, 10, 10])], &["y"], nodes), &[]);
    let ran: Vec<u32> = memory.curve().map(|(id, _)| id.0).collect();
    assert_eq!(ran, [1, 3, 0, 2, 4]);
    assert_eq!(memory.activation_bytes, 4 * (400 + 400 + 4 + 4), "{:?}", graph.problems);
    // 2 images of 4 channels of 100: sums of all, squares of one with 2 channels more.
    let nodes = vec![with(node("LRN", &["x"], &["y"]), int("size", 3))];
    let (_, memory) = self::memory(build(&[("x", &[2, 4, 10, 10])], &["y"], nodes), &[]);
    assert_eq!(memory.activation_bytes, 4 * (800 + 800 + 800 + 600));
}
