//! The loops that people copy (those of the README, the guide and the examples), over real sockets. No sent byte is
//! lost at the end of a connection, and no connection is reset.
#![cfg(all(feature = "std", feature = "deflate"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/client.rs"]
mod client;
#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/echo_server.rs"]
mod echo_server;
mod peer;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, Event, Ping, ReadBuffer,
    Request, TextMessage,
};
use wsproto_frame::Opcode;

use peer::{ANSWER, REQUEST, close, frame, server_events};

type Outcome = Result<(), String>;

/// The README's server, word for word.
mod readme {
    include!("echo.rs");

    pub(crate) fn serve(stream: TcpStream) -> Result<(), String> {
        echo(stream).map_err(|error| error.to_string())
    }
}

/// The guide's loop and programs, word for word.
mod guide {
    include!("run.rs");

    pub(crate) fn echo(stream: TcpStream) -> Result<(), String> {
        serve(stream).map_err(|error| error.to_string())
    }

    pub(crate) fn with(
        stream: TcpStream,
        ws: Connection,
        out: Vec<u8>,
        react: &mut React<'_>,
    ) -> Result<(), String> {
        run(stream, ws, out, react).map_err(|error| error.to_string())
    }

    #[test]
    fn it_talks_to_itself() {
        main().unwrap();
    }
}

fn example(stream: TcpStream) -> Outcome {
    echo_server::serve(stream, Config::default()).map_err(|error| error.to_string())
}

const SERVERS: [(&str, fn(TcpStream) -> Outcome); 3] =
    [("README", readme::serve), ("guide", guide::echo), ("example", example)];

/// Runs a server with one connection, and returns the client's side.
fn connect(serve: impl FnOnce(TcpStream) -> Outcome + Send + 'static) -> (TcpStream, JoinHandle<Outcome>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (socket, _) = listener.accept().unwrap();
    (stream, thread::spawn(move || serve(socket)))
}

#[test]
fn the_texts_are_those_of_the_documents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let (echo, run) = (read("tests/sockets/echo.rs"), read("tests/sockets/run.rs"));
    // A package has it beside its Cargo.toml.
    let readme = if root.join("README.md").exists() { "README.md" } else { "../../README.md" };
    let in_docs: String = echo
        .lines()
        .map(|line| if line.is_empty() { "//!\n".to_owned() } else { format!("//! {line}\n") })
        .collect();
    for (name, path, text) in
        [("README", readme, echo), ("lib.rs", "src/lib.rs", in_docs), ("guide", "src/guide/guide.md", run)]
    {
        assert!(read(path).contains(&text), "{name} doesn't have the tested text");
    }
}

#[test]
fn f17_all_of_eight_mebibytes_arrives_at_a_client_that_closes_at_once() {
    let long: Vec<u8> = (0..8_u32 << 20).map(|at| at.to_le_bytes()[1]).collect();
    for round in 0..20 {
        let sent = long.clone();
        let (mut stream, server) = connect(move |stream| {
            guide::with(stream, Connection::server(Config::default()), Vec::new(), &mut |ws, event, out| {
                match event {
                    Event::Request(_) => ws.send(AcceptConnection::new(), out)?,
                    Event::TextMessage(_) => {
                        ws.send(Ping::new(b"still there?"), out)?;
                        ws.send(BytesMessage::new(&sent), out)?;
                    }
                    _ => {}
                }
                Ok(())
            })
        });
        let closing = [REQUEST, &frame(Opcode::Text, b"send it"), &close(CloseCode::NORMAL)].concat();
        stream.write_all(&closing).unwrap();
        let mut read = vec![0; 1000];
        stream.read_exact(&mut read).unwrap();
        // The client must answer the Ping, as no Close has come yet. Other clients may still send messages.
        stream.write_all(&frame(Opcode::Pong, b"still there?")).unwrap();
        thread::sleep(Duration::from_millis(20));
        stream.read_to_end(&mut read).unwrap_or_else(|error| panic!("round {round}: {error}"));
        let events = server_events(&read);
        assert_eq!(events.len(), 3, "round {round}");
        assert_eq!(
            events[1],
            BytesMessage::new(&long).into(),
            "round {round}: what was sent before the Close"
        );
        assert_eq!(events[2], CloseConnection::new(CloseCode::NORMAL).into(), "round {round}");
        drop(stream);
        assert_eq!(server.join().unwrap(), Ok(()), "round {round}");
    }
}

