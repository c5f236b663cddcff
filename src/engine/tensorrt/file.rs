//! Building into a file. The bytes are hashed on their way, on a thread of their own: nobody has to read them again, and
//! TensorRT does not wait for it.

use super::words;
use crate::engine::EngineError;
use crossbeam_channel::{Receiver, Sender};
use enginesmith_tensorrt::Error;
use enginesmith_tensorrt::api::{Builder, BuilderConfig, Network};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;

/// Bytes that are written and hashed at once.
const BLOCK: usize = 1 << 20;
/// Blocks that may wait to be hashed.
const WAITING: usize = 16;

/// Size and SHA-256 of a built engine.
pub struct Content {
    /// Size.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

impl Content {
    /// Of bytes in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            sha256: hex(Sha256::digest(bytes).as_slice()),
        }
    }
}

/// Builds into a file: as it is made, where the version can, else at the end.
///
/// # Errors
/// TensorRT's own, or the system's with the path.
pub fn build(
    builder: &Builder,
    network: &Network<'_>,
    config: &BuilderConfig<'_>,
    path: &Path,
) -> Result<Content, EngineError> {
    let failed = |why: &dyn std::fmt::Display| {
        EngineError::Failed(format!("{}: the engine cannot be written: {why}", path.display()))
    };
    let mut file = File::create(path).map_err(|e| failed(&e))?;
    let (blocks, hashed) = crossbeam_channel::bounded(WAITING);
    let hashing = thread::Builder::new().name("hash engine".into());
    let hashing = hashing.spawn(move || hash(&hashed)).map_err(|e| failed(&e))?;
    let sink = file.try_clone().map_err(|e| failed(&e))?;
    let sink = BufWriter::with_capacity(BLOCK, Hashed { file: sink, blocks });
    // The sink is gone when this returns, and with it the hashing ends.
    match builder.build_to(network, config, Box::new(sink)) {
        Ok(bytes) => {
            let sha256 = hashing.join().map_err(|_| failed(&"its hash was not made"))?;
            Ok(Content { bytes, sha256 })
        }
        Err(Error::Missing(_)) => {
            let bytes = builder.build(network, config).map_err(words::error)?;
            let bytes: &[u8] = &bytes;
            thread::scope(|scope| {
                let content = scope.spawn(|| Content::of(bytes));
                file.write_all(bytes).map_err(|e| failed(&e))?;
                content.join().map_err(|_| failed(&"its hash was not made"))
            })
        }
        Err(Error::Write(why)) => Err(failed(&why)),
        Err(error) => Err(words::error(error)),
    }
}

/// A file that has hashed what is written to it.
struct Hashed {
    file: File,
    blocks: Sender<Vec<u8>>,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // TensorRT hands over large parts at once; the hashing shall begin before all is written.
        let part = bytes.get(..BLOCK).unwrap_or(bytes);
        let written = self.file.write(part)?;
        let done = part.get(..written).unwrap_or(part).to_vec();
        self.blocks.send(done).map_err(io::Error::other)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn hash(blocks: &Receiver<Vec<u8>>) -> String {
    let mut hash = Sha256::new();
    blocks.iter().for_each(|block| hash.update(&block));
    hex(hash.finalize().as_slice())
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_any_parts_is_hashed_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine");
        let bytes: Vec<u8> = (0..5 * BLOCK as u32 / 2).map(|i| ((i * 31) >> 3) as u8).collect();
        let (blocks, hashed) = crossbeam_channel::bounded(WAITING);
        let hashing = thread::spawn(move || hash(&hashed));
        let file = File::create(&path).unwrap();
        let mut sink = BufWriter::with_capacity(BLOCK, Hashed { file, blocks });
        for part in bytes.chunks(700_001) {
            sink.write_all(part).unwrap();
        }
        sink.flush().unwrap();
        drop(sink);
        assert_eq!(hashing.join().unwrap(), Content::of(&bytes).sha256);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}
