//! Findings: what a target cannot or should not take, and why.
//!
//! Computed from a graph and, where the target's library was asked, from its parser's report as plain data
//! ([`ParserReport`]). May be called by everything above; calls `model`,
//! `graph` and, for what patches do to values, `rewrite`. Rules are data: `ruleset/` has
//! them with their conditions, sentences, sources and fixes, `tables/` which operators each target takes; `conditions/`
//! evaluates the conditions that the rules name.

mod conditions;
pub mod corners;
pub mod finding;
mod losses;
mod merge;
mod message;
pub mod parser_report;
mod ruleset;
pub mod run;
mod subject;
mod table;
mod target;
#[cfg(test)]
mod tests;

pub use finding::{Evidence, Finding, Fix, Place, Report, Severity};
pub use losses::losses;
pub use parser_report::{ParserError, ParserReport, Plugin, Subgraph};
pub use run::{Request, Sorted, check, lacks, taken};
