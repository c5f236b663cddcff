//! The conditions that rules name: each looks at the graph and lists the places where it holds. Called by `subject` only.

mod control;
mod node;
mod operators;
mod shapes;
mod types;
mod values;

pub(super) use values::{Seen, look_at_all};

use super::ruleset::Condition;
use super::subject::{Hit, Subject};

/// Every place where the condition holds.
pub(super) fn hits(subject: &Subject<'_>, condition: &Condition) -> Vec<Hit> {
    match condition {
        Condition::Node(test) => node::test(subject, test),
        Condition::Attributes { only } => node::attributes(subject, only),
        Condition::ConstantInputs { inputs } => node::constant_inputs(subject, inputs),
        Condition::CoercedSoftmax => node::coerced_softmax(subject),
        Condition::OperatorUnsupported => operators::unsupported(subject),
        Condition::OperatorTooNew => operators::too_new(subject),
        Condition::OperatorType => operators::types(subject),
        Condition::OperatorForm => operators::forms(subject),
        Condition::CustomDomain { known } => operators::custom_domain(subject, known),
        Condition::ModelUses { ops } => operators::uses(subject, ops),
        Condition::Opset { below, above } => operators::opset(subject, *below, *above),
        Condition::IrVersion { above } => operators::ir_version(subject, *above),
        Condition::TensorType { types, each: false } => types::together(subject, types),
        Condition::TensorType { types, each: true } => types::each(subject, types),
        Condition::IoType { types } => types::io(subject, types),
        Condition::IfBranches => control::if_branches(subject),
        Condition::LoopScanLength => control::loop_scan_length(subject),
        Condition::LoopCarriedShape => control::loop_carried_shape(subject),
        Condition::DynamicInput => shapes::dynamic_input(subject),
        Condition::ProfileContradiction => shapes::profile_contradiction(subject),
        Condition::Int64Range => values::int64_range(subject),
        Condition::NotANumber => values::not_a_number(subject),
        Condition::Beyond { limit } => values::beyond(subject, *limit),
    }
}
