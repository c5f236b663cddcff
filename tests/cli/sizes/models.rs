//! Small models in the style of exporters, each with the sizes that a person would choose for it.

use crate::support::onnx::floats;
use enginesmith::graph::sample::{self, graph, import, int, ints, node, with};
use enginesmith::model::DataType::{self, Bool, Float32, Int64};
use enginesmith::model::Tensor;
use enginesmith::model::attribute;
use enginesmith::model::onnx::__buffa::oneof::{tensor_shape_proto::dimension, type_proto};
use enginesmith::model::onnx::{
    AttributeProto, ModelProto, NodeProto, StringStringEntryProto, TensorProto, ValueInfoProto,
};

/// A model and, in order of the inputs' names, `name shape` or `name shape=values`.
pub struct Case {
    pub name: &'static str,
    pub sizes: &'static str,
    pub model: ModelProto,
}

/// How many dimensions an input has, where it says so.
pub fn rank(input: &ValueInfoProto) -> Option<usize> {
    match input.r#type.as_option()?.value.as_ref()? {
        type_proto::Value::TensorType(t) => Some(t.shape.as_option()?.dim.len()),
        _ => None,
    }
}

/// A model being made.
struct Maker {
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
    weights: Vec<TensorProto>,
    nodes: Vec<NodeProto>,
    props: Vec<(&'static str, &'static str)>,
    count: usize,
}

fn typed(name: &str, dtype: DataType, dims: &[&str]) -> ValueInfoProto {
    let numbers: Vec<i64> = dims.iter().map(|d| d.parse().unwrap_or(-1)).collect();
    let mut value = sample::value(name, dtype, &numbers);
    if let Some(type_proto::Value::TensorType(t)) = &mut value.r#type.get_or_insert_default().value {
        for (slot, dim) in t.shape.get_or_insert_default().dim.iter_mut().zip(dims) {
            if slot.value.is_none() && !dim.is_empty() {
                slot.value = Some(dimension::Value::DimParam((*dim).into()));
            }
        }
    }
    value
}

impl Maker {
    fn new(inputs: &[(&str, DataType, &[&str])]) -> Self {
        Self {
            inputs: inputs.iter().map(|(n, t, d)| typed(n, *t, d)).collect(),
            outputs: Vec::new(),
            weights: Vec::new(),
            nodes: Vec::new(),
            props: Vec::new(),
            count: 0,
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}_{}", self.count)
    }

    fn weight(&mut self, dims: &[u64]) -> String {
        let name = self.fresh("w");
        let count: u64 = dims.iter().product();
        let values: Vec<f32> = (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) / 500.0).collect();
        self.weights.push(floats(&name, dims, &values));
        name
    }

    fn numbers(&mut self, values: &[i64]) -> String {
        let name = self.fresh("i");
        self.weights.push(
            Tensor::from_i64(&[values.len() as u64], values)
                .unwrap()
                .to_proto(&name),
        );
        name
    }

    fn number(&mut self, value: i64) -> String {
        let name = self.fresh("i");
        self.weights
            .push(Tensor::from_i64(&[], &[value]).unwrap().to_proto(&name));
        name
    }

    fn op(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let out = self.fresh(&op.to_lowercase());
        let made = attributes.into_iter().fold(node(op, inputs, &[&out]), with);
        self.nodes.push(made);
        out
    }

    /// A convolution of 3 x 3 that keeps the size but for its stride, and a Relu.
    fn conv(&mut self, x: &str, from: u64, to: u64, stride: [i64; 2]) -> String {
        let w = self.weight(&[to, from, 3, 3]);
        let y = self.op(
            "Conv",
            &[x, &w],
            vec![ints("strides", &stride), ints("pads", &[1, 1, 1, 1])],
        );
        self.op("Relu", &[&y], vec![])
    }

    fn halve(&mut self, x: &str, from: u64, to: u64, times: usize) -> String {
        let mut level = self.conv(x, from, to, [2, 2]);
        for _ in 1..times {
            level = self.conv(&level, to, to, [2, 2]);
        }
        level
    }

    fn double(&mut self, x: &str) -> String {
        let name = self.fresh("s");
        self.weights.push(floats(&name, &[4], &[1.0, 1.0, 2.0, 2.0]));
        self.op("Resize", &[x, "", &name], vec![attribute::text("mode", "nearest")])
    }

    fn matmul(&mut self, x: &str, from: u64, to: u64) -> String {
        let w = self.weight(&[from, to]);
        self.op("MatMul", &[x, &w], vec![])
    }

    fn classes(&mut self, x: &str, from: u64) -> String {
        let pooled = self.op("GlobalAveragePool", &[x], vec![]);
        let flat = self.op("Flatten", &[&pooled], vec![]);
        self.matmul(&flat, from, 10)
    }

    fn reshape(&mut self, x: &str, to: &[i64]) -> String {
        let shape = self.numbers(to);
        self.op("Reshape", &[x, &shape], vec![])
    }

    fn transpose(&mut self, x: &str, perm: &[i64]) -> String {
        self.op("Transpose", &[x], vec![ints("perm", perm)])
    }

    /// Embeddings of tokens.
    fn embed(&mut self, ids: &str, rows: u64, width: u64) -> String {
        let table = self.weight(&[rows, width]);
        self.op("Gather", &[&table, ids], vec![])
    }

    /// One head of attention over `[batch, steps, width]`.
    fn attend(&mut self, x: &str, width: u64) -> String {
        let (q, k, v) = (
            self.matmul(x, width, width),
            self.matmul(x, width, width),
            self.matmul(x, width, width),
        );
        let k = self.transpose(&k, &[0, 2, 1]);
        let scores = self.op("MatMul", &[&q, &k], vec![]);
        let weights = self.op("Softmax", &[&scores], vec![int("axis", -1)]);
        self.op("MatMul", &[&weights, &v], vec![])
    }

    fn gives(mut self, outputs: &[&str]) -> ModelProto {
        for (i, name) in outputs.iter().enumerate() {
            let out = format!("output{i}");
            self.nodes.push(node("Identity", &[name], &[&out]));
            self.outputs.push(ValueInfoProto {
                name: Some(out),
                r#type: buffa::MessageField::some(enginesmith::model::onnx::TypeProto {
                    value: Some(type_proto::Value::TensorType(Box::new(
                        enginesmith::model::onnx::type_proto::Tensor {
                            elem_type: Some(1),
                            ..Default::default()
                        },
                    ))),
                    ..Default::default()
                }),
                ..Default::default()
            });
        }
        let mut made = graph(&[], &[], self.weights, self.nodes);
        (made.input, made.output) = (self.inputs, self.outputs);
        let mut model = sample::proto(made, Vec::new());
        model.ir_version = Some(8);
        model.opset_import = vec![import("", 17)];
        model.metadata_props = self
            .props
            .iter()
            .map(|(key, value)| StringStringEntryProto {
                key: Some((*key).into()),
                value: Some((*value).into()),
                ..Default::default()
            })
            .collect();
        model
    }
}

