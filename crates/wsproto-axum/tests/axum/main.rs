//! The extractor, over HTTP/1.1 and HTTP/2.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod ends;
mod extractor;
mod http1;
mod http2;
