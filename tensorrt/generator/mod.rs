//! Makes `src/sys/generated/{tables,enums,calls}.rs` from `slots.json`.
//!
//! The generated files are checked in; `tests/generated.rs` runs this and compares. To write them anew:
//! `ENGINESMITH_UPDATE_TABLES=1 cargo test -p enginesmith-tensorrt --test generated`.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A range of versions (indices into the list of versions, inclusive) and its slot or enum value.
type Range = (usize, usize, i64);

struct Input {
    versions: Vec<(String, String, i64)>,
    classes: BTreeMap<String, BTreeMap<String, (String, Vec<Range>)>>,
    enums: BTreeMap<String, Vec<(String, Vec<Range>)>>,
}

/// The generated files: name and text.
pub fn generate(json: &str) -> Vec<(&'static str, String)> {
    let input = read(json);
    vec![
        ("tables.rs", tables(&input)),
        ("enums.rs", enums(&input)),
        ("calls.rs", calls(&input)),
    ]
}

fn read(json: &str) -> Input {
    let root: Value = serde_json::from_str(json).expect("slots.json is not JSON");
    let text = |v: &Value| v.as_str().expect("a string").to_owned();
    let versions: Vec<_> = (root["versions"].as_array().expect("versions").iter())
        .map(|v| (text(&v["name"]), text(&v["family"]), v["core"].as_i64().expect("core")))
        .collect();
    let index = |name: &Value| {
        let name = name.as_str().expect("a version");
        versions
            .iter()
            .position(|v| v.0 == name)
            .unwrap_or_else(|| panic!("unknown version {name}"))
    };
    let ranges = |v: &Value| -> Vec<Range> {
        let list = v.as_array().expect("ranges").iter();
        list.map(|r| (index(&r[0]), index(&r[1]), r[2].as_i64().expect("a number")))
            .collect()
    };
    let object = |v: &Value| v.as_object().expect("an object").clone();
    let classes = object(&root["classes"]).into_iter().map(|(class, methods)| {
        let methods = object(&methods);
        let methods = methods
            .into_iter()
            .map(|(m, d)| (m, (text(&d["signature"]), ranges(&d["slots"]))));
        (class, methods.collect())
    });
    let classes = classes.collect();
    let enums = object(&root["enums"]).into_iter().map(|(name, values)| {
        let mut values: Vec<_> = object(&values).into_iter().map(|(k, v)| (k, ranges(&v))).collect();
        values.sort_by_key(|(k, r)| (r.last().expect("a range").2, k.clone()));
        (name, values)
    });
    let enums = enums.collect();
    Input {
        classes,
        enums,
        versions,
    }
}

const HEAD: &str = "// Generated from generator/slots.json by generator/mod.rs: do not edit.\n\n";

/// Words such as `TensorRT 10.0-10.16, 11.0-11.4, TensorRT-RTX 1.5-1.7`.
fn words(input: &Input, ranges: &[Range]) -> String {
    let mut list: Vec<(usize, usize)> = ranges.iter().map(|r| (r.0, r.1)).collect();
    list.sort();
    let mut merged: Vec<(usize, usize)> = vec![];
    for (a, b) in list {
        match merged.last_mut() {
            // one span as long as no version of the flavour lies between
            Some(last)
                if a == last.1 + 1
                    && flavour(input, a) == flavour(input, last.1)
                    && major(input, a) == major(input, last.1) =>
            {
                last.1 = b
            }
            _ => merged.push((a, b)),
        }
    }
    let mut out = String::new();
    let mut before = "";
    for (a, b) in merged {
        let (from, to) = (number(input, a), number(input, b));
        let name = if flavour(input, a) == "rtx" {
            "TensorRT-RTX"
        } else {
            "TensorRT"
        };
        if !out.is_empty() {
            out.push_str(", ");
        }
        if name != before {
            out.push_str(name);
            out.push(' ');
        }
        before = name;
        out.push_str(&if from == to {
            from.to_owned()
        } else {
            format!("{from}-{to}")
        });
    }
    out
}

fn flavour(input: &Input, version: usize) -> &str {
    input.versions[version].0.split('-').next().expect("a flavour")
}

fn number(input: &Input, version: usize) -> &str {
    input.versions[version].0.split('-').nth(1).expect("a number")
}

fn major(input: &Input, version: usize) -> &str {
    number(input, version).split('.').next().expect("a major number")
}