fn classifier(dims: &[&str]) -> ModelProto {
    let mut m = Maker::new(&[("input", Float32, dims)]);
    let x = m.halve("input", 3, 8, 5);
    let y = m.classes(&x, 8);
    m.gives(&[&y])
}

fn nhwc(dims: &[&str]) -> ModelProto {
    let mut m = Maker::new(&[("serving_default_image:0", Float32, dims)]);
    let x = m.transpose("serving_default_image:0", &[0, 3, 1, 2]);
    let x = m.halve(&x, 3, 8, 5);
    let y = m.classes(&x, 8);
    m.gives(&[&y])
}

fn nhwc_segmenter() -> ModelProto {
    let mut m = Maker::new(&[("image", Float32, &["", "", "", "3"])]);
    let x = m.transpose("image", &[0, 3, 1, 2]);
    let full = m.conv(&x, 3, 6, [1, 1]);
    let half = m.conv(&full, 6, 6, [2, 2]);
    let up = m.double(&half);
    let joined = m.op("Add", &[&up, &full], vec![]);
    let y = m.transpose(&joined, &[0, 2, 3, 1]);
    m.gives(&[&y])
}

/// A map as large as the picture, of so many channels, from `depth` halvings.
fn unet(dims: &[&str], depth: usize, channels: u64) -> ModelProto {
    let mut m = Maker::new(&[("x", Float32, dims)]);
    let mut level = m.conv("x", 3, 4, [1, 1]);
    let mut skips = Vec::new();
    for _ in 0..depth {
        skips.push(level.clone());
        level = m.conv(&level, 4, 4, [2, 2]);
    }
    for skip in skips.iter().rev() {
        let up = m.double(&level);
        let joined = m.op("Concat", &[&up, skip], vec![int("axis", 1)]);
        level = m.conv(&joined, 8, 4, [1, 1]);
    }
    let w = m.weight(&[channels, 4, 1, 1]);
    let y = m.op("Conv", &[&level, &w], vec![]);
    let y = m.op("Sigmoid", &[&y], vec![]);
    m.gives(&[&y])
}

/// PaddleOCR's recognizers: the height shrinks to nothing, the width by 4 or 8.
fn reads_lines(dims: &[&str]) -> ModelProto {
    let mut m = Maker::new(&[("x", Float32, dims)]);
    let x = m.halve("x", 3, 8, 2);
    let x = m.conv(&x, 8, 8, [2, 1]);
    let x = m.conv(&x, 8, 8, [2, 1]);
    let one = m.op("ReduceMean", &[&x], vec![ints("axes", &[2]), int("keepdims", 0)]);
    let steps = m.transpose(&one, &[0, 2, 1]);
    let y = m.matmul(&steps, 8, 30);
    m.gives(&[&y])
}

