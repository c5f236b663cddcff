//! LayerNormalization, `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias`, and RMSNormalization,
//! `x / sqrt(mean(x^2) + epsilon) * scale`, over the last dimensions (operators LayerNormalization-17, RMSNormalization-23).
//!
//! Half-precision models cast to FP32 in front of it and back behind it, or between it and scale and bias: the operators do
//! that themselves (attribute `stash_type` 1).

use super::parameter::{ones, parameter};
use super::pattern::Look;
use super::{Feed, Found};
use crate::graph::{Dim, Node, NodeId, Producer, TensorId};
use crate::model::DataType;
use crate::model::attribute::{float, int};

/// `input / sqrt(mean(input^2) + epsilon)`.
struct Scaled {
    input: TensorId,
    epsilon: f64,
    axes: Vec<i64>,
    /// Its nodes; the last one first.
    nodes: Vec<NodeId>,
    /// Where the variance is `mean(x^2) - mean(x)^2`: that x.
    squared: Option<TensorId>,
}

/// What is known of a pattern before its shapes are looked at.
struct Whole {
    scaled: Scaled,
    /// What is normalized: in front of the cast, where half precision is cast to FP32.
    x: TensorId,
    nodes: Vec<NodeId>,
    affine: Affine,
}

/// The pattern of LayerNormalization that ends with this node; `None` where none does. A variance of the form
/// `mean(x^2) - mean(x)^2` counts only where `mean_of_squares` is set.
pub(super) fn layer_norm(look: &Look<'_>, id: NodeId, mean_of_squares: bool) -> Option<Result<Found, String>> {
    let whole = whole(look, id, &|core| centered(look, core))?;
    if whole.scaled.squared.is_some() && !mean_of_squares {
        return Some(Err(
            "its variance is mean(x^2) - mean(x)^2, which loses digits where the mean is large; the operator does not, and \
             how much results would change depends on the data (mean_of_squares = true fuses it)"
                .into(),
        ));
    }
    Some(finish(look, &whole, true))
}

/// The pattern of RMSNormalization that ends with this node; `None` where none does.
pub(super) fn rms_norm(look: &Look<'_>, id: NodeId) -> Option<Result<Found, String>> {
    let plain = |core: NodeId| {
        // What subtracts the mean first is LayerNormalization.
        if centered(look, core).is_some() {
            return None;
        }
        let scaled = scaled(look, core).filter(|s| s.squared.is_none())?;
        let (x, nodes) = (scaled.input, scaled.nodes.clone());
        Some((scaled, x, nodes))
    };
    let whole = whole(look, id, &plain)?;
    if whole.affine.bias.is_some() {
        return None;
    }
    Some(finish(look, &whole, false))
}

/// A normalization without scale and bias: itself, what it normalizes, its nodes.
type Core = (Scaled, TensorId, Vec<NodeId>);

/// The pattern around a core: scale and bias, and the casts of half precision.
fn whole(look: &Look<'_>, id: NodeId, core: &dyn Fn(NodeId) -> Option<Core>) -> Option<Whole> {
    let is_core = |id: NodeId| core(id).is_some();
    let join = |(scaled, x, mut nodes): Core, affine: Affine, casts: &[NodeId]| {
        nodes.extend(affine.nodes.iter().chain(casts));
        Whole {
            scaled,
            x,
            nodes,
            affine,
        }
    };
    // Cast, normalization, cast back, scale and bias in half precision; or scale and bias in front of the cast back.
    let from_half = |whole: Whole, dtype: DataType| {
        let (_, cast) = look.made_by(whole.x, "Cast")?;
        let x = cast.inputs.first().copied().flatten()?;
        (look.dtype(x) == Some(dtype)).then_some(Whole { x, ..whole })
    };
    if let Some((inner, dtype)) = narrowing(look, id)
        && let Some((at, affine)) = around(look, inner, &is_core)
    {
        return from_half(join(core(at)?, affine, &[id]), dtype);
    }
    let is_narrowed = |id: NodeId| narrowing(look, id).is_some_and(|(inner, _)| is_core(inner));
    if let Some((cast, affine)) = around(look, id, &is_narrowed) {
        let (inner, dtype) = narrowing(look, cast)?;
        return from_half(join(core(inner)?, affine, &[cast]), dtype);
    }
    let (at, affine) = around(look, id, &is_core)?;
    Some(join(core(at)?, affine, &[]))
}

