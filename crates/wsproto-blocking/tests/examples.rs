//! Runs the examples against each other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

#[allow(dead_code, reason = "main is cargo's to call")]
#[path = "../examples/blocking_echo_client.rs"]
mod client;
#[allow(dead_code, reason = "main is cargo's to call")]
#[path = "../examples/blocking_echo_server.rs"]
mod server;

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use wsproto_blocking::CloseCode;

/// The output of the client.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines of input; their end comes when everything was printed.
struct Lines {
    lines: io::Cursor<&'static [u8]>,
    printed: Printed,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.lines.read(buffer)?;
        while len == 0 && self.printed.0.lock().unwrap().len() < self.lines.get_ref().len() {
            thread::yield_now();
        }
        Ok(len)
    }
}

/// A client that sends no request comes first, and some connections can't be accepted in between.
#[test]
fn the_client_and_the_server_speak_though_a_handshake_is_slow_and_an_accept_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let slow = TcpStream::connect(address).unwrap();
    thread::spawn(move || {
        let fails = || Err(io::Error::other("too many open files"));
        let connections = listener.incoming().flat_map(|connection| [fails(), connection, fails()]);
        server::serve(connections, &server::settings());
    });

    for _ in 0..2 {
        let printed = Printed::default();
        let lines = io::Cursor::new(&b"hello\n\xc3\xa9\n\n"[..]);
        let input = io::BufReader::new(Lines { lines, printed: printed.clone() });
        let report = client::converse(&format!("ws://{address}/"), input, printed.clone()).unwrap();
        assert!(report.clean && report.code() == CloseCode::NORMAL);
        assert_eq!(printed.0.lock().unwrap()[..], b"hello\n\xc3\xa9\n\n"[..]);
    }

    let mut probe = TcpStream::connect(address).unwrap();
    probe.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = vec![0; 15];
    probe.read_exact(&mut answer).unwrap();
    assert_eq!(answer, b"HTTP/1.1 200 OK");
    drop(slow);
}
