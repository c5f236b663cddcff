//! The embedded engine: rten, pure Rust, built in.
