//! What the first bytes of an engine file say, without any library.
//!
//! NVIDIA does not document the format. What is read here was found by building engines for every compute capability with
//! TensorRT-RTX 1.4, 1.5, 1.6 and 1.7 and comparing them (`tests/rtx.rs` does it again):
//!
//! | offset | what |
//! |---|---|
//! | 0 | `vtrt`, four zero bytes |
//! | 8 | 2, the number of chunks |
//! | 16 | size of the whole file, 8 bytes |
//! | 24 | version: major, minor, patch, low byte of the build |
//! | 28 | `vtrt` again |
//! | 32 | compute capabilities, one bit each: 7.5, 8.0, 8.6, 8.9, 12.0, 12.1, newer ones |
//! | 64 | chunks of 24 bytes: tag (`NGNE`, `THGW`) in 8 bytes, offset, size |
//!
//! The chunk `NGNE` starts with `ptrt`, a format number of 4 bytes, its size, and then tagged values of which the first four
//! are the version again. A file that starts with `ptrt` itself is taken for an engine of TensorRT (not RTX) and read the same
//! way; no such file was at hand, so that is an assumption and [`Header::is_verified`] is false.

use crate::version::{Flavour, Version};
use std::fmt;

/// So many bytes from the start of a file are enough for [`header`].
pub const HEADER_BYTES: usize = 512;

/// What an engine file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which product built it.
    pub flavour: Flavour,
    /// The version that built it; the build number is its low byte only.
    pub version: Option<Version>,
    /// The size that the file should have, in bytes (TensorRT-RTX).
    pub size: Option<u64>,
    /// The compute capabilities that it was built for, major and minor (TensorRT-RTX).
    pub capabilities: Vec<(u8, u8)>,
    /// True if it also runs on GPUs newer than those (TensorRT-RTX).
    pub newer_capabilities: bool,
    /// Bits of the list of capabilities whose meaning is not known.
    pub unknown_capabilities: u64,
    /// Bytes of weights stored in it (TensorRT-RTX).
    pub weight_bytes: Option<u64>,
    /// The number of the plan's format; it changes between versions that cannot read each other's engines.
    pub format: Option<u32>,
    /// True where the format was checked against real engines.
    pub is_verified: bool,
}

/// Why a file is not an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Fewer bytes than any engine has.
    #[error("it has {0} bytes, fewer than the header of an engine")]
    TooShort(usize),
    /// Other first bytes.
    #[error("it does not start like an engine of TensorRT or TensorRT-RTX")]
    NotAnEngine,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{version}")?,
            None => write!(f, "{}, version not known", self.flavour.name())?,
        }
        if !self.capabilities.is_empty() {
            let list: Vec<_> = self
                .capabilities
                .iter()
                .map(|(major, minor)| format!("{major}.{minor}"))
                .collect();
            write!(f, ", compute capability {}", list.join(", "))?;
            if self.newer_capabilities {
                write!(f, " and newer")?;
            }
        }
        Ok(())
    }
}

/// Reads the header from the first bytes of a file ([`HEADER_BYTES`] are enough).
///
/// # Errors
/// [`PlanError`] for anything that is not an engine.
pub fn header(bytes: &[u8]) -> Result<Header, PlanError> {
    match bytes.get(..4) {
        None => Err(PlanError::TooShort(bytes.len())),
        Some(b"vtrt") => rtx(bytes),
        Some(b"ptrt") => Ok(Header {
            flavour: Flavour::Enterprise,
            version: plan_version(bytes, Flavour::Enterprise),
            size: None,
            capabilities: vec![],
            newer_capabilities: false,
            unknown_capabilities: 0,
            weight_bytes: None,
            format: u32_at(bytes, 4),
            is_verified: false,
        }),
        Some(_) => Err(PlanError::NotAnEngine),
    }
}

fn rtx(bytes: &[u8]) -> Result<Header, PlanError> {
    let (Some(size), Some(bits), Some(chunks)) = (u64_at(bytes, 16), u64_at(bytes, 32), u64_at(bytes, 8)) else {
        return Err(PlanError::TooShort(bytes.len()));
    };
    let Some([major, minor, patch, build, b'v', b't', b'r', b't']) = bytes.get(24..32) else {
        return Err(PlanError::NotAnEngine);
    };
    let number = |n: &u8| u32::from(*n);
    let version = Version {
        flavour: Flavour::Rtx,
        major: number(major),
        minor: number(minor),
        patch: number(patch),
        build: number(build),
    };
    let (capabilities, newer_capabilities, unknown_capabilities) = capabilities(bits, version);
    let mut header = Header {
        flavour: Flavour::Rtx,
        version: Some(version),
        size: Some(size),
        capabilities,
        newer_capabilities,
        unknown_capabilities,
        weight_bytes: None,
        format: None,
        is_verified: version.major == 1 && (4..=7).contains(&version.minor),
    };
    for i in 0..chunks.min(16) as usize {
        let at = 64 + 24 * i;
        match bytes.get(at..at + 4) {
            Some(b"NGNE") => header.format = u64_at(bytes, at + 8).and_then(|offset| plan_format(bytes, offset)),
            Some(b"THGW") => header.weight_bytes = u64_at(bytes, at + 16),
            _ => {}
        }
    }
    Ok(header)
}