fn turns_lines(dims: &[&str]) -> ModelProto {
    let mut m = Maker::new(&[("x", Float32, dims)]);
    let x = m.halve("x", 3, 8, 2);
    let x = m.conv(&x, 8, 8, [2, 1]);
    let x = m.conv(&x, 8, 8, [2, 1]);
    let y = m.classes(&x, 8);
    m.gives(&[&y])
}

/// Boxes at three scales, one row each.
pub fn yolo(dims: &[&str], props: &[(&'static str, &'static str)]) -> ModelProto {
    let mut m = Maker::new(&[("images", Float32, dims)]);
    m.props = props.to_vec();
    let a = m.halve("images", 3, 8, 3);
    let b = m.conv(&a, 8, 8, [2, 2]);
    let c = m.conv(&b, 8, 8, [2, 2]);
    let up = m.double(&c);
    let joined = m.op("Concat", &[&up, &b], vec![int("axis", 1)]);
    let b = m.conv(&joined, 16, 8, [1, 1]);
    let rows: Vec<String> = [&a, &b, &c].iter().map(|x| m.reshape(x, &[0, 8, -1])).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let y = m.op("Concat", &rows, vec![int("axis", 2)]);
    m.gives(&[&y])
}

fn pyramid() -> ModelProto {
    let mut m = Maker::new(&[("data", Float32, &["batch", "3", "height", "width"])]);
    let a = m.halve("data", 3, 8, 3);
    let b = m.conv(&a, 8, 8, [2, 2]);
    m.gives(&[&a, &b])
}

fn super_resolution() -> ModelProto {
    let mut m = Maker::new(&[("lr", Float32, &["batch", "1", "h", "w"])]);
    let x = m.conv("lr", 1, 4, [1, 1]);
    let y = m.op("DepthToSpace", &[&x], vec![int("blocksize", 2)]);
    m.gives(&[&y])
}

fn style() -> ModelProto {
    let mut m = Maker::new(&[("input1", Float32, &["N", "3", "H", "W"])]);
    let x = m.halve("input1", 3, 8, 2);
    let x = m.double(&x);
    let x = m.double(&x);
    let y = m.conv(&x, 8, 3, [1, 1]);
    m.gives(&[&y])
}

/// A vision transformer whose learned positions fit one size of picture.
fn vit(dims: &[&str], side: u64, patch: u64) -> ModelProto {
    let mut m = Maker::new(&[("pixel_values", Float32, dims)]);
    let w = m.weight(&[8, 3, patch, patch]);
    let p = patch as i64;
    let x = m.op("Conv", &["pixel_values", &w], vec![ints("strides", &[p, p])]);
    let x = m.reshape(&x, &[0, 8, -1]);
    let x = m.transpose(&x, &[0, 2, 1]);
    let positions = m.weight(&[1, (side / patch) * (side / patch), 8]);
    let x = m.op("Add", &[&x, &positions], vec![]);
    let y = m.attend(&x, 8);
    m.gives(&[&y])
}

fn bert(positions: Option<u64>) -> ModelProto {
    let dims: &[&str] = &["batch_size", "sequence_length"];
    let inputs = [
        ("input_ids", Int64, dims),
        ("attention_mask", Int64, dims),
        ("token_type_ids", Int64, dims),
    ];
    let mut m = Maker::new(&inputs);
    let words = m.embed("input_ids", 99, 8);
    let types = m.embed("token_type_ids", 2, 8);
    let mut x = m.op("Add", &[&words, &types], vec![]);
    if let Some(rows) = positions {
        let (shape, zero, one) = (m.op("Shape", &["input_ids"], vec![]), m.number(0), m.number(1));
        let length = m.op("Gather", &[&shape, &one], vec![]);
        let range = m.op("Range", &[&zero, &length, &one], vec![]);
        let places = m.embed(&range, rows, 8);
        x = m.op("Add", &[&x, &places], vec![]);
    }
    let mask = m.op("Cast", &["attention_mask"], vec![int("to", 1)]);
    let axes = m.numbers(&[2]);
    let mask = m.op("Unsqueeze", &[&mask, &axes], vec![]);
    let x = m.op("Mul", &[&x, &mask], vec![]);
    let y = m.attend(&x, 8);
    m.gives(&[&y])
}

