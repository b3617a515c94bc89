//! The jobs of the project: `cargo xtask <job>`.
fn main() {}