fn at(ranges: &[Range], version: usize) -> Option<i64> {
    ranges.iter().find(|r| r.0 <= version && version <= r.1).map(|r| r.2)
}

fn tables(input: &Input) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("use super::super::table::{Class, Family, Table, VersionKey};\n\n");
    let methods: usize = input.classes.values().map(BTreeMap::len).sum();
    let count = input.classes.len();
    writeln!(
        out,
        "pub(crate) const CLASS_COUNT: usize = {count};\npub(crate) const METHOD_COUNT: usize = {methods};\n"
    )
    .unwrap();
    out.push_str("/// Every class: its C++ name and the number of its first method in [`METHODS`].\n");
    out.push_str("pub(crate) static CLASSES: [(&str, u16); CLASS_COUNT] = [\n");
    let mut first = 0;
    for (class, list) in &input.classes {
        writeln!(out, "    (\"{class}\", {first}),").unwrap();
        first += list.len();
    }
    out.push_str(
        "];\n\n/// Every method's C++ name, class after class.\npub(crate) static METHODS: [&str; METHOD_COUNT] = [\n",
    );
    for list in input.classes.values() {
        let names: Vec<_> = list.keys().map(|m| format!("\"{m}\"")).collect();
        writeln!(out, "    {},", names.join(", ")).unwrap();
    }
    out.push_str("];\n\nimpl Class {\n");
    for (i, class) in input.classes.keys().enumerate() {
        writeln!(
            out,
            "    /// `{class}`.\n    pub const {}: Class = Class({i});",
            screaming(class)
        )
        .unwrap();
    }
    out.push_str("}\n\n");
    // equal tables are stored once
    let mut stored: Vec<(Vec<u8>, Vec<u8>)> = vec![];
    let mut rows = String::new();
    for (v, (name, family, core)) in input.versions.iter().enumerate() {
        let mut slots = vec![];
        let mut lengths = vec![];
        for list in input.classes.values() {
            let class: Vec<u8> = list.values().map(|(_, r)| at(r, v).map_or(255, |s| s as u8)).collect();
            lengths.push(class.iter().filter(|s| **s != 255).map(|s| s + 1).max().unwrap_or(0));
            slots.extend(class);
        }
        let place = stored
            .iter()
            .position(|s| *s == (slots.clone(), lengths.clone()))
            .unwrap_or_else(|| {
                stored.push((slots, lengths));
                stored.len() - 1
            });
        let family = match family.as_str() {
            "ent10" => "Enterprise10",
            "ent11" => "Enterprise11",
            "rtx_1.3-1.4" => "Rtx13",
            "rtx_1.5+" => "Rtx15",
            other => panic!("unknown family {other}"),
        };
        writeln!(
            rows,
            "    Table {{ key: VersionKey({v}), name: \"{name}\", family: Family::{family}, core: {core}, slots: &SLOTS_{place}, lengths: &LENGTHS_{place} }},"
        )
        .unwrap();
    }
    for (i, (slots, lengths)) in stored.iter().enumerate() {
        writeln!(out, "static SLOTS_{i}: [u8; METHOD_COUNT] = [\n{}];", lines(slots)).unwrap();
        writeln!(out, "static LENGTHS_{i}: [u8; CLASS_COUNT] = [\n{}];\n", lines(lengths)).unwrap();
    }
    writeln!(
        out,
        "/// One table per known version, family after family, oldest first."
    )
    .unwrap();
    writeln!(
        out,
        "pub(crate) static TABLES: [Table; {}] = [\n{rows}];",
        input.versions.len()
    )
    .unwrap();
    out
}

fn lines(numbers: &[u8]) -> String {
    let mut out = String::new();
    for part in numbers.chunks(30) {
        let part: Vec<_> = part.iter().map(u8::to_string).collect();
        writeln!(out, "    {},", part.join(", ")).unwrap();
    }
    out
}

/// The Rust name of a C++ enum.
fn enum_name(cpp: &str) -> String {
    match cpp {
        "nvonnxparser::ErrorCode" => "ParserErrorCode".into(),
        "nvonnxparser::OnnxParserFlag" => "ParserFlag".into(),
        "ILogger::Severity" => "Severity".into(),
        "NetworkDefinitionCreationFlag" => "NetworkFlag".into(),
        "OptProfileSelector" => "ProfileSelector".into(),
        "TensorIOMode" => "TensorIoMode".into(),
        other => other.into(),
    }
}

