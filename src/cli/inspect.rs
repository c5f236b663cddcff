//! `inspect`: what is in a model (engine files: `engine`).

use super::args::InspectArgs;
use super::exit::{CliError, Exit};
use super::request;
use super::table::Table;
use crate::data::shapes::recipe_sizes;
use crate::engine::plan::is_engine;
use crate::format;
use crate::graph::sizes::Sizes;
use crate::graph::{Graph, GraphSummary};
use crate::model::Model;
use crate::recipe::Recipe;
use std::sync::Arc;

/// Prints the summary; exit code 1 when the model opens but its structure is broken.
pub fn inspect(args: &InspectArgs) -> Result<Exit, CliError> {
    if is_engine(&args.model) {
        return super::engine::inspect(args);
    }
    let model = Model::open(&args.model).map_err(CliError::unusable)?;
    let graph = Graph::new(Arc::new(model));
    let mut recipe = Recipe::for_model(&args.model);
    request::shapes(&mut recipe, &args.shape)?;
    let sizes = recipe_sizes(&graph, &recipe);
    if let (Err(why), false) = (&sizes, args.shape.is_empty()) {
        return Err(CliError::unusable(why));
    }
    let summary = graph.summary(&sizes.as_ref().map(Sizes::point).unwrap_or_default());
    if args.json {
        let empty = Sizes::default();
        print_json(&with_sizes(&summary, sizes.as_ref().unwrap_or(&empty))?)?;
    } else {
        print_human(args, &graph, &summary);
        if let Some(line) = sizes.as_ref().ok().and_then(Sizes::line) {
            errln!("{line}");
        }
    }
    if let Err(unsolved) = &sizes {
        errln!("warning: {unsolved}");
    }
    for problem in &graph.problems {
        errln!("error: {}", problem.message);
    }
    Ok(if graph.problems.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// The value as JSON with the sizes of the inputs under `sizes`.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn with_sizes(value: &impl serde::Serialize, sizes: &Sizes) -> Result<serde_json::Value, CliError> {
    let mut value = serde_json::to_value(value).map_err(CliError::failed)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("sizes".into(), serde_json::to_value(sizes).map_err(CliError::failed)?);
    }
    Ok(value)
}

/// Prints a value as indented JSON.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(CliError::failed)?;
    super::out::data(&text);
    Ok(())
}

fn print_human(args: &InspectArgs, graph: &Graph, summary: &GraphSummary) {
    let opsets: Vec<String> = summary
        .opset_import
        .iter()
        .map(|o| {
            format!(
                "{} {}",
                if o.domain.is_empty() { "ai.onnx" } else { &o.domain },
                o.version
            )
        })
        .collect();
    outln!("{}  {}", args.model.display(), format::bytes(graph.model.total_bytes()));
    outln!(
        "IR version {}, opset {}, producer {}",
        summary.ir_version,
        opsets.join(", "),
        producer(summary)
    );
    outln!(
        "{}, {} parameters, {} in {}{}",
        format::plural(summary.nodes as usize, "node"),
        format::short(summary.parameters),
        format::bytes(summary.memory.weight_bytes),
        format::plural(summary.initializers.count as usize, "initializer"),
        match summary.constants.count {
            0 => String::new(),
            n => format!(" and {}", format::plural(n as usize, "constant")),
        },
    );
    outln!("{}", summary.macs_words());
    outln!("{}", summary.memory.words());
    outln!();
    let mut io = Table::new(&["", "name", "type", "shape"], 4);
    for (kind, tensors) in [("input", &summary.inputs), ("output", &summary.outputs)] {
        for t in tensors {
            let shape = t.shape.as_ref().map_or("?".into(), ToString::to_string);
            io.row([
                kind.into(),
                t.name.clone(),
                t.dtype.map_or("?".into(), |d| d.to_string()),
                shape,
            ]);
        }
    }
    outln!("{io}");
    let mut counts: Vec<(&String, &u64)> = summary.op_types.iter().collect();
    counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let mut operators = Table::new(&["operator", "nodes"], 1);
    for (name, count) in counts {
        operators.row([name.clone(), format::count(*count)]);
    }
    out!("{operators}");
}

fn producer(summary: &GraphSummary) -> String {
    match (summary.producer.name.as_str(), summary.producer.version.as_str()) {
        ("", _) => "not named".into(),
        (name, "") => name.into(),
        (name, version) => format!("{name} {version}"),
    }
}
