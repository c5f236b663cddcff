//! IParser: reads ONNX models into a network and says what it cannot read.

use super::{Network, c_string, failed};
use crate::error::{Error, Result};
use crate::interfaces::{LogMark, text};
use crate::sys::{Class, IParser, IParserError, ParserErrorCode, ParserFlag, Table, VersionedEnum};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fmt;
use std::path::Path;
use std::ptr::null;

/// Parses ONNX into the network that it was made from.
pub struct Parser<'n, 'b> {
    network: &'n mut Network<'b>,
    parser: IParser,
}

/// One error of the parser, with everything that it says about the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParserError {
    /// What kind of error, `None` for a number that the tables do not know.
    pub code: Option<ParserErrorCode>,
    /// The kind's number.
    pub number: i32,
    /// The text: an assertion of the parser, or a sentence.
    pub description: String,
    /// The parser's own source file, line and function.
    pub source: (String, i32, String),
    /// Index of the node in the model's main graph, -1 when it is not about a node. For a node inside of a local function or
    /// an If or Loop body this is the index of the call or of the If (seen with TensorRT-RTX 1.4 to 1.7).
    pub node: i32,
    /// The name of the node itself, inside of a function or body too; possibly empty.
    pub node_name: String,
    /// The operator of the node itself, possibly empty.
    pub node_operator: String,
    /// What the node is inside of, outermost first, as `name (operator)` for calls and Ifs and `graph (attribute)` for bodies.
    /// Empty for nodes of the main graph, and in TensorRT-RTX before 1.7 for errors of the parser's static check.
    pub local_functions: Vec<String>,
}

impl fmt::Display for ParserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node >= 0 {
            write!(f, "node {}", self.node)?;
            if !self.node_name.is_empty() {
                write!(f, " \"{}\"", self.node_name)?;
            }
            if !self.node_operator.is_empty() {
                write!(f, " ({})", self.node_operator)?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.description)
    }
}

/// Which parts of a model the parser can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSupport {
    /// True if it takes the whole model.
    pub supported: bool,
    /// The nodes that the parser can take, in groups; a node in none of them is not supported.
    pub subgraphs: Vec<Subgraph>,
    /// Everything that the parser complained about.
    pub errors: Vec<ParserError>,
}

impl ModelSupport {
    /// The nodes of the main graph, of `count`, that the parser cannot take: those in no group and those with an error (up to
    /// TensorRT-RTX 1.4 the groups hold some of these too).
    pub fn unsupported_nodes(&self, count: usize) -> Vec<usize> {
        let mut taken: BTreeSet<usize> = self.subgraphs.iter().flat_map(|s| s.nodes.iter().copied()).collect();
        for node in self.errors.iter().filter_map(|e| usize::try_from(e.node).ok()) {
            taken.remove(&node);
        }
        (0..count).filter(|n| !taken.contains(n)).collect()
    }
}

/// Nodes that go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subgraph {
    /// Indices of nodes in the model's graph.
    pub nodes: Vec<usize>,
    /// True if that is certain, which it is only when the whole model is supported; otherwise the group would have to be
    /// cut out and asked about alone.
    pub certain: bool,
}

impl<'n, 'b> Parser<'n, 'b> {
    pub(super) fn new(network: &'n mut Network<'b>, parser: IParser) -> Parser<'n, 'b> {
        Parser { network, parser }
    }

