//! Findings: what a target cannot or should not take, and why.
//!
//! Computed from a graph and, where the target's library was asked, from its parser's report as plain data
//! ([`ParserReport`]). May be called by everything above; calls `model` and `graph` only. Rules are data.

pub mod finding;
pub mod parser_report;
pub mod run;

pub use finding::{Evidence, Finding, Fix, Place, Report, Severity};
pub use parser_report::{ParserError, ParserReport, Subgraph};
pub use run::{Request, check};
