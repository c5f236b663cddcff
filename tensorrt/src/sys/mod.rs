//! The lowest layer: slot tables per version, enum values per version, and one typed unsafe call per C++ method.
//!
//! Everything that is a number comes from `generator/slots.json` (see `generator/mod.rs`); nothing here is typed by hand.
//! Only [`crate::interfaces`] and [`crate::api`] call this.

mod calls;
mod enums;
mod generated {
    #[rustfmt::skip]
    pub(super) mod calls;
    #[rustfmt::skip]
    pub(super) mod enums;
    #[rustfmt::skip]
    pub(super) mod tables;
}
mod table;

pub use enums::{Unsupported, VersionedEnum};
pub use generated::calls::*;
pub use generated::enums::*;
pub use table::{Class, Family, Method, Missing, Table, VersionKey};

use std::ffi::c_char;

/// TensorRT's `Dims64`: a shape of up to eight dimensions, -1 for one that is not known.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// How many dimensions there are; -1 says that the shape is not known.
    pub count: i32,
    /// The dimensions; those from `count` on mean nothing.
    pub sizes: [i64; 8],
}

impl Dims {
    /// From a slice; `None` for more than eight dimensions.
    pub fn new(shape: &[i64]) -> Option<Dims> {
        let mut sizes = [0; 8];
        sizes.get_mut(..shape.len())?.copy_from_slice(shape);
        Some(Dims {
            count: shape.len() as i32,
            sizes,
        })
    }

    /// The dimensions, `None` when TensorRT says that it does not know them.
    pub fn shape(&self) -> Option<Vec<i64>> {
        let count = usize::try_from(self.count).ok()?;
        self.sizes.get(..count).map(<[i64]>::to_vec)
    }
}

/// What an interface says about itself: its kind and version.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct InterfaceInfo {
    /// A C string that lives as long as the library.
    pub kind: *const c_char,
    /// Major version of the interface.
    pub major: i32,
    /// Minor version of the interface.
    pub minor: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn struct_layouts_are_the_headers() {
        // slots.json, "structs": Dims64 is 72 bytes with d at 8; InterfaceInfo is 16 bytes
        assert_eq!((size_of::<Dims>(), std::mem::offset_of!(Dims, sizes)), (72, 8));
        assert_eq!(
            (size_of::<InterfaceInfo>(), std::mem::offset_of!(InterfaceInfo, minor)),
            (16, 12)
        );
    }

    #[test]
    fn dims_hold_up_to_eight() {
        assert_eq!(Dims::new(&[1, -1, 3]).and_then(|d| d.shape()), Some(vec![1, -1, 3]));
        assert_eq!(Dims::new(&[1; 9]), None);
        assert_eq!(
            Dims {
                count: -1,
                sizes: [0; 8]
            }
            .shape(),
            None
        );
        assert_eq!(
            Dims {
                count: 9,
                sizes: [0; 8]
            }
            .shape(),
            None
        );
    }
}
