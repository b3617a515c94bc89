//! Servers to connect to.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use wsproto_tokio::{
    AcceptConnection, Asked, CloseCode, CloseReport, Error, Request, Settings, WebSocket, accept_with,
};

/// A listener on this machine, and its port.
pub(crate) async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Accepts one connection, and echoes; returns the request, and the end of the connection.
pub(crate) async fn echo_over<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    settings: &Settings,
    accept: AcceptConnection,
) -> Result<(Request, CloseReport), Error> {
    let mut seen = None;
    let mut ws = accept_with(io, settings, |asked| {
        if let Asked::WebSocket(request) = asked {
            seen = Some(request.clone());
        }
        Ok(accept)
    })
    .await?;
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok((seen.unwrap(), ws.close_report()))
}

/// Serves one client over TCP, as [`echo_over`] does.
pub(crate) async fn echo(
    settings: Settings,
    accept: AcceptConnection,
) -> (u16, JoinHandle<Result<(Request, CloseReport), Error>>) {
    let (listener, port) = listener().await;
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        echo_over(stream, &settings, accept).await
    });
    (port, serving)
}

/// Answers one client's request with these bytes, and ends; returns the request.
pub(crate) async fn answer(bytes: impl Into<Vec<u8>>) -> (u16, JoinHandle<String>) {
    answer_and(bytes, true).await
}

/// Answers as [`answer`] does, and may leave the connection open for the next request.
pub(crate) async fn answer_and(bytes: impl Into<Vec<u8>>, ends: bool) -> (u16, JoinHandle<String>) {
    let (listener, port) = listener().await;
    let bytes = bytes.into();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        stream.write_all(&bytes).await.unwrap();
        if ends {
            stream.shutdown().await.unwrap();
        }
        // The client may close before it has read all bytes.
        let _ = stream.read_to_end(&mut Vec::new()).await;
        head
    });
    (port, serving)
}

/// Reads a head of HTTP, and nothing after it.
pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Closes a connection, and its stream.
pub(crate) async fn close<S: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<S>) -> CloseReport {
    ws.close(CloseCode::NORMAL, "").await.unwrap()
}
