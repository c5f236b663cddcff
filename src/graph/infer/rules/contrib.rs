//! Operators of ONNX Runtime (`com.microsoft`) that exported and optimised models have. Shapes from ONNX Runtime's
//! docs/ContribOperators.md.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::{broadcast, elementwise, matmul, one, quantize};
use crate::model::DataType;

pub(super) fn outputs(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = call.dtype(0);
    let same = || call.shape(0).map(<[Size]>::to_vec);
    match &*call.node.op_type {
        "Gelu" | "FastGelu" | "QuickGelu" | "BiasGelu" | "RotaryEmbedding" | "BiasSoftmax" | "GroupNorm" => {
            elementwise::same(call)
        }
        "QuantizeLinear" => quantize::quantize(call),
        "DequantizeLinear" => quantize::dequantize(call),
        "FusedConv" => super::conv::conv(call),
        "FusedGemm" => matmul::gemm(call),
        "SkipLayerNormalization" | "SkipSimplifiedLayerNormalization" => {
            let statistic = Fact::new(Some(DataType::Float32), None);
            let whole = Fact::new(dtype, same());
            Some(vec![whole.clone(), statistic.clone(), statistic, whole])
        }
        "EmbedLayerNormalization" => {
            let ids = call.shape(0)?;
            let hidden = call.shape(2).and_then(|s| s.get(1).cloned()).unwrap_or(Size::Unknown);
            let (batch, steps) = (ids.first()?.clone(), ids.get(1)?.clone());
            let whole = Fact::new(call.dtype(2), Some(vec![batch.clone(), steps, hidden]));
            Some(vec![
                whole.clone(),
                Fact::new(Some(DataType::Int32), Some(vec![batch])),
                whole,
            ])
        }
        "Attention" => {
            // Weights are [input, 3 * hidden]; other splits are given by qkv_hidden_sizes.
            let x = call.shape(0)?;
            let hidden = match call.ints("qkv_hidden_sizes") {
                Some(sizes) => Size::Known(*sizes.get(2)?),
                None => call
                    .shape(1)
                    .and_then(|w| w.get(1).cloned())
                    .unwrap_or(Size::Unknown)
                    .div_exact(&Size::Known(3)),
            };
            one(dtype, Some(vec![x.first()?.clone(), x.get(1)?.clone(), hidden]))
        }
        "MultiHeadAttention" => {
            let q = call.shape(0).filter(|q| q.len() == 3)?;
            let hidden = match call.shape(2) {
                Some([_, _, v]) => v.clone(),
                Some([_, heads, _, head]) => heads.mul(head),
                _ => Size::Unknown,
            };
            one(dtype, Some(vec![q.first()?.clone(), q.get(1)?.clone(), hidden]))
        }
        "GroupQueryAttention" => {
            let q = call.shape(0).filter(|q| q.len() == 3)?;
            let (heads, kv) = (call.int("num_heads")?, call.int("kv_num_heads")?);
            let hidden = if call.has(1) {
                q.get(2)?.clone()
            } else {
                // Query, key and value in one tensor.
                let all = Size::Known(heads.checked_add(kv.checked_mul(2)?)?);
                q.get(2)?.div_exact(&all).mul(&Size::Known(heads))
            };
            one(dtype, Some(vec![q.first()?.clone(), q.get(1)?.clone(), hidden]))
        }
        "MatMulNBits" => {
            let mut shape = call.shape(0)?.to_vec();
            *shape.last_mut()? = Size::Known(call.int("N")?);
            one(dtype, Some(shape))
        }
        "FusedMatMul" | "TransposeMatMul" => {
            let plain = ["transBatchA", "transBatchB"]
                .iter()
                .all(|a| call.int(a).unwrap_or(0) == 0);
            plain.then_some(())?;
            let side = |input: usize, attribute: &str| -> Option<Vec<Size>> {
                let mut shape = call.shape(input)?.to_vec();
                let n = shape.len();
                if call.int(attribute).unwrap_or(0) != 0 && n > 1 {
                    shape.swap(n - 1, n - 2);
                }
                Some(shape)
            };
            let (a, b) = (side(0, "transA")?, side(1, "transB")?);
            one(dtype, matmul::product(&a, &b))
        }
        "DynamicQuantizeMatMul" => one(
            dtype,
            call.shape(0)
                .zip(call.shape(1))
                .and_then(|(a, b)| matmul::product(a, b)),
        ),
        "MatMulIntegerToFloat" => one(
            call.dtype(2),
            call.shape(0)
                .zip(call.shape(1))
                .and_then(|(a, b)| matmul::product(a, b)),
        ),
        "QLinearAdd" | "QLinearMul" => one(dtype, broadcast([call.shape(0), call.shape(3)])),
        "QLinearSigmoid" | "QLinearLeakyRelu" | "QLinearSoftmax" => one(dtype, same()),
        "QLinearGlobalAveragePool" if call.int("channels_last").unwrap_or(0) == 0 => super::conv::global_pool(call),
        "QLinearAveragePool" if call.int("channels_last").unwrap_or(0) == 0 => super::conv::pool(call).map(|mut v| {
            v.truncate(1);
            v
        }),
        "QLinearConcat" => {
            // Scale and zero point, then triples of tensor, scale, zero point.
            let tensors: Vec<usize> = (2..call.inputs.len()).step_by(3).collect();
            let first = call.shape(*tensors.first()?)?;
            let at = super::reshape::axis_attr(call, 0, first.len())?;
            let mut out = first.to_vec();
            for i in tensors.iter().skip(1) {
                let shape = call.shape(*i)?;
                let slot = out.get_mut(at)?;
                *slot = slot.add(shape.get(at)?);
            }
            one(call.dtype(*tensors.first()?), Some(out))
        }
        "DynamicQuantizeLSTM" => super::rnn::rnn(call),
        _ => None,
    }
}
