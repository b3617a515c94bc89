//! All members hear each message, and a slow member learns how many it missed.

use std::time::Duration;

use tokio::{io::duplex, sync::broadcast::channel, time::timeout};
use wsproto_tokio::{CloseCode, Message};

use crate::peer;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/chat.rs"]
mod example;

/// Joins a room over a stream that holds so many bytes.
async fn join(room: &example::Room, capacity: usize) -> wsproto_tokio::WebSocket<tokio::io::DuplexStream> {
    let (stream, client) = duplex(capacity);
    let (room, members) = (room.clone(), room.receiver_count());
    let counted = room.clone();
    tokio::spawn(async move { example::member(stream, &example::settings(), &room).await });
    let ws = peer::connect(client).await;
    while counted.receiver_count() == members {
        tokio::task::yield_now().await;
    }
    ws
}

#[tokio::test]
async fn three_members_hear_all_in_the_same_order_in_messages_that_are_compressed_once() {
    let room = channel(16).0;
    let mut members = [join(&room, 4096).await, join(&room, 4096).await, join(&room, 4096).await];
    for ws in &members {
        assert_eq!(ws.extensions(), ["permessage-deflate; server_no_context_takeover"]);
    }
    let long = "long and compressible. ".repeat(1000);
    members[0].send("short").await.unwrap();
    members[1].send(long.as_str()).await.unwrap();
    let mut heard = Vec::new();
    for ws in &mut members {
        let two = [ws.recv().await.unwrap().unwrap(), ws.recv().await.unwrap().unwrap()];
        assert!(ws.counters().wire_bytes_received < 1000, "compressed");
        heard.push(two);
    }
    assert!(heard[0].contains(&Message::from("short")) && heard[0].contains(&Message::from(long)));
    assert!(heard.iter().all(|two| *two == heard[0]));
    for ws in &mut members {
        assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);
    }
}

#[tokio::test]
async fn a_member_who_does_not_read_holds_up_nobody_and_is_told_how_much_was_missed() {
    let room = channel(4).0;
    let (mut slow, mut quick) = (join(&room, 1024).await, join(&room, 1 << 20).await);
    let (sent, mut seed) = (200_u32, 7_u64);
    for _ in 0..sent {
        // Noise, so that compression doesn't shorten it.
        let noise: Vec<u8> = (0..2048)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56).to_le_bytes()[0]
            })
            .collect();
        quick.send(noise.clone()).await.unwrap();
        assert_eq!(quick.recv().await.unwrap(), Some(Message::from(noise)));
    }
    let (mut heard, mut missed) = (0, 0);
    while heard + missed < sent {
        let message = timeout(Duration::from_secs(10), slow.recv()).await.unwrap().unwrap().unwrap();
        match message.as_text().and_then(|text| text.strip_suffix(" messages missed")) {
            Some(count) => missed += count.parse::<u32>().unwrap(),
            None => heard += 1,
        }
    }
    assert!(heard > 0 && missed > 0 && heard + missed == sent, "{heard} heard, {missed} missed");
}
