//! What a target makes of the corners of a recipe's profiles.
//!
//! TensorRT-RTX 1.5 to 1.7 were asked (`tests/tensorrt/corners.rs`): the builder evaluates its checks of sizes at the optimum
//! of every profile and nowhere else; what fails at another corner builds, and fails when it is run. Some operators are not
//! checked at all, and a size that must equal a constant is only held against the ends of its range.

use super::subject::{node_words, quoted};
use super::{Evidence, Finding, Fix, Place, Severity};
use crate::graph::memory::{Memory, Needs};
use crate::graph::ranges::corners::works_with;
use crate::graph::ranges::{Corner, CornerKind, Fault, ProfileSpec, complete, corners_with, open_sizes};
use crate::graph::sizes::{Point, Sizes, evaluate};
use crate::graph::{Dim, Graph};
use crate::model::Attributes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// TensorRT's largest K of TopK, inclusive ("K exceeds the maximum value allowed (3840)").
const MOST_K: u64 = 3840;
/// Operators whose windows, positions or parts the builder holds against nothing.
const UNCHECKED: [&str; 9] = [
    "MaxPool",
    "AveragePool",
    "LpPool",
    "Gather",
    "Pad",
    "Conv",
    "Split",
    "Squeeze",
    "BatchNormalization",
];
/// Operators that demand a size of the weights: the builder takes that size where the range has it.
const SOLVED: [&str; 6] = ["MatMul", "Gemm", "Conv", "Split", "Squeeze", "BatchNormalization"];
/// Where the rules come from, shown beside a finding.
const SOURCE: &str =
    "shapes evaluated at the corners of the profile; TensorRT-RTX 1.5-1.7, tried: its builder checks the optimum";

/// One corner of a profile, or the sizes that a model runs at, as a report has it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CornerReport {
    /// Index of the profile; none where no profile is needed.
    pub profile: Option<usize>,
    /// Where in its ranges: `the minimum`, `the maximum of height`.
    pub at: String,
    /// Shape of every open input there.
    pub shapes: BTreeMap<String, Vec<u64>>,
    /// Values of shape tensors there.
    pub values: BTreeMap<String, Vec<i64>>,
    /// Why the model does not work there; none where it does.
    pub fault: Option<String>,
    /// What one inference needs there; none where the model does not work.
    pub memory: Option<Needs>,
}

impl CornerReport {
    fn new(profile: Option<usize>, at: String, point: &Point) -> Self {
        let values = point
            .iter()
            .filter_map(|(name, at)| Some((name.clone(), at.value.clone()?)));
        Self {
            profile,
            at,
            shapes: point
                .iter()
                .map(|(name, at)| (name.clone(), at.shape.clone()))
                .collect(),
            values: values.collect(),
            fault: None,
            memory: None,
        }
    }

    /// The sizes that a model runs at where it has no profile.
    pub fn of_run(graph: &Graph, sizes: &Sizes) -> Self {
        let point = sizes.point();
        let mut out = Self::new(None, "the sizes that are run".into(), &point);
        match evaluate(graph, &point) {
            Ok(at) => out.memory = Some(Memory::of(&at, &[]).needs()),
            Err(conflict) => out.fault = Some(conflict.message),
        }
        out
    }
}

impl From<&Judged> for CornerReport {
    fn from(judged: &Judged) -> Self {
        let corner = &judged.corner;
        Self {
            fault: corner.result.as_ref().err().map(|f| f.message.clone()),
            memory: corner.memory,
            ..Self::new(Some(corner.profile), corner.at.words(), &corner.sizes)
        }
    }
}

/// A verdict on one corner.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The corner.
    pub corner: Corner,
    /// How bad it is for the target; none where it works.
    pub severity: Option<Severity>,
}

fn is_tensorrt(target: &str) -> bool {
    target.starts_with("tensorrt")
}