/// `kFP16` becomes `Fp16`, `kPROFILE_SHARING_0806` becomes `ProfileSharing0806`.
fn variant(cpp: &str) -> String {
    let words = cpp.strip_prefix('k').unwrap_or(cpp).split('_');
    words.map(|w| w[..1].to_uppercase() + &w[1..].to_lowercase()).collect()
}

fn enums(input: &Input) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("use super::super::enums::versioned_enum;\n\n");
    for (cpp, values) in &input.enums {
        writeln!(
            out,
            "versioned_enum! {{\n    /// TensorRT's `{cpp}`.\n    {} \"{cpp}\" {{",
            enum_name(cpp)
        )
        .unwrap();
        for (k, ranges) in values {
            let list: Vec<_> = ranges.iter().map(|(a, b, v)| format!("({a}, {b}, {v})")).collect();
            writeln!(
                out,
                "        /// `{k}`: {}.\n        {} \"{k}\" [{}];",
                words(input, ranges),
                variant(k),
                list.join(", ")
            )
            .unwrap();
        }
        out.push_str("    }\n}\n\n");
    }
    out
}

/// Handles of C++ objects: the class on the outside, and the `V*` class that its `mImpl` points at.
const OUTER: [(&str, &str); 15] = [
    ("IBuilder", "VBuilder"),
    ("IBuilderConfig", "VBuilderConfig"),
    ("INetworkDefinition", "VNetworkDefinition"),
    ("IOptimizationProfile", "VOptimizationProfile"),
    ("IHostMemory", "VHostMemory"),
    ("ITimingCache", "VTimingCache"),
    ("ITensor", "VTensor"),
    ("ILayer", "VLayer"),
    ("IRuntime", "VRuntime"),
    ("ICudaEngine", "VCudaEngine"),
    ("IExecutionContext", "VExecutionContext"),
    ("IEngineInspector", "VEngineInspector"),
    ("IRuntimeConfig", "VRuntimeConfig"),
    ("IRuntimeCache", "VRuntimeCache"),
    ("ISerializationConfig", "VSerializationConfig"),
];

/// Interfaces that this crate implements: never called, only handed over; their slots are named constants.
const IMPLEMENTED: [&str; 10] = [
    "IErrorRecorder",
    "IInt8EntropyCalibrator2",
    "IInt8MinMaxCalibrator",
    "ILogger",
    "IOutputAllocator",
    "IProfiler",
    "IProgressMonitor",
    "IStreamReader",
    "IStreamReaderV2",
    "IStreamWriter",
];

fn known_object(name: &str) -> bool {
    OUTER.iter().any(|o| o.0 == name)
        || IMPLEMENTED.contains(&name)
        || [
            "IInt8Calibrator",
            "IPluginRegistry",
            "IPluginCreatorInterface",
            "IParserError",
            "IGpuAllocator",
        ]
        .contains(&name)
}

/// The Rust type of a C++ one, `None` where the generator makes no call of the method.
fn rust_type(cpp: &str, input: &Input, returned: bool) -> Option<String> {
    let cpp = cpp.trim();
    let bare = cpp.strip_suffix("const").unwrap_or(cpp).trim();
    let fixed = match bare {
        "void" => "()",
        "bool" => "bool",
        "float" => "f32",
        "int" | "int32_t" | "RefCount" | "APILanguage" => "i32",
        "int64_t" | "const int64_t" => "i64",
        "uint64_t" | "const uint64_t" => "u64",
        "size_t" | "std::size_t" => "usize",
        "BuilderFlags"
        | "TacticSources"
        | "NetworkDefinitionCreationFlags"
        | "OnnxParserFlags"
        | "TensorFormats"
        | "QuantizationFlags"
        | "TempfileControlFlags"
        | "SerializationFlags" => "u32",
        "cudaStream_t" | "cudaEvent_t" | "const cudaStream_t" | "void *" => "*mut c_void",
        "Dims" => "Dims",
        "InterfaceInfo" => "InterfaceInfo",
        "const Dims &" => "&Dims",
        "const char *" | "const AsciiChar *" => "*const c_char",
        "const void *" => "*const c_void",
        "void *const *" => "*const *mut c_void",
        "const char **" => "*mut *const c_char",
        "const char *const *" => "*const *const c_char",
        "cudaStream_t *" => "*mut *mut c_void",
        "int64_t &" => "&mut i64",
        "int64_t *" => "*mut i64",
        "int32_t *" => "*mut i32",
        "uint64_t *" => "*mut u64",
        "const int32_t *" => "*const i32",
        "const int64_t *" => "*const i64",
        "IPluginCreatorInterface *const *" => "*const Option<IPluginCreatorInterface>",
        _ => "",
    };
    if !fixed.is_empty() {
        return Some(fixed.into());
    }
    if input
        .enums
        .keys()
        .any(|e| e == bare || e.ends_with(&format!("::{bare}")))
    {
        return Some("i32".into());
    }
    let object = bare.strip_prefix("const ").unwrap_or(bare);
    if let Some(name) = object.strip_suffix(" &") {
        // a reference that comes back is checked for null like a pointer
        return known_object(name).then(|| {
            if returned {
                format!("Option<{name}>")
            } else {
                name.to_owned()
            }
        });
    }
    let name = object.strip_suffix(" *")?;
    known_object(name).then(|| format!("Option<{name}>"))
}

