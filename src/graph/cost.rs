//! Parameters, weight bytes and multiply-accumulates per node, where they are defined.

use super::infer::{einsum_equation, size::Size};
use super::{Dim, Graph, Node, NodeId, TensorId, TensorInfo, TensorKind};
use crate::format;
use crate::model::{Attributes, DataType};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What a node costs.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Cost {
    /// Elements of constant floating-point or quantized inputs that are weights (not shapes, axes or scales).
    pub parameters: u64,
    /// Bytes of all constant inputs.
    pub weight_bytes: u64,
    /// Multiply-accumulates; `None` when the operator has no such count or a shape is unknown. A node in the body of a
    /// loop counts one round; products with padding count like any other.
    pub macs: Option<u64>,
}

/// Sums over a model.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Total {
    /// Elements of weights, each stored tensor once however many nodes read it.
    pub parameters: u64,
    /// Bytes of constants that nodes read, each once.
    pub weight_bytes: u64,
    /// Multiply-accumulates of all nodes that have a count.
    pub macs: u64,
    /// Nodes whose operator has a count, but whose shapes are not known.
    pub macs_unknown: u64,
}

/// Cost of every node, by [`NodeId`]; a symbolic dimension counts as in `bind` (name, value), else leaves `macs` unknown.
pub fn costs(graph: &Graph, bind: &[(&str, u64)]) -> Vec<Cost> {
    ids(graph).map(|id| Counter { graph, bind }.cost(id)).collect()
}

/// The sums; `costs` as [`costs`] made them for this graph.
pub fn total(graph: &Graph, costs: &[Cost]) -> Total {
    let mut total = Total::default();
    let mut seen: HashSet<TensorId> = HashSet::new();
    for (id, cost) in ids(graph).zip(costs) {
        let node = graph.node(id);
        match cost.macs {
            Some(macs) => total.macs = total.macs.saturating_add(macs),
            None => total.macs_unknown += u64::from(weighs(node)),
        }
        for (index, tensor) in constants(graph, node) {
            if seen.insert(tensor) {
                let info = graph.tensor(tensor);
                total.weight_bytes = total.weight_bytes.saturating_add(info.stored_bytes);
                total.parameters = total.parameters.saturating_add(parameters(graph, id, index, info));
            }
        }
    }
    total
}

/// `4.09 G multiply-accumulates at batch 1`, the sizes in `at` with a space before them: what is known, and how much is not.
pub fn macs_words(macs: u64, unknown: u64, at: &str) -> String {
    let nodes = format::plural(usize::try_from(unknown).unwrap_or(usize::MAX), "node");
    let known = format::short(macs);
    match (macs, unknown) {
        (_, 0) => format!("{known} multiply-accumulates{at}"),
        (0, _) => format!("multiply-accumulates not known: {nodes} of unknown shape"),
        _ => format!("at least {known} multiply-accumulates{at}: {nodes} of unknown shape not counted"),
    }
}

