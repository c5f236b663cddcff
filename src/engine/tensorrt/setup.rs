//! The builder's configuration and profiles, as the recipe says.

use super::libraries::numbers;
use super::options::{Options, TimingCache};
use super::words;
use crate::engine::EngineError;
use crate::recipe::{Precision, ProfileSpec, Recipe, ShapeRange, ValueRange};
use enginesmith_tensorrt::api::{Builder, BuilderConfig, Network, OptimizationProfile, TensorInfo};
use enginesmith_tensorrt::sys::{BuilderFlag, MemoryPoolType, ProfilingVerbosity, VersionedEnum};

/// Sets everything that the recipe asks for; what it leaves open stays TensorRT's default, but for TF32, which `fp32`
/// turns off.
///
/// # Errors
/// [`EngineError::Request`] naming the option, with the versions that have it where this one does not.
pub fn configure(
    builder: &Builder,
    config: &mut BuilderConfig<'_>,
    recipe: &Recipe,
    options: &Options,
) -> Result<(), EngineError> {
    let precision = recipe.build.precision;
    config
        .set_flag(BuilderFlag::Tf32, precision != Precision::Fp32)
        .map_err(words::error)?;
    if options.weak_typing
        && let Some(flag) = weak_flag(precision)
    {
        config.set_flag(flag, true).map_err(words::option("weak_typing"))?;
    }
    for (flag, option) in &options.flags {
        config.set_flag(*flag, true).map_err(words::option(option))?;
    }
    if let Some(bytes) = recipe.build.workspace {
        config
            .set_memory_pool_limit(MemoryPoolType::Workspace, bytes)
            .map_err(words::option("workspace"))?;
    }
    for (pool, bytes) in &options.memory_pools {
        config
            .set_memory_pool_limit(*pool, *bytes)
            .map_err(words::option("memory_pools"))?;
    }
    if let Some(level) = options.optimization_level {
        config
            .set_optimization_level(level)
            .map_err(words::option("optimization_level"))?;
    }
    // Detailed when nothing else is said: types per layer are the evidence of what an engine computes in, and cost it nothing.
    config
        .set_profiling_verbosity(options.profiling_verbosity.unwrap_or(ProfilingVerbosity::Detailed))
        .map_err(words::option("profiling_verbosity"))?;
    if let Some(level) = options.hardware_compatibility {
        config
            .set_hardware_compatibility(level)
            .map_err(words::option("hardware_compatibility"))?;
    }
    if let Some(platform) = options.runtime_platform {
        config
            .set_runtime_platform(platform)
            .map_err(words::option("runtime_platform"))?;
    }
    if !options.compute_capabilities.is_empty() {
        config
            .set_compute_capabilities(&options.compute_capabilities)
            .map_err(words::option("compute_capability"))?;
    }
    if let Some(streams) = options.aux_streams {
        config
            .set_max_aux_streams(streams)
            .map_err(words::option("aux_streams"))?;
    }
    if let Some(sources) = &options.tactic_sources {
        config
            .set_tactic_sources(sources)
            .map_err(words::option("tactic_sources"))?;
    }
    if let Some(level) = options.tiling {
        config.set_tiling_level(level).map_err(words::option("tiling"))?;
    }
    if let Some(tactics) = options.max_tactics {
        config.set_max_tactics(tactics).map_err(words::option("max_tactics"))?;
    }
    if let Some(iterations) = options.timing_iterations {
        config
            .set_avg_timing_iterations(iterations)
            .map_err(words::option("timing_iterations"))?;
    }
    for feature in &options.preview_features {
        config
            .set_preview_feature(*feature, true)
            .map_err(words::option("preview_features"))?;
    }
    if options.timing_cache == TimingCache::Off {
        config
            .set_flag(BuilderFlag::DisableTimingCache, true)
            .map_err(words::option("timing_cache"))?;
    }
    if options.plugins_in_engine {
        let paths: Vec<_> = options.plugins.iter().map(|p| p.to_string_lossy()).collect();
        let paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
        config
            .set_plugins_to_serialize(&paths)
            .map_err(words::option("plugins_in_engine"))?;
    }
    if let Some(threads) = options.builder_threads {
        builder
            .set_max_threads(threads)
            .map_err(words::option("builder_threads"))?;
    }
    Ok(())
}

