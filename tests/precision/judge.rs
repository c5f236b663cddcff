//! Running `judge.py`.

use crate::support::python;
use enginesmith::model::Model;
use enginesmith::rewrite::{AppliedPatch, PatchSpec, apply};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A patched model on disk, for as long as this lives.
pub struct Patched {
    pub before: PathBuf,
    pub after: PathBuf,
    pub done: AppliedPatch,
    _folder: tempfile::TempDir,
}

/// Applies a patch and saves the result.
pub fn patched(path: &Path, spec: &PatchSpec) -> Patched {
    let model = Arc::new(Model::open(path).unwrap());
    let done = apply(&model, spec).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let folder = tempfile::tempdir().unwrap();
    let after = folder.path().join("after.onnx");
    done.model.save(&after, false).unwrap();
    Patched {
        before: path.into(),
        after,
        done,
        _folder: folder,
    }
}

/// What `judge.py` says of two models.
pub fn judge(before: &Path, after: &Path, arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/precision/judge.py");
    let output = python()
        .arg(script)
        .args([before, after])
        .args(arguments)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}: {out}{err}", before.display());
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"))
}

impl Patched {
    /// What `judge.py` says of it.
    pub fn judge(&self, arguments: &[&str]) -> Value {
        let report = judge(&self.before, &self.after, arguments);
        println!("{}: {} {report}", self.before.display(), self.done.summary);
        report
    }
}
