//! LayerNormalization, `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias`, and RMSNormalization,
//! `x / sqrt(mean(x^2) + epsilon) * scale`, over the last dimensions (operators LayerNormalization-17, RMSNormalization-23).

use super::pattern::{Look, float, int};
use super::{Feed, Found};
use crate::graph::{Dim, NodeId, Producer, TensorId};
use crate::model::{DataType, Tensor};

/// `input / sqrt(mean(input^2) + epsilon)`.
struct Scaled {
    input: TensorId,
    epsilon: f64,
    axes: Vec<i64>,
    /// Its nodes; the last one first.
    nodes: Vec<NodeId>,
}

/// The pattern of LayerNormalization that ends with this node; `None` where none does.
pub(super) fn layer_norm(look: &Look<'_>, id: NodeId) -> Option<Result<Found, String>> {
    let (core, affine) = around(look, id, &|core| centered(look, core).is_some())?;
    let (scaled, x, mut nodes) = centered(look, core)?;
    nodes.extend(affine.nodes.iter().copied());
    Some(finish(look, x, &scaled, nodes, &affine, true))
}

/// The pattern of RMSNormalization that ends with this node; `None` where none does.
pub(super) fn rms_norm(look: &Look<'_>, id: NodeId) -> Option<Result<Found, String>> {
    // What subtracts the mean first is LayerNormalization.
    let plain = |core: NodeId| match centered(look, core) {
        Some(_) => None,
        None => scaled(look, core),
    };
    let (core, affine) = around(look, id, &|core| plain(core).is_some())?;
    if affine.bias.is_some() {
        return None;
    }
    let scaled = plain(core)?;
    let mut nodes = scaled.nodes.clone();
    nodes.extend(affine.nodes.iter().copied());
    Some(finish(look, scaled.input, &scaled, nodes, &affine, false))
}

/// Scale and bias behind the normalization.
#[derive(Default)]
struct Affine {
    scale: Option<TensorId>,
    bias: Option<TensorId>,
    nodes: Vec<NodeId>,
}

/// The end of the normalization itself, behind which this node and at most one more apply scale and bias.
fn around(look: &Look<'_>, id: NodeId, is_core: &dyn Fn(NodeId) -> bool) -> Option<(NodeId, Affine)> {
    let maker = |tensor: TensorId| match look.graph.tensor(tensor).producer {
        Producer::Node { node, output: 0 } => Some(node),
        _ => None,
    };
    if is_core(id) {
        return Some((id, Affine::default()));
    }
    // Both orders of a commutative operator.
    let sides = |node| Look::pair(node).map(|(a, b)| [(a, b), (b, a)]);
    if let Some(node) = look.is(id, "Mul") {
        return sides(node)?.into_iter().find_map(|(value, scale)| {
            let inner = maker(value).filter(|inner| is_core(*inner))?;
            let affine = Affine {
                scale: Some(scale),
                bias: None,
                nodes: vec![id],
            };
            Some((inner, affine))
        });
    }
    let node = look.is(id, "Add")?;
    sides(node)?.into_iter().find_map(|(value, bias)| {
        let inner = maker(value)?;
        let (core, mut affine) = match (is_core(inner), look.is(inner, "Mul")) {
            (true, _) => (inner, Affine::default()),
            (false, Some(_)) => around(look, inner, is_core)?,
            _ => return None,
        };
        affine.bias = Some(bias);
        affine.nodes.push(id);
        Some((core, affine))
    })
}

/// `x - mean(x)` normalized: the normalization, x, and all nodes.
fn centered(look: &Look<'_>, id: NodeId) -> Option<(Scaled, TensorId, Vec<NodeId>)> {
    let scaled = scaled(look, id)?;
    let (x, difference) = difference(look, scaled.input, &scaled.axes)?;
    let mut nodes = scaled.nodes.clone();
    nodes.extend(difference);
    Some((scaled, x, nodes))
}

/// `x` of `x - mean(x)`, and the nodes.
fn difference(look: &Look<'_>, tensor: TensorId, axes: &[i64]) -> Option<(TensorId, [NodeId; 2])> {
    let (sub, node) = look.made_by(tensor, "Sub")?;
    let (x, mean) = Look::pair(node)?;
    let (reduce, node) = look.made_by(mean, "ReduceMean")?;
    let is_same = node.inputs.first().copied().flatten() == Some(x) && look.axes(reduce)? == axes;
    is_same.then_some((x, [sub, reduce]))
}

