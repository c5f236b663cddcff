use super::de::{nearest, suggest};
use super::*;
use crate::bench::Protocol;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn refuse(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.toml");
    std::fs::write(&path, text).unwrap();
    let error = Recipe::open(&path).unwrap_err().to_string();
    let prefix = format!("{}: ", path.display());
    error.strip_prefix(&prefix).expect("the file is named").to_owned()
}

const FULL: &str = r#"
version = 1
[model]
path = "net.onnx"
[target]
name = "tensorrt"
version = "10"
device = 0
[build]
precision = "fp32"
workspace = "1GiB"
options = { threads = 2, timing_cache = "x" }
[[profile]]
[profile.inputs."args:0"]
min = [1, 3]
opt = [4, 3]
max = [8, 3]
[[patch]]
kind = "fold-constants"
[bench]
protocol = "trtexec-10"
shapes = { "args:0" = [4, 3] }
duration_s = 3
[sweep]
max_batch = 64
max_latency_ms = 50
[data.test]
path = "test.npz"
mean = [0.5, 1]
[[variant]]
name = "half"
build.precision = "fp16"
[[variant]]
name = "cpu"
target.name = "embedded"
build.options.threads = 1
bench.shapes."args:0" = [8, 3]
"#;

#[test]
fn a_full_recipe_reads_and_paths_follow_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.toml");
    std::fs::write(&path, FULL).unwrap();
    let recipe = Recipe::open(&path).unwrap();
    assert_eq!(recipe.model.path, folder.path().join("net.onnx"));
    assert_eq!(recipe.build.workspace, Some(1 << 30));
    assert_eq!(recipe.bench.protocol, Some(Protocol::Trtexec10));
    let mut sweep = recipe.sweep.clone().unwrap();
    assert_eq!(sweep.planned(), [1, 2, 4, 8, 16, 32, 64]);
    sweep.batches = vec![3, 7];
    assert_eq!(sweep.planned(), [3, 7]);
    assert_eq!(recipe.profiles[0].inputs["args:0"].max, [8, 3]);
    assert_eq!(recipe.data.test.unwrap().path, folder.path().join("test.npz"));
}

#[test]
fn variants_merge_tables_and_replace_arrays() {
    let variants = Recipe::from_toml(FULL).unwrap().resolve_variants().unwrap();
    let names: Vec<&str> = variants.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["half", "cpu"]);
    let (half, cpu) = (&variants[0].1, &variants[1].1);
    assert_eq!(half.build.precision, Precision::Fp16);
    assert_eq!(half.build.workspace, Some(1 << 30), "the rest of the section stays");
    assert_eq!(half.target.version.as_deref(), Some("10"));
    assert!(half.variants.is_empty());
    assert_eq!(cpu.target.name, "embedded");
    assert_eq!(
        cpu.target.version, None,
        "a TensorRT version says nothing about another target"
    );
    assert_eq!(cpu.target.device, None);
    assert_eq!(cpu.build.options["threads"], toml::Value::Integer(1));
    assert_eq!(cpu.build.options["timing_cache"], toml::Value::from("x"));
    assert_eq!(cpu.bench.shapes["args:0"], [8, 3]);
}

#[test]
fn a_recipe_without_variants_is_its_own() {
    let recipe = Recipe::for_model(Path::new("m.onnx"));
    let variants = recipe.resolve_variants().unwrap();
    assert_eq!(variants, [("FP32 on embedded".to_owned(), recipe)]);
}

