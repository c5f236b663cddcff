//! Which types a runtime computes in, asked of the runtime itself: a model of one operator is lowered as users' models are, built
//! and run, and its numbers are compared with those of the same model in FP32. No list says what runs.

use super::{BuildContext, BuildRequest, Builder, EngineError, Silent};
use crate::data::NamedTensors;
use crate::engine::tiny::difference;
use crate::graph::Graph;
use crate::graph::sample::{graph, import, node, proto, value};
use crate::model::{DataType, Model, Tensor};
use crate::recipe::Recipe;
use crate::rewrite::lowered::computes;
use crate::rewrite::{CastSpec, Computes, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, apply_all, label};
use buffa::Message;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Side of the operator's matrices and number of its channels: what all types' rules lower.
const SIDE: usize = 32;
/// Opset of the model: the first in which convolutions take BF16.
const OPSET: i64 = 22;
/// Largest difference from FP32, relative to the largest value, that 4 bits of a weight explain; other numbers are wrong ones.
const TOLERANCE: f64 = 0.15;
/// What can be asked for, in the order of sentences.
const TYPES: [Computes; 5] = [
    Computes::Fp16,
    Computes::Bf16,
    Computes::Int8,
    Computes::Fp8,
    Computes::Int4,
];
/// Operators that precision is about, most common first.
const OPERATORS: [&str; 3] = ["MatMul", "Conv", "Gemm"];

/// What a runtime said: how it failed, or nothing.
type Answer = Result<(), String>;

/// Answers of this process, by target, version, options, operator and type.
static KNOWN: Mutex<Option<HashMap<String, Answer>>> = Mutex::new(None);

/// Refuses a graph with nodes in a type that the recipe's target cannot compute them in.
///
/// # Errors
/// [`EngineError::Unsupported`] with the first such node, what the runtime said, and what it computes instead.
pub fn refuse_unknown_types(
    builder: &dyn Builder,
    graph: &Graph,
    recipe: &Recipe,
    scratch: &Path,
) -> Result<(), EngineError> {
    // TensorRT's parser and builder say it themselves, node by node; a runner computes what it likes.
    if !(recipe.target.name == "embedded" || recipe.target.name.starts_with("onnxruntime")) {
        return Ok(());
    }
    let all = computes(graph);
    for kind in TYPES {
        for operator in OPERATORS {
            let is_one = |(node, computes): &(&crate::graph::Node, &Computes)| {
                **computes == kind && node.domain.is_empty() && *node.op_type == *operator
            };
            let found: Vec<_> = graph.nodes.iter().zip(&all).filter(is_one).collect();
            let Some((first, _)) = found.first() else { continue };
            let Err(why) = ask(builder, recipe, operator, kind, scratch) else {
                continue;
            };
            let others = TYPES.into_iter().filter(|other| *other != kind);
            let works: Vec<&str> = others
                .filter(|other| ask(builder, recipe, operator, *other, scratch).is_ok())
                .map(Computes::name)
                .chain(["FP32"])
                .collect();
            return Err(EngineError::Unsupported(format!(
                "{} cannot compute {operator} in {}: {why}. {} of this model {} computed so, {} first. Asked in the same way, \
                 it computes {operator} in {}",
                recipe.target.name,
                kind.name(),
                crate::format::plural(found.len(), "node"),
                if found.len() == 1 { "is" } else { "are" },
                label(first),
                works.join(", ")
            )));
        }
    }
    Ok(())
}

/// Asks once a process.
fn ask(builder: &dyn Builder, recipe: &Recipe, operator: &str, kind: Computes, scratch: &Path) -> Answer {
    let target = &recipe.target;
    let key = format!(
        "{} {:?} {:?} {operator} {}",
        target.name,
        target.version,
        recipe.build.options,
        kind.name()
    );
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = known().get_or_insert_default().get(&key) {
        return answer.clone();
    }
    let answer = try_out(builder, recipe, operator, kind, scratch);
    known().get_or_insert_default().insert(key, answer.clone());
    answer
}

