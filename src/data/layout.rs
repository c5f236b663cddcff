//! Where in an array its samples are: along an axis of the input, along one axis more in front of it, or nowhere, because
//! all samples share the array.
//!
//! Found from the data and from what the model's inputs share: a symbol for the batch need not be on the first axis (a state
//! of [2, batch, 16] beside x of [batch, 24]).

use super::source::Wanted;
use crate::format;
use crate::graph::{Dim, Graph};
use std::collections::HashMap;
use std::sync::Arc;

/// Where an array's samples are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Layout {
    /// On this axis of the input; samples can be joined along it.
    Axis(usize),
    /// On an axis in front of those of the input: a stack of whole samples.
    Stack,
    /// The whole array is the same in all samples.
    Fixed,
}

impl Layout {
    /// What a recipe says: a number of an axis, `stack` or `fixed`.
    ///
    /// # Errors
    /// Anything else.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "stack" => Ok(Self::Stack),
            "fixed" => Ok(Self::Fixed),
            number => number.parse().map(Self::Axis).map_err(|_| {
                format!("{text:?} does not say where samples are; write the number of an axis, stack or fixed")
            }),
        }
    }

    /// Samples in an array of this shape; none where it is the same in all.
    pub(super) fn rows(self, dims: &[u64]) -> Option<u64> {
        match self {
            Self::Axis(axis) => dims.get(axis).copied(),
            Self::Stack => dims.first().copied(),
            Self::Fixed => None,
        }
    }

    /// Shape of one sample of an array of this shape, for an input of `rank` dimensions.
    pub(super) fn sample(self, dims: &[u64], rank: usize) -> Vec<u64> {
        match self {
            Self::Axis(at) => {
                let mut dims = dims.to_vec();
                if let Some(dim) = dims.get_mut(at) {
                    *dim = 1;
                }
                dims
            }
            Self::Stack => dims.get(1..).unwrap_or_default().to_vec(),
            // One value for a scalar, however many brackets it has.
            Self::Fixed if rank == 0 => Vec::new(),
            Self::Fixed => dims.to_vec(),
        }
    }
}

/// The layout of each input's array, from their shapes.
///
/// # Errors
/// The first array that fits its input in no way, or two that disagree on the number of samples.
pub(super) fn decide(wanted: &[Wanted], found: &[&[u64]]) -> Result<Vec<Layout>, String> {
    let mut options = Vec::with_capacity(wanted.len());
    for (input, dims) in wanted.iter().zip(found) {
        let of_input = candidates(input, dims);
        if of_input.is_empty() {
            return Err(misfit(input, dims));
        }
        options.push(of_input);
    }
    // Where one array is a stack of whole samples, all that can be are.
    let is_stack = |(input, options): (&Wanted, &Vec<Layout>)| !input.dims.is_empty() && options[..] == [Layout::Stack];
    if wanted.iter().zip(&options).any(is_stack) {
        for (options, input) in options.iter_mut().zip(wanted) {
            if input.samples_on.is_none() {
                options.retain(|layout| matches!(layout, Layout::Stack | Layout::Fixed));
            }
        }
        if let Some(at) = options.iter().position(Vec::is_empty) {
            return Err(format!(
                "array {:?} has shape {}, which is no stack of whole samples as those of other inputs are",
                wanted[at].array,
                shape(found[at])
            ));
        }
    }
    // The first number of samples on which all can agree.
    let counts = options
        .iter()
        .zip(found)
        .flat_map(|(options, dims)| options.iter().filter_map(|l| l.rows(dims)));
    for count in counts {
        let fits = |((options, dims), input): ((&Vec<Layout>, &&[u64]), &Wanted)| {
            let same = options.iter().find(|layout| layout.rows(dims) == Some(count));
            // What has the batch's symbol has as many samples as all others, or is given once.
            let is_shared = input.samples_on.is_some()
                || options.contains(&Layout::Stack)
                || input.batch_axis.is_none_or(|at| dims.get(at) == Some(&1));
            let fixed = options.iter().find(|layout| **layout == Layout::Fixed && is_shared);
            same.or(fixed).copied()
        };
        if let Some(layouts) = options
            .iter()
            .zip(found)
            .zip(wanted)
            .map(fits)
            .collect::<Option<Vec<_>>>()
        {
            return Ok(layouts);
        }
    }
    // Each is what its input wants as it is: the whole file is one sample.
    if options.iter().all(|options| options.contains(&Layout::Fixed)) && agree(wanted, found) {
        return Ok(vec![Layout::Fixed; wanted.len()]);
    }
    let mut counted = wanted
        .iter()
        .zip(&options)
        .zip(found)
        .filter_map(|((input, options), dims)| {
            let layout = options.first()?;
            Some((layout.rows(dims)?, &input.name))
        });
    let first = counted.next();
    let other = first.and_then(|(n, of)| counted.find(|(m, _)| *m != n).map(|(m, name)| (n, of, m, name)));
    Err(other.map_or_else(
        || "the arrays do not agree on the number of samples".into(),
        |(n, of, m, name)| {
            format!(
                "{m} samples for input {name:?}, {n} for input {of:?}; samples_on says on which axis an input has its samples"
            )
        },
    ))
}

