//! The same on tokio with one thread, with other libraries: a flush for each message, or a flush when there is nothing
//! more to read.

use std::future::{Future, poll_fn};
use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::task::Poll;

use fastwebsockets::{FragmentCollector, FragmentCollectorRead, Frame, OpCode, WebSocket, WebSocketError};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::BufWriter;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Runs a task for each connection.
pub(crate) fn serve<F: Future + Send + 'static>(
    listener: TcpListener,
    talk: impl Fn(TcpStream) -> F,
) -> io::Result<()>
where
    F::Output: Send,
{
    serve_on(&mut Builder::new_current_thread(), listener, talk)
}

/// Runs a task for each connection on such a runtime. The thread that accepts does nothing else.
pub(crate) fn serve_on<F: Future + Send + 'static>(
    runtime: &mut Builder,
    listener: TcpListener,
    talk: impl Fn(TcpStream) -> F,
) -> io::Result<()>
where
    F::Output: Send,
{
    listener.set_nonblocking(true)?;
    runtime.enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(talk(stream));
        }
    })
}

/// Returns the result of a future if it is ready. The future can be polled again.
async fn at_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    poll_fn(|context| {
        Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

pub(crate) fn yawc(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let Ok(mut ws) = yawc_socket(stream) else { return };
        while let Some(frame) = ws.next().await {
            if ws.send(frame).await.is_err() {
                break;
            }
        }
    })
}

pub(crate) fn yawc_batched(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let Ok(mut ws) = yawc_socket(stream) else { return };
        loop {
            let next = match at_once(&mut ws.next()).await {
                Some(next) => next,
                None if ws.flush().await.is_err() => break,
                None => ws.next().await,
            };
            let Some(frame) = next else { break };
            if ws.feed(frame).await.is_err() {
                break;
            }
        }
    })
}

fn yawc_socket(stream: TcpStream) -> yawc::Result<yawc::WebSocket<TcpStream>> {
    let options = yawc::Options::default().with_utf8().with_limits(64 << 20, 128 << 20);
    yawc::WebSocket::from_stream(stream, yawc::Role::Server, options)
}

pub(crate) fn tungstenite(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let mut ws = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        while let Some(Ok(message)) = ws.next().await {
            if (message.is_text() || message.is_binary()) && ws.send(message).await.is_err() {
                break;
            }
        }
    })
}

/// It has a smaller buffer than its default. The default is new memory for each read while a message of the last read
/// is alive.
pub(crate) fn tungstenite_batched(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let config = WebSocketConfig::default().read_buffer_size(16 << 10);
        let mut ws = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        loop {
            let next = match at_once(&mut ws.next()).await {
                Some(next) => next,
                None if ws.flush().await.is_err() => break,
                None => ws.next().await,
            };
            let Some(Ok(message)) = next else { break };
            if (message.is_text() || message.is_binary()) && ws.feed(message).await.is_err() {
                break;
            }
        }
    })
}

/// It flushes with each request for the next message, so there is no other way.
pub(crate) fn tokio_websockets(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let mut ws = tokio_websockets::ServerBuilder::new().serve(stream);
        while let Some(Ok(message)) = ws.next().await {
            if (message.is_text() || message.is_binary()) && ws.send(message).await.is_err() {
                break;
            }
        }
    })
}

pub(crate) fn fastwebsockets(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let socket = WebSocket::after_handshake(stream, fastwebsockets::Role::Server);
        let mut ws = FragmentCollector::new(socket);
        while let Ok(Frame { opcode, payload, .. }) = ws.read_frame().await {
            let is_data = matches!(opcode, OpCode::Text | OpCode::Binary);
            if is_data && ws.write_frame(Frame::new(true, opcode, None, payload)).await.is_err() {
                break;
            }
        }
    })
}

/// Its reads can't be cancelled. While one waits, the written bytes are flushed.
pub(crate) fn fastwebsockets_batched(listener: TcpListener) -> io::Result<()> {
    serve(listener, |stream| async {
        let (reader, writer) = stream.into_split();
        let writer = BufWriter::with_capacity(64 << 10, writer);
        let (reader, mut writer) =
            fastwebsockets::after_handshake_split(reader, writer, fastwebsockets::Role::Server);
        let mut reader = FragmentCollectorRead::new(reader);
        loop {
            let mut reply = |_| async { Ok::<(), WebSocketError>(()) };
            let mut next = pin!(reader.read_frame(&mut reply));
            let frame = match at_once(&mut next).await {
                Some(frame) => frame,
                None if writer.flush().await.is_err() => break,
                None => next.await,
            };
            let Ok(Frame { opcode, payload, .. }) = frame else { break };
            let is_data = matches!(opcode, OpCode::Text | OpCode::Binary);
            if is_data && writer.write_frame(Frame::new(true, opcode, None, payload)).await.is_err() {
                break;
            }
        }
    })
}
