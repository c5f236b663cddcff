//! Objects that C++ can call: a pointer to a table of functions, then the data.

use crate::sys::{Class, InterfaceInfo, Method, Table};
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// Any function; the table knows which.
pub(crate) type Function = *const c_void;

/// An object of a C++ interface with Rust data behind it. It does not move once made (it is boxed) and its table of
/// functions lives as long as it does.
#[repr(C)]
pub(crate) struct Object<T> {
    functions: *const Function,
    table: Box<[Function]>,
    data: T,
}

// SAFETY: the table is never written after `new`, its pointers are to functions, and the data is shared only by reference.
unsafe impl<T: Send + Sync> Send for Object<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Object<T> {}

/// Fills slots that nothing is expected to call: returns zero (null, false).
unsafe extern "C" fn nothing(_: *mut c_void) -> usize {
    0
}

impl<T: Sync> Object<T> {
    /// `methods` gives the function of each method; those that the version lacks are left out.
    pub fn new(table: &Table, class: Class, methods: &[(Method, Function)], data: T) -> Box<Object<T>> {
        // before the first slot: offset to the top of the object (0) and type information (none)
        let mut slots = vec![std::ptr::null(), std::ptr::null()];
        slots.resize(2 + table.length(class), nothing as Function);
        for (method, function) in methods {
            if let Some(place) = table.slot(*method).and_then(|s| slots.get_mut(2 + s)) {
                *place = *function;
            }
        }
        let slots = slots.into_boxed_slice();
        let functions = slots[2..].as_ptr();
        Box::new(Object {
            functions,
            table: slots,
            data,
        })
    }

    /// The address that C++ gets.
    pub fn address(&self) -> NonNull<c_void> {
        debug_assert!(self.table.len() >= 2);
        NonNull::from(self).cast()
    }

    pub fn data(&self) -> &T {
        &self.data
    }
}

/// The data behind an object that C++ passes back to us.
///
/// # Safety
/// `this` is the address of an `Object<T>` that is alive.
pub(crate) unsafe fn data<'a, T>(this: *mut c_void) -> &'a T {
    // SAFETY: the caller's promise.
    unsafe { &(*this.cast::<Object<T>>()).data }
}

/// Runs a callback; a panic becomes `fallback` and never reaches C++.
pub(crate) fn caught<R>(fallback: R, f: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or(fallback)
}

/// `getAPILanguage()` of every versioned interface: C++ (0).
pub(crate) unsafe extern "C" fn language(_: *mut c_void) -> i32 {
    0
}

pub(crate) fn info(kind: &'static CStr) -> InterfaceInfo {
    InterfaceInfo {
        kind: kind.as_ptr(),
        major: 1,
        minor: 0,
    }
}

/// Makes `getInterfaceInfo()` for a kind.
macro_rules! interface_info {
    ($name:ident, $kind:literal) => {
        unsafe extern "C" fn $name(_: *mut std::ffi::c_void) -> $crate::sys::InterfaceInfo {
            $crate::interfaces::object::info($kind)
        }
    };
}
pub(crate) use interface_info;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(caught(7, || panic!("in a callback")), 7);
    }

    #[test]
    fn functions_lie_at_the_slots_of_the_version() {
        for table in Table::all() {
            let methods = [(Method::I_LOGGER_LOG, language as Function)];
            let object = Object::new(table, Class::I_LOGGER, &methods, ());
            let slot = table.slot(Method::I_LOGGER_LOG).expect("every version logs");
            assert_eq!(object.table.len(), 2 + table.length(Class::I_LOGGER), "{}", table.name);
            assert_eq!(object.table[2 + slot], language as Function, "{}", table.name);
            assert_eq!(object.functions, object.table[2..].as_ptr());
        }
    }
}
