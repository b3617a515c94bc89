//! WebSockets over connections of hyper, HTTP/1.1 and HTTP/2.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod bare_h2;
mod ends;
mod flow_control;
mod http1;
mod http2;
