//! Streams that fail, that take parts, that don't block; and streams over other streams.

use std::{
    io::{ErrorKind, IoSlice, Read, Write},
    net::TcpStream,
    thread,
};

use wsproto_blocking::{
    CloseCode, Config, Connection, Connector, Deadline, Error, Layered, Message, NoTimeouts, PreparedMessage,
    Settings, Stream, TextMessage, WebSocket, accept,
};

use crate::{
    ms,
    script::{Do, Script},
    tcp, timeouts,
};

const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";

/// A server over a script; `frames` are the bytes of a client.
fn server(reads: Vec<Do>, writes: Vec<Do>) -> WebSocket<NoTimeouts<Script>> {
    let script = Script { reads: reads.into(), writes: writes.into(), ..Script::default() };
    let connection = Connection::open_server(Config::default());
    WebSocket::from_upgraded(NoTimeouts(script), connection, [], &Settings::default().without_timeouts())
}

fn frames(messages: &[&str]) -> Vec<u8> {
    let mut client = Connection::open_client(Config::default());
    let mut wire = Vec::new();
    for message in messages {
        client.send(TextMessage::new(*message), &mut wire).unwrap();
    }
    wire
}

/// The messages that a client reads from a server's bytes.
fn read(wire: &[u8]) -> Vec<Message> {
    let mut client = Connection::open_client(Config::default());
    let mut buffer = wsproto::ReadBuffer::messages().with_unread(wire);
    let mut messages = Vec::new();
    while client.advance(&mut buffer).unwrap() {
        messages.extend(buffer.take_event().and_then(|event| Message::try_from(event).ok()));
    }
    messages
}

#[test]
fn a_naive_loop_writes_once_for_each_read() {
    let mut reads: Vec<_> = (0..3).map(|_| Do::Bytes(frames(&["a", "b", "c", "d"]))).collect();
    reads.push(Do::Bytes(CLOSE.to_vec()));
    let mut ws = server(reads, Vec::new());
    while let Some(message) = ws.read().unwrap() {
        ws.feed(message).unwrap();
    }
    let script = &ws.get_ref().0;
    assert_eq!((script.count, read(&script.written).len(), script.flushed), (4, 12, true));
}

#[test]
fn feeding_beyond_the_high_water_mark_writes() {
    let script = NoTimeouts(Script::default());
    let settings = Settings::default().with_high_water(100);
    let mut ws = WebSocket::from_upgraded(script, Connection::open_server(Config::default()), [], &settings);
    ws.feed(vec![7; 98]).unwrap();
    assert_eq!((ws.queued(), ws.get_ref().0.count), (100, 0));
    ws.feed(Vec::new()).unwrap();
    assert_eq!((ws.queued(), ws.get_ref().0.count), (0, 1));
    let prepared = PreparedMessage::new(TextMessage::new("all")).unwrap();
    for writes in [2, 3] {
        while ws.queued() <= 100 - 5 {
            ws.feed_event(TextMessage::new("one")).unwrap();
        }
        assert_eq!((ws.queued(), ws.get_ref().0.count), (100, writes - 1));
        ws.feed_prepared(&prepared).unwrap();
        assert_eq!((ws.queued(), ws.get_ref().0.count), (0, writes));
    }
}

/// Every read and every write is refused once, one byte at a time: all messages come, once, in order.
#[test]
fn a_stream_that_does_not_block_loses_nothing() {
    for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let wire = [&frames(&["one", "two", "three"])[..], CLOSE].concat();
        let reads = wire.iter().flat_map(|byte| [Do::Fail(kind), Do::Bytes(vec![*byte])]).collect();
        let writes = (0..100).flat_map(|_| [Do::Fail(kind), Do::Take(1)]).collect();
        let (mut ws, mut refused) = (server(reads, writes), 0);
        loop {
            match ws.read() {
                Ok(Some(message)) => ws.feed(message).unwrap(),
                Ok(None) => break,
                Err(Error::Io(error)) if error.kind() == kind => refused += 1,
                Err(error) => panic!("{kind}: {error}"),
            }
        }
        let sent = read(&ws.get_ref().0.written);
        assert_eq!(sent, ["one", "two", "three"].map(Message::from), "{kind}");
        assert!(refused > wire.len(), "{kind}");
    }
}

