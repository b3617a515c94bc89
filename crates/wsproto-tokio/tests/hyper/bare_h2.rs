//! The example on the crate h2, with its own stream type.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use wsproto_tokio::{CloseCode, Message};

use crate::ends::{CAPACITY, Sender, http2_client, noise, open, soon};

#[path = "../../examples/h2.rs"]
#[allow(dead_code, clippy::indexing_slicing, reason = "it is a program")]
mod example;

async fn client() -> Sender {
    let (client, server) = duplex(CAPACITY);
    tokio::spawn(async move { drop(example::serve(server).await) });
    http2_client(client).await
}

#[tokio::test(start_paused = true)]
async fn it_echoes_and_closes_clean_and_one_that_is_not_read_does_not_stop_the_other() {
    let sender = client().await;
    let (mut ws, mut stalled) = (open(&sender, "/").await, open(&sender, "/").await);
    // The unread echo fills the stalled stream in both directions.
    while soon(stalled.send(noise(10_000))).await.is_some_and(|sent| sent.is_ok()) {}
    for message in [Message::from("hello"), Message::from(noise(300_000)), Message::from("")] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
    let report = ws.close(CloseCode::new(4001).unwrap(), "bye").await.unwrap();
    assert!(report.clean && report.code() == 4001, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_rule_is_answered_with_a_close_and_the_end_of_the_stream() {
    let sender = client().await;
    let ws = open(&sender, "/").await;
    let (mut stream, unread) = ws.into_parts().unwrap();
    assert!(unread.is_empty());
    stream.write_all(b"\xff\xff").await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    assert_eq!(said[..4], [0x88, said[1], 0x03, 0xea], "a Close with 1002, then END_STREAM: {said:?}");
}
