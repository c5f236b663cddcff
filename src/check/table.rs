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
    /// Taken before this version only.
    Before(u32, u32),
    /// The table has no such operator.
    Unlisted,
}

/// Which tensor of a node a row's types are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Typed {
    /// The input with this index.
    Input(usize),
    /// The first output.
    Output,
    /// None: the types say nothing.
    Nothing,
}

/// One form of an operator that the parser refused while it takes the plain one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// The input with this index and name is not constant; with types like `int8/int32`, only for these.
    Computed(usize, &'static str, &'static str),
    /// The input with this index and name is an input of the model; types as above.
    ModelInput(usize, &'static str, &'static str),
    /// The output with this index and name is used.
    Output(usize, &'static str),
    /// The first input has so many dimensions.
    Rank(usize),
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
    /// First opset from which on it is taken; 0 where nobody asked.
    pub opset: i64,
    /// What `types` are about.
    pub typed: Typed,
    /// Forms that are refused.
    pub refused: Vec<Form>,
}

/// A table in `tables/`.
pub(super) struct Operators {
    columns: HashMap<&'static str, Column>,
    rows: HashMap<&'static str, Row>,
}

static TENSORRT: LazyLock<Operators> = LazyLock::new(|| Operators::read(include_str!("tables/tensorrt_operators.tsv")));
static RTX: LazyLock<Operators> = LazyLock::new(|| Operators::read(include_str!("tables/rtx_operators.tsv")));
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
    /// The table of one of NVIDIA's parsers; that of TensorRT has no columns for other targets.
    pub fn of(target: &Target) -> &'static Self {
        if target.name == "tensorrt-rtx" { &RTX } else { &TENSORRT }
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
                [op, rest @ ..] => {
                    let Some((support, [types, note, tested @ ..])) = rest.split_at_checked(columns.len()) else {
                        continue;
                    };
                    let (opset, typed, refused) = match tested {
                        [opset, typed, refused] => (opset.parse().unwrap_or(0), Typed::read(typed), *refused),
                        _ => (0, Typed::Input(0), ""),
                    };
                    rows.insert(
                        *op,
                        Row {
                            cells: support.iter().map(|cell| Support::read(cell)).collect(),
                            types: types.split(',').filter(|t| !t.is_empty()).collect(),
                            note,
                            opset,
                            typed,
                            refused: refused.split(',').filter_map(Form::read).collect(),
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

    /// True when some operator of the table takes this type.
    pub fn knows_type(&self, name: &str) -> bool {
        self.rows.values().any(|row| row.types.contains(&name))
    }
}

impl Row {
    /// What the parser said to a form, from the notes `form: words | form: words`.
    pub fn words(&self, form: Form) -> &'static str {
        let key = match form {
            Form::Computed(index, name, _) | Form::ModelInput(index, name, _) => format!("computed:{index}:{name}: "),
            Form::Output(index, name) => format!("output:{index}:{name}: "),
            Form::Rank(rank) => format!("rank:{rank}: "),
        };
        let found = self.note.split(" | ").find_map(|n| n.strip_prefix(&*key));
        found.unwrap_or_default()
    }
}

impl Typed {
    fn read(cell: &str) -> Self {
        match cell {
            "out" => Self::Output,
            _ => cell.parse().map_or(Self::Nothing, Self::Input),
        }
    }
}

impl Form {
    fn read(text: &'static str) -> Option<Self> {
        let (kind, what) = text.split_once(':')?;
        if kind == "rank" {
            return Some(Self::Rank(what.parse().ok()?));
        }
        let (index, name) = what.split_once(':')?;
        let index = index.parse().ok()?;
        let (name, types) = name.split_once(':').unwrap_or((name, ""));
        match kind {
            "computed" => Some(Self::Computed(index, name, types)),
            "input" => Some(Self::ModelInput(index, name, types)),
            "output" => Some(Self::Output(index, name)),
            _ => None,
        }
    }
}

impl Support {
    fn read(cell: &str) -> Self {
        match cell {
            "yes" => Self::Yes,
            "no" => Self::No,
            _ => {
                let (before, version) = cell.strip_prefix("..").map_or((false, cell), |v| (true, v));
                match version.split_once('.').map(|(a, b)| (a.parse(), b.parse())) {
                    Some((Ok(major), Ok(minor))) if before => Self::Before(major, minor),
                    Some((Ok(major), Ok(minor))) => Self::Since(major, minor),
                    _ => Self::Unlisted,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataType;

    #[test]
    fn every_row_of_the_tables_is_read() {
        for (table, text, columns) in [
            (&*TENSORRT, include_str!("tables/tensorrt_operators.tsv"), 2),
            (&*RTX, include_str!("tables/rtx_operators.tsv"), 1),
        ] {
            let lines = || text.lines().filter(|l| !l.starts_with('#') && !l.starts_with("op\t"));
            assert_eq!(table.rows.len(), lines().count());
            assert_eq!(table.columns.len(), columns);
            for (op, row) in &table.rows {
                assert!(!row.cells.contains(&Support::Unlisted), "{op}");
                for name in &row.types {
                    assert!(DataType::from_name(name).is_some(), "{op}: {name}");
                }
                for form in &row.refused {
                    assert!(!row.words(*form).is_empty(), "{op}: {form:?}");
                }
            }
            let forms = lines().filter_map(|l| l.split('\t').nth(6).filter(|f| !f.is_empty()));
            let forms: usize = forms.map(|f| f.split(',').count()).sum();
            assert_eq!(forms, table.rows.values().map(|r| r.refused.len()).sum::<usize>());
        }
        let lines = include_str!("tables/rten_operators.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'))
            .count();
        assert_eq!(RTEN.len(), lines);
    }

    #[test]
    fn support_depends_on_the_version() {
        let support = |name, version, op| {
            let target = Target::parse(name, Some(version)).unwrap();
            Operators::of(&target).support(&target, op)
        };
        assert_eq!(support("tensorrt", "10", "Conv"), Support::Yes);
        assert_eq!(support("tensorrt", "10", "Unique"), Support::No);
        assert_eq!(support("tensorrt", "10.3", "STFT"), Support::Since(10, 5));
        assert_eq!(support("tensorrt", "11", "NoSuchOp"), Support::Unlisted);
        assert_eq!(support("tensorrt-rtx", "1.7", "Conv"), Support::Yes);
        assert_eq!(support("tensorrt-rtx", "1.7", "NonZero"), Support::Before(1, 6));
    }
}
