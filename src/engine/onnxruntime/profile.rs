//! ONNX Runtime's profile: a file of events, made into times per node and led back to the model's nodes.

use crate::bench::layer::{LayerTime, Profile};
use crate::graph::{Graph, NodePath, Producer};
use crate::model::Model;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// One event; times in microseconds.
#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    cat: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    ts: f64,
    #[serde(default)]
    dur: f64,
    #[serde(default)]
    args: Args,
}

#[derive(Deserialize, Default)]
struct Args {
    op_name: Option<String>,
    provider: Option<String>,
    node_index: Option<String>,
    #[serde(default)]
    input_type_shape: Vec<BTreeMap<String, Vec<i64>>>,
    #[serde(default)]
    output_type_shape: Vec<BTreeMap<String, Vec<i64>>>,
}

/// A tensor as an execution had it.
#[derive(Clone, PartialEq, Debug)]
pub struct Typed {
    /// `float`, `float16`, `int64`, as ONNX Runtime writes it.
    pub dtype: String,
    /// Sizes.
    pub dims: Vec<i64>,
}

/// A node that was executed.
#[derive(Clone, PartialEq, Debug)]
pub struct Executed {
    /// Operator, after ONNX Runtime's fusions.
    pub op: String,
    /// What computed it (`CPUExecutionProvider`).
    pub provider: Option<String>,
    /// Its inputs, without those that ONNX Runtime laid out anew and freed.
    pub inputs: Vec<Typed>,
    /// Its outputs.
    pub outputs: Vec<Typed>,
}

/// The nodes of the first run in a profile, each once.
///
/// # Errors
/// The file is not what ONNX Runtime writes.
pub fn executed(text: &str) -> Result<Vec<Executed>, String> {
    let events: Vec<Event> = serde_json::from_str(text).map_err(|e| format!("ONNX Runtime's profile: {e}"))?;
    let runs = events.iter().filter(|e| e.cat == "Session" && e.name == "model_run");
    let first = runs.map(|e| (e.ts, e.ts + e.dur)).min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((start, end)) = first else {
        return Ok(Vec::new());
    };
    let typed = |list: Vec<BTreeMap<String, Vec<i64>>>| -> Vec<Typed> {
        let tensors = list.into_iter().flatten();
        tensors.map(|(dtype, dims)| Typed { dtype, dims }).collect()
    };
    let mut seen = HashSet::new();
    let mut nodes = Vec::new();
    for event in events {
        let is_node = event.cat == "Node" && event.name.ends_with("_kernel_time");
        // A node of a loop's body runs several times.
        if !is_node || !(start..=end).contains(&event.ts) || !seen.insert(event.name) {
            continue;
        }
        nodes.push(Executed {
            op: event.args.op_name.unwrap_or_default(),
            provider: event.args.provider,
            inputs: typed(event.args.input_type_shape),
            outputs: typed(event.args.output_type_shape),
        });
    }
    Ok(nodes)
}

/// Reads a profile of which the first `warm` runs do not count.
///
/// # Errors
/// The file is not what ONNX Runtime writes, or has no run after the warm ones.
pub fn read(text: &str, warm: usize) -> Result<(Profile, Vec<Option<u32>>), String> {
    let events: Vec<Event> = serde_json::from_str(text).map_err(|e| format!("ONNX Runtime's profile: {e}"))?;
    let mut runs: Vec<(f64, f64)> = events
        .iter()
        .filter(|e| e.cat == "Session" && e.name == "model_run")
        .map(|e| (e.ts, e.ts + e.dur))
        .collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let runs = runs.get(warm..).unwrap_or_default();
    if runs.is_empty() {
        return Err("ONNX Runtime's profile has no run".into());
    }
    struct Layer {
        times: Vec<f64>,
        op: Option<String>,
        provider: Option<String>,
        index: Option<u32>,
    }
    let mut order: Vec<String> = Vec::new();
    let mut layers: HashMap<String, Layer> = HashMap::new();
    for event in events.iter().filter(|e| e.cat == "Node") {
        let Some(name) = event.name.strip_suffix("_kernel_time") else {
            continue;
        };
        let Some(run) = runs.iter().position(|(start, end)| (*start..=*end).contains(&event.ts)) else {
            continue;
        };
        let layer = layers.entry(name.to_string()).or_insert_with(|| {
            order.push(name.to_string());
            Layer {
                times: vec![0.0; runs.len()],
                op: event.args.op_name.clone(),
                provider: event.args.provider.clone(),
                index: event.args.node_index.as_ref().and_then(|i| i.parse().ok()),
            }
        });
        // A node of a loop's body runs several times.
        layer.times[run] += event.dur / 1e3;
    }
    let mut profile = Profile {
        runs: runs.len() as u64,
        ..Profile::default()
    };
    let whole: Vec<f64> = runs.iter().map(|(start, end)| (end - start) / 1e3).collect();
    profile.run_ms = LayerTime::of(String::new(), &whole).median_ms;
    let mut indices = Vec::new();
    for name in order {
        if let Some(layer) = layers.remove(&name) {
            let mut time = LayerTime::of(name, &layer.times);
            (time.op, time.provider) = (layer.op, layer.provider);
            profile.layers.push(time);
            indices.push(layer.index);
        }
    }
    profile.share();
    Ok((profile, indices))
}

