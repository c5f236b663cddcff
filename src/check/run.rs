//! Runs the rules over a graph and joins them with the parser's report.

use super::{ParserReport, Report};
use crate::graph::{Graph, Shape};

/// What to check for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Target name: `embedded`, `onnxruntime-cpu`, `onnxruntime-cuda`, `tensorrt`, `tensorrt-rtx`.
    pub target: String,
    /// Version (`10`, `10.16`, `1.7`); `None` means the newest that the table knows.
    pub version: Option<String>,
    /// Dynamic inputs for which the recipe gives a range of shapes: name, min, max.
    pub profiles: Vec<(String, Shape, Shape)>,
    /// What the target's parser said, when it was asked.
    pub parser: Option<ParserReport>,
}

/// All findings for the target.
///
/// # Errors
/// An unknown target or version, as a sentence that names the nearest known one.
pub fn check(graph: &Graph, request: &Request) -> Result<Report, String> {
    let _ = (graph, request);
    todo!("owner: check")
}
