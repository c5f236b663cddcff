use super::super::npy::{self, Header};
use super::super::npz;
use super::super::tests::model;
use super::*;
use proptest::prelude::*;
use std::fs;

fn f32s(dims: &[u64], from: f32) -> Tensor {
    let n = dims.iter().product::<u64>();
    Tensor::from_f32(dims, &(0..n).map(|i| from + i as f32).collect::<Vec<_>>()).unwrap()
}

fn npy(tensor: &Tensor) -> Vec<u8> {
    let mut out = Header::write(tensor.dtype, &tensor.dims);
    out.extend(npy::file_data(tensor).iter());
    out
}

/// Two inputs that share a batch, and a rate.
fn two() -> Graph {
    model(
        &[
            ("a", DataType::Float32, &["n", "2"]),
            ("b", DataType::Int64, &["n"]),
            ("sr", DataType::Int64, &[]),
        ],
        vec![],
        vec![],
    )
}

fn one() -> Graph {
    model(&[("x", DataType::Float32, &["n", "3", "?"])], vec![], vec![])
}

fn source(path: &Path) -> DataSource {
    DataSource {
        path: path.into(),
        ..DataSource::default()
    }
}

fn all(source: &DataSource, graph: &Graph, batch: usize) -> Vec<(NamedTensors, Vec<i64>)> {
    let mut samples = Samples::open(source, graph).unwrap();
    std::iter::from_fn(|| samples.next_batch(batch).unwrap()).collect()
}

fn refuse(source: &DataSource, graph: &Graph) -> String {
    let result = Samples::open(source, graph).and_then(|mut s| while_some(&mut s));
    result.unwrap_err().to_string()
}

fn while_some(samples: &mut Samples) -> Result<(), DataError> {
    while samples.next_batch(2)?.is_some() {}
    Ok(())
}

fn archive(folder: &Path, name: &str, tensors: Vec<(&str, Tensor)>) -> PathBuf {
    let tensors = tensors.into_iter().map(|(n, t)| (n.to_owned(), t)).collect();
    let path = folder.join(name);
    fs::write(&path, npz::write(&tensors).unwrap()).unwrap();
    path
}

#[test]
fn an_archive_streams_in_batches_with_labels() {
    let folder = tempfile::tempdir().unwrap();
    let b = Tensor::from_i64(&[5], &[10, 11, 12, 13, 14]).unwrap();
    let rate = Tensor::from_i64(&[], &[16000]).unwrap();
    let labels = Tensor::from_i32(&[5], &[1, 2, 3, 4, 5]).unwrap();
    let tensors = vec![
        ("first", f32s(&[5, 2], 0.0)),
        ("b", b),
        ("sr", rate.clone()),
        ("y", labels),
    ];
    let mut source = source(&archive(folder.path(), "set.npz", tensors));
    source.inputs.insert("a".into(), "first".into());
    source.labels = Some("y".into());
    let batches = all(&source, &two(), 2);
    assert_eq!(batches.len(), 3);
    let (tensors, labels) = &batches[1];
    assert_eq!(tensors[0], ("a".to_owned(), f32s(&[2, 2], 4.0)));
    assert_eq!(tensors[1].1, Tensor::from_i64(&[2], &[12, 13]).unwrap());
    assert_eq!(tensors[2].1, rate, "a scalar holds for all samples");
    assert_eq!(labels, &[3, 4]);
    assert_eq!(batches[2].0[0].1.dims, [1, 2]);
    source.limit = Some(3);
    let limited = all(&source, &two(), 2);
    assert_eq!(limited.iter().map(|b| b.1.len()).sum::<usize>(), 3);
    assert_eq!(Samples::open(&source, &two()).unwrap().count(), 3);
}

#[test]
fn compressed_archives_as_numpy_writes_them_are_read() {
    // numpy.savez_compressed("x.npz", x=numpy.arange(12, dtype="f4").reshape(2, 3, 2)), NumPy 2.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npz");
    fs::write(&path, include_bytes!("compressed.npz")).unwrap();
    let batches = all(&source(&path), &one(), 8);
    assert_eq!(batches[0].0[0].1, f32s(&[2, 3, 2], 0.0));
}

