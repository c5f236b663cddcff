//! What kind of input each one is, from the operators that take it first; names help only where those say nothing.

use super::symbols::{Input, Symbolic};
use super::uses::{Use, is_stored, uses};
use crate::graph::infer::size::Size;
use crate::graph::{Graph, Node};
use crate::model::{Attributes, DataType};

/// What an input is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Channels, height and width, in whichever order.
    Picture,
    /// Depth (or time), height and width.
    Volume,
    /// A sound as samples.
    Sound,
    /// Frames of features of a sound.
    Frames,
    /// Indices of a table of embeddings, and masks and positions beside them.
    Tokens,
    /// Keys and values of earlier steps.
    Cache,
    /// The state of a recurrent network.
    State,
    /// Steps of features: a time series, or what an encoder made.
    Sequence,
    /// Rows of features.
    Table,
    /// A single number, or a vector of numbers that are no sizes.
    Number,
    /// Nothing says.
    Other,
}

/// What one axis of an input is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    Batch,
    Channels,
    Depth,
    Height,
    Width,
    Samples,
    Frames,
    Tokens,
    Past,
    Steps,
    Features,
    Count,
    /// An element of a shape tensor.
    Value,
}

/// An input's kind and the role of each of its axes.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub kind: Kind,
    pub roles: Vec<Role>,
    /// True where only names said so.
    pub by_name: bool,
}

/// Every input described, in their order.
pub(super) fn describe(model: &Symbolic<'_>) -> Vec<Described> {
    let mut out: Vec<Described> = model.inputs.iter().map(|i| of_operators(model.graph, i)).collect();
    // One symbol has one meaning: what an operator says of it in one input holds in the others.
    let known: Vec<(String, Role)> = model
        .inputs
        .iter()
        .zip(&out)
        .filter(|(_, d)| !d.by_name)
        .flat_map(|(input, d)| input.shape.iter().zip(&d.roles))
        .filter_map(|(size, role)| Some((model.leader(size.as_symbol()?), *role)))
        .collect();
    for (input, described) in model.inputs.iter().zip(&mut out).filter(|(_, d)| d.by_name) {
        for (size, role) in input.shape.iter().zip(&mut described.roles) {
            let leader = size.as_symbol().map(|s| model.leader(s));
            if let Some((_, other)) = known.iter().find(|(name, _)| Some(name) == leader.as_ref()) {
                *role = *other;
            }
        }
        if described.kind == Kind::Other && described.roles.contains(&Role::Tokens) {
            described.kind = Kind::Tokens;
        }
    }
    out
}

fn of_operators(graph: &Graph, input: &Input<'_>) -> Described {
    let rank = input.shape.len();
    let all = uses(graph, input.id, Some(rank));
    let said = all.iter().find_map(|u| by_use(graph, input, u));
    let (kind, roles, by_name) = match said {
        Some((kind, roles)) => (kind, roles, false),
        None => {
            let (kind, roles) = by_name(input);
            (kind, roles, true)
        }
    };
    Described { kind, roles, by_name }
}

/// A role for each axis of the input, from the roles of the axes that a node sees.
fn back(rank: usize, axes: &[Option<usize>], seen: &[Role]) -> Vec<Role> {
    let mut roles = vec![Role::Batch; rank];
    for (axis, role) in axes.iter().zip(seen) {
        if let Some(slot) = axis.and_then(|a| roles.get_mut(a)) {
            *slot = *role;
        }
    }
    roles
}