/// Leads layers back to nodes: by name; else by the tensors that the node of this name gives in the graph that ONNX
/// Runtime optimized, or that it is named after; else by ONNX Runtime's node index where the model names no nodes.
pub fn lead_back(profile: &mut Profile, indices: &[Option<u32>], graph: &Graph, optimized: Option<&Path>) {
    let mut named: HashMap<&str, Option<&NodePath>> = HashMap::new();
    for node in graph.nodes.iter().filter(|n| !n.name.is_empty()) {
        // A name that several nodes have says nothing.
        named
            .entry(&node.name)
            .and_modify(|p| *p = None)
            .or_insert(Some(&node.path));
    }
    let producer = |tensor: &str| {
        let found = graph.tensors.iter().find(|t| t.body == 0 && &*t.name == tensor)?;
        match found.producer {
            Producer::Node { node, .. } => Some(&graph.node(node).path),
            _ => None,
        }
    };
    let model = optimized.and_then(|path| Model::open(path).ok());
    let mut given: HashMap<&str, &[String]> = HashMap::new();
    if let Some(model) = &model {
        for node in &model.graph().node {
            given.insert(node.name.as_deref().unwrap_or_default(), &node.output);
        }
    }
    for (layer, index) in profile.layers.iter_mut().zip(indices) {
        let by_name = || named.get(layer.name.as_str()).copied().flatten();
        let by_tensor = || given.get(layer.name.as_str())?.iter().find_map(|t| producer(t));
        // A convolution in blocked layout is named after the tensor that it gave before.
        let by_layout = || producer(layer.name.strip_suffix("_nchwc")?);
        let by_index = || {
            let node = graph.nodes.get(usize::try_from((*index)?).ok()?)?;
            let same = node.body == 0 && node.name.is_empty() && layer.op.as_deref() == Some(&*node.op_type);
            same.then_some(&node.path)
        };
        layer.path = by_name()
            .or_else(by_tensor)
            .or_else(by_layout)
            .or_else(by_index)
            .cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ONNX Runtime 1.31 writes it, shortened; two runs of 100 and 60 microseconds.
    const TEXT: &str = r#"[
{"cat":"Session","pid":1,"tid":1,"dur":9,"ts":5,"ph":"X","name":"session_initialization","args":{}},
{"cat":"Session","pid":1,"tid":1,"dur":500,"ts":10,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":400,"ts":20,"ph":"X","name":"a_kernel_time","args":{"op_name":"Conv","provider":"CPUExecutionProvider","node_index":"0"}},
{"cat":"Session","pid":1,"tid":1,"dur":100,"ts":1000,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":60,"ts":1010,"ph":"X","name":"a_kernel_time","args":{"op_name":"Conv","provider":"CPUExecutionProvider","node_index":"0","input_type_shape":[{"float":[1,3]}]}},
{"cat":"Node","pid":1,"tid":1,"dur":10,"ts":1080,"ph":"X","name":"b_kernel_time","args":{"op_name":"Relu","provider":"CPUExecutionProvider","node_index":"1"}},
{"cat":"Node","pid":1,"tid":1,"dur":10,"ts":1090,"ph":"X","name":"b_kernel_time","args":{"op_name":"Relu","provider":"CPUExecutionProvider","node_index":"1"}},
{"cat":"Session","pid":1,"tid":1,"dur":60,"ts":2000,"ph":"X","name":"model_run","args":{}},
{"cat":"Node","pid":1,"tid":1,"dur":40,"ts":2010,"ph":"X","name":"a_kernel_time","args":{"op_name":"Conv","provider":"CPUExecutionProvider","node_index":"0"}}
]"#;

    #[test]
    fn executed_nodes_have_the_types_and_shapes_they_ran_with() {
        let nodes = executed(&TEXT.replace("500,\"ts\":10", "0,\"ts\":2000")).unwrap();
        let [a, b] = &nodes[..] else { panic!("{nodes:?}") };
        assert_eq!((a.op.as_str(), a.inputs[0].dtype.as_str()), ("Conv", "float"));
        assert_eq!((a.inputs[0].dims.as_slice(), b.op.as_str()), (&[1, 3][..], "Relu"));
        assert_eq!(executed("[]").unwrap(), []);
        assert!(executed("[").is_err());
    }

    #[test]
    fn runs_are_told_apart_and_warm_ones_left_out() {
        let (profile, indices) = read(TEXT, 1).unwrap();
        assert_eq!((profile.runs, indices), (2, vec![Some(0), Some(1)]));
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(profile.run_ms, 0.08);
        let [a, b] = &profile.layers[..] else {
            panic!("{profile:?}")
        };
        assert_eq!((a.name.as_str(), a.op.as_deref()), ("a", Some("Conv")));
        near(a.total_ms, 0.1);
        near(a.median_ms, 0.05);
        near(b.mean_ms, 0.01);
        near(a.share + b.share, 1.0);
        assert!(read(TEXT, 3).is_err() && read("[", 0).is_err() && read("{}", 0).is_err());
    }
}