/// BERT as exporters of torch write it: positions are a slice of a stored row of 512, the mask is added to the scores as
/// -10000, heads are made by Reshape to shapes that are put together, layer normalizations are spelled out.
fn exported_bert() -> ModelProto {
    const WIDTH: u64 = 16;
    const HEADS: i64 = 2;
    let dims: &[&str] = &["batch", "sequence"];
    let mut m = Maker::new(&[
        ("input_ids", Int64, dims),
        ("attention_mask", Int64, dims),
        ("token_type_ids", Int64, dims),
    ]);
    let number = |m: &mut Maker, v: f32| {
        let name = m.fresh("c");
        m.weights.push(floats(&name, &[], &[v]));
        name
    };
    let norm = |m: &mut Maker, x: &str| {
        let mean = m.op("ReduceMean", &[x], vec![ints("axes", &[-1])]);
        let centred = m.op("Sub", &[x, &mean], vec![]);
        let two = number(m, 2.0);
        let squares = m.op("Pow", &[&centred, &two], vec![]);
        let variance = m.op("ReduceMean", &[&squares], vec![ints("axes", &[-1])]);
        let epsilon = number(m, 1e-12);
        let variance = m.op("Add", &[&variance, &epsilon], vec![]);
        let deviation = m.op("Sqrt", &[&variance], vec![]);
        let y = m.op("Div", &[&centred, &deviation], vec![]);
        let (scale, shift) = (m.weight(&[WIDTH]), m.weight(&[WIDTH]));
        let y = m.op("Mul", &[&y, &scale], vec![]);
        m.op("Add", &[&y, &shift], vec![])
    };
    // The length of the sentence cuts the stored positions.
    let shape = m.op("Shape", &["input_ids"], vec![]);
    let one = m.number(1);
    let length = m.op("Gather", &[&shape, &one], vec![]);
    let front = m.numbers(&[0]);
    let end = m.op("Unsqueeze", &[&length, &front], vec![]);
    let all: Vec<i64> = (0..512).collect();
    let places = m.fresh("position_ids");
    m.weights
        .push(Tensor::from_i64(&[1, 512], &all).unwrap().to_proto(&places));
    let (start, axis, step) = (m.numbers(&[0]), m.numbers(&[1]), m.numbers(&[1]));
    let places = m.op("Slice", &[&places, &start, &end, &axis, &step], vec![]);
    let words = m.embed("input_ids", 99, WIDTH);
    let types = m.embed("token_type_ids", 2, WIDTH);
    let positions = m.embed(&places, 512, WIDTH);
    let x = m.op("Add", &[&words, &types], vec![]);
    let x = m.op("Add", &[&x, &positions], vec![]);
    let mut x = norm(&mut m, &x);
    let axes = m.numbers(&[1, 2]);
    let mask = m.op("Unsqueeze", &["attention_mask", &axes], vec![]);
    let mask = m.op("Cast", &[&mask], vec![int("to", 1)]);
    let (whole, much) = (number(&mut m, 1.0), number(&mut m, -10_000.0));
    let mask = m.op("Sub", &[&whole, &mask], vec![]);
    let mask = m.op("Mul", &[&mask, &much], vec![]);
    for _ in 0..2 {
        let heads = |m: &mut Maker, x: &str| {
            let y = m.matmul(x, WIDTH, WIDTH);
            let shape = m.op("Shape", &[x], vec![]);
            let (from, to) = (m.numbers(&[0]), m.numbers(&[2]));
            let outer = m.op("Slice", &[&shape, &from, &to], vec![]);
            let inner = m.numbers(&[HEADS, WIDTH as i64 / HEADS]);
            let shape = m.op("Concat", &[&outer, &inner], vec![int("axis", 0)]);
            m.op("Reshape", &[&y, &shape], vec![])
        };
        let (q, k, v) = (heads(&mut m, &x), heads(&mut m, &x), heads(&mut m, &x));
        let (q, k, v) = (
            m.transpose(&q, &[0, 2, 1, 3]),
            m.transpose(&k, &[0, 2, 3, 1]),
            m.transpose(&v, &[0, 2, 1, 3]),
        );
        let scores = m.op("MatMul", &[&q, &k], vec![]);
        let root = number(&mut m, (WIDTH as f32 / HEADS as f32).sqrt());
        let scores = m.op("Div", &[&scores, &root], vec![]);
        let scores = m.op("Add", &[&scores, &mask], vec![]);
        let weights = m.op("Softmax", &[&scores], vec![int("axis", -1)]);
        let y = m.op("MatMul", &[&weights, &v], vec![]);
        let y = m.transpose(&y, &[0, 2, 1, 3]);
        let y = m.reshape(&y, &[0, 0, WIDTH as i64]);
        let y = m.matmul(&y, WIDTH, WIDTH);
        let y = m.op("Add", &[&y, &x], vec![]);
        let attended = norm(&mut m, &y);
        let y = m.matmul(&attended, WIDTH, 64);
        let (root, half, whole) = (number(&mut m, 2.0f32.sqrt()), number(&mut m, 0.5), number(&mut m, 1.0));
        let inner = m.op("Div", &[&y, &root], vec![]);
        let inner = m.op("Erf", &[&inner], vec![]);
        let inner = m.op("Add", &[&inner, &whole], vec![]);
        let y = m.op("Mul", &[&y, &inner], vec![]);
        let y = m.op("Mul", &[&y, &half], vec![]);
        let y = m.matmul(&y, 64, WIDTH);
        let y = m.op("Add", &[&y, &attended], vec![]);
        x = norm(&mut m, &y);
    }
    let first = m.number(0);
    let pooled = m.op("Gather", &[&x, &first], vec![int("axis", 1)]);
    let pooled = m.matmul(&pooled, WIDTH, WIDTH);
    let pooled = m.op("Tanh", &[&pooled], vec![]);
    m.gives(&[&x, &pooled])
}

