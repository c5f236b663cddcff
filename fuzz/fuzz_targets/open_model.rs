//! Opens any bytes as a model: no panic, no hang, and what is accepted holds together and can be patched.
#![no_main]

use enginesmith::graph::Graph;
use enginesmith::model::Model;
use enginesmith::rewrite::{PatchSpec, apply};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let bytes = data.to_vec().into();
    let Ok(model) = Model::from_bytes(bytes, Path::new("/nowhere/fuzz.onnx")) else { return };
    let model = Arc::new(model);
    let graph = Graph::new(model.clone());
    graph.check_invariants().expect("an accepted model holds together");
    let _ = graph.summary(&Default::default());
    let mut specs = vec![PatchSpec::FoldConstants { max_bytes: 4096, copies: false }];
    let is_folding = |p: &PatchSpec| matches!(p, PatchSpec::FoldConstants { .. });
    specs.extend(PatchSpec::clean_up().into_iter().filter(|p| !is_folding(p)));
    specs.push(PatchSpec::AddBodyRanges {});
    specs.push(PatchSpec::RaiseOpset { to: 22 });
    for spec in specs {
        if let Ok(done) = apply(&model, &spec) {
            Graph::new(done.model).check_invariants().expect("a patched model holds together");
        }
    }
});
