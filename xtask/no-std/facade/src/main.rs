//! Uses wsproto, and the handshake and permessage-deflate through it, without std: a whole conversation in memory. Ends
//! with 0 if everything went well.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::ffi::c_int;

use no_std_runtime as _;
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, ReadBuffer,
    Request, TextMessage,
};

const TEXT: &str = "hello, hello, hello, hello, hello, hello, hello, hello, hello, hello, hello, hello";

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match (conversation(), bad_request_is_rejected()) {
        (Some(true), Some(true)) => 0,
        _ => 1,
    }
}

/// A client opens a connection, gets its message back, and closes.
fn conversation() -> Option<bool> {
    let config = Config::default().with_extension(DeflateConfig::default());
    let mut server = Connection::server(config.clone());
    // A device would ask its source of randomness here.
    let mut client = Connection::client_with_entropy(config, |bytes: &mut [u8]| bytes.fill(0x5a));
    let (mut buffer, mut to_server) = (ReadBuffer::messages(), Vec::new());

    client.send(Request::new("bücher.example", "/echo"), &mut to_server).ok()?;
    let (mut echoed, mut sent) = (false, 0);
    // Request and answer, message and echo, Close and Close.
    for _ in 0..3 {
        buffer.extend_from_slice(&serve(&mut server, &mut to_server)?);
        to_server.clear();
        while let Some(event) = client.receive_from(&mut buffer).ok()? {
            match event {
                Event::AcceptConnection(_) => {
                    client.send(TextMessage::new(TEXT), &mut to_server).ok()?;
                    sent = to_server.len();
                }
                Event::TextMessage(message) => {
                    echoed = message.data.as_str() == TEXT;
                    client.send(CloseConnection::new(CloseCode::NORMAL), &mut to_server).ok()?;
                }
                _ => {}
            }
        }
    }
    let closed = [client.state(), server.state()] == [ConnectionState::Closed; 2];
    // Both sides agreed to compression.
    Some(echoed && closed && sent < TEXT.len() / 2)
}

/// A request of another method is answered by 405.
fn bad_request_is_rejected() -> Option<bool> {
    let mut server = Connection::server(Config::default());
    let mut request = *b"PUT / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    let error = server.receive(&mut &mut request[..]).err()?;
    let mut out = Vec::new();
    server.reply_to_error(&error, &mut out).ok()?;
    Some(out.starts_with(b"HTTP/1.1 405 "))
}

/// Takes what a client sent, where it lies, and returns what a server that echoes answers.
fn serve(server: &mut Connection, received: &mut [u8]) -> Option<Vec<u8>> {
    let (mut input, mut out) = (received, Vec::new());
    while let Some(event) = server.receive(&mut input).ok()? {
        server.reply(&event, &mut out).ok()?;
        match event {
            Event::Request(_) => server.send(AcceptConnection::new(), &mut out).ok()?,
            Event::TextMessage(message) => server.send(message, &mut out).ok()?,
            _ => {}
        }
    }
    Some(out)
}