#[test]
fn folders_are_read_in_order_of_their_names_and_shapes_may_change() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("b.npy"), npy(&f32s(&[1, 3, 2], 100.0))).unwrap();
    fs::write(at("a.npy"), npy(&f32s(&[2, 3, 2], 0.0))).unwrap();
    fs::write(at("c.npy"), npy(&f32s(&[1, 3, 7], 200.0))).unwrap();
    fs::write(at("labels.npy"), npy(&Tensor::from_i64(&[4], &[0, 1, 2, 3]).unwrap())).unwrap();
    let source = DataSource {
        labels: Some("labels.npy".into()),
        ..source(folder.path())
    };
    let batches = all(&source, &one(), 8);
    assert_eq!(batches.len(), 2, "what has another shape cannot be stacked");
    assert_eq!(batches[0].0[0].1.dims, [3, 3, 2]);
    assert_eq!(batches[0].0[0].1.to_f32().unwrap()[12], 100.0);
    assert_eq!(
        (batches[1].0[0].1.dims.as_slice(), batches[1].1.as_slice()),
        ([1u64, 3, 7].as_slice(), [3i64].as_slice())
    );
}

#[test]
fn sub_folders_per_input_and_onnx_test_sets() {
    let folder = tempfile::tempdir().unwrap();
    let graph = model(
        &[("a", DataType::Float32, &["n", "2"]), ("b", DataType::Int64, &["n"])],
        vec![],
        vec![],
    );
    for (input, tensor) in [
        ("a", f32s(&[2, 2], 0.0)),
        ("b", Tensor::from_i64(&[2], &[1, 2]).unwrap()),
    ] {
        fs::create_dir(folder.path().join(input)).unwrap();
        fs::write(folder.path().join(input).join("0.npy"), npy(&tensor)).unwrap();
    }
    assert_eq!(all(&source(folder.path()), &graph, 1).len(), 2);
    let set = tempfile::tempdir().unwrap();
    for (i, from) in [(0, 0.0), (1, 10.0)] {
        use buffa::Message;
        let inside = set.path().join(format!("test_data_set_{i}"));
        fs::create_dir(&inside).unwrap();
        let a = f32s(&[1, 2], from).to_proto("a").encode_to_vec();
        let b = Tensor::from_i64(&[1], &[i]).unwrap().to_proto("b").encode_to_vec();
        fs::write(inside.join("input_0.pb"), a).unwrap();
        fs::write(inside.join("input_1.pb"), b).unwrap();
    }
    let batches = all(&source(set.path()), &graph, 4);
    assert_eq!(batches[0].0[0].1.to_f32().unwrap(), [0.0, 1.0, 10.0, 11.0]);
    assert_eq!(batches[0].0[1].1.to_i64().unwrap(), [0, 1]);
}

