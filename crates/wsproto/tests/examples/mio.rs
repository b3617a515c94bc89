//! The example for mio serves many connections on one thread.

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/mio.rs"]
mod example;

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use wsproto::{BytesMessage, CloseCode, CloseConnection, Event, Ping, TextMessage, Timeouts};

use crate::client::Client;

fn serve() -> SocketAddr {
    let listener = mio::net::TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let timeouts = Timeouts::default().with_handshake(Duration::from_millis(1500));
    thread::spawn(move || example::serve(listener, timeouts));
    address
}

#[test]
fn many_clients_are_served_by_one_thread_though_one_never_asks() {
    let address = serve();
    let mut silent = TcpStream::connect(address).unwrap();
    let mut clients: Vec<Client> = (0..50).map(|_| Client::connect(address)).collect();
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
    silent.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(silent.read(&mut [0; 10]).unwrap_or_default(), 0, "the handshake's deadline");
}

#[test]
fn who_does_not_read_is_not_read_from_and_holds_up_nobody() {
    let address = serve();
    let mut greedy = Client::connect(address);
    greedy.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut wire = Vec::new();
    greedy.connection.send(BytesMessage::new(vec![7; 1 << 20]), &mut wire).unwrap();
    // At some time the server's queue and the system's buffers are full, and the server reads no more.
    let sent = (0..100).take_while(|_| greedy.stream.write_all(&wire).is_ok()).count();
    assert!(sent < 100, "{sent} MiB were taken");
    let mut other = Client::connect(address);
    other.send(TextMessage::new("Hello"));
    assert_eq!(other.receive(), Some(TextMessage::new("Hello").into()));
    // All messages that were taken whole come back once the client reads.
    greedy.stream.shutdown(Shutdown::Write).unwrap();
    for _ in 0..sent {
        assert!(
            matches!(greedy.receive(), Some(Event::BytesMessage(message)) if message.data.len() == 1 << 20)
        );
    }
}

#[test]
fn a_broken_rule_is_told_to_the_peer() {
    let mut client = Client::connect(serve());
    client.stream.write_all(b"\xc1\x80\0\0\0\0").unwrap(); // RSV1, and no extension
    let Some(Event::CloseConnection(close)) = client.receive() else { panic!("no Close") };
    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
    assert_eq!(client.receive(), None);
}