/// The flag that allows a precision where TensorRT chooses types; none for those that need no flag.
fn weak_flag(precision: Precision) -> Option<BuilderFlag> {
    match precision {
        Precision::Fp32 | Precision::Tf32 => None,
        Precision::Fp16 => Some(BuilderFlag::Fp16),
        Precision::Bf16 => Some(BuilderFlag::Bf16),
        Precision::Int8 => Some(BuilderFlag::Int8),
        Precision::Fp8 => Some(BuilderFlag::Fp8),
        Precision::Int4 => Some(BuilderFlag::Int4),
    }
}

/// Refuses weak typing where this version has none, or where it would need what we do not give.
///
/// # Errors
/// [`EngineError::Request`] with the versions that have it.
pub fn check_weak_typing(builder: &Builder, precision: Precision) -> Result<(), EngineError> {
    let table = builder.library().table();
    let flag = weak_flag(precision).unwrap_or(BuilderFlag::Fp16);
    flag.value(table).map_err(|unsupported| {
        let version = builder.library().version();
        EngineError::Request(format!(
            "build option weak_typing: {} {} takes the types of the graph only (weak typing exists in {}); leave the option \
             out and convert the graph",
            version.flavour.name(),
            numbers(version),
            unsupported.available
        ))
    })?;
    if precision == Precision::Int8 {
        return Err(EngineError::Request(
            "build option weak_typing: INT8 with weak typing needs calibrated ranges, which a recipe does not give; quantize \
             the graph with a patch (QDQ) and leave the option out"
                .into(),
        ));
    }
    Ok(())
}

/// Adds the recipe's profiles.
///
/// # Errors
/// [`EngineError::Request`]: a dynamic input without a range, a range for an input that is not there, one of another rank,
/// or one that TensorRT refuses.
pub fn add_profiles<'b>(
    builder: &'b Builder,
    config: &mut BuilderConfig<'b>,
    network: &Network<'_>,
    profiles: &[ProfileSpec],
) -> Result<(), EngineError> {
    let inputs = network.inputs().map_err(words::error)?;
    check_profiles(&inputs, profiles)?;
    for (index, spec) in profiles.iter().enumerate() {
        let mut profile = builder.profile().map_err(words::error)?;
        for input in &inputs {
            let shapes = spec.inputs.get(&input.name).map(|r| signed(input, r)).transpose();
            let range = match spec.values.get(&input.name) {
                Some(values) if input.is_shape_tensor => Some(values.clone()),
                _ => shapes.map_err(|text| wrong(index, text))?,
            };
            if let Some(range) = range {
                set(&mut profile, input, &range).map_err(|text| wrong(index, text))?;
            }
        }
        config.add_profile(&profile).map_err(|e| wrong(index, e.to_string()))?;
    }
    Ok(())
}

fn wrong(index: usize, text: String) -> EngineError {
    EngineError::Request(format!("profile {index}: {text}"))
}

/// As TensorRT wants the numbers.
fn signed(input: &TensorInfo, range: &ShapeRange) -> Result<ValueRange, String> {
    let all = |values: &[u64]| -> Result<Vec<i64>, String> {
        let one = |v: &u64| i64::try_from(*v).map_err(|_| format!("input {}: {v} is too large", input.name));
        values.iter().map(one).collect()
    };
    Ok(ValueRange {
        min: all(&range.min)?,
        opt: all(&range.opt)?,
        max: all(&range.max)?,
    })
}

fn set(profile: &mut OptimizationProfile<'_>, input: &TensorInfo, range: &ValueRange) -> Result<(), String> {
    let ValueRange { min, opt, max } = range;
    let set = if input.is_shape_tensor {
        profile.set_shape_values(&input.name, min, opt, max)
    } else {
        profile.set_shape(&input.name, min, opt, max)
    };
    set.map_err(|e| e.to_string())
}

fn is_open(input: &TensorInfo) -> bool {
    input.is_shape_tensor || input.shape.as_ref().is_none_or(|s| s.iter().any(|d| *d < 0))
}

fn shape_text(input: &TensorInfo) -> String {
    let dim = |d: &i64| if *d < 0 { "?".into() } else { d.to_string() };
    match &input.shape {
        Some(shape) => format!("[{}]", shape.iter().map(dim).collect::<Vec<String>>().join(", ")),
        None => "of any rank".into(),
    }
}

