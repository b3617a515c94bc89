//! The facade as its callers see it: two connections that talk to each other, and one that is attacked.
#![cfg(all(feature = "std", feature = "deflate"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod allocation;
#[cfg(test)]
mod auto_traits;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod chosen_extensions;
#[cfg(test)]
mod debug;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod every_split;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod lending;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod long_frames;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod prepared;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod read_buffer;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod sequence;
#[cfg(test)]
mod stack;
#[cfg(test)]
mod states;
#[cfg(test)]
mod swallowed;
#[cfg(test)]
mod taken;
#[cfg(test)]
mod threats;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod ways;
#[cfg(test)]
mod whole_messages;
