//! What a graph computes in, node by node, and how much of it; why is in [`super::decisions`].

use super::quantize::fuses;
use crate::graph::{Graph, Node, Producer, TensorId, TensorKind, cost};
use crate::model::DataType;
use std::collections::BTreeMap;

/// What a node computes in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Computes {
    Fp64,
    Fp32,
    Bf16,
    Fp16,
    Fp8,
    Int8,
    /// In float, on a weight that is stored in 4 bits.
    Int4,
    /// Converts between types: a cast between floats, QuantizeLinear, DequantizeLinear.
    Converts,
    /// Integers, booleans, text: shapes and indices, which precision does not concern.
    Integers,
    /// Runs other nodes (If, Loop, Scan, local functions), is a constant, or its types are not known.
    Other,
}

impl Computes {
    /// All, in the order of lists.
    pub const ALL: [Self; 10] = [
        Self::Fp64,
        Self::Fp32,
        Self::Bf16,
        Self::Fp16,
        Self::Fp8,
        Self::Int8,
        Self::Int4,
        Self::Converts,
        Self::Integers,
        Self::Other,
    ];

    /// As tables and legends write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp64 => "FP64",
            Self::Fp32 => "FP32",
            Self::Bf16 => "BF16",
            Self::Fp16 => "FP16",
            Self::Fp8 => "FP8",
            Self::Int8 => "INT8",
            Self::Int4 => "INT4 weights",
            Self::Converts => "Converts types",
            Self::Integers => "Integers",
            Self::Other => "Other",
        }
    }

    /// True for less than 32 bits.
    pub fn is_lowered(self) -> bool {
        matches!(self, Self::Bf16 | Self::Fp16 | Self::Fp8 | Self::Int8 | Self::Int4)
    }

    /// True for floating-point and quantized arithmetic, which is what a precision decides about.
    pub fn is_arithmetic(self) -> bool {
        self.is_lowered() || matches!(self, Self::Fp64 | Self::Fp32)
    }

    /// Arithmetic on quantized values, which other tensors have to be converted for.
    pub fn is_quantized(self) -> bool {
        matches!(self, Self::Fp8 | Self::Int8)
    }

    fn of_float(dtype: DataType) -> Option<Self> {
        Some(match dtype {
            DataType::Float64 => Self::Fp64,
            DataType::Float32 => Self::Fp32,
            DataType::BFloat16 => Self::Bf16,
            DataType::Float16 => Self::Fp16,
            other => Self::of_quantized(other).filter(|_| other.is_float())?,
        })
    }

    fn of_quantized(dtype: DataType) -> Option<Self> {
        Some(match dtype {
            DataType::Int8 | DataType::UInt8 => Self::Int8,
            DataType::Int4 | DataType::UInt4 => Self::Int4,
            DataType::Float8E4M3FN | DataType::Float8E4M3FNUZ | DataType::Float8E5M2 | DataType::Float8E5M2FNUZ => {
                Self::Fp8
            }
            _ => return None,
        })
    }
}

/// Pointwise nodes followed back from one of them to the weighted node that it is fused into, at most.
const LONGEST_GROUP: usize = 6;

/// What every node computes in, by [`NodeId`]. What engines fuse into a quantized node computes with it, though its own
/// tensors are float in the graph.
pub fn computes(graph: &Graph) -> Vec<Computes> {
    let mut all: Vec<Computes> = graph.nodes.iter().map(|node| of_node(graph, node)).collect();
    let fused = graph.nodes.iter().map(|node| fused_into(graph, &all, node));
    let fused: Vec<Option<Computes>> = fused.collect();
    for (computes, fused) in all.iter_mut().zip(fused) {
        if let Some(with) = fused {
            *computes = with;
        }
    }
    all
}

