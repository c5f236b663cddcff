//! Values of constant tensors: initializers, and `Constant` nodes in all their spellings.

use super::assemble::{data_type, sparse_type};
use super::{Graph, Node, Producer, Shape, TensorId, TensorType};
use crate::model::onnx::{AttributeProto, NodeProto, SparseTensorProto};
use crate::model::{DataType, Model, Tensor, TensorError};

/// A sparse constant is written out to at most this many bytes.
const SPARSE_LIMIT: u64 = 256 << 20;

/// The one attribute of a `Constant` node that holds its value; `None` for other nodes, and for a constant that refers
/// to an attribute of the function it stands in.
fn value<'a>(node: &Node, proto: &'a NodeProto) -> Option<&'a AttributeProto> {
    if &*node.op_type != "Constant" || !node.domain.is_empty() {
        return None;
    }
    let is_value = |name: &str| name == "value" || name == "sparse_value" || name.starts_with("value_");
    proto
        .attribute
        .iter()
        .find(|a| a.name.as_deref().is_some_and(is_value) && a.ref_attr_name.as_deref().is_none_or(str::is_empty))
}

/// Type and stored bytes of what a `Constant` node holds; `None` for every other node.
pub(super) fn node_constant(model: &Model, node: &Node, proto: &NodeProto) -> Option<(TensorType, u64)> {
    let value = value(node, proto)?;
    let of = |dtype: DataType, dims: &[u64], bytes: u64| {
        let ty = TensorType {
            dtype: Some(dtype),
            shape: Some(Shape::known(dims)),
            container: None,
        };
        Some((ty, bytes))
    };
    let count = |n: usize| [n as u64];
    match value.name.as_deref()? {
        "value" => {
            let tensor = value.t.as_option()?;
            Some((data_type(tensor), model.tensor_bytes(tensor).unwrap_or(0)))
        }
        "sparse_value" => {
            let sparse = value.sparse_tensor.as_option()?;
            let parts = [&sparse.values, &sparse.indices].map(|part| model.tensor_bytes(part).unwrap_or(0));
            Some((sparse_type(sparse), parts.iter().sum()))
        }
        "value_int" => of(DataType::Int64, &[], 8),
        "value_ints" => of(DataType::Int64, &count(value.ints.len()), value.ints.len() as u64 * 8),
        "value_float" => of(DataType::Float32, &[], 4),
        "value_floats" => of(
            DataType::Float32,
            &count(value.floats.len()),
            value.floats.len() as u64 * 4,
        ),
        "value_string" => of(DataType::String, &[], value.s.as_ref().map_or(0, |s| s.len() as u64)),
        "value_strings" => {
            let bytes = value.strings.iter().map(|s| s.len() as u64).sum();
            of(DataType::String, &count(value.strings.len()), bytes)
        }
        _ => None,
    }
}

impl Graph {
    /// Value of a constant tensor: an initializer (sparse ones written out), or what a `Constant` node holds. `None` for
    /// tensors that are not constant, and for defaults of inputs ([`Self::is_default`]).
    ///
    /// # Errors
    /// As [`Model::tensor`]; also for strings and for sparse tensors that would take more than 256 MiB.
    pub fn constant(&self, id: TensorId) -> Option<Result<Tensor, TensorError>> {
        if self.is_default(id) {
            return None;
        }
        self.stored_value(id)
    }

    /// As [`Self::constant`], defaults of inputs included: what is stored, whether or not every run has it.
    ///
    /// # Errors
    /// As [`Self::constant`].
    pub fn stored_value(&self, id: TensorId) -> Option<Result<Tensor, TensorError>> {
        let info = self.tensors.get(id.0 as usize)?;
        let read = match info.producer {
            Producer::Initializer => {
                if let Some(proto) = self.initializer(id) {
                    self.model.tensor(proto)
                } else {
                    let index = self.stored.get(id.0 as usize)?.sparse?;
                    let sparse = self.body_proto(info.body)?.sparse_initializer.get(index as usize)?;
                    dense(&self.model, sparse)
                }
            }
            Producer::Node { node, .. } => {
                let value = value(self.node(node), self.proto(node))?;
                self.attribute_value(value)
            }
            Producer::Input | Producer::Missing => return None,
        };
        // A tensor in an attribute has no name of its own; say whose value it is.
        Some(read.map_err(|error| TensorError {
            name: info.name.to_string(),
            ..error
        }))
    }

