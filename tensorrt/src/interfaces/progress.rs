//! IProgressMonitor: phases and steps of a build, and the way to cancel it.

use super::object::{Object, caught, data, interface_info, language};
use super::text;
use crate::sys::{Class, IProgressMonitor, Method, Table};
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Follows a build. TensorRT calls it from its own threads, several phases at once; phases form a tree by their names.
pub trait ProgressMonitor: Send + Sync {
    /// A phase of `steps` steps begins inside `parent`; `None` is the whole build.
    fn phase_start(&self, phase: &str, parent: Option<&str>, steps: i32);

    /// Step number `step` (from 0) of a phase is done. `false` cancels the build.
    fn step_complete(&self, phase: &str, step: i32) -> bool;

    /// A phase ends; it may end before all of its steps are done.
    fn phase_finish(&self, phase: &str);
}

struct Data {
    monitor: Arc<dyn ProgressMonitor>,
    cancelled: AtomicBool,
    panicked: AtomicBool,
}

impl Data {
    /// Runs a callback of the monitor; a panic in it cancels the build at the next step.
    fn call<R>(&self, fallback: R, f: impl FnOnce(&dyn ProgressMonitor) -> R) -> R {
        let result = caught(None, || Some(f(&*self.monitor)));
        result.unwrap_or_else(|| {
            self.panicked.store(true, Ordering::Relaxed);
            fallback
        })
    }
}

interface_info!(monitor_info, c"IProgressMonitor");

unsafe extern "C" fn phase_start(this: *mut c_void, phase: *const c_char, parent: *const c_char, steps: i32) {
    // SAFETY: TensorRT passes our object and C strings that live for the call; the parent may be null.
    let (data, phase, parent_text) = unsafe { (data::<Data>(this), text(phase), text(parent)) };
    let parent = (!parent.is_null()).then_some(parent_text.as_str());
    data.call((), |m| m.phase_start(&phase, parent, steps));
}

unsafe extern "C" fn step_complete(this: *mut c_void, phase: *const c_char, step: i32) -> bool {
    // SAFETY: as above.
    let (data, phase) = unsafe { (data::<Data>(this), text(phase)) };
    let go_on = data.call(false, |m| m.step_complete(&phase, step));
    let go_on = go_on && !data.panicked.load(Ordering::Relaxed);
    if !go_on {
        data.cancelled.store(true, Ordering::Relaxed);
    }
    go_on
}

unsafe extern "C" fn phase_finish(this: *mut c_void, phase: *const c_char) {
    // SAFETY: as above.
    let (data, phase) = unsafe { (data::<Data>(this), text(phase)) };
    data.call((), |m| m.phase_finish(&phase));
}

pub(crate) struct ProgressObject(Box<Object<Data>>);

impl ProgressObject {
    pub fn new(table: &Table, monitor: Arc<dyn ProgressMonitor>) -> ProgressObject {
        let methods = [
            (Method::I_PROGRESS_MONITOR_GET_API_LANGUAGE, language as *const c_void),
            (
                Method::I_PROGRESS_MONITOR_GET_INTERFACE_INFO,
                monitor_info as *const c_void,
            ),
            (Method::I_PROGRESS_MONITOR_PHASE_START, phase_start as *const c_void),
            (Method::I_PROGRESS_MONITOR_STEP_COMPLETE, step_complete as *const c_void),
            (Method::I_PROGRESS_MONITOR_PHASE_FINISH, phase_finish as *const c_void),
        ];
        let data = Data {
            monitor,
            cancelled: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
        };
        ProgressObject(Object::new(table, Class::I_PROGRESS_MONITOR, &methods, data))
    }

    pub fn handle(&self) -> IProgressMonitor {
        IProgressMonitor(self.0.address())
    }

    /// True once the monitor has asked to stop.
    pub fn cancelled(&self) -> bool {
        self.0.data().cancelled.load(Ordering::Relaxed)
    }

    /// True once the monitor has panicked.
    pub fn panicked(&self) -> bool {
        self.0.data().panicked.load(Ordering::Relaxed)
    }

    /// Forgets earlier requests, before another build with the same configuration.
    pub fn reset(&self) {
        self.0.data().cancelled.store(false, Ordering::Relaxed);
        self.0.data().panicked.store(false, Ordering::Relaxed);
    }
}
