//! The libraries that a shared library names as needed (`DT_NEEDED`), read from the file: 64-bit little-endian ELF.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Largest table that is read, in bytes.
const LARGEST: u64 = 64 << 20;
const PT_DYNAMIC: u32 = 2;
const PT_LOAD: u32 = 1;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// Names of the libraries that `path` needs, in order; none for a file of another kind or a damaged one.
pub fn needed(path: &Path) -> Option<Vec<String>> {
    let mut file = File::open(path).ok()?;
    let header = read_at(&mut file, 0, 64)?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (offset, size, count) = (u64_at(&header, 32)?, u16_at(&header, 54)?, u16_at(&header, 56)?);
    let table = read_at(&mut file, offset, u64::from(size) * u64::from(count))?;
    // Kind, offset in the file, address, size in the file.
    let segments: Vec<(u32, u64, u64, u64)> = table
        .chunks_exact(usize::from(size).max(56))
        .filter_map(|s| Some((u32_at(s, 0)?, u64_at(s, 8)?, u64_at(s, 16)?, u64_at(s, 32)?)))
        .collect();
    let dynamic = segments.iter().find(|s| s.0 == PT_DYNAMIC)?;
    let entries = read_at(&mut file, dynamic.1, dynamic.3)?;
    let entries: Vec<(u64, u64)> = entries
        .chunks_exact(16)
        .filter_map(|e| Some((u64_at(e, 0)?, u64_at(e, 8)?)))
        .collect();
    let names = entries.iter().find(|e| e.0 == DT_STRTAB)?.1;
    let holds = |s: &&(u32, u64, u64, u64)| s.0 == PT_LOAD && (s.2..s.2.saturating_add(s.3)).contains(&names);
    let load = segments.iter().find(holds)?;
    let names = names - load.2 + load.1;
    let name = |at: u64| {
        let bytes = read_up_to(&mut file, names.checked_add(at)?, 256)?;
        let end = bytes.iter().position(|b| *b == 0)?;
        String::from_utf8(bytes[..end].to_vec()).ok()
    };
    Some(
        entries
            .iter()
            .filter(|e| e.0 == DT_NEEDED)
            .map(|e| e.1)
            .filter_map(name)
            .collect(),
    )
}

fn read_at(file: &mut File, offset: u64, bytes: u64) -> Option<Vec<u8>> {
    let read = read_up_to(file, offset, bytes)?;
    (read.len() as u64 == bytes).then_some(read)
}

fn read_up_to(file: &mut File, offset: u64, bytes: u64) -> Option<Vec<u8>> {
    if bytes > LARGEST {
        return None;
    }
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read).ok()?;
    Some(read)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn this_program_needs_the_c_library_and_damaged_files_give_nothing() {
        let program = std::env::current_exe().unwrap();
        let names = needed(&program).unwrap();
        assert!(names.iter().any(|n| n.starts_with("libc.so")), "{names:?}");
        let bytes = std::fs::read(&program).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged");
        for length in [0, 10, 64, 200] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(needed(&path), None);
        }
        // Every field of the header that is followed, at its worst.
        for at in [32, 54, 56] {
            let mut wild = bytes[..4096].to_vec();
            wild[at..at + 2].fill(0xff);
            std::fs::write(&path, &wild).unwrap();
            assert_eq!(needed(&path), None);
        }
    }
}
