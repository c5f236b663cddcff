//! The `enginesmith` program.
fn main() {}
