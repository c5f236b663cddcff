//! The recipe's patches: applied off the UI thread, and the clean-up patches that would do something.

pub mod cleaning;
pub mod panel;
pub mod patched;
