//! IHostMemory: bytes that TensorRT made.

use super::{hollow, inner};
use crate::error::{Error, Result};
use crate::load::Library;
use crate::sys::{Class, IHostMemory};
use std::ops::Deref;

/// Bytes in TensorRT's memory, freed on drop: an engine, a timing cache.
pub struct HostMemory {
    outer: IHostMemory,
    data: *const u8,
    length: usize,
}

// SAFETY: the bytes are written before we get them and never after; freeing them is not bound to a thread.
unsafe impl Send for HostMemory {}
// SAFETY: as above.
unsafe impl Sync for HostMemory {}

impl HostMemory {
    pub(super) fn new(library: Library, outer: IHostMemory) -> Result<HostMemory> {
        library.checked(Class::V_HOST_MEMORY, outer.as_ptr())?;
        let v = inner!(library, outer, V_HOST_MEMORY)?;
        let table = library.inner.table;
        // SAFETY: just made by the library, its table checked.
        let (data, length) = unsafe { (v.data(table)?, v.size(table)?) };
        let memory = HostMemory {
            outer,
            data: data.cast(),
            length,
        };
        if data.is_null() && length > 0 {
            return Err(Error::Load(hollow(library, Class::V_HOST_MEMORY)));
        }
        Ok(memory)
    }
}

impl Deref for HostMemory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: TensorRT's memory of this length, alive until drop.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }
}

impl std::fmt::Debug for HostMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HostMemory({} bytes)", self.length)
    }
}

impl Drop for HostMemory {
    fn drop(&mut self) {
        // SAFETY: ours to delete; borrows of the bytes are gone.
        unsafe { self.outer.delete() };
    }
}
