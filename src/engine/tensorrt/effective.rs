//! What an engine computes in, from the inspector's layers: types of inputs and outputs per layer, with the ONNX nodes that the
//! layer computes.

use crate::bench::{EffectivePrecision, TypedLayer};
use crate::engine::plan::EngineLayer;
use crate::graph::sized::costs_at;
use crate::graph::{Graph, NodePath};
use crate::recipe::ProfileSpec;
use std::collections::HashMap;

/// Operators that move or convert data and compute nothing.
const MOVES: [&str; 21] = [
    "Cast",
    "Concat",
    "Constant",
    "DequantizeLinear",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Pad",
    "QuantizeLinear",
    "Reshape",
    "Shape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "DepthToSpace",
    "SpaceToDepth",
    "Dropout",
];

/// A node of the model as the inspector's and the profiler's layers name it.
pub struct Node {
    /// Where it is.
    pub path: NodePath,
    /// Its multiply-accumulates at the profile's opt shapes; 0 for operators that are no convolution or matrix product, none
    /// where they are not known.
    macs: Option<u64>,
    /// It only moves or converts data.
    moves: bool,
}

/// The model's named nodes.
pub fn nodes(graph: &Graph, profiles: &[ProfileSpec]) -> HashMap<String, Node> {
    let opt = profiles
        .first()
        .map(|p| p.inputs.iter().map(|(name, r)| (name.clone(), r.opt.clone())));
    let costs = costs_at(graph, &opt.into_iter().flatten().collect());
    let named = graph.nodes.iter().zip(costs).filter(|(n, _)| !n.name.is_empty());
    named
        .map(|(node, cost)| {
            let op = node.op_type.to_string();
            let weighted =
                op.contains("Conv") || op.contains("MatMul") || ["Gemm", "Attention", "Einsum"].contains(&&*op);
            let known = Node {
                path: node.path.clone(),
                macs: if weighted { cost.macs } else { Some(0) },
                moves: MOVES.contains(&&*op),
            };
            (node.name.to_string(), known)
        })
        .collect()
}

/// Shares of the types of these layers; `fp32` names what FP32 convolutions and matrix products are computed in.
pub fn of(layers: &[EngineLayer], nodes: &HashMap<String, Node>, fp32: &str) -> Option<EffectivePrecision> {
    EffectivePrecision::of("TensorRT's inspector", &typed(layers, nodes, fp32))
}

/// True when a layer with a convolution or a matrix product reads FP32.
pub fn has_fp32(layers: &[EngineLayer], nodes: &HashMap<String, Node>) -> bool {
    typed(layers, nodes, "tf32").iter().any(|l| l.dtype == "tf32")
}

fn typed(layers: &[EngineLayer], nodes: &HashMap<String, Node>, fp32: &str) -> Vec<TypedLayer> {
    layers.iter().filter_map(|layer| one(layer, nodes, fp32)).collect()
}

/// None for layers that compute no node of the model: reformatting, waits, what TensorRT adds.
fn one(layer: &EngineLayer, nodes: &HashMap<String, Node>, fp32: &str) -> Option<TypedLayer> {
    let computed: Vec<&Node> = layer
        .nodes
        .iter()
        .filter_map(|name| nodes.get(name))
        .filter(|n| !n.moves)
        .collect();
    if computed.is_empty() {
        return None;
    }
    let known = computed.iter().all(|n| n.macs.is_some());
    let macs = known.then(|| computed.iter().filter_map(|n| n.macs).fold(0u64, u64::saturating_add));
    // A product's factors are what it reads; its result may be wider. Other layers write what they compute in.
    let read = layer.inputs.iter().find_map(|i| i.dtype.clone());
    let dtype = if macs == Some(0) {
        layer.precision.clone().or(read)
    } else {
        read.or_else(|| layer.precision.clone())
    };
    let dtype = dtype?.to_lowercase();
    let is_product = macs != Some(0);
    Some(TypedLayer {
        dtype: if dtype == "fp32" && is_product {
            fp32.into()
        } else {
            dtype
        },
        macs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::LayerTensor;

    fn tensor(dtype: &str) -> LayerTensor {
        LayerTensor {
            dtype: Some(dtype.into()),
            ..LayerTensor::default()
        }
    }

    fn layer(nodes: &[&str], input: &str, output: &str) -> EngineLayer {
        EngineLayer {
            nodes: nodes.iter().map(|n| (*n).to_string()).collect(),
            precision: Some(output.into()),
            inputs: vec![tensor(input)],
            outputs: vec![tensor(output)],
            ..EngineLayer::default()
        }
    }

    fn known(macs: Option<u64>, moves: bool) -> Node {
        Node {
            path: NodePath::default(),
            macs,
            moves,
        }
    }

    #[test]
    fn products_count_by_what_they_read_and_moves_do_not_count() {
        let nodes: HashMap<String, Node> = [
            ("conv".to_string(), known(Some(900), false)),
            ("conv2".to_string(), known(Some(100), false)),
            ("relu".to_string(), known(Some(0), false)),
            ("cast".to_string(), known(Some(0), true)),
        ]
        .into();
        let layers = [
            layer(&["conv", "relu"], "FP8", "FP16"),
            layer(&["conv2"], "FP32", "FP32"),
            layer(&["cast"], "FP32", "FP16"),
            layer(&[], "FP32", "FP32"),
            layer(&["relu"], "FP32", "FP32"),
        ];
        assert!(has_fp32(&layers, &nodes) && !has_fp32(&layers[..1], &nodes));
        let shares = of(&layers, &nodes, "tf32").unwrap();
        let by: Vec<(&str, u64, Option<f64>)> = shares
            .types
            .iter()
            .map(|t| (t.dtype.as_str(), t.layers, t.mac_share))
            .collect();
        assert_eq!(
            by,
            [("fp8", 1, Some(0.9)), ("tf32", 1, Some(0.1)), ("fp32", 1, Some(0.0))]
        );
        assert_eq!(of(&layers[2..4], &nodes, "fp32"), None);
    }
}
