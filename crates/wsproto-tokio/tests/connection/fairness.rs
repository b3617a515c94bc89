//! A connection among other tasks: it leaves them their turns, bounds its queue, and needs no timer of its own.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{Sink, Stream};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex},
    net::TcpStream,
    task::yield_now,
};
use wsproto_tokio::{
    Event, Incoming, Message, Ping, Pong, Receiver, Replies, Sender, Settings, Shutdown, TextMessage,
    WebSocket,
};

use crate::ends::{client_bytes, client_events, open_server, server_and_stream};

/// Counts the turns that another task gets.
fn count_turns() -> (Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let turns = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&turns);
    let task = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            yield_now().await;
        }
    });
    (turns, task)
}

#[tokio::test]
async fn two_thousand_ready_messages_leave_other_tasks_their_turns() {
    let wire = client_bytes((0..2000).map(|_| TextMessage::new("x").into()));
    for borrowed in [false, true] {
        let (mut server, mut peer) = server_and_stream(1 << 20, &Settings::default());
        peer.write_all(&wire).await.unwrap();
        let (turns, other) = count_turns();
        for _ in 0..2000 {
            if borrowed {
                server.recv_with(|_, _| ()).await.unwrap().unwrap();
            } else {
                server.recv().await.unwrap().unwrap();
            }
        }
        assert!(turns.load(Ordering::Relaxed) >= 10, "{turns:?}");
        other.abort();
    }
}

/// A peer that always has one more fragment of a message, on a stream that ignores the task's budget.
struct Endless {
    has_begun: bool,
    takes: bool,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        buf.put_slice(&[u8::from(is_first), 0x81, 0, 0, 0, 0, b'x']);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.takes { Poll::Ready(Ok(bytes.len())) } else { Poll::Pending }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn reads_without_end_leave_other_tasks_their_turns() {
    for (waits_for, takes) in
        [("a message", true), ("the end", true), ("room", false), ("all to be written", false)]
    {
        let (turns, other) = count_turns();
        let settings = Settings::default().with_high_water(0);
        let mut server = open_server(Endless { has_begun: false, takes }, &settings);
        if !takes {
            server.feed("x").await.unwrap();
        }
        let serving = tokio::spawn(async move {
            match waits_for {
                "a message" => drop(server.recv().await),
                "the end" => drop(server.close(wsproto_tokio::CloseCode::NORMAL, "").await),
                "room" => drop(server.ready().await),
                _ => drop(server.flush().await),
            }
        });
        while turns.load(Ordering::Relaxed) < 100 {
            yield_now().await;
        }
        assert!(!serving.is_finished(), "{waits_for}: the limit of fragments and the deadline are far away");
        serving.abort();
        other.abort();
    }
}

#[tokio::test]
async fn to_queue_without_end_leaves_other_tasks_their_turns() {
    let (mut server, _peer) = server_and_stream(64, &Settings::default().with_high_water(usize::MAX));
    let (turns, other) = count_turns();
    for _ in 0..2000 {
        server.feed("x").await.unwrap();
    }
    assert!(turns.load(Ordering::Relaxed) >= 10, "{turns:?}");
    other.abort();
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pings_by_a_peer_that_does_not_read_leaves_the_queue_bounded_and_the_latest_pong_afterwards()
 {
    let (mut server, mut peer) = server_and_stream(256, &Settings::default());
    let flooded = tokio::spawn(async move {
        let (mut count, mut most) = (0, 0);
        while count < 5000 {
            let shown = server.recv_with(|event, _| matches!(event, Event::Ping(_))).await.unwrap();
            assert_eq!(shown, Some(true));
            count += 1;
            most = most.max(server.queued());
        }
        (server, most)
    });
    for n in 0..5000_u32 {
        peer.write_all(&client_bytes([Ping::new(n.to_be_bytes().to_vec()).into()])).await.unwrap();
    }
    let (mut server, most) = flooded.await.unwrap();
    assert!(most <= 127, "{most} bytes waited");
    let serving = tokio::spawn(async move { server.recv().await });
    let mut pongs = Vec::new();
    let last = Event::from(Pong::new(4999_u32.to_be_bytes().to_vec()));
    loop {
        let mut some = [0; 6];
        peer.read_exact(&mut some).await.unwrap();
        pongs.extend(client_events(&some));
        if pongs.last() == Some(&last) {
            break;
        }
    }
    assert!(pongs.len() < 100, "{} Pongs", pongs.len());
    serving.abort();
}

#[test]
fn a_runtime_without_timers_serves_connections_that_have_no_deadlines() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let settings = Settings::default().without_timeouts();
        let (io, mut peer) = duplex(64);
        let server = tokio::spawn(async move {
            let mut ws = wsproto_tokio::accept(io, &settings).await.unwrap();
            while let Some(message) = ws.recv().await.unwrap() {
                ws.feed(message).await.unwrap();
            }
            ws.close_report().clean
        });
        peer.write_all(crate::ends::REQUEST).await.unwrap();
        let mut answer = vec![0; 129];
        peer.read_exact(&mut answer).await.unwrap();
        assert!(answer.ends_with(b"\r\n\r\n"));
        let settings = Settings::default().without_timeouts();
        let mut client = WebSocket::from_upgraded(peer, crate::ends::client_connection(), b"", &settings);
        client.send("hello").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some(Message::from("hello")));
        client.close(wsproto_tokio::CloseCode::NORMAL, "").await.unwrap();
        assert!(server.await.unwrap());
    });
}

