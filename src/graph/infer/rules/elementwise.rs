//! Operators that work element by element, with broadcasting.

use super::super::call::Call;
use super::super::fact::{Fact, Item};
use super::super::size::Size;
use super::{met, one};
use crate::model::DataType;

pub(super) fn same(call: &Call<'_>) -> Option<Vec<Fact>> {
    let input = call.input(0)?;
    one(input.dtype, input.shape.clone())
}

pub(super) fn to_bool(call: &Call<'_>) -> Option<Vec<Fact>> {
    let fact = Fact::new(Some(DataType::Bool), call.shape(0).map(<[Size]>::to_vec));
    let not = |item: Item| match item {
        Item::Int(Size::Known(n)) => Item::Int(Size::Known(i64::from(n == 0))),
        _ => Item::Int(Size::Unknown),
    };
    let items = if &*call.node.op_type == "Not" {
        call.items(0)
    } else {
        None
    };
    Some(vec![fact.with_items(items.map(|v| v.into_iter().map(not).collect()))])
}

pub(super) fn unary_value(call: &Call<'_>) -> Option<Vec<Fact>> {
    let input = call.input(0)?;
    let op = &*call.node.op_type;
    let apply = |item: Item| match (op, item) {
        ("Identity", item) => item,
        ("Floor" | "Ceil" | "Round", Item::Int(n)) => Item::Int(n),
        ("Neg", Item::Int(n)) => Item::Int(n.mul(&Size::Known(-1))),
        ("Abs", Item::Int(Size::Known(n))) => Item::Int(n.checked_abs().map_or(Size::Unknown, Size::Known)),
        ("Sign", Item::Int(Size::Known(n))) => Item::Int(Size::Known(n.signum())),
        ("Floor", Item::Float(x)) => Item::Float(x.floor()),
        ("Ceil", Item::Float(x)) => Item::Float(x.ceil()),
        ("Round", Item::Float(x)) => Item::Float(x.round_ties_even()),
        ("Neg", Item::Float(x)) => Item::Float(-x),
        ("Abs", Item::Float(x)) => Item::Float(x.abs()),
        ("Sqrt", Item::Float(x)) => Item::Float(x.sqrt()),
        _ => Item::Int(Size::Unknown),
    };
    let mut fact = Fact {
        value: None,
        ..input.clone()
    };
    if fact.container.is_none() {
        fact = fact.with_items(call.items(0).map(|v| v.into_iter().map(apply).collect()));
    }
    Some(vec![fact])
}

pub(super) fn cast(call: &Call<'_>) -> Option<Vec<Fact>> {
    let dtype = if &*call.node.op_type == "CastLike" {
        call.dtype(1)
    } else {
        call.type_attr("to")
    };
    let bit_cast = &*call.node.op_type == "BitCast";
    let convert = |item: Item| match (dtype, item) {
        (Some(to), Item::Int(Size::Known(n))) if to.is_float() =>
        {
            #[allow(clippy::cast_precision_loss)]
            Item::Float(n as f64)
        }
        (Some(DataType::Bool), Item::Int(Size::Known(n))) => Item::Int(Size::Known(i64::from(n != 0))),
        (Some(DataType::Bool), Item::Float(x)) => Item::Int(Size::Known(i64::from(x != 0.0))),
        (Some(to), Item::Float(x)) if !to.is_float() => {
            // Beyond 2^53 a float is no exact integer; nobody's shape is.
            #[allow(clippy::cast_possible_truncation)]
            Item::Int(if x.abs() < 9e15 {
                Size::Known(x.trunc() as i64)
            } else {
                Size::Unknown
            })
        }
        (Some(_), item) => item,
        (None, _) => Item::Int(Size::Unknown),
    };
    let fact = Fact::new(dtype, call.shape(0).map(<[Size]>::to_vec));
    if bit_cast {
        // The width may change the last dimension; sizes are the same only for equal widths.
        let same = call.dtype(0).zip(dtype).is_some_and(|(a, b)| a.bits() == b.bits());
        return Some(vec![if same { fact } else { Fact::new(dtype, None) }]);
    }
    Some(vec![
        fact.with_items(call.items(0).map(|v| v.into_iter().map(convert).collect())),
    ])
}

