//! Clients over TCP, against servers and proxies on this machine.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

#[cfg(test)]
mod examples;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tcp;
#[cfg(all(test, feature = "rustls"))]
mod tls;
