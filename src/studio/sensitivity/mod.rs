//! Which layers lose accuracy when they are lowered: the search, and how many of the worst the recipe keeps.

pub mod panel;
pub mod state;
pub mod table;
pub mod trade_off;
