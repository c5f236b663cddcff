//! What a profile leaves out, and what contradicts in it.

use super::open::{inputs, is_placeholder, open_sizes};
use super::shape_tensors;
use super::{OpenSize, ProfileSpec, Range, ShapeRange, ValueRange};
use crate::graph::{Dim, Graph};
use crate::model::quoted;
use std::collections::BTreeMap;

/// Something in a profile that no build can take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contradiction {
    /// The input concerned.
    pub input: String,
    /// What is wrong, as part of a sentence.
    pub problem: String,
}

/// The profile with a range for every open input: sizes that share a name have one range; what is left has the size that it
/// has `at` (one point, for what nobody gave a range). Ranges of shape tensors stand among the values afterwards. An input
/// without a rank gets none.
pub fn complete(graph: &Graph, profile: &ProfileSpec, at: &BTreeMap<String, Vec<u64>>) -> ProfileSpec {
    let mut out = with_values(graph, profile);
    let sizes = open_sizes(graph);
    let known: Vec<Option<[u64; 3]>> = sizes.iter().map(|s| range_of(&out, s)).collect();
    for input in inputs(graph) {
        let name = input.name.to_string();
        let Some(shape) = input.ty.shape.as_ref().filter(|s| s.is_dynamic()) else {
            continue;
        };
        if out.inputs.contains_key(&name) || out.values.contains_key(&name) || input.ty.container.is_some() {
            continue;
        }
        let mut range = ShapeRange::default();
        for (axis, dim) in shape.0.iter().enumerate() {
            let place = (name.clone(), axis);
            let of_size = sizes.iter().position(|s| s.places.contains(&place));
            let ends = match dim {
                Dim::Known(n) => Some([*n; 3]),
                _ => of_size.and_then(|i| known.get(i).copied().flatten()),
            };
            let here = at.get(&name).and_then(|s| s.get(axis)).copied();
            let [min, opt, max] = ends.unwrap_or([here.unwrap_or(1); 3]);
            range.min.push(min);
            range.opt.push(opt);
            range.max.push(max);
        }
        out.inputs.insert(name, range);
    }
    out
}

/// The ranges of shape tensors, which older recipes have among the inputs, moved to the values.
fn with_values(graph: &Graph, profile: &ProfileSpec) -> ProfileSpec {
    let mut out = profile.clone();
    for tensor in shape_tensors(graph) {
        let Some(range) = out.inputs.remove(&tensor.name) else {
            continue;
        };
        let signed = |sizes: &[u64]| sizes.iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX)).collect();
        let range = ValueRange {
            min: signed(&range.min),
            opt: signed(&range.opt),
            max: signed(&range.max),
        };
        out.values.entry(tensor.name).or_insert(range);
    }
    out
}

/// The range that the profile gives to an open size, where it occurs first.
pub fn range_of(profile: &ProfileSpec, size: &OpenSize) -> Option<[u64; 3]> {
    let mut places = size.places.iter();
    places.find_map(|(input, axis)| profile.inputs.get(input)?.axis(*axis))
}

/// One profile that allows all these shapes: from the smallest to the largest of each size, best at the first, or at `opt`
/// where that is given. Inputs that the model fixes are left out.
pub fn around(
    graph: &Graph,
    points: &[&BTreeMap<String, Vec<u64>>],
    opt: Option<&BTreeMap<String, Vec<u64>>>,
) -> ProfileSpec {
    let mut out = ProfileSpec::default();
    let tensors = super::open::shape_tensor_names(graph);
    for input in inputs(graph) {
        let name = input.name.to_string();
        let is_open = input.ty.shape.as_ref().is_none_or(|s| s.is_dynamic());
        let of = |shapes: &BTreeMap<String, Vec<u64>>| shapes.get(&name).cloned();
        let best = opt.and_then(of).or_else(|| points.first().and_then(|p| of(p)));
        let Some(best) = best.filter(|_| is_open && !tensors.contains(&name)) else {
            continue;
        };
        let mut range = Range::fixed(&best);
        for sizes in points.iter().filter_map(|p| p.get(&name)) {
            range.include(sizes);
        }
        out.inputs.insert(name, range);
    }
    out
}

/// Everything in the profile that cannot be: no such input, ranks and fixed sizes that are not the model's, a minimum above
/// a maximum, sizes of one name with different ranges, values of a shape tensor that are not as many as it has.
pub fn contradictions(graph: &Graph, profile: &ProfileSpec) -> Vec<Contradiction> {
    let profile = with_values(graph, profile);
    let mut found = Vec::new();
    let mut say = |input: &str, problem: String| {
        found.push(Contradiction {
            input: input.to_owned(),
            problem,
        });
    };
    let names: Vec<String> = inputs(graph).map(|i| i.name.to_string()).collect();
    let unknown = |name: &String| !names.contains(name);
    for name in profile
        .inputs
        .keys()
        .chain(profile.values.keys())
        .filter(|n| unknown(n))
    {
        say(
            name,
            format!(
                "the model has no input of that name; its inputs are {}",
                names.join(", ")
            ),
        );
    }
    let mut named: BTreeMap<&str, (&str, [u64; 3])> = BTreeMap::new();
    for input in inputs(graph) {
        let name = &*input.name;
        let Some(range) = profile.inputs.get(name) else {
            continue;
        };
        if let Err((key, problem)) = range.check() {
            say(name, format!("{key}: {problem}"));
            continue;
        }
        let Some(shape) = &input.ty.shape else { continue };
        if shape.0.len() != range.min.len() {
            let problem = format!(
                "the range has {} sizes, the input ({shape}) has {} dimensions",
                range.min.len(),
                shape.0.len()
            );
            say(name, problem);
            continue;
        }
        for (axis, dim) in shape.0.iter().enumerate() {
            let Some([min, opt, max]) = range.axis(axis) else {
                continue;
            };
            match dim {
                Dim::Known(fixed) if (min, max) != (*fixed, *fixed) => {
                    let ends = if min == max {
                        format!("is {min}")
                    } else {
                        format!("ranges from {min} to {max}")
                    };
                    say(
                        name,
                        format!("dimension {axis} {ends}, but the model fixes it at {fixed}"),
                    );
                }
                Dim::Symbol(symbol) if !is_placeholder(symbol) => match named.get(&**symbol) {
                    Some((other, ends)) if *ends != [min, opt, max] => {
                        let [a, b, c] = ends;
                        say(
                            name,
                            format!(
                                "{} is {min}, {opt}, {max} (min, opt, max) here and {a}, {b}, {c} in input {}; it is one size, \
                                 so it has one range",
                                quoted(symbol),
                                quoted(other)
                            ),
                        );
                    }
                    _ => {
                        named.insert(symbol, (name, [min, opt, max]));
                    }
                },
                _ => {}
            }
        }
    }
    let tensors = shape_tensors(graph);
    for (name, range) in &profile.values {
        if unknown(name) {
            continue;
        }
        let Some(tensor) = tensors.iter().find(|t| t.name == *name) else {
            say(
                name,
                "it has a range of values, but its values decide no shapes; give a range of its shape".into(),
            );
            continue;
        };
        if range.min.len() != tensor.count {
            let (has, wants) = (range.min.len(), tensor.count);
            say(
                name,
                format!("its values decide shapes, so the range is of its {wants} values; {has} given"),
            );
        } else if let Err((key, problem)) = range.check() {
            say(
                name,
                format!("{key}: {}", problem.replace("size", "value").replace("axis", "element")),
            );
        }
    }
    found
}
