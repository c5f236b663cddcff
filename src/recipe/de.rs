//! From a [`Node`] to the recipe's types by serde, with errors that know their path, their line and the keys expected.

use super::node::{Node, Value};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt::Display;
use std::ops::Range;

/// What does not fit, and where.
#[derive(Debug, Clone)]
pub(super) struct Misfit {
    /// Keys and indices from the outside in.
    pub path: Vec<String>,
    /// Place in the file.
    pub span: Option<Range<usize>>,
    /// In words, with the nearest key.
    pub message: String,
}

impl Misfit {
    /// The path as people write it: `build.precision`, `profile[0].inputs.x`.
    pub fn key(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            if !out.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) {
                out.push_str(&format!("[{step}]"));
            } else {
                let dot = if out.is_empty() { "" } else { "." };
                out.push_str(dot);
                out.push_str(step);
            }
        }
        out
    }

    fn at(mut self, step: impl Into<String>, span: &Option<Range<usize>>) -> Self {
        self.path.insert(0, step.into());
        if self.span.is_none() {
            self.span.clone_from(span);
        }
        self
    }
}

impl Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = self.key();
        if key.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{key}: {}", self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: Display>(message: T) -> Self {
        Self {
            path: Vec::new(),
            span: None,
            message: message.to_string(),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("expected {}, found {}", kind(expected), seen(found)))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("{} is out of range, expected {}", seen(found), kind(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("unknown value {variant:?}{}", suggest(variant, expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("unknown key {field:?}{}", suggest(field, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the key {field:?} is missing"))
    }
}

/// `; did you mean "precision"?`, or the list of what is known when nothing is near.
pub(crate) fn suggest<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    if known.is_empty() {
        return String::new();
    }
    match nearest(word, known) {
        Some(near) => format!("; did you mean {near:?}?"),
        None => {
            let mut names: Vec<&str> = known.iter().map(AsRef::as_ref).take(20).collect();
            if known.len() > names.len() {
                names.push("...");
            }
            format!("; known are {}", names.join(", "))
        }
    }
}

/// The known word nearest to `word` by Damerau-Levenshtein distance, when it is near enough to be a slip of the hand.
pub(crate) fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    // The distance costs the product of the lengths: names from hostile files are cut.
    let short = |s: &str| s.chars().take(200).collect::<String>();
    let word = short(word).to_lowercase();
    let limit = (word.chars().count() / 2).max(1);
    known
        .iter()
        .map(AsRef::as_ref)
        .map(|k| (strsim::damerau_levenshtein(&word, &short(k).to_lowercase()), k))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

/// What a type expects, in the words of people who write recipes.
fn kind(expected: &dyn de::Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number (0 or more)".into(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        "a string" | "a character" | "path string" => "a text in quotes".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "an array".into(),
        "a map" => "a table".into(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum") => "a table".into(),
        other if other.starts_with("an array of length") => {
            format!("an array of {}", &other["an array of length ".len()..])
        }
        other => other.into(),
    }
}

fn seen(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Str(s) => format!("the text {s:?}"),
        de::Unexpected::Unsigned(n) => format!("the number {n}"),
        de::Unexpected::Signed(n) => format!("the number {n}"),
        de::Unexpected::Float(n) => format!("the number {n}"),
        de::Unexpected::Bool(b) => format!("{b}"),
        de::Unexpected::Seq => "an array".into(),
        de::Unexpected::Map => "a table".into(),
        other => other.to_string(),
    }
}

impl<'de> IntoDeserializer<'de, Misfit> for Node {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let span = self.span.clone();
        let result = match self.value {
            Value::Text(s) => visitor.visit_string(s),
            Value::Int(i) => visitor.visit_i64(i),
            Value::Float(f) => visitor.visit_f64(f),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Date(d) => Err(de::Error::custom(format!("dates are not used in recipes, found {d}"))),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.into_iter().enumerate(),
            }),
            Value::Table(table) => visitor.visit_map(Entries {
                entries: table.0.into_iter(),
                value: None,
            }),
        };
        result.map_err(|mut e| {
            if e.span.is_none() {
                e.span = span;
            }
            e
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let _ = (name, variants);
        let span = self.span.clone();
        let result = match self.value {
            Value::Text(s) => visitor.visit_enum(s.into_deserializer()),
            _ => self.deserialize_any(visitor),
        };
        result.map_err(|mut e: Misfit| {
            e.span = e.span.or(span);
            e
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items {
    items: std::iter::Enumerate<std::vec::IntoIter<Node>>,
}

impl<'de> de::SeqAccess<'de> for Items {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.items.next() else {
            return Ok(None);
        };
        let span = node.span.clone();
        seed.deserialize(node)
            .map(Some)
            .map_err(|e| e.at(index.to_string(), &span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries {
    entries: std::collections::btree_map::IntoIter<String, (Option<Range<usize>>, Node)>,
    value: Option<(String, Option<Range<usize>>, Node)>,
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((key, (span, node))) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((key.clone(), span.clone(), node));
        let read = seed.deserialize(key.into_deserializer());
        read.map(Some).map_err(|mut e: Misfit| {
            e.span = e.span.or(span);
            e
        })
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let Some((key, span, node)) = self.value.take() else {
            return Err(de::Error::custom("a key without a value"));
        };
        seed.deserialize(node).map_err(|e| e.at(key, &span))
    }
}

/// Reads a type from a node.
pub(super) fn from_node<T: de::DeserializeOwned>(node: Node) -> Result<T, Misfit> {
    T::deserialize(node)
}
