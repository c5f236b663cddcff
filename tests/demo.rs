//! The demo's committed files agree with each other and with what its README claims.

mod support;

use sha2::{Digest, Sha256};
use std::fs;
use support::{Arrays, digits, read_npz, reference, write_npz};

#[test]
fn recipe_names_the_model_beside_it() {
    let recipe: toml::Table = fs::read_to_string(digits().join("recipe.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let model = recipe["model"].as_table().unwrap();
    let bytes = fs::read(digits().join(model["path"].as_str().unwrap())).unwrap();
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(model["sha256"].as_str(), Some(hash.as_str()));
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