fn clip_text() -> ModelProto {
    let mut m = Maker::new(&[("input_ids", Int64, &["text_batch_size", "s0"])]);
    let x = m.embed("input_ids", 99, 8);
    let positions = m.weight(&[1, 77, 8]);
    let x = m.op("Add", &[&x, &positions], vec![]);
    let y = m.attend(&x, 8);
    m.gives(&[&y])
}

/// A decoder with keys and values of earlier steps.
fn decoder() -> ModelProto {
    let past: &[&str] = &["batch_size", "2", "past_sequence_length", "4"];
    let mut m = Maker::new(&[
        ("input_ids", Int64, &["batch_size", "sequence_length"]),
        (
            "attention_mask",
            Int64,
            &["batch_size", "past_sequence_length + sequence_length"],
        ),
        ("past_key_values.0.key", Float32, past),
        ("past_key_values.0.value", Float32, past),
    ]);
    let x = m.embed("input_ids", 99, 8);
    let mut heads = Vec::new();
    for _ in 0..3 {
        let h = m.matmul(&x, 8, 8);
        let h = m.reshape(&h, &[0, 0, 2, 4]);
        heads.push(m.transpose(&h, &[0, 2, 1, 3]));
    }
    let k = m.op("Concat", &["past_key_values.0.key", &heads[1]], vec![int("axis", 2)]);
    let v = m.op("Concat", &["past_key_values.0.value", &heads[2]], vec![int("axis", 2)]);
    let kt = m.transpose(&k, &[0, 1, 3, 2]);
    let scores = m.op("MatMul", &[&heads[0], &kt], vec![]);
    let mask = m.op("Cast", &["attention_mask"], vec![int("to", 1)]);
    let axes = m.numbers(&[1, 2]);
    let mask = m.op("Unsqueeze", &[&mask, &axes], vec![]);
    let scores = m.op("Mul", &[&scores, &mask], vec![]);
    let weights = m.op("Softmax", &[&scores], vec![int("axis", -1)]);
    let y = m.op("MatMul", &[&weights, &v], vec![]);
    m.gives(&[&y, &k, &v])
}

/// Whisper's encoder: 80 bands, positions for 1500 steps after a stride of 2.
fn whisper_encoder() -> ModelProto {
    let mut m = Maker::new(&[(
        "input_features",
        Float32,
        &["batch_size", "80", "encoder_sequence_length"],
    )]);
    let w = m.weight(&[8, 80, 3]);
    let x = m.op(
        "Conv",
        &["input_features", &w],
        vec![ints("strides", &[2]), ints("pads", &[1, 1])],
    );
    let x = m.transpose(&x, &[0, 2, 1]);
    let positions = m.weight(&[1500, 8]);
    let y = m.op("Add", &[&x, &positions], vec![]);
    let y = m.matmul(&y, 8, 8);
    m.gives(&[&y])
}

fn whisper_decoder() -> ModelProto {
    let mut m = Maker::new(&[
        ("input_ids", Int64, &["batch_size", "decoder_sequence_length"]),
        (
            "encoder_hidden_states",
            Float32,
            &["batch_size", "encoder_sequence_length", "8"],
        ),
    ]);
    let x = m.embed("input_ids", 99, 8);
    let k = m.matmul("encoder_hidden_states", 8, 8);
    let kt = m.transpose(&k, &[0, 2, 1]);
    let scores = m.op("MatMul", &[&x, &kt], vec![]);
    let weights = m.op("Softmax", &[&scores], vec![int("axis", -1)]);
    let y = m.op("MatMul", &[&weights, &k], vec![]);
    m.gives(&[&y])
}

fn wav2vec() -> ModelProto {
    let mut m = Maker::new(&[("input_values", Float32, &["batch", "samples"])]);
    let axes = m.numbers(&[1]);
    let x = m.op("Unsqueeze", &["input_values", &axes], vec![]);
    let w = m.weight(&[8, 1, 10]);
    let x = m.op("Conv", &[&x, &w], vec![ints("strides", &[5])]);
    let x = m.op("Relu", &[&x], vec![]);
    let w = m.weight(&[8, 8, 3]);
    let y = m.op("Conv", &[&x, &w], vec![ints("strides", &[2])]);
    m.gives(&[&y])
}

