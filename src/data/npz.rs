//! NumPy's `.npz`: a zip archive of `.npy` members. Read member by member, written uncompressed and always the same bytes
//! for the same tensors (blobs are known by their hash).

use super::NamedTensors;
use super::npy::{self, Header};
use std::io::{Cursor, Read, Seek};

/// Deflate cannot shrink data further than this (zlib's documentation: 1032 to 1); a member that claims more lies.
const MAX_RATIO: u64 = 1100;
/// More members than this is not a set of tensors.
const MAX_MEMBERS: usize = 65_536;

/// The tensors as the bytes of an npz file.
///
/// # Errors
/// More than the 4 GiB that a plain zip archive holds, or two tensors of one name.
pub fn write(tensors: &NamedTensors) -> Result<Vec<u8>, String> {
    let too_large = |_| "the tensors take more than the 4 GiB of an npz file".to_owned();
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (index, (name, tensor)) in tensors.iter().enumerate() {
        if tensors[..index].iter().any(|(other, _)| other == name) {
            return Err(format!("two tensors are called {name:?}"));
        }
        let file_name = format!("{name}.npy");
        let header = Header::write(tensor.dtype, &tensor.dims);
        let data = npy::file_data(tensor);
        let size = u32::try_from(header.len() + data.len()).map_err(too_large)?;
        let offset = u32::try_from(out.len()).map_err(too_large)?;
        let name_length = u16::try_from(file_name.len()).map_err(|_| format!("the name {name:?} is too long"))?;
        let mut crc = Crc::default();
        crc.add(&header);
        crc.add(&data);
        // PKWARE's APPNOTE 6.3: version 2.0, UTF-8 names (flag bit 11), stored, the earliest date there is.
        let mut common = Vec::new();
        for field in [20u16, 1 << 11, 0, 0, 0x21] {
            common.extend(field.to_le_bytes());
        }
        for field in [crc.value(), size, size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        common.extend(0u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(file_name.as_bytes());
        out.extend(&header);
        out.extend(data.as_ref());
        directory.extend(b"PK\x01\x02");
        directory.extend(20u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(file_name.as_bytes());
    }
    let start = u32::try_from(out.len()).map_err(too_large)?;
    let count = u16::try_from(tensors.len()).map_err(|_| "more than 65,535 tensors".to_owned())?;
    let length = u32::try_from(directory.len()).map_err(too_large)?;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    Ok(out)
}

/// All tensors of an npz file's bytes, in the archive's order.
///
/// # Errors
/// The member, and what is wrong with it.
pub fn read(bytes: &[u8]) -> Result<NamedTensors, String> {
    let mut archive = Archive::new(Cursor::new(bytes))?;
    let mut out = NamedTensors::new();
    for name in archive.names()? {
        let tensor = archive.with_member(&name, |member| {
            let header = Header::read(&mut member.data)?;
            let size = member.check(&header)?;
            let mut data = Vec::new();
            member
                .data
                .take(size)
                .read_to_end(&mut data)
                .map_err(|e| e.to_string())?;
            if data.len() as u64 != size {
                return Err(format!("{} bytes of data where the shape needs {size}", data.len()));
            }
            let dims = header.dims.clone();
            header.unpack(data, dims)
        })?;
        out.push((name, tensor));
    }
    Ok(out)
}

/// An npz file.
pub(super) struct Archive<R: Read + Seek> {
    zip: npyz::npz::NpzArchive<R>,
}

/// A member being read.
pub(super) struct Member<'a> {
    /// Uncompressed bytes.
    pub data: &'a mut dyn Read,
    /// Where the bytes stand in the file, when they are stored as they are.
    pub stored_at: Option<u64>,
    /// Uncompressed size that the archive claims.
    pub size: u64,
    compressed: u64,
}

impl Member<'_> {
    /// Bytes of data that the header promises and the archive can hold.
    ///
    /// # Errors
    /// More than the member can have.
    pub fn check(&self, header: &Header) -> Result<u64, String> {
        let needed = header.file_bytes().ok_or("its shape is absurd")?;
        let possible = self.compressed.saturating_mul(MAX_RATIO).min(self.size);
        if needed > possible {
            return Err(format!(
                "its shape needs {needed} bytes, the file has at most {possible}"
            ));
        }
        Ok(needed)
    }
}

impl<R: Read + Seek> Archive<R> {
    pub fn new(reader: R) -> Result<Self, String> {
        let zip = npyz::npz::NpzArchive::new(reader).map_err(|e| format!("not an npz file: {e}"))?;
        Ok(Self { zip })
    }

    /// Names of the arrays, in the archive's order.
    ///
    /// # Errors
    /// Too many members.
    pub fn names(&mut self) -> Result<Vec<String>, String> {
        let zip = self.zip.zip_archive();
        if zip.len() > MAX_MEMBERS {
            return Err(format!("{} members are too many", zip.len()));
        }
        let mut names = Vec::new();
        for index in 0..zip.len() {
            let member = zip.by_index_raw(index).map_err(|e| format!("member {index}: {e}"))?;
            if let Some(name) = npyz::npz::array_name_from_file_name(member.name()) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Reads a member; errors name it.
    ///
    /// # Errors
    /// A missing member, or what `read` says.
    pub fn with_member<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Member<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        // Some of what `read` says names the array already.
        let place = |why: String| match why.starts_with(&format!("array {name:?}")) {
            true => why,
            false => format!("array {name:?}: {why}"),
        };
        let file_name = npyz::npz::file_name_from_array_name(name);
        let mut file = self
            .zip
            .zip_archive()
            .by_name(&file_name)
            .map_err(|e| place(e.to_string()))?;
        let (size, compressed) = (file.size(), file.compressed_size());
        // Method 0 of the zip format; the crate's type cannot be named here, its text can.
        let stored = file.compression().to_string() == "Stored" && size == compressed;
        let stored_at = stored.then(|| file.data_start());
        let mut member = Member {
            data: &mut file,
            stored_at,
            size,
            compressed,
        };
        read(&mut member).map_err(place)
    }
}

/// CRC-32 as zip defines it (IEEE 802.3, reflected polynomial 0xEDB88320).
struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xedb8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[i] = value;
        i += 1;
    }
    table
};

