//! Builds an engine from an ONNX model: `build_engine FOLDER_OF_LIBRARIES MODEL.onnx OUT.engine [COMPUTE_CAPABILITY]`.

use enginesmith_tensorrt::interfaces::{ProgressMonitor, subscribe};
use enginesmith_tensorrt::sys::{ComputeCapability, MemoryPoolType, Severity, VersionedEnum};
use enginesmith_tensorrt::{Error, Library};
use std::{path::Path, sync::Arc};

struct Print;

impl ProgressMonitor for Print {
    fn phase_start(&self, phase: &str, parent: Option<&str>, steps: i32) {
        println!("{phase} ({steps} steps) in {}", parent.unwrap_or("the build"));
    }
    fn step_complete(&self, _phase: &str, _step: i32) -> bool {
        true // false cancels
    }
    fn phase_finish(&self, phase: &str) {
        println!("{phase} done");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, model, out, rest @ ..] = &arguments[..] else {
        return Err("FOLDER MODEL OUT [8.6]".into());
    };
    let _log = subscribe(
        Severity::Warning,
        Arc::new(|severity, text| eprintln!("[{severity:?}] {text}")),
    );
    let library = Library::load(folder)?;
    println!("{}", library.version());
    let builder = library.builder()?;
    let mut network = builder.strongly_typed()?;
    if let Err(Error::Parse(errors)) = network.parser()?.parse_file(Path::new(model)) {
        errors.iter().for_each(|e| eprintln!("{e}"));
        return Err("the parser does not take the model".into());
    }
    let mut config = builder.config()?;
    config.set_memory_pool_limit(MemoryPoolType::Workspace, 1 << 30)?;
    config.set_progress_monitor(Arc::new(Print))?;
    if let Some(capability) = rest.first() {
        let name = format!("sm{}", capability.replace('.', ""));
        config.set_compute_capabilities(&[ComputeCapability::from_short_name(&name).ok_or("unknown capability")?])?;
    }
    let mut profile = builder.profile()?;
    for input in network
        .inputs()?
        .iter()
        .filter(|i| i.shape.iter().flatten().any(|d| *d < 0))
    {
        let with = |open| {
            input
                .shape
                .iter()
                .flatten()
                .map(|d| if *d < 0 { open } else { *d })
                .collect::<Vec<i64>>()
        };
        profile.set_shape(&input.name, &with(1), &with(4), &with(8))?;
    }
    config.add_profile(&profile)?;
    std::fs::write(out, &*builder.build(&network, &config)?)?;
    Ok(())
}