/// `input / sqrt(mean(input^2) + epsilon)` in its spellings: division, times a reciprocal, times a power of -1/2.
fn scaled(look: &Look<'_>, id: NodeId) -> Option<Scaled> {
    if let Some(node) = look.is(id, "Div") {
        let (input, root) = Look::pair(node)?;
        let (sqrt, node) = look.made_by(root, "Sqrt")?;
        let sum = node.inputs.first().copied().flatten()?;
        return variance(look, input, sum, vec![id, sqrt]);
    }
    let (a, b) = Look::pair(look.is(id, "Mul")?)?;
    [(a, b), (b, a)].into_iter().find_map(|(input, factor)| {
        if let Some((pow, node)) = look.made_by(factor, "Pow") {
            let (sum, exponent) = Look::pair(node)?;
            let is_inverse_root = look.scalar(exponent)? == -0.5;
            return is_inverse_root.then(|| variance(look, input, sum, vec![id, pow]))?;
        }
        let (outer, node) = look.made_by(factor, "Reciprocal").or_else(|| inverse(look, factor))?;
        let root = *node.inputs.last()?;
        let (sqrt, node) = look.made_by(root?, "Sqrt")?;
        let sum = node.inputs.first().copied().flatten()?;
        variance(look, input, sum, vec![id, outer, sqrt])
    })
}

/// `1 / something`.
fn inverse<'a>(look: &Look<'a>, tensor: TensorId) -> Option<(NodeId, &'a crate::graph::Node)> {
    let (id, node) = look.made_by(tensor, "Div")?;
    let (one, _) = Look::pair(node)?;
    (look.scalar(one)? == 1.0).then_some((id, node))
}

/// `mean(input^2) + epsilon`.
fn variance(look: &Look<'_>, input: TensorId, sum: TensorId, mut nodes: Vec<NodeId>) -> Option<Scaled> {
    let (add, mean, epsilon) = look.plus_scalar(sum)?;
    let (reduce, node) = look.made_by(mean, "ReduceMean")?;
    let axes = look.axes(reduce)?;
    let square = node.inputs.first().copied().flatten()?;
    nodes.extend([add, reduce]);
    let squared = if let Some((pow, node)) = look.made_by(square, "Pow") {
        let (base, exponent) = Look::pair(node)?;
        nodes.push(pow);
        (look.scalar(exponent)? == 2.0).then_some(base)?
    } else {
        let (mul, node) = look.made_by(square, "Mul")?;
        let (a, b) = Look::pair(node)?;
        nodes.push(mul);
        (a == b).then_some(a)?
    };
    // Some exporters subtract the mean twice, once for each use.
    if squared != input {
        let ours = difference(look, input, &axes)?;
        let theirs = difference(look, squared, &axes)?;
        if ours.0 != theirs.0 {
            return None;
        }
        for id in theirs.1 {
            if !ours.1.contains(&id) {
                nodes.push(id);
            }
        }
    }
    Some(Scaled {
        input,
        epsilon,
        axes,
        nodes,
    })
}

