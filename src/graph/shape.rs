//! Shapes with known, symbolic and unknown dimensions.

use crate::format;
use crate::model::DataType;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One dimension.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Dim {
    /// Known size.
    Known(u64),
    /// A name that the model gives (`batch`), or an expression over such names (`2*batch`).
    Symbol(Arc<str>),
    /// Nothing is known; serialises as null.
    Unknown,
}

/// A tensor's shape when at least its rank is known.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// A shape of known sizes.
    pub fn known(dims: &[u64]) -> Self {
        Self(dims.iter().map(|d| Dim::Known(*d)).collect())
    }

    /// The sizes when all are known.
    pub fn as_known(&self) -> Option<Vec<u64>> {
        self.0
            .iter()
            .map(|d| if let Dim::Known(n) = d { Some(*n) } else { None })
            .collect()
    }

    /// Number of elements when all sizes are known and the product fits.
    pub fn elements(&self) -> Option<u64> {
        self.0.iter().try_fold(
            1u64,
            |n, d| if let Dim::Known(k) = d { n.checked_mul(*k) } else { None },
        )
    }

    /// True when some size is symbolic or unknown.
    pub fn is_dynamic(&self) -> bool {
        self.0.iter().any(|d| !matches!(d, Dim::Known(_)))
    }
}

impl std::fmt::Display for Dim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(n) => write!(f, "{n}"),
            Self::Symbol(s) => f.write_str(s),
            Self::Unknown => f.write_str("?"),
        }
    }
}

impl std::fmt::Display for Shape {
    /// `1x3x224x224`, `batchx3x?x?`; a scalar is `scalar`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("scalar");
        }
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { "x" })?;
        }
        Ok(())
    }
}

impl Shape {
    /// `[batch, 3, height, width]`, as the window writes shapes; of expressions longer than `most` characters the middle is
    /// left out.
    pub fn notation(&self, most: usize) -> String {
        let dims: Vec<String> = self.0.iter().map(|d| format::middle(&d.to_string(), most)).collect();
        format!("[{}]", dims.join(", "))
    }
}

/// What is known of a tensor's type: element type and shape, each possibly unknown.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TensorType {
    /// Element type when known.
    pub dtype: Option<DataType>,
    /// Shape when at least the rank is known.
    pub shape: Option<Shape>,
    /// `sequence`, `map`, `optional`, `sparse_tensor` or `opaque` when the value is not a plain tensor.
    pub container: Option<Arc<str>>,
}

impl std::fmt::Display for TensorType {
    /// `float32 1x3x224x224`, `int64 ?` when the rank is unknown, `?` when nothing is known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(container) = &self.container {
            write!(f, "{container} ")?;
        }
        match (&self.dtype, &self.shape) {
            (None, None) => f.write_str("?"),
            (Some(t), None) => write!(f, "{t} ?"),
            (None, Some(s)) => write!(f, "? {s}"),
            (Some(t), Some(s)) => write!(f, "{t} {s}"),
        }
    }
}

impl TensorType {
    /// `float32 [batch, 3, height, width]`, see [`Shape::notation`]; without a rank the element type alone.
    pub fn notation(&self, most: usize) -> String {
        let dtype = self.dtype.map_or("?", |d| d.name());
        let container = self.container.as_ref().map_or_else(String::new, |c| format!("{c} "));
        match &self.shape {
            Some(shape) => format!("{container}{dtype} {}", shape.notation(most)),
            None => format!("{container}{dtype}, rank not known"),
        }
    }

    /// Joins what two sources say of one tensor; each gap is filled from the other. A known size beats a symbol, a symbol
    /// beats unknown; of two symbols the first stays (two names for one size do not contradict each other).
    ///
    /// # Errors
    /// What contradicts: element types, ranks, or known sizes, in words.
    pub fn unify(&self, other: &Self) -> Result<Self, String> {
        let dtype = match (self.dtype, other.dtype) {
            (Some(a), Some(b)) if a != b => return Err(format!("element type {a} against {b}")),
            (a, b) => a.or(b),
        };
        let container = match (&self.container, &other.container) {
            (Some(a), Some(b)) if a != b => return Err(format!("{a} against {b}")),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        let shape = match (&self.shape, &other.shape) {
            (Some(a), Some(b)) => Some(a.unify(b)?),
            (a, b) => a.as_ref().or(b.as_ref()).cloned(),
        };
        Ok(Self {
            dtype,
            shape,
            container,
        })
    }
}

impl Shape {
    /// Joins two shapes of one tensor, as [`TensorType::unify`] does.
    ///
    /// # Errors
    /// Both shapes, when ranks or known sizes differ.
    pub fn unify(&self, other: &Self) -> Result<Self, String> {
        let differ = || format!("shape {self} against {other}");
        if self.0.len() != other.0.len() {
            return Err(differ());
        }
        let dims = self.0.iter().zip(&other.0).map(|pair| match pair {
            (Dim::Known(a), Dim::Known(b)) if a != b => Err(differ()),
            (Dim::Known(n), _) | (_, Dim::Known(n)) => Ok(Dim::Known(*n)),
            (Dim::Symbol(s), _) | (_, Dim::Symbol(s)) => Ok(Dim::Symbol(s.clone())),
            (Dim::Unknown, Dim::Unknown) => Ok(Dim::Unknown),
        });
        dims.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_writes_shapes_in_brackets_and_folds_expressions() {
        let long = Dim::Symbol("floor((height + 2*pad - 3) / 2) + 1".into());
        let shape = Shape(vec![Dim::Symbol("batch".into()), Dim::Known(3), long, Dim::Unknown]);
        let folded = shape.notation(12);
        assert!(
            folded.starts_with("[batch, 3, floor") && folded.ends_with("+ 1, ?]") && folded.contains('…'),
            "{folded}"
        );
        assert_eq!(Shape::default().notation(12), "[]");
        assert_eq!(TensorType::default().notation(12), "?, rank not known");
    }

    #[test]
    fn unify_fills_gaps_and_names_contradictions() {
        let a = Shape(vec![Dim::Symbol("n".into()), Dim::Unknown, Dim::Known(3)]);
        let b = Shape(vec![Dim::Unknown, Dim::Known(2), Dim::Symbol("c".into())]);
        assert_eq!(a.unify(&b).unwrap().to_string(), "nx2x3");
        assert_eq!(
            a.unify(&Shape::known(&[1, 2, 4])).unwrap_err(),
            "shape nx?x3 against 1x2x4"
        );
        assert!(a.unify(&Shape::known(&[1])).is_err());
        let f = TensorType {
            dtype: Some(DataType::Float32),
            ..Default::default()
        };
        assert_eq!(f.unify(&TensorType::default()).unwrap(), f);
    }
}
