//! What ONNX Runtime computed in: from the types and shapes that its profile says every executed node had. What the graph says
//! is no evidence: on the processor most float16 nodes run in float32 between casts that ONNX Runtime puts in.

use super::profile::{Executed, Typed};
use crate::bench::effective::ONNX_RUNTIME;
use crate::bench::{EffectivePrecision, TypedLayer};

/// Operators that move, convert or describe data.
const MOVING: [&str; 41] = [
    "Cast",
    "Compress",
    "Concat",
    "ConstantOfShape",
    "DepthToSpace",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "EyeLike",
    "Expand",
    "Flatten",
    "Gather",
    "GatherElements",
    "GatherND",
    "Identity",
    "If",
    "Loop",
    "MemcpyFromHost",
    "MemcpyToHost",
    "NonZero",
    "OneHot",
    "Pad",
    "QuantizeLinear",
    "Range",
    "ReorderInput",
    "ReorderOutput",
    "Reshape",
    "ReverseSequence",
    "Scan",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "Shape",
    "Size",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Where",
];
/// Operators that take floats and compute in 8-bit integers inside.
const QUANTIZING: [&str; 3] = ["DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "DynamicQuantizeConv"];
/// Operators with weights or products whose multiply-accumulates cannot be told from the shapes that a profile has.
const UNCOUNTED: [&str; 10] = [
    "Attention",
    "MultiHeadAttention",
    "GroupQueryAttention",
    "PackedAttention",
    "QAttention",
    "LSTM",
    "GRU",
    "RNN",
    "Einsum",
    "DynamicQuantizeLSTM",
];

/// Providers whose kernels compute in the types of their inputs; what others compute in inside a node nobody can see.
const OPEN: [&str; 2] = ["CPUExecutionProvider", "CUDAExecutionProvider"];

/// Shares of what these nodes computed in; `tf32` says that float32 products on the GPU may run in TF32. None when nothing was
/// computed, or by a provider that says nothing.
pub fn effective(nodes: &[Executed], tf32: bool) -> Option<EffectivePrecision> {
    let is_open = |node: &Executed| node.provider.as_deref().is_none_or(|p| OPEN.contains(&p));
    if !nodes.iter().all(is_open) {
        return None;
    }
    let layers: Vec<TypedLayer> = nodes.iter().filter_map(|node| layer(node, tf32)).collect();
    EffectivePrecision::of(ONNX_RUNTIME, &layers)
}

fn layer(node: &Executed, tf32: bool) -> Option<TypedLayer> {
    let op = node.op.as_str();
    if MOVING.contains(&op) {
        return None;
    }
    let first = node.inputs.first().or(node.outputs.first())?;
    let dtype = match (QUANTIZING.contains(&op), first.dtype.as_str()) {
        (true, _) | (_, "int8" | "uint8") => "int8",
        (_, "float") => "fp32",
        (_, "float16") => "fp16",
        (_, "bfloat16") => "bf16",
        (_, "double") => "fp64",
        (_, other) if other.starts_with("float8") => "fp8",
        // Sizes, indices and conditions.
        _ => return None,
    };
    let macs = macs(node);
    let on_gpu = node.provider.as_deref() == Some("CUDAExecutionProvider");
    let is_product = macs != Some(0);
    let dtype = match dtype {
        "fp32" if tf32 && on_gpu && is_product => "tf32",
        other => other,
    };
    Some(TypedLayer {
        dtype: dtype.into(),
        macs,
    })
}

fn elements(dims: &[i64]) -> Option<u64> {
    dims.iter()
        .try_fold(1u64, |n, d| n.checked_mul(u64::try_from(*d).ok()?))
}

/// Multiply-accumulates of a convolution or matrix product; 0 for other operators, none where a shape is missing (weights that
/// were laid out anew are not in the profile).
fn macs(node: &Executed) -> Option<u64> {
    let op = node.op.as_str();
    if UNCOUNTED.contains(&op) {
        return None;
    }
    let is_product = op.contains("MatMul") || op.contains("Gemm");
    if !is_product && !op.contains("Conv") {
        return Some(0);
    }
    let (input, output) = (node.inputs.first()?, node.outputs.first()?);
    if is_product {
        // The first operand is M x K or K x M, the result M x N.
        let inner = match (input.dims.as_slice(), output.dims.as_slice()) {
            ([.., a, b], [.., m, _]) if *m > 0 => (a.checked_mul(*b)?) / m,
            ([.., k], _) => *k,
            _ => return None,
        };
        return elements(&output.dims)?.checked_mul(u64::try_from(inner).ok()?);
    }
    let has_rank = |t: &&Typed| t.dims.len() == input.dims.len() && t.dims.len() >= 3;
    let weight = node.inputs.iter().skip(1).find(has_rank)?;
    let kernel = elements(weight.dims.get(1..)?)?;
    let over = if op.contains("ConvTranspose") { input } else { output };
    elements(&over.dims)?.checked_mul(kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(dtype: &str, dims: &[i64]) -> Typed {
        Typed {
            dtype: dtype.into(),
            dims: dims.to_vec(),
        }
    }

    fn node(op: &str, inputs: Vec<Typed>, output: Typed) -> Executed {
        Executed {
            op: op.into(),
            provider: Some("CPUExecutionProvider".into()),
            inputs,
            outputs: vec![output],
        }
    }

    #[test]
    fn work_is_counted_from_executed_shapes() {
        let conv = node(
            "Conv",
            vec![
                typed("float", &[1, 3, 224, 224]),
                typed("float", &[64, 3, 7, 7]),
                typed("float", &[64]),
            ],
            typed("float", &[1, 64, 112, 112]),
        );
        assert_eq!(macs(&conv), Some(64 * 112 * 112 * 147));
        let qconv = node(
            "QLinearConv",
            vec![
                typed("uint8", &[1, 8, 4, 4]),
                typed("float", &[]),
                typed("uint8", &[]),
                typed("int8", &[16, 8, 3, 3]),
            ],
            typed("uint8", &[1, 16, 4, 4]),
        );
        assert_eq!(macs(&qconv), Some(16 * 16 * 72));
        // Its weight was laid out anew, so the profile has the first operand only.
        let matmul = node(
            "MatMul",
            vec![typed("float", &[1, 24, 120])],
            typed("float", &[1, 24, 360]),
        );
        assert_eq!(macs(&matmul), Some(24 * 360 * 120));
        let gemm = node("Gemm", vec![typed("float", &[512, 2])], typed("float", &[2, 7]));
        assert_eq!(macs(&gemm), Some(2 * 7 * 512));
        let blind = node(
            "Conv",
            vec![typed("float", &[1, 3, 4, 4])],
            typed("float", &[1, 8, 4, 4]),
        );
        assert_eq!(macs(&blind), None);
    }

    #[test]
    fn moving_data_counts_nothing_and_inner_integers_count_as_such() {
        let vector = |dtype: &str| typed(dtype, &[1, 8]);
        let nodes = [
            node("Cast", vec![vector("float16")], vector("float")),
            node("MatMul", vec![vector("float")], typed("float", &[1, 4])),
            node("Add", vec![vector("int64")], vector("int64")),
            node("DynamicQuantizeMatMul", vec![vector("float")], typed("float", &[1, 4])),
            node("Softmax", vec![vector("float16")], vector("float16")),
        ];
        let effective = effective(&nodes, false).unwrap();
        assert_eq!(effective.words(), "50 % FP32, 50 % INT8");
        assert_eq!(effective.types.len(), 3);
        assert_eq!(super::effective(&nodes[..1], false), None);
    }

    #[test]
    fn tf32_is_named_on_the_gpu_alone() {
        let mut product = node("MatMul", vec![typed("float", &[4, 8])], typed("float", &[4, 2]));
        assert_eq!(effective(std::slice::from_ref(&product), true).unwrap().words(), "FP32");
        product.provider = Some("CUDAExecutionProvider".into());
        assert_eq!(effective(std::slice::from_ref(&product), true).unwrap().words(), "TF32");
        assert_eq!(effective(&[product], false).unwrap().words(), "FP32");
    }
}
