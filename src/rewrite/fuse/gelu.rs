//! Gelu: `x/2 * (1 + erf(x/sqrt(2)))`, and its approximation `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))`
//! (operator Gelu-20), the factors in whatever order.

use super::pattern::{Look, Product};
use super::{Feed, Found};
use crate::graph::{NodeId, TensorId};
use crate::model::attribute::text;
use std::f64::consts::{FRAC_1_PI, FRAC_1_SQRT_2};

/// The pattern that ends with this node; `None` where none does.
pub(super) fn gelu(look: &Look<'_>, id: NodeId) -> Option<Result<Found, String>> {
    if look.is(id, "Mul").is_none() && look.is(id, "Div").is_none() {
        return None;
    }
    let Product {
        scalar,
        factors,
        mut nodes,
    } = look.product(id)?;
    let [a, b] = factors[..] else { return None };
    let (x, sum) = if look.plus_scalar(b).is_some_and(|(.., one)| one == 1.0) {
        (a, b)
    } else {
        (b, a)
    };
    let dtype = look.dtype(x);
    let (add, curve, one) = look.plus_scalar(sum)?;
    if one != 1.0 || !look.is_near(scalar, 0.5, dtype) {
        return None;
    }
    nodes.push(add);
    let approximate = if let Some((erf, node)) = look.made_by(curve, "Erf") {
        nodes.push(erf);
        let product = look.product_of(node.inputs.first().copied().flatten()?)?;
        if product.factors != [x] || !look.is_near(product.scalar, FRAC_1_SQRT_2, dtype) {
            return None;
        }
        nodes.extend(product.nodes);
        "none"
    } else {
        let (tanh, node) = look.made_by(curve, "Tanh")?;
        nodes.push(tanh);
        let product = look.product_of(node.inputs.first().copied().flatten()?)?;
        if !look.is_near(product.scalar, (2.0 * FRAC_1_PI).sqrt(), dtype) {
            return None;
        }
        nodes.extend(&product.nodes);
        nodes.extend(polynomial(look, x, &product.factors)?);
        "tanh"
    };
    if !dtype.is_some_and(|t| t.is_float()) {
        return Some(Err("its type is not known".into()));
    }
    // Constants of one dimension make that of a scalar; Gelu would not.
    let rank = |tensor: TensorId| look.graph.tensor(tensor).ty.shape.as_ref().map(|s| s.0.len());
    let made = look.graph.node(id).outputs.first().copied().flatten()?;
    if rank(x).is_none() || rank(x) != rank(made) {
        return Some(Err("it may have fewer dimensions than its constants".into()));
    }
    let attributes = match approximate {
        "none" => Vec::new(),
        other => vec![text("approximate", other)],
    };
    Some(Ok(Found {
        nodes,
        feeds: vec![Feed::Tensor(x)],
        attributes,
        remark: None,
    }))
}

/// Nodes of `x + 0.044715*x^3`, or of `x * (1 + 0.044715*x^2)`, when the product of these factors is that.
fn polynomial(look: &Look<'_>, x: TensorId, factors: &[TensorId]) -> Option<Vec<NodeId>> {
    let (mut nodes, sum, wanted) = match *factors {
        [sum] => {
            let (add, (a, b)) = look.sum(sum)?;
            let other = if a == x {
                b
            } else if b == x {
                a
            } else {
                return None;
            };
            (vec![add], other, 3)
        }
        [a, b] => {
            let sum = if a == x {
                b
            } else if b == x {
                a
            } else {
                return None;
            };
            let (add, other, one) = look.plus_scalar(sum)?;
            if one != 1.0 {
                return None;
            }
            (vec![add], other, 2)
        }
        _ => return None,
    };
    let product = look.product_of(sum)?;
    if !look.is_near(product.scalar, 0.044715, look.dtype(x)) {
        return None;
    }
    let mut power = 0;
    for factor in &product.factors {
        power += if *factor == x {
            1
        } else {
            let (id, exponent) = powered(look, x, *factor)?;
            nodes.push(id);
            exponent
        };
    }
    nodes.extend(product.nodes);
    (power == wanted).then_some(nodes)
}

/// The exponent when the tensor is a power of `x`.
fn powered(look: &Look<'_>, x: TensorId, tensor: TensorId) -> Option<(NodeId, u32)> {
    if let Some((id, node)) = look.made_by(tensor, "Pow") {
        let (base, exponent) = Look::pair(node)?;
        let exponent = look.scalar(exponent)?;
        return match (base == x, exponent) {
            (true, 2.0) => Some((id, 2)),
            (true, 3.0) => Some((id, 3)),
            _ => None,
        };
    }
    // A square that is read twice is not taken apart.
    let (id, node) = look.made_by(tensor, "Mul")?;
    (Look::pair(node)? == (x, x)).then_some((id, 2))
}
