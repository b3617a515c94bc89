//! Benchmarks stand in `benches/benches`.
