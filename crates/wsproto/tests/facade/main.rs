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
mod before_the_answer;
#[cfg(test)]
mod borrowed_events;
#[cfg(test)]
mod chosen_extensions;
#[cfg(test)]
mod debug;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod every_split;
#[cfg(test)]
mod kept_memory;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod long_frames;
#[cfg(test)]
mod memory_bounds;
#[cfg(test)]
mod order_of_faults;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod prepared;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod read_buffer;
#[cfg(test)]
mod refused_requests;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod seen;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod states;
#[cfg(test)]
mod swallowed_frames;
#[cfg(test)]
mod taken_events;
#[cfg(test)]
mod threats;
#[cfg(test)]
mod two_extensions;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod ways;
#[cfg(test)]
mod whole_messages;
