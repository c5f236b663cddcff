//! IProfiler: time per layer.

use super::object::{Object, caught, data, interface_info, language};
use super::text;
use crate::sys::{Class, IProfiler, Method, Table};
use std::ffi::{c_char, c_void};
use std::sync::Arc;

/// Takes the time of each layer, in the order of execution, once per profiled run.
pub trait Profiler: Send + Sync {
    /// A layer took so many milliseconds.
    fn layer_time(&self, layer: &str, milliseconds: f32);
}

interface_info!(profiler_info, c"IProfiler");

unsafe extern "C" fn report(this: *mut c_void, layer: *const c_char, milliseconds: f32) {
    // SAFETY: TensorRT passes our object and a C string that lives for the call.
    let (data, layer) = unsafe { (data::<Arc<dyn Profiler>>(this), text(layer)) };
    caught((), || data.layer_time(&layer, milliseconds));
}

pub(crate) struct ProfilerObject(Box<Object<Arc<dyn Profiler>>>);

impl ProfilerObject {
    pub fn new(table: &Table, profiler: Arc<dyn Profiler>) -> ProfilerObject {
        let methods = [
            (Method::I_PROFILER_GET_API_LANGUAGE, language as *const c_void),
            (Method::I_PROFILER_GET_INTERFACE_INFO, profiler_info as *const c_void),
            (Method::I_PROFILER_REPORT_LAYER_TIME, report as *const c_void),
        ];
        ProfilerObject(Object::new(table, Class::I_PROFILER, &methods, profiler))
    }

    pub fn handle(&self) -> IProfiler {
        IProfiler(self.0.address())
    }
}