fn calls(input: &Input) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("use super::super::calls::{class, handle, outer};\nuse super::super::{Dims, InterfaceInfo};\nuse super::super::table::Method;\nuse std::ffi::{c_char, c_void};\n\n");
    for (outer, inner) in OUTER {
        writeln!(out, "outer! {{ {outer} => {inner} }}").unwrap();
    }
    for name in IMPLEMENTED.iter().chain(&["IInt8Calibrator", "IGpuAllocator"]) {
        writeln!(out, "handle! {{ {name} }}").unwrap();
    }
    out.push_str("\nimpl Method {\n");
    let mut number = 0;
    for (class, list) in &input.classes {
        for m in list.keys() {
            if IMPLEMENTED.contains(&class.as_str()) && !m.starts_with('~') {
                let name = format!("{}_{}", screaming(class), screaming(m));
                writeln!(
                    out,
                    "    /// `{class}::{m}`.\n    pub const {name}: Method = Method({number});"
                )
                .unwrap();
            }
            number += 1;
        }
    }
    out.push_str("}\n");
    let mut number = 0;
    for (class, list) in &input.classes {
        if IMPLEMENTED.contains(&class.as_str()) {
            number += list.len();
            continue;
        }
        writeln!(out, "\nclass! {{ {class} {{").unwrap();
        for (m, (signature, ranges)) in list {
            if let Some((arguments, result)) = rust_signature(m, signature, input) {
                let name = snake(m.split('(').next().expect("a name"));
                writeln!(out, "    /// C++ `{m}`, `{signature}`: {}.", words(input, ranges)).unwrap();
                writeln!(out, "    fn {name} = {number}({arguments}) -> {result};").unwrap();
            }
            if m == "~destroy_D0" && class == "IParser" {
                // the other objects that we delete are `I*` objects, whose destructor is always slot 1
                writeln!(out, "    /// C++ `delete`.\n    fn delete = {number}() -> ();").unwrap();
            }
            number += 1;
        }
        out.push_str("} }\n");
    }
    out
}

/// Arguments and result in Rust; `None` for methods with types that are not needed here.
fn rust_signature(method: &str, signature: &str, input: &Input) -> Option<(String, String)> {
    if method.starts_with('~') || (method.contains('(') && !method.contains("const void *")) {
        return None;
    }
    let (result, arguments) = signature.split_once(" (")?;
    let result = rust_type(result, input, true)?;
    let arguments = arguments.strip_suffix(')')?;
    let mut list = vec![];
    for (i, argument) in arguments.split(',').filter(|a| !a.trim().is_empty()).enumerate() {
        list.push(format!("a{i}: {}", rust_type(argument, input, false)?));
    }
    Some((list.join(", "), result))
}

/// `getNbIOTensors` becomes `get_nb_io_tensors`.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in letters.iter().enumerate() {
        let next_small = letters.get(i + 1).is_some_and(char::is_ascii_lowercase);
        let before_small = i > 0 && (letters[i - 1].is_ascii_lowercase() || letters[i - 1].is_ascii_digit());
        if c.is_ascii_uppercase() && i > 0 && (before_small || next_small) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    match out.as_str() {
        "type" => "type_of".into(), // a Rust keyword
        _ => out,
    }
}

fn screaming(name: &str) -> String {
    snake(name).to_uppercase()
}
