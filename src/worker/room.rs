//! What may come from the other side: refused when it is announced, before any of it is kept.

use super::host::Memory;
use crate::format;
use std::path::Path;

/// Most that is taken into memory at once where the system does not say what it has, in bytes.
const UNKNOWN: u64 = 4 << 30;

/// Refuses what would take more than half of the memory that is available now.
///
/// # Errors
/// Both sizes.
pub fn in_memory(bytes: u64) -> Result<(), String> {
    let room = Memory::now().map_or(UNKNOWN, |memory| memory.available / 2);
    fits(bytes, room, "half of the memory that is available is")
}

/// Refuses what the disk of this folder has no space for.
///
/// # Errors
/// Both sizes.
pub fn on_disk(folder: &Path, bytes: u64) -> Result<(), String> {
    #[cfg(unix)]
    let free = rustix::fs::statvfs(folder)
        .ok()
        .map(|s| s.f_bavail.saturating_mul(s.f_frsize));
    #[cfg(not(unix))]
    let free = {
        let _ = folder;
        None
    };
    // Where it cannot be asked the disk itself says so when it is full.
    fits(
        bytes,
        free.unwrap_or(u64::MAX / 2),
        "the space that is left on the disk is",
    )
}

fn fits(bytes: u64, room: u64, what: &str) -> Result<(), String> {
    match bytes <= room {
        true => Ok(()),
        false => Err(format!(
            "{} are announced, and {what} {}",
            format::bytes(bytes),
            format::bytes(room)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_room_for_is_refused() {
        for bytes in [1 << 63, u64::MAX] {
            assert!(in_memory(bytes).is_err());
            assert!(on_disk(Path::new("."), bytes).unwrap_err().contains("announced"));
        }
        assert_eq!(in_memory(1 << 20), Ok(()));
        assert_eq!(on_disk(Path::new("."), 1 << 20), Ok(()));
    }
}
