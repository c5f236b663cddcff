//! Looks at a shared library's file before it is loaded: is it one, for this machine, whole, and what does it export?
//!
//! Loading a truncated library can end in a bus error and running the wrong one's constructors in anything, so this reads
//! the ELF headers itself. Nothing is loaded here.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// What a file's headers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elf {
    /// Exported names that the caller asked for.
    pub exports: Vec<String>,
}

/// Why a file cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Io(String),
    /// Some other kind of file.
    #[error("is not an ELF shared library: {0}")]
    NotElf(&'static str),
    /// A library for another machine.
    #[error("is built for {found}, this program for x86-64")]
    WrongArchitecture {
        /// The machine it is for.
        found: String,
    },
    /// Part of the file is missing.
    #[error("is truncated: it has {size} bytes and its headers speak of {needed}")]
    Truncated {
        /// Bytes in the file.
        size: u64,
        /// Bytes that the headers need.
        needed: u64,
    },
}

/// More than any library's symbol table; a bound so that a lying header cannot ask for everything.
const MOST_TABLE_BYTES: u64 = 256 << 20;

/// Checks that the file is a whole x86-64 shared library and lists those of its exported names that `keep` takes.
pub(crate) fn read(path: &Path, keep: impl Fn(&str) -> bool) -> Result<Elf, ElfError> {
    let io = |e: std::io::Error| ElfError::Io(e.to_string());
    let mut file = File::open(path).map_err(io)?;
    let meta = file.metadata().map_err(io)?;
    if !meta.is_file() {
        return Err(ElfError::NotElf("it is not a file"));
    }
    let size = meta.len();
    let mut head = vec![0; 64.min(size as usize)];
    file.read_exact(&mut head).map_err(io)?;
    check_kind(&head)?;
    if head.len() < 64 {
        return Err(ElfError::Truncated { size, needed: 64 });
    }
    let mut reader = Reader { file, size };
    let programs = reader.table(u64_at(&head, 32), u16_at(&head, 54), u16_at(&head, 56), 56)?;
    for segment in &programs {
        let (kind, offset, bytes) = (u32_at(segment, 0), u64_at(segment, 8), u64_at(segment, 32));
        let needed = offset.saturating_add(bytes);
        if kind == 1 && needed > size {
            return Err(ElfError::Truncated { size, needed });
        }
    }
    let sections = reader.table(u64_at(&head, 40), u16_at(&head, 58), u16_at(&head, 60), 64)?;
    Ok(Elf {
        exports: reader.exports(&sections, keep)?,
    })
}

fn check_kind(head: &[u8]) -> Result<(), ElfError> {
    match head {
        [] => return Err(ElfError::NotElf("it is empty")),
        [b'M', b'Z', ..] => return Err(ElfError::NotElf("it is a Windows library")),
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, ..] => {
            return Err(ElfError::NotElf("it is a macOS library"));
        }
        [0x7f, b'E', b'L', b'F', ..] => {}
        _ => return Err(ElfError::NotElf("its first bytes are others")),
    }
    if head.len() < 20 {
        return Err(ElfError::Truncated {
            size: head.len() as u64,
            needed: 64,
        });
    }
    if head[4] != 2 || head[5] != 1 {
        let found = if head[5] == 2 {
            "a big-endian machine"
        } else {
            "a 32-bit machine"
        };
        return Err(ElfError::WrongArchitecture { found: found.into() });
    }
    match u16_at(head, 18) {
        62 => {}
        183 => {
            return Err(ElfError::WrongArchitecture {
                found: "aarch64".into(),
            });
        }
        other => {
            return Err(ElfError::WrongArchitecture {
                found: format!("machine {other} of the ELF list"),
            });
        }
    }
    if u16_at(head, 16) != 3 {
        return Err(ElfError::NotElf("it is an ELF file but not a shared library"));
    }
    Ok(())
}

struct Reader {
    file: File,
    size: u64,
}

impl Reader {
    fn bytes(&mut self, offset: u64, count: u64) -> Result<Vec<u8>, ElfError> {
        let needed = offset.saturating_add(count);
        if needed > self.size || count > MOST_TABLE_BYTES {
            return Err(ElfError::Truncated {
                size: self.size,
                needed,
            });
        }
        let mut out = vec![0; count as usize];
        let io = |e: std::io::Error| ElfError::Io(e.to_string());
        self.file.seek(SeekFrom::Start(offset)).map_err(io)?;
        self.file.read_exact(&mut out).map_err(io)?;
        Ok(out)
    }

