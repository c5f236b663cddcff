//! Which GPUs there are, without taking one into use.

use super::driver_trouble;
use cudarc::driver::{DriverError, result, sys};

/// A GPU as the driver describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceInfo {
    /// Index for [`super::Device::open`], in the driver's order (`CUDA_VISIBLE_DEVICES` counts).
    pub index: u32,
    /// Product name.
    pub name: String,
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
}

impl std::fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (major, minor) = self.capability;
        write!(f, "{} (compute capability {major}.{minor})", self.name)
    }
}

/// All GPUs that this process may use.
///
/// # Errors
/// No driver, no GPU, or the driver's refusal, as a sentence.
pub fn devices() -> Result<Vec<DeviceInfo>, String> {
    if let Some(trouble) = driver_trouble() {
        return Err(trouble);
    }
    let count = result::device::get_count().map_err(|e| format!("the NVIDIA driver cannot count the GPUs: {e}"))?;
    (0..count).map(device).collect()
}

fn device(index: i32) -> Result<DeviceInfo, String> {
    use sys::CUdevice_attribute as Attribute;
    let failed = |e: DriverError| format!("the NVIDIA driver cannot describe GPU {index}: {e}");
    let device = result::device::get(index).map_err(failed)?;
    // SAFETY: the handle was just given by the driver.
    let attribute = |which| unsafe { result::device::get_attribute(device, which) }.map_err(failed);
    let number = |n: i32| u32::try_from(n).unwrap_or(0);
    Ok(DeviceInfo {
        index: number(index),
        name: result::device::get_name(device).map_err(failed)?,
        capability: (
            number(attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?),
            number(attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cuda::Device;

    #[test]
    fn a_machine_without_a_driver_or_gpu_says_so_in_a_sentence() {
        match devices() {
            Err(why) => {
                assert!(why.contains("NVIDIA driver"), "{why}");
                assert_eq!(Device::open(0).err(), Some(why));
            }
            Ok(devices) => {
                let beyond = devices.len() as u32;
                let why = Device::open(beyond).err().unwrap_or_default();
                assert!(why.starts_with(&format!("there is no GPU {beyond}")), "{why}");
            }
        }
    }
}
