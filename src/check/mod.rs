//! Findings: what a target cannot or should not take, and why.