pub(super) fn binary(call: &Call<'_>) -> Option<Vec<Fact>> {
    let op = &*call.node.op_type;
    let compares = matches!(
        op,
        "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "And" | "Or" | "Xor"
    );
    let dtype = if compares {
        Some(DataType::Bool)
    } else {
        call.dtype(0).or_else(|| same_type(call, op))
    };
    let shape = match op {
        // Slope is stretched to the input, never the other way.
        "PRelu" => call.shape(0).map(<[Size]>::to_vec),
        _ if call.opset < 7 => legacy(call),
        _ => met(call, [0, 1]),
    };
    let items = shape
        .as_deref()
        .and_then(|out| zip(call, out, |a, b| arithmetic(op, a, b)));
    Some(vec![Fact::new(dtype, shape).with_items(items)])
}

/// Both inputs have one type, except for the exponent.
fn same_type(call: &Call<'_>, op: &str) -> Option<DataType> {
    if op == "Pow" { None } else { call.dtype(1) }
}

/// Before opset 7 the second input was stretched to the first.
fn legacy(call: &Call<'_>) -> Option<Vec<Size>> {
    call.shape(0).map(<[Size]>::to_vec)
}

/// Elements of two broadcast inputs, combined.
fn zip(call: &Call<'_>, out: &[Size], combine: impl Fn(&Item, &Item) -> Item) -> Option<Vec<Item>> {
    let total = super::super::fact::elements(out)?;
    let (a, b) = (call.items(0)?, call.items(1)?);
    let (at, bt) = (Index::new(call.shape(0)?, out)?, Index::new(call.shape(1)?, out)?);
    (0..total)
        .map(|i| Some(combine(a.get(at.of(i))?, b.get(bt.of(i))?)))
        .collect()
}

/// Maps positions of a broadcast result back to a source.
struct Index {
    /// Per dimension of the result: its size and the source's step.
    dims: Vec<(usize, usize)>,
}

impl Index {
    fn new(source: &[Size], out: &[Size]) -> Option<Self> {
        let sizes: Vec<usize> = source
            .iter()
            .map(|s| usize::try_from(s.known()?).ok())
            .collect::<Option<_>>()?;
        let mut step = 1;
        let mut dims = Vec::with_capacity(out.len());
        for (i, size) in out.iter().rev().enumerate() {
            let own = if i < sizes.len() {
                *sizes.get(sizes.len() - 1 - i)?
            } else {
                1
            };
            dims.push((usize::try_from(size.known()?).ok()?, if own == 1 { 0 } else { step }));
            step *= own.max(1);
        }
        dims.reverse();
        Some(Self { dims })
    }

    fn of(&self, position: usize) -> usize {
        let mut rest = position;
        let mut at = 0;
        for (size, step) in self.dims.iter().rev() {
            at += (rest % size.max(&1)) * step;
            rest /= size.max(&1);
        }
        at
    }
}

fn truth(value: Option<bool>) -> Item {
    Item::Int(value.map_or(Size::Unknown, |b| Size::Known(i64::from(b))))
}

