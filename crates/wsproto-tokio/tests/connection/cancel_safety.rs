//! Drops every future at every await, and checks that nothing is lost or half-done.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    task::yield_now,
};
use wsproto_tokio::{CloseCode, Error, Event, Message, Settings, TextMessage, accept};

use crate::ends::{REQUEST, client_bytes, client_events, pair, server_and_stream};

/// Polls a future so many times, and drops it if it isn't done then.
async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Runs a future again and again, for so many polls each time, until it is done.
async fn insisted<T>(polls: usize, mut start: impl AsyncFnMut() -> T) -> T {
    // Once without any poll.
    drop(polled(0, start()).await);
    loop {
        if let Some(output) = polled(polls, start()).await {
            return output;
        }
        yield_now().await;
    }
}

fn numbered(count: usize) -> Vec<Message> {
    (0..count).map(|n| Message::from(format!("message {n}, {}", "x".repeat(n * 13)))).collect()
}

#[tokio::test(start_paused = true)]
async fn recv_cancelled_at_every_await_point_over_a_duplex_of_one_byte_gives_all_messages_once_in_order() {
    for polls in 1..40 {
        let (mut server, mut client) = pair(1);
        let messages = numbered(8);
        let sent = messages.clone();
        let sender = tokio::spawn(async move {
            for message in sent {
                client.send(message).await.unwrap();
                client.ping(b"between").await.unwrap();
            }
            client.close(CloseCode::NORMAL, "").await.unwrap().clean
        });
        let mut received = Vec::new();
        while let Some(message) = insisted(polls, async || server.recv().await).await.unwrap() {
            received.push(message);
        }
        assert_eq!(received, messages, "{polls} polls");
        assert!(sender.await.unwrap(), "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn recv_with_cancelled_at_every_await_point_shows_each_event_once() {
    for polls in 1..30 {
        let (mut server, mut client) = pair(1);
        let messages = numbered(6);
        let sent = messages.clone();
        let sender = tokio::spawn(async move {
            for message in sent {
                client.send(message).await.unwrap();
            }
            client.close(CloseCode::NORMAL, "").await.unwrap()
        });
        let mut received = Vec::new();
        while insisted(polls, async || {
            server
                .recv_with(|event, replies| {
                    if let Ok(message) = Message::try_from(event.clone().into_owned()) {
                        received.push(message);
                        replies.feed(event).unwrap();
                    }
                })
                .await
        })
        .await
        .unwrap()
        .is_some()
        {}
        assert_eq!(received, messages, "{polls} polls");
        assert!(sender.await.unwrap().clean, "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn send_cancelled_at_every_await_point_sends_whole_messages_only() {
    for polls in 1..40 {
        let settings = Settings::default().with_high_water(10);
        let (mut server, mut peer) = server_and_stream(1, &settings);
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        let mut done = Vec::new();
        for n in 0..60 {
            let message = Message::from(format!("message {n:3} with some text"));
            if let Some(outcome) = polled(polls, server.send(message.clone())).await {
                outcome.unwrap();
                done.push(message);
            }
            yield_now().await;
        }
        server.send("last").await.unwrap();
        drop(server);
        let received: Vec<Message> = client_events(&reader.await.unwrap())
            .into_iter()
            .map(|event| Message::try_from(event).unwrap())
            .collect();
        assert_eq!(received.last(), Some(&Message::from("last")));
        assert!(in_order(&received), "{polls} polls");
        assert!(done.iter().all(|message| received.contains(message)), "{polls} polls: no message is lost");
    }
}

fn in_order(messages: &[Message]) -> bool {
    let (_, numbered) = messages.split_last().unwrap();
    numbered.windows(2).all(|two| two[0].as_bytes() < two[1].as_bytes())
        && numbered.iter().all(|message| message.len() == 26)
}

#[tokio::test(start_paused = true)]
async fn feed_cancelled_at_every_await_point_has_queued_nothing() {
    for polls in 1..20 {
        let settings = Settings::default().with_high_water(10);
        let (mut server, mut peer) = server_and_stream(1, &settings);
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        let messages = numbered(12);
        for message in &messages {
            insisted(polls, async || server.feed(message.clone()).await).await.unwrap();
        }
        insisted(polls, async || server.flush().await).await.unwrap();
        drop(server);
        let received = client_events(&reader.await.unwrap());
        assert_eq!(received, messages.into_iter().map(Event::from).collect::<Vec<_>>(), "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn close_cancelled_at_every_await_point_goes_on() {
    for polls in 1..20 {
        let (mut server, mut client) = pair(1);
        let peer = tokio::spawn(async move {
            while client.recv().await.unwrap().is_some() {}
            client.close_report()
        });
        let report = insisted(polls, async || server.close(CloseCode::GOING_AWAY, "so long").await).await;
        assert!(report.unwrap().clean, "{polls} polls");
        let report = peer.await.unwrap();
        assert_eq!((report.code(), report.clean), (CloseCode::GOING_AWAY, true), "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn accept_cancelled_at_every_await_point_drops_the_stream() {
    let mut accepted = 0;
    for polls in 0..600 {
        let (io, mut peer) = duplex(1);
        let client = tokio::spawn(async move {
            let _ = peer.write_all(REQUEST).await;
            let mut answer = Vec::new();
            peer.read_to_end(&mut answer).await.unwrap();
            answer
        });
        match polled(polls, accept(io, &Settings::default())).await {
            None => {}
            Some(ws) => {
                drop(ws.unwrap());
                accepted += 1;
            }
        }
        client.await.unwrap();
    }
    assert!(accepted > 0, "the last ones were polled often enough");
}

#[tokio::test(start_paused = true)]
async fn ping_and_events_cancelled_at_every_await_point_are_sent_whole() {
    for polls in 1..20 {
        let (mut server, mut peer) = server_and_stream(1, &Settings::default().with_high_water(0));
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        for n in 0..10 {
            let _ = polled(polls, server.ping(b"ping")).await;
            insisted(polls, async || server.feed_event(TextMessage::new("part").unfinished()).await)
                .await
                .unwrap();
            insisted(polls, async || server.ready().await).await.unwrap();
            insisted(polls, async || server.feed_event(TextMessage::new("end")).await).await.unwrap();
            assert!(n < 10);
        }
        server.flush().await.unwrap();
        drop(server);
        let messages = client_events(&reader.await.unwrap());
        let texts = messages.iter().filter(|event| matches!(event, Event::TextMessage(_))).count();
        assert_eq!(texts, 10, "{polls} polls");
    }
}

#[tokio::test(start_paused = true)]
async fn the_automatic_pong_survives_a_recv_that_is_dropped() {
    let (mut server, mut peer) = server_and_stream(1, &Settings::default());
    peer.write_u8(0x89).await.unwrap();
    let rest = client_bytes([wsproto_tokio::Ping::new(b"alive?").into()]).split_off(1);
    let writer = tokio::spawn(async move {
        peer.write_all(&rest).await.unwrap();
        let mut pong = [0; 8];
        peer.read_exact(&mut pong).await.unwrap();
        pong
    });
    while !writer.is_finished() {
        let _: Option<Result<_, Error>> = polled(1, server.recv()).await;
        yield_now().await;
    }
    assert_eq!(&writer.await.unwrap(), b"\x8a\x06alive?");
}
