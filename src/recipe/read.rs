//! Reading recipe files: every error names the file, the line and the nearest key.

use super::de::{self, Misfit};
use super::node::Node;
use super::{Recipe, validate};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A recipe is text written by people; a larger file is something else.
const MAX_BYTES: u64 = 4 << 20;

/// Why a recipe cannot be used; names file, line and the nearest known key.
#[derive(thiserror::Error, Debug)]
#[error("{}: {message}", path.display())]
pub struct RecipeError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, with line and column where known.
    pub message: String,
}

impl Recipe {
    /// Reads and checks a recipe file, its variants included; relative paths inside become relative to its folder.
    ///
    /// # Errors
    /// [`RecipeError`].
    pub fn open(path: &Path) -> Result<Self, RecipeError> {
        let error = |message: String| RecipeError {
            path: path.to_owned(),
            message,
        };
        let size = std::fs::metadata(path)
            .map_err(|e| error(crate::files::words(&e)))?
            .len();
        if size > MAX_BYTES {
            return Err(error(format!("{size} bytes: too large for a recipe")));
        }
        let bytes = std::fs::read(path).map_err(|e| error(crate::files::words(&e)))?;
        let text = String::from_utf8(bytes).map_err(|_| error("not a text file; a recipe is TOML in UTF-8".into()))?;
        let mut recipe = Self::from_toml(&text).map_err(error)?;
        recipe.resolve_paths(path.parent().unwrap_or(Path::new("")));
        Ok(recipe)
    }

    /// As [`Self::open`] for text; paths stay as written.
    ///
    /// # Errors
    /// What is wrong, with its line and column.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let place = |span: Option<Range<usize>>| match span {
            Some(span) => {
                let (line, column) = line_column(text, span.start);
                format!("line {line}, column {column}: ")
            }
            None => String::new(),
        };
        let node = Node::parse(text).map_err(|(span, message)| format!("{}{message}", place(span)))?;
        let located = |root: &Node, mut misfit: Misfit| {
            misfit.span = misfit.span.or_else(|| root.place(&misfit.path));
            format!("{}{misfit}", place(misfit.span.clone()))
        };
        validate::version(&node).map_err(|e| located(&node, e))?;
        let recipe: Self = de::from_node(node.clone()).map_err(|e| located(&node, e))?;
        validate::recipe(&recipe).map_err(|e| located(&node, e))?;
        for (name, merged) in super::variant::merged(&node).map_err(|e| located(&node, e))? {
            let variant = |e| format!("variant {name:?}: {}", located(&merged, e));
            let resolved = de::from_node(merged.clone()).map_err(variant)?;
            validate::recipe(&resolved).map_err(variant)?;
        }
        Ok(recipe)
    }

    /// A recipe for a model with everything else at its default.
    pub fn for_model(path: &Path) -> Self {
        Self {
            version: super::spec::VERSION,
            model: super::ModelSpec {
                path: path.to_owned(),
                sha256: None,
            },
            target: Default::default(),
            build: Default::default(),
            profiles: Vec::new(),
            patches: Vec::new(),
            bench: Default::default(),
            sweep: None,
            data: Default::default(),
            accuracy: Default::default(),
            variants: Vec::new(),
        }
    }

    /// Checks the model file's SHA-256 (hex) against the recipe's, when the recipe states one.
    ///
    /// # Errors
    /// Both hashes and what to do.
    pub fn check_model_hash(&self, actual: &str) -> Result<(), String> {
        match &self.model.sha256 {
            Some(expected) if !expected.eq_ignore_ascii_case(actual) => Err(format!(
                "{} is not the model this recipe was made for: its sha256 is {actual}, the recipe says {expected}; \
                 take the right file, or remove model.sha256 from the recipe",
                self.model.path.display()
            )),
            _ => Ok(()),
        }
    }
}

/// Line and column, both from 1, of a byte of the text; columns count characters.
fn line_column(text: &str, byte: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
    (line, column)
}
