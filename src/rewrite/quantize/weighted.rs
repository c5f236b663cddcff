//! Conv, ConvTranspose, Gemm and MatMul: what of them is read as codes.

use super::place::Placer;
use super::weights::Grain;
use super::{BLOCK, QuantMode};
use crate::graph::{Dim, Node, NodeId, Producer, TensorId};
use crate::model::{Attributes, DataType};

/// Fewer channels, rows or columns than this are not worth fewer bits (ModelOpt's limit).
pub(super) const LEAST_SIZE: u64 = 16;
/// Channels that engines pack together in 8 bits.
const PACKED: u64 = 8;
/// The least kernel for which a convolution per group gains from 8 bits (ModelOpt's limit).
const LEAST_GROUPED_KERNEL: u64 = 3;
/// Engines have no FP8 convolution for larger kernels than this many taps, nor for as few channels (ModelOpt's limits).
const MOST_FP8_TAPS: u64 = 32;
const FEW_FP8_CHANNELS: u64 = 16;
/// The longest sequence for which engines fuse an attention in INT8 (ModelOpt's limit).
const MOST_ATTENDED: u64 = 512;
/// Smaller blocks that are taken where the wanted one does not divide a weight.
const SMALLER_BLOCKS: [u64; 3] = [64, 32, 16];
/// Operators that multiply by weights.
pub(super) fn is_weighted(node: &Node) -> bool {
    node.domain.is_empty() && matches!(&*node.op_type, "Conv" | "ConvTranspose" | "Gemm" | "MatMul")
}