/// A stream with a state: silero's kind.
fn streaming() -> ModelProto {
    let mut m = Maker::new(&[("input", Float32, &["", ""]), ("h", Float32, &["2", "", "8"])]);
    let axes = m.numbers(&[1]);
    let x = m.op("Unsqueeze", &["input", &axes], vec![]);
    let w = m.weight(&[8, 1, 16]);
    let x = m.op("Conv", &[&x, &w], vec![ints("strides", &[16])]);
    let x = m.transpose(&x, &[2, 0, 1]);
    let (w, r) = (m.weight(&[2, 24, 8]), m.weight(&[2, 24, 8]));
    let y = m.op(
        "GRU",
        &[&x, &w, &r, "", "", "h"],
        vec![
            int("hidden_size", 8),
            int("linear_before_reset", 1),
            attribute::text("direction", "bidirectional"),
        ],
    );
    m.gives(&[&y])
}

fn lstm(dims: &[&str], batch_first: bool) -> ModelProto {
    let mut m = Maker::new(&[("series", Float32, dims)]);
    let x = if batch_first {
        m.transpose("series", &[1, 0, 2])
    } else {
        "series".to_owned()
    };
    let (w, r) = (m.weight(&[1, 32, 6]), m.weight(&[1, 32, 8]));
    let y = m.op("LSTM", &[&x, &w, &r], vec![int("hidden_size", 8)]);
    m.gives(&[&y])
}

/// Frames of filter banks and how many of them count.
fn speech_features() -> ModelProto {
    let mut m = Maker::new(&[
        ("speech", Float32, &["batch_size", "feats_length", "80"]),
        ("speech_lengths", Int64, &["batch_size"]),
    ]);
    let x = m.matmul("speech", 80, 8);
    let lengths = m.op("Cast", &["speech_lengths"], vec![int("to", 1)]);
    let y = m.attend(&x, 8);
    m.gives(&[&y, &lengths])
}

fn stereo() -> ModelProto {
    let mut m = Maker::new(&[
        ("left", Float32, &["1", "3", "height", "width"]),
        ("right", Float32, &["1", "3", "", ""]),
    ]);
    let both = m.op("Concat", &["left", "right"], vec![int("axis", 1)]);
    let x = m.conv(&both, 6, 8, [2, 2]);
    let x = m.double(&x);
    let y = m.conv(&x, 8, 1, [1, 1]);
    m.gives(&[&y])
}

fn volume(channels: u64, name: &'static str) -> ModelProto {
    let c = channels.to_string();
    let mut m = Maker::new(&[(name, Float32, &["batch", &c, "d", "h", "w"])]);
    let w = m.weight(&[2, channels, 3, 3, 3]);
    let y = m.op(
        "Conv",
        &[name, &w],
        vec![ints("strides", &[2, 2, 2]), ints("pads", &[1, 1, 1, 1, 1, 1])],
    );
    m.gives(&[&y])
}

fn table(dims: &[&str]) -> ModelProto {
    let mut m = Maker::new(&[("float_input", Float32, dims)]);
    let x = m.matmul("float_input", 12, 8);
    let x = m.op("Relu", &[&x], vec![]);
    let y = m.matmul(&x, 8, 2);
    m.gives(&[&y])
}

fn shape_tensor() -> ModelProto {
    let mut m = Maker::new(&[("x", Float32, &["1", "3", "48", "64"]), ("hw", Int64, &["2"])]);
    let x = m.conv("x", 3, 4, [2, 2]);
    let front = m.numbers(&[1, 4]);
    let sizes = m.op("Concat", &[&front, "hw"], vec![int("axis", 0)]);
    let y = m.op(
        "Resize",
        &[&x, "", "", &sizes],
        vec![attribute::text("mode", "nearest")],
    );
    m.gives(&[&y])
}

fn no_rank() -> ModelProto {
    let mut model = classifier(&["1", "3", "1", "1"]);
    let input = &mut model.graph.get_or_insert_default().input[0];
    if let Some(type_proto::Value::TensorType(t)) = &mut input.r#type.get_or_insert_default().value {
        t.shape = Default::default();
    }
    model
}

fn latents() -> ModelProto {
    let mut m = Maker::new(&[("sample", Float32, &["batch", "4", "height", "width"])]);
    let x = m.conv("sample", 4, 8, [2, 2]);
    let x = m.double(&x);
    let y = m.conv(&x, 8, 4, [1, 1]);
    m.gives(&[&y])
}

/// A fully connected layer behind so many pixels.
fn flattened(channels: u64, side: u64) -> ModelProto {
    let c = channels.to_string();
    let mut m = Maker::new(&[("data", Float32, &["None", &c, "unk__1", "unk__2"])]);
    let x = m.conv("data", channels, 4, [2, 2]);
    let half = side.div_ceil(2);
    let x = m.op("Flatten", &[&x], vec![]);
    let y = m.matmul(&x, 4 * half * half, 10);
    m.gives(&[&y])
}

