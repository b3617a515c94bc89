//! The codec echoes, answers Pings and Closes, and tells a peer which rule it broke.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use wsproto_tokio::{Error, Event, Message};

use crate::peer;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/framed.rs"]
mod example;

/// Serves one client.
async fn serve_one() -> (tokio::task::JoinHandle<Result<(), Error>>, TcpStream) {
    let (listener, address) = peer::listen().await;
    let serving = tokio::spawn(async move { example::echo(listener.accept().await?.0).await });
    (serving, TcpStream::connect(address).await.unwrap())
}

#[tokio::test]
async fn messages_are_echoed_pings_answered_and_the_end_is_clean() {
    let (serving, stream) = serve_one().await;
    let mut ws = peer::connect(stream).await;
    ws.ping(b"1").await.unwrap();
    let is_pong = ws.recv_with(|event, _| matches!(event, Event::Pong(_))).await.unwrap();
    assert_eq!(is_pong, Some(true));
    for message in [Message::from("é"), Message::from(vec![7; 100_000])] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
    let report = ws.close(peer::own_code(), "done").await.unwrap();
    assert!(report.clean && report.code() == peer::own_code());
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_broken_rule_is_told_to_the_peer_and_to_the_program() {
    let (serving, stream) = serve_one().await;
    let Ok((mut stream, _)) = peer::connect(stream).await.into_parts() else { panic!("one owner") };
    stream.write_all(b"\xc1\x80\0\0\0\0").await.unwrap(); // RSV1, and no extension
    let mut answer = Vec::new();
    stream.shutdown().await.unwrap();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!((answer[0], &answer[2..4]), (0x88, &1002_u16.to_be_bytes()[..]));
    assert!(matches!(serving.await.unwrap(), Err(Error::Remote(_))));

    let (serving, mut stream) = serve_one().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 ") || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    drop(stream);
    assert!(matches!(serving.await.unwrap(), Err(Error::Remote(_))));
}
