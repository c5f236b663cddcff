//! Patterns of small operators that stand for one: LayerNormalization, RMSNormalization and Gelu written out.
//!
//! `pattern` has the looks at a graph that the patterns share, `norm` and `gelu` the patterns, `parameter` scale and bias. A pattern is fused where
//! nothing else reads what is computed inside it, and where the model's opset has the operator; else a note says why not.

mod gelu;
mod norm;
mod parameter;
mod pattern;

use super::clean::{Done, count, label};
use super::edit::{Edit, Feed};
use super::fold::refuse_broken;
use crate::graph::{Graph, NodeId};
use crate::model::Model;
use crate::model::onnx::{AttributeProto, NodeProto};
use pattern::Look;
use std::sync::Arc;

/// An operator that stands for a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fused {
    /// LayerNormalization-17.
    LayerNorm {
        /// Also where the variance is `mean(x^2) - mean(x)^2`.
        mean_of_squares: bool,
    },
    /// RMSNormalization-23.
    RmsNorm,
    /// Gelu-20.
    Gelu,
}

impl Fused {
    fn operator(self) -> &'static str {
        match self {
            Self::LayerNorm { .. } => "LayerNormalization",
            Self::RmsNorm => "RMSNormalization",
            Self::Gelu => "Gelu",
        }
    }

    /// First opset that has it (the operators' changelog of onnx).
    fn opset(self) -> i64 {
        match self {
            Self::LayerNorm { .. } => 17,
            Self::RmsNorm => 23,
            Self::Gelu => 20,
        }
    }
}

/// A pattern that was found.
struct Found {
    /// All its nodes, the last one, which makes its result, among them.
    nodes: Vec<NodeId>,
    feeds: Vec<Feed>,
    attributes: Vec<AttributeProto>,
    /// What else there is to say.
    remark: Option<String>,
}

/// Fuses all patterns of one kind.
///
/// # Errors
/// Structural problems that must be settled first; a file that changed meanwhile.
pub(super) fn fuse(model: &Arc<Model>, fused: Fused) -> Result<Done, String> {
    let graph = Graph::new(model.clone());
    refuse_broken(&graph)?;
    let mut edit = Edit::new(&graph);
    let look = Look::new(&graph);
    let mut notes = Vec::new();
    let (mut done, mut kept) = (0, 0);
    let mut too_old = None;
    let mut taken = vec![false; graph.nodes.len()];
    // Backwards: the whole of a pattern ends after its parts.
    for id in graph.topological_order().into_iter().rev() {
        let node = graph.node(id);
        if taken[id.0 as usize] || !node.domain.is_empty() {
            continue;
        }
        let found = match fused {
            Fused::LayerNorm { mean_of_squares } => norm::layer_norm(&look, id, mean_of_squares),
            Fused::RmsNorm => norm::rms_norm(&look, id),
            Fused::Gelu => gelu::gelu(&look, id),
        };
        let found = match found {
            None => continue,
            Some(Ok(found)) => found,
            Some(Err(why)) => {
                kept += 1;
                notes.push((label(node), format!("pattern of {} kept: {why}", fused.operator())));
                continue;
            }
        };
        if found.nodes.iter().any(|n| taken[n.0 as usize]) {
            continue;
        }
        found.nodes.iter().for_each(|n| taken[n.0 as usize] = true);
        let opset = graph.opset(node.body, "").unwrap_or(0);
        let why = if opset < fused.opset() {
            too_old = Some(opset);
            Some(format!(
                "{} needs opset {}, this is {opset}",
                fused.operator(),
                fused.opset()
            ))
        } else {
            look.leak(&found.nodes, id)
        };
        if let Some(why) = why {
            kept += 1;
            notes.push((label(node), format!("pattern of {} kept: {why}", fused.operator())));
            continue;
        }
        let count = found.nodes.len();
        let proto = NodeProto {
            op_type: Some(fused.operator().into()),
            domain: graph.proto(id).domain.clone(),
            name: Some(node.name.to_string()),
            attribute: found.attributes,
            metadata_props: graph.proto(id).metadata_props.clone(),
            ..Default::default()
        };
        edit.replace(id, proto, found.feeds);
        let remark = found.remark.unwrap_or_default();
        notes.push((
            label(node),
            format!("{count} nodes are {} now{remark}", fused.operator()),
        ));
        done += 1;
    }
    model.check_intact().map_err(|e| e.to_string())?;
    notes.reverse();
    let operator = fused.operator();
    let summary = match (done, kept, too_old) {
        (0, 0, _) => format!("No pattern of {operator}"),
        (0, n, Some(opset)) => format!(
            "Kept {} of {operator}, which needs opset {}; this is {opset}",
            self::count(n, "pattern"),
            fused.opset()
        ),
        (0, n, None) => format!("Kept {} of {operator}", self::count(n, "pattern")),
        (n, ..) => format!("Fused {} into {operator}", self::count(n, "pattern")),
    };
    let model = match done {
        0 => model.clone(),
        _ => Arc::new(model.with_proto(edit.finish().proto)),
    };
    Ok(Done { model, summary, notes })
}
