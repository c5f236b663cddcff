//! Running the scripts of this folder.

use crate::support::python;
use serde_json::Value;
use std::path::Path;

/// Runs a script of this folder on `folder`.
pub fn script(name: &str, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cleanup").join(name);
    let output = python().arg(script).arg(folder).output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{name}: {out}{err}");
    out
}

/// Lets `judge.py` look at pairs of models in `folder`; gives what is wrong, a line each.
pub fn judge(folder: &Path, pairs: &[Value]) -> Vec<String> {
    std::fs::write(folder.join("PAIRS.json"), serde_json::to_vec(pairs).unwrap()).unwrap();
    let out = script("judge.py", folder);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"));
    let mut wrong = Vec::new();
    for pair in pairs {
        let name = pair["name"].as_str().unwrap();
        let tolerance = pair["tolerance"].as_f64().unwrap_or(1e-5);
        match &report[name] {
            Value::Number(n) if n.as_f64().is_some_and(|n| n <= tolerance) => {}
            other => wrong.push(format!("{name}: {other}")),
        }
    }
    wrong
}
