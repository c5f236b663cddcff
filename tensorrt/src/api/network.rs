//! INetworkDefinition: the network that a parser fills.

use super::{Builder, Parser, failed, inner};
use crate::error::{Error, Result};
use crate::interfaces::{LogMark, text};
use crate::sys::{
    Class, DataType, ILayer, INetworkDefinition, IParser, ITensor, LayerType, VNetworkDefinition, VTensor,
    VersionedEnum,
};
use std::ffi::CString;

/// A network. It keeps the parsers that filled it: their memory holds its weights.
pub struct Network<'b> {
    pub(super) builder: &'b Builder,
    pub(super) outer: INetworkDefinition,
    pub(super) v: VNetworkDefinition,
    parsers: Vec<IParser>,
}

/// An input or output of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Its element type, `None` for one that the tables do not know.
    pub data_type: Option<DataType>,
    /// Elements per dimension, -1 where they depend on the run; `None` if even the number of dimensions is open.
    pub shape: Option<Vec<i64>>,
    /// True if its values are needed to compute shapes: a profile then gives values, not only a shape.
    pub is_shape_tensor: bool,
}

/// A layer of a network, before the builder fuses anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// Its name, from the ONNX node.
    pub name: String,
    /// Its kind, `None` for one that the tables do not know.
    pub kind: Option<LayerType>,
    /// What the parser noted about its origin.
    pub metadata: String,
    /// Element types of its outputs.
    pub output_types: Vec<Option<DataType>>,
}

