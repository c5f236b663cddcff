//! Each case of `cases.py`, and random graphs.

use crate::judge::{judge, script};
use enginesmith::model::Model;
use enginesmith::rewrite::{PatchSpec, apply_all, clean_up};
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
        if !case["ops"].is_null() && json!(ops) != case["ops"] {
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
    assert!(pairs.len() > 200, "only {} cases", pairs.len());
}

#[test]
fn cleaning_up_never_changes_what_random_graphs_compute() {
    let folder = tempfile::tempdir().unwrap();
    script("random_graphs.py", folder.path());
    let (mut wrong, mut pairs) = (Vec::new(), Vec::new());
    let mut used = std::collections::BTreeMap::<&str, usize>::new();
    let newest = [PatchSpec::RaiseOpset { to: 13 }, PatchSpec::RaiseOpset { to: 20 }];
    for at in 0.. {
        let path = folder.path().join(format!("{at}.onnx"));
        if !path.exists() {
            break;
        }
        let model = Arc::new(Model::open(&path).unwrap());
        // Each patch alone, all of them, and all of them after raising the opset.
        let mut lists: Vec<Vec<PatchSpec>> = PatchSpec::clean_up().into_iter().map(|p| vec![p]).collect();
        lists.push(PatchSpec::clean_up());
        for raise in &newest {
            lists.push([raise.clone()].into_iter().chain(PatchSpec::clean_up()).collect());
        }
        for (n, specs) in lists.iter().enumerate() {
            let done = clean_up(&model, specs);
            wrong.extend(
                done.refused
                    .iter()
                    .map(|(p, why)| format!("{at}: {}: {why}", p.label())),
            );
            if done.applied.is_empty() {
                continue;
            }
            for step in &done.applied {
                *used.entry(step.spec.kind()).or_default() += 1;
            }
            let after = format!("{at}.{n}.onnx");
            done.model.save(&folder.path().join(&after), false).unwrap();
            pairs.push(json!({"name": format!("{at} {specs:?}"), "before": format!("{at}.onnx"), "after": after}));
        }
    }
    println!("{} models, {used:?}", pairs.len());
    wrong.extend(judge(folder.path(), &pairs));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Every patch had something to do; functions are in `functions.rs`, what is broken in `mend.rs`.
    for patch in PatchSpec::clean_up() {
        let kind = patch.kind();
        assert!(
            used.contains_key(kind) || ["mend", "fuse-rms-norm", "inline-functions"].contains(&kind),
            "{kind} did nothing: {used:?}"
        );
    }
}

#[test]
fn every_patch_is_documented() {
    let text = include_str!("../../docs/patches.md");
    for patch in PatchSpec::offered() {
        let row = format!("| `{}` |", patch.kind());
        assert!(text.contains(&row), "docs/patches.md has no row {row}");
    }
}