fn arithmetic(op: &str, a: &Item, b: &Item) -> Item {
    match (a, b) {
        (Item::Int(x), Item::Int(y)) => match op {
            "Add" => Item::Int(x.add(y)),
            "Sub" => Item::Int(x.sub(y)),
            "Mul" => Item::Int(x.mul(y)),
            // Integer division rounds towards zero, sizes are not negative.
            "Div" => Item::Int(match (x.known(), y.known()) {
                (Some(x), Some(y)) => x.checked_div(y).map_or(Size::Unknown, Size::Known),
                _ => x.div_floor(y),
            }),
            "Mod" => Item::Int(match (x.known(), y.known()) {
                (Some(x), Some(y)) => x
                    .checked_rem_euclid(y)
                    .filter(|_| y > 0)
                    .map_or(Size::Unknown, Size::Known),
                _ => Size::Unknown,
            }),
            "Max" => Item::Int(x.max(y)),
            "Min" => Item::Int(x.min(y)),
            "Equal" => truth(x.is_equal(y)),
            "Greater" => truth(x.known().zip(y.known()).map(|(x, y)| x > y)),
            "GreaterOrEqual" => truth(x.known().zip(y.known()).map(|(x, y)| x >= y)),
            "Less" => truth(x.known().zip(y.known()).map(|(x, y)| x < y)),
            "LessOrEqual" => truth(x.known().zip(y.known()).map(|(x, y)| x <= y)),
            "And" => match (x.known(), y.known()) {
                (Some(0), _) | (_, Some(0)) => truth(Some(false)),
                (Some(_), Some(_)) => truth(Some(true)),
                _ => truth(None),
            },
            "Or" => match (x.known(), y.known()) {
                (Some(1), _) | (_, Some(1)) => truth(Some(true)),
                (Some(0), Some(0)) => truth(Some(false)),
                _ => truth(None),
            },
            _ => Item::Int(Size::Unknown),
        },
        (Item::Float(x), Item::Float(y)) => match op {
            "Add" => Item::Float(x + y),
            "Sub" => Item::Float(x - y),
            "Mul" => Item::Float(x * y),
            "Div" => Item::Float(x / y),
            "Pow" => Item::Float(x.powf(*y)),
            "Max" => Item::Float(x.max(*y)),
            "Min" => Item::Float(x.min(*y)),
            _ => Item::Int(Size::Unknown),
        },
        // A symbolic size as a float, times or plus a whole number.
        (Item::Int(x), Item::Float(y)) => whole(*y).map_or(Item::Int(Size::Unknown), |y| mixed(op, x, &y)),
        (Item::Float(x), Item::Int(y)) => whole(*x).map_or(Item::Int(Size::Unknown), |x| mixed(op, &x, y)),
    }
}

fn whole(x: f64) -> Option<Size> {
    #[allow(clippy::cast_possible_truncation)]
    (x.fract() == 0.0 && x.abs() < 9e15).then_some(Size::Known(x as i64))
}

fn mixed(op: &str, x: &Size, y: &Size) -> Item {
    Item::Int(match op {
        "Add" => x.add(y),
        "Sub" => x.sub(y),
        "Mul" => x.mul(y),
        "Div" => x.div_exact(y),
        _ => Size::Unknown,
    })
}

pub(super) fn variadic(call: &Call<'_>) -> Option<Vec<Fact>> {
    let op = &*call.node.op_type;
    let dtype = (0..call.inputs.len()).find_map(|i| call.dtype(i));
    let shape = met(call, 0..call.inputs.len());
    let items = match (call.inputs.len(), op, shape.as_deref()) {
        (2, "Max" | "Min", Some(out)) => zip(call, out, |a, b| arithmetic(op, a, b)),
        _ => None,
    };
    Some(vec![Fact::new(dtype, shape).with_items(items)])
}

pub(super) fn where_(call: &Call<'_>) -> Option<Vec<Fact>> {
    let shape = met(call, 0..3);
    let items = shape.as_deref().and_then(|out| {
        let total = super::super::fact::elements(out)?;
        let items = [call.items(0)?, call.items(1)?, call.items(2)?];
        let index: Vec<Index> = (0..3).map(|i| Index::new(call.shape(i)?, out)).collect::<Option<_>>()?;
        let pick = |which: usize, i: usize| items.get(which)?.get(index.get(which)?.of(i)).cloned();
        (0..total)
            .map(|i| match pick(0, i)? {
                Item::Int(Size::Known(0)) => pick(2, i),
                Item::Int(Size::Known(_)) => pick(1, i),
                _ => {
                    let (a, b) = (pick(1, i)?, pick(2, i)?);
                    Some(if a == b { a } else { Item::Int(Size::Unknown) })
                }
            })
            .collect()
    });
    Some(vec![
        Fact::new(call.dtype(1).or(call.dtype(2)), shape).with_items(items),
    ])
}