fn by_use(graph: &Graph, input: &Input<'_>, of: &Use) -> Option<(Kind, Vec<Role>)> {
    let node = graph.node(of.node);
    let axes = of.axes.as_deref()?;
    let rank = input.shape.len();
    let size = |axis: usize| {
        axes.get(axis)
            .copied()
            .flatten()
            .and_then(|a| input.shape.get(a)?.known())
    };
    let whole = matches!(input.info.ty.dtype, Some(t) if !t.is_float() && t != DataType::Bool);
    let give = |kind: Kind, seen: &[Role]| Some((kind, back(rank, axes, seen)));
    match (&*node.op_type, of.input) {
        ("Conv" | "ConvInteger" | "QLinearConv" | "FusedConv" | "ConvTranspose", 0)
        | ("MaxPool" | "AveragePool", 0) => {
            match axes.len() {
                3 => {
                    let channels = size(1).or_else(|| channels(graph, node));
                    let kind = if axes.get(1).copied().flatten().is_none() || channels == Some(1) {
                        (Kind::Sound, Role::Samples)
                    } else if channels.is_some_and(|c| c >= 16) {
                        (Kind::Frames, Role::Frames)
                    } else {
                        (Kind::Sequence, Role::Steps)
                    };
                    give(kind.0, &[Role::Batch, Role::Channels, kind.1])
                }
                // A feature axis of a spectrogram is no height: its size is fixed and that of the time is open.
                4 if axes.get(1).copied().flatten().is_none() && rank <= 3 => {
                    let fixed = |axis: usize| size(axis).is_some_and(|n| n >= 16);
                    match (fixed(2), fixed(3)) {
                        (true, false) => give(
                            Kind::Frames,
                            &[Role::Batch, Role::Channels, Role::Features, Role::Frames],
                        ),
                        (false, true) => give(
                            Kind::Frames,
                            &[Role::Batch, Role::Channels, Role::Frames, Role::Features],
                        ),
                        _ => give(Kind::Picture, &[Role::Batch, Role::Channels, Role::Height, Role::Width]),
                    }
                }
                4 => give(Kind::Picture, &[Role::Batch, Role::Channels, Role::Height, Role::Width]),
                5 => give(
                    Kind::Volume,
                    &[Role::Batch, Role::Channels, Role::Depth, Role::Height, Role::Width],
                ),
                _ => None,
            }
        }
        ("GlobalAveragePool" | "GlobalMaxPool" | "DepthToSpace" | "SpaceToDepth" | "GridSample" | "LRN", 0)
            if axes.len() == 4 =>
        {
            give(Kind::Picture, &[Role::Batch, Role::Channels, Role::Height, Role::Width])
        }
        ("STFT", 0) => give(Kind::Sound, &[Role::Batch, Role::Samples, Role::Channels]),
        ("Gather", 1) if whole => {
            let table = node.inputs.first().copied().flatten().map(|t| graph.tensor(t))?;
            // Rows of a table of embeddings; other tensors are picked from by position.
            let is_table = table.ty.shape.as_ref().is_some_and(|s| s.0.len() == 2) && is_stored(graph, of.node, 0);
            match (is_table, axes.len()) {
                (true, 1) => give(Kind::Tokens, &[Role::Tokens]),
                (true, 2) => give(Kind::Tokens, &[Role::Batch, Role::Tokens]),
                (true, 3) => give(Kind::Tokens, &[Role::Batch, Role::Steps, Role::Tokens]),
                _ => None,
            }
        }
        ("EmbedLayerNormalization", 0 | 1 | 7) => give(Kind::Tokens, &[Role::Batch, Role::Tokens]),
        ("RNN" | "GRU" | "LSTM" | "DynamicQuantizeLSTM", 0) => {
            let batch_first = graph.proto(of.node).attr("layout").is_some_and(|a| a.i == Some(1));
            let kind = match size(2) {
                Some(40 | 64 | 80 | 128 | 161 | 201 | 257) if !batch_first => Kind::Frames,
                _ => Kind::Sequence,
            };
            let steps = if kind == Kind::Frames {
                Role::Frames
            } else {
                Role::Steps
            };
            if batch_first {
                give(kind, &[Role::Batch, steps, Role::Features])
            } else {
                give(kind, &[steps, Role::Batch, Role::Features])
            }
        }
        ("RNN" | "GRU" | "LSTM" | "DynamicQuantizeLSTM", 5 | 6) => {
            give(Kind::State, &[Role::Channels, Role::Batch, Role::Features])
        }
        ("GroupQueryAttention" | "Attention" | "MultiHeadAttention", index)
            if axes.len() == 4 && index >= 3 && !node.domain.is_empty() || index >= 4 && axes.len() == 4 =>
        {
            give(Kind::Cache, &[Role::Batch, Role::Channels, Role::Past, Role::Features])
        }
        ("Concat", _) if axes.len() == 4 && !whole && node.inputs.len() == 2 => {
            let at = graph.proto(of.node).attr("axis")?.i?;
            let at = usize::try_from(if at < 0 { at + 4 } else { at }).ok()?;
            // Heads and head size are known; the axis that grows is the past.
            let fixed = (0..4).filter(|i| size(*i).is_some()).count();
            let other = node.inputs.get(1 - of.input.min(1)).copied().flatten()?;
            let computed = !is_stored(graph, of.node, 1 - of.input.min(1)) && !is_input(graph, other);
            if fixed < 2 || !computed || size(at).is_some() || at == 0 || at == 1 && size(1).is_some_and(|c| c <= 4) {
                return None;
            }
            let mut seen = [Role::Batch, Role::Channels, Role::Channels, Role::Features];
            *seen.get_mut(at)? = Role::Past;
            give(Kind::Cache, &seen)
        }
        ("Attention", 0..=2) if node.domain.is_empty() => match axes.len() {
            4 => give(
                Kind::Sequence,
                &[Role::Batch, Role::Channels, Role::Tokens, Role::Features],
            ),
            3 => give(Kind::Sequence, &[Role::Batch, Role::Tokens, Role::Features]),
            _ => None,
        },
        ("Gemm", 0) => give(Kind::Table, &[Role::Batch, Role::Features]),
        ("MatMul" | "MatMulInteger" | "MatMulNBits" | "FusedMatMul" | "DynamicQuantizeMatMul", 0) if !whole => {
            match axes.len() {
                2 => give(Kind::Table, &[Role::Batch, Role::Features]),
                3 => {
                    let mels = matches!(size(2), Some(40 | 64 | 80 | 128)) && size(1).is_none();
                    let name = input.info.name.to_lowercase();
                    let sound = ["mel", "fbank", "feat", "speech", "audio"]
                        .iter()
                        .any(|w| name.contains(w));
                    if mels && sound {
                        give(Kind::Frames, &[Role::Batch, Role::Frames, Role::Features])
                    } else {
                        give(Kind::Sequence, &[Role::Batch, Role::Steps, Role::Features])
                    }
                }
                _ => None,
            }
        }
        (_, 0) if &*node.domain == "ai.onnx.ml" && axes.len() <= 2 => give(
            Kind::Table,
            if axes.len() == 2 {
                &[Role::Batch, Role::Features]
            } else {
                &[Role::Batch]
            },
        ),
        _ => None,
    }
}

