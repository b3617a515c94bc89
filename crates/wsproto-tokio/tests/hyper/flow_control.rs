//! WebSockets that share the window of an HTTP/2 connection.

use hyper_util::{rt::TokioExecutor, server::conn::auto};
use wsproto_tokio::{Error, WebSocket, hyper::Upgraded};

use crate::ends::{builder, http2_client, noise, open, serve_chat, soon};

/// Sends messages of this length until nothing more goes through; returns how many bytes went.
async fn fill(ws: &mut WebSocket<Upgraded>, len: usize) -> u64 {
    while soon(ws.send(noise(len))).await.is_some_and(|sent| sent.is_ok()) {}
    ws.counters().wire_bytes_sent
}

async fn echoes(ws: &mut WebSocket<Upgraded>) -> bool {
    let echo = async {
        ws.send("are you there?").await?;
        ws.recv().await
    };
    let echoed: Option<Result<_, Error>> = soon(echo).await;
    echoed.is_some_and(|echoed| echoed.is_ok_and(|echoed| echoed == Some("are you there?".into())))
}

#[tokio::test(start_paused = true)]
async fn a_stalled_http2_stream_does_not_stop_its_neighbour() {
    let defaults = || {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http2().enable_connect_protocol();
        builder
    };
    #[rustfmt::skip]
    let table = [
        // windows                    builder     message  the neighbour lives
        ("as the docs have them",     builder(),  10_000,  true),
        ("as the docs have them",     builder(),  20,      true),
        ("as the docs have them",     builder(),  300_000, true),
        ("hyper's own, as a warning", defaults(), 10_000,  false),
        ("hyper's own, as a warning", defaults(), 20,      false),
    ];
    for (name, builder, len, lives) in table {
        let (stream, _ends) = serve_chat(builder);
        let sender = http2_client(stream).await;
        let mut neighbour = open(&sender, "/chat").await;
        let mut stalled = open(&sender, "/stalled").await;
        assert!(echoes(&mut neighbour).await, "{name}, {len}");
        let sent = fill(&mut stalled, len).await;
        if lives {
            // A window, and at most 64 KiB that hyper holds before it.
            assert!((65_000..131_072).contains(&sent), "{name}, {len}: {sent}");
        }
        assert_eq!(echoes(&mut neighbour).await, lives, "{name}, {len}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_stalled_http2_streams_do_not_stop_their_neighbour() {
    let (stream, _ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let mut neighbour = open(&sender, "/chat").await;
    let mut stalled = Vec::new();
    for _ in 1..200 {
        let mut ws = open(&sender, "/stalled").await;
        fill(&mut ws, 10_000).await;
        stalled.push(ws);
    }
    assert!(echoes(&mut neighbour).await);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_sent_a_window_and_little_more() {
    let (stream, mut ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let mut neighbour = open(&sender, "/chat").await;
    let flooded = open(&sender, "/flood").await;
    assert!(echoes(&mut neighbour).await);
    assert!(soon(ends.recv()).await.is_none(), "the flood waits");
    assert!(echoes(&mut neighbour).await);
    drop(flooded);
    assert!(ends.recv().await.unwrap().is_err(), "nothing of the flood stays");
    assert!(echoes(&mut neighbour).await);
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_dropped_unread_give_their_window_back() {
    let (stream, _ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let mut neighbour = open(&sender, "/chat").await;
    // Each stream leaves a window of unread bytes: together more than the connection has.
    for at in 0..300 {
        let mut ws = open(&sender, "/left").await;
        fill(&mut ws, 10_000).await;
        drop(ws);
        assert!(echoes(&mut neighbour).await, "{at}");
    }
}