/// Every corner of the profiles with the target's verdict. Profiles may leave inputs out; with none, the sizes that the model
/// fixes are one corner, and a model with open sizes has no corner.
pub fn judged(graph: &Graph, target: &str, profiles: &[ProfileSpec]) -> Vec<Judged> {
    let declared = [ProfileSpec::default()];
    let profiles = match profiles {
        [] if is_tensorrt(target) && open_sizes(graph).is_empty() => &declared[..],
        _ => profiles,
    };
    let limits = |graph: &Graph| {
        if is_tensorrt(target) {
            too_many_candidates(graph)
        } else {
            None
        }
    };
    let judge = |corner: Corner| {
        let severity = match &corner.result {
            Ok(()) => None,
            Err(fault) if is_tensorrt(target) && is_refused(graph, profiles, &corner, fault) => Some(Severity::Error),
            Err(_) => Some(Severity::Warning),
        };
        Judged { corner, severity }
    };
    corners_with(graph, profiles, &limits).into_iter().map(judge).collect()
}

/// True where TensorRT's builder refuses.
fn is_refused(graph: &Graph, profiles: &[ProfileSpec], corner: &Corner, fault: &Fault) -> bool {
    if corner.at != CornerKind::Opt {
        return false;
    }
    let solved = SOLVED.contains(&fault.op.as_str()) && {
        let profile = profiles.get(corner.profile).cloned().unwrap_or_default();
        is_solved(graph, &profile, fault)
    };
    !solved && !UNCHECKED.contains(&fault.op.as_str())
}

/// True where one open size, and only one, takes the demanded number inside its range and all is well: then the demand is
/// on that size itself, and TensorRT takes it as known.
fn is_solved(graph: &Graph, profile: &ProfileSpec, fault: &Fault) -> bool {
    let full = complete(graph, profile, &BTreeMap::new());
    let mut solutions = 0;
    for size in open_sizes(graph) {
        let Some([min, _, max]) = crate::graph::ranges::complete::range_of(&full, &size) else {
            continue;
        };
        let wanted = [fault.sizes.0, fault.sizes.1]
            .into_iter()
            .filter_map(|n| u64::try_from(n).ok());
        let mut wanted = wanted.filter(|n| (min..=max).contains(n));
        solutions += usize::from(wanted.any(|n| works_with(graph, &full, &size, n)));
    }
    solutions == 1
}

/// A TopK whose K, as evaluated, is more than TensorRT takes.
fn too_many_candidates(graph: &Graph) -> Option<Fault> {
    graph
        .nodes
        .iter()
        .filter(|n| n.domain.is_empty() && &*n.op_type == "TopK")
        .find_map(|node| {
            let values = graph.tensors.get(node.outputs.first().copied().flatten()?.0 as usize)?;
            let shape = &values.ty.shape.as_ref()?.0;
            let id = graph.nodes.iter().position(|n| n.path == node.path)?;
            let axis = graph
                .proto(crate::graph::NodeId(u32::try_from(id).ok()?))
                .int("axis")
                .unwrap_or(-1);
            let axis = if axis < 0 {
                axis + i64::try_from(shape.len()).ok()?
            } else {
                axis
            };
            let Some(Dim::Known(k)) = shape.get(usize::try_from(axis).ok()?) else {
                return None;
            };
            (*k > MOST_K).then(|| Fault {
                node: node.path.clone(),
                name: node.name.to_string(),
                op: node.op_type.to_string(),
                tensor: values.name.to_string(),
                sizes: (i64::try_from(*k).unwrap_or(i64::MAX), 3840),
                message: format!("{}: K is {k}; TensorRT takes at most {MOST_K}", node_words(node)),
            })
        })
}

/// What fails at the corners, a finding for each node of each profile.
pub fn findings(graph: &Graph, target: &str, profiles: &[ProfileSpec], all: &[Judged]) -> Vec<Finding> {
    let mut out: Vec<(usize, Judged, usize)> = Vec::new();
    for judged in all.iter().cloned() {
        let (Some(severity), Err(fault)) = (judged.severity, &judged.corner.result) else {
            continue;
        };
        let profile = judged.corner.profile;
        let same = |(p, other, _): &&mut (usize, Judged, usize)| {
            let node = other.corner.result.as_ref().err().map(|f| &f.node);
            *p == profile && node == Some(&fault.node) && other.severity == Some(severity)
        };
        match out.iter_mut().find(same) {
            Some((_, kept, more)) => {
                *more += 1;
                if kept.corner.step.is_none() && judged.corner.step.is_some() {
                    kept.corner.step = judged.corner.step;
                }
            }
            None => out.push((profile, judged, 0)),
        }
    }
    let several = profiles.len() > 1;
    out.into_iter()
        .filter_map(|(_, judged, more)| finding(graph, target, several, &judged, more))
        .collect()
}