/// Such a connection needs no runtime either.
#[test]
fn another_executor_serves_connections_that_have_no_deadlines() {
    let (io, peer) = duplex(1 << 16);
    let settings = Settings::default().without_timeouts();
    let mut server = open_server(io, &settings);
    let mut client = WebSocket::from_upgraded(peer, crate::ends::client_connection(), b"", &settings);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut sent = std::pin::pin!(client.send("hello"));
    assert!(sent.as_mut().poll(&mut cx).is_ready());
    let mut received = std::pin::pin!(server.recv());
    let std::task::Poll::Ready(Ok(Some(message))) = received.as_mut().poll(&mut cx) else {
        panic!("the message has arrived")
    };
    assert_eq!(message, Message::from("hello"));
}

#[test]
fn types_and_futures_are_send() {
    fn is_send<T: Send>(_: &T) {}
    fn are_send_and_sync<T: Send + Sync>() {}
    fn is_stream_and_sink<T: Stream + Sink<Message>>() {}
    are_send_and_sync::<WebSocket<TcpStream>>();
    are_send_and_sync::<Sender<TcpStream>>();
    are_send_and_sync::<Receiver<TcpStream>>();
    are_send_and_sync::<Incoming<TcpStream>>();
    are_send_and_sync::<Shutdown>();
    are_send_and_sync::<Settings>();
    are_send_and_sync::<Replies<'_>>();
    are_send_and_sync::<wsproto_tokio::Error>();
    is_stream_and_sink::<WebSocket<TcpStream>>();
    let (io, _peer) = duplex(1);
    let settings = Settings::default().without_timeouts();
    is_send(&wsproto_tokio::accept(io, &settings));
    let (mut ws, _peer) = server_and_stream(1, &settings);
    is_send(&ws.recv());
    is_send(&ws.recv_with(|_, _| ()));
    is_send(&ws.send("x"));
    is_send(&ws.feed("x"));
    is_send(&ws.feed_event(Ping::new(b"")));
    is_send(&ws.ping(b""));
    is_send(&ws.flush());
    is_send(&ws.close(wsproto_tokio::CloseCode::NORMAL, ""));
    let (mut sender, mut receiver) = ws.split();
    is_send(&sender.send("x"));
    is_send(&receiver.recv());
}
