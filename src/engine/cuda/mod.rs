//! What engines on NVIDIA GPUs have in common: the device with its state, and the measuring loop's streams and events.
//!
//! Called by the engines' folders only. Loads the driver's library, nothing else.

mod device;
mod info;
mod timed;

pub use device::{Device, driver_trouble, driver_version, state};
pub use info::{DeviceInfo, devices};
pub use timed::{Enqueue, GpuLoop};
