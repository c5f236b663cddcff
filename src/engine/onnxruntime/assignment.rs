//! Which execution provider runs which node, asked of the session: ONNX Runtime records it from version 1.24 on.
//!
//! The binding is built for an older interface, so these functions are taken from the newer table by their places in it
//! (`onnxruntime_c_api.h`, struct OrtApi; the table only ever grows).

use crate::engine::{EngineError, ProviderNodes};
use ort::AsPointer;
use ort::session::Session;
use ort::sys::{OrtSession, OrtStatusPtr};
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

/// Setting of a session that makes ONNX Runtime record it; older versions do not look at it.
pub const RECORD: (&str, &str) = ("session.record_ep_graph_assignment_info", "1");
/// Version of the interface that has the functions.
const VERSION: u32 = 24;
/// Places in the table: of `Session_GetEpGraphAssignmentInfo`, `EpAssignedSubgraph_GetEpName` and so on.
const INFO: usize = 407;
const PROVIDER: usize = 408;
const NODES: usize = 409;
const NAME: usize = 410;
const OPERATOR: usize = 412;

/// `OrtApiBase`.
#[repr(C)]
struct Base {
    api: unsafe extern "system" fn(u32) -> *const *const c_void,
    version: unsafe extern "system" fn() -> *const c_char,
}

type List = unsafe extern "system" fn(*const c_void, *mut *const *const c_void, *mut usize) -> OrtStatusPtr;
type Text = unsafe extern "system" fn(*const c_void, *mut *const c_char) -> OrtStatusPtr;

struct Table(*const *const c_void);

impl Table {
    /// The elements of a list that `from` owns.
    fn list(&self, place: usize, from: *const c_void) -> Result<Vec<*const c_void>, EngineError> {
        let (mut items, mut count) = (std::ptr::null(), 0usize);
        // SAFETY: the table has this function from VERSION on, which takes an object that is alive and writes both results.
        let status = unsafe {
            let get: List = std::mem::transmute(*self.0.add(place));
            ort::Error::result_from_status(get(from, &mut items, &mut count))
        };
        status.map_err(|e| EngineError::Failed(e.to_string()))?;
        if items.is_null() || count == 0 {
            return Ok(Vec::new());
        }
        // SAFETY: so many pointers lie there, as long as the session lives.
        Ok(unsafe { std::slice::from_raw_parts(items, count) }.to_vec())
    }

    fn text(&self, place: usize, of: *const c_void) -> Result<String, EngineError> {
        let mut text = std::ptr::null();
        // SAFETY: as in `list`; the text belongs to the session and ends with NUL.
        unsafe {
            let get: Text = std::mem::transmute(*self.0.add(place));
            let status = ort::Error::result_from_status(get(of, &mut text));
            status.map_err(|e| EngineError::Failed(e.to_string()))?;
            if text.is_null() {
                return Ok(String::new());
            }
            Ok(CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    }
}

/// The nodes of each provider, in the order of the session's own list.
///
/// # Errors
/// [`EngineError::Unsupported`] where this ONNX Runtime does not record it; its own message.
pub fn assigned(library: &Path, session: &Session) -> Result<Vec<ProviderNodes>, EngineError> {
    let failed = |e: libloading::Error| EngineError::Failed(e.to_string());
    // SAFETY: the library is loaded already; this counts one more user of it. The symbol is what every ONNX Runtime exports.
    let (_library, table) = unsafe {
        let loaded = libloading::Library::new(library).map_err(failed)?;
        let base: libloading::Symbol<'_, unsafe extern "system" fn() -> *const Base> =
            loaded.get(b"OrtGetApiBase").map_err(failed)?;
        let base = base();
        let table = if base.is_null() {
            std::ptr::null()
        } else {
            ((*base).api)(VERSION)
        };
        (loaded, table)
    };
    if table.is_null() {
        return Err(EngineError::Unsupported(
            "which provider runs which node is recorded by ONNX Runtime 1.24 and newer; this one is older".into(),
        ));
    }
    let table = Table(table);
    let session: *const OrtSession = session.ptr();
    let mut all: Vec<ProviderNodes> = Vec::new();
    for part in table.list(INFO, session.cast())? {
        let provider = table.text(PROVIDER, part)?;
        let at = all.iter().position(|p| p.provider == provider).unwrap_or_else(|| {
            all.push(ProviderNodes {
                provider,
                nodes: Vec::new(),
            });
            all.len() - 1
        });
        for node in table.list(NODES, part)? {
            let (name, operator) = (table.text(NAME, node)?, table.text(OPERATOR, node)?);
            all[at].nodes.push((name, operator));
        }
    }
    Ok(all)
}
