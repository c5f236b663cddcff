//! INT8 calibration, which TensorRT 10 still has (removed in 11 and in TensorRT-RTX).

use super::object::{Function, Object, caught, data, interface_info, language};
use super::text;
use crate::sys::{CalibrationAlgoType, Class, IInt8Calibrator, Missing, Table, VersionedEnum};
use crate::sys::{Method, Unsupported};
use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::sync::{Arc, Mutex, PoisonError};

/// Which of TensorRT's calibrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationAlgorithm {
    /// IInt8EntropyCalibrator2, the one to prefer.
    Entropy2,
    /// IInt8MinMaxCalibrator.
    MinMax,
}

/// Feeds calibration data to a build with `BuilderFlag::Int8` on TensorRT 10.
///
/// # Safety
/// The addresses that `batch` returns are device memory holding a whole batch of each input, valid until the next call or
/// the end of the build.
pub unsafe trait Int8Calibrator: Send + Sync {
    /// Which calibrator.
    fn algorithm(&self) -> CalibrationAlgorithm;

    /// Samples per batch.
    fn batch_size(&self) -> i32;

    /// The device addresses of the next batch, one per input name in that order; `None` when there is no more.
    fn batch(&self, inputs: &[String]) -> Option<Vec<*mut c_void>>;

    /// The cache of an earlier calibration, if there is one.
    fn read_cache(&self) -> Option<Vec<u8>>;

    /// The cache to keep.
    fn write_cache(&self, cache: &[u8]);
}

struct Data {
    calibrator: Arc<dyn Int8Calibrator>,
    algorithm: i32,
    /// What `read_cache` returned last: TensorRT reads it after the call.
    cache: Mutex<Option<Vec<u8>>>,
}

interface_info!(entropy2_info, c"IInt8EntropyCalibrator2");
interface_info!(min_max_info, c"IInt8MinMaxCalibrator");

unsafe extern "C" fn batch_size(this: *mut c_void) -> i32 {
    // SAFETY: TensorRT passes our object; so in all of these functions.
    let data = unsafe { data::<Data>(this) };
    caught(0, || data.calibrator.batch_size())
}

unsafe extern "C" fn batch(this: *mut c_void, out: *mut *mut c_void, names: *const *const c_char, count: i32) -> bool {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: as above; `names` and `out` are arrays of `count` entries.
    let (data, names): (_, Vec<String>) =
        unsafe { (data::<Data>(this), (0..count).map(|i| text(*names.add(i))).collect()) };
    let addresses = caught(None, || data.calibrator.batch(&names)).filter(|a| a.len() == count);
    let Some(addresses) = addresses else { return false };
    for (i, address) in addresses.into_iter().enumerate() {
        // SAFETY: `i` is less than `count`.
        unsafe { *out.add(i) = address };
    }
    true
}

unsafe extern "C" fn read_cache(this: *mut c_void, length: *mut usize) -> *const c_void {
    // SAFETY: as above.
    let data = unsafe { data::<Data>(this) };
    let cache = caught(None, || data.calibrator.read_cache()).filter(|c| !c.is_empty());
    let mut kept = data.cache.lock().unwrap_or_else(PoisonError::into_inner);
    *kept = cache;
    let (pointer, bytes) = kept.as_ref().map_or((null(), 0), |c| (c.as_ptr().cast(), c.len()));
    // SAFETY: a reference in C++.
    unsafe { *length = bytes };
    pointer
}

unsafe extern "C" fn write_cache(this: *mut c_void, cache: *const c_void, length: usize) {
    if cache.is_null() {
        return;
    }
    // SAFETY: as above; `cache` is `length` bytes that live for the call.
    let (data, cache) = unsafe {
        (
            data::<Data>(this),
            std::slice::from_raw_parts(cache.cast::<u8>(), length),
        )
    };
    caught((), || data.calibrator.write_cache(cache));
}

unsafe extern "C" fn algorithm(this: *mut c_void) -> i32 {
    // SAFETY: as above.
    unsafe { data::<Data>(this) }.algorithm
}

pub(crate) struct CalibratorObject(Box<Object<Data>>);

impl CalibratorObject {
    pub fn new(table: &Table, calibrator: Arc<dyn Int8Calibrator>) -> Result<CalibratorObject, Unsupported> {
        let entropy = calibrator.algorithm() == CalibrationAlgorithm::Entropy2;
        let kind = if entropy {
            CalibrationAlgoType::EntropyCalibration2
        } else {
            CalibrationAlgoType::MinmaxCalibration
        };
        let (class, info, methods) = if entropy {
            (Class::I_INT8_ENTROPY_CALIBRATOR2, entropy2_info as Function, &ENTROPY2)
        } else {
            (Class::I_INT8_MIN_MAX_CALIBRATOR, min_max_info as Function, &MIN_MAX)
        };
        if table.slot(methods[2]).is_none() {
            let Missing { version, available, .. } = table.missing(methods[2]);
            return Err(Unsupported {
                option: "INT8 calibration".into(),
                version,
                available,
            });
        }
        let functions = [
            language as Function,
            info,
            batch_size as Function,
            batch as Function,
            read_cache as Function,
            write_cache as Function,
            algorithm as Function,
        ];
        let methods: Vec<_> = methods.iter().copied().zip(functions).collect();
        let data = Data {
            algorithm: kind.value(table)?,
            calibrator,
            cache: Mutex::new(None),
        };
        Ok(CalibratorObject(Object::new(table, class, &methods, data)))
    }

    pub fn handle(&self) -> IInt8Calibrator {
        IInt8Calibrator(self.0.address())
    }
}

const ENTROPY2: [Method; 7] = [
    Method::I_INT8_ENTROPY_CALIBRATOR2_GET_API_LANGUAGE,
    Method::I_INT8_ENTROPY_CALIBRATOR2_GET_INTERFACE_INFO,
    Method::I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH_SIZE,
    Method::I_INT8_ENTROPY_CALIBRATOR2_GET_BATCH,
    Method::I_INT8_ENTROPY_CALIBRATOR2_READ_CALIBRATION_CACHE,
    Method::I_INT8_ENTROPY_CALIBRATOR2_WRITE_CALIBRATION_CACHE,
    Method::I_INT8_ENTROPY_CALIBRATOR2_GET_ALGORITHM,
];
const MIN_MAX: [Method; 7] = [
    Method::I_INT8_MIN_MAX_CALIBRATOR_GET_API_LANGUAGE,
    Method::I_INT8_MIN_MAX_CALIBRATOR_GET_INTERFACE_INFO,
    Method::I_INT8_MIN_MAX_CALIBRATOR_GET_BATCH_SIZE,
    Method::I_INT8_MIN_MAX_CALIBRATOR_GET_BATCH,
    Method::I_INT8_MIN_MAX_CALIBRATOR_READ_CALIBRATION_CACHE,
    Method::I_INT8_MIN_MAX_CALIBRATOR_WRITE_CALIBRATION_CACHE,
    Method::I_INT8_MIN_MAX_CALIBRATOR_GET_ALGORITHM,
];
