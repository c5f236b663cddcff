//! Projections: of a comparison (tables, an HTML report, plots as SVG) and of a recipe (trtexec line, Python script,
//! GitLab job, container). Pure text; nothing here runs anything.
//!
//! May be called by `cli` and `studio`; calls `bench`, `check`, `recipe` and below.

pub mod ci;
pub mod file;
mod mixes;
pub mod plots;
pub mod projection;
pub mod report;
mod svg;
pub mod sweep;
pub mod table;

pub use report::Report;

#[cfg(test)]
mod sample;