/// The answer to a Close and to a broken rule is written completely, and all later bytes are read.
#[test]
fn a_stream_that_does_not_block_is_closed_to_the_end() {
    let mut broken = frames(&["last"]);
    broken.extend_from_slice(b"\x83\x80\0\0\0\0after it");
    for (name, wire, code) in [
        ("a Close", b"\x88\x82\0\0\0\0\x0f\xa1after it".to_vec(), [0x0f, 0xa1]),
        ("a broken rule", broken, [0x03, 0xea]),
    ] {
        let refused = || Do::Fail(ErrorKind::WouldBlock);
        let reads = wire.iter().flat_map(|byte| [refused(), Do::Bytes(vec![*byte])]).collect();
        let writes = (0..100).flat_map(|_| [refused(), Do::Take(1)]).collect();
        let (mut ws, mut calls) = (server(reads, writes), 0);
        let outcome = loop {
            calls += 1;
            match ws.read() {
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(Some(message)) => assert_eq!(message, "last".into(), "{name}"),
                outcome => break outcome,
            }
        };
        assert!(calls > wire.len(), "{name}");
        let script = &ws.get_ref().0;
        assert_eq!(script.written[..1], [0x88], "{name}");
        assert_eq!(script.written[2..4], code, "{name}");
        assert_eq!(script.written.len(), 2 + usize::from(script.written[1]), "{name}: the whole Close");
        assert!(script.reads.is_empty() && script.flushed, "{name}: read to the end");
        assert_eq!(outcome.is_err(), name == "a broken rule", "{name}: {outcome:?}");
        assert_eq!(ws.read().unwrap(), None, "{name}: once");
    }
}

#[test]
fn sending_over_a_stream_that_does_not_block_goes_on_with_flush() {
    let writes =
        vec![Do::Take(1), Do::Fail(ErrorKind::WouldBlock), Do::Take(2), Do::Fail(ErrorKind::WouldBlock)];
    let mut ws = server(Vec::new(), writes);
    assert!(matches!(ws.send("four"), Err(Error::Io(_))));
    assert_eq!(ws.queued(), 5);
    assert!(matches!(ws.flush(), Err(Error::Io(_))));
    assert_eq!(ws.queued(), 3);
    ws.flush().unwrap();
    assert_eq!(read(&ws.get_ref().0.written), ["four".into()]);
}

