//! How to build WebSocket clients and servers on this crate, from the first byte to the last.
//!
// The copies of docs/guide.md and docs/from-wsproto.md: cargo xtask manual writes them. The examples run where the
// features are on that they use.
#![cfg_attr(
    any(not(doctest), all(feature = "std", feature = "deflate", feature = "testing")),
    doc = include_str!("guide/guide.md")
)]

/// The counterpart of each name of Python's wsproto.
#[cfg_attr(
    any(not(doctest), all(feature = "std", feature = "deflate", feature = "testing")),
    doc = include_str!("guide/from_wsproto.md")
)]
pub mod from_wsproto {}
