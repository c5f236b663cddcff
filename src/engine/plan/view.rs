//! What can be shown of an engine file.

use crate::bench::LayerFinding;
use crate::engine::BuildRecord;
use crate::graph::{Graph, NodePath};
use crate::recipe::Recipe;
use enginesmith_tensorrt::plan::{HEADER_BYTES, header};
use enginesmith_tensorrt::{Flavour, Version};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest build record beside an engine that is read, in bytes.
const LARGEST_RECORD: u64 = 64 << 20;

/// An engine file, as far as it is known: always its header, and what the library says where one could be asked.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EngineView {
    /// Size of the file.
    pub bytes: u64,
    /// What its first bytes say.
    pub header: EngineHeader,
    /// How it was built, when its record lies beside it and belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<BuildRecord>,
    /// The library that was asked, with its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// Why the engine does not run on the machine that was asked; empty when it does, or nobody was asked.
    #[serde(default)]
    pub refusals: Vec<String>,
    /// Inputs and outputs.
    #[serde(default)]
    pub tensors: Vec<EngineTensor>,
    /// Optimization profiles.
    #[serde(default)]
    pub profiles: Vec<EngineProfile>,
    /// Layers, in order of execution.
    #[serde(default)]
    pub layers: Vec<EngineLayer>,
    /// What the layers say.
    #[serde(default)]
    pub findings: Vec<LayerFinding>,
    /// What a reader must know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// What an engine file says about itself in its first bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EngineHeader {
    /// Target that runs it: `tensorrt` or `tensorrt-rtx`.
    pub target: String,
    /// Version that built it, three numbers, when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Compute capabilities it is for (`8.6`); empty when it does not say.
    pub capabilities: Vec<String>,
    /// True when newer GPUs than those run it too.
    pub newer_capabilities: bool,
    /// Bytes of weights in it, when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_bytes: Option<u64>,
    /// False where the format was never checked against real files.
    pub is_verified: bool,
}

/// An input or output.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EngineTensor {
    /// Name.
    pub name: String,
    /// True for an input.
    pub is_input: bool,
    /// Element type as TensorRT names it (`FP16`); empty when not known.
    pub dtype: String,
    /// Sizes; -1 where they depend on the run. None when even the rank is open.
    pub shape: Option<Vec<i64>>,
    /// True when it lies on the host: the values of a shape.
    pub is_on_host: bool,
    /// Memory layout in TensorRT's words.
    pub format: String,
}

/// Shapes of one optimization profile, by input.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EngineProfile {
    /// Inputs in the engine's order.
    pub inputs: Vec<ProfileInput>,
}

/// The shapes of one input in a profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProfileInput {
    /// Name of the input.
    pub name: String,
    /// Smallest.
    pub min: Vec<i64>,
    /// The one it is optimized for.
    pub opt: Vec<i64>,
    /// Largest.
    pub max: Vec<i64>,
}

/// A layer as it runs, after fusion.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EngineLayer {
    /// Its name, often those of the nodes joined by `+`.
    pub name: String,
    /// Its kind (`CaskConvolution`); empty where the engine was built with layer names only.
    #[serde(default)]
    pub kind: String,
    /// The type it computes (`FP16`), from its first output; none when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<String>,
    /// Memory layout of its first output, in TensorRT's words.
    #[serde(default)]
    pub format: String,
    /// The kernel.
    #[serde(default)]
    pub tactic: String,
    /// Names of the ONNX nodes it computes, where it says so.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// What it reads.
    #[serde(default)]
    pub inputs: Vec<LayerTensor>,
    /// What it writes.
    #[serde(default)]
    pub outputs: Vec<LayerTensor>,
}

/// A tensor between layers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LayerTensor {
    /// Name.
    pub name: String,
    /// Sizes; -1 where they depend on the run.
    pub shape: Vec<i64>,
    /// Type (`FP16`), when it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// Memory layout in TensorRT's words.
    #[serde(default)]
    pub format: String,
}