/// What the quantized node computes in that engines fuse a pointwise one into (the same rule as quantization's).
fn fused_into(graph: &Graph, computes: &[Computes], node: &Node) -> Option<Computes> {
    let mut at = node;
    for _ in 0..LONGEST_GROUP {
        if !fuses(at) {
            return None;
        }
        let is_data = |id: &TensorId| graph.tensor(*id).kind != TensorKind::Constant;
        let mut data = at.inputs.iter().flatten().copied().filter(is_data);
        let (Some(tensor), None) = (data.next(), data.next()) else {
            return None;
        };
        let info = graph.tensor(tensor);
        let Producer::Node { node: maker, .. } = info.producer else {
            return None;
        };
        if info.consumers.len() != 1 || info.is_output {
            return None;
        }
        at = graph.node(maker);
        let of_maker = computes.get(maker.0 as usize).copied()?;
        if of_maker.is_quantized() && matches!(&*at.op_type, "Conv" | "ConvTranspose" | "Gemm" | "MatMul") {
            return Some(of_maker);
        }
    }
    None
}

fn of_node(graph: &Graph, node: &Node) -> Computes {
    let dtype = |id: TensorId| graph.tensor(id).ty.dtype;
    let inputs = || node.inputs.iter().flatten().copied();
    let outputs = || node.outputs.iter().flatten().copied();
    let is_float = |id: TensorId| dtype(id).is_some_and(DataType::is_float);
    match (&*node.domain, &*node.op_type) {
        (_, "QuantizeLinear" | "DequantizeLinear" | "DynamicQuantizeLinear") => return Computes::Converts,
        ("", "Cast" | "CastLike") if inputs().take(1).all(is_float) && outputs().all(is_float) => {
            return Computes::Converts;
        }
        ("", "Constant" | "If" | "Loop" | "Scan") => return Computes::Other,
        (_, op) if op.starts_with("QLinear") || matches!(op, "ConvInteger" | "MatMulInteger") => return Computes::Int8,
        (_, "MatMulNBits") => return Computes::Int4,
        _ if node.function.is_some() => return Computes::Other,
        _ => {}
    }
    // What is read through a DequantizeLinear is multiplied in the narrow type: engines fuse the two.
    let mut weights = None;
    for id in inputs() {
        if let Some((narrow, stored)) = dequantized(graph, id) {
            match (narrow, stored) {
                (Computes::Int4, _) => weights = Some(narrow),
                (_, false) => return narrow,
                (_, true) => {}
            }
        }
    }
    if let Some(narrow) = weights {
        return narrow;
    }
    // Of several float types the widest: the others are parameters that are converted on the way.
    let floats = inputs()
        .chain(outputs())
        .filter_map(dtype)
        .filter_map(Computes::of_float);
    match floats.min() {
        Some(widest) => widest,
        None if inputs().chain(outputs()).any(|id| dtype(id).is_none()) => Computes::Other,
        None => Computes::Integers,
    }
}

/// The narrow type that a DequantizeLinear makes the tensor from, and whether that is stored in the model.
fn dequantized(graph: &Graph, id: TensorId) -> Option<(Computes, bool)> {
    let mut id = id;
    // A cast to the type of the rest may stand between.
    for _ in 0..2 {
        let Producer::Node { node, .. } = graph.tensor(id).producer else {
            return None;
        };
        let maker = graph.node(node);
        let source = maker.inputs.first().copied().flatten()?;
        match &*maker.op_type {
            "DequantizeLinear" => {
                let from = graph.tensor(source);
                let narrow = Computes::of_quantized(from.ty.dtype?)?;
                return Some((narrow, from.kind == TensorKind::Constant));
            }
            "Cast" => id = source,
            _ => return None,
        }
    }
    None
}

/// How much of a graph computes in what.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Counts {
    /// Nodes by what they compute in.
    pub nodes: BTreeMap<Computes, u64>,
    /// Multiply-accumulates by what they are computed in, where shapes are known.
    pub macs: BTreeMap<Computes, u64>,
    /// Nodes that multiply but whose shapes are not known.
    pub macs_unknown: u64,
    /// Bytes of stored constants.
    pub weight_bytes: u64,
}

