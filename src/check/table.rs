//! The operator tables: which target takes which operator, from which version on, and how we know.

use super::target::Target;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a table says about one operator for one target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Support {
    /// It is taken.
    Yes,
    /// It is not.
    No,
    /// Taken from this version on (major, minor).
    Since(u32, u32),
    /// The table has no such operator.
    Unlisted,
}

/// One column of the table: a target's major version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Column {
    /// `tested` when a real parser was asked, `documented` when NVIDIA's documentation was read.
    pub evidence: &'static str,
    /// Opsets it covers, both ends included.
    pub opsets: (i64, i64),
    /// The documents or the parser.
    pub source: &'static str,
    cell: usize,
}

/// One row.
pub(super) struct Row {
    cells: Vec<Support>,
    /// Types the operator is listed for, by name; empty when not listed.
    pub types: Vec<&'static str>,
    /// Restrictions in words; may be empty.
    pub note: &'static str,
}

/// `tables/tensorrt_operators.tsv`.
pub(super) struct Operators {
    columns: HashMap<&'static str, Column>,
    rows: HashMap<&'static str, Row>,
}

static TENSORRT: LazyLock<Operators> = LazyLock::new(|| Operators::read(include_str!("tables/tensorrt_operators.tsv")));
static RTEN: LazyLock<HashMap<(&'static str, &'static str), ()>> = LazyLock::new(|| {
    let lines = include_str!("tables/rten_operators.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('\t'))
        .map(|key| (key, ()))
        .collect()
});

/// True when the embedded engine reads this operator.
pub(super) fn embedded_has(domain: &str, op: &str) -> bool {
    RTEN.contains_key(&(domain, op))
}

impl Operators {
    /// The table of NVIDIA's parsers.
    pub fn tensorrt() -> &'static Self {
        &TENSORRT
    }

    fn read(text: &'static str) -> Self {
        let mut columns = HashMap::new();
        let mut rows = HashMap::new();
        for line in text.lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            match cells.as_slice() {
                ["#column", name, evidence, low, high, source] => {
                    let opsets = (low.parse().unwrap_or(0), high.parse().unwrap_or(i64::MAX));
                    let cell = columns.len();
                    columns.insert(
                        *name,
                        Column {
                            evidence,
                            opsets,
                            source,
                            cell,
                        },
                    );
                }
                [first, ..] if first.starts_with('#') || *first == "op" => {}
                [op, rest @ ..] if rest.len() == columns.len() + 2 => {
                    let (support, words) = rest.split_at(columns.len());
                    rows.insert(
                        *op,
                        Row {
                            cells: support.iter().map(|cell| Support::read(cell)).collect(),
                            types: words[0].split(',').filter(|t| !t.is_empty()).collect(),
                            note: words[1],
                        },
                    );
                }
                _ => {}
            }
        }
        Self { columns, rows }
    }

    /// The column of this target's major version.
    pub fn column(&self, target: &Target) -> Option<&Column> {
        let (major, _) = target.version?;
        self.columns.get(format!("{}@{major}", target.name).as_str())
    }

    /// The row of an operator of ONNX's own domain.
    pub fn row(&self, op: &str) -> Option<&Row> {
        self.rows.get(op)
    }

    /// What the table says about `op` for the target.
    pub fn support(&self, target: &Target, op: &str) -> Support {
        let (Some(column), Some(row)) = (self.column(target), self.row(op)) else {
            return Support::Unlisted;
        };
        row.cells.get(column.cell).copied().unwrap_or(Support::Unlisted)
    }
}

impl Support {
    fn read(cell: &str) -> Self {
        match cell {
            "yes" => Self::Yes,
            "no" => Self::No,
            _ => match cell.split_once('.').map(|(a, b)| (a.parse(), b.parse())) {
                Some((Ok(major), Ok(minor))) => Self::Since(major, minor),
                _ => Self::Unlisted,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataType;

    #[test]
    fn every_row_of_the_tables_is_read() {
        let table = Operators::tensorrt();
        let text = include_str!("tables/tensorrt_operators.tsv");
        let rows = text
            .lines()
            .filter(|l| !l.starts_with('#') && !l.starts_with("op\t"))
            .count();
        assert_eq!(table.rows.len(), rows);
        assert_eq!(table.columns.len(), 3);
        for (op, row) in &table.rows {
            assert!(!row.cells.contains(&Support::Unlisted), "{op}");
            for name in &row.types {
                assert!(DataType::from_name(name).is_some(), "{op}: {name}");
            }
        }
        let lines = include_str!("tables/rten_operators.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .count();
        assert_eq!(RTEN.len(), lines);
    }

    #[test]
    fn support_depends_on_the_version() {
        let table = Operators::tensorrt();
        let at = |name, version| Target::parse(name, Some(version)).unwrap();
        assert_eq!(table.support(&at("tensorrt", "10"), "Conv"), Support::Yes);
        assert_eq!(table.support(&at("tensorrt", "10"), "Unique"), Support::No);
        assert_eq!(table.support(&at("tensorrt", "10.3"), "STFT"), Support::Since(10, 5));
        assert_eq!(
            table.support(&at("tensorrt-rtx", "1.4"), "RoiAlign"),
            Support::Since(1, 5)
        );
        assert_eq!(table.support(&at("tensorrt", "11"), "NoSuchOp"), Support::Unlisted);
    }
}
