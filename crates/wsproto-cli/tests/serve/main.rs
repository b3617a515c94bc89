//! `wsproto serve` from outside: its endpoints, who may ask, its limits, and what a page is shown.

mod asking;
mod ending;
mod looking;
mod server;
#[cfg(feature = "tls")]
mod tls;