#[test]
fn errors_name_line_key_and_nearest() {
    let base = "version = 1\n[model]\npath = \"m.onnx\"\n";
    let cases = [
        (
            "[build]\nprecison = \"fp16\"\n",
            "line 5, column 1: build: unknown key \"precison\"; did you mean \"precision\"?",
        ),
        (
            "[biuld]\nprecision = \"fp16\"\n",
            "line 4, column 2: unknown key \"biuld\"; did you mean \"build\"?",
        ),
        (
            "[build]\nprecision = \"fp61\"\n",
            "line 5, column 13: build.precision: unknown value \"fp61\"; did you mean \"fp16\"?",
        ),
        (
            "[bench]\nrounds = \"five\"\n",
            "line 5, column 10: bench.rounds: expected a whole number (0 or more), found the text \"five\"",
        ),
        (
            "[bench]\nrounds = -1\n",
            "line 5, column 10: bench.rounds: the number -1 is out of range, expected a whole number (0 or more)",
        ),
        (
            "[bench]\nrounds = 2000-01-01\n",
            "line 5, column 10: bench.rounds: dates are not used in recipes, found 2000-01-01",
        ),
        (
            "[sweep]\nbatches = [1, 4, 2]\n",
            "line 5, column 11: sweep.batches: batch sizes start at 1 and ascend",
        ),
        (
            "[sweep]\nmax_latency_ms = 0.0\n",
            "line 5, column 18: sweep.max_latency_ms: 0 is not a time",
        ),
        (
            "[build]\nworkspace = \"1XB\"\n",
            "line 5, column 13: build.workspace: \"1XB\" is not a size",
        ),
        (
            "[target]\nname = \"tensort\"\n",
            "line 5, column 8: target.name: unknown target \"tensort\"; did you mean \"tensorrt\"?",
        ),
        (
            "[[patch]]\nkind = \"fold-constant\"\n",
            "unknown value \"fold-constant\"; did you mean \"fold-constants\"?",
        ),
        (
            "[[profile]]\n[profile.inputs.x]\nmin = [1]\nopt = [9]\nmax = [8]\n",
            "line 7, column 7: profile[0].inputs.x.opt: size 9 of axis 0",
        ),
        (
            "[[profile]]\n[profile.inputs.x]\nmin = [1]\nopt = [1]\n",
            "profile[0].inputs.x: the key \"max\" is missing",
        ),
        (
            "[data.test]\npath = \"x\"\nlayout = \"nhw\"\n",
            "line 6, column 10: data.test.layout: unknown layout \"nhw\"; did you mean",
        ),
        (
            "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"a\"\n",
            "line 7, column 8: variant[1].name: two variants are called \"a\"",
        ),
        (
            "[[variant]]\nbuild.precision = \"fp16\"\n",
            "line 4, column 1: variant[0]: the key \"name\" is missing",
        ),
        (
            "[[variant]]\nname = \"a\"\nversion = 1\n",
            "line 6, column 11: variant[0].version: a variant cannot change this",
        ),
        (
            "[[variant]]\nname = \"a\"\nbuild.precison = \"fp16\"\n",
            "variant \"a\": line 6, column 7: build: unknown key \"precison\"; did you mean \"precision\"?",
        ),
        ("[build\n", "line 4, column "),
    ];
    for (text, expected) in cases {
        let error = refuse(&format!("{base}{text}"));
        assert!(
            error.starts_with(expected) || error.ends_with(expected),
            "{text}\n  said     {error}\n  expected {expected}"
        );
    }
}

#[test]
fn other_versions_and_other_files_are_told_apart() {
    assert_eq!(
        refuse("version = 2\nnew_section = 1\n"),
        "line 1, column 11: version: this program reads recipes of version 1; this one is of version 2"
    );
    assert!(refuse("[model]\npath = \"m\"\n").contains("\"version\" is missing"));
    assert!(refuse("version = 1\n").contains("the key \"model\" is missing"));
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("m.onnx");
    std::fs::write(&binary, [8, 0xff, 0xfe]).unwrap();
    assert!(Recipe::open(&binary).unwrap_err().message.contains("not a text file"));
    assert!(Recipe::open(folder.path()).is_err());
    assert!(Recipe::open(&folder.path().join("none.toml")).is_err());
}

#[test]
fn deep_nesting_is_an_error_not_a_crash() {
    for text in [
        "[".repeat(200_000),
        "a.".repeat(200_000),
        format!("x = {}", "[".repeat(200_000)),
    ] {
        assert!(Recipe::from_toml(&text).is_err());
        assert!(Recipe::from_toml(&text.replace('[', "{a=")).is_err());
    }
}

#[test]
fn the_model_hash_is_checked_when_given() {
    let mut recipe = Recipe::for_model(Path::new("m.onnx"));
    assert!(recipe.check_model_hash("ab").is_ok());
    recipe.model.sha256 = Some("AB".repeat(32));
    assert!(recipe.check_model_hash(&"ab".repeat(32)).is_ok());
    let error = recipe.check_model_hash(&"cd".repeat(32)).unwrap_err();
    assert!(error.contains(&"cd".repeat(32)) && error.contains("m.onnx"), "{error}");
}