/// True when each symbol of the inputs has one size, were all arrays taken as they are.
pub(super) fn agree(wanted: &[Wanted], found: &[&[u64]]) -> bool {
    let mut sizes: HashMap<&str, u64> = HashMap::new();
    wanted.iter().zip(found).all(|(input, dims)| {
        let mut named = input.symbols.iter().zip(*dims);
        named.all(|(symbol, size)| match symbol {
            Some(symbol) => *sizes.entry(symbol).or_insert(*size) == *size,
            None => true,
        })
    })
}

/// What an array of this shape may be, the likeliest first.
fn candidates(input: &Wanted, dims: &[u64]) -> Vec<Layout> {
    let rank = input.dims.len();
    let fits = |dims: &[u64], but: Option<usize>| {
        let mut sizes = input.dims.iter().zip(dims).enumerate();
        dims.len() == rank && sizes.all(|(at, (want, is))| Some(at) == but || want.is_none_or(|want| want == *is))
    };
    let can = |layout: &Layout| match *layout {
        Layout::Stack => dims.len() == rank + 1 && fits(&dims[1..], None),
        Layout::Axis(at) => at < rank && fits(dims, Some(at)),
        Layout::Fixed => fits(dims, None) || rank == 0 && dims == [1],
    };
    if let Some(given) = input.samples_on {
        return Some(given).into_iter().filter(can).collect();
    }
    let mut axes: Vec<usize> = input.batch_axis.into_iter().collect();
    axes.extend((0..rank).filter(|at| {
        let is_open = input.dims[*at].is_none_or(|size| size == 1);
        Some(*at) != input.batch_axis && (*at == 0 || is_open)
    }));
    let all = [Layout::Stack]
        .into_iter()
        .chain(axes.into_iter().map(Layout::Axis))
        .chain([Layout::Fixed]);
    all.filter(can).collect()
}

fn shape(dims: &[u64]) -> String {
    match dims {
        [] => "of a scalar".into(),
        dims => dims.iter().map(u64::to_string).collect::<Vec<_>>().join("x"),
    }
}

/// Shape expected and found.
fn misfit(input: &Wanted, dims: &[u64]) -> String {
    let size = |d: &Option<u64>| d.map_or("?".to_owned(), |d| d.to_string());
    let whole: Vec<String> = input.dims.iter().map(size).collect();
    let axis = input.batch_axis.unwrap_or(0);
    let mut rows = whole.clone();
    if let Some(size) = rows.get_mut(axis) {
        *size = "samples".into();
    }
    let stack: Vec<String> = std::iter::once("samples".to_owned()).chain(whole).collect();
    let wants = match (input.samples_on, rows.is_empty()) {
        (Some(Layout::Stack), _) | (None, true) => stack.join("x"),
        (Some(Layout::Axis(at)), _) => format!("samples on axis {at} of {}", rows.join("x")),
        (Some(Layout::Fixed), _) => format!("{} in all samples", stack[1..].join("x")),
        (None, false) => format!("{} (or {}, a stack of whole samples)", rows.join("x"), stack.join("x")),
    };
    format!(
        "array {:?} has shape {}, the model's input {:?} needs {wants}",
        input.array,
        shape(dims),
        input.name
    )
}

