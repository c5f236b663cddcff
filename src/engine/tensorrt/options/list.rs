//! What options there are: for which target, with what help, and what they take.

use crate::engine::OptionKind;
use enginesmith_tensorrt::Flavour;
use enginesmith_tensorrt::sys::{
    BuilderFlag, CudaGraphStrategy, DynamicShapesKernelSpecializationStrategy, HardwareCompatibilityLevel,
    ProfilingVerbosity, RuntimePlatform, TilingOptimizationLevel, VersionedEnum,
};

/// Which targets an option is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum For {
    Both,
    Rtx,
    Enterprise,
}

/// Every option with a line of help.
pub(super) const HELP: &[(&str, For, &str)] = &[
    (
        "optimization_level",
        For::Both,
        "how hard to look for fast kernels, 0 (quick) to 5 (thorough); 3 when not given",
    ),
    (
        "compute_capability",
        For::Rtx,
        "GPUs to build for: \"8.6\", several as \"8.6,8.9\", or \"current\"; all when not given",
    ),
    (
        "memory_pools",
        For::Both,
        "limits of memory pools besides the workspace: \"tactic-dram:2GiB,tactic-shared-memory:48KiB\"",
    ),
    (
        "profiling_verbosity",
        For::Both,
        "what the engine tells about its layers: detailed (default), layer-names-only or none",
    ),
    (
        "sparsity",
        For::Both,
        "use sparse kernels where weights have the 2:4 pattern: true or false (default)",
    ),
    (
        "strip_weights",
        For::Both,
        "leave weights out of the engine file, to be refitted later: true or false (default)",
    ),
    (
        "refit",
        For::Both,
        "which weights can be replaced later: off (default), all, identical or individual",
    ),
    (
        "version_compatible",
        For::Both,
        "let newer versions of the same major version run the engine: true or false (default)",
    ),
    (
        "exclude_lean_runtime",
        For::Both,
        "leave the lean runtime out of a version compatible engine: true or false (default)",
    ),
    (
        "hardware_compatibility",
        For::Enterprise,
        "which other GPUs shall run the engine: none (default), ampere-plus or same-compute-capability",
    ),
    (
        "runtime_platform",
        For::Enterprise,
        "the system the engine shall run on: same-as-build (default) or windows-amd64",
    ),
    (
        "weak_typing",
        For::Both,
        "let TensorRT choose lower precisions by itself (10.x): true, or false (types as the graph says, default)",
    ),
    (
        "weight_streaming",
        For::Both,
        "most bytes of weights on the GPU at a time, the others are copied during each inference: \"512MiB\"; all when not given",
    ),
    (
        "cuda_graph",
        For::Rtx,
        "whether the library itself captures a CUDA graph when it runs: disabled or whole-graph-capture; its choice when not given",
    ),
    (
        "kernel_specialization",
        For::Rtx,
        "when kernels are compiled for the shapes of a run: lazy, eager or none; the library's choice when not given",
    ),
    (
        "context_memory",
        For::Both,
        "when the memory of a run is allocated: static (once, for the largest shapes; default) or on-profile-change",
    ),
    (
        "runtime_cache",
        For::Rtx,
        "keep kernels compiled on this GPU for the next process: true, false (default) or a file",
    ),
    (
        "aux_streams",
        For::Both,
        "streams besides the main one that the engine may use; TensorRT's choice when not given",
    ),
    (
        "tactic_sources",
        For::Both,
        "where kernels may come from, all others off: \"cublas-lt,edge-mask-convolutions\"",
    ),
    (
        "tiling",
        For::Both,
        "how hard to look for tilings over several layers: none, fast, moderate or full",
    ),
    ("max_tactics", For::Both, "most kernels to time per layer"),
    (
        "timing_iterations",
        For::Both,
        "how often each kernel is timed; 1 when not given",
    ),
    (
        "timing_cache",
        For::Enterprise,
        "keep timings between builds on the same GPU and version: true (default), false, or a file",
    ),
    (
        "builder_threads",
        For::Both,
        "threads of the builder; TensorRT's choice when not given",
    ),
    (
        "flags",
        For::Both,
        "further builder flags by name: \"strict-nans,direct-io\"",
    ),
    (
        "preview_features",
        For::Both,
        "preview features to turn on, by name: \"profile-sharing-0806\"",
    ),
    (
        "parser_flags",
        For::Both,
        "flags of the ONNX parser: \"native-instancenorm\"",
    ),
    (
        "plugins",
        For::Both,
        "plugin libraries to load: a path or a list of paths. They run their own code: name only those you trust",
    ),
    (
        "plugins_in_engine",
        For::Both,
        "store those plugin libraries inside of the engine: true or false (default)",
    ),
    (
        "library",
        For::Both,
        "the library file, or its folder, instead of the one that is found",
    ),
];