fn is_input(graph: &Graph, id: crate::graph::TensorId) -> bool {
    graph.bodies.first().is_some_and(|b| b.inputs.contains(&id))
}

/// Channels that a convolution's weights want.
fn channels(graph: &Graph, node: &Node) -> Option<i64> {
    let weights = graph.tensor(node.inputs.get(1).copied().flatten()?);
    Size::from(weights.ty.shape.as_ref()?.0.get(1)?).known()
}

/// True where the name says one of these words, as a word or part of one.
pub(super) fn has(name: &str, words: &[&str]) -> bool {
    words.iter().any(|w| name.contains(w))
}

/// What names and the shape say.
fn by_name(input: &Input<'_>) -> (Kind, Vec<Role>) {
    use Role as R;
    let name = input.info.name.to_lowercase();
    let dtype = input.info.ty.dtype;
    let rank = input.shape.len();
    let known: Vec<Option<i64>> = input.shape.iter().map(Size::known).collect();
    let whole = dtype.is_some_and(|t| !t.is_float());
    let is_colour = |axis: usize| matches!(known.get(axis), Some(Some(1 | 3 | 4)));
    let of_labels = label_roles(input);
    let plain = |n: usize| -> Vec<Role> {
        (0..n)
            .map(|i| {
                if i == 0 {
                    R::Batch
                } else if i + 1 == n {
                    R::Features
                } else {
                    R::Steps
                }
            })
            .collect()
    };
    let (kind, roles) = match rank {
        0 => (Kind::Number, vec![]),
        1 if has(&name, &["input_ids", "token"]) => (Kind::Tokens, vec![R::Tokens]),
        1 if has(&name, &["audio", "wav", "speech", "pcm"]) => (Kind::Sound, vec![R::Samples]),
        1 => (Kind::Number, vec![R::Batch]),
        2 if whole || has(&name, &["mask"]) => (Kind::Tokens, vec![R::Batch, R::Tokens]),
        2 if has(&name, &["audio", "wav", "speech", "sound", "pcm"]) => (Kind::Sound, vec![R::Batch, R::Samples]),
        // A sound with its samples left open; rows of features say how many there are.
        2 => (Kind::Table, vec![R::Batch, R::Features]),
        _ if has(&name, &["past", "cache", "present"]) && !whole && rank == 4 => {
            let mut roles = vec![R::Batch, R::Channels, R::Past, R::Features];
            // Where the second is open and the third known, the past stands second.
            if matches!(known.get(1), Some(None)) && matches!(known.get(2), Some(Some(_))) {
                roles = vec![R::Batch, R::Past, R::Channels, R::Features];
            }
            (Kind::Cache, roles)
        }
        3 if has(&name, &["state", "hidden", "h0", "c0"]) && !has(&name, &["hidden_states"]) => {
            (Kind::State, vec![R::Channels, R::Batch, R::Features])
        }
        3 if is_colour(2) && known.first() == Some(&None) => (Kind::Picture, vec![R::Height, R::Width, R::Channels]),
        3 if is_colour(0) => (Kind::Picture, vec![R::Channels, R::Height, R::Width]),
        3 => (Kind::Other, plain(3)),
        4 if has(&name, &["mask"]) => (Kind::Tokens, vec![R::Batch, R::Channels, R::Tokens, R::Tokens]),
        4 if is_colour(3) && !is_colour(1) => (Kind::Picture, vec![R::Batch, R::Height, R::Width, R::Channels]),
        4 => (Kind::Picture, vec![R::Batch, R::Channels, R::Height, R::Width]),
        5 if is_colour(4) => (Kind::Volume, vec![R::Batch, R::Depth, R::Height, R::Width, R::Channels]),
        5 => (Kind::Volume, vec![R::Batch, R::Channels, R::Depth, R::Height, R::Width]),
        _ => (Kind::Other, plain(rank)),
    };
    let roles = roles
        .into_iter()
        .zip(of_labels)
        .map(|(role, label)| label.unwrap_or(role))
        .collect();
    (kind, roles)
}

/// What the names of the sizes themselves say, axis by axis.
fn label_roles(input: &Input<'_>) -> Vec<Option<Role>> {
    input.shape.iter().map(|s| label(s.as_symbol()?)).collect()
}

/// What the name of a size says.
pub(super) fn label(name: &str) -> Option<Role> {
    let name = name.to_lowercase();
    let is = |words: &[&str]| words.contains(&name.as_str());
    Some(if is(&["n", "b", "bs"]) || has(&name, &["batch"]) {
        Role::Batch
    } else if is(&["h"]) || has(&name, &["height"]) {
        Role::Height
    } else if is(&["w"]) || has(&name, &["width"]) {
        Role::Width
    } else if has(&name, &["past", "cache"]) {
        Role::Past
    } else if has(&name, &["sample"]) && has(&name, &["audio", "sound", "wav", "num_samples"]) {
        Role::Samples
    } else if has(&name, &["frame", "time"]) || is(&["t"]) {
        Role::Frames
    } else if has(&name, &["seq", "token", "length"]) || is(&["s", "l"]) {
        Role::Tokens
    } else if has(&name, &["num_", "count", "points", "boxes"]) {
        Role::Count
    } else {
        return None;
    })
}
