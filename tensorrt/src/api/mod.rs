//! The safe layer: objects whose lifetimes follow what TensorRT needs to stay alive.
//!
//! A [`Builder`] makes [`Network`]s, [`BuilderConfig`]s and [`OptimizationProfile`]s, which borrow it. A [`Runtime`] makes
//! [`Engine`]s and those [`ExecutionContext`]s, which hold on to what they came from. Strings and lists are copied at once.

mod builder;
mod cache;
mod config;
mod context;
mod engine;
mod memory;
mod network;
mod parser;
mod plugins;
mod profile;
mod runtime;

pub use builder::Builder;
pub use cache::RuntimeCache;
pub use config::BuilderConfig;
pub use context::{ContextOptions, ExecutionContext};
pub use engine::{Engine, IoTensor};
pub use memory::HostMemory;
pub use network::{LayerInfo, Network, TensorInfo};
pub use parser::{ModelSupport, Parser, ParserError, Subgraph};
pub use plugins::{PluginCreator, PluginRegistry};
pub use profile::OptimizationProfile;
pub use runtime::{EngineCheck, Runtime};

use crate::error::{Error, Failure, LoadError, Result};
use crate::interfaces::{LogMark, RecorderObject};
use crate::load::Library;
use crate::sys::{Class, Dims};
use std::ffi::CString;

/// A C string of text that may not hold a zero byte.
fn c_string(what: &str, text: &str) -> Result<CString> {
    let reason = || format!("{text:?} contains a zero byte");
    CString::new(text).map_err(|_| Error::Invalid {
        what: what.into(),
        reason: reason(),
    })
}

/// A shape as TensorRT wants it.
fn dims(what: &str, shape: &[i64]) -> Result<Dims> {
    let reason = || format!("{shape:?} has {} dimensions, at most 8 are possible", shape.len());
    Dims::new(shape).ok_or_else(|| Error::Invalid {
        what: what.into(),
        reason: reason(),
    })
}

/// The error for a call that TensorRT refused.
fn failed(library: Library, what: &str, mark: LogMark, recorder: Option<&RecorderObject>) -> Error {
    let errors = recorder.map(|r| r.take(library.inner.table)).unwrap_or_default();
    Error::Failed(Failure {
        what: what.into(),
        errors,
        log: mark.lines(),
    })
}

/// The error for an object whose implementation pointer is null.
fn hollow(library: Library, class: Class) -> LoadError {
    library.layout(class, "it has no implementation".into())
}

/// The implementation of an object, or the error that it has none.
macro_rules! inner {
    ($library:expr, $object:expr, $class:ident) => {{
        // SAFETY: the object was just made by the library and is of this class (checked on the first of it).
        let inner = unsafe { $object.inner() };
        inner.ok_or_else(|| crate::api::hollow($library, crate::sys::Class::$class))
    }};
}
use inner;