/// The operator's inputs and attributes, or why the pattern cannot be it.
fn finish(
    look: &Look<'_>,
    x: TensorId,
    scaled: &Scaled,
    nodes: Vec<NodeId>,
    affine: &Affine,
    has_bias: bool,
) -> Result<Found, String> {
    let graph = look.graph;
    let name = &graph.tensor(x).name;
    let dtype = match look.dtype(x) {
        Some(dtype @ (DataType::Float32 | DataType::Float16 | DataType::BFloat16)) => dtype,
        Some(DataType::Float64) => return Err("the operator computes in FP32, the pattern in FP64".into()),
        _ => return Err(format!("the type of {name:?} is not known")),
    };
    let rank = look
        .rank(x)
        .ok_or_else(|| format!("the rank of {name:?} is not known"))?;
    let dims = graph
        .tensor(x)
        .ty
        .shape
        .as_ref()
        .map(|s| s.0.as_slice())
        .unwrap_or_default();
    let mut axes: Vec<i64> = scaled
        .axes
        .iter()
        .map(|a| if *a < 0 { a + rank as i64 } else { *a })
        .collect();
    axes.sort_unstable();
    let first = rank.saturating_sub(axes.len());
    if axes.is_empty() || !axes.iter().copied().eq(first as i64..rank as i64) {
        return Err(format!("axes {:?} are not the last ones", scaled.axes));
    }
    let sizes: Option<Vec<u64>> = dims[first..]
        .iter()
        .map(|d| if let Dim::Known(n) = d { Some(*n) } else { None })
        .collect();
    let sizes = sizes.ok_or_else(|| format!("the size of the last dimensions of {name:?} is not known"))?;
    if !(scaled.epsilon.is_finite() && scaled.epsilon >= 0.0) {
        return Err(format!("epsilon {} is no small number", scaled.epsilon));
    }
    let mut feeds = vec![Feed::Tensor(x)];
    let base = nodes
        .first()
        .map(|id| graph.node(*id))
        .and_then(|n| n.outputs.first().copied().flatten());
    let base = base.map(|t| graph.tensor(t).name.to_string()).unwrap_or_default();
    feeds.push(match affine.scale {
        Some(scale) => parameter(look, scale, &sizes, rank, dtype, "scale")?,
        None => Feed::Value(format!("{base}__scale"), ones(dtype, &sizes)?),
    });
    if has_bias && let Some(bias) = affine.bias {
        feeds.push(parameter(look, bias, &sizes, rank, dtype, "bias")?);
    }
    let mut attributes = vec![float("epsilon", scaled.epsilon as f32)];
    if axes.len() > 1 {
        attributes.insert(0, int("axis", -(axes.len() as i64)));
    }
    Ok(Found {
        nodes,
        feeds,
        attributes,
    })
}

/// Scale or bias in the shape of the normalized dimensions.
fn parameter(
    look: &Look<'_>,
    tensor: TensorId,
    sizes: &[u64],
    rank: usize,
    dtype: DataType,
    what: &str,
) -> Result<Feed, String> {
    let info = look.graph.tensor(tensor);
    let wrong = || {
        format!(
            "{what} {:?} ({}) does not have the shape that is normalized",
            info.name, info.ty
        )
    };
    let dims = info.ty.shape.as_ref().and_then(|s| s.as_known()).ok_or_else(wrong)?;
    if info.ty.dtype != Some(dtype) {
        return Err(format!("{what} {:?} is {}", info.name, info.ty));
    }
    if dims == sizes {
        return Ok(Feed::Tensor(tensor));
    }
    if dims.len() > rank {
        return Err(wrong());
    }
    let leading = dims
        .len()
        .checked_sub(sizes.len())
        .filter(|n| dims[..*n].iter().all(|d| *d == 1));
    let value = look
        .is_constant(tensor)
        .then(|| look.graph.constant(tensor)?.ok())
        .flatten();
    let value = value.ok_or_else(wrong)?;
    let name = format!("{}__{what}", info.name);
    if leading.is_some_and(|n| dims[n..] == *sizes) {
        let value = Tensor::new(value.dtype, sizes, value.bytes).ok_or_else(wrong)?;
        return Ok(Feed::Value(name, value));
    }
    let elements = sizes
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
    match elements {
        Some(n) if value.elements() == 1 && dims.len() <= sizes.len() && n <= LARGEST => {
            let bytes = value.bytes.repeat(n);
            Ok(Feed::Value(
                name,
                Tensor::new(dtype, sizes, bytes.into()).ok_or_else(wrong)?,
            ))
        }
        _ => Err(wrong()),
    }
}

/// Elements of a scale that is made; larger ones are no weight of a layer.
const LARGEST: usize = 1 << 20;

fn ones(dtype: DataType, sizes: &[u64]) -> Result<Tensor, String> {
    let elements = sizes
        .iter()
        .try_fold(1usize, |n, d| n.checked_mul(usize::try_from(*d).ok()?));
    let n = elements
        .filter(|n| *n <= LARGEST)
        .ok_or("the scale to make would be too large")?;
    let made = match dtype {
        DataType::Float16 => Tensor::from_f16(sizes, &vec![half::f16::ONE; n]),
        DataType::BFloat16 => Tensor::from_bf16(sizes, &vec![half::bf16::ONE; n]),
        _ => Tensor::from_f32(sizes, &vec![1.0; n]),
    };
    made.ok_or_else(|| "the scale cannot be made".into())
}