impl Counts {
    /// Counts a graph; `computes` and `costs` as [`computes`] and [`cost::costs`] made them for it.
    pub fn of(graph: &Graph, computes: &[Computes], costs: &[cost::Cost]) -> Self {
        let total = cost::total(graph, costs);
        let mut counts = Self {
            macs_unknown: total.macs_unknown,
            weight_bytes: total.weight_bytes,
            ..Self::default()
        };
        for (computes, cost) in computes.iter().zip(costs) {
            *counts.nodes.entry(*computes).or_default() += 1;
            if let Some(macs) = cost.macs {
                let sum = counts.macs.entry(*computes).or_default();
                *sum = sum.saturating_add(macs);
            }
        }
        counts
    }

    /// Nodes that compute in this.
    pub fn nodes(&self, computes: Computes) -> u64 {
        self.nodes.get(&computes).copied().unwrap_or(0)
    }

    /// Share of the known multiply-accumulates that are computed in less than 32 bits, 0..=1; `None` when none is known.
    pub fn lowered_share(&self) -> Option<f64> {
        self.share(Computes::is_lowered)
    }

    /// Share of the known multiply-accumulates that are computed in what passes, 0..=1; `None` when none is known.
    pub fn share(&self, passes: impl Fn(Computes) -> bool) -> Option<f64> {
        let all: f64 = self.macs.values().map(|n| *n as f64).sum();
        let some: f64 = self
            .macs
            .iter()
            .filter(|(c, _)| passes(**c))
            .map(|(_, n)| *n as f64)
            .sum();
        (all > 0.0).then(|| some / all)
    }

    /// What to expect of a quantized graph that may not be faster than FP16, in words; `None` where there is no reason to.
    pub fn slow_when_quantized(&self) -> Option<String> {
        let quantized = self.nodes.keys().any(|c| c.is_quantized());
        let share = self.share(Computes::is_quantized).filter(|s| quantized && *s < MOST)?;
        Some(format!(
            "Only {:.0} % of the multiply-accumulates are quantized; {} convert between types. The rest computes as \
             wide as before and every border costs a conversion, so this can be slower than FP16. Lower the rest to FP16, or \
             quantize more.",
            1e2 * share,
            crate::format::plural(
                usize::try_from(self.nodes(Computes::Converts)).unwrap_or(usize::MAX),
                "node"
            ),
        ))
    }
}

