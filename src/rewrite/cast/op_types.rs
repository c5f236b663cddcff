//! Which inputs and outputs of ONNX's operators may be float16 or bfloat16, per version (the table `op_types.tsv`, made
//! from the schemas by `op_types.py`).

use super::LowType;
use std::collections::HashMap;
use std::sync::OnceLock;

/// One version of an operator.
#[derive(Debug)]
pub(in crate::rewrite) struct OpTypes {
    since: i64,
    inputs: Slots,
    outputs: Slots,
    /// Per type variable: name, may be float16, may be bfloat16.
    variables: Vec<(&'static str, bool, bool)>,
}

/// The type variable of each input or output; the last one repeats where `repeats`.
#[derive(Debug)]
struct Slots {
    variables: Vec<Option<u8>>,
    repeats: bool,
}

impl Slots {
    fn parse(text: &'static str, variables: &[(&'static str, bool, bool)]) -> Self {
        let list = text.strip_suffix('*').unwrap_or(text);
        let number = |name: &str| variables.iter().position(|v| v.0 == name).map(|at| at as u8);
        Self {
            variables: list.split(',').filter(|name| *name != ".").map(number).collect(),
            repeats: text.ends_with('*'),
        }
    }

    fn at(&self, index: usize) -> Option<u8> {
        match self.variables.get(index) {
            Some(variable) => *variable,
            None if self.repeats => self.variables.last().copied().flatten(),
            None => None,
        }
    }
}

type Table = HashMap<&'static str, Vec<OpTypes>>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::new();
        for line in include_str!("op_types.tsv").lines().filter(|l| !l.starts_with('#')) {
            let mut fields = line.split('\t');
            let mut next = || fields.next().unwrap_or_default();
            let (op, since, inputs, outputs, types) = (next(), next(), next(), next(), next());
            let variables: Vec<_> = types
                .split(',')
                .filter_map(|entry| entry.split_once('='))
                .map(|(name, types)| (name, types.contains('h'), types.contains('b')))
                .collect();
            table.entry(op).or_default().push(OpTypes {
                since: since.parse().unwrap_or(0),
                inputs: Slots::parse(inputs, &variables),
                outputs: Slots::parse(outputs, &variables),
                variables,
            });
        }
        table
    })
}

impl OpTypes {
    /// The version of the operator that a model of this opset means; `None` when it has no float32 inputs or outputs (or
    /// ONNX does not know it).
    pub(in crate::rewrite) fn find(op: &str, opset: i64) -> Option<&'static Self> {
        let versions = table().get(op)?;
        versions.iter().filter(|v| v.since <= opset).max_by_key(|v| v.since)
    }

    /// The first opset in which some variable of the operator may be of the type.
    pub(super) fn first_opset(op: &str, to: LowType) -> Option<i64> {
        let allowing = table()
            .get(op)?
            .iter()
            .filter(|v| (0..v.variables.len()).any(|at| v.allows(at as u8, to)));
        allowing.map(|v| v.since).min()
    }

    /// The type variable of an input.
    pub(super) fn input(&self, index: usize) -> Option<u8> {
        self.inputs.at(index)
    }

    /// The type variable of an output.
    pub(super) fn output(&self, index: usize) -> Option<u8> {
        self.outputs.at(index)
    }

    /// True when the variable may be of the type.
    pub(super) fn allows(&self, variable: u8, to: LowType) -> bool {
        self.variables
            .get(usize::from(variable))
            .is_some_and(|(_, half, bfloat)| match to {
                LowType::Fp16 => *half,
                LowType::Bf16 => *bfloat,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_be(op: &str, opset: i64, input: usize, to: LowType) -> bool {
        let types = OpTypes::find(op, opset).unwrap();
        types.input(input).is_some_and(|v| types.allows(v, to))
    }

    #[test]
    fn the_table_says_what_the_schemas_say() {
        use LowType::{Bf16, Fp16};
        assert!(may_be("Conv", 11, 1, Fp16) && !may_be("Conv", 21, 1, Bf16) && may_be("Conv", 22, 2, Bf16));
        // Resize: roi may be float16 but never bfloat16; scales stay float32.
        assert!(may_be("Resize", 13, 1, Fp16) && !may_be("Resize", 13, 1, Bf16) && !may_be("Resize", 13, 2, Fp16));
        assert!(may_be("Concat", 13, 7, Fp16));
        assert!(OpTypes::find("NonMaxSuppression", 13).is_none_or(|types| types.input(0).is_none()));
        assert_eq!(OpTypes::first_opset("Conv", Bf16), Some(22));
        let total: usize = table().values().map(Vec::len).sum();
        let lines = include_str!("op_types.tsv").lines().filter(|l| !l.starts_with('#'));
        assert_eq!(total, lines.count());
        assert!(
            table()
                .values()
                .flatten()
                .all(|v| v.since > 0 && !v.variables.is_empty())
        );
    }
}
