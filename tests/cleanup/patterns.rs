//! Each case of `cases.py`.

use crate::judge::{judge, script};
use enginesmith::model::Model;
use enginesmith::rewrite::{PatchSpec, apply_all};
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn every_pattern_becomes_what_it_should_and_computes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    script("cases.py", folder.path());
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(folder.path().join("cases.json")).unwrap()).unwrap();
    let (mut wrong, mut pairs) = (Vec::new(), Vec::new());
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let model = Arc::new(Model::open(&folder.path().join(format!("{name}.onnx"))).unwrap());
        let patches: Vec<PatchSpec> = serde_json::from_value(case["patches"].clone()).unwrap();
        let applied = match (apply_all(&model, &patches), case["refused"].as_str()) {
            (Ok(applied), None) => applied,
            (Ok(_), Some(_)) => {
                wrong.push(format!("{name}: it was not refused"));
                continue;
            }
            (Err(error), Some(word)) if error.reason.contains(word) => continue,
            (Err(error), _) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let after = &applied.last().unwrap().model;
        let mut ops: Vec<&str> = after.graph().node.iter().filter_map(|n| n.op_type.as_deref()).collect();
        ops.sort_unstable();
        let notes: Vec<_> = applied.iter().flat_map(|step| &step.notes).collect();
        if json!(ops) != case["ops"] {
            wrong.push(format!("{name}: {ops:?} are left, {notes:?}"));
        }
        let constants = after.graph().initializer.len();
        if case["constants"].as_u64().is_some_and(|n| n != constants as u64) {
            wrong.push(format!("{name}: {constants} constants are left"));
        }
        if let Some(word) = case["note"].as_str()
            && !notes.iter().any(|(_, text)| text.contains(word))
        {
            wrong.push(format!("{name}: no note says {word:?}: {notes:?}"));
        }
        after
            .save(&folder.path().join(format!("{name}.after.onnx")), false)
            .unwrap();
        pairs.push(json!({
            "name": name,
            "before": format!("{name}.onnx"),
            "after": format!("{name}.after.onnx"),
            "inputs": case["inputs"],
            "valid_only": case["valid_only"],
            "tolerance": case["tolerance"],
        }));
    }
    wrong.extend(judge(folder.path(), &pairs));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pairs.len() > 15, "only {} cases", pairs.len());
}