/// With a smaller share of the multiply-accumulates in 8 bits than this, the conversions around them may cost more than they
/// save.
const MOST: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::rewrite::clean::label;
    use crate::rewrite::decisions::{Notes, carried};
    use crate::rewrite::{CastSpec, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, apply_all};
    use std::sync::Arc;

    fn demo() -> Arc<Model> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/digits/digits.onnx");
        Arc::new(Model::open(path.as_ref()).unwrap())
    }

    fn counts(graph: &Graph) -> Counts {
        let dims = [("batch", 1u64), ("N", 1)];
        Counts::of(graph, &computes(graph), &cost::costs(graph, &dims))
    }

    #[test]
    fn a_cast_model_is_counted_and_every_node_has_its_reason() {
        let model = demo();
        let graph = Graph::new(model.clone());
        let before = counts(&graph);
        assert_eq!(before.lowered_share().unwrap_or(0.0), 0.0);
        let spec = CastSpec {
            keep_io_types: true,
            exclude_ops: vec!["Gemm".into()],
            ..CastSpec::new(LowType::Fp16)
        };
        let done = apply_all(&model, &[PatchSpec::Cast(Box::new(spec))]).unwrap();
        let after = Graph::new(done[0].model.clone());
        let now = counts(&after);
        assert!(now.nodes(Computes::Fp16) > 10, "{now:?}");
        assert!(now.nodes(Computes::Converts) >= 2, "{now:?}");
        assert!(now.weight_bytes < before.weight_bytes * 2 / 3);
        let share = now.lowered_share().unwrap();
        assert!(share > 0.9 && share < 1.0, "{share}");
        let mut notes = Notes::default();
        notes.add(&graph, &done[0].notes);
        let decided = notes.decisions(&after, &computes(&after));
        for (node, decision) in after.nodes.iter().zip(&decided) {
            match &*node.op_type {
                "Gemm" => assert_eq!(
                    (decision.computes, &*decision.why),
                    (Computes::Fp32, "FP32: Gemm is excluded")
                ),
                "Conv" => assert_eq!(
                    (decision.computes, &*decision.why),
                    (Computes::Fp16, "no rule keeps it in FP32")
                ),
                "Cast" => assert_eq!(decision.computes, Computes::Converts),
                _ => {}
            }
        }
        // The nodes of the graph before say what becomes of them.
        let carried = carried(&graph, &after, &decided);
        for (node, decision) in graph.nodes.iter().zip(&carried) {
            if matches!(&*node.op_type, "Gemm" | "Conv") {
                let lowered = &*node.op_type == "Conv";
                assert_eq!(decision.computes.is_lowered(), lowered, "{} {decision:?}", node.name);
            }
        }
    }

    #[test]
    fn what_reads_8_bits_computes_in_them() {
        let model = demo();
        let graph = Graph::new(model.clone());
        let spec = QuantizeSpec {
            mode: QuantMode::Int8,
            method: Method::Max,
            include: vec![],
            exclude: vec![],
            include_ops: vec![],
            exclude_ops: vec![],
            pointwise: false,
            attention: false,
            weight_only: false,
            block: None,
            source: "a test".into(),
            thresholds: graph.tensors.iter().map(|t| (t.name.to_string(), 1.0)).collect(),
        };
        let mut patches = PatchSpec::before_quantizing(13);
        patches.push(PatchSpec::Quantize(Box::new(spec)));
        let done = apply_all(&model, &patches).unwrap();
        let step = done.last().unwrap();
        let after = Graph::new(step.model.clone());
        let now = counts(&after);
        assert!(now.nodes(Computes::Int8) > 3, "{now:?}");
        // What the patch says is fused is counted with what it is fused into, and nothing else is.
        for (node, computes) in after.nodes.iter().zip(computes(&after)) {
            let name = label(node);
            let note = step.notes.iter().find(|(n, _)| *n == name).map(|(_, why)| why.as_str());
            if let Some(note) = note.filter(|_| fuses(node)) {
                assert_eq!(
                    note.starts_with("INT8"),
                    computes == Computes::Int8,
                    "{name}: {note}, {computes:?}"
                );
            }
        }
        assert!(now.nodes(Computes::Fp32) > 0, "{now:?}");
        let mut notes = Notes::default();
        notes.add(&Graph::new(done[done.len() - 2].model.clone()), &step.notes);
        let decided = notes.decisions(&after, &computes(&after));
        for (node, decision) in after.nodes.iter().zip(&decided) {
            if &*node.op_type == "Conv" {
                let int8 = decision.computes == Computes::Int8;
                assert_eq!(int8, decision.why.starts_with("INT8: "), "{} {decision:?}", node.name);
            }
        }
    }

    #[test]
    fn a_small_quantized_share_is_pointed_out() {
        let mut counts = Counts {
            nodes: [(Computes::Int8, 2), (Computes::Fp32, 9), (Computes::Converts, 6)].into(),
            macs: [(Computes::Int8, 20), (Computes::Fp32, 80)].into(),
            ..Counts::default()
        };
        let words = counts.slow_when_quantized().unwrap();
        assert!(
            words.starts_with("Only 20 % of the multiply-accumulates are quantized; 6 nodes convert"),
            "{words}"
        );
        counts.macs.insert(Computes::Int8, 800);
        assert_eq!(counts.slow_when_quantized(), None);
        counts.nodes.remove(&Computes::Int8);
        counts.macs.remove(&Computes::Int8);
        assert_eq!(counts.slow_when_quantized(), None);
    }
}
