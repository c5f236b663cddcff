//! The rules as data: `ruleset/*.toml`, read once.

use super::target::Target;
use super::{Evidence, Fix, Severity};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One rule.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Stable name, unique per target.
    pub id: String,
    /// Targets and version ranges, as [`Target::matches`] reads them.
    pub targets: Vec<String>,
    /// How bad.
    pub severity: Severity,
    /// When it applies.
    pub when: Condition,
    /// Sentence with `{places}` to fill.
    pub reason: String,
    /// Document and version, or what was tried; `operators` stands for the operator table's own source.
    pub source: String,
    /// `static` unless stated.
    #[serde(default = "static_evidence")]
    pub evidence: Evidence,
    /// What can be done; the texts have `{places}` too.
    #[serde(default)]
    pub fixes: Vec<Fix>,
}

fn static_evidence() -> Evidence {
    Evidence::Static
}

/// When a rule applies.
#[derive(Deserialize, Debug)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Condition {
    /// A node of ONNX's own domain passes all tests.
    Node(Box<NodeTest>),
    /// The table says no to the operator, or does not have it.
    OperatorUnsupported,
    /// The table has the operator from a later version on.
    OperatorTooNew,
    /// An input's type is not among the table's.
    OperatorType,
    /// The node has a form that the table has as refused, or an older opset than the table's first.
    OperatorForm,
    /// A node of a domain that is neither ONNX's, nor known, nor a function of the model.
    CustomDomain {
        /// Domains that the target brings.
        known: Vec<String>,
    },
    /// The opset is outside; without limits, outside the table column's range.
    Opset {
        /// Smallest that is fine.
        below: Option<i64>,
        /// Largest that is fine.
        above: Option<i64>,
    },
    /// The IR version is larger.
    IrVersion {
        /// Largest that is fine.
        above: i64,
    },
    /// Tensors of these types: one finding for all, or one each (at the node that makes it).
    TensorType {
        /// By name.
        types: Vec<String>,
        /// One finding each.
        #[serde(default)]
        each: bool,
    },
    /// A model input or output of these types.
    IoType {
        /// By name.
        types: Vec<String>,
    },
    /// The model has such nodes (one finding for all).
    ModelUses {
        /// Operators.
        ops: Vec<String>,
    },
    /// Operator to index of an input that must be constant.
    ConstantInputs {
        /// By operator.
        inputs: BTreeMap<String, usize>,
    },
    /// An attribute has a value that is not listed.
    Attributes {
        /// Allowed values.
        only: Vec<Only>,
    },
    /// Softmax before opset 13 that normalises over more than one dimension.
    CoercedSoftmax,
    /// The branches of an If give different ranks.
    IfBranches,
    /// A Loop with scan outputs and a trip count that is not constant.
    LoopScanLength,
    /// A Loop whose carried values change their shape.
    LoopCarriedShape,
    /// A model input with open dimensions and no shape range.
    DynamicInput,
    /// A shape range that the model contradicts.
    ProfileContradiction,
    /// A stored INT64 value outside INT32 that is computed with.
    Int64Range,
    /// A stored value that is not a number.
    NotANumber,
    /// A stored finite FP32 or FP64 value that is larger.
    Beyond {
        /// Largest magnitude that is fine.
        limit: f64,
    },
}

/// Allowed values of one attribute.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Only {
    /// Operators.
    pub ops: Vec<String>,
    /// Attribute.
    pub name: String,
    /// Values.
    pub values: Vec<toml::Value>,
}

/// Tests on a node; all that are given must pass.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NodeTest {
    /// Operators it is about; none means all.
    pub ops: Vec<String>,
    /// Operators it is not about.
    pub ops_not: Vec<String>,
    /// The opset is smaller.
    pub opset_below: Option<i64>,
    /// On an attribute.
    pub attribute: Option<AttributeTest>,
    /// All these attributes are missing (`a|b`: at least one of the two is).
    pub attributes_missing: Vec<String>,
    /// The input with this index is given.
    pub input_given: Option<usize>,
    /// The input with this index is a stored constant.
    pub input_constant: Option<usize>,
    /// The input with this index is a constant with an element that is not 0.
    pub input_nonzero: Option<usize>,
    /// A constant input has an element above a value.
    pub input_above: Option<InputAbove>,
    /// The output with this index is used by somebody.
    pub output_given: Option<usize>,
    /// The input's rank is known and not among these.
    pub rank: Option<RankTest>,
    /// The input with this index has sizes that are not known.
    pub dynamic_input: Option<usize>,
    /// The input with this index has a shape that is not fully known.
    pub input_shape_unknown: Option<usize>,
    /// Some input has one of these types.
    pub any_input_type: Vec<String>,
    /// Some input or output has one of these types.
    pub any_type: Vec<String>,
    /// The input's type is known and not among these.
    pub input_type_other_than: Option<InputType>,
}

