//! IStreamWriter: takes the bytes of an engine as they are made.

use super::object::{Object, caught, data, interface_info, language};
use crate::sys::{Class, IStreamWriter, Method, Table};
use std::ffi::c_void;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

struct Data {
    sink: Mutex<State>,
}

struct State {
    sink: Box<dyn Write + Send>,
    bytes: u64,
    error: Option<std::io::Error>,
}

interface_info!(writer_info, c"IStreamWriter");

unsafe extern "C" fn write(this: *mut c_void, bytes: *const c_void, count: i64) -> i64 {
    let Ok(length) = usize::try_from(count) else { return 0 };
    if bytes.is_null() || length == 0 {
        return 0;
    }
    // SAFETY: TensorRT passes our object and `count` bytes that live for the call.
    let (data, bytes) = unsafe {
        (
            data::<Data>(this),
            std::slice::from_raw_parts(bytes.cast::<u8>(), length),
        )
    };
    caught(0, || {
        let mut state = data.sink.lock().unwrap_or_else(PoisonError::into_inner);
        if state.error.is_some() {
            return 0;
        }
        match state.sink.write_all(bytes) {
            Ok(()) => {
                state.bytes += length as u64;
                count
            }
            Err(error) => {
                state.error = Some(error);
                0
            }
        }
    })
}

pub(crate) struct WriterObject(Box<Object<Data>>);

impl WriterObject {
    pub fn new(table: &Table, sink: Box<dyn Write + Send>) -> WriterObject {
        let methods = [
            (Method::I_STREAM_WRITER_GET_API_LANGUAGE, language as *const c_void),
            (Method::I_STREAM_WRITER_GET_INTERFACE_INFO, writer_info as *const c_void),
            (Method::I_STREAM_WRITER_WRITE, write as *const c_void),
        ];
        let data = Data {
            sink: Mutex::new(State {
                sink,
                bytes: 0,
                error: None,
            }),
        };
        WriterObject(Object::new(table, Class::I_STREAM_WRITER, &methods, data))
    }

    pub fn handle(&self) -> IStreamWriter {
        IStreamWriter(self.0.address())
    }

    /// How many bytes were written; the error of the sink if it had one.
    pub fn finish(self) -> std::io::Result<u64> {
        let mut state = self.0.data().sink.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        state.sink.flush()?;
        Ok(state.bytes)
    }
}
