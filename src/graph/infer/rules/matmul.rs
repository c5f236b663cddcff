//! Matrix products, Einsum and attention.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::{broadcast, one};
use crate::model::DataType;

/// The shape of a matrix product as NumPy's matmul gives it.
pub(super) fn product(a: &[Size], b: &[Size]) -> Option<Vec<Size>> {
    let (rows, columns) = (a.len() > 1, b.len() > 1);
    let batch = |s: &[Size]| s.get(..s.len().saturating_sub(2)).unwrap_or_default().to_vec();
    (!a.is_empty() && !b.is_empty()).then_some(())?;
    let mut out = broadcast([Some(batch(a).as_slice()), Some(batch(b).as_slice())])?;
    if rows {
        out.push(a.get(a.len() - 2)?.clone());
    }
    if columns {
        out.push(b.last()?.clone());
    }
    Some(out)
}

pub(super) fn matmul(call: &Call<'_>) -> Option<Vec<Fact>> {
    let (b, dtype) = match &*call.node.op_type {
        "MatMulInteger" => (1, Some(DataType::Int32)),
        "QLinearMatMul" => (3, call.dtype(7)),
        _ => (1, call.dtype(0).or(call.dtype(1))),
    };
    one(dtype, call.shape(0).zip(call.shape(b)).and_then(|(a, b)| product(a, b)))
}

pub(super) fn gemm(call: &Call<'_>) -> Option<Vec<Fact>> {
    let side = |input: usize, attribute: &str, outer: usize| -> Size {
        let transposed = call.int(attribute).unwrap_or(0) != 0;
        let at = if transposed { 1 - outer } else { outer };
        call.shape(input)
            .filter(|s| s.len() == 2)
            .and_then(|s| s.get(at).cloned())
            .unwrap_or(Size::Unknown)
    };
    one(
        call.dtype(0).or(call.dtype(1)),
        Some(vec![side(0, "transA", 0), side(1, "transB", 1)]),
    )
}

/// Labels of every input and of the output; `None` for the ellipsis.
pub(in crate::graph) struct Equation {
    pub inputs: Vec<Vec<Option<char>>>,
    pub output: Vec<Option<char>>,
}

/// Reads an Einsum equation (NumPy's notation).
pub(in crate::graph) fn equation(text: &str) -> Option<Equation> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = text
        .split_once("->")
        .map_or((text.as_str(), None), |(l, r)| (l, Some(r)));
    let labels = |term: &str| -> Option<Vec<Option<char>>> {
        let term = term.replace("...", ".");
        term.chars()
            .map(|c| match c {
                '.' => Some(None),
                c if c.is_ascii_alphabetic() => Some(Some(c)),
                _ => None,
            })
            .collect()
    };
    let inputs: Vec<Vec<Option<char>>> = left.split(',').map(labels).collect::<Option<_>>()?;
    let output = match right {
        Some(right) => labels(right)?,
        None => {
            // Labels that stand once, in alphabetical order, after the ellipsis.
            let mut seen: Vec<char> = inputs.iter().flatten().flatten().copied().collect();
            seen.sort_unstable();
            let once = seen.iter().filter(|c| seen.iter().filter(|d| d == c).count() == 1);
            let mut output: Vec<Option<char>> = once.map(|c| Some(*c)).collect();
            if inputs.iter().flatten().any(Option::is_none) {
                output.insert(0, None);
            }
            output
        }
    };
    Some(Equation { inputs, output })
}

pub(super) fn einsum(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = (|| {
        let equation = equation(call.text("equation")?)?;
        let mut sizes: Vec<(char, Size)> = Vec::new();
        let mut ellipsis: Vec<Size> = Vec::new();
        for (i, labels) in equation.inputs.iter().enumerate() {
            let shape = call.shape(i)?;
            let hidden = shape.len().checked_sub(labels.iter().flatten().count())?;
            let mut at = 0usize;
            for label in labels {
                match label {
                    None => {
                        let dims = shape.get(at..at.checked_add(hidden)?)?;
                        ellipsis = broadcast([Some(ellipsis.as_slice()), Some(dims)])?;
                        at += hidden;
                    }
                    Some(label) => {
                        let size = shape.get(at)?;
                        match sizes.iter_mut().find(|(c, _)| c == label) {
                            Some((_, known)) => *known = known.broadcast(size)?,
                            None => sizes.push((*label, size.clone())),
                        }
                        at += 1;
                    }
                }
            }
        }
        let mut out = Vec::new();
        for label in &equation.output {
            match label {
                None => out.extend(ellipsis.iter().cloned()),
                Some(label) => out.push(sizes.iter().find(|(c, _)| c == label)?.1.clone()),
            }
        }
        Some(out)
    })();
    one(call.dtype(0), shape)
}

/// ONNX's Attention: 4D (batch, heads, sequence, head size), or 3D (batch, sequence, heads * head size).
pub(super) fn attention(call: &Call<'_>) -> Option<Vec<Fact>> {
    let (q, k, v) = (call.shape(0)?, call.shape(1)?, call.shape(2)?);
    let dtype = call.dtype(0);
    let (q_heads, kv_heads) = (call.int("q_num_heads"), call.int("kv_num_heads"));
    let (output, key, value, heads, queries) = match (q, k, v) {
        ([b, h, s, _], [_, kh, ks, kd], [_, vh, vs, vd]) => {
            let key = vec![b.clone(), kh.clone(), ks.clone(), kd.clone()];
            let value = vec![b.clone(), vh.clone(), vs.clone(), vd.clone()];
            (
                vec![b.clone(), h.clone(), s.clone(), vd.clone()],
                key,
                value,
                h.clone(),
                s.clone(),
            )
        }
        ([b, s, _], [_, ks, kw], [_, vs, vw]) => {
            let (h, kh) = (Size::Known(q_heads?), Size::Known(kv_heads?));
            let head = vw.div_exact(&kh);
            let key = vec![b.clone(), kh.clone(), ks.clone(), kw.div_exact(&kh)];
            let value = vec![b.clone(), kh.clone(), vs.clone(), head.clone()];
            (vec![b.clone(), s.clone(), h.mul(&head)], key, value, h, s.clone())
        }
        _ => return one(dtype, None),
    };
    let grown = |mut shape: Vec<Size>, past: usize| {
        if let (Some(past), Some(slot)) = (call.shape(past).and_then(|p| p.get(2)), shape.get_mut(2)) {
            *slot = slot.add(past);
        } else if call.has(past)
            && let Some(slot) = shape.get_mut(2)
        {
            *slot = Size::Unknown;
        }
        shape
    };
    let (key, value) = (grown(key, 4), grown(value, 5));
    let scores = vec![output.first()?.clone(), heads, queries, key.get(2)?.clone()];
    Some(
        [output, key, value, scores]
            .into_iter()
            .map(|s| Fact::new(dtype, Some(s)))
            .collect(),
    )
}

pub(super) fn det(call: &Call<'_>) -> Option<Vec<Fact>> {
    one(
        call.dtype(0),
        call.shape(0)
            .and_then(|s| Some(s.get(..s.len().checked_sub(2)?)?.to_vec())),
    )
}