/// A test on an attribute that is given; a missing one passes no test.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeTest {
    /// Its name.
    pub name: String,
    /// The value is one of these.
    pub is: Option<Vec<toml::Value>>,
    /// The value is none of these.
    pub other_than: Option<Vec<toml::Value>>,
    /// Some element of the list is not this.
    pub not_all: Option<i64>,
}

/// A test on a constant input's values.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct InputAbove {
    /// Index.
    pub input: usize,
    /// Largest that is fine.
    pub value: i64,
}

/// A test on an input's rank.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RankTest {
    /// Index.
    pub input: usize,
    /// Ranks that are fine.
    pub allowed: Vec<usize>,
}

/// A test on an input's type.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct InputType {
    /// Index.
    pub input: usize,
    /// Types that are fine.
    pub types: Vec<String>,
}

/// What a parser's message means.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct ParserText {
    /// Part of the message.
    pub text: Option<String>,
    /// The text is the whole message.
    #[serde(default)]
    pub whole: bool,
    /// Error code without its leading `k`.
    pub code: Option<String>,
    /// Sentence with `{node}`, `{op}`, `{types}` and `{said}`.
    pub reason: String,
    /// What to do.
    pub fix: String,
    /// The patch that does it.
    pub patch: Option<crate::rewrite::PatchSpec>,
    /// A message as the parser wrote it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests read it"))]
    pub example: Option<String>,
}

impl ParserText {
    /// True when the message is of this kind.
    pub fn is_of(&self, message: &str) -> bool {
        let text = self.text.as_deref();
        text.is_some_and(|text| {
            if self.whole {
                message.trim() == text
            } else {
                message.contains(text)
            }
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFile {
    text: Vec<ParserText>,
}

const FILES: [(&str, &str); 4] = [
    ("tensorrt.toml", include_str!("ruleset/tensorrt.toml")),
    ("embedded.toml", include_str!("ruleset/embedded.toml")),
    ("onnxruntime.toml", include_str!("ruleset/onnxruntime.toml")),
    ("common.toml", include_str!("ruleset/common.toml")),
];

static RULES: LazyLock<Result<Vec<Rule>, String>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (name, text) in FILES {
        let file: RuleFile = toml::from_str(text).map_err(|e| format!("rule file {name}: {e}"))?;
        all.extend(file.rule);
    }
    Ok(all)
});

static TEXTS: LazyLock<Result<Vec<ParserText>, String>> = LazyLock::new(|| {
    let file: TextFile =
        toml::from_str(include_str!("ruleset/parser_texts.toml")).map_err(|e| format!("parser_texts.toml: {e}"))?;
    Ok(file.text)
});

/// The rules for a target.
///
/// # Errors
/// A rule file of this program that cannot be read (a test makes sure that they can).
pub(super) fn rules(target: &Target) -> Result<impl Iterator<Item = &'static Rule>, String> {
    let rules = RULES.as_ref().map_err(Clone::clone)?;
    Ok(rules
        .iter()
        .filter(move |rule| rule.targets.iter().any(|t| target.matches(t))))
}

/// The meanings of parser messages.
///
/// # Errors
/// As [`rules`].
pub(super) fn parser_texts() -> Result<&'static [ParserText], String> {
    TEXTS.as_deref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn rule_files_are_well_formed() {
        let rules = RULES.as_ref().unwrap();
        for target in [
            "embedded",
            "onnxruntime-cpu",
            "onnxruntime-cuda",
            "tensorrt",
            "tensorrt-rtx",
        ] {
            let target = Target::parse(target, None).unwrap();
            let mut seen = HashSet::new();
            for rule in super::rules(&target).unwrap() {
                assert!(seen.insert(&rule.id), "{} twice for {}", rule.id, target.name);
            }
            assert!(!seen.is_empty());
        }
        for rule in rules {
            assert!(
                !rule.source.is_empty() && rule.reason.ends_with(['.', '}']),
                "{}",
                rule.id
            );
        }
        let texts = parser_texts().unwrap();
        for (at, text) in texts.iter().enumerate() {
            assert!(text.text.is_some() != text.code.is_some(), "{text:?}");
            for words in [&text.reason, &text.fix] {
                assert!(words.ends_with('.') && !words.contains('!'), "{words}");
            }
            if let Some(example) = &text.example {
                let found = texts.iter().position(|t| t.is_of(example));
                assert_eq!(found, Some(at), "{example}");
            }
        }
    }
}
