//! Constant tensors: their bytes wherever ONNX puts them (raw, typed fields, external files), read without copying
//! where the file allows it.

use super::DataType;
use super::minifloat;
use super::onnx::TensorProto;
use bytes::Bytes;
use half::{bf16, f16};

/// A constant tensor's data, little-endian and packed as ONNX packs `raw_data`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Element type; never `String` (see [`super::Model::strings`]).
    pub dtype: DataType,
    /// Shape; empty for a scalar.
    pub dims: Vec<u64>,
    /// Exactly `dtype.packed_bytes(elements)` bytes; a view into the mapped file where possible.
    pub bytes: Bytes,
}

/// Constructors that take one value per element; `None` when the dims multiply to another number.
macro_rules! from_values {
    ($($(#[$doc:meta])* $name:ident($ty:ty) => $dtype:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(dims: &[u64], values: &[$ty]) -> Option<Self> {
            Self::new(DataType::$dtype, dims, values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
    )*};
}

impl Tensor {
    /// A tensor of these bytes; `None` when their number is not what type and dims say, or the type is `String`.
    pub fn new(dtype: DataType, dims: &[u64], bytes: Bytes) -> Option<Self> {
        let fits = dtype != DataType::String && dtype.packed_bytes(elements(dims)?)? == bytes.len() as u64;
        fits.then(|| Self {
            dtype,
            dims: dims.into(),
            bytes,
        })
    }

    from_values! {
        /// A `float32` tensor; `None` when the dims multiply to another number of elements.
        from_f32(f32) => Float32;
        /// A `float64` tensor; `None` when the dims multiply to another number of elements.
        from_f64(f64) => Float64;
        /// An `int64` tensor; `None` when the dims multiply to another number of elements.
        from_i64(i64) => Int64;
        /// An `int32` tensor; `None` when the dims multiply to another number of elements.
        from_i32(i32) => Int32;
        /// An `int8` tensor; `None` when the dims multiply to another number of elements.
        from_i8(i8) => Int8;
        /// A `uint8` tensor; `None` when the dims multiply to another number of elements.
        from_u8(u8) => UInt8;
        /// A `float16` tensor; `None` when the dims multiply to another number of elements.
        from_f16(f16) => Float16;
        /// A `bfloat16` tensor; `None` when the dims multiply to another number of elements.
        from_bf16(bf16) => BFloat16;
    }

    /// A `bool` tensor; `None` when the dims multiply to another number of elements.
    pub fn from_bool(dims: &[u64], values: &[bool]) -> Option<Self> {
        Self::new(DataType::Bool, dims, values.iter().map(|v| u8::from(*v)).collect())
    }

    /// The tensor of a `TensorProto` message that stands alone in a file, as ONNX's test sets have them.
    ///
    /// # Errors
    /// What does not decode or does not fit together; data in external files is refused.
    pub fn from_message(bytes: Bytes) -> Result<Self, String> {
        let proto = super::decode::decode_tensor(&bytes)?;
        super::stored::stored(&proto)?.tensor(|_, _| Err("its data is in another file".into()))
    }

    /// Number of elements (1 for a scalar).
    pub fn elements(&self) -> u64 {
        elements(&self.dims).unwrap_or(0)
    }

    /// All values as `f64`, in order, for every real type: floats of any width, integers (those above 2^53 rounded) and
    /// booleans (0 and 1). `None` for complex numbers.
    pub fn to_f64_iter(&self) -> Option<Box<dyn Iterator<Item = f64> + '_>> {
        use DataType as T;
        let b = self.bytes.as_ref();
        Some(match self.dtype {
            T::Float32 => Box::new(chunks(b).map(|v| f64::from(f32::from_le_bytes(v)))),
            T::Float64 => Box::new(chunks(b).map(f64::from_le_bytes)),
            T::Float16 => Box::new(chunks(b).map(|v| f16::from_le_bytes(v).to_f64())),
            T::BFloat16 => Box::new(chunks(b).map(|v| bf16::from_le_bytes(v).to_f64())),
            T::UInt64 => Box::new(chunks(b).map(|v| u64::from_le_bytes(v) as f64)),
            T::Float8E4M3FN
            | T::Float8E4M3FNUZ
            | T::Float8E5M2
            | T::Float8E5M2FNUZ
            | T::Float8E8M0
            | T::Float6E2M3
            | T::Float6E3M2
            | T::Float4E2M1 => {
                let dtype = self.dtype;
                Box::new(
                    self.codes()
                        .map(move |code| minifloat::decode(dtype, code).map_or(f64::NAN, f64::from)),
                )
            }
            T::Complex64 | T::Complex128 | T::String => return None,
            _ => Box::new(self.to_i64_iter()?.map(|v| v as f64)),
        })
    }

    /// All values as `f32`, for the types that [`Self::to_f64_iter`] reads.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        if self.dtype == DataType::Float32 {
            return Some(chunks(&self.bytes).map(f32::from_le_bytes).collect());
        }
        Some(self.to_f64_iter()?.map(|v| v as f32).collect())
    }

    /// All values of an integer or boolean tensor. `None` for other types, and for `uint64` values above `i64::MAX`.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        if self.dtype == DataType::UInt64 {
            return chunks(&self.bytes)
                .map(|v| i64::try_from(u64::from_le_bytes(v)).ok())
                .collect();
        }
        Some(self.to_i64_iter()?.collect())
    }

    fn to_i64_iter(&self) -> Option<Box<dyn Iterator<Item = i64> + '_>> {
        use DataType as T;
        let b = self.bytes.as_ref();
        let sign_extend = |code: u8, bits: u32| i64::from((code << (8 - bits)) as i8 >> (8 - bits));
        Some(match self.dtype {
            T::Int64 => Box::new(chunks(b).map(i64::from_le_bytes)),
            T::Int32 => Box::new(chunks(b).map(|v| i64::from(i32::from_le_bytes(v)))),
            T::UInt32 => Box::new(chunks(b).map(|v| i64::from(u32::from_le_bytes(v)))),
            T::Int16 => Box::new(chunks(b).map(|v| i64::from(i16::from_le_bytes(v)))),
            T::UInt16 => Box::new(chunks(b).map(|v| i64::from(u16::from_le_bytes(v)))),
            T::Int8 => Box::new(b.iter().map(|v| i64::from(*v as i8))),
            T::UInt8 => Box::new(b.iter().map(|v| i64::from(*v))),
            T::Bool => Box::new(b.iter().map(|v| i64::from(*v != 0))),
            T::UInt4 | T::UInt2 => Box::new(self.codes().map(i64::from)),
            T::Int4 => Box::new(self.codes().map(move |c| sign_extend(c, 4))),
            T::Int2 => Box::new(self.codes().map(move |c| sign_extend(c, 2))),
            _ => return None,
        })
    }

    /// The bit patterns of a type of 8 bits or fewer, unpacked.
    fn codes(&self) -> impl Iterator<Item = u8> + '_ {
        let bits = self.dtype.bits() as usize;
        let count = usize::try_from(self.elements()).unwrap_or(0);
        (0..count).map(move |i| {
            let at = i * bits;
            // Six-bit elements cross bytes; the others never do.
            let low = u16::from(self.bytes.get(at / 8).copied().unwrap_or(0));
            let high = u16::from(self.bytes.get(at / 8 + 1).copied().unwrap_or(0));
            ((low | high << 8) >> (at % 8)) as u8 & (0xff >> (8 - bits.clamp(1, 8)))
        })
    }

    /// The message for this tensor, its data as `raw_data` (not copied).
    pub fn to_proto(&self, name: &str) -> TensorProto {
        TensorProto {
            name: Some(name.into()),
            data_type: Some(self.dtype.to_onnx()),
            dims: self
                .dims
                .iter()
                .map(|d| i64::try_from(*d).unwrap_or(i64::MAX))
                .collect(),
            raw_data: Some(self.bytes.clone()),
            ..Default::default()
        }
    }
}

