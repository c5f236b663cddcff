//! Element types of tensors, with ONNX's numbering.

use serde::{Deserialize, Serialize};

/// Element type of a tensor (`TensorProto.DataType` of ONNX 1.23).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum DataType {
    Float32,
    UInt8,
    Int8,
    UInt16,
    Int16,
    Int32,
    Int64,
    String,
    Bool,
    Float16,
    Float64,
    UInt32,
    UInt64,
    Complex64,
    Complex128,
    BFloat16,
    Float8E4M3FN,
    Float8E4M3FNUZ,
    Float8E5M2,
    Float8E5M2FNUZ,
    UInt4,
    Int4,
    Float4E2M1,
    Float8E8M0,
    UInt2,
    Int2,
    Float6E2M3,
    Float6E3M2,
}

/// Every type with its ONNX number, its name and its size in bits (0 for strings).
const TABLE: &[(DataType, i32, &str, u32)] = &[
    (DataType::Float32, 1, "float32", 32),
    (DataType::UInt8, 2, "uint8", 8),
    (DataType::Int8, 3, "int8", 8),
    (DataType::UInt16, 4, "uint16", 16),
    (DataType::Int16, 5, "int16", 16),
    (DataType::Int32, 6, "int32", 32),
    (DataType::Int64, 7, "int64", 64),
    (DataType::String, 8, "string", 0),
    (DataType::Bool, 9, "bool", 8),
    (DataType::Float16, 10, "float16", 16),
    (DataType::Float64, 11, "float64", 64),
    (DataType::UInt32, 12, "uint32", 32),
    (DataType::UInt64, 13, "uint64", 64),
    (DataType::Complex64, 14, "complex64", 64),
    (DataType::Complex128, 15, "complex128", 128),
    (DataType::BFloat16, 16, "bfloat16", 16),
    (DataType::Float8E4M3FN, 17, "float8e4m3fn", 8),
    (DataType::Float8E4M3FNUZ, 18, "float8e4m3fnuz", 8),
    (DataType::Float8E5M2, 19, "float8e5m2", 8),
    (DataType::Float8E5M2FNUZ, 20, "float8e5m2fnuz", 8),
    (DataType::UInt4, 21, "uint4", 4),
    (DataType::Int4, 22, "int4", 4),
    (DataType::Float4E2M1, 23, "float4e2m1", 4),
    (DataType::Float8E8M0, 24, "float8e8m0", 8),
    (DataType::UInt2, 25, "uint2", 2),
    (DataType::Int2, 26, "int2", 2),
    (DataType::Float6E2M3, 27, "float6e2m3", 6),
    (DataType::Float6E3M2, 28, "float6e3m2", 6),
];

impl DataType {
    /// The type with this ONNX number; `None` for 0 (undefined) and numbers that ONNX 1.23 does not know.
    pub fn from_onnx(number: i32) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// The type with this name (`float32`, `int64`, ...), as [`Self::name`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.2 == name).map(|row| row.0)
    }

    /// ONNX's number of the type.
    pub fn to_onnx(self) -> i32 {
        self.row().1
    }

    /// Lower-case name as engineers write it: `float32`, `int64`, `bfloat16`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// Bits of one element; 0 for strings, whose size is not fixed.
    pub fn bits(self) -> u32 {
        self.row().3
    }

    /// Bytes that `elements` elements take when packed as ONNX does (4-bit types two a byte); `None` on overflow.
    pub fn packed_bytes(self, elements: u64) -> Option<u64> {
        Some(elements.checked_mul(u64::from(self.bits()))?.div_ceil(8))
    }

    /// True for the floating-point types, of any width.
    pub fn is_float(self) -> bool {
        self.name().starts_with("float") || self == Self::BFloat16
    }

    fn row(self) -> &'static (Self, i32, &'static str, u32) {
        // The table lists every variant; a test checks it.
        TABLE.iter().find(|row| row.0 == self).unwrap_or(&TABLE[0])
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_round_trip() {
        for (dtype, number, name, _) in TABLE {
            assert_eq!(DataType::from_onnx(*number), Some(*dtype));
            assert_eq!(dtype.to_onnx(), *number);
            assert_eq!(DataType::from_name(name), Some(*dtype));
            assert_eq!(serde_json::to_value(dtype).unwrap(), *name);
        }
        assert_eq!(TABLE.len(), 28);
        assert_eq!(DataType::from_onnx(0), None);
        assert_eq!(DataType::from_onnx(29), None);
    }

    #[test]
    fn four_bit_types_pack_two_a_byte() {
        assert_eq!(DataType::Int4.packed_bytes(5), Some(3));
        assert_eq!(DataType::Float32.packed_bytes(5), Some(20));
        assert_eq!(DataType::Complex128.packed_bytes(u64::MAX), None);
    }
}