#[test]
fn pictures_are_resized_laid_out_and_normalised() {
    let folder = tempfile::tempdir().unwrap();
    let mut picture = image::RgbImage::from_pixel(4, 2, image::Rgb([255, 0, 51]));
    picture.save(folder.path().join("a.png")).unwrap();
    picture.put_pixel(3, 1, image::Rgb([0, 255, 0]));
    picture.save(folder.path().join("b.png")).unwrap();
    let nchw = model(&[("x", DataType::Float32, &["n", "3", "2", "4"])], vec![], vec![]);
    let mut source = source(folder.path());
    source.mean = Some(vec![0.5, 0.0, 0.0]);
    source.std = Some(vec![0.5, 1.0, 0.125]);
    let batches = all(&source, &nchw, 2);
    let values = batches[0].0[0].1.to_f32().unwrap();
    assert_eq!(batches[0].0[0].1.dims, [2, 3, 2, 4]);
    assert_eq!(
        (values[0], values[8], values[16]),
        (1.0, 0.0, 51.0 * (1.0 / 255.0) / 0.125)
    );
    assert_eq!(
        (values[24 + 7], values[24 + 15]),
        (-1.0, 1.0),
        "the last pixel of the second picture"
    );
    let bytes = model(&[("x", DataType::UInt8, &["n", "8", "8", "3"])], vec![], vec![]);
    let mut source = DataSource {
        layout: Some("nhwc".into()),
        resize: Some([8, 8]),
        ..super::tests::source(folder.path())
    };
    let batches = all(&source, &bytes, 1);
    assert_eq!(batches[0].0[0].1.dims, [1, 8, 8, 3]);
    assert_eq!(batches[0].0[0].1.bytes[..3], [255, 0, 51]);
    source.resize = None;
    let error = refuse(&source, &bytes);
    assert!(
        error.contains("a.png") && error.contains("2x4") && error.contains("resize"),
        "{error}"
    );
    source.layout = None;
    assert!(refuse(&source, &bytes).contains("is its layout nhwc?"));
    fs::write(folder.path().join("a.png"), b"\x89PNG\r\n\x1a\nnothing").unwrap();
    assert!(refuse(&source, &nchw).contains("a.png"));
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = || {
        vec![
            ("a", f32s(&[2, 2], 0.0)),
            ("b", Tensor::from_i64(&[2], &[0, 1]).unwrap()),
            ("sr", Tensor::from_i64(&[], &[1]).unwrap()),
        ]
    };
    let with = |index: usize, name: &'static str, tensor: Tensor| {
        let mut tensors = good();
        tensors[index] = (name, tensor);
        refuse(&source(&archive(folder.path(), "t.npz", tensors)), &two())
    };
    assert!(with(0, "aa", f32s(&[2, 2], 0.0)).contains("no array \"a\" for input \"a\"; did you mean \"aa\"?"));
    let error = with(0, "a", Tensor::from_f64(&[2, 2], &[0.0; 4]).unwrap());
    assert!(
        error.contains("array \"a\" is float64, the model's input \"a\" is float32; save it as float32"),
        "{error}"
    );
    assert!(with(0, "a", f32s(&[2, 3], 0.0)).contains("has shape 2x3, the model's input \"a\" needs samplesx2"));
    assert!(with(0, "a", f32s(&[3, 2], 0.0)).contains("2 samples for input \"b\", 3 for input \"a\""));
    assert!(with(0, "a", f32s(&[0, 2], 0.0)).contains("0 for input \"a\""));
    let error = with(0, "a", Tensor::from_f32(&[2, 2], &[0.0, 0.0, f32::NAN, 0.0]).unwrap());
    assert!(error.contains("array \"a\" has NaN"), "{error}");
    let mut labelled = source(&archive(folder.path(), "l.npz", good()));
    labelled.labels = Some("bb".into());
    assert!(refuse(&labelled, &two()).contains("labels \"bb\": no such array; did you mean \"b\"?"));
    labelled.labels = Some("a".into());
    assert!(refuse(&labelled, &two()).contains("one number per sample"));
    labelled.labels = None;
    labelled.inputs.insert("x".into(), "a".into());
    assert!(refuse(&labelled, &two()).contains("no input \"x\""));
    let empty = tempfile::tempdir().unwrap();
    assert!(refuse(&source(empty.path()), &one()).contains("the folder is empty"));
    assert!(refuse(&source(empty.path()), &two()).contains("no sub-folder \"a\""));
    fs::write(empty.path().join("notes.txt"), "x").unwrap();
    assert!(refuse(&source(empty.path()), &one()).contains("notes.txt"));
    assert!(refuse(&source(&empty.path().join("none.npz")), &one()).contains("none.npz"));
    fs::write(empty.path().join("t.npy"), &npy(&f32s(&[4, 3, 2], 0.0))[..150]).unwrap();
    assert!(refuse(&source(empty.path()), &one()).contains("needs 96 bytes of data, the file has 22"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn mutated_files_never_panic(kind in 0..3usize, at in 0..5000usize, byte in any::<u8>(), cut in 0..5000usize) {
        use buffa::Message;
        let folder = tempfile::tempdir().unwrap();
        let tensor = f32s(&[2, 3, 2], 0.0);
        let (name, mut bytes) = match kind {
            0 => ("x.npz", include_bytes!("compressed.npz").to_vec()),
            1 => ("x.npy", npy(&tensor)),
            _ => ("x.pb", tensor.to_proto("x").encode_to_vec()),
        };
        let length = bytes.len();
        bytes[at % length] = byte;
        let path = folder.path().join(name);
        for end in [length, cut % length] {
            fs::write(&path, &bytes[..end]).unwrap();
            if let Ok(mut samples) = Samples::open(&source(&path), &one()) {
                let _ = while_some(&mut samples);
            }
        }
    }
}

/// A text model: ids into ten rows, a mask, and types into two rows.
fn text() -> Graph {
    use crate::graph::sample::node;
    let dims: &[&str] = &["n", "length"];
    model(
        &[
            ("ids", DataType::Int64, dims),
            ("attention_mask", DataType::Int64, dims),
            ("types", DataType::Int64, dims),
        ],
        vec![
            ("words".into(), f32s(&[10, 4], 0.0)),
            ("segments".into(), f32s(&[2, 4], 0.0)),
        ],
        vec![
            node("Gather", &["words", "ids"], &["e"]),
            node("Gather", &["segments", "types"], &["s"]),
        ],
    )
}

fn text_file(folder: &Path, name: &str, ids: &[i64], mask: &[i64], types: &[i64]) -> PathBuf {
    let row = |values: &[i64]| Tensor::from_i64(&[1, values.len() as u64], values).unwrap();
    archive(
        folder,
        name,
        vec![("ids", row(ids)), ("attention_mask", row(mask)), ("types", row(types))],
    )
}

#[test]
fn token_ids_masks_and_types_must_be_such() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |ids: &[i64], mask: &[i64], types: &[i64]| {
        let path = text_file(folder.path(), "t.npz", ids, mask, types);
        // Said when the data is opened, before anything is built.
        Samples::open(&source(&path), &text())
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default()
    };
    assert_eq!(refused(&[0, 9], &[1, 0], &[0, 1]), "");
    let beyond = refused(&[0, 10], &[1, 1], &[0, 0]);
    assert!(
        beyond.contains("array \"ids\": sample 0 has the value 10, which must be from 0 to 9"),
        "{beyond}"
    );
    assert!(beyond.contains("the rows of words"), "{beyond}");
    assert!(refused(&[0, -1], &[1, 1], &[0, 0]).contains("the value -1"));
    assert!(refused(&[0, 1], &[1, 7], &[0, 0]).contains("\"attention_mask\""));
    assert!(refused(&[0, 1], &[1, 1], &[0, 2]).contains("from 0 to 1: it indexes the rows of segments"));
}