#[test]
fn a_socket_that_does_not_block_gives_would_block_though_deadlines_run() {
    let (client, server) = tcp();
    let _server = server;
    client.set_nonblocking(true).unwrap();
    let settings = Settings::default().with_timeouts(timeouts().with_idle(ms(60_000)));
    let connection = Connection::open_client(Config::default());
    let mut ws = WebSocket::from_upgraded(client, connection, [], &settings);
    let Err(Error::Io(error)) = ws.read() else { panic!("nothing to read") };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let Err(Error::Io(error)) = ws.close(CloseCode::NORMAL, "") else { panic!("no Close to read") };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

/// Above the mark, an error says that nothing was queued: the program can try again, and the queue doesn't grow.
#[test]
fn feeding_a_stream_that_takes_nothing_stops_at_the_high_water_mark() {
    let refused = || vec![Do::Fail(ErrorKind::WouldBlock); 100];
    let script = Script { writes: refused().into(), ..Script::default() };
    let settings = Settings::default().without_timeouts().with_high_water(100);
    let connection = Connection::open_server(Config::default());
    let mut ws = WebSocket::from_upgraded(NoTimeouts(script), connection, [], &settings);
    let prepared = PreparedMessage::new(TextMessage::new("12345678")).unwrap();
    for n in 0..11 {
        ws.feed("12345678").unwrap();
        assert_eq!(ws.queued(), (n + 1) * 10);
    }
    for _ in 0..5 {
        for outcome in [ws.feed("no"), ws.feed_event(TextMessage::new("no")), ws.feed_prepared(&prepared)] {
            assert!(matches!(outcome, Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock));
        }
        assert_eq!(ws.queued(), 110);
    }
    ws.get_mut().0.writes.clear();
    ws.feed("last").unwrap();
    ws.flush().unwrap();
    assert_eq!(read(&ws.get_ref().0.written).len(), 12);
}

#[test]
fn what_is_interrupted_is_tried_again() {
    let interrupted = || Do::Fail(ErrorKind::Interrupted);
    let reads = vec![interrupted(), Do::Bytes(frames(&["a"])), interrupted(), Do::Bytes(CLOSE.to_vec())];
    let mut ws = server(reads, vec![interrupted(), Do::Take(1), interrupted()]);
    assert_eq!(ws.read().unwrap(), Some("a".into()));
    ws.send("b").unwrap();
    assert_eq!(ws.read().unwrap(), None);
    assert_eq!(read(&ws.get_ref().0.written), ["b".into()]);
}

#[test]
fn what_the_peer_said_last_is_read_where_writing_fails() {
    let broken = || vec![Do::Fail(ErrorKind::BrokenPipe); 4];
    #[rustfmt::skip]
    let table = [
        // name                          after the first message   its end
        ("a Close, then the end",        vec![frames(&["last"]), CLOSE.to_vec()],  true),
        ("the end alone",                vec![frames(&["last"])],         false),
    ];
    for (name, rest, has_close) in table {
        let reads = [frames(&["first"])].into_iter().chain(rest).map(Do::Bytes).collect();
        let mut ws = server(reads, broken());
        assert_eq!(ws.read().unwrap(), Some("first".into()), "{name}");
        ws.feed("answer").unwrap();
        assert_eq!(ws.read().unwrap(), Some("last".into()), "{name}");
        match ws.read() {
            Err(Error::Io(error)) => assert!(error.kind() == ErrorKind::BrokenPipe, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let report = ws.close_report();
        assert_eq!(
            (report.clean, report.received.is_some(), report.sent),
            (false, has_close, None),
            "{name}"
        );
        assert!(matches!(ws.flush(), Err(Error::Closed)), "{name}");
        assert!(matches!(ws.read(), Ok(None)), "{name}: an error is returned once");
    }
}

#[test]
fn an_error_of_writing_during_the_closing_handshake_is_none_if_both_closes_were_seen() {
    let mut ws = server(vec![Do::Bytes(CLOSE.to_vec())], vec![Do::Fail(ErrorKind::BrokenPipe)]);
    assert_eq!(ws.read().unwrap(), None);
    let report = ws.close_report();
    assert_eq!((report.clean, report.code()), (false, CloseCode::NORMAL), "ours was not written");
    assert!(matches!(ws.flush(), Err(Error::Closed)));
}

#[test]
fn a_read_that_fails_is_an_error_once() {
    let mut ws = server(vec![Do::Fail(ErrorKind::ConnectionReset)], Vec::new());
    assert!(matches!(ws.read(), Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset));
    assert_eq!(ws.read().unwrap(), None);
    assert_eq!(ws.close_report().code(), CloseCode::ABNORMAL);
}

/// Like TLS: bytes wait until the flush, and last bytes go out before the socket is shut down.
#[derive(Debug)]
struct Tls {
    socket: TcpStream,
    waiting: Vec<u8>,
}

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.socket.read(buffer)?;
        buffer[..len].iter_mut().for_each(|byte| *byte ^= 0x55);
        Ok(len)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.waiting.extend(bytes.iter().map(|byte| byte ^ 0x55));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        while !self.waiting.is_empty() {
            let len = self.socket.write_vectored(&[IoSlice::new(&self.waiting)])?;
            self.waiting.drain(..len);
        }
        Ok(())
    }
}

fn layered(socket: TcpStream) -> Layered<Tls, TcpStream> {
    Layered::new(Tls { socket, waiting: Vec::new() }, |tls| &mut tls.socket).with_goodbye(|tls| {
        tls.waiting.push(b'!' ^ 0x55);
        tls.flush()
    })
}

#[test]
fn a_stream_that_stands_on_a_socket_has_its_deadlines_and_its_goodbye() {
    let (client, server) = tcp();
    let server = thread::spawn(move || {
        let mut ws = accept(layered(server), Settings::default()).unwrap();
        assert_eq!(ws.read().unwrap(), Some("hello".into()));
        ws.close(CloseCode::NORMAL, "").unwrap();
    });
    let settings = Settings::default().with_timeouts(timeouts());
    let mut ws = Connector::new().with_settings(settings).connect_over(layered(client), "wss://a/").unwrap();
    ws.send("hello").unwrap();
    assert_eq!(ws.read().unwrap(), None);
    assert!(ws.close_report().clean);
    assert!(ws.counters().wire_bytes_received > 0);
    server.join().unwrap();

    let (client, _server) = tcp();
    let settings = Settings::default().with_timeouts(timeouts().with_handshake(ms(30)));
    let error =
        Connector::new().with_settings(settings).connect_over(layered(client), "wss://a/").unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
}

/// A socket with writes that the test controls.
#[derive(Debug)]
struct Stuck(TcpStream, Writes);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writes {
    Fail,
    /// Like TLS over a full socket: it takes all bytes, and the flush times out.
    AreHeld,
    /// Like a buffer: no byte goes out before the flush.
    NeedFlush,
}

impl Read for Stuck {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.1 == Writes::Fail { Err(ErrorKind::BrokenPipe.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.1 {
            Writes::Fail => Err(ErrorKind::BrokenPipe.into()),
            Writes::AreHeld => {
                thread::sleep(self.0.write_timeout()?.unwrap());
                Err(ErrorKind::WouldBlock.into())
            }
            Writes::NeedFlush => self.0.write_all(b"flushed"),
        }
    }
}

impl Stream for Stuck {
    fn set_read_timeout(&mut self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
        self.0.set_read_timeout(limit)
    }

    fn set_write_timeout(&mut self, limit: Option<std::time::Duration>) -> std::io::Result<()> {
        self.0.set_write_timeout(limit)
    }

    fn shutdown_write(&mut self) -> std::io::Result<()> {
        self.0.shutdown(std::net::Shutdown::Write)
    }
}

impl wsproto_blocking::CloneStream for Stuck {
    fn clone_stream(&self) -> std::io::Result<Self> {
        Ok(Self(self.0.try_clone()?, self.1))
    }

    fn shutdown_both(&mut self) -> std::io::Result<()> {
        self.0.shutdown(std::net::Shutdown::Both)
    }
}

#[test]
fn what_a_stream_holds_back_has_the_deadline_of_writing() {
    for is_split in [false, true] {
        let (client, _server) = tcp();
        let settings = Settings::default().with_timeouts(timeouts().with_write(ms(120)));
        let connection = Connection::open_client(Config::default());
        let mut ws = WebSocket::from_upgraded(Stuck(client, Writes::AreHeld), connection, [], &settings);
        let started = std::time::Instant::now();
        let (outcome, report) = if is_split {
            let (_reader, writer) = ws.split().unwrap();
            (writer.send("hello"), writer.close_report())
        } else {
            (ws.send("hello"), ws.close_report())
        };
        assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Write))), "{is_split}: {outcome:?}");
        assert!(started.elapsed() >= ms(120) && started.elapsed() < ms(1000), "{:?}", started.elapsed());
        assert_eq!(report.expired, Some(Deadline::Write), "{is_split}");
    }
}