#[test]
fn saving_keeps_paths_relative_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let recipe = Recipe::for_model(&folder.path().join("models/m.onnx"));
    let file = deep.join("recipe.toml");
    recipe.save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("path = \"../../models/m.onnx\""), "{text}");
    let back = Recipe::open(&file).unwrap();
    assert_eq!(back.model.path, deep.join("../../models/m.onnx"));
    assert_eq!(
        std::fs::read_dir(&deep).unwrap().count(),
        1,
        "nothing but the recipe is left"
    );
    assert!(recipe.save(&folder.path().join("missing/recipe.toml")).is_err());
}

#[test]
fn defaults_are_not_written_and_shapes_stay_on_one_line() {
    let mut recipe = Recipe::for_model(Path::new("m.onnx"));
    assert_eq!(
        recipe.to_toml(),
        "version = 1\n\n[model]\npath = \"m.onnx\"\n\n[target]\nname = \"embedded\"\n"
    );
    recipe.bench.shapes.insert("x".into(), vec![1, 3, 224, 224]);
    recipe.build.workspace = Some(1 << 30);
    let text = recipe.to_toml();
    assert!(
        text.contains("x = [1, 3, 224, 224]") && text.contains("workspace = \"1GiB\""),
        "{text}"
    );
}

#[test]
fn grids_name_what_differs() {
    let grid = Grid {
        precisions: vec![Precision::Fp32, Precision::Fp16],
        batches: vec![1, 8],
        ..Grid::default()
    };
    let shapes = |n| Ok([("x".to_owned(), vec![n, 3])].into());
    let mut recipe = Recipe::for_model(Path::new("m.onnx"));
    recipe.variants = grid.variants(shapes).unwrap();
    let resolved = recipe.resolve_variants().unwrap();
    let names: Vec<&str> = resolved.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["fp32 b1", "fp32 b8", "fp16 b1", "fp16 b8"]);
    assert_eq!(resolved[3].1.build.precision, Precision::Fp16);
    assert_eq!(resolved[3].1.bench.shapes["x"], [8, 3]);
    assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
    assert_eq!(Grid::default().variants(shapes), Ok(vec![]));
    let version = |v: &str| TargetSpec {
        name: "onnxruntime-cpu".into(),
        version: Some(v.into()),
        ..TargetSpec::default()
    };
    let versions = Grid {
        targets: vec![version("1.22"), version("1.23")],
        threads: vec![1],
        ..Grid::default()
    };
    recipe.variants = versions.variants(shapes).unwrap();
    let resolved = recipe.resolve_variants().unwrap();
    assert_eq!(resolved[1].0, "onnxruntime-cpu@1.23 t1");
    assert_eq!(resolved[1].1.target, version("1.23"));
    let twice = Grid {
        threads: vec![2, 2],
        ..Grid::default()
    };
    assert_eq!(twice.variants(shapes).unwrap_err(), "threads 2 is listed twice");
}

fn shape() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0..=i64::MAX as u64, 0..5)
}

fn source() -> impl Strategy<Value = DataSource> {
    (
        "[a-z]{1,8}",
        prop::collection::btree_map(".*", ".*", 0..3),
        proptest::option::of(prop::collection::vec(-1e6f32..1e6, 1..4)),
        proptest::option::of(1..=u64::from(u32::MAX)),
        proptest::option::of([1..5000u32, 1..5000u32]),
    )
        .prop_map(|(path, inputs, mean, limit, resize)| DataSource {
            path: path.into(),
            inputs,
            mean: mean.clone(),
            std: mean.map(|m| m.iter().map(|x| x.abs() + 0.1).collect()),
            limit,
            resize,
            layout: Some("nhwc".into()),
            ..DataSource::default()
        })
}

