//! The Lab step: comparisons of variants, live and finished, as plots and as a table.

pub mod panel;
pub mod plots;
pub mod run;
pub mod table;
