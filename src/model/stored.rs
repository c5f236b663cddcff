//! How a tensor is stored in its message, checked against its type and dims without touching the data.

use super::external::Reference;
use super::onnx::{TensorProto, tensor_proto::DataLocation};
use super::{DataType, Tensor};
use bytes::Bytes;

/// A tensor's type and dims, and where its data is. Made only when all of it fits together.
pub(super) struct Stored<'a> {
    pub(super) dtype: DataType,
    pub(super) dims: Vec<u64>,
    /// Bytes of the data in raw form; for strings, the sum of their lengths.
    pub(super) bytes: u64,
    pub(super) place: Storage<'a>,
}

/// Where the data is.
pub(super) enum Storage<'a> {
    Raw(&'a Bytes),
    Float(&'a [f32]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Double(&'a [f64]),
    UInt64(&'a [u64]),
    Strings(&'a [Bytes]),
    External(Reference<'a>),
    /// No elements, no data.
    Nothing,
}

/// Type and dims of a tensor message.
pub(super) fn layout(proto: &TensorProto) -> Result<(DataType, Vec<u64>, u64), String> {
    let number = proto.data_type.unwrap_or(0);
    let dtype = DataType::from_onnx(number).ok_or_else(|| match number {
        0 => "the element type is not given".to_owned(),
        _ => format!("element type {number} is not one that ONNX 1.23 knows"),
    })?;
    let mut dims = Vec::with_capacity(proto.dims.len());
    let mut elements = 1u64;
    for dim in &proto.dims {
        let dim = u64::try_from(*dim).map_err(|_| format!("dims {} have a negative size", list(&proto.dims)))?;
        elements = elements.saturating_mul(dim);
        dims.push(dim);
    }
    // A later zero makes a saturated product zero; that is still a tensor without elements.
    if dims.contains(&0) {
        elements = 0;
    } else if elements == u64::MAX {
        return Err(format!(
            "dims {} multiply to more elements than fit 64 bits",
            list(&proto.dims)
        ));
    }
    Ok((dtype, dims, elements))
}

/// Checks a tensor message: known type, no negative dims, no overflow, one place for the data, and as much of it as
/// type and dims say. The external file itself is not looked at.
pub(super) fn stored(proto: &TensorProto) -> Result<Stored<'_>, String> {
    let (dtype, dims, elements) = layout(proto)?;
    if proto.segment.is_set() {
        return Err("its data is split into segments, which ONNX runtimes do not read".into());
    }
    let too_big = || format!("dims {} of {dtype} are more bytes than fit 64 bits", list(&proto.dims));
    let bytes = dtype.packed_bytes(elements).ok_or_else(too_big)?;
    let typed = [
        ("float_data", proto.float_data.len()),
        ("int32_data", proto.int32_data.len()),
        ("int64_data", proto.int64_data.len()),
        ("double_data", proto.double_data.len()),
        ("uint64_data", proto.uint64_data.len()),
        ("string_data", proto.string_data.len()),
    ];
    let raw = proto.raw_data.as_ref().filter(|raw| !raw.is_empty());
    let is_external = proto.data_location == Some(DataLocation::EXTERNAL);
    let mut filled = typed.iter().filter(|(_, len)| *len > 0).map(|(field, _)| *field);
    let first = filled.next();
    if filled.next().is_some() || first.is_some() && (raw.is_some() || is_external) || raw.is_some() && is_external {
        return Err("its data is given in more than one place".into());
    }
    let (place, bytes) = if is_external {
        if dtype == DataType::String {
            return Err("strings cannot be external data".into());
        }
        (Storage::External(Reference::of(proto)?), bytes)
    } else if let Some(raw) = raw {
        if dtype == DataType::String {
            return Err("strings cannot be raw data".into());
        }
        if raw.len() as u64 != bytes {
            return Err(format!(
                "dims {} of {dtype} need {bytes} bytes, raw_data has {}",
                list(&proto.dims),
                raw.len()
            ));
        }
        (Storage::Raw(raw), bytes)
    } else {
        typed_storage(proto, dtype, elements, bytes, first)?
    };
    Ok(Stored {
        dtype,
        dims,
        bytes,
        place,
    })
}

/// The typed field that ONNX prescribes for the type (`TensorProto` in onnx.proto), with the right number of entries.
fn typed_storage<'a>(
    proto: &'a TensorProto,
    dtype: DataType,
    elements: u64,
    bytes: u64,
    filled: Option<&str>,
) -> Result<(Storage<'a>, u64), String> {
    use DataType as T;
    let (field, len, entries) = match dtype {
        T::Float32 => ("float_data", proto.float_data.len(), elements),
        T::Complex64 => ("float_data", proto.float_data.len(), elements.saturating_mul(2)),
        T::Float64 => ("double_data", proto.double_data.len(), elements),
        T::Complex128 => ("double_data", proto.double_data.len(), elements.saturating_mul(2)),
        T::Int64 => ("int64_data", proto.int64_data.len(), elements),
        T::UInt32 | T::UInt64 => ("uint64_data", proto.uint64_data.len(), elements),
        T::String => ("string_data", proto.string_data.len(), elements),
        T::UInt4 | T::Int4 | T::Float4E2M1 => ("int32_data", proto.int32_data.len(), elements.div_ceil(2)),
        T::UInt2 | T::Int2 => ("int32_data", proto.int32_data.len(), elements.div_ceil(4)),
        _ => ("int32_data", proto.int32_data.len(), elements),
    };
    if let Some(filled) = filled
        && filled != field
    {
        return Err(format!(
            "data of type {dtype} belongs in {field}, but {filled} is filled"
        ));
    }
    if len as u64 != entries {
        return Err(if filled.is_none() {
            format!(
                "dims {} of {dtype} need {bytes} bytes, there is no data",
                list(&proto.dims)
            )
        } else {
            format!(
                "dims {} of {dtype} need {entries} entries, {field} has {len}",
                list(&proto.dims)
            )
        });
    }
    if entries == 0 {
        return Ok((Storage::Nothing, 0));
    }
    Ok(match field {
        "float_data" => (Storage::Float(&proto.float_data), bytes),
        "double_data" => (Storage::Double(&proto.double_data), bytes),
        "int64_data" => (Storage::Int64(&proto.int64_data), bytes),
        "uint64_data" => (Storage::UInt64(&proto.uint64_data), bytes),
        "string_data" => {
            let sum = proto.string_data.iter().map(|s| s.len() as u64).sum();
            (Storage::Strings(&proto.string_data), sum)
        }
        _ => (Storage::Int32(&proto.int32_data), bytes),
    })
}

impl Stored<'_> {
    /// The data in raw form; external data comes from `read`.
    pub(super) fn tensor(
        self,
        read: impl FnOnce(Reference<'_>, u64) -> Result<Bytes, String>,
    ) -> Result<Tensor, String> {
        let bytes = match self.place {
            Storage::Raw(raw) => raw.clone(),
            Storage::External(reference) => read(reference, self.bytes)?,
            Storage::Nothing if self.dtype != DataType::String => Bytes::new(),
            Storage::Float(data) => data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Storage::Double(data) => data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Storage::Int64(data) => data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Storage::UInt64(data) => wide(data, |v| v.to_le_bytes(), self.dtype),
            Storage::Int32(data) => match self.dtype {
                DataType::Float6E2M3 | DataType::Float6E3M2 => pack_six_bits(data),
                dtype => wide(data, |v| v.to_le_bytes(), dtype),
            },
            Storage::Strings(_) | Storage::Nothing => {
                return Err("it holds strings, not numbers".into());
            }
        };
        Ok(Tensor {
            dtype: self.dtype,
            dims: self.dims,
            bytes,
        })
    }
}

/// The low bytes of each entry, as many as an entry of this type has (types below 8 bits come packed in entries of one
/// byte each).
fn wide<T: Copy, const N: usize>(data: &[T], to_bytes: impl Fn(T) -> [u8; N], dtype: DataType) -> Bytes {
    let keep = (dtype.bits() as usize).div_ceil(8).min(N);
    data.iter().flat_map(|v| to_bytes(*v).into_iter().take(keep)).collect()
}

/// Four 6-bit elements in three bytes, first element in the lowest bits.
fn pack_six_bits(data: &[i32]) -> Bytes {
    let mut out = Vec::with_capacity((data.len() * 6).div_ceil(8));
    for group in data.chunks(4) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0u32, |bits, (i, v)| bits | ((*v as u32 & 0x3f) << (6 * i)));
        out.extend(bits.to_le_bytes().into_iter().take((group.len() * 6).div_ceil(8)));
    }
    out.into()
}

/// Dims for a message: `[3, 224, 224]`, cut when there are very many.
fn list(dims: &[i64]) -> String {
    if dims.len() <= 16 {
        format!("{dims:?}")
    } else {
        format!("{:?} and {} more", &dims[..16], dims.len() - 16)
    }
}