/// PaddleDetection: the picture's size and scale beside the picture.
fn paddle_detector() -> ModelProto {
    let mut m = Maker::new(&[
        (
            "image",
            Float32,
            &["DynamicDimension.0", "3", "DynamicDimension.1", "DynamicDimension.2"],
        ),
        ("im_shape", Float32, &["DynamicDimension.0", "2"]),
        ("scale_factor", Float32, &["DynamicDimension.0", "2"]),
    ]);
    let x = m.halve("image", 3, 4, 5);
    let rows = m.reshape(&x, &[0, 4, -1]);
    let axes = m.numbers(&[2]);
    let size = m.op("Div", &["im_shape", "scale_factor"], vec![]);
    let size = m.op("Concat", &[&size, &size], vec![int("axis", 1)]);
    let size = m.op("Unsqueeze", &[&size, &axes], vec![]);
    let y = m.op("Mul", &[&rows, &size], vec![]);
    m.gives(&[&y])
}

fn two_towers() -> ModelProto {
    let mut m = Maker::new(&[("user", Float32, &["", "12"]), ("item", Float32, &["", "7"])]);
    let (a, b) = (m.matmul("user", 12, 8), m.matmul("item", 7, 8));
    let y = m.op("Mul", &[&a, &b], vec![]);
    m.gives(&[&y])
}

fn picture_and_text() -> ModelProto {
    let mut m = Maker::new(&[
        ("pixel_values", Float32, &["image_batch", "3", "height", "width"]),
        ("input_ids", Int64, &["text_batch", "sequence"]),
    ]);
    let w = m.weight(&[8, 3, 32, 32]);
    let x = m.op("Conv", &["pixel_values", &w], vec![ints("strides", &[32, 32])]);
    let x = m.reshape(&x, &[0, 8, -1]);
    let x = m.transpose(&x, &[0, 2, 1]);
    let places = m.weight(&[49, 8]);
    let x = m.op("Add", &[&x, &places], vec![]);
    let image = m.op("ReduceMean", &[&x], vec![ints("axes", &[1]), int("keepdims", 0)]);
    let t = m.embed("input_ids", 99, 8);
    let places = m.weight(&[1, 77, 8]);
    let t = m.op("Add", &[&t, &places], vec![]);
    let text = m.op("ReduceMean", &[&t], vec![ints("axes", &[1]), int("keepdims", 0)]);
    let text = m.transpose(&text, &[1, 0]);
    let y = m.op("MatMul", &[&image, &text], vec![]);
    m.gives(&[&y])
}

/// Rows to classify, how many a boolean switch says nothing of.
fn switched() -> ModelProto {
    let mut m = Maker::new(&[("x", Float32, &["s77", "12"]), ("training", Bool, &["1"])]);
    let y = m.matmul("x", 12, 2);
    let t = m.op("Cast", &["training"], vec![int("to", 1)]);
    let y = m.op("Mul", &[&y, &t], vec![]);
    m.gives(&[&y])
}

/// A picture without a batch, channels last, as bytes.
fn bytes() -> ModelProto {
    let mut m = Maker::new(&[("image", DataType::UInt8, &["height", "width", "3"])]);
    let x = m.op("Cast", &["image"], vec![int("to", 1)]);
    let axes = m.numbers(&[0]);
    let x = m.op("Unsqueeze", &[&x, &axes], vec![]);
    let x = m.transpose(&x, &[0, 3, 1, 2]);
    let x = m.halve(&x, 3, 8, 4);
    let y = m.classes(&x, 8);
    m.gives(&[&y])
}

