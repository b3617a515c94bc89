//! Uses wsproto-handshake without std; ends with 0 when all went as it should.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::ffi::c_int;

use no_std_runtime as _;
use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, HandshakeLimits, Request, ServerHandshake, ServerState,
};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match (connection_is_accepted(), bad_request_is_rejected()) {
        (Some(true), Some(true)) => 0,
        _ => 1,
    }
}

/// A client and a server agree; the host's name isn't ASCII.
fn connection_is_accepted() -> Option<bool> {
    let limits = HandshakeLimits::default();
    let (mut client, mut server) = (ClientHandshake::new(limits), ServerHandshake::new(limits));
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());

    let request = Request::new("bücher.example", "/chat").with_subprotocol("chat");
    client.send_request(&request, *b"the sample nonce", &mut to_server).ok()?;
    let mut received = None;
    for byte in &to_server {
        received = server.receive(&mut core::slice::from_ref(byte)).ok()?;
    }
    let request = received?;

    server.accept(&AcceptConnection::new().with_subprotocol("chat"), &mut to_client).ok()?;
    let Some(Answer::Accept(accept)) = client.receive(&mut &to_client[..]).ok()? else { return None };
    Some(
        request.host() == "xn--bcher-kva.example"
            && request.unicode_host() == "bücher.example"
            && accept.subprotocol.as_deref() == Some("chat"),
    )
}

/// A request of another method is answered by 405.
fn bad_request_is_rejected() -> Option<bool> {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    let error = server.receive(&mut &b"PUT / HTTP/1.1\r\nHost: example.com\r\n\r\n"[..]).err()?;
    let mut out = Vec::new();
    server.reject(&error.rejection(), &mut out).ok()?;
    Some(out.starts_with(b"HTTP/1.1 405 ") && server.state() == ServerState::Rejected)
}
