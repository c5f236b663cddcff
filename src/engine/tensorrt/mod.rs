//! TensorRT and TensorRT-RTX through the crate enginesmith-tensorrt.
//!
//! `libraries` finds them and chooses one, `probe` asks whether one runs on a GPU, `options` reads what a recipe says, `parse` asks the ONNX parser, `build` makes
//! engines (with `setup` for the configuration, `dimensions` for names that two of them share, `progress` for its phases and
//! log, `timing` for the timing cache, `tf32` for plain FP32), `run` runs them (with `device_memory`, and `kernels` for compiled kernels that are kept), `inspect` asks about engine files, `effective` says what one computes in, `words`
//! turns errors into sentences. One process holds one version of one library.

mod build;
mod device_memory;
mod dimensions;
mod effective;
mod engine;
mod file;
mod inspect;
mod kernels;
mod libraries;
mod options;
mod parse;
mod plugins;
pub mod probe;
mod progress;
mod run;
mod setup;
mod tf32;
mod timing;
mod words;

use super::{BuildContext, BuildRequest, Builder, Engine, EngineError, Found, TargetInfo, Usable};
use crate::check::ParserReport;
use crate::engine::cuda;
use crate::engine::plan::EngineView;
use crate::model::Model;
use crate::recipe::{BuildSpec, Precision, TargetSpec};
use enginesmith_tensorrt::{Flavour, Library};
use options::Options;
use probe::Trial;
use std::path::Path;

/// Name of the target for data-center and workstation GPUs.
pub const TENSORRT: &str = "tensorrt";
/// Name of the target for RTX GPUs.
pub const RTX: &str = "tensorrt-rtx";
/// Name that `targets install` knows TensorRT's lean runtime by: no target of its own, it only reads engines of `tensorrt`.
pub const LEAN_RUNTIME: &str = "tensorrt-lean";

/// Builds engines of one of the two products.
pub struct TensorRt {
    /// Which.
    pub flavour: Flavour,
}

/// Name of the target.
fn name(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Enterprise => TENSORRT,
        Flavour::Rtx => RTX,
    }
}

/// How to get it.
fn install(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Rtx => "enginesmith targets install tensorrt-rtx",
        Flavour::Enterprise => {
            "NVIDIA gives the libraries out itself: install the Debian packages libnvinfer10 and libnvonnxparsers10 from \
             NVIDIA's repository, or the pip package tensorrt-cu13 from NVIDIA's index, or unpack NVIDIA's archive and set \
             TENSORRT_HOME to it; libnvinfer.so and libnvonnxparser.so must lie in one folder"
        }
    }
}

impl Builder for TensorRt {
    fn target(&self) -> TargetInfo {
        let devices = cuda::devices();
        let found = libraries::find(self.flavour)
            .into_iter()
            .map(|library| {
                let version = library.version_text();
                let (usable, remark) = match library.refusal() {
                    Some(reason) => (Usable::No(reason), None),
                    None => libraries::usable(self.flavour, &devices, |device| {
                        probe::verdict(&Trial::of(name(self.flavour), &library.found.core, &version, device))
                    }),
                };
                Found {
                    version,
                    usable,
                    remark,
                    path: Some(library.found.core),
                }
            })
            .collect();
        TargetInfo {
            name: name(self.flavour).into(),
            found,
            install: Some(install(self.flavour).into()),
            precisions: Precision::ALL.iter().map(|p| (p.name().to_string(), None)).collect(),
            options: options::help(self.flavour)
                .map(|(name, help)| (name.to_string(), help.to_string()))
                .collect(),
            kinds: options::help(self.flavour)
                .map(|(name, _)| (name.to_string(), options::kind(name)))
                .collect(),
            protocols: ["trtexec-11", "trtexec-10", "serial", "custom"]
                .map(String::from)
                .into(),
        }
    }

    fn parse(&self, model: &Model, target: &TargetSpec, build: &BuildSpec) -> Result<ParserReport, EngineError> {
        let options = Options::read(build, self.flavour)?;
        let library = self.load(target, &options)?;
        parse::report(library, model, target, &options)
    }

    fn inspect(&self, file: &Path, target: &TargetSpec, build: &BuildSpec) -> Result<EngineView, EngineError> {
        let mut view = EngineView::open(file).map_err(EngineError::Request)?;
        let options = Options::read(build, self.flavour)?;
        let path = libraries::choose_for_reading(self.flavour, target, options.library.as_deref())?;
        let library = Library::load_for_running(&path).map_err(words::load)?;
        libraries::check_loaded(self.flavour, target, library)?;
        plugins::load_plugins(library, &options.plugins)?;
        let bytes = std::fs::read(file).map_err(|e| EngineError::Request(format!("{}: {e}", file.display())))?;
        inspect::inspect(library, target.device.unwrap_or(0), &bytes, &mut view).map_err(words::error)?;
        Ok(view)
    }

    fn build(&self, request: &BuildRequest, context: &BuildContext<'_>) -> Result<Box<dyn Engine>, EngineError> {
        build::build(self, request, context)
    }
}

impl TensorRt {
    /// Finds and loads the library that a recipe means, with its plugins.
    fn load(&self, target: &TargetSpec, options: &Options) -> Result<Library, EngineError> {
        let path = libraries::choose(self.flavour, target, options.library.as_deref())?;
        let library = Library::load(&path).map_err(words::load)?;
        libraries::check_loaded(self.flavour, target, library)?;
        plugins::load_plugins(library, &options.plugins)?;
        Ok(library)
    }
}