/// Product of the dims; `None` on overflow.
fn elements(dims: &[u64]) -> Option<u64> {
    if dims.contains(&0) {
        return Some(0);
    }
    dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d))
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    bytes.as_chunks::<N>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::super::stored::stored;
    use super::*;

    fn read(proto: &TensorProto) -> Result<Tensor, String> {
        stored(proto)?.tensor(|_, _| Err("external".into()))
    }

    fn typed(dtype: DataType, dims: &[i64], int32: &[i32]) -> TensorProto {
        TensorProto {
            data_type: Some(dtype.to_onnx()),
            dims: dims.into(),
            int32_data: int32.into(),
            ..Default::default()
        }
    }

    #[test]
    fn values_in_int32_data_are_narrowed() {
        let half = f16::from_f32(1.5);
        let t = read(&typed(DataType::Float16, &[2], &[i32::from(half.to_bits()), 0])).unwrap();
        assert_eq!(t.to_f32().unwrap(), [1.5, 0.0]);
        let t = read(&typed(DataType::Int8, &[3], &[-1, 127, -128])).unwrap();
        assert_eq!(t.to_i64().unwrap(), [-1, 127, -128]);
        let t = read(&typed(DataType::Bool, &[2], &[1, 0])).unwrap();
        assert_eq!(t.bytes.as_ref(), [1, 0]);
    }

    #[test]
    fn packed_types_unpack_from_either_place() {
        // 3 elements 1, -2, 7: low nibble first.
        let t = read(&typed(DataType::Int4, &[3], &[0xe1, 0x07])).unwrap();
        assert_eq!(t.to_i64().unwrap(), [1, -2, 7]);
        assert_eq!(t.bytes.len(), 2);
        let t = read(&typed(DataType::UInt2, &[5], &[0b11_10_01_00, 0b10])).unwrap();
        assert_eq!(t.to_i64().unwrap(), [0, 1, 2, 3, 2]);
        // Five 6-bit elements: 1, 2, 3, 4, 5 (1/8 units of float6e2m3 subnormals).
        let t = read(&typed(DataType::Float6E2M3, &[5], &[1, 2, 3, 4, 5])).unwrap();
        assert_eq!(t.bytes.len(), 4);
        assert_eq!(t.to_f32().unwrap(), [0.125, 0.25, 0.375, 0.5, 0.625]);
    }

    #[test]
    fn dims_must_agree_with_data() {
        let mut proto = typed(DataType::Float32, &[2, 3], &[]);
        assert!(read(&proto).unwrap_err().contains("no data"));
        proto.raw_data = Some(vec![0; 20].into());
        assert!(read(&proto).unwrap_err().contains("need 24 bytes, raw_data has 20"));
        proto.raw_data = Some(vec![0; 24].into());
        assert_eq!(read(&proto).unwrap().elements(), 6);
        proto.float_data = vec![0.0; 6];
        assert!(read(&proto).unwrap_err().contains("more than one place"));
        assert!(
            read(&typed(DataType::Int8, &[-1], &[]))
                .unwrap_err()
                .contains("negative")
        );
        assert!(read(&typed(DataType::Int8, &[i64::MAX, i64::MAX], &[])).is_err());
        assert!(read(&typed(DataType::Int8, &[i64::MAX, i64::MAX, 0], &[])).is_ok());
        assert!(
            read(&typed(DataType::Int64, &[1], &[1]))
                .unwrap_err()
                .contains("belongs in int64_data")
        );
    }

    #[test]
    fn constructors_check_the_number_of_values() {
        let t = Tensor::from_f32(&[2], &[1.0, -2.0]).unwrap();
        assert_eq!(read(&t.to_proto("t")).unwrap(), t);
        assert_eq!(Tensor::from_i64(&[3], &[1]), None);
        assert_eq!(Tensor::from_bool(&[], &[true]).unwrap().to_i64().unwrap(), [1]);
        let big = Tensor::new(DataType::UInt64, &[1], u64::MAX.to_le_bytes().to_vec().into()).unwrap();
        assert_eq!(big.to_i64(), None);
        assert_eq!(big.to_f64_iter().unwrap().next(), Some(u64::MAX as f64));
    }
}
