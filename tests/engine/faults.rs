//! What rten is known to compute wrongly, or not at all, is refused before it is asked, with the reason.

use crate::support::python;
use enginesmith::recipe::{Precision, Recipe};
use enginesmith::worker::{Job, JobError, JobOutput, Launch, Worker};
use std::path::{Path, PathBuf};

fn try_build(recipe: Recipe) -> Result<JobOutput, JobError> {
    let launch = Launch {
        via: None,
        program: Some(env!("CARGO_BIN_EXE_enginesmith").into()),
    };
    let worker = Worker::start(&launch).unwrap();
    let job = Job::Build {
        recipe: Box::new(recipe),
        output: None,
        force: false,
    };
    worker.submit(job).wait(|_| ())
}

fn refused(recipe: Recipe, words: &[&str]) {
    let name = recipe.model.path.display().to_string();
    let error = match try_build(recipe) {
        Err(JobError::Engine(error)) => error.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    for word in words {
        assert!(error.contains(word), "{name}: {word:?} is not in {error:?}");
    }
}

/// A model of one node, made by the onnx package: `node` and `opset` are Python.
fn made(folder: &Path, name: &str, opset: u32, node: &str, dtype: &str, dims: &str) -> PathBuf {
    let path = folder.join(format!("{name}.onnx"));
    let script = format!(
        "from onnx import helper as h, TensorProto as T, save\n\
         import numpy as np\n\
         from onnx import numpy_helper as n\n\
         initializers = []\n\
         node = {node}\n\
         g = h.make_graph([node], 'g', [h.make_tensor_value_info('x', T.{dtype}, {dims})],\n\
             [h.make_tensor_value_info('y', T.{dtype}, None)], initializers)\n\
         save(h.make_model(g, opset_imports=[h.make_opsetid('', {opset})], ir_version=8), {path:?})\n"
    );
    let output = python().args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

#[test]
fn known_faults_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let softmax = made(
        dir.path(),
        "softmax",
        11,
        "h.make_node('Softmax', ['x'], ['y'], axis=1)",
        "FLOAT",
        "[2, 3, 4]",
    );
    refused(Recipe::for_model(&softmax), &["Softmax", "opset 13"]);
    let lrn = made(
        dir.path(),
        "lrn",
        17,
        "h.make_node('LRN', ['x'], ['y'], size=3)",
        "FLOAT",
        "[1, 3, 4, 4]",
    );
    refused(Recipe::for_model(&lrn), &["LRN"]);
    let double = made(
        dir.path(),
        "double",
        17,
        "h.make_node('Abs', ['x'], ['y'])",
        "DOUBLE",
        "[2]",
    );
    refused(Recipe::for_model(&double), &["float64"]);
    let cubic = "(initializers.append(n.from_array(np.array([1, 1, 2, 2], np.float32), 's')), \
                 h.make_node('Resize', ['x', '', 's'], ['y'], mode='cubic'))[1]";
    let cubic = made(dir.path(), "cubic", 17, cubic, "FLOAT", "[1, 1, 4, 4]");
    refused(Recipe::for_model(&cubic), &["cubic"]);
}

#[test]
fn precisions_and_options_it_lacks_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let model = made(
        dir.path(),
        "abs",
        17,
        "h.make_node('Abs', ['x'], ['y'])",
        "FLOAT",
        "[2]",
    );
    let mut recipe = Recipe::for_model(&model);
    recipe.build.precision = Precision::Fp16;
    refused(recipe, &["FP16", "FP32"]);
    let mut recipe = Recipe::for_model(&model);
    recipe.build.options.insert("thread".into(), 2.into());
    refused(recipe, &["thread", "did you mean threads"]);
}

#[test]
fn an_empty_file_and_one_cut_short_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let whole = made(
        dir.path(),
        "abs",
        17,
        "h.make_node('Abs', ['x'], ['y'])",
        "FLOAT",
        "[2]",
    );
    let bytes = std::fs::read(whole).unwrap();
    for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let path = dir.path().join(format!("cut{length}.onnx"));
        std::fs::write(&path, &bytes[..length]).unwrap();
        refused(Recipe::for_model(&path), &[&format!("cut{length}.onnx")]);
    }
}

/// `Conv` may leave `kernel_shape` out; rten would take it for a convolution without spatial dimensions.
#[test]
fn a_conv_without_kernel_shape_gives_the_right_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let node = "(initializers.append(n.from_array(np.arange(18, dtype=np.float32).reshape(1, 2, 3, 3), 'w')), \
                h.make_node('Conv', ['x', 'w'], ['y']))[1]";
    let path = made(dir.path(), "conv", 17, node, "FLOAT", "[1, 2, 5, 5]");
    crate::reference::agree(&path, &[]);
}