#[test]
fn texts_of_different_lengths_run_apart_or_padded_as_said() {
    let folder = tempfile::tempdir().unwrap();
    text_file(folder.path(), "1.npz", &[1, 2, 3], &[1, 1, 1], &[0, 0, 1]);
    text_file(folder.path(), "2.npz", &[4, 5], &[1, 1], &[0, 0]);
    let apart = all(&source(folder.path()), &text(), 8);
    let shapes: Vec<&[u64]> = apart.iter().map(|(t, _)| t[0].1.dims.as_slice()).collect();
    assert_eq!(shapes, [[1, 3], [1, 2]]);
    let mut padded = source(folder.path());
    padded.pad.insert("length".into(), 4);
    padded.pad_value.insert("ids".into(), 9.0);
    let together = all(&padded, &text(), 8);
    assert_eq!(together.len(), 1);
    let values = |i: usize| together[0].0[i].1.to_i64().unwrap();
    assert_eq!(values(0), [1, 2, 3, 9, 4, 5, 9, 9]);
    assert_eq!(values(1), [1, 1, 1, 0, 1, 1, 0, 0], "what is padded is masked");
    padded.pad.insert("length".into(), 2);
    assert!(refuse(&padded, &text()).contains("a sample of 3 on axis 1, more than the 2"));
    padded.pad = [("lenght".to_owned(), 4)].into();
    assert!(refuse(&padded, &text()).contains("no dynamic dimension \"lenght\"; did you mean \"length\"?"));
    padded.pad = [
        ("ids:1".to_owned(), 4),
        ("types:1".to_owned(), 4),
        ("attention_mask:1".to_owned(), 4),
    ]
    .into();
    padded.pad_value = [("id".to_owned(), 1.0)].into();
    assert!(refuse(&padded, &text()).contains("no input \"id\""));
}

#[test]
fn an_array_with_one_axis_more_is_a_stack_of_whole_samples() {
    let folder = tempfile::tempdir().unwrap();
    let rate = Tensor::from_i64(&[3], &[8, 16, 24]).unwrap();
    let b = Tensor::from_i64(&[3, 4], &(0..12).collect::<Vec<_>>()).unwrap();
    let path = archive(
        folder.path(),
        "set.npz",
        vec![("a", f32s(&[3, 4, 2], 0.0)), ("b", b), ("sr", rate)],
    );
    let samples = Samples::open(&source(&path), &two()).unwrap();
    assert_eq!(samples.count(), 3);
    assert!(
        samples
            .layout()
            .unwrap()
            .starts_with("a, b and sr are stacks of whole samples"),
        "{:?}",
        samples.layout()
    );
    let batches = all(&source(&path), &two(), 8);
    assert_eq!(batches.len(), 3, "whole samples come one at a time");
    let (tensors, _) = &batches[1];
    assert_eq!(tensors[0].1, f32s(&[4, 2], 8.0));
    assert_eq!(tensors[1].1, Tensor::from_i64(&[4], &[4, 5, 6, 7]).unwrap());
    assert_eq!(tensors[2].1, Tensor::from_i64(&[], &[16]).unwrap());
}

