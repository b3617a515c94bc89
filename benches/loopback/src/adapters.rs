//! Our adapter for tokio in the ways in which a program may use it, and a loop on tokio that parses nothing.

use std::io;
use std::net::TcpListener;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use wsproto::Connection;
use wsproto_tokio::{Config, Event, Settings, WebSocket};

use crate::peers::{serve, serve_on};

/// The limit on tokio: the bytes that were read are written.
pub(crate) fn raw(listener: TcpListener) -> io::Result<()> {
    serve(listener, |mut stream| async move {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(len @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..len]).await.is_err() {
                break;
            }
        }
    })
}

fn web_socket(stream: TcpStream) -> WebSocket<TcpStream> {
    let settings = Settings::default().without_timeouts();
    WebSocket::from_upgraded(stream, Connection::open_server(Config::default()), [], &settings)
}

/// Bytes are only copied into the queue.
pub(crate) fn recv_with(listener: TcpListener) -> io::Result<()> {
    serve(listener, echo)
}

async fn echo(stream: TcpStream) {
    let mut ws = web_socket(stream);
    let echo = |event: Event<'_>, replies: &mut wsproto_tokio::Replies<'_>| match event {
        Event::TextMessage(_) | Event::BytesMessage(_) => replies.feed(event),
        _ => Ok(()),
    };
    while let Ok(Some(Ok(()))) = ws.recv_with(echo).await {}
}

/// The same in a runtime with worker threads: one.
pub(crate) fn one_worker(listener: TcpListener) -> io::Result<()> {
    serve_on(Builder::new_multi_thread().worker_threads(1), listener, echo)
}

/// Two worker threads: tasks move between them.
pub(crate) fn two_workers(listener: TcpListener) -> io::Result<()> {
    serve_on(Builder::new_multi_thread().worker_threads(2), listener, echo)
}

/// The usual loop. Queued bytes are written before `recv` waits.
pub(crate) fn recv_and_feed(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let mut ws = web_socket(stream);
        while let Ok(Some(message)) = ws.recv().await {
            if ws.feed(message).await.is_err() {
                break;
            }
        }
    })
}

/// A write for each message.
pub(crate) fn recv_and_send(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let mut ws = web_socket(stream);
        while let Ok(Some(message)) = ws.recv().await {
            if ws.send(message).await.is_err() {
                break;
            }
        }
    })
}
