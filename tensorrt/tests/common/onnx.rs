//! Writes small ONNX models: just enough protobuf (field numbers from onnx.proto).

/// Bytes of a protobuf message.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
    pub fn int(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3);
        self.varint(value as u64);
        self
    }
    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }
    pub fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }
    pub fn message(self, field: u64, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }
    pub fn each(self, field: u64, values: &[Message]) -> Self {
        values.iter().fold(self, |m, v| m.message(field, v))
    }
    pub fn texts(self, field: u64, values: &[&str]) -> Self {
        values.iter().fold(self, |m, v| m.text(field, v))
    }
}

pub fn new() -> Message {
    Message::default()
}

pub const FLOAT: i64 = 1;

/// A value: name and shape, `-1` for a dimension that is open.
pub fn value(name: &str, shape: &[i64]) -> Message {
    let dims: Vec<_> = shape
        .iter()
        .map(|d| if *d < 0 { new().text(2, "n") } else { new().int(1, *d) })
        .collect();
    let tensor = new().int(1, FLOAT).message(2, &new().each(1, &dims));
    new().text(1, name).message(2, &new().message(1, &tensor))
}

/// A constant of 32-bit floats, `0.01 * (i % 7 - 3)`.
pub fn weights(name: &str, shape: &[i64]) -> Message {
    let count: i64 = shape.iter().product();
    let raw: Vec<u8> = (0..count)
        .flat_map(|i| (0.01 * (i % 7 - 3) as f32).to_le_bytes())
        .collect();
    shape
        .iter()
        .fold(new(), |m, d| m.int(1, *d))
        .int(2, FLOAT)
        .text(8, name)
        .bytes(9, &raw)
}

pub fn node(operator: &str, name: &str, inputs: &[&str], outputs: &[&str], attributes: &[Message]) -> Message {
    new()
        .texts(1, inputs)
        .texts(2, outputs)
        .text(3, name)
        .text(4, operator)
        .each(5, attributes)
}

/// An attribute that is a list of integers.
pub fn ints(name: &str, values: &[i64]) -> Message {
    values.iter().fold(new().text(1, name), |m, v| m.int(8, *v)).int(20, 7)
}

/// An attribute that is a graph.
pub fn subgraph(name: &str, graph: &Message) -> Message {
    new().text(1, name).message(6, graph).int(20, 5)
}

pub fn graph(nodes: &[Message], weights: &[Message], inputs: &[Message], outputs: &[Message]) -> Message {
    new()
        .each(1, nodes)
        .text(2, "test")
        .each(5, weights)
        .each(11, inputs)
        .each(12, outputs)
}

/// A model of opset 17, with local functions of the domain `local`.
pub fn model(graph: &Message, functions: &[Message]) -> Vec<u8> {
    let opset = |domain: &str, version| new().text(1, domain).int(2, version);
    let model = new()
        .int(1, 8)
        .text(2, "enginesmith tests")
        .message(7, graph)
        .message(8, &opset("", 17));
    let model = if functions.is_empty() {
        model
    } else {
        model.message(8, &opset("local", 1))
    };
    model.each(25, functions).0
}

/// A local function of the domain `local`.
pub fn function(name: &str, inputs: &[&str], outputs: &[&str], nodes: &[Message]) -> Message {
    let opset = new().text(1, "").int(2, 17);
    new()
        .text(1, name)
        .texts(4, inputs)
        .texts(5, outputs)
        .each(7, nodes)
        .message(9, &opset)
        .text(10, "local")
}

/// Two convolutions with Relu and a global pooling: `image` [n, 3, 32, 32] to `scores` [n, 10].
pub fn convolutions(batch: i64) -> Vec<u8> {
    let nodes = [
        node(
            "Conv",
            "conv1",
            &["image", "w1"],
            &["c1"],
            &[ints("pads", &[1, 1, 1, 1])],
        ),
        node("Relu", "relu1", &["c1"], &["r1"], &[]),
        node("Conv", "conv2", &["r1", "w2"], &["c2"], &[ints("strides", &[2, 2])]),
        node("Relu", "relu2", &["c2"], &["r2"], &[]),
        node("GlobalAveragePool", "pool", &["r2"], &["p"], &[]),
        node("Flatten", "flatten", &["p"], &["f"], &[]),
        node("MatMul", "fc", &["f", "w3"], &["scores"], &[]),
    ];
    let weights = [
        weights("w1", &[16, 3, 3, 3]),
        weights("w2", &[32, 16, 3, 3]),
        weights("w3", &[32, 10]),
    ];
    model(
        &graph(
            &nodes,
            &weights,
            &[value("image", &[batch, 3, 32, 32])],
            &[value("scores", &[batch, 10])],
        ),
        &[],
    )
}

/// `x` through Relu, an operator that does not exist, Relu, another such operator, and Sigmoid.
pub fn unsupported() -> Vec<u8> {
    let nodes = [
        node("Relu", "first", &["x"], &["a"], &[]),
        node("Frobnicate", "bad one", &["a"], &["b"], &[]),
        node("Relu", "second", &["b"], &["c"], &[]),
        node("Transmogrify", "bad two", &["c"], &["d"], &[]),
        node("Sigmoid", "last", &["d"], &["y"], &[]),
    ];
    model(&graph(&nodes, &[], &[value("x", &[2, 4])], &[value("y", &[2, 4])]), &[])
}
