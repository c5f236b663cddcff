//! NumPy's `.npy` header: read without trusting it, and written.
//!
//! Format: numpy.lib.format (NEP 1), versions 1 to 3. Types that NumPy has no name for are written as a record with one
//! field that carries the name (`[('bfloat16', '<u2')]`); types below a byte take a byte an element there.

use crate::model::{DataType, Tensor};
use std::io::Read;

/// NumPy itself refuses longer headers of untrusted files by default.
const MAX_HEADER: usize = 64 << 10;
/// NumPy's own limit is 64.
const MAX_RANK: usize = 64;

/// NumPy's codes for the types both sides know.
const CODES: [(&str, DataType); 14] = [
    ("f4", DataType::Float32),
    ("f8", DataType::Float64),
    ("f2", DataType::Float16),
    ("i1", DataType::Int8),
    ("i2", DataType::Int16),
    ("i4", DataType::Int32),
    ("i8", DataType::Int64),
    ("u1", DataType::UInt8),
    ("u2", DataType::UInt16),
    ("u4", DataType::UInt32),
    ("u8", DataType::UInt64),
    ("b1", DataType::Bool),
    ("c8", DataType::Complex64),
    ("c16", DataType::Complex128),
];

/// What a header says.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Header {
    pub dtype: DataType,
    pub dims: Vec<u64>,
    /// Numbers are stored high byte first and are `swap` bytes wide.
    pub swap: Option<usize>,
}

impl Header {
    /// Reads a header up to the first byte of data.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(from: &mut dyn Read) -> Result<Self, String> {
        let short = |_| "not an .npy file: it ends inside the header".to_owned();
        let mut start = [0; 8];
        from.read_exact(&mut start).map_err(short)?;
        let (magic, version) = start.split_at(6);
        if magic != b"\x93NUMPY" {
            return Err("not an .npy file: it does not start with NumPy's magic bytes".into());
        }
        let length = match version[0] {
            1 => {
                let mut bytes = [0; 2];
                from.read_exact(&mut bytes).map_err(short)?;
                usize::from(u16::from_le_bytes(bytes))
            }
            2 | 3 => {
                let mut bytes = [0; 4];
                from.read_exact(&mut bytes).map_err(short)?;
                u32::from_le_bytes(bytes) as usize
            }
            n => return Err(format!("version {n} of the .npy format is not known")),
        };
        if length > MAX_HEADER {
            return Err(format!("the header claims {length} bytes; {MAX_HEADER} is the limit"));
        }
        let mut text = vec![0; length];
        from.read_exact(&mut text).map_err(short)?;
        let text = String::from_utf8(text).map_err(|_| "the header is not text".to_owned())?;
        Dict::parse(&text).map_err(|why| format!("the header cannot be read: {why}"))
    }

    /// Bytes of the data in the file; `None` when the numbers are absurd.
    pub fn file_bytes(&self) -> Option<u64> {
        let elements = self.elements()?;
        // Types below a byte take one each in the file.
        elements.checked_mul(u64::from(self.dtype.bits().div_ceil(8)))
    }

    pub fn elements(&self) -> Option<u64> {
        self.dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d))
    }

    /// Bytes of the file turned into the tensor's: byte order, packing, booleans checked.
    ///
    /// # Errors
    /// A boolean that is neither 0 nor 1.
    pub fn unpack(&self, mut bytes: Vec<u8>, dims: Vec<u64>) -> Result<Tensor, String> {
        if let Some(width) = self.swap {
            bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
        }
        if self.dtype == DataType::Bool
            && let Some(bad) = bytes.iter().find(|b| **b > 1)
        {
            return Err(format!("a boolean has the value {bad}"));
        }
        if self.dtype.bits() < 8 {
            bytes = pack(&bytes, self.dtype.bits());
        }
        Tensor::new(self.dtype, &dims, bytes.into()).ok_or_else(|| "the data does not fill its shape".to_owned())
    }

    /// The header's text for a tensor.
    pub fn write(dtype: DataType, dims: &[u64]) -> Vec<u8> {
        let width = dtype.bits().div_ceil(8);
        let order = if width == 1 { '|' } else { '<' };
        let descr = match CODES.iter().find(|(_, d)| *d == dtype) {
            Some((code, _)) => format!("'{order}{code}'"),
            None => format!("[('{}', '{order}u{width}')]", dtype.name()),
        };
        let shape: String = dims.iter().map(|d| format!("{d}, ")).collect();
        let mut text = format!(
            "{{'descr': {descr}, 'fortran_order': False, 'shape': ({}), }}",
            shape.trim_end()
        );
        // The data starts at a multiple of 64 bytes, as NumPy writes it; version 2 has 12 bytes before the text.
        let padding = 64 - (12 + text.len() + 1) % 64;
        text.extend(std::iter::repeat_n(' ', padding % 64));
        text.push('\n');
        let mut out = b"\x93NUMPY\x02\x00".to_vec();
        out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(text.into_bytes());
        out
    }
}