/// True when a file starts like an engine of TensorRT or TensorRT-RTX.
pub fn is_engine(path: &Path) -> bool {
    first_bytes(path).is_ok_and(|bytes| header(&bytes).is_ok())
}

fn first_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    File::open(path)?.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl EngineView {
    /// What an engine file says without any library: its header, and the build record beside it.
    ///
    /// # Errors
    /// A file that cannot be read, or is no engine, by name.
    pub fn open(path: &Path) -> Result<Self, String> {
        let at = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let bytes = first_bytes(path).map_err(|e| at(&e))?;
        let size = std::fs::metadata(path).map_err(|e| at(&e))?.len();
        let header = header(&bytes).map_err(|e| at(&e))?;
        let mut view = Self {
            bytes: size,
            ..Self::default()
        };
        if let Some(should) = header.size.filter(|should| *should != size) {
            let message =
                format!("the file has {size} bytes where its header says {should}: it is damaged or cut short");
            view.refusals.push(message);
        }
        view.record = record(path, size);
        if !header.is_verified {
            let note = "The file's first bytes were read as such files are thought to look; that was never checked for \
                        this version.";
            view.notes.push(note.into());
        }
        view.header = EngineHeader {
            target: match header.flavour {
                Flavour::Rtx => "tensorrt-rtx",
                Flavour::Enterprise => "tensorrt",
            }
            .into(),
            version: header.version.map(three),
            capabilities: header.capabilities.iter().map(|(a, b)| format!("{a}.{b}")).collect(),
            newer_capabilities: header.newer_capabilities,
            weight_bytes: header.weight_bytes,
            is_verified: header.is_verified,
        };
        Ok(view)
    }

    /// The recipe that the engine at `file` was built by, with the path of its model where that is still to be found: as the
    /// record has it, from the engine's folder or the current one, or by its name beside the engine.
    pub fn recipe(&self, file: &Path) -> Option<Recipe> {
        let mut recipe = Recipe::from_toml(&self.record.as_ref()?.recipe).ok()?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let path = &recipe.model.path;
        let beside = path.file_name().map(|name| folder.join(name));
        let places = [Some(folder.join(path)), Some(path.clone()), beside];
        recipe.model.path = places.into_iter().flatten().find(|p| p.is_file())?;
        Some(recipe)
    }

    /// How many layers compute in each type, most first; layers that do not say are left out.
    pub fn precisions(&self) -> Vec<(String, usize)> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for precision in self.layers.iter().filter_map(|l| l.precision.as_ref()) {
            match counts.iter_mut().find(|(name, _)| name == precision) {
                Some((_, count)) => *count += 1,
                None => counts.push((precision.clone(), 1)),
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// The nodes of the model that each layer computes, as far as its metadata names them; as long as `layers`.
    pub fn nodes_of(&self, graph: &Graph) -> Vec<Vec<NodePath>> {
        let mut by_name: HashMap<&str, Vec<&NodePath>> = HashMap::new();
        for node in graph.nodes.iter().filter(|n| !n.name.is_empty()) {
            by_name.entry(&node.name).or_default().push(&node.path);
        }
        let paths = |layer: &EngineLayer| {
            let named = layer.nodes.iter().filter_map(|name| by_name.get(name.as_str()));
            named.flatten().map(|path| (*path).clone()).collect()
        };
        self.layers.iter().map(paths).collect()
    }
}

/// Major, minor and patch: of the build number the file keeps the low byte only.
fn three(version: Version) -> String {
    format!("{}.{}.{}", version.major, version.minor, version.patch)
}

/// The build record beside an engine, if it is of a file of this size.
fn record(path: &Path, size: u64) -> Option<BuildRecord> {
    let beside = crate::engine::record_path(path);
    let meta = std::fs::metadata(&beside).ok().filter(|m| m.len() <= LARGEST_RECORD)?;
    if !meta.is_file() {
        return None;
    }
    let record: BuildRecord = serde_json::from_slice(&std::fs::read(&beside).ok()?).ok()?;
    (record.engine_bytes == Some(size)).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first bytes of an engine for SM 8.6, built by TensorRT-RTX 1.7.1.116, with a size of 96 bytes.
    fn file(size: u64) -> Vec<u8> {
        let mut bytes = vec![0u8; 96];
        bytes[..4].copy_from_slice(b"vtrt");
        bytes[16..24].copy_from_slice(&size.to_le_bytes());
        bytes[24..28].copy_from_slice(&[1, 7, 1, 0x74]);
        bytes[28..32].copy_from_slice(b"vtrt");
        bytes[32] = 4;
        bytes
    }

    #[test]
    fn the_header_is_read_and_a_file_cut_short_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.engine");
        std::fs::write(&path, file(96)).unwrap();
        assert!(is_engine(&path));
        let view = EngineView::open(&path).unwrap();
        assert_eq!(view.header.target, "tensorrt-rtx");
        assert_eq!(view.header.version.as_deref(), Some("1.7.1"));
        assert_eq!((view.header.capabilities, view.bytes), (vec!["8.6".to_string()], 96));
        assert!(view.refusals.is_empty() && view.record.is_none());
        std::fs::write(&path, file(500)).unwrap();
        let view = EngineView::open(&path).unwrap();
        assert!(view.refusals[0].contains("500") && view.refusals[0].contains("cut short"));
        std::fs::write(&path, b"\x08\x07\x12\x04pytorch").unwrap();
        assert!(!is_engine(&path));
        let error = EngineView::open(&path).unwrap_err();
        assert!(
            error.contains("a.engine") && error.contains("does not start like an engine"),
            "{error}"
        );
    }

    #[test]
    fn a_record_of_another_file_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.engine");
        std::fs::write(&path, file(96)).unwrap();
        let mut record = BuildRecord {
            target: "tensorrt-rtx".into(),
            engine_bytes: Some(96),
            ..BuildRecord::default()
        };
        let beside = crate::engine::record_path(&path);
        std::fs::write(&beside, serde_json::to_vec(&record).unwrap()).unwrap();
        assert_eq!(EngineView::open(&path).unwrap().record, Some(record.clone()));
        record.engine_bytes = Some(97);
        std::fs::write(&beside, serde_json::to_vec(&record).unwrap()).unwrap();
        assert_eq!(EngineView::open(&path).unwrap().record, None);
    }

    #[test]
    fn the_model_of_an_engine_is_found_where_it_lies_now() {
        let folder = tempfile::tempdir().unwrap();
        let engine = folder.path().join("a.engine");
        let view = |path: &str| EngineView {
            record: Some(BuildRecord {
                recipe: format!("version = 1\n[model]\npath = {path:?}\n"),
                ..BuildRecord::default()
            }),
            ..EngineView::default()
        };
        let moved = view("/was/somewhere/else/net.onnx");
        assert_eq!(moved.recipe(&engine), None);
        let beside = folder.path().join("net.onnx");
        std::fs::write(&beside, "m").unwrap();
        assert_eq!(moved.recipe(&engine).unwrap().model.path, beside);
        assert_eq!(view("net.onnx").recipe(&engine).unwrap().model.path, beside);
        assert_eq!(EngineView::default().recipe(&engine), None);
    }

    #[test]
    fn precisions_are_counted_over_layers_that_say_one() {
        let layer = |precision: Option<&str>| EngineLayer {
            precision: precision.map(String::from),
            ..EngineLayer::default()
        };
        let view = EngineView {
            layers: vec![
                layer(Some("FP32")),
                layer(Some("FP16")),
                layer(None),
                layer(Some("FP16")),
            ],
            ..EngineView::default()
        };
        assert_eq!(view.precisions(), [("FP16".into(), 2), ("FP32".into(), 1)]);
    }
}