prop_compose! {
    fn recipes()(
        path in "[a-zA-Z0-9 _é'\"\\\\-]{1,12}",
        hash in proptest::option::of("[0-9a-f]{64}"),
        target in proptest::sample::select(&TargetSpec::NAMES),
        via in proptest::option::of(".*"),
        precision in proptest::sample::select(&Precision::ALL),
        workspace in proptest::option::of(0..=i64::MAX as u64),
        memory in proptest::option::of(1..=i64::MAX as u64),
        options in prop::collection::btree_map(".*", prop_oneof![
            any::<i64>().prop_map(toml::Value::from), ".*".prop_map(toml::Value::from), any::<bool>().prop_map(toml::Value::from),
        ], 0..3),
        profile in prop::collection::btree_map(".*", shape(), 0..3),
        shapes in prop::collection::btree_map(".*", shape(), 0..3),
        duration_s in proptest::option::of(0.0..1e9f64),
        test in proptest::option::of(source()),
        min_cosine in proptest::option::of(-1.0..1.0f64),
        names in prop::collection::btree_set("[^ ].*", 0..3),
    ) -> Recipe {
        let mut recipe = Recipe::for_model(Path::new(&path));
        recipe.model.sha256 = hash;
        recipe.target.name = target.into();
        recipe.target.via = via;
        recipe.build = BuildSpec { precision, workspace, memory, options };
        let inputs = profile.into_iter().map(|(name, s)| (name, ShapeRange { min: s.clone(), opt: s.clone(), max: s }));
        recipe.profiles = vec![ProfileSpec { inputs: inputs.collect(), ..ProfileSpec::default() }];
        recipe.bench = BenchSpec { shapes, duration_s, protocol: Some(Protocol::Serial), ..BenchSpec::default() };
        recipe.data.test = test;
        recipe.accuracy.min_cosine = min_cosine;
        let overrides: toml::Table = toml::from_str("build.precision = \"fp16\"\nbench.shapes.x = [1, 2]").unwrap();
        recipe.variants = names.into_iter().filter(|n| !n.trim().is_empty())
            .map(|name| VariantSpec { name, overrides: overrides.clone() }).collect();
        recipe
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back_the_same(recipe in recipes()) {
        prop_assert_eq!(&Recipe::from_toml(&recipe.to_toml()).unwrap(), &recipe);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r.toml");
        let mut rooted = recipe;
        rooted.resolve_paths(folder.path());
        rooted.save(&file).unwrap();
        prop_assert_eq!(Recipe::open(&file).unwrap(), rooted);
    }

    #[test]
    fn mutated_text_never_panics(cut in 0..FULL.len(), byte in any::<u8>(), at in 0..FULL.len()) {
        let mut bytes = FULL.as_bytes().to_vec();
        bytes[at] = byte;
        let _ = Recipe::from_toml(&String::from_utf8_lossy(&bytes));
        let _ = Recipe::from_toml(&String::from_utf8_lossy(&bytes[..cut]));
    }

    #[test]
    fn nearest_words_never_panic(word in ".*", known in prop::collection::vec(".*", 0..5)) {
        let near: PathBuf = nearest(&word, &known).unwrap_or_default().into();
        prop_assert!(known.is_empty() || suggest(&word, &known).starts_with(';') || near.as_os_str().is_empty());
    }
}

#[test]
fn sweeps_of_other_sizes_and_values_of_shape_tensors_are_additions() {
    let base = "version = 1\nmodel.path = \"m.onnx\"\n";
    let text = format!(
        "{base}[sweep]\nover = \"seq\"\nsizes = [64, 128]\n[[profile]]\n[profile.values.hw]\nmin = [-1, 16]\nopt = [0, 32]\nmax = [0, 64]\n"
    );
    let recipe = Recipe::from_toml(&text).unwrap();
    assert_eq!(recipe.profiles[0].values["hw"].min, [-1, 16]);
    let rows = recipe.sweep_rows().unwrap();
    let names: Vec<(&str, u64, Option<u64>)> = rows.iter().map(|r| (r.name.as_str(), r.size, r.batch)).collect();
    assert_eq!(
        names,
        [
            ("FP32 on embedded seq 64", 64, None),
            ("FP32 on embedded seq 128", 128, None)
        ]
    );
    assert_eq!(Recipe::from_toml(&recipe.to_toml()).unwrap(), recipe);
    for (more, words) in [
        (
            "[sweep]\nover = \"seq\"\nbatches = [1]\n",
            "takes sizes, not batch sizes",
        ),
        (
            "[sweep]\nover = \"seq\"\nsizes = [4, 2]\n",
            "sizes start at 1 and ascend",
        ),
        (
            "[[profile]]\ninputs.hw = { min = [1], opt = [1], max = [1] }\nvalues.hw = { min = [1], opt = [1], max = [1] }\n",
            "a shape tensor has values only",
        ),
        (
            "[[profile]]\nvalues.hw = { min = [2], opt = [1], max = [1] }\n",
            "smaller than min 2",
        ),
    ] {
        let error = Recipe::from_toml(&format!("{base}{more}")).unwrap_err().to_string();
        assert!(error.contains(words), "{more}: {error}");
    }
}
