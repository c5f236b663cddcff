//! Plugin libraries through the real registry of TensorRT-RTX.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

mod common;

use common::each_library;
use enginesmith_tensorrt::api::PluginCreator;
use enginesmith_tensorrt::{Error, LoadError};
use std::process::Command;

/// A plugin library with one creator (IPluginCreatorV3One), its table of functions written out.
const SOURCE: &str = r#"
    struct info { const char* kind; int major, minor; };
    struct fields { int count; const void* list; };
    static struct fields none = {0, 0};
    static int language(void* t) { return 0; }
    static struct info info(void* t) { struct info i = {"PLUGIN CREATOR_V3ONE", 1, 0}; return i; }
    static void destroy(void* t) {}
    static void* create(void* t, const char* n, const void* f, int phase) { return 0; }
    static const void* field_names(void* t) { return &none; }
    static const char* name(void* t) { return "Frobnicate"; }
    static const char* version(void* t) { return "3"; }
    static const char* namespace(void* t) { return "tests"; }
    static void* table[] = {language, info, destroy, destroy, create, field_names, name, version, namespace};
    static struct { void** table; } creator = {table};
    static void* list[] = {&creator};
    void** getCreators(int* count) { *count = 1; return list; }
    void setLoggerFinder(void* finder) {}
"#;

#[test]
fn a_plugin_library_brings_its_creator() {
    each_library(|library| {
        let folder = tempfile::tempdir().expect("a folder");
        let (source, plugin) = (folder.path().join("plugin.c"), folder.path().join("libplugin.so"));
        std::fs::write(&source, SOURCE).expect("write");
        let Ok(status) = Command::new("cc")
            .args(["-shared", "-fPIC", "-w", "-o"])
            .args([&plugin, &source])
            .status()
        else {
            eprintln!("skipped: no C compiler");
            return;
        };
        assert!(status.success(), "the plugin does not compile");
        let error = library.load_standard_plugins().expect_err("RTX has none").to_string();
        assert!(
            error.contains("has no standard plugins; it exists in TensorRT 10.0 to 11.4"),
            "{error}"
        );
        let mut registry = library.plugins().expect("a registry");
        let before = registry.creators().expect("creators");
        let text = folder.path().join("text.so");
        std::fs::write(&text, "text").expect("write");
        // SAFETY: the first is refused before it is loaded; the second is the library above.
        unsafe {
            let error = registry.load_library(&text).expect_err("no library");
            assert!(matches!(error, Error::Load(LoadError::File { .. })), "{error}");
            registry.load_library(&plugin).expect("the plugin library");
        }
        let mut after = registry.creators().expect("creators");
        after.retain(|c| !before.contains(c));
        let expected = PluginCreator {
            name: "Frobnicate".into(),
            version: "3".into(),
            namespace: "tests".into(),
            kind: "PLUGIN CREATOR_V3ONE".into(),
        };
        assert_eq!(after, [expected]);
    });
}