    fn attribute_value(&self, value: &AttributeProto) -> Result<Tensor, TensorError> {
        let fail = |reason: &str| TensorError {
            name: String::new(),
            reason: reason.into(),
        };
        let made = match value.name.as_deref().unwrap_or_default() {
            "value" => return self.model.tensor(&value.t),
            "sparse_value" => return dense(&self.model, &value.sparse_tensor),
            "value_int" => Tensor::from_i64(&[], &[value.i.unwrap_or(0)]),
            "value_ints" => Tensor::from_i64(&[value.ints.len() as u64], &value.ints),
            "value_float" => Tensor::from_f32(&[], &[value.f.unwrap_or(0.0)]),
            "value_floats" => Tensor::from_f32(&[value.floats.len() as u64], &value.floats),
            _ => return Err(fail("it holds strings, not numbers")),
        };
        made.ok_or_else(|| fail("its dims and data disagree"))
    }
}

/// A sparse tensor written out: values at linear indices (`[NNZ]`) or coordinates (`[NNZ, rank]`), zero elsewhere
/// (onnx.proto, SparseTensorProto).
fn dense(model: &Model, sparse: &SparseTensorProto) -> Result<Tensor, TensorError> {
    let fail = |reason: String| TensorError {
        name: sparse.values.name.clone().unwrap_or_default(),
        reason,
    };
    let values = model.tensor(&sparse.values)?;
    let indices = model.tensor(&sparse.indices)?;
    let size = values.dtype.bits() as usize / 8;
    let dims: Option<Vec<u64>> = sparse.dims.iter().map(|d| u64::try_from(*d).ok()).collect();
    let dims = dims.ok_or_else(|| fail(format!("dims {:?} have a negative size", sparse.dims)))?;
    let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let bytes = elements
        .and_then(|n| values.dtype.packed_bytes(n))
        .filter(|bytes| *bytes <= SPARSE_LIMIT);
    let (Some(elements), Some(bytes)) = (elements, bytes) else {
        return Err(fail(format!(
            "dims {dims:?} written out take more than {SPARSE_LIMIT} bytes"
        )));
    };
    if size == 0 || values.dtype.bits() % 8 != 0 {
        return Err(fail(format!("sparse tensors of {} are not read", values.dtype)));
    }
    let indices_of = indices
        .to_i64()
        .ok_or_else(|| fail(format!("indices are {}, not int64", indices.dtype)))?;
    let rank = match indices.dims.len() {
        2 => dims.len(),
        _ => 1,
    };
    if indices_of.len() as u64 != values.elements().saturating_mul(rank as u64) {
        return Err(fail(format!(
            "{} values have {} indices",
            values.elements(),
            indices_of.len()
        )));
    }
    let mut out = vec![0u8; bytes as usize];
    let groups = indices_of.chunks(rank.max(1));
    for (value, at) in values.bytes.chunks_exact(size).zip(groups) {
        let linear = if indices.dims.len() == 2 {
            at.iter().zip(&dims).try_fold(0u64, |n, (i, d)| {
                let i = u64::try_from(*i).ok().filter(|i| i < d)?;
                n.checked_mul(*d)?.checked_add(i)
            })
        } else {
            at.first()
                .and_then(|i| u64::try_from(*i).ok())
                .filter(|i| *i < elements)
        };
        let start = linear
            .and_then(|n| usize::try_from(n).ok())
            .and_then(|n| n.checked_mul(size));
        let Some(target) = start.and_then(|start| out.get_mut(start..start + size)) else {
            return Err(fail(format!("index {at:?} is outside dims {dims:?}")));
        };
        target.copy_from_slice(value);
    }
    Tensor::new(values.dtype, &dims, out.into()).ok_or_else(|| fail("dims and data disagree".into()))
}