/// Where samples are, in a sentence; none where that is what everybody expects: the first axis.
pub(super) fn words(wanted: &[Wanted], layouts: &[Layout]) -> Option<String> {
    let is_usual = |(input, layout): (&Wanted, &Layout)| match layout {
        Layout::Axis(0) => true,
        Layout::Fixed => input.dims.is_empty(),
        _ => false,
    };
    if wanted.iter().zip(layouts).all(is_usual) {
        return None;
    }
    let mut groups: Vec<(Layout, Vec<&str>)> = Vec::new();
    for (input, layout) in wanted.iter().zip(layouts) {
        match groups.iter_mut().find(|(l, _)| l == layout) {
            Some((_, names)) => names.push(&input.name),
            None => groups.push((*layout, vec![&input.name])),
        }
    }
    let parts = groups.iter().map(|(layout, names)| {
        let (are, have) = if names.len() == 1 {
            ("is", "has")
        } else {
            ("are", "have")
        };
        let names = format::list(names);
        match layout {
            Layout::Axis(at) => format!("{names} {have} the samples on axis {at}"),
            Layout::Stack if names.contains(" and ") => format!("{names} are stacks of whole samples"),
            Layout::Stack => format!("{names} is a stack of whole samples"),
            Layout::Fixed => format!("{names} {are} the same in all samples"),
        }
    });
    let parts: Vec<String> = parts.collect();
    Some(format!("{} (data: samples_on says otherwise)", parts.join("; ")))
}

/// For each input the axis of the batch, where a symbol says it: the one that most inputs share, among those the one that is
/// called after a batch, among those the one of the first axis.
pub(super) fn batch_axes(graph: &Graph) -> Vec<Option<usize>> {
    let inputs: Vec<&[Dim]> = super::shapes::inputs(graph)
        .map(|input| input.ty.shape.as_ref().map_or(&[][..], |s| s.0.as_slice()))
        .collect();
    let mut seen: HashMap<&Arc<str>, (usize, bool, bool)> = HashMap::new();
    let mut order: Vec<&Arc<str>> = Vec::new();
    for dims in &inputs {
        let mut here: Vec<&Arc<str>> = Vec::new();
        for (at, dim) in dims.iter().enumerate() {
            let Dim::Symbol(name) = dim else { continue };
            let entry = seen.entry(name).or_insert_with(|| {
                order.push(name);
                (0, is_batch(name), false)
            });
            entry.2 |= at == 0;
            if !here.contains(&name) {
                entry.0 += 1;
                here.push(name);
            }
        }
    }
    // What everybody would call a batch is one; else only what stands in front somewhere.
    let rank = |name: &&Arc<str>| {
        let (count, is_named, is_first) = seen[*name];
        (is_named, is_first, count)
    };
    let candidates = order.iter().copied().filter(|name| seen[*name].1 || seen[*name].2);
    let mut best: Option<&Arc<str>> = None;
    for name in candidates {
        if best.is_none_or(|b| rank(&name) > rank(&b)) {
            best = Some(name);
        }
    }
    let axis = |dims: &&[Dim]| {
        dims.iter()
            .position(|dim| matches!(dim, Dim::Symbol(name) if Some(name) == best))
    };
    inputs.iter().map(axis).collect()
}

/// True for names that exporters give to the batch.
fn is_batch(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(name.as_str(), "n" | "b" | "bs") || name.contains("batch")
}