#[test]
fn what_is_sent_is_flushed() {
    for is_split in [false, true] {
        let (client, mut server) = tcp();
        let connection = Connection::open_client(Config::default());
        let mut ws =
            WebSocket::from_upgraded(Stuck(client, Writes::NeedFlush), connection, [], &Settings::default());
        if is_split {
            let (_reader, writer) = ws.split().unwrap();
            writer.send("hello").unwrap();
        } else {
            ws.send("hello").unwrap();
        }
        server.set_read_timeout(Some(ms(5000))).unwrap();
        let mut flushed = [0; 7];
        server.read_exact(&mut flushed).unwrap();
        assert_eq!(&flushed, b"flushed", "{is_split}");
    }
}

/// It can't answer a Ping; later bytes of the peer are still read, at most for the closing deadline.
#[test]
fn a_reader_whose_own_writes_fail_reads_what_is_left_and_says_why() {
    for (is_split, ends) in [(false, false), (false, true), (true, false), (true, true)] {
        let (server, mut client) = tcp();
        client.write_all(b"\x89\x80\0\0\0\0").unwrap();
        let settings = Settings::default().with_timeouts(timeouts().with_close(ms(150)));
        let connection = Connection::open_server(Config::default());
        let mut ws = WebSocket::from_upgraded(Stuck(server, Writes::Fail), connection, [], &settings);
        let later = thread::spawn(move || {
            thread::sleep(ms(50));
            client.write_all(&frames(&["last"])).unwrap();
            if ends {
                client.shutdown(std::net::Shutdown::Write).unwrap();
            }
            client
        });
        let started = std::time::Instant::now();
        let (last, error, end) = if is_split {
            let (mut reader, _writer) = ws.split().unwrap();
            (reader.read(), reader.read(), reader.read())
        } else {
            (ws.read(), ws.read(), ws.read())
        };
        let name = format!("split: {is_split}, ends: {ends}");
        assert_eq!(last.unwrap(), Some("last".into()), "{name}");
        assert!(
            matches!(&error, Err(Error::Io(error)) if error.kind() == ErrorKind::BrokenPipe),
            "{name}: {error:?}"
        );
        assert_eq!(end.unwrap(), None, "{name}");
        assert!(started.elapsed() < ms(1000), "{name}: {:?}", started.elapsed());
        drop(later.join().unwrap());
    }
}

