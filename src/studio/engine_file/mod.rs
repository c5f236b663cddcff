//! An engine file that is open: its header at once, its layers once the library has answered.

pub mod opened;
pub mod panel;