fn check_profiles(inputs: &[TensorInfo], profiles: &[ProfileSpec]) -> Result<(), EngineError> {
    let open: Vec<&TensorInfo> = inputs.iter().filter(|i| is_open(i)).collect();
    if profiles.is_empty() && !open.is_empty() {
        let list: Vec<String> = open.iter().map(|i| format!("{} {}", i.name, shape_text(i))).collect();
        return Err(EngineError::Request(format!(
            "the model has dynamic inputs and the recipe has no profile for them: {}; give the range of shapes, for example \
             --min {name}:SHAPE --opt {name}:SHAPE --max {name}:SHAPE",
            list.join(", "),
            name = open.first().map_or("NAME", |i| i.name.as_str()),
        )));
    }
    for (index, profile) in profiles.iter().enumerate() {
        let missing: Vec<&str> = open
            .iter()
            .filter(|i| !profile.inputs.contains_key(&i.name) && !profile.values.contains_key(&i.name))
            .map(|i| i.name.as_str())
            .collect();
        if !missing.is_empty() {
            return Err(wrong(
                index,
                format!("it gives no range for the dynamic input {}", missing.join(", ")),
            ));
        }
        let known = |name: &&String| inputs.iter().any(|i| i.name == **name);
        if let Some(name) = profile.values.keys().find(|n| !known(n)) {
            return Err(wrong(index, format!("the model has no input {name:?}")));
        }
        for (name, range) in &profile.inputs {
            let Some(input) = inputs.iter().find(|i| i.name == *name) else {
                let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
                return Err(wrong(
                    index,
                    format!("the model has no input {name:?}; it has {}", names.join(", ")),
                ));
            };
            let fits = |values: &[u64]| match &input.shape {
                _ if input.is_shape_tensor => true,
                None => true,
                Some(shape) => {
                    let same = |(want, is): (&i64, &u64)| *want < 0 || u64::try_from(*want) == Ok(*is);
                    shape.len() == values.len() && shape.iter().zip(values).all(same)
                }
            };
            for (part, values) in [("min", &range.min), ("opt", &range.opt), ("max", &range.max)] {
                if !fits(values) {
                    return Err(wrong(
                        index,
                        format!(
                            "{part} of input {name} is {values:?}, the model wants {}",
                            shape_text(input)
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, shape: &[i64], is_shape_tensor: bool) -> TensorInfo {
        TensorInfo {
            name: name.into(),
            data_type: None,
            shape: Some(shape.to_vec()),
            is_shape_tensor,
        }
    }

    fn profile(name: &str, min: &[u64], max: &[u64]) -> ProfileSpec {
        let range = ShapeRange {
            min: min.to_vec(),
            opt: min.to_vec(),
            max: max.to_vec(),
        };
        ProfileSpec {
            inputs: [(name.to_string(), range)].into(),
            ..ProfileSpec::default()
        }
    }

    #[test]
    fn profiles_are_checked_against_the_inputs() {
        let inputs = [input("x", &[-1, 3], false), input("w", &[2], false)];
        assert!(check_profiles(&inputs, &[profile("x", &[1, 3], &[8, 3])]).is_ok());
        assert!(check_profiles(&inputs[1..], &[]).is_ok());
        for (profiles, parts) in [
            (vec![], ["x [?, 3]", "--min x:SHAPE"]),
            (vec![profile("w", &[2], &[2])], ["profile 0", "dynamic input x"]),
            (
                vec![profile("x", &[1, 4], &[8, 4])],
                ["min of input x is [1, 4]", "[?, 3]"],
            ),
            (vec![profile("x", &[1, 3], &[8])], ["max of input x", "[8]"]),
        ] {
            let error = check_profiles(&inputs, &profiles).unwrap_err().to_string();
            assert!(parts.iter().all(|p| error.contains(p)), "{error}");
        }
        let mut both = profile("x", &[1, 3], &[8, 3]);
        both.inputs.extend(profile("z", &[1], &[1]).inputs);
        let error = check_profiles(&inputs, &[both]).unwrap_err().to_string();
        assert!(error.contains("no input \"z\"") && error.contains("x, w"), "{error}");
    }

    #[test]
    fn a_shape_tensor_takes_values_of_its_own() {
        let inputs = [input("sizes", &[2], true)];
        assert!(check_profiles(&inputs, &[profile("sizes", &[16, 16], &[64, 64])]).is_ok());
        assert!(check_profiles(&inputs, &[]).is_err());
    }
}
