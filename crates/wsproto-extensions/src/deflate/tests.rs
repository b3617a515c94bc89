//! RFC 7692, part by part. Tests of streams run with each backend.

use alloc::vec::Vec;

use wsproto_frame::{CloseCode, Role};

use super::{Backend, DeflateConfig, DeflateParams, PermessageDeflate};

mod framing;
mod inflating;
mod negotiation;
mod parking;
mod pauses;

#[path = "tests"]
mod miniz {
    const BACKEND: super::Backend = super::Backend::Miniz;

    #[cfg(feature = "std")]
    mod pooled;
    mod sending;
    mod streams;
}

#[cfg(feature = "zlib-rs")]
#[path = "tests"]
#[expect(clippy::duplicate_mod, reason = "the same tests for another backend")]
mod zlib_rs {
    const BACKEND: super::Backend = super::Backend::ZlibRs;

    mod pooled;
    mod sending;
    mod streams;
}

/// `Debug` shows the agreed parameters, and no byte of a message.
#[test]
fn debug_shows_no_message() {
    let params = DeflateParams { client_no_context_takeover: true, ..DeflateParams::default() };
    let (mut server, _) = pair(Backend::Miniz, params);
    send(&mut server, b"secret").unwrap();
    let shown = alloc::format!("{server:?}");
    for part in [
        "sender: Sender { window: WindowBits(15), no_context_takeover: false, level: 5, .. }",
        "receiver: Receiver { window: WindowBits(15), no_context_takeover: true, .. }",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains("pool") && !shown.contains("115, 101"), "{shown}");
    assert_eq!(alloc::format!("{:?}", super::Pool::default()), "Pool { .. }");
}

/// Makes a server and a client that compress every message.
fn pair(backend: Backend, params: DeflateParams) -> (PermessageDeflate, PermessageDeflate) {
    let config = DeflateConfig::default().with_threshold(0).with_backend(backend);
    (
        PermessageDeflate::new(Role::Server, params, &config),
        PermessageDeflate::new(Role::Client, params, &config),
    )
}

/// Decompresses a whole message, or returns the close code.
fn receive(deflate: &mut PermessageDeflate, payload: &[u8]) -> Result<Vec<u8>, CloseCode> {
    let mut out = Vec::new();
    deflate.decompress(payload, &mut out, 1 << 20).map(|()| out).map_err(|refusal| refusal.code)
}

/// Compresses a whole message. Returns `None` if it is sent uncompressed.
fn send(deflate: &mut PermessageDeflate, message: &[u8]) -> Option<Vec<u8>> {
    let mut payload = Vec::new();
    deflate.compress(message, &mut payload).unwrap().then_some(payload)
}

/// Makes text like that of an interface: repetitive, but never twice the same.
fn json(len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len.saturating_add(64));
    let mut number = 1u32;
    while text.len() < len {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(
            alloc::format!(
                r#"{{"id":{},"name":"user {}","ok":{}}},"#,
                number >> 12,
                number >> 24,
                number & 1 == 0
            )
            .as_bytes(),
        );
    }
    text.truncate(len);
    text
}

/// Makes bytes that don't shrink.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[3]
    };
    core::iter::repeat_with(byte).take(len).collect()
}