impl<'b> Network<'b> {
    pub(super) fn new(builder: &'b Builder, outer: INetworkDefinition, v: VNetworkDefinition) -> Network<'b> {
        Network {
            builder,
            outer,
            v,
            parsers: vec![],
        }
    }

    /// An ONNX parser that adds to this network.
    ///
    /// # Errors
    /// No parser library; TensorRT's refusal.
    pub fn parser(&mut self) -> Result<Parser<'_, 'b>> {
        let library = self.builder.library;
        let mark = LogMark::now();
        // SAFETY: the network is alive.
        let object = unsafe { library.create_parser(self.outer.as_ptr()) }?;
        let object = object.ok_or_else(|| failed(library, "create an ONNX parser", mark, None))?;
        let parser = IParser(object);
        self.parsers.push(parser);
        Ok(Parser::new(self, parser))
    }

    /// The inputs.
    ///
    /// # Errors
    /// [`Error::Load`] if a tensor is not laid out as expected.
    pub fn inputs(&self) -> Result<Vec<TensorInfo>> {
        let table = self.builder.library.inner.table;
        // SAFETY: the network is alive; the indices are below the count.
        let count = unsafe { self.v.get_nb_inputs(table) }?;
        // SAFETY: as above.
        let tensors = (0..count).map(|i| unsafe { self.v.get_input(table, i) });
        tensors.map(|t| self.tensor(t?)).collect()
    }

    /// The outputs.
    ///
    /// # Errors
    /// As for [`inputs`](Self::inputs).
    pub fn outputs(&self) -> Result<Vec<TensorInfo>> {
        let table = self.builder.library.inner.table;
        // SAFETY: the network is alive; the indices are below the count.
        let count = unsafe { self.v.get_nb_outputs(table) }?;
        // SAFETY: as above.
        let tensors = (0..count).map(|i| unsafe { self.v.get_output(table, i) });
        tensors.map(|t| self.tensor(t?)).collect()
    }

    /// The names of the dimensions of input number `input`, as ONNX's `dim_param`; `None` for those without one. TensorRT
    /// takes dimensions of one name as equal in size.
    ///
    /// # Errors
    /// As for [`inputs`](Self::inputs); an index out of range.
    pub fn dimension_names(&self, input: usize) -> Result<Vec<Option<String>>> {
        let table = self.builder.library.inner.table;
        let v = self.input(input)?;
        // SAFETY: the network owns the tensor and is alive; the axes are below the number of dimensions.
        unsafe {
            let rank = v.get_dimensions(table)?.shape().map_or(0, |s| s.len());
            let axes = 0..i32::try_from(rank).unwrap_or(0);
            axes.map(|axis| {
                let name = text(v.get_dimension_name(table, axis)?);
                Ok(Some(name).filter(|n| !n.is_empty()))
            })
            .collect()
        }
    }

    /// Gives a dimension of input number `input` another name.
    ///
    /// # Errors
    /// As for [`inputs`](Self::inputs); an index out of range; a name with a NUL.
    pub fn name_dimension(&mut self, input: usize, axis: usize, name: &str) -> Result<()> {
        let table = self.builder.library.inner.table;
        let v = self.input(input)?;
        let invalid = |reason: String| Error::Invalid {
            what: "dimension name".into(),
            reason,
        };
        let c_name = CString::new(name).map_err(|e| invalid(e.to_string()))?;
        // SAFETY: the network owns the tensor and is alive; the axis is checked; TensorRT copies the name.
        unsafe {
            let rank = v.get_dimensions(table)?.shape().map_or(0, |s| s.len());
            match i32::try_from(axis) {
                Ok(at) if axis < rank => Ok(v.set_dimension_name(table, at, c_name.as_ptr())?),
                _ => Err(invalid(format!("axis {axis} of an input of rank {rank}"))),
            }
        }
    }

    fn input(&self, index: usize) -> Result<VTensor> {
        let library = self.builder.library;
        let table = library.inner.table;
        // SAFETY: the network is alive; the index is checked against the count.
        let tensor = unsafe {
            let count = self.v.get_nb_inputs(table)?;
            match i32::try_from(index) {
                Ok(i) if i < count => self.v.get_input(table, i)?,
                _ => None,
            }
        };
        self.inner(tensor)
    }

    fn inner(&self, tensor: Option<ITensor>) -> Result<VTensor> {
        let library = self.builder.library;
        let no_tensor = || Error::Invalid {
            what: "network".into(),
            reason: "a tensor is null".into(),
        };
        let tensor = tensor.ok_or_else(no_tensor)?;
        library.checked(Class::V_TENSOR, tensor.as_ptr())?;
        Ok(inner!(library, tensor, V_TENSOR)?)
    }

    fn tensor(&self, tensor: Option<ITensor>) -> Result<TensorInfo> {
        let table = self.builder.library.inner.table;
        let v = self.inner(tensor)?;
        // SAFETY: the network owns the tensor and is alive.
        unsafe {
            Ok(TensorInfo {
                name: text(v.get_name(table)?),
                data_type: DataType::from_value(table, v.get_type(table)?),
                shape: v.get_dimensions(table)?.shape(),
                is_shape_tensor: v.is_shape_tensor(table)?,
            })
        }
    }

    /// How many layers it has.
    ///
    /// # Errors
    /// None today.
    pub fn layer_count(&self) -> Result<usize> {
        // SAFETY: the network is alive.
        let count = unsafe { self.v.get_nb_layers(self.builder.library.inner.table) }?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// The layers.
    ///
    /// # Errors
    /// [`Error::Load`] if a layer is not laid out as expected.
    pub fn layers(&self) -> Result<Vec<LayerInfo>> {
        let table = self.builder.library.inner.table;
        let count = i32::try_from(self.layer_count()?).unwrap_or(i32::MAX);
        // SAFETY: the network is alive and the indices are below the count.
        let layers = (0..count).map(|i| unsafe { self.v.get_layer(table, i) });
        layers.filter_map(|l| l.transpose()).map(|l| self.layer(l?)).collect()
    }

    fn layer(&self, layer: ILayer) -> Result<LayerInfo> {
        let library = self.builder.library;
        let table = library.inner.table;
        library.checked(Class::V_LAYER, layer.as_ptr())?;
        let v = inner!(library, layer, V_LAYER)?;
        // SAFETY: the network owns the layer and is alive; the indices are below the count.
        unsafe {
            let outputs = v.get_nb_outputs(table)?;
            let types: Result<Vec<_>, _> = (0..outputs).map(|i| v.get_output_type(table, i)).collect();
            Ok(LayerInfo {
                name: text(v.get_name(table)?),
                kind: LayerType::from_value(table, v.get_type(table)?),
                metadata: text(v.get_metadata(table)?),
                output_types: types?.into_iter().map(|t| DataType::from_value(table, t)).collect(),
            })
        }
    }
}

impl Drop for Network<'_> {
    fn drop(&mut self) {
        // SAFETY: ours to delete; the parsers, which know the network, go first.
        unsafe {
            for parser in &self.parsers {
                let _ = parser.delete(self.builder.library.inner.table);
            }
            self.outer.delete();
        }
    }
}
