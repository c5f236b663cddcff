//! Which size a sweep varies, found by the words a user has for it: `batch`, the model's own name, `INPUT:AXIS`, `seq`,
//! `height`, `width`, and several that stay equal (`height=width`).

use super::shapes::with_batch;
use crate::graph::ranges::open::inputs;
use crate::graph::ranges::{OpenSize, open_sizes};
use crate::graph::sizes::{evaluate, point};
use crate::graph::{Dim, Graph};
use crate::recipe::de::suggest;
use std::collections::BTreeMap;

/// A shape for every input.
type Shapes = BTreeMap<String, Vec<u64>>;

/// Largest power of two that is tried where nothing says a better range.
const LARGEST: u64 = 1024;

/// What a sweep varies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Over {
    /// As it is shown: `batch`, `seq`, `height=width`.
    pub label: String,
    /// Inputs and axes that take the size; none for the batch, which [`with_batch`] knows.
    places: Vec<(String, usize)>,
}

impl Over {
    /// Finds what `text` names.
    ///
    /// # Errors
    /// A name that no open size has (with those that there are), a size that the model fixes.
    pub fn find(graph: &Graph, text: &str) -> Result<Self, String> {
        if text == crate::recipe::SweepSpec::BATCH {
            return Ok(Self {
                label: text.into(),
                places: Vec::new(),
            });
        }
        let open = open_sizes(graph);
        let mut places = Vec::new();
        for part in text.split('=').map(str::trim) {
            let size = named(graph, &open, part)?;
            let new = size.places.iter().filter(|p| !places.contains(*p)).cloned();
            places.extend(new.collect::<Vec<_>>());
        }
        Ok(Self {
            label: text.into(),
            places,
        })
    }

    /// True for the batch.
    pub fn is_batch(&self) -> bool {
        self.places.is_empty()
    }

    /// The shapes with this size.
    ///
    /// # Errors
    /// A model whose batch is fixed at another size.
    pub fn set(&self, graph: &Graph, shapes: &Shapes, size: u64) -> Result<Shapes, String> {
        if self.is_batch() {
            return with_batch(graph, shapes, size);
        }
        let mut out = shapes.clone();
        for (input, axis) in &self.places {
            if let Some(slot) = out.get_mut(input).and_then(|s| s.get_mut(*axis)) {
                *slot = size;
            }
        }
        Ok(out)
    }

    /// The size in these shapes, or of the first of the places where they differ.
    pub fn of(&self, graph: &Graph, shapes: &Shapes) -> Option<u64> {
        if self.is_batch() {
            let first = inputs(graph).find(
                |i| matches!(i.ty.shape.as_ref().and_then(|s| s.0.first()), Some(d) if !matches!(d, Dim::Known(_))),
            )?;
            return shapes.get(&*first.name)?.first().copied();
        }
        let (input, axis) = self.places.first()?;
        shapes.get(input)?.get(*axis).copied()
    }

    /// The largest size in these shapes among the places that it has.
    pub fn largest(&self, graph: &Graph, shapes: &Shapes) -> Option<u64> {
        let at = |(input, axis): &(String, usize)| shapes.get(input)?.get(*axis).copied();
        self.places
            .iter()
            .filter_map(at)
            .max()
            .or_else(|| self.of(graph, shapes))
    }

    /// Sizes worth measuring around those of `shapes`, ascending: a quarter of it to four times, where it is more than 1, and
    /// powers of two otherwise; those at which the graph works.
    pub fn sizes(&self, graph: &Graph, shapes: &Shapes) -> Vec<u64> {
        let here = self.of(graph, shapes).unwrap_or(1);
        let candidates: Vec<u64> = match here {
            0 | 1 => (0..u64::BITS)
                .map(|i| 1u64 << i)
                .take_while(|n| *n <= LARGEST)
                .collect(),
            n => [(1, 4), (1, 2), (3, 4), (1, 1), (3, 2), (2, 1), (3, 1), (4, 1)]
                .into_iter()
                .filter(|(a, b)| (n * a) % b == 0)
                .map(|(a, b)| n * a / b)
                .collect(),
        };
        let works = |size: &u64| {
            let at = self.set(graph, shapes, *size);
            at.is_ok_and(|shapes| evaluate(graph, &point(&shapes)).is_ok())
        };
        let mut sizes: Vec<u64> = candidates.into_iter().filter(works).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }
}

/// Other words for a size whose name says it in another way.
fn is_called(label: &str, word: &str) -> bool {
    let label = label.to_ascii_lowercase();
    match word {
        "seq" | "sequence" | "tokens" => label.contains("seq") || label.contains("token") || label == "s",
        "height" | "h" => label.contains("height") || label == "h",
        "width" | "w" => label.contains("width") || label == "w",
        "time" => label.contains("time") || label.contains("frame") || label.contains("sample") || label == "t",
        _ => false,
    }
}

