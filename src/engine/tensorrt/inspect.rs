//! Asking the library about an engine file.

use super::words;
use crate::engine::cuda::{self, DeviceInfo};
use crate::engine::plan::{EngineLayer, EngineProfile, EngineTensor, EngineView, ProfileInput, read_layers};
use enginesmith_tensorrt::api::{Engine, Runtime};
use enginesmith_tensorrt::sys::{
    DataType, EngineInvalidityDiagnostics as Diagnostics, EngineValidity, ProfileSelector, TensorIoMode,
    TensorLocation, VersionedEnum,
};
use enginesmith_tensorrt::{Error, Library, Version};

/// Adds what the library says to what the file says: whether it runs here, and where a GPU permits, its inputs and outputs,
/// profiles and layers.
///
/// # Errors
/// A library that gives no runtime.
pub fn inspect(library: Library, index: u32, bytes: &[u8], view: &mut EngineView) -> Result<(), Error> {
    view.library = Some(library.version().to_string());
    versions(library.version(), view);
    let runtime = library.runtime()?;
    let device = cuda::devices().and_then(|devices| {
        let found = devices.into_iter().find(|d| d.index == index);
        found.ok_or_else(|| format!("there is no GPU {index}"))
    });
    let said = validity(&runtime, bytes, device.is_ok(), view);
    match device.and_then(|device| read(&runtime, &device, bytes)) {
        Ok(engine) => {
            // What the library says of a file it then reads is a remark: it calls engines for compute capability 9.0 invalid
            // and runs them.
            let notes = said.into_iter().map(|d| {
                let words = diagnosis(d);
                format!("TensorRT-RTX says that {words}; it read the engine all the same.")
            });
            view.notes.extend(notes);
            fill(&engine, view);
        }
        Err(why) => {
            view.refusals.extend(said.into_iter().map(|d| diagnosis(d).into()));
            view.refusals.push(why);
        }
    }
    Ok(())
}

/// Engines belong to the version that built them, unless they were built version compatible, which then newer ones read.
fn versions(library: Version, view: &mut EngineView) {
    let Some(built) = view.header.version.as_deref() else {
        return;
    };
    let Some(built) = Version::from_text(library.flavour, built) else {
        return;
    };
    let (old, new) = ((built.major, built.minor), (library.major, library.minor));
    let words = format!("it was built by {built} and would be read by {library}");
    match old.cmp(&new) {
        std::cmp::Ordering::Equal => {}
        std::cmp::Ordering::Greater => view.refusals.push(format!("{words}, which is older")),
        std::cmp::Ordering::Less => view.notes.push(format!(
            "The engine runs only if it was built with version_compatible: {words}, which is newer."
        )),
    }
}

/// What TensorRT-RTX says about the file without reading it; TensorRT has no such question. Without a GPU it complains
/// about that too, which is left out.
fn validity(runtime: &Runtime, bytes: &[u8], has_device: bool, view: &mut EngineView) -> Vec<Diagnostics> {
    let Ok(check) = runtime.check_engine(bytes) else {
        return Vec::new();
    };
    let about_the_device = |d: &Diagnostics| {
        matches!(
            d,
            Diagnostics::CudaError | Diagnostics::OldCudaDriver | Diagnostics::OldCudaRuntime
        )
    };
    if check.validity == Some(EngineValidity::Suboptimal) {
        view.notes
            .push("TensorRT-RTX calls the engine valid but not optimal here; build it again for this GPU.".into());
    }
    let said = check.diagnostics.into_iter();
    said.filter(|d| has_device || !about_the_device(d)).collect()
}

fn diagnosis(of: Diagnostics) -> &'static str {
    match of {
        Diagnostics::VersionMismatch => {
            "it was built by a version that this library cannot read; use the version that built it"
        }
        Diagnostics::UnsupportedCc => {
            "it was built for other compute capabilities than this GPU's; build it again for this one"
        }
        Diagnostics::OldCudaDriver => "the NVIDIA driver is older than the engine needs; update it",
        Diagnostics::OldCudaRuntime => "the CUDA runtime is older than the engine needs; update the library",
        Diagnostics::InsufficientGpuMemory => "the GPU has less memory than the engine needs",
        Diagnostics::MalformedEngine => "the file is damaged",
        Diagnostics::CudaError => "CUDA failed while the engine was looked at",
    }
}

fn read(runtime: &Runtime, device: &DeviceInfo, bytes: &[u8]) -> Result<Engine, String> {
    let _context = cuda::Device::open(device.index)?;
    runtime.engine(bytes).map_err(|e| words::error(e).to_string())
}

fn fill(engine: &Engine, view: &mut EngineView) {
    let mut note = |what: &str, error: String| view.notes.push(format!("TensorRT did not tell {what}: {error}"));
    match tensors(engine) {
        Ok(tensors) => view.tensors = tensors,
        Err(error) => note("inputs and outputs", error.to_string()),
    }
    match profiles(engine) {
        Ok(profiles) => view.profiles = profiles,
        Err(error) => note("profiles", error.to_string()),
    }
    let json = engine.inspect_json(None).map_err(|e| e.to_string());
    match json.and_then(|json| read_layers(&json)) {
        Ok(layers) => view.layers = layers,
        Err(error) => note("layers", error),
    }
    if !view.layers.is_empty() && view.layers.iter().all(|l: &EngineLayer| l.kind.is_empty()) {
        let note =
            "The engine was built with layer names only; profiling_verbosity = \"detailed\" tells types and formats.";
        view.notes.push(note.into());
    }
}

fn type_name(of: Option<DataType>) -> String {
    match of {
        Some(DataType::Float) => "FP32".into(),
        Some(DataType::Half) => "FP16".into(),
        Some(other) => other.short_name().to_uppercase(),
        None => String::new(),
    }
}

fn tensors(engine: &Engine) -> Result<Vec<EngineTensor>, Error> {
    let tensor = |t: enginesmith_tensorrt::api::IoTensor| EngineTensor {
        name: t.name,
        is_input: t.mode == Some(TensorIoMode::Input),
        dtype: type_name(t.data_type),
        shape: t.shape,
        is_on_host: t.location == Some(TensorLocation::Host),
        format: t.format_text,
    };
    Ok(engine.tensors()?.into_iter().map(tensor).collect())
}

fn profiles(engine: &Engine) -> Result<Vec<EngineProfile>, Error> {
    let mut profiles = Vec::new();
    for index in 0..engine.profile_count()? {
        let mut profile = EngineProfile::default();
        for tensor in engine.tensors()? {
            if tensor.mode != Some(TensorIoMode::Input) {
                continue;
            }
            let of = |which| engine.profile_shape(&tensor.name, index, which);
            let (min, opt, max) = (
                of(ProfileSelector::Min)?,
                of(ProfileSelector::Opt)?,
                of(ProfileSelector::Max)?,
            );
            if let (Some(min), Some(opt), Some(max)) = (min, opt, max) {
                let name = tensor.name;
                profile.inputs.push(ProfileInput { name, min, opt, max });
            }
        }
        profiles.push(profile);
    }
    Ok(profiles)
}
