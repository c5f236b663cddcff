//! Sequences, optionals, strings and losses: mostly element types.

use super::super::call::Call;
use super::super::fact::Fact;
use super::super::size::Size;
use super::one;
use crate::model::DataType;

pub(super) fn outputs(call: &Call<'_>) -> Option<Vec<Fact>> {
    let element = || call.input(0).and_then(|f| f.dtype);
    match &*call.node.op_type {
        "SequenceConstruct" | "SplitToSequence" => Some(vec![Fact::container("sequence", element())]),
        "SequenceInsert" | "SequenceErase" => Some(vec![Fact {
            value: None,
            ..call.input(0)?.clone()
        }]),
        "SequenceEmpty" => Some(vec![Fact::container(
            "sequence",
            call.type_attr("dtype").or(Some(DataType::Float32)),
        )]),
        "SequenceAt" | "ConcatFromSequence" => one(element(), None),
        "SequenceLength" => one(Some(DataType::Int64), Some(Vec::new())),
        "Optional" => Some(vec![Fact::container("optional", element())]),
        "OptionalHasElement" => one(Some(DataType::Bool), Some(Vec::new())),
        "OptionalGetElement" => {
            let input = call.input(0)?;
            // Of a plain tensor it is the tensor; what an optional holds may be a sequence, so nothing is known.
            if input.container.is_none() {
                Some(vec![input.clone()])
            } else {
                None
            }
        }
        "StringConcat" => one(Some(DataType::String), super::broadcast([call.shape(0), call.shape(1)])),
        "StringNormalizer" => {
            let shape = call.shape(0).map(|x| match x {
                [_] => vec![Size::Unknown],
                _ => vec![Size::Unknown; x.len()],
            });
            one(Some(DataType::String), shape)
        }
        "RegexFullMatch" => one(Some(DataType::Bool), call.shape(0).map(<[Size]>::to_vec)),
        "StringSplit" => {
            let x = call.shape(0).map(<[Size]>::to_vec);
            let parts = x.clone().map(|mut x| {
                x.push(Size::Unknown);
                x
            });
            Some(vec![
                Fact::new(Some(DataType::String), parts),
                Fact::new(Some(DataType::Int64), x),
            ])
        }
        "TfIdfVectorizer" => {
            let width = call.ints("ngram_indexes").and_then(|v| v.iter().max()?.checked_add(1));
            let width = width.map_or(Size::Unknown, Size::Known);
            let shape = match call.shape(0)? {
                [_] => vec![width],
                [batch, _] => vec![batch.clone(), width],
                _ => return one(Some(DataType::Float32), None),
            };
            one(Some(DataType::Float32), Some(shape))
        }
        "NegativeLogLikelihoodLoss" => one(
            call.dtype(0),
            if call.text("reduction") == Some("none") {
                call.shape(1).map(<[Size]>::to_vec)
            } else {
                Some(Vec::new())
            },
        ),
        "SoftmaxCrossEntropyLoss" => {
            let each = call.text("reduction") == Some("none");
            let loss = if each {
                call.shape(1).map(<[Size]>::to_vec)
            } else {
                Some(Vec::new())
            };
            let dtype = call.dtype(0);
            Some(vec![
                Fact::new(dtype, loss),
                Fact::new(dtype, call.shape(0).map(<[Size]>::to_vec)),
            ])
        }
        _ => None,
    }
}
