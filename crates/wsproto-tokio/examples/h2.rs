//! An echo server on the crate h2 alone, which has streams but no upgrades: over TCP, with prior knowledge.
use h2::{RecvStream, SendStream, ext::Protocol, server};
use std::{io, pin::Pin, task::Context, task::Poll, task::ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wsproto_tokio::{AcceptConnection, Bytes, Error, Settings, WebSocket, wsproto::Upgrade};

/// A stream of HTTP/2, and the bytes that came but weren't taken: the peer may send only as much as is taken.
struct Http2Stream(SendStream<Bytes>, RecvStream, Bytes);

impl AsyncRead for Http2Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self(_, receiver, unread) = self.get_mut();
        while unread.is_empty() {
            let Some(data) = ready!(receiver.poll_data(cx)) else { return Poll::Ready(Ok(())) };
            *unread = data.map_err(io::Error::other)?;
        }
        let taken = unread.split_to(unread.len().min(buf.remaining()));
        buf.put_slice(&taken);
        Poll::Ready(receiver.flow_control().release_capacity(taken.len()).map_err(io::Error::other))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sender = &mut self.get_mut().0;
        sender.reserve_capacity(bytes.len());
        while sender.capacity() == 0 {
            ready!(sender.poll_capacity(cx)).ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
        }
        let len = bytes.len().min(sender.capacity());
        let sent = sender.send_data(Bytes::copy_from_slice(&bytes[..len]), false);
        Poll::Ready(sent.map(|()| len).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // the task of the connection does that
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.get_mut().0.send_data(Bytes::new(), true).map_err(io::Error::other))
    }
}

pub(crate) async fn serve(io: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), h2::Error> {
    let mut builder = server::Builder::new();
    builder.enable_connect_protocol().max_concurrent_streams(200).initial_window_size(65_535);
    let mut connection = builder.initial_connection_window_size(16 << 20).handshake(io).await?;
    while let Some((request, mut respond)) = connection.accept().await.transpose()? {
        let upgrade = Upgrade::from_http(&request, request.extensions().get().map(Protocol::as_str));
        match upgrade.and_then(|asked| asked.accept(Settings::default().config, AcceptConnection::new())) {
            Ok((response, ws)) => {
                let head = response.into_http().map(drop);
                let Ok(sender) = respond.send_response(head, false) else { continue };
                let io = Http2Stream(sender, request.into_body(), Bytes::new());
                tokio::spawn(echo(WebSocket::from_upgraded(io, ws, b"", &Settings::default())));
            }
            Err(error) => drop(respond.send_response(error.response.into_http().map(drop), true)),
        }
    }
    Ok(())
}

async fn echo(mut ws: WebSocket<Http2Stream>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = tokio::net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9001")).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream))),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await, // for example too many open files
        }
    }
}
