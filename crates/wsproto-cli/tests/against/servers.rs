//! Servers on this machine, each of which does one thing with its connections.
#![allow(dead_code, reason = "not every test has all of them")]

use std::{
    future,
    sync::{
        LazyLock,
        mpsc::{Receiver, channel},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use wsproto::{CloseReport, Config, DeflateConfig, Settings};
use wsproto_tokio::{WebSocket, accept};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Does this with each connection; returns the port.
pub(crate) fn serve<F: Future<Output = ()> + Send>(
    with: impl Fn(TcpStream) -> F + Copy + Send + Sync + 'static,
) -> u16 {
    let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    RUNTIME.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { with(stream).await });
        }
    });
    port
}

/// Does this with the first connection; returns the port, and where its result comes.
pub(crate) fn once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    with: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (u16, Receiver<T>) {
    let listener = RUNTIME.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (to, result) = channel();
    RUNTIME.spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        drop(to.send(with(stream).await));
    });
    (port, result)
}

/// Opens a WebSocket.
pub(crate) async fn open(stream: TcpStream) -> WebSocket<TcpStream> {
    let config = Config::default().with_extension(DeflateConfig::default());
    accept(stream, &Settings::new(config)).await.unwrap()
}

/// Answers each message with itself, to the end; tells how it ended.
pub(crate) async fn echo_to_the_end(stream: TcpStream) -> CloseReport {
    let mut ws = open(stream).await;
    while let Ok(Some(message)) = ws.recv().await {
        if ws.feed(message).await.is_err() {
            break;
        }
    }
    ws.close_report()
}

/// A server that echoes.
pub(crate) fn echo() -> u16 {
    serve(|stream| async { drop(echo_to_the_end(stream).await) })
}

/// A server that reads the request, writes these bytes, and ends or is silent.
pub(crate) fn answer(bytes: &'static [u8], ends: bool) -> u16 {
    serve(move |mut stream| async move {
        let mut request = [0; 4096];
        drop(stream.read(&mut request).await);
        drop(stream.write_all(bytes).await);
        if !ends {
            future::pending::<()>().await;
        }
        drop(stream.shutdown().await);
        // So that it is an end, and no reset.
        drop(stream.read(&mut request).await);
    })
}

/// A port on which nobody listens.
pub(crate) fn nobody() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What another server would be.
pub(crate) fn on<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}