/// The list of capabilities, whether newer ones are meant too, and the bits that are not known.
fn capabilities(bits: u64, version: Version) -> (Vec<(u8, u8)>, bool, u64) {
    // 1.4 knows no 12.1: there, bit 5 is the one for newer GPUs
    let with_12_1 = (version.major, version.minor) >= (1, 5);
    let known: &[(u8, u8)] = &[(7, 5), (8, 0), (8, 6), (8, 9), (12, 0), (12, 1)];
    let known = &known[..if with_12_1 { 6 } else { 5 }];
    let newer = 1u64 << known.len();
    let list = known
        .iter()
        .enumerate()
        .filter(|(i, _)| bits & (1 << i) != 0)
        .map(|(_, c)| *c)
        .collect();
    (list, bits & newer != 0, bits & !(newer | (newer - 1)))
}

fn plan_format(bytes: &[u8], offset: u64) -> Option<u32> {
    let offset = usize::try_from(offset).ok()?;
    let plan = bytes.get(offset..)?;
    if plan.starts_with(b"ptrt") {
        u32_at(plan, 4)
    } else {
        None
    }
}

/// The first four tagged values of a plan.
fn plan_version(plan: &[u8], flavour: Flavour) -> Option<Version> {
    const TAG: [u8; 4] = [2, 0x80, 1, 0];
    let mut numbers = [0; 4];
    for (i, number) in numbers.iter_mut().enumerate() {
        let [a, b, c, d, value] = plan.get(20 + 5 * i..25 + 5 * i)? else {
            return None;
        };
        if [*a, *b, *c, *d] != TAG {
            return None;
        }
        *number = u32::from(*value);
    }
    let [major, minor, patch, build] = numbers;
    Some(Version {
        flavour,
        major,
        minor,
        patch,
        build,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at.checked_add(4)?)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..at.checked_add(8)?)?
        .try_into()
        .ok()
        .map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first bytes of an engine that TensorRT-RTX 1.7.1.116 built for SM 8.6 and 8.9.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0; 256];
        let mut put = |at: usize, what: &[u8]| bytes[at..at + what.len()].copy_from_slice(what);
        put(0, b"vtrt");
        put(8, &[2]);
        put(16, &433_564u32.to_le_bytes());
        put(24, &[1, 7, 1, 0x74]);
        put(28, b"vtrt");
        put(32, &[0x0c]);
        put(64, b"NGNE");
        put(72, &[0x70]);
        put(80, &[0x24, 0x23, 6]);
        put(88, b"THGW");
        put(96, &[0x98, 0x23, 6]);
        put(104, &[0, 0x7a]);
        put(112, b"ptrt");
        put(116, &[0x64]);
        put(
            132,
            &[
                2, 0x80, 1, 0, 1, 2, 0x80, 1, 0, 7, 2, 0x80, 1, 0, 1, 2, 0x80, 1, 0, 0x74,
            ],
        );
        bytes
    }

    #[test]
    fn reads_an_rtx_engine() {
        let header = header(&sample()).expect("an engine");
        assert_eq!(
            header.to_string(),
            "TensorRT-RTX 1.7.1.116, compute capability 8.6, 8.9"
        );
        assert_eq!(
            (header.size, header.weight_bytes, header.format),
            (Some(433_564), Some(0x7a00), Some(100))
        );
        assert!(header.is_verified && !header.newer_capabilities && header.unknown_capabilities == 0);
    }

    #[test]
    fn a_plan_without_a_container_is_taken_for_tensorrt_and_not_called_verified() {
        let header = header(&sample()[112..]).expect("a plan");
        assert_eq!(
            (header.flavour, header.is_verified, header.format),
            (Flavour::Enterprise, false, Some(100))
        );
        assert_eq!(header.version.map(|v| (v.major, v.minor)), Some((1, 7)));
        assert_eq!(super::header(b"ptrt").map(|h| (h.version, h.format)), Ok((None, None)));
    }

    #[test]
    fn portable_engines_run_on_newer_gpus() {
        let version = |minor| Version {
            flavour: Flavour::Rtx,
            major: 1,
            minor,
            patch: 0,
            build: 0,
        };
        let all = vec![(8, 0), (8, 6), (8, 9), (12, 0), (12, 1)];
        assert_eq!(capabilities(0x7e, version(7)), (all.clone(), true, 0));
        assert_eq!(capabilities(0x3e, version(4)), (all[..4].to_vec(), true, 0));
        assert_eq!(capabilities(0x100, version(7)), (vec![], false, 0x100));
    }

    #[test]
    fn other_files() {
        assert_eq!(header(b""), Err(PlanError::TooShort(0)));
        assert_eq!(header(b"vtrt1234"), Err(PlanError::TooShort(8)));
        assert_eq!(header(b"\x08\x07\x12\x04pytorch"), Err(PlanError::NotAnEngine));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = header(&bytes);
        }

        #[test]
        fn any_damage_gives_an_answer(at in 4usize..256, byte in any::<u8>(), length in 0usize..257) {
            let mut bytes = sample();
            bytes[at] = byte;
            bytes.truncate(length);
            if let Ok(header) = header(&bytes) {
                let _ = header.to_string();
            }
        }
    }
}