fn ids(graph: &Graph) -> impl Iterator<Item = NodeId> + use<> {
    (0..u32::try_from(graph.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
}

/// The constant inputs of a node: index and tensor.
fn constants(graph: &Graph, node: &Node) -> impl Iterator<Item = (usize, TensorId)> {
    let inputs = node.inputs.iter().enumerate().filter_map(|(i, id)| Some((i, (*id)?)));
    inputs.filter(|(_, id)| graph.tensor(*id).kind == TensorKind::Constant)
}

/// Operators that have a count of multiply-accumulates.
const WEIGHED: &[&str] = &[
    "Conv",
    "ConvInteger",
    "QLinearConv",
    "FusedConv",
    "ConvTranspose",
    "Gemm",
    "FusedGemm",
    "MatMul",
    "MatMulInteger",
    "QLinearMatMul",
    "FusedMatMul",
    "TransposeMatMul",
    "DynamicQuantizeMatMul",
    "MatMulIntegerToFloat",
    "MatMulNBits",
    "Einsum",
    "RNN",
    "GRU",
    "LSTM",
    "DynamicQuantizeLSTM",
    "Attention",
    "MultiHeadAttention",
];

fn weighs(node: &Node) -> bool {
    matches!(&*node.domain, "" | "com.microsoft") && WEIGHED.contains(&&*node.op_type)
}

/// Inputs that hold numbers but no weights: scales, zero points, bounds, regions.
fn is_parameter_input(op: &str, index: usize) -> bool {
    match op {
        "QuantizeLinear" | "DequantizeLinear" | "Clip" | "Resize" | "Upsample" | "Dropout" | "OneHot" | "Pad"
        | "Range" | "ConstantOfShape" | "TopK" | "NonMaxSuppression" => index == 0,
        "QLinearConv" => matches!(index, 0 | 3 | 8),
        "QLinearMatMul" => matches!(index, 0 | 3),
        "ConvInteger" | "MatMulInteger" | "DynamicQuantizeMatMul" | "MatMulIntegerToFloat" | "MatMulNBits" => index < 2,
        "QLinearAdd" | "QLinearMul" => matches!(index, 0 | 3),
        _ => true,
    }
}

/// Operators whose integer inputs are quantized weights.
fn takes_quantized(op: &str) -> bool {
    op.starts_with("QLinear")
        || op.contains("Integer")
        || matches!(op, "DequantizeLinear" | "DynamicQuantizeMatMul" | "MatMulNBits")
}

/// Elements of this constant input that are weights.
fn parameters(graph: &Graph, id: NodeId, index: usize, info: &TensorInfo) -> u64 {
    let node = graph.node(id);
    let op = &*node.op_type;
    let (Some(dtype), Some(elements)) = (info.ty.dtype, info.ty.shape.as_ref().and_then(super::Shape::elements)) else {
        return 0;
    };
    let counts =
        is_parameter_input(op, index) && (dtype.is_float() || (takes_quantized(op) && dtype != DataType::Int64));
    // A lone number is a factor or an epsilon of the formula.
    let lone = elements == 1 && !weighs(node);
    if !counts || lone {
        return 0;
    }
    if op == "MatMulNBits" && index == 1 {
        // Several weights to a byte.
        let bits = graph
            .proto(id)
            .int("bits")
            .and_then(|b| u64::try_from(b).ok())
            .filter(|b| *b > 0)
            .unwrap_or(4);
        return elements.saturating_mul(8) / bits;
    }
    elements
}

/// Sizes of a tensor, a symbol counting as in `bind` (name, value); `None` where one stays open.
pub(super) fn dims_at(graph: &Graph, id: TensorId, bind: &[(&str, u64)]) -> Option<Vec<u64>> {
    let value = |name: &str| bind.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let shape = graph.tensor(id).ty.shape.as_ref()?;
    let size = |dim: &Dim| match dim {
        Dim::Known(n) => Some(*n),
        Dim::Symbol(text) => value(text).or_else(|| {
            let size = Size::parse(text).eval(&|name| i64::try_from(value(name)?).ok())?;
            u64::try_from(size).ok()
        }),
        Dim::Unknown => None,
    };
    shape.0.iter().map(size).collect()
}

struct Counter<'g> {
    graph: &'g Graph,
    bind: &'g [(&'g str, u64)],
}