/// A state whose batch is on the second axis, and a table that all samples share.
fn state() -> Graph {
    model(
        &[
            ("x", DataType::Float32, &["n", "3"]),
            ("state", DataType::Float32, &["2", "n", "2"]),
            ("table", DataType::Float32, &["4"]),
        ],
        vec![],
        vec![],
    )
}

#[test]
fn each_input_has_its_own_axis_of_samples_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = vec![
        ("x", f32s(&[5, 3], 0.0)),
        ("state", f32s(&[2, 5, 2], 0.0)),
        ("table", f32s(&[4], 7.0)),
    ];
    let mut source = source(&archive(folder.path(), "set.npz", tensors));
    let batches = all(&source, &state(), 2);
    assert_eq!(batches.len(), 3);
    let (tensors, _) = &batches[1];
    assert_eq!(tensors[0].1, f32s(&[2, 3], 6.0));
    let want = [4.0, 5.0, 6.0, 7.0, 14.0, 15.0, 16.0, 17.0];
    assert_eq!(tensors[1].1, Tensor::from_f32(&[2, 2, 2], &want).unwrap());
    assert_eq!(tensors[2].1, f32s(&[4], 7.0), "the same in all samples");
    let samples = Samples::open(&source, &state()).unwrap();
    assert_eq!(
        samples.layout().unwrap().split(" (").next().unwrap(),
        "x has the samples on axis 0; state has the samples on axis 1; table is the same in all samples"
    );
    source.samples_on.insert("state".into(), "0".into());
    assert!(refuse(&source, &state()).contains("2 samples for input \"state\", 5 for input \"x\""));
    source.samples_on.insert("state".into(), "sideways".into());
    assert!(refuse(&source, &state()).contains("write the number of an axis, stack or fixed"));
}

#[test]
fn parts_of_different_files_are_joined_on_their_axis() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("a.npz", 0.0), ("b.npz", 100.0)] {
        let tensors = vec![
            ("x", f32s(&[1, 3], from)),
            ("state", f32s(&[2, 1, 2], from)),
            ("table", f32s(&[4], 7.0)),
        ];
        archive(folder.path(), name, tensors);
    }
    let batches = all(&source(folder.path()), &state(), 8);
    assert_eq!(batches.len(), 1);
    let want = [0.0, 1.0, 100.0, 101.0, 2.0, 3.0, 102.0, 103.0];
    assert_eq!(batches[0].0[1].1, Tensor::from_f32(&[2, 2, 2], &want).unwrap());
}

#[test]
fn a_file_without_an_axis_of_samples_is_one_sample() {
    let graph = model(
        &[
            ("past", DataType::Float32, &["t", "2"]),
            ("x", DataType::Float32, &["u", "2"]),
        ],
        vec![],
        vec![],
    );
    let folder = tempfile::tempdir().unwrap();
    archive(
        folder.path(),
        "one.npz",
        vec![("past", f32s(&[7, 2], 0.0)), ("x", f32s(&[3, 2], 0.0))],
    );
    let batches = all(&source(folder.path()), &graph, 8);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].0[0].1.dims, [7, 2]);
}

#[test]
fn stepping_back_gives_the_last_batch_again() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("a.npz", 0.0), ("b.npz", 9.0)] {
        archive(folder.path(), name, vec![("x", f32s(&[3, 3, 1], from))]);
    }
    let mut samples = Samples::open(&source(folder.path()), &one()).unwrap();
    samples.next_batch(2).unwrap();
    samples.next_batch(2).unwrap();
    samples.step_back().unwrap();
    let (tensors, _) = samples.next_batch(1).unwrap().unwrap();
    assert_eq!(tensors[0].1, f32s(&[1, 3, 1], 6.0));
    let mut left = 0;
    while samples.next_batch(1).unwrap().is_some() {
        left += 1;
    }
    assert_eq!(left, 3);
}