#[test]
fn c14_unread_bytes_after_the_close_reset_no_connection() {
    let hello = frame(Opcode::Text, b"hello");
    let close = close(CloseCode::GOING_AWAY);
    for (name, serve) in SERVERS {
        for round in 0..20 {
            let (mut stream, server) = connect(serve);
            // More bytes than one read takes.
            let bytes = [REQUEST, &hello, &close, &vec![0x55; 100_000]].concat();
            stream.write_all(&bytes).unwrap();
            let mut read = Vec::new();
            let whole = stream.read_to_end(&mut read);
            assert!(whole.is_ok(), "{name}, round {round}: {whole:?} after {} bytes", read.len());
            let expected: [Event<'_>; 2] =
                [TextMessage::new("hello").into(), CloseConnection::new(CloseCode::GOING_AWAY).into()];
            assert_eq!(server_events(&read), expected, "{name}, round {round}");
            drop(stream);
            assert_eq!(server.join().unwrap(), Ok(()), "{name}, round {round}");
        }
    }
}

#[test]
fn c14_a_refusal_is_read_to_its_end_whatever_follows() {
    let unmasked = [REQUEST, b"\x81\x02hi", &vec![0x55; 100_000]].concat();
    let post = [&b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &vec![b'x'; 100_000]].concat();
    for (name, serve) in SERVERS {
        for _ in 0..5 {
            for (what, bytes) in [("a rule of frames", &unmasked), ("a rule of the handshake", &post)] {
                let (mut stream, server) = connect(serve);
                stream.write_all(bytes).unwrap();
                let mut read = Vec::new();
                let whole = stream.read_to_end(&mut read);
                assert!(whole.is_ok(), "{name}, {what}: {whole:?} after {} bytes", read.len());
                if what == "a rule of frames" {
                    let told = server_events(&read);
                    let [Event::CloseConnection(close)] = &told[..] else { panic!("{name}: {told:?}") };
                    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
                } else {
                    assert!(read.starts_with(b"HTTP/1.1 405 "), "{name}: {}", read.escape_ascii());
                }
                drop(stream);
                let _ = server.join().unwrap();
            }
        }
    }
}

#[test]
fn h21_a_client_that_half_closes_at_once_is_served() {
    for (name, serve) in SERVERS {
        let (mut stream, server) = connect(serve);
        stream.write_all(&[REQUEST, &frame(Opcode::Text, b"early")].concat()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).unwrap();
        assert_eq!(server_events(&read), [TextMessage::new("early").into()], "{name}");
        assert_eq!(server.join().unwrap(), Ok(()), "{name}");
    }
}

#[test]
fn what_was_sent_before_a_failure_is_written() {
    for round in 0..20 {
        let (mut stream, server) = connect(|stream| {
            guide::with(stream, Connection::server(Config::default()), Vec::new(), &mut |ws, event, out| {
                match event {
                    Event::Request(_) => {
                        ws.send(AcceptConnection::new(), out)?;
                        ws.send(CloseConnection::new(CloseCode::GOING_AWAY), out)?;
                    }
                    // Our Close is sent already, so this fails.
                    Event::TextMessage(message) => ws.send(message, out)?,
                    _ => {}
                }
                Ok(())
            })
        });
        stream.write_all(&[REQUEST, &frame(Opcode::Text, b"hello"), &[0; 5000]].concat()).unwrap();
        let mut read = Vec::new();
        let whole = stream.read_to_end(&mut read);
        assert!(whole.is_ok(), "round {round}: {whole:?}");
        assert_eq!(
            server_events(&read),
            [CloseConnection::new(CloseCode::GOING_AWAY).into()],
            "round {round}"
        );
        drop(stream);
        assert!(server.join().unwrap().is_err(), "round {round}: the failure is told");
    }
}

#[test]
fn c13_a_peer_that_never_ends_its_side_is_not_awaited_for_ever() {
    thread::scope(|scope| {
        for (name, serve) in SERVERS {
            scope.spawn(move || {
                let (mut stream, server) = connect(serve);
                stream.write_all(&[REQUEST, &close(CloseCode::NORMAL)].concat()).unwrap();
                let start = Instant::now();
                // A byte now and then prevents each single read from timing out.
                while !server.is_finished() && stream.write_all(b"x").is_ok() {
                    thread::sleep(Duration::from_millis(300));
                }
                assert_eq!(server.join().unwrap(), Ok(()), "{name}: a wait that is over is no error");
                let waited = start.elapsed();
                assert!(
                    waited > Duration::from_secs(4) && waited < Duration::from_secs(12),
                    "{name}: {waited:?}"
                );
            });
        }
    });
}

#[test]
fn a_probe_that_connects_and_leaves_is_no_error_of_the_example() {
    let (stream, server) = connect(example);
    drop(stream);
    assert_eq!(server.join().unwrap(), Ok(()));
    let (mut stream, server) = connect(example);
    stream.write_all(b"GET").unwrap();
    drop(stream);
    assert!(server.join().unwrap().is_err());
}

/// Runs the example client against `answer`, which has the other side of its connection.
fn ask(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Result<bool, String> {
    let (mut stream, server) = connect(move |mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        answer(&mut stream);
        Ok(())
    });
    stream.set_read_timeout(None).unwrap();
    let entropy = |bytes: &mut [u8]| match bytes.len() {
        16 => bytes.copy_from_slice(b"the sample nonce"),
        _ => bytes.fill(0),
    };
    let mut ws = Connection::client_with_entropy(Config::default(), entropy);
    let mut out = Vec::new();
    ws.send(Request::new("server.example.com", "/chat"), &mut out).unwrap();
    stream.flush().unwrap();
    let client = client::Client { ws, buffer: ReadBuffer::messages(), stream, out };
    let outcome = client.run(Cursor::new("one line\n")).map_err(|error| error.to_string());
    server.join().unwrap().unwrap();
    outcome
}

fn read_until(stream: &mut TcpStream, end: &[u8]) {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !read.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
}

#[test]
fn the_example_client_tells_a_clean_end_from_any_other() {
    let asked = |stream: &mut TcpStream| {
        read_until(stream, b"\r\n\r\n");
        stream.write_all(ANSWER).unwrap();
    };
    let closed = move |stream: &mut TcpStream| {
        asked(stream);
        read_until(stream, &close(CloseCode::NORMAL));
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
    };
    assert_eq!(ask(closed), Ok(true), "both have closed");
    let reset = move |stream: &mut TcpStream| {
        asked(stream);
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
        // The client's answer is never read, so closing resets the connection.
        thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(ask(reset), Ok(true), "a reset after both have closed");
    let gone = move |stream: &mut TcpStream| {
        asked(stream);
        read_until(stream, &close(CloseCode::NORMAL));
    };
    assert_eq!(ask(gone), Ok(false), "no Close of the server");
    let broken = move |stream: &mut TcpStream| {
        asked(stream);
        read_until(stream, &close(CloseCode::NORMAL));
        stream.write_all(b"\x83\x00").unwrap();
    };
    assert_eq!(ask(broken), Ok(false), "an error in place of its Close");
    let rejected = |stream: &mut TcpStream| {
        read_until(stream, b"\r\n\r\n");
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno").unwrap();
    };
    assert_eq!(ask(rejected), Ok(false), "a rejection");
}