impl Counter<'_> {
    fn cost(&self, id: NodeId) -> Cost {
        let node = self.graph.node(id);
        let mut cost = Cost::default();
        for (index, tensor) in constants(self.graph, node) {
            let info = self.graph.tensor(tensor);
            cost.weight_bytes = cost.weight_bytes.saturating_add(info.stored_bytes);
            cost.parameters = cost.parameters.saturating_add(parameters(self.graph, id, index, info));
        }
        if weighs(node) {
            cost.macs = self.macs(id, node);
        }
        cost
    }

    fn sizes(&self, id: Option<TensorId>) -> Option<Vec<u64>> {
        dims_at(self.graph, id?, self.bind)
    }

    fn macs(&self, id: NodeId, node: &Node) -> Option<u64> {
        let input = |i: usize| self.sizes(node.inputs.get(i).copied().flatten());
        let output = || self.sizes(node.outputs.first().copied().flatten());
        let proto = self.graph.proto(id);
        match &*node.op_type {
            op @ ("Conv" | "ConvInteger" | "FusedConv" | "QLinearConv") => {
                // Every output position of every image uses every weight once.
                let (out, weights) = (output()?, input(if op == "QLinearConv" { 3 } else { 1 })?);
                product(&[*out.first()?, all(out.get(2..)?)?, all(&weights)?])
            }
            "ConvTranspose" => {
                let (x, weights) = (input(0)?, input(1)?);
                product(&[*x.first()?, all(x.get(2..)?)?, all(&weights)?])
            }
            "Gemm" | "FusedGemm" => {
                let (a, out) = (input(0)?, output()?);
                let transposed = proto.int("transA").unwrap_or(0) != 0;
                product(&[all(&out)?, *a.get(usize::from(!transposed))?])
            }
            "MatMul" | "MatMulInteger" | "QLinearMatMul" | "DynamicQuantizeMatMul" | "MatMulIntegerToFloat" => {
                product(&[all(&output()?)?, *input(0)?.last()?])
            }
            "FusedMatMul" | "TransposeMatMul" => {
                let a = input(0)?;
                let transposed = proto.int("transA").unwrap_or(0) != 0 && a.len() > 1;
                let depth = a.len().checked_sub(if transposed { 2 } else { 1 })?;
                product(&[all(&output()?)?, *a.get(depth)?])
            }
            "MatMulNBits" => product(&[all(&output()?)?, u64::try_from(proto.int("K")?).ok()?]),
            "Einsum" => self.einsum(node, proto.text("equation")?),
            "RNN" | "GRU" | "LSTM" | "DynamicQuantizeLSTM" => {
                // Every step of every sequence uses every input and recurrence weight once.
                let (x, w, r) = (input(0)?, input(1)?, input(2)?);
                product(&[*x.first()?, *x.get(1)?, all(&w)?.checked_add(all(&r)?)?])
            }
            "Attention" if node.domain.is_empty() => self.attention(node),
            "MultiHeadAttention" => match (input(0)?.as_slice(), input(1)?.as_slice(), input(2)?.as_slice()) {
                // Scores, then the weighted sum; a cache makes the key longer than its input shows.
                ([b, q, width], [_, k, _], [_, _, v]) if node.inputs.get(6).copied().flatten().is_none() => {
                    product(&[*b, *q, *k, width.checked_add(*v)?])
                }
                _ => None,
            },
            "Attention" => match (input(0)?.as_slice(), input(1)?.as_slice(), output()?.as_slice()) {
                // Projection to query, key and value, then as above.
                ([b, s, _], [rows, columns], [_, _, v]) if node.inputs.get(4).copied().flatten().is_none() => {
                    let projected = product(&[*b, *s, *rows, *columns])?;
                    let width = columns.checked_sub(*v)? / 2;
                    projected.checked_add(product(&[*b, *s, *s, width.checked_add(*v)?])?)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// ONNX's Attention: queries times keys, scores times values.
    fn attention(&self, node: &Node) -> Option<u64> {
        let input = |i: usize| self.sizes(node.inputs.get(i).copied().flatten());
        let past = match node.inputs.get(4).copied().flatten() {
            Some(_) => *input(4)?.get(2)?,
            None => 0,
        };
        match (input(0)?.as_slice(), input(1)?.as_slice(), input(2)?.as_slice()) {
            ([b, h, q, d], [_, _, k, _], [_, _, _, v]) => {
                product(&[*b, *h, *q, k.checked_add(past)?, d.checked_add(*v)?])
            }
            ([b, q, width], [_, k, _], _) => {
                let out = self.sizes(node.outputs.first().copied().flatten())?;
                product(&[*b, *q, k.checked_add(past)?, width.checked_add(*out.get(2)?)?])
            }
            _ => None,
        }
    }

    /// Two operands without ellipsis: the product of all labels' sizes.
    fn einsum(&self, node: &Node, text: &str) -> Option<u64> {
        let equation = einsum_equation(text)?;
        (equation.inputs.len() == 2).then_some(())?;
        let mut sizes: Vec<(char, u64)> = Vec::new();
        for (i, labels) in equation.inputs.iter().enumerate() {
            let shape = self.sizes(node.inputs.get(i).copied().flatten())?;
            (shape.len() == labels.len()).then_some(())?;
            for (label, size) in labels.iter().zip(shape) {
                let label = (*label)?;
                match sizes.iter_mut().find(|(c, _)| *c == label) {
                    Some((_, known)) => *known = size.max(*known),
                    None => sizes.push((label, size)),
                }
            }
        }
        all(&sizes.iter().map(|(_, n)| *n).collect::<Vec<_>>())
    }
}

fn all(sizes: &[u64]) -> Option<u64> {
    sizes.iter().try_fold(1u64, |n, s| n.checked_mul(*s))
}

fn product(factors: &[u64]) -> Option<u64> {
    all(factors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::sample::{graph, int, ints, model, node, proto, value, with};
    use crate::model::Tensor;
    use crate::model::onnx::{NodeProto, TensorProto};

    fn weight(name: &str, dims: &[u64]) -> TensorProto {
        Tensor::from_f32(dims, &vec![0.5; dims.iter().product::<u64>() as usize])
            .unwrap()
            .to_proto(name)
    }

    fn cost(dims: &[i64], weights: Vec<TensorProto>, n: NodeProto, bind: &[(&str, u64)]) -> Cost {
        let mut g = graph(&[], &["y"], weights, vec![n]);
        g.output[0].r#type = Default::default();
        g.input = vec![value("x", DataType::Float32, dims)];
        costs(&Graph::new(model(&proto(g, vec![]))), bind)[0]
    }

    #[test]
    fn convolution() {
        let n = with(node("Conv", &["x", "w", "b"], &["y"]), ints("pads", &[1, 1, 1, 1]));
        let c = cost(
            &[2, 3, 8, 8],
            vec![weight("w", &[4, 3, 3, 3]), weight("b", &[4])],
            n,
            &[],
        );
        assert_eq!(
            c,
            Cost {
                parameters: 112,
                weight_bytes: 448,
                macs: Some(2 * 64 * 108)
            }
        );
        let n = with(node("Conv", &["x", "w"], &["y"]), int("group", 4));
        let c = cost(&[1, 4, 5, 5], vec![weight("w", &[4, 1, 3, 3])], n, &[]);
        assert_eq!(c.macs, Some(9 * 36));
        let c = cost(
            &[1, 4, 5, 5],
            vec![weight("w", &[4, 2, 3, 3])],
            node("ConvTranspose", &["x", "w"], &["y"]),
            &[],
        );
        assert_eq!(c.macs, Some(25 * 72));
    }

    #[test]
    fn products_and_recurrence() {
        let c = cost(
            &[7, 3, 4],
            vec![weight("w", &[4, 5])],
            node("MatMul", &["x", "w"], &["y"]),
            &[],
        );
        assert_eq!((c.parameters, c.macs), (20, Some(7 * 3 * 4 * 5)));
        let n = with(node("Gemm", &["x", "w"], &["y"]), int("transB", 1));
        assert_eq!(cost(&[3, 4], vec![weight("w", &[5, 4])], n, &[]).macs, Some(60));
        let n = with(node("LSTM", &["x", "w", "r"], &["y"]), int("hidden_size", 2));
        let c = cost(
            &[5, 3, 4],
            vec![weight("w", &[1, 8, 4]), weight("r", &[1, 8, 2])],
            n,
            &[],
        );
        assert_eq!((c.parameters, c.macs), (48, Some(15 * 48)));
    }

    #[test]
    fn data_movement_has_no_count_and_unknown_sizes_neither() {
        assert_eq!(cost(&[3, 4], vec![], node("Transpose", &["x"], &["y"]), &[]).macs, None);
        assert_eq!(
            cost(
                &[-1, 4],
                vec![weight("w", &[4, 5])],
                node("MatMul", &["x", "w"], &["y"]),
                &[]
            )
            .macs,
            None
        );
        let n = node("Clip", &["x", "w"], &["y"]);
        assert_eq!(cost(&[3, 4], vec![weight("w", &[1])], n, &[]).parameters, 0);
    }

    #[test]
    fn symbols_are_bound_and_tied_weights_count_once() {
        let mut g = graph(
            &[],
            &["z"],
            vec![weight("w", &[4, 4])],
            vec![node("MatMul", &["x", "w"], &["y"]), node("MatMul", &["y", "w"], &["z"])],
        );
        g.output[0].r#type = Default::default();
        g.input = vec![value("x", DataType::Float32, &[-1, 4])];
        let mut tensor = g.input[0].r#type.get_or_insert_default().value.take();
        if let Some(crate::model::onnx::__buffa::oneof::type_proto::Value::TensorType(t)) = &mut tensor {
            t.shape.get_or_insert_default().dim[0].value = Some(
                crate::model::onnx::__buffa::oneof::tensor_shape_proto::dimension::Value::DimParam("batch".into()),
            );
        }
        g.input[0].r#type.get_or_insert_default().value = tensor;
        let graph = Graph::new(model(&proto(g, vec![])));
        let free = costs(&graph, &[]);
        assert_eq!(
            total(&graph, &free),
            Total {
                parameters: 16,
                weight_bytes: 64,
                macs: 0,
                macs_unknown: 2
            }
        );
        let bound = costs(&graph, &[("batch", 3)]);
        assert_eq!(
            total(&graph, &bound),
            Total {
                parameters: 16,
                weight_bytes: 64,
                macs: 96,
                macs_unknown: 0
            }
        );
        assert_eq!(bound[1].parameters, 16);
    }
}