/// The data of a tensor as it goes into a file: types below a byte take one each.
pub(super) fn file_data(tensor: &Tensor) -> std::borrow::Cow<'_, [u8]> {
    let bits = tensor.dtype.bits();
    if bits >= 8 {
        return tensor.bytes.as_ref().into();
    }
    let element = |i: u64| {
        let (byte, shift) = bit_place(i, bits);
        let low = u16::from(tensor.bytes.get(byte).copied().unwrap_or(0));
        let high = u16::from(tensor.bytes.get(byte + 1).copied().unwrap_or(0));
        (((low | high << 8) >> shift) & ((1 << bits) - 1)) as u8
    };
    (0..tensor.elements()).map(element).collect::<Vec<u8>>().into()
}

fn bit_place(element: u64, bits: u32) -> (usize, u32) {
    let at = element * u64::from(bits);
    ((at / 8) as usize, (at % 8) as u32)
}

/// One element a byte, packed as ONNX packs it: lowest bits first.
fn pack(elements: &[u8], bits: u32) -> Vec<u8> {
    let mut out = vec![0; (elements.len() * bits as usize).div_ceil(8)];
    for (i, element) in elements.iter().enumerate() {
        let (byte, shift) = bit_place(i as u64, bits);
        let wide = (u16::from(*element) & ((1 << bits) - 1)) << shift;
        out[byte] |= wide as u8;
        if wide > 0xff {
            out[byte + 1] |= (wide >> 8) as u8;
        }
    }
    out
}

/// The header's Python dictionary, as far as NumPy writes it.
struct Dict<'a> {
    rest: &'a str,
}

impl<'a> Dict<'a> {
    fn parse(text: &'a str) -> Result<Header, String> {
        let mut dict = Dict { rest: text };
        let (mut descr, mut fortran, mut dims) = (None, None, None);
        dict.expect('{')?;
        while !dict.accept('}') {
            let key = dict.string()?;
            dict.expect(':')?;
            match key {
                "descr" => descr = Some(dict.descr()?),
                "fortran_order" => fortran = Some(dict.boolean()?),
                "shape" => dims = Some(dict.shape()?),
                _ => return Err(format!("unknown key {key:?}")),
            }
            if !dict.accept(',') {
                dict.expect('}')?;
                break;
            }
        }
        let (dtype, swap) = descr.ok_or("it has no descr")?;
        let dims: Vec<u64> = dims.ok_or("it has no shape")?;
        if fortran.ok_or("it has no fortran_order")? && dims.len() > 1 {
            return Err("the array is in Fortran order; save numpy.ascontiguousarray(array)".into());
        }
        Ok(Header { dtype, dims, swap })
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn accept(&mut self, c: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.accept(c) {
            return Ok(());
        }
        let seen: String = self.rest.chars().take(12).collect();
        Err(format!("expected {c:?} before {seen:?}"))
    }

    fn string(&mut self) -> Result<&'a str, String> {
        self.skip();
        let quote = if self.accept('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect('\'')?;
        }
        let (text, rest) = self.rest.split_once(quote).ok_or("a text does not end")?;
        self.rest = rest;
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, String> {
        self.skip();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("fortran_order is neither True nor False".into())
    }

    fn shape(&mut self) -> Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut dims = Vec::new();
        while !self.accept(')') {
            self.skip();
            let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = self.rest.split_at(digits);
            // Python 2 wrote long integers with an L.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            dims.push(number.parse().map_err(|_| "a size is not a number")?);
            if dims.len() > MAX_RANK {
                return Err(format!("more than {MAX_RANK} dimensions"));
            }
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(dims)
    }

    fn descr(&mut self) -> Result<(DataType, Option<usize>), String> {
        if self.accept('[') {
            self.expect('(')?;
            let name = self.string()?;
            self.expect(',')?;
            let code = self.string()?;
            self.expect(')')?;
            self.accept(',');
            self.expect(']')?;
            let dtype = DataType::from_name(name).filter(|d| CODES.iter().all(|(_, known)| known != d));
            let dtype = dtype.ok_or_else(|| format!("records (field {name:?}) are not tensors"))?;
            let width = dtype.bits().div_ceil(8) as usize;
            let swap = swapped(code, &format!("u{width}")).ok_or_else(|| format!("{name} is stored as {code:?}"))?;
            return Ok((dtype, swap.then_some(width)));
        }
        let code = self.string()?;
        for (known, dtype) in CODES {
            if let Some(swap) = swapped(code, known) {
                // The parts of a complex number are swapped one by one.
                let complex = known.starts_with('c');
                let width = dtype.bits() as usize / 8 / if complex { 2 } else { 1 };
                return Ok((dtype, (swap && width > 1).then_some(width)));
            }
        }
        let hint = match code.trim_start_matches(['<', '>', '|', '=']).chars().next() {
            Some('O') => " (Python objects cannot be read safely)",
            Some('U' | 'S') => " (texts are not tensors)",
            Some('V') => " (a type that NumPy does not know; save it as float32)",
            _ => "",
        };
        Err(format!("the element type {code:?} is not supported{hint}"))
    }
}

