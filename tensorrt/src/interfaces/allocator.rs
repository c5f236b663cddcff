//! IOutputAllocator: memory for outputs whose size is known only when they are computed.

use super::object::{Object, caught, data, interface_info, language};
use super::text;
use crate::sys::{Class, Dims, IOutputAllocator, Method, Table};
use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

/// Gives device memory to outputs of data-dependent shape.
///
/// # Safety
/// What `reallocate` returns is null (the run fails) or device memory of at least `bytes` bytes, aligned to `alignment`,
/// usable in `stream`, that stays valid until the run on that stream is over and the next call for the same tensor.
pub unsafe trait OutputAllocator: Send + Sync {
    /// Memory of `bytes` bytes for a tensor; `current` is what the execution context holds for it (may be null, may be
    /// returned again if it is large enough). `stream` is null from versions that do not pass one.
    fn reallocate(
        &self,
        tensor: &str,
        current: *mut c_void,
        bytes: u64,
        alignment: u64,
        stream: *mut c_void,
    ) -> *mut c_void;

    /// The shape that the tensor turned out to have, in elements per dimension.
    fn shape(&self, tensor: &str, shape: &[i64]);
}

interface_info!(allocator_info, c"IOutputAllocator");

type Allocator = Arc<dyn OutputAllocator>;

unsafe extern "C" fn reallocate(
    this: *mut c_void,
    tensor: *const c_char,
    current: *mut c_void,
    bytes: u64,
    alignment: u64,
) -> *mut c_void {
    // SAFETY: the same arguments, without a stream.
    unsafe { reallocate_async(this, tensor, current, bytes, alignment, null_mut()) }
}

unsafe extern "C" fn reallocate_async(
    this: *mut c_void,
    tensor: *const c_char,
    current: *mut c_void,
    bytes: u64,
    alignment: u64,
    stream: *mut c_void,
) -> *mut c_void {
    // SAFETY: TensorRT passes our object and a C string that lives for the call.
    let (data, tensor) = unsafe { (data::<Allocator>(this), text(tensor)) };
    caught(null_mut(), || {
        data.reallocate(&tensor, current, bytes, alignment, stream)
    })
}

unsafe extern "C" fn shape(this: *mut c_void, tensor: *const c_char, dims: *const Dims) {
    // SAFETY: as above; the shape is a reference in C++.
    let (data, tensor, dims) = unsafe { (data::<Allocator>(this), text(tensor), *dims) };
    caught((), || data.shape(&tensor, &dims.shape().unwrap_or_default()));
}

pub(crate) struct AllocatorObject(Box<Object<Allocator>>);

impl AllocatorObject {
    pub fn new(table: &Table, allocator: Allocator) -> AllocatorObject {
        let methods = [
            (Method::I_OUTPUT_ALLOCATOR_GET_API_LANGUAGE, language as *const c_void),
            (
                Method::I_OUTPUT_ALLOCATOR_GET_INTERFACE_INFO,
                allocator_info as *const c_void,
            ),
            (
                Method::I_OUTPUT_ALLOCATOR_REALLOCATE_OUTPUT,
                reallocate as *const c_void,
            ),
            (
                Method::I_OUTPUT_ALLOCATOR_REALLOCATE_OUTPUT_ASYNC,
                reallocate_async as *const c_void,
            ),
            (Method::I_OUTPUT_ALLOCATOR_NOTIFY_SHAPE, shape as *const c_void),
        ];
        AllocatorObject(Object::new(table, Class::I_OUTPUT_ALLOCATOR, &methods, allocator))
    }

    pub fn handle(&self) -> IOutputAllocator {
        IOutputAllocator(self.0.address())
    }
}
