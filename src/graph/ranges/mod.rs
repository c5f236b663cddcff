//! Ranges of sizes that one engine serves: what a profile says of the model's inputs, and what follows from it for the
//! inputs of which it says nothing.
//!
//! May be called by everything above `graph`; plain data in and out, so that a window can ask at every key. `open` lists the
//! sizes that a model leaves open, `complete` fills a profile and names what contradicts, `corners` evaluates the graph where
//! the ranges end.

pub mod complete;
pub mod corners;
pub mod open;

pub use super::shape_tensors::{ShapeTensor, shape_tensors};
pub use complete::{Contradiction, around, complete, contradictions};
pub use corners::{Corner, CornerKind, Fault, corners, corners_with};
pub use open::{OpenSize, open_sizes};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Smallest, most important and largest sizes of an input, or values of a shape tensor.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range<T> {
    /// Smallest.
    pub min: Vec<T>,
    /// The one to optimize for.
    pub opt: Vec<T>,
    /// Largest.
    pub max: Vec<T>,
}

/// A range of shapes, one size an axis.
pub type ShapeRange = Range<u64>;
/// A range of values of a shape tensor, in row-major order.
pub type ValueRange = Range<i64>;

/// `[[profile]]`: ranges of one optimization profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSpec {
    /// Shapes, by input name. For a shape tensor these numbers are read as its values (recipes before `values` say it so).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, ShapeRange>,
    /// Values of shape tensors (inputs whose values decide the shapes of other tensors), by input name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueRange>,
}

impl<T: Copy + Ord + Display> Range<T> {
    /// One point: nothing of it varies.
    pub fn fixed(sizes: &[T]) -> Self {
        Self {
            min: sizes.to_vec(),
            opt: sizes.to_vec(),
            max: sizes.to_vec(),
        }
    }

    /// True when min and max are one.
    pub fn is_fixed(&self) -> bool {
        self.min == self.max
    }

    /// True when these sizes lie inside.
    pub fn allows(&self, sizes: &[T]) -> bool {
        let inside = |(i, size): (usize, &T)| {
            self.min.get(i).is_none_or(|min| size >= min) && self.max.get(i).is_none_or(|max| size <= max)
        };
        self.min.len() == sizes.len() && sizes.iter().enumerate().all(inside)
    }

    /// Min, opt and max of one axis.
    pub fn axis(&self, axis: usize) -> Option<[T; 3]> {
        Some([*self.min.get(axis)?, *self.opt.get(axis)?, *self.max.get(axis)?])
    }

    /// Widens min and max so that these sizes lie inside; true when that changed anything.
    pub fn include(&mut self, sizes: &[T]) -> bool {
        let before = (self.min.clone(), self.max.clone());
        for (min, size) in self.min.iter_mut().zip(sizes) {
            *min = (*min).min(*size);
        }
        for (max, size) in self.max.iter_mut().zip(sizes) {
            *max = (*max).max(*size);
        }
        before != (self.min.clone(), self.max.clone())
    }

    /// Makes sure that min, opt and max have as many sizes, none smaller than the one before it.
    ///
    /// # Errors
    /// The key (`opt` or `max`), and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, shape) in [("opt", &self.opt), ("max", &self.max)] {
            if shape.len() != self.min.len() {
                return Err((key, format!("{} sizes where min has {}", shape.len(), self.min.len())));
            }
        }
        for (axis, ((min, opt), max)) in self.min.iter().zip(&self.opt).zip(&self.max).enumerate() {
            if max < min {
                return Err(("max", format!("size {max} of axis {axis} is smaller than min {min}")));
            }
            if opt < min || opt > max {
                return Err((
                    "opt",
                    format!("size {opt} of axis {axis} is not between min {min} and max {max}"),
                ));
            }
        }
        Ok(())
    }
}

impl ProfileSpec {
    /// True when it says nothing.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty() && self.values.is_empty()
    }

    /// `x 1x3x32x32 to 8x3x64x64, best 1x3x32x32; hw values 16,16 to 64,64, best 32,32`.
    pub fn words(&self) -> String {
        let shape = |sizes: &[u64]| match sizes {
            [] => "scalar".to_owned(),
            _ => sizes.iter().map(u64::to_string).collect::<Vec<_>>().join("x"),
        };
        let values = |v: &[i64]| v.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let range = |name: &str, fixed: bool, [min, opt, max]: [String; 3]| match fixed {
            true => format!("{name} {opt}"),
            false => format!("{name} {min} to {max}, best {opt}"),
        };
        let shapes = self.inputs.iter().map(|(name, r)| {
            let ends = [shape(&r.min), shape(&r.opt), shape(&r.max)];
            range(name, r.is_fixed(), ends)
        });
        let values = self.values.iter().map(|(name, r)| {
            let ends = [values(&r.min), values(&r.opt), values(&r.max)];
            range(&format!("{name} values"), r.is_fixed(), ends)
        });
        shapes.chain(values).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests;