impl Placer<'_> {
    /// Conv, ConvTranspose, Gemm and MatMul; `None` for other operators.
    pub(super) fn weighted(&mut self, id: NodeId) -> Option<Result<String, String>> {
        let graph = self.graph;
        let node = graph.node(id);
        if !is_weighted(node) || graph.bodies[node.body as usize].function.is_some() {
            return None;
        }
        let [Some(data), Some(weight), ..] = node.inputs[..] else {
            return Some(Err("it lacks an input".into()));
        };
        let is_constant = self.is_constant(weight);
        self.placed.weighted += usize::from(is_constant);
        let outcome = match self.mode().has_activations() {
            true => self.weighted_reason(id, node, data, weight, is_constant),
            false => self.weight_only(id, node, weight, is_constant),
        };
        Some(outcome.map(|grain| {
            self.heads.insert(id);
            let words = match grain {
                Grain::Tensor => "weight with one scale".to_owned(),
                Grain::Channel(axis) => format!("weight per channel of axis {axis}"),
                Grain::Blocks { axis, size } => format!("weight in blocks of {size} along axis {axis}"),
            };
            if is_constant {
                self.placed.weights.insert((id, 1), (weight, grain));
            }
            if !self.mode().has_activations() {
                return words;
            }
            self.placed.activations.insert((id, 0), data);
            let scale = self.scales.scale(data).unwrap_or_default();
            let input = format!("{} with scale {scale:.3e}", graph.tensor(data).name);
            if is_constant {
                return format!("{input}, {words}");
            }
            self.placed.activations.insert((id, 1), weight);
            format!("{input} and {}", graph.tensor(weight).name)
        }))
    }

    /// Known sizes of a tensor.
    pub(super) fn sizes(&self, id: TensorId) -> Option<Vec<u64>> {
        let known = |d: &Dim| if let Dim::Known(n) = d { Some(*n) } else { None };
        self.dims(id)?.iter().map(known).collect()
    }

    /// What of the weight shares a scale when it alone is quantized.
    fn weight_only(&self, id: NodeId, node: &Node, weight: TensorId, is_constant: bool) -> Result<Grain, String> {
        let is_asked = self.asked(node)?;
        if !matches!(&*node.op_type, "MatMul" | "Gemm") {
            return Err("engines read 4-bit weights in MatMul and Gemm only".into());
        }
        let name = &self.graph.tensor(weight).name;
        if !is_constant {
            return Err(format!("its second input {name} is not constant"));
        }
        if self.graph.tensor(weight).ty.dtype != Some(DataType::Float32) {
            return Err(format!("its weight {name} is not float32"));
        }
        let sizes = self.sizes(weight).unwrap_or_default();
        let [rows, columns] = sizes[..] else {
            return Err(format!("its weight {name} is not a matrix"));
        };
        if !rows.saturating_mul(columns).is_multiple_of(2) {
            return Err(format!(
                "its weight has {rows}x{columns} values; two go into a byte, and TensorRT takes no odd number"
            ));
        }
        if rows.min(columns) < LEAST_SIZE && !is_asked {
            return Err(format!(
                "its matrix has a side of {}; less than {LEAST_SIZE} gains nothing",
                rows.min(columns)
            ));
        }
        let is_turned = self.graph.proto(id).int("transB").unwrap_or(0) != 0;
        let axis = usize::from(&*node.op_type == "Gemm" && is_turned);
        let length = sizes[axis];
        let wanted = u64::from(self.spec.block.unwrap_or(BLOCK)).min(length);
        let smaller = SMALLER_BLOCKS.into_iter().filter(|size| *size < wanted);
        let size = std::iter::once(wanted)
            .chain(smaller)
            .find(|size| length.is_multiple_of(*size));
        let size = usize::try_from(size.unwrap_or(wanted)).unwrap_or(usize::MAX);
        Ok(Grain::Blocks { axis, size })
    }

    /// What of the weight shares a scale when the node is to be quantized.
    fn weighted_reason(
        &self,
        id: NodeId,
        node: &Node,
        data: TensorId,
        weight: TensorId,
        is_constant: bool,
    ) -> Result<Grain, String> {
        let is_asked = self.asked(node)?;
        let graph = self.graph;
        if &*node.op_type == "ConvTranspose" && self.mode() == QuantMode::Fp8 {
            return Err("engines have no FP8 ConvTranspose".into());
        }
        if self.is_constant(data) {
            return Err(format!("its first input {} is constant", graph.tensor(data).name));
        }
        if self.cores.contains(&id) && !is_asked {
            self.attention(data, weight)?;
        }
        self.has_scale(data)?;
        let is_conv = matches!(&*node.op_type, "Conv" | "ConvTranspose");
        if !is_constant {
            if is_conv {
                return Err(format!("its weight {} is not constant", graph.tensor(weight).name));
            }
            self.has_scale(weight)?;
        } else if graph.tensor(weight).ty.dtype != Some(DataType::Float32) {
            return Err(format!("its weight {} is not float32", graph.tensor(weight).name));
        }
        let sizes = self.sizes(weight);
        if !is_asked {
            match sizes.as_deref() {
                Some(sizes) if is_conv => self.conv_size(id, data, sizes)?,
                sizes => self.matrix_size(node, sizes)?,
            }
        }
        let axis = sizes.and_then(|sizes| self.channel_axis(id, node, &sizes));
        Ok(axis.filter(|_| is_constant).map_or(Grain::Tensor, Grain::Channel))
    }

    /// The axis of a weight of these sizes along which each slice makes one output; none where one scale serves all.
    pub(super) fn channel_axis(&self, id: NodeId, node: &Node, sizes: &[u64]) -> Option<usize> {
        let int = |name: &str, default: i64| self.graph.proto(id).int(name).unwrap_or(default);
        match &*node.op_type {
            "Conv" => Some(0),
            // The second axis counts per group; with groups one scale serves all.
            "ConvTranspose" => Some(1).filter(|_| int("group", 1) == 1),
            "Gemm" => Some(usize::from(int("transB", 0) == 0)),
            _ => Some(1).filter(|_| sizes.len() == 2),
        }
    }

    /// Whether the products inside attention are quantized.
    fn attention(&self, a: TensorId, b: TensorId) -> Result<(), String> {
        if !self.spec.attention {
            return Err("it is part of an attention, which engines fuse".into());
        }
        let dims = [a, b].into_iter().filter_map(|t| self.dims(t));
        let sides = dims.flat_map(|d| d.iter().rev().take(2));
        let known = |d: &Dim| if let Dim::Known(n) = d { Some(*n) } else { None };
        match sides.filter_map(known).max() {
            Some(n) if n > MOST_ATTENDED && self.mode() == QuantMode::Int8 => Err(format!(
                "it is part of an attention over {n} places; engines have INT8 for {MOST_ATTENDED} at most"
            )),
            _ => Ok(()),
        }
    }

    fn conv_size(&self, id: NodeId, data: TensorId, sizes: &[u64]) -> Result<(), String> {
        let [a, b, ..] = sizes else {
            return Err("its weight has fewer than two dimensions".into());
        };
        let group = self.graph.proto(id).int("group").unwrap_or(1);
        if self.mode() == QuantMode::Fp8 {
            let taps: u64 = sizes.iter().skip(2).product();
            if taps > MOST_FP8_TAPS {
                return Err(format!(
                    "its kernel has {taps} taps; engines have FP8 up to {MOST_FP8_TAPS}"
                ));
            }
            if group > 1 || *a.min(b) <= FEW_FP8_CHANNELS {
                return Err(format!(
                    "it has {a} output and {b} input channels a group; engines have FP8 for more than {FEW_FP8_CHANNELS} of one \
                     group"
                ));
            }
            return Ok(());
        }
        let is_first = self.graph.tensor(data).producer == Producer::Input;
        let kernel = sizes.get(2..).unwrap_or_default();
        let packs = |n: u64| n.is_multiple_of(PACKED);
        // Few channels pay all the same where they can be packed (ModelOpt's exceptions).
        let pays = match group {
            ..=1 => {
                let is_wide = is_first || *a >= LEAST_SIZE || *b >= LEAST_SIZE;
                is_wide && (packs(*a) || packs(*b)) && kernel.windows(2).all(|k| k[0] == k[1])
            }
            _ => packs(*a) && kernel.iter().all(|k| *k >= LEAST_GROUPED_KERNEL),
        };
        if a.min(b) < &LEAST_SIZE && !pays {
            let (first, second) = match &*self.graph.node(id).op_type {
                "Conv" => ("output", "input"),
                _ => ("input", "output"),
            };
            let per = if group > 1 { " per group" } else { "" };
            return Err(format!(
                "it has {a} {first} and {b} {second} channels{per}; fewer than {LEAST_SIZE} gain nothing here"
            ));
        }
        Ok(())
    }

    fn matrix_size(&self, node: &Node, sizes: Option<&[u64]>) -> Result<(), String> {
        if let Some(sizes) = sizes
            && let Some(least) = sizes.iter().rev().take(2).min().filter(|n| **n < LEAST_SIZE)
        {
            return Err(format!(
                "its matrix has a side of {least}; less than {LEAST_SIZE} gains nothing"
            ));
        }
        let rows = node.outputs.first().copied().flatten().and_then(|t| {
            let dims = self.dims(t)?;
            dims.len().checked_sub(2).and_then(|at| dims.get(at))
        });
        if rows == Some(&Dim::Known(1)) {
            return Err("it multiplies a single row, where reading the weights takes all the time".into());
        }
        Ok(())
    }
}