    /// A table of `count` entries of `entry` bytes, of which at least `least` are needed.
    fn table(&mut self, offset: u64, entry: u16, count: u16, least: u16) -> Result<Vec<Vec<u8>>, ElfError> {
        if count == 0 {
            return Ok(vec![]);
        }
        if entry < least {
            return Err(ElfError::NotElf("its tables have entries that are too short"));
        }
        let bytes = self.bytes(offset, u64::from(entry) * u64::from(count))?;
        Ok(bytes.chunks_exact(entry as usize).map(<[u8]>::to_vec).collect())
    }

    fn exports(&mut self, sections: &[Vec<u8>], keep: impl Fn(&str) -> bool) -> Result<Vec<String>, ElfError> {
        const DYNAMIC_SYMBOLS: u32 = 11;
        let mut out = vec![];
        for section in sections.iter().filter(|s| u32_at(s, 4) == DYNAMIC_SYMBOLS) {
            let Some(strings) = sections.get(u32_at(section, 40) as usize) else {
                continue;
            };
            let symbols = self.bytes(u64_at(section, 24), u64_at(section, 32))?;
            let strings = self.bytes(u64_at(strings, 24), u64_at(strings, 32))?;
            for symbol in symbols.chunks_exact(24).filter(|s| u16_at(s, 6) != 0) {
                let rest = strings.get(u32_at(symbol, 0) as usize..).unwrap_or_default();
                let name = rest.split(|b| *b == 0).next().unwrap_or_default();
                if let Ok(name) = std::str::from_utf8(name)
                    && keep(name)
                {
                    out.push(name.to_owned());
                }
            }
        }
        Ok(out)
    }
}

// The callers have checked the lengths; zeros stand for what is not there.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u16::from_le_bytes)
}
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..at + 8)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_bytes(bytes: &[u8]) -> Result<Elf, ElfError> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("lib.so");
        std::fs::write(&path, bytes).expect("write");
        read(&path, |_| true)
    }

    fn header(machine: u16, kind: u16) -> Vec<u8> {
        let mut head = vec![0; 64];
        head[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        head[16..18].copy_from_slice(&kind.to_le_bytes());
        head[18..20].copy_from_slice(&machine.to_le_bytes());
        head
    }

    #[test]
    fn other_kinds_of_files() {
        assert_eq!(read_bytes(b""), Err(ElfError::NotElf("it is empty")));
        assert_eq!(read_bytes(b"MZ\0\0"), Err(ElfError::NotElf("it is a Windows library")));
        assert_eq!(read_bytes(b"text"), Err(ElfError::NotElf("its first bytes are others")));
        assert_eq!(
            read_bytes(&header(62, 2)),
            Err(ElfError::NotElf("it is an ELF file but not a shared library"))
        );
        assert_eq!(
            read_bytes(&header(183, 3)),
            Err(ElfError::WrongArchitecture {
                found: "aarch64".into()
            })
        );
        assert_eq!(
            read_bytes(&header(62, 3)[..30]),
            Err(ElfError::Truncated { size: 30, needed: 64 })
        );
        assert!(matches!(
            read(Path::new("/nonexistent/lib.so"), |_| true),
            Err(ElfError::Io(_))
        ));
    }

    #[test]
    fn a_segment_beyond_the_end_is_truncation() {
        let mut bytes = header(62, 3);
        bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1u16.to_le_bytes());
        let mut segment = vec![0; 56];
        segment[0] = 1;
        segment[32..40].copy_from_slice(&5000u64.to_le_bytes());
        bytes.extend(segment);
        assert_eq!(
            read_bytes(&bytes),
            Err(ElfError::Truncated {
                size: 120,
                needed: 5000
            })
        );
    }

    proptest! {
        #[test]
        fn any_header_gives_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes = bytes;
            let head = header(62, 3);
            for (to, from) in bytes.iter_mut().zip(&head[..20]) {
                *to = *from;
            }
            let _ = read_bytes(&bytes);
        }
    }
}
