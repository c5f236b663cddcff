//! What a build option of a target takes, for those who offer them.

use serde::{Deserialize, Serialize};

/// The values of a build option. What reads the option decides; this is for choosing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// True or false.
    Flag,
    /// A whole number.
    Whole {
        /// Smallest.
        least: i64,
        /// Largest.
        most: i64,
        /// One to start with.
        start: i64,
    },
    /// One of these words.
    Choice(Vec<String>),
    /// Text such as this: a path, a list.
    Text(String),
}

impl OptionKind {
    /// One of these words.
    pub fn choice<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self::Choice(words.into_iter().map(Into::into).collect())
    }

    /// Values to offer: all there are, or an example.
    pub fn values(&self) -> Vec<toml::Value> {
        match self {
            Self::Flag => vec![true.into(), false.into()],
            Self::Whole { start, .. } => vec![(*start).into()],
            Self::Choice(words) => words.iter().map(|w| w.clone().into()).collect(),
            Self::Text(like) => vec![like.clone().into()],
        }
    }

    /// A whole number in a range.
    pub fn whole(least: i64, most: i64, start: i64) -> Self {
        Self::Whole { least, most, start }
    }
}