/// Builder flags that have an option, or the precision, of their own.
pub(super) const OWN: &[(BuilderFlag, &str)] = &[
    (BuilderFlag::Tf32, "precision"),
    (BuilderFlag::Fp16, "weak_typing with precision fp16"),
    (BuilderFlag::Bf16, "weak_typing with precision bf16"),
    (BuilderFlag::Int8, "weak_typing with precision int8"),
    (BuilderFlag::Fp8, "weak_typing with precision fp8"),
    (BuilderFlag::Int4, "weak_typing with precision int4"),
    (BuilderFlag::SparseWeights, "sparsity"),
    (BuilderFlag::StripPlan, "strip_weights"),
    (BuilderFlag::WeightStreaming, "weight_streaming"),
    (BuilderFlag::Refit, "refit"),
    (BuilderFlag::RefitIdentical, "refit"),
    (BuilderFlag::RefitIndividual, "refit"),
    (BuilderFlag::VersionCompatible, "version_compatible"),
    (BuilderFlag::ExcludeLeanRuntime, "exclude_lean_runtime"),
    (BuilderFlag::DisableTimingCache, "timing_cache"),
];

/// The options of a target with help.
pub fn help(flavour: Flavour) -> impl Iterator<Item = (&'static str, &'static str)> {
    HELP.iter()
        .filter(move |(_, who, _)| fits(*who, flavour))
        .map(|(name, _, help)| (*name, *help))
}

/// What an option takes.
pub fn kind(name: &str) -> OptionKind {
    fn names<E: VersionedEnum>() -> OptionKind {
        OptionKind::choice(E::ALL.iter().map(|e| e.short_name()))
    }
    let text = |like: &str| OptionKind::Text(like.into());
    match name {
        "optimization_level" => OptionKind::whole(0, 5, 3),
        "aux_streams" => OptionKind::whole(0, 64, 0),
        "max_tactics" => OptionKind::whole(1, i64::from(i32::MAX), 8),
        "timing_iterations" => OptionKind::whole(1, 1000, 1),
        "builder_threads" => OptionKind::whole(1, 1024, 1),
        "profiling_verbosity" => names::<ProfilingVerbosity>(),
        "hardware_compatibility" => names::<HardwareCompatibilityLevel>(),
        "runtime_platform" => names::<RuntimePlatform>(),
        "tiling" => names::<TilingOptimizationLevel>(),
        "cuda_graph" => names::<CudaGraphStrategy>(),
        "kernel_specialization" => names::<DynamicShapesKernelSpecializationStrategy>(),
        "context_memory" => OptionKind::choice(["static", "on-profile-change"]),
        "weight_streaming" => text("512MiB"),
        "refit" => OptionKind::choice(["off", "all", "identical", "individual"]),
        "compute_capability" => text("8.6,12.0"),
        "memory_pools" => text("tactic-dram:2GiB"),
        "tactic_sources" => text("cublas-lt,edge-mask-convolutions"),
        "flags" => text("strict-nans,direct-io"),
        "preview_features" => text("profile-sharing-0806"),
        "parser_flags" => text("native-instancenorm"),
        "plugins" => text("/path/to/libplugin.so"),
        "library" => text("/path/to/the/libraries"),
        _ => OptionKind::Flag,
    }
}

/// True when a target has options of this kind.
pub(super) fn fits(who: For, flavour: Flavour) -> bool {
    match who {
        For::Both => true,
        For::Rtx => flavour == Flavour::Rtx,
        For::Enterprise => flavour == Flavour::Enterprise,
    }
}
