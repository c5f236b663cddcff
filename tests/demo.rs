//! The demo's committed files agree with each other and with what its README claims.

mod support;

use enginesmith::model::Model;
use enginesmith::recipe::Recipe;
use std::fs;
use support::{Arrays, digits, read_npz, reference, write_npz};

#[test]
fn recipe_reads_and_names_the_files_beside_it() {
    let recipe = Recipe::open(&digits().join("recipe.toml")).unwrap();
    let model = Model::open(&recipe.model.path).unwrap();
    assert!(recipe.model.sha256.is_some());
    recipe.check_model_hash(&model.sha256().unwrap()).unwrap();
    for data in [&recipe.data.calibration, &recipe.data.test] {
        let data = data.as_ref().unwrap();
        assert!(data.path.is_file(), "{}", data.path.display());
    }
}

#[test]
fn every_variant_lies_in_the_profile() {
    let recipe = Recipe::open(&digits().join("recipe.toml")).unwrap();
    let range = &recipe.profiles[0].inputs["input"];
    let variants = recipe.resolve_variants().unwrap();
    assert!(variants.len() > 1);
    for (name, variant) in variants {
        let shape = &variant.bench.shapes["input"];
        let inside = shape
            .iter()
            .zip(&range.min)
            .zip(&range.max)
            .all(|((size, min), max)| (min..=max).contains(&size));
        assert!(shape.len() == range.min.len() && inside, "{name}: {shape:?}");
    }
}

#[test]
fn committed_files_stay_under_two_megabytes() {
    let bytes: u64 = ["digits.onnx", "calibration.npz", "test.npz"]
        .iter()
        .map(|name| fs::metadata(digits().join(name)).unwrap().len())
        .sum();
    assert!(bytes < 2_000_000, "{bytes} bytes");
}

#[test]
fn readme_states_the_accuracy_that_onnx_runtime_reaches() {
    for set in ["calibration", "test"] {
        let data = digits().join(format!("{set}.npz"));
        let images = read_npz(&data).remove("images").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (inputs, outputs) = (folder.path().join("inputs.npz"), folder.path().join("outputs.npz"));
        write_npz(&inputs, &Arrays::from([("input".to_owned(), images)]));
        reference([
            "run".as_ref(),
            digits().join("digits.onnx").as_os_str(),
            inputs.as_ref(),
            outputs.as_ref(),
        ]);

        let logits = &read_npz(&outputs)["logits"].1;
        let labels: Vec<i64> = npyz::npz::NpzArchive::open(&data)
            .and_then(|mut archive| archive.by_name("labels")?.unwrap().into_vec())
            .unwrap();
        let right = logits
            .chunks(10)
            .zip(&labels)
            .filter(|(logits, label)| {
                let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
                best as i64 == **label
            })
            .count();

        let readme = fs::read_to_string(digits().join("README.md")).unwrap();
        let claim = readme
            .lines()
            .find(|line| line.starts_with(set) && line.contains("accuracy"))
            .unwrap();
        assert!(
            claim.contains(&format!(" {right}/{} ", labels.len())),
            "{right} right, README: {claim}"
        );
        assert!(right * 100 >= labels.len() * 97, "{right} of {}", labels.len());
    }
}
