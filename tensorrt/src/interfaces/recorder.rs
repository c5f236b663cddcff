//! IErrorRecorder: keeps the errors of a builder or a runtime with their codes.

use super::logger::{ERROR, forward};
use super::object::{Object, caught, data, interface_info, language};
use crate::sys::{Class, ErrorCode, IErrorRecorder, Method, Table, VersionedEnum};
use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An error that TensorRT recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedError {
    /// Its code, `None` for a number that the tables do not know.
    pub code: Option<ErrorCode>,
    /// The code's number.
    pub number: i32,
    /// The text.
    pub text: String,
}

/// More errors than anyone reads; the rest is counted as overflow.
const KEPT: usize = 1000;

#[derive(Default)]
struct Data {
    errors: Mutex<Vec<(i32, CString)>>,
    overflowed: AtomicBool,
    references: AtomicI32,
}

impl Data {
    fn errors(&self) -> MutexGuard<'_, Vec<(i32, CString)>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

interface_info!(recorder_info, c"IErrorRecorder");

// Nothing below can panic: no indexing, and a poisoned lock is used all the same.

unsafe extern "C" fn count(this: *mut c_void) -> i32 {
    // SAFETY: TensorRT passes our object; so in all of these functions.
    unsafe { data::<Data>(this) }.errors().len() as i32
}
unsafe extern "C" fn code(this: *mut c_void, index: i32) -> i32 {
    const UNSPECIFIED: i32 = 1;
    // SAFETY: as above.
    let errors = unsafe { data::<Data>(this) }.errors();
    usize::try_from(index)
        .ok()
        .and_then(|i| errors.get(i))
        .map_or(UNSPECIFIED, |e| e.0)
}
unsafe extern "C" fn description(this: *mut c_void, index: i32) -> *const c_char {
    // SAFETY: as above. The text lives until the errors are cleared, as the interface says.
    let errors = unsafe { data::<Data>(this) }.errors();
    usize::try_from(index)
        .ok()
        .and_then(|i| errors.get(i))
        .map_or(c"".as_ptr(), |e| e.1.as_ptr())
}
unsafe extern "C" fn overflowed(this: *mut c_void) -> bool {
    // SAFETY: as above.
    unsafe { data::<Data>(this) }.overflowed.load(Ordering::Relaxed)
}
unsafe extern "C" fn clear(this: *mut c_void) {
    // SAFETY: as above.
    let data = unsafe { data::<Data>(this) };
    data.errors().clear();
    data.overflowed.store(false, Ordering::Relaxed);
}
unsafe extern "C" fn report(this: *mut c_void, code: i32, text: *const c_char) -> bool {
    // SAFETY: as above.
    let data = unsafe { data::<Data>(this) };
    let text = if text.is_null() {
        CString::default()
    } else {
        // SAFETY: not null, so a C string that lives for the call.
        unsafe { CStr::from_ptr(text) }.to_owned()
    };
    // TensorRT leaves recorded errors out of its log: who follows the log shall see them all the same
    caught((), || forward(ERROR, &text.to_string_lossy()));
    let mut errors = data.errors();
    if errors.len() < KEPT {
        errors.push((code, text))
    } else {
        data.overflowed.store(true, Ordering::Relaxed)
    }
    false // not fatal: TensorRT decides itself what it gives up
}
unsafe extern "C" fn retain(this: *mut c_void) -> i32 {
    // SAFETY: as above.
    unsafe { data::<Data>(this) }.references.fetch_add(1, Ordering::SeqCst) + 1
}
unsafe extern "C" fn release(this: *mut c_void) -> i32 {
    // SAFETY: as above. Counting only: the Rust owner frees the object, after the builder or runtime that holds it.
    unsafe { data::<Data>(this) }.references.fetch_sub(1, Ordering::SeqCst) - 1
}

pub(crate) struct RecorderObject(Box<Object<Data>>);

impl RecorderObject {
    pub fn new(table: &Table) -> RecorderObject {
        let methods = [
            (Method::I_ERROR_RECORDER_GET_API_LANGUAGE, language as *const c_void),
            (
                Method::I_ERROR_RECORDER_GET_INTERFACE_INFO,
                recorder_info as *const c_void,
            ),
            (Method::I_ERROR_RECORDER_GET_NB_ERRORS, count as *const c_void),
            (Method::I_ERROR_RECORDER_GET_ERROR_CODE, code as *const c_void),
            (Method::I_ERROR_RECORDER_GET_ERROR_DESC, description as *const c_void),
            (Method::I_ERROR_RECORDER_HAS_OVERFLOWED, overflowed as *const c_void),
            (Method::I_ERROR_RECORDER_CLEAR, clear as *const c_void),
            (Method::I_ERROR_RECORDER_REPORT_ERROR, report as *const c_void),
            (Method::I_ERROR_RECORDER_INC_REF_COUNT, retain as *const c_void),
            (Method::I_ERROR_RECORDER_DEC_REF_COUNT, release as *const c_void),
        ];
        RecorderObject(Object::new(table, Class::I_ERROR_RECORDER, &methods, Data::default()))
    }

    pub fn handle(&self) -> IErrorRecorder {
        IErrorRecorder(self.0.address())
    }

    /// Takes the errors out.
    pub fn take(&self, table: &Table) -> Vec<RecordedError> {
        let errors = std::mem::take(&mut *self.0.data().errors());
        let one = |(number, text): (i32, CString)| RecordedError {
            code: ErrorCode::from_value(table, number),
            number,
            text: text.to_string_lossy().into_owned(),
        };
        errors.into_iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_overflows() {
        let table = Table::for_version(crate::Version::from_number(10701, 0).expect("a version")).expect("a table");
        let recorder = RecorderObject::new(table);
        let this = recorder.handle().as_ptr();
        // SAFETY: the object is alive and the text is a C string.
        unsafe {
            for _ in 0..KEPT + 5 {
                assert!(!report(this, 7, c"stopped".as_ptr()));
            }
            assert_eq!((count(this), code(this, 0), code(this, -1)), (KEPT as i32, 7, 1));
            assert_eq!(CStr::from_ptr(description(this, 3)), c"stopped");
            assert_eq!(CStr::from_ptr(description(this, i32::MAX)), c"");
            assert!(overflowed(this));
            assert_eq!((retain(this), release(this)), (1, 0));
        }
        let errors = recorder.take(table);
        assert_eq!(errors.len(), KEPT);
        let first = RecordedError {
            code: Some(ErrorCode::FailedExecution),
            number: 7,
            text: "stopped".into(),
        };
        assert_eq!(errors[0], first);
        assert!(recorder.take(table).is_empty());
    }
}