/// # Errors
/// As [`Over::find`].
fn named(graph: &Graph, open: &[OpenSize], text: &str) -> Result<OpenSize, String> {
    if let Some(size) = open.iter().find(|s| s.label == text) {
        return Ok(size.clone());
    }
    if let Some((input, axis)) = text.rsplit_once(':')
        && let Ok(axis) = axis.parse::<usize>()
        && let Some(found) = inputs(graph).find(|i| *i.name == *input)
    {
        let place = (input.to_owned(), axis);
        if let Some(size) = open.iter().find(|s| s.places.contains(&place)) {
            return Ok(size.clone());
        }
        return Err(match found.ty.shape.as_ref().map(|s| s.0.get(axis)) {
            Some(Some(Dim::Known(n))) => {
                format!("the model fixes axis {axis} of input {input:?} at {n}, so it cannot vary")
            }
            Some(_) => format!("input {input:?} has no axis {axis}"),
            None => format!("the model does not say how many dimensions input {input:?} has"),
        });
    }
    let word = text.to_ascii_lowercase();
    let called: Vec<&OpenSize> = open
        .iter()
        .filter(|s| s.is_named && is_called(&s.label, &word))
        .collect();
    if let [size] = called.as_slice() {
        return Ok((*size).clone());
    }
    if let Some(size) = picture_axis(graph, open, &word) {
        return Ok(size);
    }
    let sequence = matches!(word.as_str(), "seq" | "sequence" | "tokens" | "time");
    let second: Vec<&OpenSize> = open
        .iter()
        .filter(|s| s.places.iter().all(|(_, axis)| *axis == 1))
        .collect();
    if let ([size], true) = (second.as_slice(), sequence) {
        return Ok((*size).clone());
    }
    let labels: Vec<&str> = open.iter().map(|s| s.label.as_str()).collect();
    if labels.is_empty() {
        return Err("the model has no open size; all are fixed".into());
    }
    Err(format!(
        "no open size is called {text:?}{}; there are batch and {}",
        suggest(text, &labels),
        labels.join(", ")
    ))
}

/// Height or width of the only input that is a picture, by its layout.
fn picture_axis(graph: &Graph, open: &[OpenSize], word: &str) -> Option<OpenSize> {
    let at = match word {
        "height" | "h" => 0,
        "width" | "w" => 1,
        _ => return None,
    };
    let channels = |d: Option<&Dim>| matches!(d, Some(Dim::Known(1 | 3 | 4)));
    let mut pictures = inputs(graph).filter_map(|input| {
        let shape = &input.ty.shape.as_ref()?.0;
        let first = match shape.len() {
            4 if channels(shape.get(1)) => 2,
            4 if channels(shape.get(3)) => 1,
            _ => return None,
        };
        Some((input.name.to_string(), first + at))
    });
    let place = pictures.next()?;
    open.iter().find(|s| s.places.contains(&place)).cloned()
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;
    use crate::model::DataType;

    fn graph() -> Graph {
        model(
            &[
                ("ids", DataType::Int64, &["batch", "sequence_length"]),
                ("mask", DataType::Int64, &["batch", "sequence_length"]),
                ("image", DataType::Float32, &["batch", "3", "?", "?"]),
            ],
            vec![],
            vec![],
        )
    }

    #[test]
    fn a_size_is_found_by_the_words_for_it() {
        let graph = graph();
        let shapes: Shapes = [
            ("ids".to_owned(), vec![1, 128]),
            ("mask".to_owned(), vec![1, 128]),
            ("image".to_owned(), vec![1, 3, 64, 64]),
        ]
        .into();
        for (text, ids, image) in [
            ("batch", vec![7, 128], vec![7, 3, 64, 64]),
            ("sequence_length", vec![1, 7], vec![1, 3, 64, 64]),
            ("seq", vec![1, 7], vec![1, 3, 64, 64]),
            ("mask:1", vec![1, 7], vec![1, 3, 64, 64]),
            ("image:2", vec![1, 128], vec![1, 3, 7, 64]),
            ("height=width", vec![1, 128], vec![1, 3, 7, 7]),
        ] {
            let over = Over::find(&graph, text).unwrap();
            let at = over.set(&graph, &shapes, 7).unwrap();
            assert_eq!((&at["ids"], &at["image"]), (&ids, &image), "{text}");
            assert_eq!(at["mask"], at["ids"]);
            assert_eq!(over.of(&graph, &at), Some(7), "{text}");
        }
        for (text, words) in [
            ("sequence_lenght", "did you mean \"sequence_length\""),
            ("image:1", "fixes axis 1 of input \"image\" at 3"),
            ("image:9", "no axis 9"),
            ("depth", "there are batch and batch, sequence_length, image:2, image:3"),
        ] {
            let error = Over::find(&graph, text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        let over = Over::find(&graph, "seq").unwrap();
        assert_eq!(over.sizes(&graph, &shapes), [32, 64, 96, 128, 192, 256, 384, 512]);
    }
}
