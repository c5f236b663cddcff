//! Graphs of any size with the shape of real models, for tests and benchmarks of the layout and the canvas.

use super::{LayoutEdge, LayoutInput, LayoutNode, Role};

/// One operator of a generated graph.
#[derive(Debug, Clone)]
pub struct GeneratedNode {
    /// Scope path, such as `model/layers.3/attn`; empty at the top.
    pub scope: String,
    /// ONNX operator, or the name of a graph input or output.
    pub op: &'static str,
}

/// A generated graph; every node has one output, whose tensor id is the node's index.
#[derive(Debug, Clone, Default)]
pub struct GeneratedGraph {
    /// Operators in topological order.
    pub nodes: Vec<GeneratedNode>,
    /// Tensors.
    pub edges: Vec<LayoutEdge>,
}

impl GeneratedGraph {
    fn add(&mut self, scope: &str, op: &'static str, inputs: &[u32]) -> u32 {
        let id = self.nodes.len() as u32;
        self.nodes.push(GeneratedNode {
            scope: scope.to_owned(),
            op,
        });
        self.edges
            .extend(inputs.iter().map(|&source| LayoutEdge::new(source, source, id)));
        id
    }

    /// Operators one after the other.
    fn chain(&mut self, scope: &str, ops: &[&'static str], mut input: u32) -> u32 {
        for op in ops {
            input = self.add(scope, op, &[input]);
        }
        input
    }

    /// The graph with box sizes like those on the canvas.
    pub fn layout_input(&self) -> LayoutInput {
        let size = |node: &GeneratedNode| {
            let rows = if matches!(node.op, "Conv" | "MatMul" | "Gemm") {
                2.0
            } else {
                1.0
            };
            let width = (32.0 + 8.0 * node.op.len() as f32).max(96.0);
            LayoutNode {
                width,
                height: 24.0 + 16.0 * rows,
                role: Role::Node,
            }
        };
        LayoutInput {
            nodes: self.nodes.iter().map(size).collect(),
            edges: self.edges.clone(),
        }
    }
}

/// About `size` nodes of bottleneck blocks with identity and projection skips.
pub fn resnet(size: usize) -> GeneratedGraph {
    let mut g = GeneratedGraph::default();
    let input = g.add("", "Input", &[]);
    let mut x = g.chain("stem", &["Conv", "Relu", "MaxPool"], input);
    let mut block = 0;
    while g.nodes.len() + 16 < size {
        let scope = format!("layer{}/block{block}", block / 4);
        let mut y = x;
        for step in 0..3 {
            y = g.chain(&scope, &["Conv", "BatchNormalization"], y);
            if step < 2 {
                y = g.add(&scope, "Relu", &[y]);
            }
        }
        let skip = if block % 4 == 0 {
            g.chain(&scope, &["Conv", "BatchNormalization"], x)
        } else {
            x
        };
        y = g.add(&scope, "Add", &[y, skip]);
        x = g.add(&scope, "Relu", &[y]);
        block += 1;
    }
    let x = g.chain("head", &["GlobalAveragePool", "Flatten", "Gemm"], x);
    g.add("", "Output", &[x]);
    g
}

fn layer_norm(g: &mut GeneratedGraph, scope: &str, x: u32) -> u32 {
    let mean = g.add(scope, "ReduceMean", &[x]);
    let centred = g.add(scope, "Sub", &[x, mean]);
    let deviation = g.chain(scope, &["Pow", "ReduceMean", "Add", "Sqrt"], centred);
    let y = g.add(scope, "Div", &[centred, deviation]);
    g.chain(scope, &["Mul", "Add"], y)
}

/// About `size` nodes: decomposed layer norms, rotary tables and a mask shared by all blocks, cache inputs and outputs.
pub fn transformer(size: usize) -> GeneratedGraph {
    let mut g = GeneratedGraph::default();
    let ids = g.add("", "input_ids", &[]);
    let mask = g.add("", "attention_mask", &[]);
    let positions = g.add("", "position_ids", &[]);
    let mask = g.chain("mask", &["Unsqueeze", "Cast", "Sub", "Mul"], mask);
    let mut x = g.add("embed", "Gather", &[ids]);
    let cos = g.add("rope", "Cos", &[positions]);
    let sin = g.add("rope", "Sin", &[positions]);
    let mut layer = 0;
    while layer == 0 || g.nodes.len() + 40 < size {
        x = transformer_block(&mut g, &format!("model/layers.{layer}"), x, mask, (cos, sin));
        layer += 1;
    }
    let x = layer_norm(&mut g, "final", x);
    let x = g.add("lm_head", "MatMul", &[x]);
    g.add("", "logits", &[x]);
    g
}

fn transformer_block(g: &mut GeneratedGraph, scope: &str, x: u32, mask: u32, (cos, sin): (u32, u32)) -> u32 {
    let (attention, mlp) = (format!("{scope}/attn"), format!("{scope}/mlp"));
    let y = layer_norm(g, &format!("{scope}/ln1"), x);
    let shape = g.chain(&attention, &["Shape", "Gather", "Unsqueeze", "Concat"], y);
    let mut heads = [0; 3];
    for (i, head) in heads.iter_mut().enumerate() {
        let t = g.chain(&attention, &["MatMul", "Add"], y);
        let t = g.add(&attention, "Reshape", &[t, shape]);
        *head = g.add(&attention, "Transpose", &[t]);
        if i < 2 {
            let turned = g.chain(&attention, &["Slice", "Neg"], *head);
            let turned = g.add(&attention, "Concat", &[turned, *head]);
            let a = g.add(&attention, "Mul", &[*head, cos]);
            let b = g.add(&attention, "Mul", &[turned, sin]);
            *head = g.add(&attention, "Add", &[a, b]);
        }
    }
    let past_key = g.add(scope, "past_key", &[]);
    let key = g.add(&attention, "Concat", &[past_key, heads[1]]);
    g.add(scope, "present_key", &[key]);
    let past_value = g.add(scope, "past_value", &[]);
    let value = g.add(&attention, "Concat", &[past_value, heads[2]]);
    g.add(scope, "present_value", &[value]);
    let key = g.add(&attention, "Transpose", &[key]);
    let t = g.add(&attention, "MatMul", &[heads[0], key]);
    let t = g.add(&attention, "Div", &[t]);
    let t = g.add(&attention, "Add", &[t, mask]);
    let t = g.add(&attention, "Softmax", &[t]);
    let t = g.add(&attention, "MatMul", &[t, value]);
    let t = g.add(&attention, "Transpose", &[t]);
    let t = g.add(&attention, "Reshape", &[t, shape]);
    let t = g.chain(&attention, &["MatMul", "Add"], t);
    let x = g.add(scope, "Add", &[t, x]);
    let y = layer_norm(g, &format!("{scope}/ln2"), x);
    let t = g.chain(&mlp, &["MatMul", "Add"], y);
    let gelu = g.chain(&mlp, &["Div", "Erf", "Add"], t);
    let t = g.add(&mlp, "Mul", &[t, gelu]);
    let t = g.chain(&mlp, &["Mul", "MatMul", "Add"], t);
    g.add(scope, "Add", &[t, x])
}

/// A UNet with `levels` nested skips and `per_level` operators on each level and side.
pub fn unet(levels: usize, per_level: usize) -> GeneratedGraph {
    let mut g = GeneratedGraph::default();
    let mut x = g.add("", "Input", &[]);
    let mut skips = Vec::new();
    for level in 0..levels {
        let scope = format!("down.{level}");
        for _ in 0..per_level.div_ceil(2) {
            x = g.chain(&scope, &["Conv", "Relu"], x);
        }
        skips.push(x);
        x = g.add(&scope, "MaxPool", &[x]);
    }
    for (level, skip) in skips.into_iter().enumerate().rev() {
        let scope = format!("up.{level}");
        x = g.add(&scope, "Resize", &[x]);
        x = g.add(&scope, "Concat", &[x, skip]);
        for _ in 0..per_level.div_ceil(2) {
            x = g.chain(&scope, &["Conv", "Relu"], x);
        }
    }
    g.add("", "Output", &[x]);
    g
}