fn finding(graph: &Graph, target: &str, several: bool, judged: &Judged, more: usize) -> Option<Finding> {
    let (corner, severity) = (&judged.corner, judged.severity?);
    let fault = corner.result.as_ref().err()?;
    let place = graph.nodes.iter().find(|n| n.path == fault.node);
    let place = place.map_or(Place::Model, super::subject::node_place);
    let of = if several {
        format!(" of profile {}", corner.profile)
    } else {
        String::new()
    };
    let more = match more {
        0 => String::new(),
        1 => ", and at one more corner".into(),
        n => format!(", and at {n} more corners"),
    };
    let sizes = match corner.sizes_words() {
        words if words.is_empty() => String::new(),
        words => format!(" at {}{of} ({words}){more}", corner.at.words()),
    };
    let then = match severity {
        _ if sizes.is_empty() => "",
        Severity::Error => " TensorRT checks the optimum when it builds, so the build fails.",
        _ if is_tensorrt(target) => " The engine builds; an inference at these sizes fails.",
        _ => " An inference at these sizes fails.",
    };
    let step = corner
        .step
        .map_or(String::new(), |n| format!(" Multiples of {n} work, as far as tried."));
    let fix = match (corner.step, &corner.at) {
        (Some(n), _) => format!("Run it at multiples of {n} only."),
        _ if sizes.is_empty() => "Lower it, or select the candidates in steps.".into(),
        (None, CornerKind::Opt) => "Choose an optimum at which the model works.".into(),
        (None, _) => "Narrow the range to sizes at which the model works.".into(),
    };
    Some(Finding {
        rule: "shape.corner".into(),
        place,
        severity,
        reason: format!("{}{sizes}.{then}{step}", fault.message),
        evidence: Evidence::Static,
        detail: Some(SOURCE.into()),
        fixes: vec![Fix { text: fix, patch: None }],
    })
}

/// What contradicts in the profiles of a build for the target, a sentence each: the model's own sizes, ranges that cannot
/// be, inputs that NVIDIA's parser takes as scalars.
pub fn contradictions(graph: &Graph, target: &str, profiles: &[ProfileSpec]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (index, profile) in profiles.iter().enumerate() {
        let of = if profiles.len() > 1 {
            format!("profile {index}: ")
        } else {
            String::new()
        };
        for c in crate::graph::ranges::contradictions(graph, profile) {
            found.push((c.input, format!("{of}{}", c.problem)));
        }
        for input in crate::graph::ranges::open::inputs(graph).filter(|i| i.ty.shape.is_none()) {
            let range = profile.inputs.get(&*input.name).filter(|r| !r.min.is_empty());
            if let Some(range) = range.filter(|_| is_tensorrt(target)) {
                let problem = format!(
                    "{of}the model does not say how many dimensions it has, which NVIDIA's parser reads as a scalar, so a range \
                     of {} sizes is refused; declare its shape in the model",
                    range.min.len()
                );
                found.push((input.name.to_string(), problem));
            }
        }
    }
    found
}

/// Before a build: what the builder would refuse, as one message, or what the user should know, a sentence each.
///
/// # Errors
/// What contradicts, or fails at an optimum.
pub fn before_build(graph: &Graph, target: &str, profiles: &[ProfileSpec]) -> Result<Vec<String>, String> {
    let contradictions = contradictions(graph, target, profiles);
    if !contradictions.is_empty() {
        let lines: Vec<String> = contradictions
            .into_iter()
            .map(|(input, problem)| format!("range of input {}: {problem}", quoted(&input)))
            .collect();
        return Err(lines.join("\n"));
    }
    let judged = judged(graph, target, profiles);
    let (errors, others): (Vec<Finding>, Vec<Finding>) = findings(graph, target, profiles, &judged)
        .into_iter()
        .partition(|f| f.severity == Severity::Error);
    if errors.is_empty() {
        return Ok(others.into_iter().map(|f| f.reason).collect());
    }
    let words = |f: Finding| match f.fixes.first() {
        Some(fix) => format!("{} {}", f.reason, fix.text),
        None => f.reason,
    };
    Err(errors.into_iter().map(words).collect::<Vec<_>>().join("\n"))
}
