//! What a target's own parser said, as plain data: made in the worker, read here.

use crate::graph::NodePath;
use serde::{Deserialize, Serialize};

/// One error of the parser.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ParserError {
    /// Node index as the parser counts, -1 when it names none.
    pub node: i64,
    /// Node name as the parser gives it.
    pub node_name: String,
    /// Operator.
    pub op_type: String,
    /// The parser's error code by name.
    pub code: String,
    /// The raw text: assertion or message.
    pub text: String,
    /// Source file, function and line inside the parser, when given.
    pub origin: String,
    /// Names of the local functions being expanded, outermost first.
    pub function_stack: Vec<String>,
    /// Where that is in our terms, when the worker could tell.
    pub path: Option<NodePath>,
}

/// A plugin that the library can make.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name, which is the operator it takes.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its namespace; often empty.
    pub namespace: String,
}

/// A group of nodes that the parser supports or not.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Subgraph {
    /// Top-level node indices.
    pub nodes: Vec<u32>,
    /// True when the parser takes all of them.
    pub supported: bool,
}

/// Everything one parser said about one model.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ParserReport {
    /// Target and exact library version (`tensorrt-rtx`, `1.7.0.30`).
    pub target: String,
    /// Version of the library.
    pub version: String,
    /// True when the model parsed without error.
    pub parsed: bool,
    /// All errors.
    pub errors: Vec<ParserError>,
    /// Supported and unsupported groups.
    pub subgraphs: Vec<Subgraph>,
    /// Lines of the library's log at warning or worse.
    pub log: Vec<String>,
    /// Plugins that are registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Plugin>,
}
