//! The checked-in tables are what the generator makes of `slots.json`.

#[path = "../generator/mod.rs"]
mod generator;

use std::path::Path;

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let json = std::fs::read_to_string(root.join("generator/slots.json")).expect("generator/slots.json");
    for (name, text) in generator::generate(&json) {
        let path = root.join("src/sys/generated").join(name);
        if std::env::var_os("ENGINESMITH_UPDATE_TABLES").is_some() {
            std::fs::write(&path, text).expect("write the generated file");
            continue;
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == text,
            "src/sys/generated/{name} is not what generator/slots.json says; see generator/mod.rs"
        );
    }
}
