//! Reads the value of one option; what does not fit is refused with the option, the value and what is wanted.

use crate::engine::EngineError;
use crate::recipe::units::parse_size;
use enginesmith_tensorrt::sys::{ComputeCapability, MemoryPoolType, VersionedEnum};
use std::path::PathBuf;
use toml::Value;

/// An option with its value.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a Value,
}

impl Given<'_> {
    pub(super) fn wrong(self, wanted: &str) -> EngineError {
        let Self { name, value } = self;
        EngineError::Request(format!("build option {name} = {value}: {wanted}"))
    }

    pub(super) fn truth(self) -> Result<bool, EngineError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("true or false is wanted"))
    }

    pub(super) fn number(self, least: i32, most: i32) -> Result<i32, EngineError> {
        let number = self.value.as_integer().and_then(|n| i32::try_from(n).ok());
        let wanted = match most {
            i32::MAX => format!("a whole number from {least} on is wanted"),
            _ => format!("a whole number from {least} to {most} is wanted"),
        };
        number
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| self.wrong(&wanted))
    }

    pub(super) fn path(self) -> Result<PathBuf, EngineError> {
        let text = self.value.as_str().filter(|t| !t.is_empty());
        text.map(PathBuf::from)
            .ok_or_else(|| self.wrong("a path in quotes is wanted"))
    }

    pub(super) fn paths(self) -> Result<Vec<PathBuf>, EngineError> {
        match self.value {
            Value::Array(list) => list
                .iter()
                .map(|value| {
                    Given { value, ..self }
                        .path()
                        .map_err(|_| self.wrong("a list of paths is wanted"))
                })
                .collect(),
            _ => Ok(vec![self.path()?]),
        }
    }

    /// Words of `"a,b"` or `["a", "b"]`; numbers are words too (`8.6`).
    fn words(self) -> Result<Vec<String>, EngineError> {
        let word = |value: &Value| match value {
            Value::String(text) => Some(text.split(',').map(|w| w.trim().to_string()).collect::<Vec<_>>()),
            Value::Integer(n) => Some(vec![n.to_string()]),
            // 12.0 keeps its zero.
            Value::Float(n) => Some(vec![format!("{n:?}")]),
            _ => None,
        };
        let words: Option<Vec<Vec<String>>> = match self.value {
            Value::Array(list) => list.iter().map(word).collect(),
            single => word(single).map(|w| vec![w]),
        };
        let words: Vec<String> = words.unwrap_or_default().concat();
        if words.is_empty() || words.iter().any(String::is_empty) {
            return Err(self.wrong("names separated by commas are wanted"));
        }
        Ok(words)
    }

    fn named<E: VersionedEnum>(self, word: &str) -> Result<E, EngineError> {
        E::from_short_name(&word.to_lowercase().replace('_', "-")).ok_or_else(|| {
            let names: Vec<String> = E::ALL.iter().map(|e| e.short_name()).collect();
            self.wrong(&format!("{word:?} is none of {}", names.join(", ")))
        })
    }

    pub(super) fn one<E: VersionedEnum>(self) -> Result<E, EngineError> {
        let word = self.value.as_str().unwrap_or_default();
        self.named(word)
    }

    pub(super) fn several<E: VersionedEnum>(self) -> Result<Vec<E>, EngineError> {
        self.words()?.iter().map(|word| self.named(word)).collect()
    }

    /// `8.6`, `86`, `sm86` or `current`.
    pub(super) fn capabilities(self) -> Result<Vec<ComputeCapability>, EngineError> {
        let one = |word: &String| {
            let digits = word.to_lowercase().trim_start_matches("sm").replace('.', "");
            let found = match digits.as_str() {
                "current" => Some(ComputeCapability::Current),
                digits => ComputeCapability::from_short_name(&format!("sm{digits}")),
            };
            found.ok_or_else(|| {
                let numbers = ComputeCapability::ALL.iter().filter_map(|c| capability_text(*c));
                let known: Vec<String> = numbers.collect();
                self.wrong(&format!("{word:?} is none of {}, current", known.join(", ")))
            })
        };
        let list: Vec<ComputeCapability> = self.words()?.iter().map(one).collect::<Result<_, _>>()?;
        if list.len() > 1 && list.contains(&ComputeCapability::Current) {
            return Err(self.wrong("current stands alone"));
        }
        Ok(list)
    }

    /// `"tactic-dram:2GiB,..."`, or a table of sizes by name.
    pub(super) fn pools(self) -> Result<Vec<(MemoryPoolType, u64)>, EngineError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        match self.value {
            Value::Table(table) => {
                for (name, size) in table {
                    let size = size.as_str().map(String::from).unwrap_or_else(|| size.to_string());
                    pairs.push((name.clone(), size));
                }
            }
            _ => {
                for word in self.words()? {
                    let pair = word.split_once(':');
                    let (name, size) = pair.ok_or_else(|| self.wrong(&format!("{word:?} is not NAME:SIZE")))?;
                    pairs.push((name.trim().into(), size.trim().into()));
                }
            }
        }
        let one = |(name, size): (String, String)| {
            let pool: MemoryPoolType = self.named(&name)?;
            if pool == MemoryPoolType::Workspace {
                return Err(self.wrong("the workspace has a key of its own, workspace"));
            }
            let bytes = parse_size(&size).map_err(|e| self.wrong(&e))?;
            Ok((pool, bytes))
        };
        pairs.into_iter().map(one).collect()
    }
}

/// `8.6` for `Sm86`; none for the values that are no number.
pub fn capability_text(capability: ComputeCapability) -> Option<String> {
    let short = capability.short_name();
    let digits = short.strip_prefix("sm")?;
    let (major, minor) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
    Some(format!("{major}.{minor}"))
}