    fn table(&self) -> &'static Table {
        self.network.builder.library.inner.table
    }

    /// Sets a flag.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when this version lacks it.
    pub fn set_flag(&mut self, flag: ParserFlag) -> Result<()> {
        let value = flag.value(self.table())?;
        // SAFETY: the parser is alive (the network keeps it).
        Ok(unsafe { self.parser.set_flag(self.table(), value) }?)
    }

    /// Parses a model in memory. `path` is where it came from: external data is looked for beside it.
    ///
    /// # Errors
    /// [`Error::Parse`] with all errors; [`Error::Failed`] for what is not ONNX at all. The network is then half filled and of no use.
    pub fn parse(&mut self, model: &[u8], path: Option<&Path>) -> Result<()> {
        not_empty(model)?;
        let path = c_path(path)?;
        let pointer = path.as_ref().map_or(null(), |p| p.as_ptr());
        let mark = LogMark::now();
        // SAFETY: parser and network are alive; the bytes live for the call, which copies what it keeps.
        let parsed = unsafe {
            self.parser
                .parse(self.table(), model.as_ptr().cast(), model.len(), pointer)
        }?;
        self.outcome(parsed, mark)
    }

    /// Parses a model file.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_file(&mut self, path: &Path) -> Result<()> {
        const WARNINGS: i32 = 2; // the severity from which the parser logs
        let path = c_path(Some(path))?.unwrap_or_default();
        let mark = LogMark::now();
        // SAFETY: parser and network are alive; the path lives for the call.
        let parsed = unsafe { self.parser.parse_from_file(self.table(), path.as_ptr(), WARNINGS) }?;
        self.outcome(parsed, mark)
    }

    /// All errors of the parser, or, where it has none (a file that is not ONNX), what the log says.
    fn outcome(&mut self, parsed: bool, mark: LogMark) -> Result<()> {
        if parsed {
            return Ok(());
        }
        let errors = self.errors()?;
        if errors.is_empty() {
            Err(self.unreadable(mark))
        } else {
            Err(Error::Parse(errors))
        }
    }

    fn unreadable(&self, mark: LogMark) -> Error {
        failed(
            self.network.builder.library,
            "read the model",
            mark,
            Some(&self.network.builder.recorder),
        )
    }

    /// Asks which parts of a model are supported. The network is of no use for building afterwards.
    ///
    /// # Errors
    /// [`Error::Failed`] for what is not ONNX at all; [`Error::Missing`] on TensorRT 10.0, which cannot be asked this way.
    pub fn supports(&mut self, model: &[u8], path: Option<&Path>) -> Result<ModelSupport> {
        let table = self.table();
        not_empty(model)?;
        let path = c_path(path)?;
        let pointer = path.as_ref().map_or(null(), |p| p.as_ptr());
        let mark = LogMark::now();
        // SAFETY: parser and network are alive; the bytes live for the call; the indices are below the count.
        unsafe {
            let supported = self
                .parser
                .supports_model_v2(table, model.as_ptr().cast(), model.len(), pointer)?;
            let mut subgraphs = vec![];
            for i in 0..self.parser.get_nb_subgraphs(table)? {
                let mut count = 0;
                let nodes = self.parser.get_subgraph_nodes(table, i, &mut count)?;
                let length = if nodes.is_null() {
                    0
                } else {
                    usize::try_from(count).unwrap_or(0)
                };
                let nodes = (0..length)
                    .filter_map(|n| usize::try_from(*nodes.add(n)).ok())
                    .collect();
                subgraphs.push(Subgraph {
                    nodes,
                    certain: self.parser.is_subgraph_supported(table, i)?,
                });
            }
            let errors = self.errors()?;
            if !supported && errors.is_empty() && subgraphs.is_empty() {
                return Err(self.unreadable(mark));
            }
            Ok(ModelSupport {
                supported,
                subgraphs,
                errors,
            })
        }
    }

    /// True if the parser knows an operator by name (its attributes and types may still be a problem).
    ///
    /// # Errors
    /// A name with a zero byte.
    pub fn supports_operator(&self, operator: &str) -> Result<bool> {
        let operator = c_string("operator", operator)?;
        // SAFETY: the parser is alive; the name lives for the call.
        Ok(unsafe { self.parser.supports_operator(self.table(), operator.as_ptr()) }?)
    }

    /// All errors since the last [`clear_errors`](Self::clear_errors).
    ///
    /// # Errors
    /// [`Error::Load`] if an error object is not laid out as expected.
    pub fn errors(&self) -> Result<Vec<ParserError>> {
        let table = self.table();
        // SAFETY: the parser is alive, the indices are below the count, and the errors are copied at once.
        let count = unsafe { self.parser.get_nb_errors(table) }?;
        // SAFETY: as above.
        let errors = (0..count).filter_map(|i| unsafe { self.parser.get_error(table, i) }.transpose());
        errors.map(|e| self.error(e?)).collect()
    }

    fn error(&self, error: IParserError) -> Result<ParserError> {
        let table = self.table();
        self.network
            .builder
            .library
            .check_object(Class::I_PARSER_ERROR, error.as_ptr())?;
        // SAFETY: the parser owns the error and is alive; the stack has as many entries as it says.
        unsafe {
            let number = error.code(table)?;
            let stack = error.local_function_stack(table)?;
            let depth = if stack.is_null() {
                0
            } else {
                error.local_function_stack_size(table)?
            };
            Ok(ParserError {
                code: ParserErrorCode::from_value(table, number),
                number,
                description: text(error.desc(table)?),
                source: (text(error.file(table)?), error.line(table)?, text(error.func(table)?)),
                node: error.node(table)?,
                node_name: text(error.node_name(table)?),
                node_operator: text(error.node_operator(table)?),
                local_functions: (0..usize::try_from(depth).unwrap_or(0))
                    .map(|i| text(*stack.add(i)))
                    .collect(),
            })
        }
    }

    /// Forgets the errors.
    ///
    /// # Errors
    /// None today.
    pub fn clear_errors(&mut self) -> Result<()> {
        // SAFETY: the parser is alive and the errors were copied.
        Ok(unsafe { self.parser.clear_errors(self.table()) }?)
    }
}

/// No bytes are a valid protobuf message, and the parser calls it a supported model.
fn not_empty(model: &[u8]) -> Result<()> {
    let reason = || "it has no bytes".into();
    if model.is_empty() {
        Err(Error::Invalid {
            what: "model".into(),
            reason: reason(),
        })
    } else {
        Ok(())
    }
}

fn c_path(path: Option<&Path>) -> Result<Option<CString>> {
    path.map(|p| c_string("path", &p.to_string_lossy())).transpose()
}
