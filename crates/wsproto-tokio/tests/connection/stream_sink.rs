//! A connection as a `Stream` and a `Sink`.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsproto_tokio::{CloseCode, CloseConnection, Message, Settings};

use crate::ends::{client_bytes, server_and_stream};

#[tokio::test(start_paused = true)]
async fn being_ready_is_the_bound_on_memory_of_a_sink() {
    let (mut server, _peer) = server_and_stream(64, &Settings::default().with_high_water(1000));
    let message = Message::from(vec![7; 100]);
    let flooded = async {
        loop {
            SinkExt::feed(&mut server, message.clone()).await.unwrap();
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(1), flooded).await.is_err());
    assert!(server.queued() <= 1000 + 102, "{} bytes", server.queued());
}

#[tokio::test(start_paused = true)]
async fn after_an_error_the_stream_gives_it_once_then_ends() {
    let (mut server, mut peer) = server_and_stream(64, &Settings::default());
    peer.write_all(b"\xff\xff").await.unwrap();
    drop(peer);
    assert!(server.next().await.unwrap().is_err());
    for _ in 0..3 {
        assert!(server.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn closing_a_sink_tells_why_it_did_not_end_well() {
    // The peer's reaction to our Close, and the kind of the error; `None` for a clean end.
    for (name, expected) in [("answers", None), ("ends", Some("Io")), ("stays silent", Some("TimedOut"))] {
        let (mut server, mut peer) = server_and_stream(64, &Settings::default());
        let peer = tokio::spawn(async move {
            peer.read_exact(&mut [0; 4]).await.unwrap();
            match name {
                "answers" => {
                    peer.write_all(&client_bytes([CloseConnection::new(CloseCode::NORMAL).into()]))
                        .await
                        .unwrap();
                }
                "ends" => return,
                _ => tokio::time::sleep(std::time::Duration::from_secs(3600)).await,
            }
            let _ = peer.read_to_end(&mut Vec::new()).await;
        });
        let outcome = SinkExt::close(&mut server).await;
        assert_eq!(outcome.is_ok(), expected.is_none(), "{name}: {outcome:?}");
        if let (Err(error), Some(kind)) = (&outcome, expected) {
            assert!(format!("{error:?}").starts_with(kind), "{name}: {error:?}");
        }
        peer.abort();
    }
}
