//! The closing handshake to its end, also over streams that fail.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    net::{TcpListener, TcpStream},
};
use wsproto_tokio::{CloseCode, CloseConnection, Error, Event, Message, Settings, TextMessage, WebSocket};

use crate::ends::{client_bytes, client_events, open_server, pair, server_and_stream};

/// A stream in memory that can fail.
struct Failing {
    io: DuplexStream,
    /// Holds the bytes for the peer.
    _peer: DuplexStream,
    /// Writing fails after so many bytes.
    writes_left: usize,
    /// The error at the end of the stream, if any.
    end: Option<io::ErrorKind>,
}

impl AsyncRead for Failing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.io).poll_read(cx, buf);
        match (&outcome, self.end) {
            (Poll::Ready(Ok(())), Some(end)) if buf.filled().len() == before => Poll::Ready(Err(end.into())),
            _ => outcome,
        }
    }
}

impl AsyncWrite for Failing {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.writes_left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let most = bytes.len().min(self.writes_left);
        let outcome = Pin::new(&mut self.io).poll_write(cx, &bytes[..most]);
        if let Poll::Ready(Ok(len)) = outcome {
            self.writes_left -= len;
        }
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writes_left == 0 {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

async fn failing(sent: &[u8], writes_left: usize, end: Option<io::ErrorKind>) -> WebSocket<Failing> {
    let (io, mut peer) = duplex(1 << 16);
    peer.write_all(sent).await.unwrap();
    peer.shutdown().await.unwrap();
    open_server(Failing { io, _peer: peer, writes_left, end }, &Settings::default())
}

fn close_bytes() -> Vec<u8> {
    client_bytes([CloseConnection::new(CloseCode::NORMAL).into()])
}

#[tokio::test(start_paused = true)]
async fn an_error_of_writing_during_the_closing_handshake_is_none_if_both_closes_were_seen() {
    for writes_left in 0..4 {
        let mut server = failing(&close_bytes(), writes_left, None).await;
        assert!(server.recv().await.unwrap().is_none(), "{writes_left}");
        assert!(!server.close_report().clean, "{writes_left}: our Close was not written");
        assert!(matches!(server.flush().await, Err(Error::Closed)), "{writes_left}: and not flushed");
    }
    // Our Close is written and the peer's is read; then writing a Pong or shutting down fails.
    let mut server = failing(&close_bytes(), 4, None).await;
    assert!(server.close(CloseCode::NORMAL, "").await.unwrap().clean);
}

/// The peer sends Close, and reads no more: bytes that we were sending are lost when the closing deadline passes.
#[tokio::test(start_paused = true)]
async fn a_send_whose_message_is_lost_is_an_error_though_both_said_close() {
    let (mut server, mut peer) = server_and_stream(16, &Settings::default());
    peer.write_all(&close_bytes()).await.unwrap();
    assert!(matches!(server.send(vec![7; 1000]).await, Err(Error::Closed)));
    assert!(server.recv().await.unwrap().is_none());
    assert!(matches!(server.flush().await, Err(Error::Closed)));
    let report = server.close_report();
    assert_eq!((report.clean, report.expired), (false, Some(wsproto_tokio::Deadline::Close)));
}

#[tokio::test(start_paused = true)]
async fn a_reply_after_a_failed_write_is_refused_and_nothing_grows() {
    let sent = client_bytes((0..5).map(|n| TextMessage::new(format!("{n}")).into()));
    let mut server = failing(&sent, 0, None).await;
    server.send("nobody listens").await.unwrap_err();
    for _ in 0..5 {
        let reply = server.recv_with(|_, replies| replies.feed(TextMessage::new("more"))).await.unwrap();
        assert!(matches!(reply, Some(Err(Error::Closed))), "{reply:?}");
        assert_eq!(server.queued(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_by_error_is_fine_after_both_closes_and_an_error_before() {
    let reset = Some(io::ErrorKind::ConnectionReset);
    let mut server = failing(&close_bytes(), 1000, reset).await;
    assert!(server.recv().await.unwrap().is_none());
    assert!(server.close_report().clean);

    // TLS that ends without close_notify is such an end.
    let mut server = failing(b"", 1000, Some(io::ErrorKind::UnexpectedEof)).await;
    let error = server.recv().await.unwrap_err();
    assert!(matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof), "{error}");
    assert!(!server.close_report().clean);
    assert!(server.recv().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_peer_said_last_is_received_though_writing_fails() {
    let sent = client_bytes((0..5).map(|n| TextMessage::new(format!("{n}")).into()));
    let mut server = failing(&sent, 0, None).await;
    assert!(matches!(server.send("nobody listens").await, Err(Error::Io(_))));
    assert!(matches!(server.send("nor to this").await, Err(Error::Io(_))));
    for n in 0..5 {
        assert_eq!(server.recv().await.unwrap(), Some(Message::from(format!("{n}"))));
    }
    assert!(matches!(server.recv().await, Err(Error::Io(_))));
    assert!(server.recv().await.unwrap().is_none());
}

/// Over TCP: closing with unread bytes makes the system reset the connection, which would lose our Close.
#[tokio::test]
async fn the_peer_of_a_broken_rule_reads_our_close_then_the_end_and_no_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let server = tokio::spawn(async move {
        let mut server = open_server(stream, &Settings::default());
        server.recv().await
    });
    // The fault, and after it megabytes that are read but not decoded.
    let (mut reading, mut writing) = peer.split();
    let write = async {
        writing.write_all(b"\xff\xff").await.unwrap();
        writing.write_all(&vec![7; 4 << 20]).await.unwrap();
        writing.shutdown().await.unwrap();
    };
    let read = async {
        let mut all = Vec::new();
        reading.read_to_end(&mut all).await.expect("no reset");
        all
    };
    let ((), all) = tokio::join!(write, read);
    let [Event::CloseConnection(close)] = &client_events(&all)[..] else { panic!("{all:?}") };
    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
    assert!(matches!(server.await.unwrap(), Err(Error::Remote(_))));
}

/// A peer sends Close and ends its stream while many of our bytes wait for it, and goes on reading.
#[tokio::test]
async fn what_is_queued_is_written_though_the_peer_has_ended_its_stream() {
    let (io, mut peer) = duplex(16);
    let mut ws = open_server(io, &Settings::default());
    ws.feed(Message::from(vec![7; 1000])).await.unwrap();
    let close = CloseConnection::new(CloseCode::NORMAL);
    let server = tokio::spawn(async move { ws.recv().await.map(|message| (message, ws.close_report())) });
    peer.write_all(&client_bytes([close.clone().into()])).await.unwrap();
    peer.shutdown().await.unwrap();
    // The server has read all of that before it can write more.
    tokio::task::yield_now().await;
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await.unwrap();
    let events = client_events(&bytes);
    assert_eq!(events, [Event::from(Message::from(vec![7; 1000])), close.into()]);
    let (message, report) = server.await.unwrap().unwrap();
    assert!(message.is_none() && report.clean);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_started_leaves_what_still_comes_to_recv() {
    let (mut server, mut client) = pair(1 << 16);
    for n in 0..3 {
        client.send(format!("{n}")).await.unwrap();
    }
    let peer = tokio::spawn(async move { client.recv().await.unwrap() });
    server.start_close(CloseCode::NORMAL, "").unwrap();
    for n in 0..3 {
        assert_eq!(server.recv().await.unwrap(), Some(Message::from(format!("{n}"))));
    }
    assert!(server.recv().await.unwrap().is_none());
    assert!(server.close_report().clean);
    assert!(peer.await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn codes_that_no_close_carries_are_refused_and_change_nothing() {
    let (mut server, mut client) = pair(1 << 16);
    assert!(matches!(server.close(CloseCode::ABNORMAL, "").await, Err(Error::Local(_))));
    server.send("still open").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("still open")));
}

#[tokio::test(start_paused = true)]
async fn a_program_that_drops_the_websocket_in_the_middle_leaves_no_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let (mut server, mut client) = pair(8);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), server.send(vec![7; 1000])).await;
    drop(server);
    assert_eq!(metrics.num_alive_tasks(), before);
    assert!(client.recv().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn taking_a_connection_apart_returns_the_stream_and_the_unread_bytes() {
    let wire = client_bytes([TextMessage::new("one").into(), TextMessage::new("two").into()]);
    let (io, mut peer) = duplex(1 << 16);
    let mut server = open_server(io, &Settings::default());
    peer.write_all(&wire).await.unwrap();
    assert_eq!(server.recv().await.unwrap(), Some(Message::from("one")));
    let (mut io, unread) = server.into_parts().unwrap();
    assert_eq!(unread, wire[wire.len() / 2..]);
    io.write_all(b"raw").await.unwrap();
    let mut raw = [0; 3];
    peer.read_exact(&mut raw).await.unwrap();
    assert_eq!(&raw, b"raw");
}

/// A program may keep a connection that a deadline has ended; the peer must see the end all the same.
#[tokio::test(start_paused = true)]
async fn a_deadline_that_ends_a_connection_ends_its_stream() {
    let (mut server, mut silent) = server_and_stream(64, &Settings::default());
    server.close(CloseCode::NORMAL, "").await.unwrap();
    let mut said = Vec::new();
    let read = silent.read_to_end(&mut said);
    tokio::time::timeout(std::time::Duration::from_secs(1), read).await.expect("the end").unwrap();
    assert!(matches!(&client_events(&said)[..], [Event::CloseConnection(_)]));
    drop(server);
}