/// The models.
pub fn cases() -> Vec<Case> {
    let case = |name, sizes, model| Case { name, sizes, model };
    vec![
        case(
            "torch classifier",
            "input 1x3x224x224",
            classifier(&["batch", "3", "height", "width"]),
        ),
        case(
            "dynamo classifier",
            "input 1x3x224x224",
            classifier(&["s77", "3", "s1", "s2"]),
        ),
        case(
            "torch classifier with numbered axes",
            "input 1x3x224x224",
            classifier(&[
                "input_dynamic_axes_1",
                "3",
                "input_dynamic_axes_2",
                "input_dynamic_axes_3",
            ]),
        ),
        case(
            "classifier with question marks",
            "input 1x3x224x224",
            classifier(&["?", "?", "?", "?"]),
        ),
        case(
            "classifier with minus ones",
            "input 1x3x224x224",
            classifier(&["-1", "3", "-1", "-1"]),
        ),
        case(
            "classifier with an open batch",
            "input 1x3x192x160",
            classifier(&["N", "3", "192", "160"]),
        ),
        case(
            "tf2onnx classifier",
            "serving_default_image:0 1x224x224x3",
            nhwc(&["unk__214", "unk__215", "unk__216", "3"]),
        ),
        case(
            "keras classifier",
            "serving_default_image:0 1x224x224x3",
            nhwc(&["None", "None", "None", "3"]),
        ),
        case("keras segmenter", "image 1x512x512x3", nhwc_segmenter()),
        case("segmenter", "x 1x3x512x512", unet(&["batch", "3", "h", "w"], 4, 21)),
        case("deep segmenter", "x 1x3x512x512", unet(&["", "3", "", ""], 7, 21)),
        case(
            "paddle text detector",
            "x 1x3x640x640",
            unet(
                &[
                    "p2o.DynamicDimension.0",
                    "3",
                    "p2o.DynamicDimension.1",
                    "p2o.DynamicDimension.2",
                ],
                5,
                1,
            ),
        ),
        case(
            "paddle text reader",
            "x 1x3x48x320",
            reads_lines(&["DynamicDimension.0", "3", "48", "DynamicDimension.1"]),
        ),
        case(
            "paddle text reader with open height",
            "x 1x3x48x320",
            reads_lines(&["?", "3", "?", "?"]),
        ),
        case(
            "paddle line classifier",
            "x 1x3x48x192",
            turns_lines(&["-1", "3", "-1", "-1"]),
        ),
        case(
            "ultralytics",
            "images 1x3x480x640",
            yolo(
                &["batch", "3", "height", "width"],
                &[("stride", "32"), ("imgsz", "[480, 640]"), ("task", "detect")],
            ),
        ),
        case(
            "detector",
            "images 1x3x640x640",
            yolo(&["batch", "3", "height", "width"], &[]),
        ),
        case(
            "detector of batch 1",
            "images 1x3x640x640",
            yolo(&["1", "3", "", ""], &[]),
        ),
        case("pyramid", "data 1x3x640x640", pyramid()),
        case("super resolution", "lr 1x1x256x256", super_resolution()),
        case("style transfer", "input1 1x3x256x256", style()),
        case(
            "vision transformer",
            "pixel_values 1x3x224x224",
            vit(&["batch_size", "num_channels", "height", "width"], 224, 16),
        ),
        case(
            "vision transformer of 384",
            "pixel_values 1x3x384x384",
            vit(&["batch", "3", "h", "w"], 384, 32),
        ),
        case(
            "bert",
            "attention_mask 1x128, input_ids 1x128, token_type_ids 1x128",
            bert(Some(512)),
        ),
        case(
            "small bert",
            "attention_mask 1x64, input_ids 1x64, token_type_ids 1x64",
            bert(Some(64)),
        ),
        case(
            "bert without positions",
            "attention_mask 1x128, input_ids 1x128, token_type_ids 1x128",
            bert(None),
        ),
        case(
            "exported bert",
            "attention_mask 1x128, input_ids 1x128, token_type_ids 1x128",
            exported_bert(),
        ),
        case("clip's text", "input_ids 1x77", clip_text()),
        case(
            "decoder with a cache",
            "attention_mask 1x129, input_ids 1x1, past_key_values.0.key 1x2x128x4, past_key_values.0.value 1x2x128x4",
            decoder(),
        ),
        case("whisper's encoder", "input_features 1x80x3000", whisper_encoder()),
        case(
            "whisper's decoder",
            "encoder_hidden_states 1x128x8, input_ids 1x128",
            whisper_decoder(),
        ),
        case("wav2vec", "input_values 1x16000", wav2vec()),
        case("streaming sound", "h 2x1x8, input 1x512", streaming()),
        case("time series", "series 1x128x6", lstm(&["batch", "time", "6"], true)),
        case(
            "time series, steps first",
            "series 128x1x6",
            lstm(&["", "", "6"], false),
        ),
        case(
            "speech features",
            "speech 1x100x80, speech_lengths 1=[100]",
            speech_features(),
        ),
        case("stereo", "left 1x3x640x640, right 1x3x640x640", stereo()),
        case("volume", "scan 1x1x96x96x96", volume(1, "scan")),
        case("film", "clip 1x3x16x112x112", volume(3, "clip")),
        case("table", "float_input 1x12", table(&["None", "12"])),
        case("table of open width", "float_input 1x12", table(&["", ""])),
        case("shape tensor", "hw 2=[48, 64], x 1x3x48x64", shape_tensor()),
        case("no rank", "input 1x3x224x224", no_rank()),
        case("latents", "sample 1x4x64x64", latents()),
        case("faces", "data 1x3x112x112", flattened(3, 112)),
        case("digits", "data 1x1x28x28", flattened(1, 28)),
        case(
            "paddle detector",
            "im_shape 1x2=[640, 640], image 1x3x640x640, scale_factor 1x2=[1, 1]",
            paddle_detector(),
        ),
        case("two towers", "item 1x7, user 1x12", two_towers()),
        case(
            "picture and text",
            "input_ids 1x77, pixel_values 1x3x224x224",
            picture_and_text(),
        ),
        case("switched", "training 1, x 1x12", switched()),
        case("bytes of a picture", "image 224x224x3", bytes()),
    ]
}
