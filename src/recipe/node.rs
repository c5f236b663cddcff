//! A TOML value that remembers where in the file it stood, so that every error can name its line.

use std::collections::BTreeMap;
use std::ops::Range;

/// A value with its place in the file; values that come from the program have none.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Byte range in the file.
    pub span: Option<Range<usize>>,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Dates have no use in a recipe; kept as text so that the error can show it.
    Date(String),
    Array(Vec<Node>),
    Table(Table),
}

/// Keys in order, each with its own place in the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub BTreeMap<String, (Option<Range<usize>>, Node)>);

impl Node {
    /// Parses the text of a file.
    pub fn parse(text: &str) -> Result<Self, (Option<Range<usize>>, String)> {
        let document = toml::de::DeTable::parse(text).map_err(|e| (e.span(), e.message().to_owned()))?;
        let span = document.span();
        Ok(Self {
            span: Some(span),
            value: Value::Table(from_detable(document.into_inner())?),
        })
    }

    /// The value in the program's form.
    pub fn from_toml(value: toml::Value) -> Self {
        let value = match value {
            toml::Value::String(s) => Value::Text(s),
            toml::Value::Integer(i) => Value::Int(i),
            toml::Value::Float(f) => Value::Float(f),
            toml::Value::Boolean(b) => Value::Bool(b),
            toml::Value::Datetime(d) => Value::Date(d.to_string()),
            toml::Value::Array(items) => Value::Array(items.into_iter().map(Self::from_toml).collect()),
            toml::Value::Table(table) => return Self::from_table(table),
        };
        Self { span: None, value }
    }

    /// As [`Self::from_toml`], for a table.
    pub fn from_table(table: toml::Table) -> Self {
        let entries = table.into_iter().map(|(k, v)| (k, (None, Self::from_toml(v))));
        Self {
            span: None,
            value: Value::Table(Table(entries.collect())),
        }
    }

    /// The entry `key` when this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(table) => table.0.get(key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Place of the innermost known value on this path (`["variant", "1", "name"]`), for errors found after reading.
    pub fn place(&self, path: &[String]) -> Option<Range<usize>> {
        let mut node = self;
        let mut best = None;
        for step in path {
            let (span, next) = match &node.value {
                Value::Table(table) => match table.0.get(step) {
                    Some((key, next)) => (next.span.clone().or(key.clone()), next),
                    None => break,
                },
                Value::Array(items) => match step.parse::<usize>().ok().and_then(|i| items.get(i)) {
                    Some(next) => (next.span.clone(), next),
                    None => break,
                },
                _ => break,
            };
            best = span.or(best);
            node = next;
        }
        best
    }

    /// Lays `other` over this value: tables merge key by key, everything else (arrays too) is replaced.
    pub fn merge(&mut self, other: Self) {
        match (&mut self.value, other) {
            (
                Value::Table(mine),
                Self {
                    value: Value::Table(theirs),
                    ..
                },
            ) => {
                for (key, (span, node)) in theirs.0 {
                    match mine.0.get_mut(&key) {
                        Some((place, old)) => {
                            *place = span;
                            old.merge(node);
                        }
                        None => {
                            mine.0.insert(key, (span, node));
                        }
                    }
                }
            }
            (_, other) => *self = other,
        }
    }
}

fn from_detable(table: toml::de::DeTable<'_>) -> Result<Table, (Option<Range<usize>>, String)> {
    let mut out = Table::default();
    for (key, value) in table {
        let key_span = Some(key.span());
        let node = from_devalue(value)?;
        out.0.insert(key.into_inner().into_owned(), (key_span, node));
    }
    Ok(out)
}

fn from_devalue(value: toml::Spanned<toml::de::DeValue<'_>>) -> Result<Node, (Option<Range<usize>>, String)> {
    use toml::de::DeValue;
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(s) => Value::Text(s.into_owned()),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(n) => Value::Int(n),
            Err(_) => return Err((Some(span), format!("{i} does not fit a 64-bit number"))),
        },
        DeValue::Float(f) => match f.as_str().parse() {
            Ok(n) => Value::Float(n),
            Err(_) => return Err((Some(span), format!("{f} is not a number"))),
        },
        DeValue::Boolean(b) => Value::Bool(b),
        DeValue::Datetime(d) => Value::Date(d.to_string()),
        DeValue::Array(items) => Value::Array(items.into_iter().map(from_devalue).collect::<Result<_, _>>()?),
        DeValue::Table(table) => Value::Table(from_detable(table)?),
    };
    Ok(Node {
        span: Some(span),
        value,
    })
}
