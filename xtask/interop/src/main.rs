//! Interoperability with WebSocket software of others.
fn main() {}
