//! The echo on `io_uring`, if the kernel allows it.

use std::{net, sync::mpsc, thread};

use tokio::net::TcpStream;
use tokio_uring::{Runtime, builder, net::TcpListener};
use wsproto_tokio::{Event, Message};

use crate::peer;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/io_uring.rs"]
mod example;

/// Serves in a thread; `None` if the kernel refuses.
fn serve() -> Option<net::SocketAddr> {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, (tell, told)) = (listener.local_addr().unwrap(), mpsc::channel());
    thread::spawn(move || match Runtime::new(&builder()) {
        Ok(runtime) => {
            tell.send(Ok(())).unwrap();
            runtime.block_on(example::ring::serve(TcpListener::from_std(listener)));
        }
        Err(error) => tell.send(Err(error)).unwrap(),
    });
    match told.recv().unwrap() {
        Ok(()) => Some(address),
        Err(error) => {
            println!("SKIP: io_uring: {error}");
            None
        }
    }
}

#[tokio::test]
async fn messages_are_echoed_pings_answered_and_the_end_is_clean() {
    let Some(address) = serve() else { return };
    let _silent = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        let mut ws = peer::connect(TcpStream::connect(address).await.unwrap()).await;
        ws.ping(b"1").await.unwrap();
        let is_pong = ws.recv_with(|event, _| matches!(event, Event::Pong(_))).await.unwrap();
        assert_eq!(is_pong, Some(true));
        for message in [Message::from("é"), Message::from(vec![7; 300_000])] {
            ws.send(message.clone()).await.unwrap();
            assert_eq!(ws.recv().await.unwrap(), Some(message));
        }
        let report = ws.close(peer::own_code(), "done").await.unwrap();
        assert!(report.clean && report.code() == peer::own_code());
    }
}
