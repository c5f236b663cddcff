//! Throughput against batch size, live, with the knee.

pub mod panel;
pub mod run;
