//! A concrete size for every open size of the inputs, each with where it comes from: below everything that measures,
//! calibrates or builds, so that nothing runs at sizes that nobody stated.
//!
//! May be called by everything above `graph`; knows only model and graph. `evaluate` says whether a graph works at given
//! sizes and what its tensors are there; [`propose`] finds sizes. Evidence is weighed in the order of [`Source`]; a
//! proposal counts only when `evaluate` works to the end.

mod evaluate;
mod kind;
mod metadata;
mod propose;
mod purpose;
mod search;
mod symbols;
mod uses;
mod usual;

pub(super) use evaluate::facts;
pub use evaluate::{At, Conflict, Point, evaluate, point};
pub use propose::{Unsolved, propose};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a size comes from, the strongest evidence first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The user gave it.
    Given,
    /// The optimum of a profile.
    Profile,
    /// A sample of the data.
    Data,
    /// The model's own words: its metadata, or shapes it declares for inner tensors.
    Metadata,
    /// The graph works with this size only.
    Graph,
    /// What such an input has: a picture, tokens, a sound.
    Kind,
    /// The name of the input or of the size.
    Name,
}

/// What is said of an input from outside the model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hint {
    /// The input.
    pub input: String,
    /// Its whole shape.
    pub shape: Vec<u64>,
    /// Its elements, for a shape tensor.
    pub value: Option<Vec<i64>>,
    /// Who says so: given, profile or data.
    pub source: Source,
    /// In words: `the profile's optimum`.
    pub reason: String,
}

/// The size of one input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InputSize {
    /// Its shape; empty for a scalar.
    pub shape: Vec<u64>,
    /// Its elements where they decide sizes or belong to them: a shape tensor, a length, a sample rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Vec<i64>>,
    /// Where it comes from: the weakest of what is said of its sizes, the batch aside.
    pub source: Source,
    /// In words: `metadata imgsz`.
    pub reason: String,
    /// True where the model leaves some of it open.
    #[serde(skip)]
    pub is_open: bool,
}

/// A concrete size for every input, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sizes {
    /// By input.
    pub inputs: BTreeMap<String, InputSize>,
}

impl Sizes {
    /// The shapes alone.
    pub fn shapes(&self) -> BTreeMap<String, Vec<u64>> {
        self.inputs
            .iter()
            .map(|(name, s)| (name.clone(), s.shape.clone()))
            .collect()
    }

    /// True where nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The point of all shapes and values.
    pub fn point(&self) -> Point {
        let at = |s: &InputSize| At {
            shape: s.shape.clone(),
            value: s.value.clone(),
        };
        self.inputs.iter().map(|(name, s)| (name.clone(), at(s))).collect()
    }

    /// What was decided, in one line: `images 1x3x640x640 (metadata imgsz)`, inputs of the same size and reason together:
    /// `ids, mask 1x128 (tokens of a paragraph)`; `None` where the model leaves nothing open.
    pub fn words(&self) -> Option<String> {
        /// More inputs than this are counted.
        const MOST: usize = 6;
        /// A size, and the inputs that have it.
        type Together<'n> = (String, Vec<&'n str>);
        let open: Vec<(&String, &InputSize)> = self.inputs.iter().filter(|(_, s)| s.is_open).collect();
        let mut groups: Vec<(&str, Vec<Together<'_>>)> = Vec::new();
        for (name, size) in open.iter().take(MOST) {
            let text = size.text();
            if !groups.iter().any(|(reason, _)| *reason == size.reason) {
                groups.push((&size.reason, Vec::new()));
            }
            let Some((_, sizes)) = groups.iter_mut().find(|(reason, _)| *reason == size.reason) else {
                continue;
            };
            match sizes.iter_mut().find(|(other, _)| *other == text) {
                Some((_, names)) => names.push(name),
                None => sizes.push((text, vec![name])),
            }
        }
        let group = |(reason, sizes): (&str, Vec<Together<'_>>)| {
            let sizes = sizes
                .into_iter()
                .map(|(text, names)| format!("{} {text}", names.join(", ")));
            format!("{} ({reason})", sizes.collect::<Vec<_>>().join(", "))
        };
        let mut texts: Vec<String> = groups.into_iter().map(group).collect();
        if open.len() > MOST {
            texts.push(format!("and {} more", open.len() - MOST));
        }
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    /// The same as a line for people, with how to have others: `sizes: images 1x3x640x640 (metadata imgsz); give --shape to
    /// change them`.
    pub fn line(&self) -> Option<String> {
        Some(format!("sizes: {}; give --shape to change them", self.words()?))
    }
}

impl InputSize {
    /// `1x3x640x640`, of a shape tensor its values: `= 64,64`.
    fn text(&self) -> String {
        match &self.value {
            Some(value) if value.len() <= 8 => {
                format!("= {}", value.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
            }
            _ => crate::graph::Shape::known(&self.shape).to_string(),
        }
    }

    /// `images 1x3x640x640 (metadata imgsz)`, a shape tensor with its values: `hw = 64,64 (…)`.
    pub fn words(&self, name: &str) -> String {
        format!("{name} {} ({})", self.text(), self.reason)
    }
}

#[cfg(test)]
mod tests;
