//! Uses wsproto without std: a whole conversation in memory; ends with 0 when all went as it should.
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

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match conversation() {
        Some(true) => 0,
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
    let mut echoed = false;
    // Request and answer, message and echo, Close and Close.
    for _ in 0..3 {
        buffer.extend_from_slice(&serve(&mut server, &mut to_server)?);
        to_server.clear();
        while let Some(event) = client.receive_from(&mut buffer).ok()? {
            match event {
                Event::AcceptConnection(_) => {
                    let message = TextMessage::new("hello, hello, hello, hello, hello, hello, hello, hello");
                    client.send(message, &mut to_server).ok()?;
                }
                Event::TextMessage(message) => {
                    echoed = message.data.starts_with("hello, hello");
                    client.send(CloseConnection::new(CloseCode::NORMAL), &mut to_server).ok()?;
                }
                _ => {}
            }
        }
    }
    let closed = [client.state(), server.state()] == [ConnectionState::Closed; 2];
    Some(echoed && closed)
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
