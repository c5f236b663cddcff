//! A GPU: its context, its name, its state as NVML tells it.

use crate::bench::sample::GpuState;
use cudarc::driver::{CudaContext, CudaStream, result, sys};
use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use std::sync::{Arc, OnceLock};

/// Why no GPU can be used here; none when the driver answers and has at least one.
pub fn driver_trouble() -> Option<String> {
    // SAFETY: only tries to load the driver's library, as every CUDA program does.
    if !unsafe { sys::is_culib_present() } {
        return Some("there is no NVIDIA driver here (libcuda.so.1 was not found)".into());
    }
    let count = result::init().and_then(|()| CudaContext::device_count());
    match count {
        Ok(0) => Some("the NVIDIA driver finds no GPU".into()),
        Ok(_) => None,
        Err(e) => Some(format!("the NVIDIA driver does not start: {e}")),
    }
}

/// NVIDIA's management library; none where it does not start.
fn nvml() -> Option<&'static Nvml> {
    static NVML: OnceLock<Option<Nvml>> = OnceLock::new();
    NVML.get_or_init(|| Nvml::init().ok()).as_ref()
}

/// Version of the NVIDIA driver, as NVML tells it.
pub fn driver_version() -> Option<String> {
    nvml()?.sys_driver_version().ok()
}

/// A GPU in use by this process.
#[derive(Clone)]
pub struct Device {
    /// Its primary context.
    pub context: Arc<CudaContext>,
}

impl Device {
    /// Takes the GPU with this index into use.
    ///
    /// # Errors
    /// No driver, no such GPU, or the driver's reason.
    pub fn open(index: u32) -> Result<Self, String> {
        if let Some(trouble) = driver_trouble() {
            return Err(trouble);
        }
        let count = CudaContext::device_count().map_err(|e| e.to_string())?;
        if i64::from(index) >= i64::from(count) {
            return Err(format!("there is no GPU {index}: the driver counts {count}, from 0"));
        }
        let context = CudaContext::new(index as usize).map_err(|e| format!("GPU {index}: {e}"))?;
        Ok(Self { context })
    }

    /// Its name (`NVIDIA H200`).
    pub fn name(&self) -> String {
        self.context.name().unwrap_or_else(|_| "unknown GPU".into())
    }

    /// Bytes of its memory in use by all programs; none where the driver does not tell.
    pub fn memory_in_use(&self) -> Option<u64> {
        self.context.bind_to_thread().ok()?;
        let (free, total) = result::mem_get_info().ok()?;
        u64::try_from(total.saturating_sub(free)).ok()
    }

    /// A new stream that does not wait for the default one.
    ///
    /// # Errors
    /// The driver's reason.
    pub fn stream(&self) -> Result<Arc<CudaStream>, String> {
        self.context.new_stream().map_err(|e| e.to_string())
    }

    /// Driver, clocks, power and temperature now; what NVML does not tell is left out.
    pub fn state(&self) -> GpuState {
        state_of(self.name(), self.uuid())
    }

    /// As NVML writes it.
    fn uuid(&self) -> Option<String> {
        Some(uuid_text(&self.context.uuid().ok()?))
    }
}

/// The state of the GPU with this index, as the driver counts for this process, without taking it into use; none where there
/// is no such GPU.
pub fn state(index: u32) -> Option<GpuState> {
    if driver_trouble().is_some() {
        return None;
    }
    let device = result::device::get(i32::try_from(index).ok()?).ok()?;
    let uuid = result::device::get_uuid(device).ok()?;
    Some(state_of(result::device::get_name(device).ok()?, Some(uuid_text(&uuid))))
}

fn state_of(name: String, uuid: Option<String>) -> GpuState {
    let mut state = GpuState {
        name,
        ..GpuState::default()
    };
    let Some(nvml) = nvml() else {
        return state;
    };
    state.driver = nvml.sys_driver_version().unwrap_or_default();
    if let Ok(version) = nvml.sys_cuda_driver_version() {
        state.cuda = format!("{}.{}", version / 1000, version % 1000 / 10);
    }
    // NVML counts all GPUs of the machine, the driver those that this process may see.
    let device = uuid.and_then(|uuid| nvml.device_by_uuid(uuid).ok());
    if let Some(device) = device {
        state.sm_clock_mhz = device.clock_info(Clock::SM).ok();
        state.memory_clock_mhz = device.clock_info(Clock::Memory).ok();
        state.power_w = device.power_usage().ok().map(|milliwatts| f64::from(milliwatts) / 1e3);
        state.temperature_c = device.temperature(TemperatureSensor::Gpu).ok();
    }
    state
}

/// `GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
fn uuid_text(uuid: &sys::CUuuid) -> String {
    let mut text = String::from("GPU");
    for (i, byte) in uuid.bytes.iter().enumerate() {
        if [0, 4, 6, 8, 10].contains(&i) {
            text.push('-');
        }
        text.push_str(&format!("{:02x}", *byte as u8));
    }
    text
}
