use super::list::HELP;
use super::*;

fn read(options: &str, flavour: Flavour) -> Result<Options, EngineError> {
    let options = toml::from_str(options).unwrap();
    Options::read(
        &BuildSpec {
            options,
            ..BuildSpec::default()
        },
        flavour,
    )
}

const ALL: &str = r#"
    library = "/x/libtensorrt_rtx.so.1"
    plugins = ["/x/a.so", "/x/b.so"]
    plugins_in_engine = true
    optimization_level = 5
    compute_capability = ["8.6", 12.0]
    memory_pools = { tactic-dram = "1GiB" }
    profiling_verbosity = "detailed"
    sparsity = true
    strip_weights = true
    refit = "identical"
    version_compatible = true
    exclude_lean_runtime = true
    weak_typing = true
    aux_streams = 0
    tactic_sources = "cublas-lt, jit_convolutions"
    tiling = "fast"
    max_tactics = 10
    timing_iterations = 4
    builder_threads = 2
    weight_streaming = "512MiB"
    cuda_graph = "whole-graph-capture"
    kernel_specialization = "eager"
    context_memory = "on-profile-change"
    runtime_cache = "/x/kernels"
    flags = "strict-nans"
    preview_features = "profile-sharing-0806"
    parser_flags = "native-instancenorm"
"#;
const ENTERPRISE: &str = r#"
    hardware_compatibility = "ampere-plus"
    runtime_platform = "windows-amd64"
    timing_cache = "/x/cache"
"#;

#[test]
fn what_is_offered_is_taken() {
    for flavour in [Flavour::Rtx, Flavour::Enterprise] {
        for (name, _) in help(flavour) {
            for value in kind(name).values() {
                let with = match name {
                    "exclude_lean_runtime" => "version_compatible = true\n",
                    "plugins_in_engine" => "plugins = \"/x/a.so\"\n",
                    _ => "",
                };
                read(&format!("{with}{name} = {value}"), flavour).unwrap();
            }
        }
    }
}

#[test]
fn every_option_that_is_listed_is_read() {
    let rtx = read(ALL, Flavour::Rtx).unwrap();
    assert_eq!(
        rtx.compute_capabilities,
        [ComputeCapability::Sm86, ComputeCapability::Sm120]
    );
    assert_eq!(rtx.memory_pools, [(MemoryPoolType::TacticDram, 1 << 30)]);
    assert_eq!(
        rtx.tactic_sources,
        Some(vec![TacticSource::CublasLt, TacticSource::JitConvolutions])
    );
    assert_eq!(
        (rtx.weight_streaming, rtx.runtime_cache),
        (Some(512 << 20), KernelCache::File("/x/kernels".into()))
    );
    assert_eq!(rtx.cuda_graph, Some(CudaGraphStrategy::WholeGraphCapture));
    assert_eq!(
        rtx.context_memory,
        Some(ExecutionContextAllocationStrategy::OnProfileChange)
    );
    assert!(rtx.flags.contains(&(BuilderFlag::WeightStreaming, "weight_streaming")));
    assert!(rtx.flags.contains(&(BuilderFlag::StrictNans, "flags")));
    assert!(rtx.flags.contains(&(BuilderFlag::RefitIdentical, "refit")));
    let enterprise = read(ENTERPRISE, Flavour::Enterprise).unwrap();
    assert_eq!(enterprise.timing_cache, TimingCache::File("/x/cache".into()));
    let listed: usize = HELP.len();
    let lines = |text: &str| text.lines().filter(|l| l.contains('=')).count();
    assert_eq!(lines(ALL) + lines(ENTERPRISE), listed);
}

#[test]
fn numbers_of_the_command_line_are_capabilities_too() {
    for text in ["8.6", "86", "\"8.6\"", "\"sm86\"", "\"SM86\""] {
        let options = read(&format!("compute_capability = {text}"), Flavour::Rtx).unwrap();
        assert_eq!(options.compute_capabilities, [ComputeCapability::Sm86], "{text}");
    }
    let options = read("compute_capability = \"8.6,8.9\"", Flavour::Rtx).unwrap();
    assert_eq!(options.compute_capabilities.len(), 2);
    assert_eq!(capability_text(ComputeCapability::Sm121).as_deref(), Some("12.1"));
    assert_eq!(capability_text(ComputeCapability::Current), None);
}

#[test]
fn wrong_options_are_refused_by_name_and_value() {
    for (text, parts) in [
        (
            "optimisation_level = 3",
            ["optimisation_level", "did you mean optimization_level"],
        ),
        ("optimization_level = 6", ["optimization_level = 6", "0 to 5"]),
        ("compute_capability = \"9.0\"", ["\"9.0\"", "8.6"]),
        ("compute_capability = \"current,8.6\"", ["current", "alone"]),
        ("memory_pools = \"tactic-dram\"", ["tactic-dram", "NAME:SIZE"]),
        ("memory_pools = \"workspace:1GiB\"", ["memory_pools", "workspace"]),
        ("memory_pools = \"tactic-dram:much\"", ["\"much\"", "1GiB"]),
        ("profiling_verbosity = \"high\"", ["\"high\"", "detailed"]),
        ("flags = \"fp16\"", ["fp16", "weak_typing"]),
        (
            "exclude_lean_runtime = true",
            ["exclude_lean_runtime", "version_compatible"],
        ),
        ("plugins_in_engine = true", ["plugins_in_engine", "plugins"]),
        ("timing_cache = true", ["timing_cache", "tensorrt has it"]),
        ("refit = true", ["refit = true", "identical"]),
        ("weight_streaming = \"much\"", ["weight_streaming", "512MiB"]),
        (
            "context_memory = \"user-managed\"",
            ["context_memory", "on-profile-change"],
        ),
        ("cuda_graph = true", ["cuda_graph = true", "whole-graph-capture"]),
    ] {
        let error = read(text, Flavour::Rtx).unwrap_err().to_string();
        assert!(parts.iter().all(|p| error.contains(p)), "{text}: {error}");
    }
    let error = read("compute_capability = \"8.6\"", Flavour::Enterprise).unwrap_err();
    assert!(error.to_string().contains("tensorrt-rtx has it"), "{error}");
}
