//! Inferred types and shapes against the onnx package: on real models, and on the node tests with their real outputs.

mod support;

use enginesmith::graph::{Dim, Graph, ProblemKind, TensorInfo};
use enginesmith::model::{DataType, Model};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use support::{model, python, read_npz, reference};

#[derive(Deserialize)]
struct Known {
    dtype: i32,
    dims: Option<Vec<serde_json::Value>>,
}

const MODELS: &[&str] = &[
    "magika.onnx",
    "PP-OCRv6_det_small.onnx",
    "PP-OCRv6_rec_small.onnx",
    "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "silero_vad.onnx",
    "silero_vad_16k_op15.onnx",
    "light/light_resnet50.onnx",
    "light/light_densenet121.onnx",
    "light/light_inception_v1.onnx",
    "light/light_shufflenet.onnx",
    "light/light_squeezenet.onnx",
    "light/light_vgg19.onnx",
];

/// How many tensors have a known element type and rank, and how many of their dimensions are numbers.
#[derive(Default, Debug, PartialEq)]
struct Count {
    types: usize,
    ranks: usize,
    sizes: usize,
}

fn top_level(graph: &Graph) -> BTreeMap<&str, &TensorInfo> {
    graph
        .tensors
        .iter()
        .filter(|t| t.body == 0)
        .map(|t| (&*t.name, t))
        .collect()
}

#[test]
fn at_least_what_onnx_infers_on_real_models() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx_shapes.py");
    for name in MODELS {
        let stripped = folder.path().join("stripped.onnx");
        let output = python().arg(&script).arg(model(name)).arg(&stripped).output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let theirs: BTreeMap<String, Known> = serde_json::from_slice(&output.stdout).unwrap();
        let graph = Graph::new(Arc::new(Model::open(&stripped).unwrap()));
        let contradictions: Vec<_> = graph
            .problems
            .iter()
            .filter(|p| p.kind == ProblemKind::Contradiction)
            .map(|p| &p.message)
            .collect();
        assert!(contradictions.is_empty(), "{name}: {contradictions:?}");
        let tensors = top_level(&graph);
        let (mut ours_known, mut theirs_known) = (Count::default(), Count::default());
        for (tensor, known) in &theirs {
            let ours = tensors[tensor.as_str()];
            if let Some(dtype) = DataType::from_onnx(known.dtype) {
                theirs_known.types += 1;
                if let Some(found) = ours.ty.dtype {
                    assert_eq!(found, dtype, "{name}: {tensor}");
                    ours_known.types += 1;
                }
            }
            let (shape, dims) = (ours.ty.shape.as_ref(), known.dims.as_ref());
            let size = |v: &serde_json::Value| v.as_u64();
            let of_ours = shape.map_or(0, |s| s.0.iter().filter(|d| matches!(d, Dim::Known(_))).count());
            let of_theirs = dims.map_or(0, |d| d.iter().filter_map(size).count());
            if of_ours < of_theirs || (shape.is_none() && dims.is_some()) {
                println!("{name}: {tensor}: ours {}, theirs {dims:?}", ours.ty);
            }
            ours_known.ranks += usize::from(shape.is_some());
            theirs_known.ranks += usize::from(dims.is_some());
            ours_known.sizes += of_ours;
            theirs_known.sizes += of_theirs;
            if let (Some(shape), Some(dims)) = (shape, dims) {
                assert_eq!(
                    shape.0.len(),
                    dims.len(),
                    "{name}: {tensor}: ours {}, theirs {dims:?}",
                    ours.ty
                );
                for (ours_dim, theirs_dim) in shape.0.iter().zip(dims) {
                    if let (Dim::Known(a), Some(b)) = (ours_dim, size(theirs_dim)) {
                        assert_eq!(*a, b, "{name}: {tensor}: ours {}, theirs {dims:?}", ours.ty);
                    }
                }
            }
        }
        println!(
            "{name}: {} tensors, ours {ours_known:?}, theirs {theirs_known:?}",
            theirs.len()
        );
        assert!(
            ours_known.types >= theirs_known.types
                && ours_known.ranks >= theirs_known.ranks
                && ours_known.sizes >= theirs_known.sizes,
            "{name}: ours {ours_known:?}, theirs {theirs_known:?}"
        );
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
}

/// Every node test of the onnx package: what is inferred without the declared outputs must fit what really comes out.
#[test]
fn node_tests_give_what_was_inferred() {
    let folder = tempfile::tempdir().unwrap();
    reference([Path::new("node-cases"), folder.path()]);
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(folder.path().join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() > 900, "{} node tests", cases.len());
    let (mut outputs, mut ranks, mut complete) = (0, 0, 0);
    let mut open: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let path = folder.path().join(&case.name);
        let declared = Model::open(&path.join("model.onnx")).unwrap();
        let mut proto = declared.proto().clone();
        let graph = proto.graph.get_or_insert_default();
        graph.value_info.clear();
        for output in &mut graph.output {
            output.r#type = Default::default();
        }
        let types: BTreeMap<String, DataType> = {
            let declared = Graph::new(Arc::new(declared.clone()));
            for problem in declared
                .problems
                .iter()
                .filter(|p| p.kind == ProblemKind::Contradiction)
            {
                wrong.push(format!("{}: {}", case.name, problem.message));
            }
            let outputs = declared.bodies[0].outputs.iter().map(|id| declared.tensor(*id));
            outputs
                .filter_map(|t| Some((t.name.to_string(), t.ty.dtype?)))
                .collect()
        };
        let real = read_npz(&path.join("outputs.npz"));
        let graph = Graph::new(Arc::new(declared.with_proto(proto)));
        for tensor in graph.bodies[0].outputs.iter().map(|id| graph.tensor(*id)) {
            outputs += 1;
            if let (Some(found), Some(dtype)) = (tensor.ty.dtype, types.get(&*tensor.name))
                && found != *dtype
            {
                wrong.push(format!(
                    "{}: {} is {found}, inferred; {dtype}, declared",
                    case.name, tensor.name
                ));
            }
            let Some(shape) = &tensor.ty.shape else {
                *open
                    .entry(graph.nodes.last().map_or(String::new(), |n| n.op_type.to_string()))
                    .or_default() += 1;
                continue;
            };
            ranks += 1;
            complete += usize::from(!shape.is_dynamic());
            // Arrays of other types than float32 are compared by their declared shapes in the graph above.
            if let Some((dims, _)) = real.get(&*tensor.name) {
                let fits = dims.len() == shape.0.len()
                    && dims
                        .iter()
                        .zip(&shape.0)
                        .all(|(real, inferred)| !matches!(inferred, Dim::Known(n) if n != real));
                if !fits {
                    wrong.push(format!("{}: {} is {dims:?}, inferred {shape}", case.name, tensor.name));
                }
            }
        }
    }
    println!(
        "{} cases, {outputs} outputs: rank known of {ranks}, all sizes of {complete}",
        cases.len()
    );
    println!("rank not known: {open:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(
        ranks * 100 >= outputs * 90,
        "only {ranks} of {outputs} outputs have a known rank"
    );
}
