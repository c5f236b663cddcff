//! Short forms for the tests of this folder.

use super::{Cancel, LayoutEdge, cycles::Wire};
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

pub(super) fn never() -> Cancel<'static> {
    Cancel(&NEVER)
}

/// An edge whose tensor is named after its producer.
pub(super) fn edge(source: u32, target: u32) -> LayoutEdge {
    LayoutEdge::new(source, source, target)
}

/// A wire whose tensor is named after its upper node.
pub(super) fn wire(upper: u32, lower: u32) -> Wire {
    Wire {
        upper,
        lower,
        tensor: upper,
        edge: 0,
        reversed: false,
    }
}