/// The peer reads only after it has written everything: if its bytes aren't read, both sides wait for the deadline.
#[test]
fn at_the_end_what_comes_is_read_while_what_is_queued_waits() {
    for is_split in [false, true] {
        let (mut client, server) = tcp();
        let len = 16 << 20;
        let peer = thread::spawn(move || {
            client.write_all(&vec![0; len]).unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            let mut all = Vec::new();
            client.read_to_end(&mut all).unwrap();
            all
        });
        let settings = Settings::default().with_high_water(usize::MAX);
        let broken_rule = *b"\x83\x80\0\0\0\0";
        let connection = Connection::open_server(Config::default());
        let mut ws = WebSocket::from_upgraded(server, connection, broken_rule, &settings);
        ws.feed(vec![7; len]).unwrap();
        let started = std::time::Instant::now();
        let error = if is_split { ws.split().unwrap().0.read() } else { ws.read() }.unwrap_err();
        assert!(matches!(error, Error::Remote(_)), "{error}");
        assert!(started.elapsed() < ms(4000), "{is_split}: {:?}", started.elapsed());
        let all = peer.join().unwrap();
        assert!(all.len() > len + 14, "{is_split}: all and a Close");
    }
}

#[cfg(unix)]
#[test]
fn unix_sockets_and_borrowed_and_boxed_streams_will_do() {
    let (mut client, server) = std::os::unix::net::UnixStream::pair().unwrap();
    let server = thread::spawn(move || {
        let mut ws = accept(Box::new(server) as Box<dyn Stream>, Settings::default()).unwrap();
        ws.send("hello").unwrap();
        assert!(ws.close(CloseCode::NORMAL, "").unwrap().clean);
    });
    let mut ws = Connector::new().connect_over(&mut client, "ws://a/").unwrap();
    assert_eq!((ws.read().unwrap(), ws.read().unwrap()), (Some("hello".into()), None));
    server.join().unwrap();
}
