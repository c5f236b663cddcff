//! Memory that an execution context reads and writes.

use cudarc::driver::sys::CUdeviceptr;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError, PinnedHostSlice};
use enginesmith_tensorrt::interfaces::OutputAllocator;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn text(error: DriverError) -> String {
    format!("CUDA: {error}")
}

/// Device memory.
pub struct Memory {
    slice: CudaSlice<u8>,
    /// Where it is.
    pub address: CUdeviceptr,
}

impl Memory {
    /// So many bytes, at least one.
    ///
    /// # Errors
    /// The driver's message.
    pub fn new(stream: &Arc<CudaStream>, bytes: usize) -> Result<Self, String> {
        let slice = stream.alloc_zeros::<u8>(bytes.max(1)).map_err(text)?;
        let address = slice.device_ptr(stream).0;
        Ok(Self { slice, address })
    }

    /// Its first bytes.
    fn read(&self, stream: &Arc<CudaStream>, bytes: usize) -> Result<Vec<u8>, String> {
        let view = self
            .slice
            .try_slice(0..bytes)
            .ok_or("an output is larger than its memory")?;
        let read = stream.clone_dtoh(&view).map_err(text)?;
        stream.synchronize().map_err(text)?;
        Ok(read)
    }
}

/// Where a tensor lies.
pub enum Place {
    /// On the device.
    Device(Memory),
    /// On the host, for the values of shapes.
    Host(Mutex<PinnedHostSlice<u8>>),
}

impl Place {
    /// Memory of so many bytes.
    ///
    /// # Errors
    /// The driver's message.
    pub fn new(stream: &Arc<CudaStream>, on_host: bool, bytes: usize) -> Result<Self, String> {
        if !on_host {
            return Memory::new(stream, bytes).map(Self::Device);
        }
        // SAFETY: the memory is cleared just below, before anything reads it.
        let mut host = unsafe { stream.context().alloc_pinned_with_flags::<u8>(bytes.max(1), 0) }.map_err(text)?;
        host.as_mut_slice().map_err(text)?.fill(0);
        Ok(Self::Host(Mutex::new(host)))
    }

    /// The address that TensorRT gets.
    pub fn address(&self) -> *mut c_void {
        match self {
            Self::Device(memory) => memory.address as *mut c_void,
            Self::Host(host) => {
                let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
                host.as_mut_ptr().map_or(std::ptr::null_mut(), |p| p.cast())
            }
        }
    }

    /// Puts these bytes there.
    ///
    /// # Errors
    /// The driver's message.
    pub fn write(&mut self, stream: &Arc<CudaStream>, bytes: &[u8]) -> Result<(), String> {
        match self {
            Self::Device(_) if bytes.is_empty() => Ok(()),
            Self::Device(memory) => {
                stream.memcpy_htod(bytes, &mut memory.slice).map_err(text)?;
                // The bytes are pageable and may be gone when this returns.
                stream.synchronize().map_err(text)
            }
            Self::Host(host) => {
                let host = host.get_mut().unwrap_or_else(PoisonError::into_inner);
                let there = host.as_mut_slice().map_err(text)?;
                let there = there
                    .get_mut(..bytes.len())
                    .ok_or("an input is larger than its memory")?;
                there.copy_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// What is there; the runs that write it are over.
    ///
    /// # Errors
    /// The driver's message.
    pub fn read(&self, stream: &Arc<CudaStream>, bytes: usize) -> Result<Vec<u8>, String> {
        match self {
            Self::Device(memory) => memory.read(stream, bytes),
            Self::Host(host) => {
                let host = host.lock().unwrap_or_else(PoisonError::into_inner);
                let there = host.as_slice().map_err(text)?;
                there
                    .get(..bytes)
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| "an output is larger than its memory".into())
            }
        }
    }
}

/// Memory of an output whose size the run decides: grows, and is kept for the next run.
pub struct Growing {
    stream: Arc<CudaStream>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    memory: Option<(Memory, usize)>,
    dims: Option<Vec<u64>>,
}

impl Growing {
    /// Without memory yet.
    pub fn new(stream: &Arc<CudaStream>) -> Self {
        Self {
            stream: Arc::clone(stream),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shape of the last run.
    pub fn dims(&self) -> Option<Vec<u64>> {
        self.state().dims.clone()
    }

    /// Where the last run wrote.
    pub fn address(&self) -> Option<CUdeviceptr> {
        self.state().memory.as_ref().map(|(memory, _)| memory.address)
    }

    /// What the last run wrote; it is over.
    ///
    /// # Errors
    /// The driver's message.
    pub fn read(&self, stream: &Arc<CudaStream>, bytes: usize) -> Result<Vec<u8>, String> {
        match &self.state().memory {
            _ if bytes == 0 => Ok(Vec::new()),
            Some((memory, _)) => memory.read(stream, bytes),
            None => Err("an output without memory".into()),
        }
    }
}

// SAFETY: what is returned is memory of the driver's pool, of at least as many bytes and aligned to 256 (more than TensorRT
// asks for; a larger alignment is refused), ordered on the stream that the engine runs on. Memory that was outgrown goes back
// to the pool in the order of that stream, so after the runs that use it.
unsafe impl OutputAllocator for Growing {
    fn reallocate(&self, _: &str, _: *mut c_void, bytes: u64, alignment: u64, _: *mut c_void) -> *mut c_void {
        const ALIGNED: u64 = 256;
        let Ok(bytes) = usize::try_from(bytes) else {
            return std::ptr::null_mut();
        };
        if alignment > ALIGNED {
            return std::ptr::null_mut();
        }
        let mut state = self.state();
        if state.memory.as_ref().is_none_or(|(_, has)| *has < bytes) {
            match Memory::new(&self.stream, bytes) {
                Ok(memory) => state.memory = Some((memory, bytes)),
                Err(_) => return std::ptr::null_mut(),
            }
        }
        state
            .memory
            .as_ref()
            .map_or(std::ptr::null_mut(), |(memory, _)| memory.address as *mut c_void)
    }

    fn shape(&self, _: &str, shape: &[i64]) {
        self.state().dims = shape.iter().map(|d| u64::try_from(*d).ok()).collect();
    }
}
