//! The adapter for futures-io echoes, sends required answers, keeps deadlines, and closes to the end.

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/futures_io.rs"]
mod example;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use async_io::block_on;
use async_net::TcpListener;
use wsproto::{
    AdapterError, BytesMessage, CloseCode, CloseConnection, CloseReport, Config, Deadline, Event, Ping,
    TextMessage, Timeouts,
};

use crate::client::Client;

fn listen() -> (TcpListener, SocketAddr) {
    let listener = block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn serve(timeouts: Timeouts) -> SocketAddr {
    let (listener, address) = listen();
    thread::spawn(move || block_on(example::serve(listener, timeouts)));
    address
}

#[test]
fn many_clients_are_served_on_one_thread() {
    let address = serve(Timeouts::default());
    let _silent = TcpStream::connect(address).unwrap();
    let mut clients: Vec<Client> = (0..20).map(|_| Client::connect(address)).collect();
    let long = BytesMessage::new(vec![7; 300_000]);
    for client in &mut clients {
        client.send(TextMessage::new("é"));
        client.send(Ping::new(b"1"));
        client.send(long.clone());
    }
    for client in &mut clients {
        assert_eq!(client.receive(), Some(TextMessage::new("é").into()));
        assert!(matches!(client.receive(), Some(Event::Pong(_))));
        assert_eq!(client.receive(), Some(long.clone().into()));
    }
    let close = CloseConnection::new(CloseCode::new(4001).unwrap()).with_reason("done");
    for mut client in clients {
        client.send(close.clone());
        assert_eq!(client.receive(), Some(close.clone().into()));
        assert_eq!(client.receive(), None, "the server ends the stream first");
    }
}

#[test]
fn a_client_that_asks_for_nothing_is_told_so_at_the_deadline() {
    let mut silent =
        TcpStream::connect(serve(Timeouts::default().with_handshake(Duration::from_millis(200)))).unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn a_broken_rule_is_told_to_the_peer() {
    let mut client = Client::connect(serve(Timeouts::default()));
    client.stream.write_all(b"\xc1\x80\0\0\0\0").unwrap(); // RSV1, and no extension
    let Some(Event::CloseConnection(close)) = client.receive() else { panic!("no Close") };
    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
    assert_eq!(client.receive(), None);
}

#[test]
fn a_client_that_says_bye_is_closed() {
    let mut client = Client::connect(serve(Timeouts::default()));
    client.send(TextMessage::new("bye"));
    let Some(Event::CloseConnection(close)) = client.receive() else { panic!("no Close") };
    client.send(close.response());
    assert_eq!((close.code, client.receive()), (CloseCode::NORMAL, None));
}

/// Makes a server that closes at once with 4001, and a client.
fn closing(timeouts: Timeouts) -> (thread::JoinHandle<Result<CloseReport, AdapterError>>, Client) {
    let (listener, address) = listen();
    let serving = thread::spawn(move || {
        block_on(async {
            let (io, _) = listener.accept().await?;
            let mut ws = example::WebSocket::accept(io, Config::default(), timeouts).await?;
            ws.close(CloseCode::new(4001).unwrap(), "done").await
        })
    });
    (serving, Client::connect(address))
}

#[test]
fn closing_takes_both_closes_and_the_end_of_the_stream() {
    let (serving, mut client) = closing(Timeouts::default());
    client.send(TextMessage::new("still on its way"));
    let Some(Event::CloseConnection(close)) = client.receive() else { panic!("no Close") };
    assert_eq!((close.code.get(), &close.reason[..]), (4001, "done"));
    client.send(close.response());
    assert_eq!(client.receive(), None);
    drop(client);
    let report = serving.join().unwrap().unwrap();
    assert!(report.clean && report.code() == 4001);
}

#[test]
fn closing_against_a_silent_peer_ends_at_the_deadline() {
    let (serving, client) = closing(Timeouts::default().with_close(Duration::from_millis(200)));
    assert!(matches!(serving.join().unwrap(), Err(AdapterError::TimedOut(Deadline::Close))));
    drop(client);
}

#[test]
fn a_client_that_ends_without_a_close_is_an_error_once() {
    let (listener, address) = listen();
    let serving = thread::spawn(move || {
        block_on(async {
            let (io, _) = listener.accept().await.unwrap();
            let mut ws =
                example::WebSocket::accept(io, Config::default(), Timeouts::default()).await.unwrap();
            (ws.recv().await, ws.recv().await)
        })
    });
    drop(Client::connect(address));
    assert!(matches!(serving.join().unwrap(), (Err(AdapterError::Io(_)), Ok(None))));
}
