//! Models with local functions: inlined as onnx does it, and as other patches then need them.

use crate::judge::{judge, script};
use enginesmith::graph::Graph;
use enginesmith::model::Model;
use enginesmith::model::onnx::NodeProto;
use enginesmith::rewrite::{
    Calibration, CastSpec, LowType, Method, PatchSpec, QuantMode, QuantizeSpec, apply_all, clean_up,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// Operators in order, those of bodies after their node; what only passes a value on is left out.
fn operators(nodes: &[NodeProto], out: &mut Vec<String>) {
    for node in nodes {
        let op = node.op_type.clone().unwrap_or_default();
        if op != "Identity" {
            out.push(op);
        }
        for attribute in &node.attribute {
            for graph in attribute.g.as_option().into_iter().chain(&attribute.graphs) {
                operators(&graph.node, out);
            }
        }
    }
}

fn operators_of(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    operators(&model.graph().node, &mut out);
    out
}

fn open(folder: &Path, name: &str) -> Arc<Model> {
    Arc::new(Model::open(&folder.join(name)).unwrap())
}

/// INT8 for all matrix products, whose inputs are between -1 and 1.
fn quantized(inlined: &Arc<Model>) -> PatchSpec {
    let graph = Graph::new(inlined.clone());
    PatchSpec::Quantize(Box::new(QuantizeSpec {
        include_ops: vec!["MatMul".into()],
        thresholds: graph.tensors.iter().map(|t| (t.name.to_string(), 1.0)).collect(),
        ..QuantizeSpec::new(QuantMode::Int8, Method::Max, &Calibration::default())
    }))
}

#[test]
fn functions_are_inlined_as_onnx_does_it_and_every_patch_works_on_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    script("functions.py", folder);
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.join("functions.json")).unwrap()).unwrap();
    let (mut wrong, mut pairs) = (Vec::new(), Vec::new());
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let model = open(folder, &format!("{name}.onnx"));
        let lists: [(&str, Vec<PatchSpec>); 3] = [
            ("inlined", vec![PatchSpec::InlineFunctions {}]),
            ("raised", vec![PatchSpec::RaiseOpset { to: 21 }]),
            (
                "cast",
                PatchSpec::before_lowering(&model)
                    .into_iter()
                    .chain(PatchSpec::before_casting(LowType::Fp16))
                    .chain([PatchSpec::Cast(Box::new(CastSpec {
                        keep_io_types: true,
                        ..CastSpec::new(LowType::Fp16)
                    }))])
                    .collect(),
            ),
        ];
        let mut made: Vec<(&str, Arc<Model>)> = Vec::new();
        for (what, patches) in lists {
            match apply_all(&model, &patches) {
                Ok(done) => made.push((what, done.last().unwrap().model.clone())),
                // What has no floats has nothing to cast.
                Err(error) if what == "cast" && error.reason.contains("nothing to cast") => {}
                Err(error) => wrong.push(format!("{name}: {what}: {error}")),
            }
        }
        if name == "nested" {
            let inlined = made[0].1.clone();
            let mut patches = PatchSpec::before_lowering(&model).into_iter().collect::<Vec<_>>();
            patches.extend(PatchSpec::before_quantizing(13));
            patches.push(quantized(&inlined));
            let done = apply_all(&model, &patches).unwrap();
            let after = done.last().unwrap().model.clone();
            let pairs = operators_of(&after)
                .iter()
                .filter(|op| *op == "DequantizeLinear")
                .count();
            assert!(pairs >= 3, "{:?}", done.last().unwrap().notes);
            made.push(("quantized", after));
        }
        let cleaned = clean_up(&model, &PatchSpec::clean_up());
        wrong.extend(cleaned.refused.iter().map(|(_, why)| format!("{name}: {why}")));
        assert_eq!(cleaned.applied[0].spec, PatchSpec::InlineFunctions {});
        made.push(("cleaned", cleaned.model));
        for (what, after) in made {
            // A model that is newer already is not raised, so nothing is inlined.
            assert!(after.proto().functions.is_empty() || what == "raised", "{name} {what}");
            if what == "inlined" {
                // Constants that raising put in are the inliner's own business.
                let theirs = operators_of(&open(folder, &format!("{name}.inlined.onnx")));
                let ours = operators_of(&after);
                if ours != theirs && name != "older" {
                    wrong.push(format!("{name}: {ours:?}, onnx makes {theirs:?}"));
                }
            }
            if what == "cast" {
                let has_half = after
                    .proto()
                    .graph
                    .node
                    .iter()
                    .any(|n| n.op_type.as_deref() == Some("Cast"));
                if !has_half {
                    wrong.push(format!("{name}: nothing was cast"));
                }
            }
            let file = format!("{name}.{what}.after.onnx");
            after.save(&folder.join(&file), false).unwrap();
            pairs.push(json!({
                "name": format!("{name} {what}"),
                "before": case["before"],
                "after": file,
                "inputs": case["inputs"],
                // Half precision has 11 bits, quantized values have 8.
                "tolerance": match what { "cast" => 2e-2, "quantized" => 1e-1, _ => 1e-5 },
            }));
        }
    }
    wrong.extend(judge(folder, &pairs));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pairs.len() > 80, "only {} models", pairs.len());
}
