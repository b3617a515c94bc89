//! The server echoes, and closes open connections when it is stopped.

use tokio::{net::TcpStream, sync::oneshot};
use wsproto_tokio::{CloseCode, Message};

use crate::peer;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/server.rs"]
mod example;

#[tokio::test]
async fn echoes_though_a_client_never_asks_and_closes_all_with_1001_when_it_is_stopped() {
    let (listener, address) = peer::listen().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(example::serve(listener, async { drop(stopped.await) }));
    let _silent = TcpStream::connect(address).await.unwrap();

    let mut first = peer::connect(TcpStream::connect(address).await.unwrap()).await;
    let mut second = peer::connect(TcpStream::connect(address).await.unwrap()).await;
    for ws in [&mut first, &mut second] {
        for message in [Message::from("é"), Message::from(vec![7; 100_000])] {
            ws.send(message.clone()).await.unwrap();
            assert_eq!(ws.recv().await.unwrap(), Some(message));
        }
    }
    let report = first.close(peer::own_code(), "").await.unwrap();
    assert!(report.clean && report.code() == peer::own_code());

    stop.send(()).unwrap();
    assert_eq!(second.recv().await.unwrap(), None);
    assert_eq!(second.close_report().code(), CloseCode::GOING_AWAY);
    let report = serving.await.unwrap();
    // The first connection may still wait for the end of the client's stream.
    assert!(matches!((report.closed, report.cut), (1 | 2, 0)), "{report:?}");
}
