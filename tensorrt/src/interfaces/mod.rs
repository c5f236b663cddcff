//! C++ interfaces implemented in Rust: what TensorRT calls back.
//!
//! Each is a Rust trait (or, for the logger and the error recorder, a collector) behind an object with a table of functions
//! laid out for the loaded version. No panic crosses into C++: every callback is caught.

mod allocator;
mod calibrator;
mod logger;
mod object;
mod profiler;
mod progress;
mod recorder;
mod writer;

pub use allocator::OutputAllocator;
pub use calibrator::{CalibrationAlgorithm, Int8Calibrator};
pub use logger::{LogLine, LogSink, Subscription, subscribe};
pub use profiler::Profiler;
pub use progress::ProgressMonitor;
pub use recorder::RecordedError;

pub(crate) use allocator::AllocatorObject;
pub(crate) use calibrator::CalibratorObject;
pub(crate) use logger::{LogMark, LoggerObject};
pub(crate) use profiler::ProfilerObject;
pub(crate) use progress::ProgressObject;
pub(crate) use recorder::RecorderObject;
pub(crate) use writer::WriterObject;

use std::ffi::{CStr, c_char};

/// Copies a C string; null is the empty string, bytes that are not UTF-8 are replaced.
///
/// # Safety
/// The pointer is null or a C string that lives for the call.
pub(crate) unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}
