//! The common part of the benchmarks: messages, a peer's bytes, and the limits.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the numbers are small, and a benchmark that goes wrong is to stop"
)]

pub mod json;
pub mod limits;
pub mod raw;
pub mod wire;

/// The way in which messages are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deflate {
    /// From 1 to 9.
    pub level: u8,
    /// Whether a message may refer to those before it.
    pub takeover: bool,
}

/// Returns ASCII text of `len` bytes.
#[must_use]
pub fn ascii(len: usize) -> Vec<u8> {
    (0..len).map(|i| b' ' + (i * 7 % 90) as u8).collect()
}

/// Returns `len` bytes of text whose code points take one to four bytes.
#[must_use]
pub fn mixed(len: usize) -> Vec<u8> {
    let mut text: String = "aé€😀zß中𝄞".chars().cycle().take(len / 3).collect();
    while text.len() > len {
        text.pop();
    }
    while text.len() < len {
        text.push('x');
    }
    text.into_bytes()
}

/// Returns `len` bytes that are no text.
#[must_use]
pub fn binary(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 131 % 256) as u8).collect()
}