/// Whether `code` is `known` with the high byte first; `None` when it is another type.
fn swapped(code: &str, known: &str) -> Option<bool> {
    let rest = code.strip_prefix(['<', '>', '|', '='])?;
    (rest == known).then(|| code.starts_with('>'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(dict: &str) -> Result<Header, String> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((dict.len() as u16).to_le_bytes());
        bytes.extend(dict.as_bytes());
        Header::read(&mut bytes.as_slice())
    }

    #[test]
    fn numpys_own_headers_are_read() {
        let h = header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        assert_eq!((h.dtype, h.dims, h.swap), (DataType::Float32, vec![3, 4], None));
        let h = header("{'descr': '|b1', 'fortran_order': False, 'shape': (), }").unwrap();
        assert_eq!((h.dtype, h.dims), (DataType::Bool, vec![]));
        let h = header("{'descr': '>i8', 'fortran_order': True, 'shape': (5L,), }").unwrap();
        assert_eq!((h.dtype, h.dims, h.swap), (DataType::Int64, vec![5], Some(8)));
        let h = header("{'descr': '>c16', 'fortran_order': False, 'shape': (1,), }").unwrap();
        assert_eq!(h.swap, Some(8));
    }

    #[test]
    fn what_is_not_a_tensor_is_refused_with_the_reason() {
        for (dict, reason) in [
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
                "Python objects",
            ),
            ("{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }", "texts"),
            ("{'descr': '|V2', 'fortran_order': False, 'shape': (3,), }", "float32"),
            (
                "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,), }",
                "records",
            ),
            ("{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }", "Fortran"),
            ("{'descr': '<f4', 'fortran_order': False, }", "no shape"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
                "not a number",
            ),
            ("{'descr': '<f4'", "expected"),
            ("", "expected"),
        ] {
            let error = header(dict).unwrap_err();
            assert!(error.contains(reason), "{dict}: {error}");
        }
        assert!(
            Header::read(&mut b"PK\x03\x04....".as_slice())
                .unwrap_err()
                .contains("magic")
        );
        let mut huge = b"\x93NUMPY\x02\x00".to_vec();
        huge.extend(u32::MAX.to_le_bytes());
        assert!(Header::read(&mut huge.as_slice()).unwrap_err().contains("limit"));
        assert!(header(&"[".repeat(60_000)).is_err());
    }

    #[test]
    fn big_endian_data_is_turned() {
        let h = header("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }").unwrap();
        assert_eq!(h.unpack(vec![0, 1, 1, 0], vec![2]).unwrap().to_i64().unwrap(), [1, 256]);
        let h = header("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }").unwrap();
        assert!(h.unpack(vec![0, 7], vec![2]).unwrap_err().contains('7'));
    }

    proptest! {
        #[test]
        fn every_type_round_trips(onnx in 1..=28i32, data in prop::collection::vec(any::<u8>(), 64)) {
            let dtype = DataType::from_onnx(onnx).unwrap();
            prop_assume!(dtype != DataType::String && dtype != DataType::Bool);
            let elements = 3;
            let mut bytes = data[..dtype.packed_bytes(elements).unwrap() as usize].to_vec();
            let spare = bytes.len() as u32 * 8 - elements as u32 * dtype.bits();
            *bytes.last_mut().unwrap() &= 0xff >> spare;
            let tensor = Tensor::new(dtype, &[elements], bytes.into()).unwrap();
            let mut file = Header::write(dtype, &[elements]);
            prop_assert_eq!(file.len() % 64, 0);
            file.extend(file_data(&tensor).iter());
            let mut rest = file.as_slice();
            let header = Header::read(&mut rest).unwrap();
            prop_assert_eq!(header.file_bytes(), Some(rest.len() as u64));
            prop_assert_eq!(header.unpack(rest.to_vec(), vec![elements]).unwrap(), tensor);
        }

        #[test]
        fn garbage_never_panics(text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = header(&text);
            let _ = Header::read(&mut bytes.as_slice());
        }
    }
}
