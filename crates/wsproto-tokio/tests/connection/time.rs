//! Deadlines and Pings, with paused time.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    task::coop,
    time::{Instant, advance, sleep},
};
use wsproto_tokio::{
    CloseCode, CloseConnection, Deadline, Error, Event, KeepAlive, Message, Pong, Settings, TextMessage,
    Timeouts,
};

use crate::ends::{client_bytes, client_events, open_server, pair_with, server_and_stream};

const SECOND: Duration = Duration::from_secs(1);

fn keep_alive() -> Settings {
    let keep_alive = KeepAlive { idle: SECOND * 20, patience: SECOND * 10 };
    Settings::default().with_timeouts(Timeouts::default().with_keep_alive(keep_alive))
}

#[tokio::test(start_paused = true)]
async fn keepalive_under_paused_time_dead_at_exactly_idle_and_patience() {
    let (mut server, _peer) = server_and_stream(64, &keep_alive());
    let started = Instant::now();
    let error = server.recv().await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::KeepAlive)), "{error}");
    assert_eq!(started.elapsed(), SECOND * 30);
    assert!(server.recv().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_that_answers_lives() {
    let (mut server, mut client) = pair_with(64, &keep_alive());
    let peer = tokio::spawn(async move { client.recv().await });
    let serving = tokio::spawn(async move { server.recv().await });
    sleep(SECOND * 3600).await;
    assert!(!serving.is_finished() && !peer.is_finished());
    serving.abort();
    peer.abort();
}

#[tokio::test(start_paused = true)]
async fn any_byte_of_a_slow_peer_is_a_sign_of_life() {
    let (mut server, mut peer) = server_and_stream(64, &keep_alive());
    let serving = tokio::spawn(async move { server.recv().await });
    let wire = client_bytes([TextMessage::new("a byte in 25 seconds").into()]);
    for byte in &wire {
        sleep(SECOND * 25).await;
        peer.write_all(&[*byte]).await.unwrap();
    }
    assert_eq!(serving.await.unwrap().unwrap().unwrap().as_text(), Some("a byte in 25 seconds"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_program_does_not_hold_its_own_delay_against_the_peer() {
    let (mut server, mut peer) = server_and_stream(64, &keep_alive());
    // The Ping goes out, and its Pong comes while the program is busy for an hour.
    assert!(tokio::time::timeout(SECOND * 21, server.recv()).await.is_err());
    let mut ping = [0; 6];
    peer.read_exact(&mut ping).await.unwrap();
    let answer = client_bytes([Pong::new(ping[2..].to_vec()).into(), TextMessage::new("alive").into()]);
    peer.write_all(&answer).await.unwrap();
    advance(SECOND * 3600).await;
    assert_eq!(server.recv().await.unwrap().unwrap().as_text(), Some("alive"));
    assert_eq!(server.counters().round_trip, Some(SECOND * 3601));
    // And again: the first poll after that reads before it checks the time.
    peer.write_all(&client_bytes([TextMessage::new("still").into()])).await.unwrap();
    advance(SECOND * 3600).await;
    server.flush().await.unwrap();
    assert_eq!(server.recv().await.unwrap().unwrap().as_text(), Some("still"));
}

/// However much of its budget the task has used, bytes in the transport count before the time does.
#[tokio::test(start_paused = true)]
async fn what_a_used_up_turn_does_not_let_a_connection_read_is_not_held_against_the_peer() {
    for used in (0..8).chain(100..140) {
        let (mut server, mut peer) = server_and_stream(64, &Settings::default());
        server.start_close(CloseCode::NORMAL, "").unwrap();
        server.flush().await.unwrap();
        peer.write_all(&client_bytes([CloseConnection::new(CloseCode::NORMAL).into()])).await.unwrap();
        drop(peer);
        advance(SECOND * 3600).await;
        let mut is_first = true;
        let outcome = poll_fn(|cx| {
            // The program's other work in the same turn.
            for _ in 0..if std::mem::take(&mut is_first) { used } else { 0 } {
                if let Poll::Ready(turn) = coop::poll_proceed(cx) {
                    turn.made_progress();
                }
            }
            server.poll_recv(cx)
        });
        assert!(matches!(outcome.await, Ok(None)), "{used} units were used");
        assert!(server.close_report().clean, "{used} units were used");
    }
}

/// The message lies in the transport for longer than the limit, in more pieces than one read takes.
#[tokio::test(start_paused = true)]
async fn a_busy_program_does_not_take_a_connection_for_idle_that_has_a_message() {
    let settings = Settings::default();
    let settings = settings.clone().with_timeouts(settings.timeouts.with_idle(SECOND * 60));
    for len in [1, 100_000, 200_000] {
        let (mut server, mut peer) = server_and_stream(1 << 20, &settings);
        let long = Message::from(vec![7; len]);
        for round in 0..3 {
            peer.write_all(&client_bytes([long.clone().into()])).await.unwrap();
            advance(SECOND * 3600).await;
            assert_eq!(server.recv().await.unwrap().as_ref(), Some(&long), "{len} bytes, {round}");
            assert_eq!(server.close_report().sent, None, "{len} bytes, {round}");
        }
    }
}

/// A message waits for a busy receiver, so the sender doesn't read, and no Pong can come.
#[tokio::test(start_paused = true)]
async fn a_peer_lives_while_a_message_waits_for_a_busy_receiver() {
    let keep_alive = KeepAlive { idle: SECOND * 20, patience: SECOND * 10 };
    let timeouts = Timeouts::default().with_keep_alive(keep_alive).with_idle(SECOND * 60).with_close(SECOND);
    let (server, mut peer) = server_and_stream(16, &Settings::default().with_timeouts(timeouts));
    let (mut sender, mut receiver) = server.split();
    peer.write_all(&client_bytes([TextMessage::new("waits").into()])).await.unwrap();
    let sending = tokio::spawn(async move { (sender.send(vec![7; 1000]).await, sender) });
    sleep(SECOND * 3600).await;
    assert!(!sending.is_finished());
    assert_eq!(receiver.recv().await.unwrap().unwrap().as_text(), Some("waits"));
    let reading = tokio::spawn(async move { peer.read_exact(&mut [0; 1004]).await.map(|_| peer) });
    let (sent, sender) = sending.await.unwrap();
    sent.unwrap();
    assert_eq!(sender.close_report().sent, None);
    // Once a call reads again, silence counts again.
    let _peer = reading.await.unwrap().unwrap();
    let error = receiver.recv().await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::KeepAlive)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_with_1001() {
    let settings = Settings::default();
    let timeouts = settings.timeouts.with_idle(SECOND * 60);
    let (mut server, mut client) = pair_with(64, &settings.with_timeouts(timeouts));
    let peer = tokio::spawn(async move {
        client.send("last").await.unwrap();
        client.recv().await.map(|_| client.close_report())
    });
    let started = Instant::now();
    assert!(server.recv().await.unwrap().is_some());
    assert!(server.recv().await.unwrap().is_none());
    assert_eq!(started.elapsed(), SECOND * 60);
    assert_eq!(server.close_report().sent, Some(CloseCode::GOING_AWAY));
    assert_eq!(peer.await.unwrap().unwrap().code(), CloseCode::GOING_AWAY);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_writing_counts_time_without_progress() {
    let settings = Settings::default().with_timeouts(Timeouts::default().with_write(SECOND * 10));
    let (mut server, mut peer) = server_and_stream(10, &settings);
    let started = Instant::now();
    let slow = tokio::spawn(async move {
        let mut all = Vec::new();
        for _ in 0..10 {
            sleep(SECOND * 9).await;
            let mut some = [0; 10];
            peer.read_exact(&mut some).await.unwrap();
            all.extend(some);
        }
        sleep(SECOND * 3600).await;
        (all, peer)
    });
    // 100 bytes take 90 seconds, which is allowed; then the peer takes nothing.
    let error = server.send(vec![7; 200]).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Write)), "{error}");
    assert_eq!(started.elapsed(), SECOND * 100);
    slow.abort();
}

/// Takes some bytes at once, and passes them on when flushed, as TLS does.
struct Held(DuplexStream, Vec<u8>);

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Held {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.1.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self(io, held) = &mut *self;
        while !held.is_empty() {
            let len = ready!(Pin::new(&mut *io).poll_write(cx, held))?;
            held.drain(..len);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn what_tls_holds_back_has_the_deadline_of_writing() {
    let settings = Settings::default().with_timeouts(Timeouts::default().with_write(SECOND * 10));
    let (io, _peer) = duplex(16);
    let mut server = open_server(Held(io, Vec::new()), &settings);
    let started = Instant::now();
    let error = server.send(vec![7; 200]).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Write)), "{error}");
    assert_eq!(started.elapsed(), SECOND * 10);
}

/// The peer takes nothing and sends nothing more: even the Ping can't be written.
#[tokio::test(start_paused = true)]
async fn a_dead_peer_whose_window_is_full_is_given_up() {
    let (mut server, _peer) = server_and_stream(16, &keep_alive());
    let started = Instant::now();
    let error = server.send(vec![7; 1000]).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::KeepAlive)), "{error}");
    assert_eq!(started.elapsed(), SECOND * 30);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_without_end_does_not_put_off_the_end() {
    let (mut server, peer) = server_and_stream(1 << 16, &Settings::default());
    let (mut reading, mut writing) = tokio::io::split(peer);
    let flood = tokio::spawn(async move {
        let some = client_bytes((0..1000).map(|_| TextMessage::new("more").into()));
        while writing.write_all(&some).await.is_ok() {
            sleep(SECOND / 100).await;
        }
    });
    let reader = tokio::spawn(async move {
        let mut all = Vec::new();
        let _ = reading.read_to_end(&mut all).await;
        all
    });
    let started = Instant::now();
    let report = server.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!((report.clean, report.expired), (false, Some(Deadline::Close)));
    assert!(started.elapsed() < SECOND * 6, "{:?}", started.elapsed());
    drop(server);
    assert!(matches!(client_events(&reader.await.unwrap())[..], [Event::CloseConnection(_)]));
    flood.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_deadlines_nothing_ever_ends_by_itself() {
    let (mut server, _peer) = server_and_stream(64, &Settings::default().without_timeouts());
    let waited = tokio::time::timeout(SECOND * 1_000_000, server.close(CloseCode::NORMAL, "")).await;
    assert!(waited.is_err());
}
