//! What lower precision does to values, as plain data: `check` makes findings of it.

use crate::model::DataType;

/// Values of one tensor that a lower type cannot hold as they are.
#[derive(Clone, PartialEq, Debug)]
pub struct Loss {
    /// The weight, or what runs between nodes.
    pub tensor: String,
    /// What happens to them.
    pub kind: LossKind,
    /// How many values of a weight; 0 for what is computed, of which only the range is known.
    pub count: u64,
    /// Values in all.
    pub of: u64,
    /// The type.
    pub dtype: DataType,
}

/// What happens to values that a type cannot hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LossKind {
    /// Beyond the type's range; they become its largest number.
    Clamped {
        /// That number.
        to: f32,
    },
    /// Too small for the type, which would make them zero; they become its least number.
    Flushed {
        /// That number.
        to: f32,
    },
    /// Computed values reached further than the type does: they become infinite.
    Overflow {
        /// The largest magnitude seen.
        reached: f32,
    },
    /// Computed values become integers, which beyond this number the type no longer has all of.
    Integers {
        /// That number.
        up_to: u32,
    },
}