impl Crc {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = CRC_TABLE[usize::from(self.0 as u8 ^ byte)] ^ (self.0 >> 8);
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DataType, Tensor};
    use proptest::prelude::*;

    fn sample() -> NamedTensors {
        vec![
            (
                "x:0/é".into(),
                Tensor::from_f32(&[2, 3], &[1.0, -2.0, 3.5, 0.0, 1e9, -0.0]).unwrap(),
            ),
            ("empty".into(), Tensor::from_i64(&[0, 7], &[]).unwrap()),
            ("scalar".into(), Tensor::from_bool(&[], &[true]).unwrap()),
            (
                "int4".into(),
                Tensor::new(DataType::Int4, &[3], vec![0xe1, 0x07].into()).unwrap(),
            ),
        ]
    }

    #[test]
    fn tensors_round_trip_and_bytes_are_stable() {
        let bytes = write(&sample()).unwrap();
        assert_eq!(read(&bytes).unwrap(), sample());
        assert_eq!(bytes, write(&sample()).unwrap());
        assert_eq!(read(&write(&vec![]).unwrap()).unwrap(), vec![]);
        let twice = vec![sample()[1].clone(), sample()[1].clone()];
        assert!(write(&twice).unwrap_err().contains("\"empty\""));
    }

    #[test]
    fn the_checksum_is_zips() {
        let mut crc = Crc::default();
        crc.add(b"123456789");
        assert_eq!(crc.value(), 0xcbf4_3926, "the check value of CRC-32/ISO-HDLC");
    }

    #[test]
    fn lies_about_sizes_are_refused() {
        let lying = Tensor {
            dims: vec![9],
            ..Tensor::from_f32(&[2], &[1.0, 2.0]).unwrap()
        };
        let bytes = write(&vec![("x".into(), lying)]).unwrap();
        let error = read(&bytes).unwrap_err();
        assert!(error.contains("array \"x\"") && error.contains("36"), "{error}");
        assert!(read(b"PK").unwrap_err().contains("not an npz file"));
        assert!(read(&[]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn mutated_archives_never_panic(at in 0..2000usize, byte in any::<u8>(), cut in 0..2000usize) {
            let mut bytes = write(&sample()).unwrap();
            let length = bytes.len();
            bytes[at % length] = byte;
            let _ = read(&bytes);
            let _ = read(&bytes[..cut % length]);
            let _ = read(&bytes[cut % length..]);
        }
    }
}