fn try_out(builder: &dyn Builder, recipe: &Recipe, operator: &str, kind: Computes, scratch: &Path) -> Answer {
    let plain = Arc::new(one_node(operator)?);
    let applied = apply_all(&plain, &lowering(kind)).map_err(|e| e.to_string())?;
    let lowered = applied
        .last()
        .map_or_else(|| Arc::clone(&plain), |done| Arc::clone(&done.model));
    let run = |model: Arc<Model>| -> Result<NamedTensors, EngineError> {
        let mut own = Recipe::for_model(Path::new("one node.onnx"));
        own.target = recipe.target.clone();
        own.build.options = recipe.build.options.clone();
        let asked = BuildRequest {
            model,
            recipe: own,
            output: None,
        };
        let context = BuildContext {
            progress: &Silent,
            scratch: scratch.to_path_buf(),
        };
        let mut engine = builder.build(&asked, &context)?;
        let values = wave(SIDE * SIDE);
        let input = Tensor::from_f32(&input_dims(operator).map(|d| d as u64), &values);
        let input = input.ok_or_else(|| EngineError::Failed("no input could be made".into()))?;
        engine.infer(&vec![("x".to_owned(), input)])
    };
    // A runtime that does not even run FP32 has another trouble, which the model's own build says.
    let Ok(wanted) = run(plain) else { return Ok(()) };
    let first_line = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let given = run(lowered).map_err(|e| first_line(e.to_string()))?;
    match difference(&given, &wanted) {
        Ok(off) if off <= TOLERANCE => Ok(()),
        Ok(off) => Err(format!(
            "its numbers are {off:.1e} of the largest value away from those of FP32"
        )),
        Err(why) => Err(why),
    }
}

/// The patches by which models get to a type.
fn lowering(kind: Computes) -> Vec<PatchSpec> {
    let cast = |to| {
        vec![PatchSpec::Cast(Box::new(CastSpec {
            include: vec!["*".into()],
            ..CastSpec::new(to)
        }))]
    };
    let quantize = |mode| {
        vec![PatchSpec::Quantize(Box::new(QuantizeSpec {
            method: Method::Max,
            include: vec!["*".into()],
            // What the operator reads: x, or x as a matrix.
            thresholds: ["x", "m"].map(|name| (name.to_owned(), 1.0)).into(),
            source: "values from -1 to 1".into(),
            ..QuantizeSpec::new(mode, Method::Max, &Default::default())
        }))]
    };
    match kind {
        Computes::Fp16 => cast(LowType::Fp16),
        Computes::Bf16 => cast(LowType::Bf16),
        Computes::Int8 => quantize(QuantMode::Int8),
        Computes::Fp8 => quantize(QuantMode::Fp8),
        Computes::Int4 => quantize(QuantMode::Int4),
        _ => Vec::new(),
    }
}

fn input_dims(operator: &str) -> [usize; 4] {
    match operator {
        "Conv" => [1, SIDE, 1, SIDE],
        _ => [1, 1, SIDE, SIDE],
    }
}

/// `y = operator(x, w)` in FP32; a Gemm reads x as a matrix.
fn one_node(operator: &str) -> Result<Model, String> {
    let weight_dims: &[u64] = match operator {
        "Conv" => &[SIDE as u64, SIDE as u64, 1, 1],
        _ => &[SIDE as u64, SIDE as u64],
    };
    let weight = Tensor::from_f32(weight_dims, &wave(SIDE * SIDE)).ok_or("no weight could be made")?;
    let mut weights = vec![weight.to_proto("w")];
    let dims = input_dims(operator).map(|d| d as i64);
    let mut output = dims.to_vec();
    let mut nodes = Vec::new();
    let mut read = "x";
    if operator == "Gemm" {
        let matrix = Tensor::from_i64(&[2], &[SIDE as i64, SIDE as i64]).ok_or("no shape could be made")?;
        weights.push(matrix.to_proto("matrix"));
        nodes.push(node("Reshape", &["x", "matrix"], &["m"]));
        output = vec![SIDE as i64, SIDE as i64];
        read = "m";
    }
    nodes.push(node(operator, &[read, "w"], &["y"]));
    let mut graph = graph(&["x"], &["y"], weights, nodes);
    graph.input = vec![value("x", DataType::Float32, &dims)];
    graph.output = vec![value("y", DataType::Float32, &output)];
    let mut model = proto(graph, Vec::new());
    model.opset_import = vec![import("", OPSET)];
    Model::from_bytes(model.encode_to_vec().into(), Path::new("one node.onnx")).map_err(|e| e.to_string())
}

/// Values from -1 to 1 that are the same every time and of both signs in every row and column.
fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_lowers_the_one_node() {
        for operator in OPERATORS {
            for kind in TYPES {
                // Convolutions have no weights in 4 bits.
                if operator == "Conv" && kind == Computes::Int4 {
                    continue;
                }
                let model = Arc::new(one_node(operator).unwrap());
                let applied =
                    apply_all(&model, &lowering(kind)).unwrap_or_else(|e| panic!("{operator} {}: {e}", kind.name()));
                let graph = Graph::new(Arc::clone(&applied.last().unwrap().model));
                let computed = computes(&graph);
                let at = graph.nodes.iter().position(|n| *n.op_type == *operator).unwrap();
                assert_eq!(computed[at], kind, "{operator}");
            }
        }
    }
}
