//! Large weights given to a session where they lie in the model's files, which the system has mapped: neither ONNX Runtime
//! nor this program copies them.

use super::words::session_error;
use crate::engine::EngineError;
use crate::graph::Graph;
use crate::model::onnx::tensor_proto::DataLocation;
use crate::model::onnx::{ModelProto, StringStringEntryProto};
use crate::model::{DataType, Model, Tensor};
use ort::AsPointer;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::builder::SessionBuilder;
use ort::value::{Shape, TensorRefMut};
use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::path::Path;

/// Weights with less data stay in the message: shape inference may want to read them.
const SMALL: u64 = 1024;
/// Operators that read weights of any alignment on x86-64: MLAS loads them with instructions for that (`MlasLoadFloat32x4`
/// is `_mm_loadu_ps`), and Gather moves bytes. Protobuf aligns nothing.
const ANYWHERE: [&str; 5] = ["Conv", "ConvTranspose", "Gather", "Gemm", "MatMul"];
/// Where files are looked for that a model in memory names (onnxruntime_session_options_config_keys.h).
const FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// The weights of a session; to be dropped after it.
#[derive(Default)]
pub struct Weights {
    values: Vec<(CString, TensorRefMut<'static, f32>)>,
    /// What `values` point into.
    tensors: Vec<Tensor>,
}

impl Weights {
    /// Takes the data of large float32 initializers of the top level out of `proto`, which has those of `graph`'s model, and
    /// says instead where in the model's file it is. A session gets the data by [`Self::add_to`]; it must not be optimized,
    /// as the optimizer makes copies of what it reads there.
    ///
    /// # Errors
    /// A weight that cannot be read.
    pub fn take(graph: &Graph, proto: &mut ModelProto) -> Result<Self, EngineError> {
        let failed = |e: &dyn std::fmt::Display| EngineError::Failed(e.to_string());
        let model = &*graph.model;
        let mut taken = Self::default();
        let Some(top) = proto.graph.as_option_mut() else {
            return Ok(taken);
        };
        // In old versions of the format initializers are inputs too, which a caller could replace.
        let inputs: HashSet<&str> = top.input.iter().filter_map(|i| i.name.as_deref()).collect();
        let anywhere = read_anywhere(graph);
        for stored in &mut top.initializer {
            let Some(name) = stored.name.as_deref().filter(|n| !n.is_empty() && !inputs.contains(n)) else {
                continue;
            };
            let is_float = stored.data_type == Some(DataType::Float32.to_onnx());
            if !is_float || model.tensor_bytes(stored).map_err(|e| failed(&e))? < SMALL {
                continue;
            }
            let is_outside = stored.data_location == Some(DataLocation::EXTERNAL);
            let tensor = model.tensor(stored).map_err(|e| failed(&e))?;
            let is_aligned = tensor.bytes.as_ptr().cast::<f32>().is_aligned();
            let (Ok(name), true) = (CString::new(name), is_aligned || anywhere.contains(name)) else {
                continue;
            };
            if !is_outside {
                let Some(entries) = place(model, &tensor) else {
                    continue;
                };
                stored.raw_data = None;
                stored.data_location = Some(DataLocation::EXTERNAL);
                stored.external_data = entries;
            }
            let memory = MemoryInfo::new(AllocationDevice::CPU, 0, AllocatorType::Device, MemoryType::Default);
            let dims: Shape = tensor
                .dims
                .iter()
                .map(|d| i64::try_from(*d).unwrap_or(i64::MAX))
                .collect();
            let data = tensor.bytes.as_ptr().cast_mut().cast();
            // SAFETY: the data has as many bytes as the tensor's type and dims say (a `Tensor` is made only when they agree)
            // and lives as long as this struct; a session only reads initializers, and whoever reads this one takes the
            // alignment it has.
            let value = unsafe { TensorRefMut::from_raw(memory.map_err(|e| failed(&e))?, data, dims) };
            taken.values.push((name, value.map_err(|e| failed(&e))?));
            taken.tensors.push(tensor);
        }
        Ok(taken)
    }

    /// Gives them to the session to be made of a message without them.
    ///
    /// # Errors
    /// ONNX Runtime's.
    pub fn add_to(&self, builder: SessionBuilder, model: &Model) -> Result<SessionBuilder, EngineError> {
        let path = std::path::absolute(model.path()).unwrap_or_else(|_| model.path().into());
        let folder = path.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
        let builder = builder
            .with_config_entry(FOLDER, folder)
            .map_err(ort::Error::<()>::from);
        let builder = builder.map_err(|e| session_error(&e))?;
        for (name, value) in &self.values {
            // SAFETY: the options and the value are alive, the name ends in a zero; whoever calls this drops the session
            // before these weights.
            let status = unsafe {
                let add = ort::api().AddInitializer;
                ort::Error::result_from_status(add(builder.ptr().cast_mut(), name.as_ptr(), value.ptr()))
            };
            status.map_err(|e| session_error(&e))?;
        }
        Ok(builder)
    }
}

/// Initializers that only operators read that take any alignment.
fn read_anywhere(graph: &Graph) -> HashSet<&str> {
    // What runs inside a body may read tensors of the top level.
    if !cfg!(target_arch = "x86_64") || graph.bodies.len() > 1 {
        return HashSet::new();
    }
    let mut fits: HashMap<&str, bool> = HashMap::new();
    for node in &graph.nodes {
        let is_known = ANYWHERE.contains(&&*node.op_type) && node.domain.is_empty();
        for input in node.inputs.iter().flatten() {
            *fits.entry(&graph.tensor(*input).name).or_insert(true) &= is_known;
        }
    }
    fits.into_iter()
        .filter(|(_, fits)| *fits)
        .map(|(name, _)| name)
        .collect()
}

/// Where in the model's file the data is, as external data has it; none for data from elsewhere.
fn place(model: &Model, tensor: &Tensor) -> Option<Vec<StringStringEntryProto>> {
    let file = model.file_data().as_ptr_range();
    let data = tensor.bytes.as_ptr_range();
    if data.start < file.start || data.end > file.end {
        return None;
    }
    let offset = data.start.addr() - file.start.addr();
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: Some(key.into()),
        value: Some(value),
        ..Default::default()
    };
    let name = model.path().file_name()?.to_str()?.to_owned();
    let length = tensor.bytes.len().to_string();
    let entries = [("location", name), ("offset", offset.to_string()), ("length", length)];
    Some(entries.map(entry).into())
}
