//! The bodies of the fuzz targets, as ordinary functions. cargo-fuzz feeds them in `fuzz/`, and a test here replays the
//! committed seeds.
//!
//! Each body takes any bytes, and panics if a property does not hold. The first bytes choose how the rest is used:
//! roles, limits, and where the input is cut into reads. These properties hold for all bodies: no panic, no step
//! without progress, and the same outcome for all cuts.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a failed expectation is a finding"
)]

mod client;
mod close_payload;
mod cuts;
mod deflate;
mod drive;
mod extension_header;
mod frame_decoder;
mod hearing;
mod inflate;
mod operations;
mod request_head;
mod response_head;
mod server;
mod source;
mod speaker;
mod text_check;

pub use self::{
    client::client, close_payload::close_payload, deflate::deflate_round_trip,
    extension_header::extension_header, frame_decoder::frame_decoder, inflate::inflate,
    operations::operations, request_head::request_head, response_head::response_head, server::server,
    text_check::text_check,
};
use self::{cuts::Cuts, hearing::Frame, source::Source};

/// A fuzz target: its name and its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of the target and of the folder with its seeds.
    pub name: &'static str,
    /// The body. It panics on a finding.
    pub body: fn(&[u8]),
}

/// All targets that need no other WebSocket library.
pub const TARGETS: [Target; 11] = [
    Target { name: "client", body: client },
    Target { name: "close_payload", body: close_payload },
    Target { name: "deflate_round_trip", body: deflate_round_trip },
    Target { name: "extension_header", body: extension_header },
    Target { name: "frame_decoder", body: frame_decoder },
    Target { name: "inflate", body: inflate },
    Target { name: "operations", body: operations },
    Target { name: "request_head", body: request_head },
    Target { name: "response_head", body: response_head },
    Target { name: "server", body: server },
    Target { name: "text_check", body: text_check },
];