/// What makes the input of a cast from FP32 to half precision, and the type that is cast to.
fn narrowing(look: &Look<'_>, id: NodeId) -> Option<(NodeId, DataType)> {
    let node = look.is(id, "Cast")?;
    let from = node.inputs.first().copied().flatten()?;
    let to = look.dtype(node.outputs.first().copied().flatten()?)?;
    let is_half = matches!(to, DataType::Float16 | DataType::BFloat16);
    match look.graph.tensor(from).producer {
        Producer::Node { node, output: 0 } if is_half && look.dtype(from) == Some(DataType::Float32) => {
            Some((node, to))
        }
        _ => None,
    }
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
    if scaled.squared.is_some_and(|squared| squared != x) {
        return None;
    }
    let mut nodes = scaled.nodes.clone();
    for id in difference {
        if !nodes.contains(&id) {
            nodes.push(id);
        }
    }
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
        return spread(look, input, sum, vec![id, sqrt]);
    }
    let (a, b) = Look::pair(look.is(id, "Mul")?)?;
    [(a, b), (b, a)].into_iter().find_map(|(input, factor)| {
        if let Some((pow, node)) = look.made_by(factor, "Pow") {
            let (sum, exponent) = Look::pair(node)?;
            let is_inverse_root = look.scalar(exponent)? == -0.5;
            return is_inverse_root.then(|| spread(look, input, sum, vec![id, pow]))?;
        }
        let (outer, node) = look.made_by(factor, "Reciprocal").or_else(|| inverse(look, factor))?;
        let root = *node.inputs.last()?;
        let (sqrt, node) = look.made_by(root?, "Sqrt")?;
        let sum = node.inputs.first().copied().flatten()?;
        spread(look, input, sum, vec![id, outer, sqrt])
    })
}

/// `1 / something`.
fn inverse<'a>(look: &Look<'a>, tensor: TensorId) -> Option<(NodeId, &'a Node)> {
    let (id, node) = look.made_by(tensor, "Div")?;
    let (one, _) = Look::pair(node)?;
    (look.scalar(one)? == 1.0).then_some((id, node))
}

/// A variance and epsilon, in one of two spellings.
fn spread(look: &Look<'_>, input: TensorId, sum: TensorId, nodes: Vec<NodeId>) -> Option<Scaled> {
    variance(look, input, sum, nodes.clone()).or_else(|| moments(look, input, sum, nodes))
}

/// What is squared, and by which node.
fn square(look: &Look<'_>, tensor: TensorId) -> Option<(TensorId, NodeId)> {
    if let Some((pow, node)) = look.made_by(tensor, "Pow") {
        let (base, exponent) = Look::pair(node)?;
        return (look.scalar(exponent)? == 2.0).then_some((base, pow));
    }
    let (mul, node) = look.made_by(tensor, "Mul")?;
    let (a, b) = Look::pair(node)?;
    (a == b).then_some((a, mul))
}

/// What a mean is taken of, along which axes and by which node.
fn mean(look: &Look<'_>, tensor: TensorId) -> Option<(TensorId, Vec<i64>, NodeId)> {
    let (reduce, node) = look.made_by(tensor, "ReduceMean")?;
    Some((node.inputs.first().copied().flatten()?, look.axes(reduce)?, reduce))
}

/// `mean(x^2) - mean(x)^2 + epsilon`, which some exporters keep from becoming negative.
fn moments(look: &Look<'_>, input: TensorId, sum: TensorId, mut nodes: Vec<NodeId>) -> Option<Scaled> {
    let (add, mut tensor, epsilon) = look.plus_scalar(sum)?;
    nodes.push(add);
    if let Some((relu, node)) = look.made_by(tensor, "Relu") {
        nodes.push(relu);
        tensor = node.inputs.first().copied().flatten()?;
    } else if let Some((max, node)) = look.made_by(tensor, "Max") {
        let (a, b) = Look::pair(node)?;
        let is_zero = |t: TensorId| look.scalar(t) == Some(0.0);
        nodes.push(max);
        tensor = match (is_zero(a), is_zero(b)) {
            (true, false) => b,
            (false, true) => a,
            _ => return None,
        };
    }
    let (sub, node) = look.made_by(tensor, "Sub")?;
    let (of_squares, of_mean) = Look::pair(node)?;
    let (squares, axes, first) = mean(look, of_squares)?;
    let (x, squaring) = square(look, squares)?;
    let (plain, again) = square(look, of_mean)?;
    let (same, others, second) = mean(look, plain)?;
    if same != x || others != axes {
        return None;
    }
    nodes.extend([sub, first, squaring, again, second]);
    Some(Scaled {
        input,
        epsilon,
        axes,
        nodes,
        squared: Some(x),
    })
}

/// `mean(input^2) + epsilon`.
fn variance(look: &Look<'_>, input: TensorId, sum: TensorId, mut nodes: Vec<NodeId>) -> Option<Scaled> {
    let (add, mean, epsilon) = look.plus_scalar(sum)?;
    let (squares, axes, reduce) = self::mean(look, mean)?;
    let (squared, squaring) = square(look, squares)?;
    nodes.extend([add, reduce, squaring]);
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
        squared: None,
    })
}

/// The operator's inputs and attributes, or why the pattern cannot be it.
fn finish(look: &Look<'_>, whole: &Whole, has_bias: bool) -> Result<Found, String> {
    let graph = look.graph;
    let (x, scaled, affine) = (whole.x, &whole.scaled, &whole.affine);
    let nodes = whole.nodes.clone();
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
    let elements = sizes.iter().fold(1.0, |n, d| n * *d as f64);
    let remark = scaled.squared.map(|_| {
        let digits = crate::format::significant((3.0 * elements + 5.0) / 2.0);
        format!(
            "; its variance was mean(x^2) - mean(x)^2, so results may differ by up to {digits} * 2^-24 * mean(x^2) / (variance + \
             epsilon) of their value, which the pattern rounded away"
        )
    });
    Ok(Found {
        nodes,
        feeds,
        attributes,
        remark,
    })
}
