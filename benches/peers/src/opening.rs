//! The opening handshake of a client: a request out, the answer in, a connection ready.
//!
//! Keys differ, so no answer can exist before its request. In a round all clients ask first. Then they are answered,
//! which doesn't count. Then all take their answers.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::ReadBuf;
use tungstenite::{HandshakeError, handshake::MidHandshake};
use wsproto::{Config, Connection, Event, Request};
use wsproto_benches::wire;

use crate::{
    Runner, aside,
    transport::Written,
    work::{Delivered, Work},
};

const HOST: &str = "server.example.com";
const TARGET: &str = "/chat?room=42";

/// The bytes of one client's connection.
#[derive(Default)]
struct Exchange {
    request: Vec<u8>,
    answer: Vec<u8>,
    /// How much of the answer was read.
    read: usize,
}

/// The client's end of a connection. It reads nothing before the answer is there.
#[derive(Clone)]
pub(crate) struct End {
    exchange: Rc<RefCell<Exchange>>,
    written: Arc<Written>,
}

impl End {
    fn new() -> Self {
        Self { exchange: Rc::default(), written: Written::here() }
    }

    /// Answers, and is ready for another request.
    fn answer(&self) {
        let Exchange { request, answer, read } = &mut *self.exchange.borrow_mut();
        answer.clear();
        *read = 0;
        wire::answer(request, answer);
        request.clear();
    }

    #[inline]
    fn put(&self, bytes: &[u8]) -> usize {
        self.written.note(bytes);
        self.exchange.borrow_mut().request.extend_from_slice(bytes);
        bytes.len()
    }

    /// Copies as much of the answer as fits; `None` before it is there.
    #[inline]
    fn read_some(&self, buf: &mut [u8]) -> Option<usize> {
        let Exchange { answer, read, .. } = &mut *self.exchange.borrow_mut();
        let rest = &answer[*read..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        *read += n;
        (n > 0).then_some(n)
    }
}

impl io::Read for End {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read_some(buf).ok_or(io::ErrorKind::WouldBlock.into())
    }
}

impl io::Write for End {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.put(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Exchange { answer, read, .. } = &mut *self.exchange.borrow_mut();
        let rest = &answer[*read..];
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        *read += n;
        if n > 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl tokio::io::AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.put(buf)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_util::AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.read_some(buf).map_or(Poll::Pending, |n| Poll::Ready(Ok(n)))
    }
}

impl futures_util::AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.put(buf)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl wtx::stream::StreamReader for End {
    async fn read(&mut self, buf: &mut [u8]) -> wtx::Result<usize> {
        Ok(poll_fn(|_| self.read_some(buf).map_or(Poll::Pending, Poll::Ready)).await)
    }
}

impl wtx::stream::StreamWriter for End {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        self.put(bytes);
        Ok(())
    }

    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        for bytes in bytes {
            self.put(bytes);
        }
        Ok(())
    }
}

/// Starts an entrant that asks with `ask`, and takes the answer with `take`.
fn start<T: 'static>(
    work: &Work,
    mut ask: impl FnMut(End) -> T + 'static,
    mut take: impl FnMut(T) + 'static,
) -> Option<Runner> {
    let ends: Vec<End> = (0..work.messages()).map(|_| End::new()).collect();
    let mut asked = Vec::with_capacity(ends.len());
    let round = move |count: usize, _: &mut Delivered| {
        asked.extend(ends[..count].iter().map(|end| ask(end.clone())));
        aside(|| ends[..count].iter().for_each(End::answer));
        asked.drain(..).for_each(&mut take);
    };
    Some(Runner::new(round))
}

/// Starts an entrant whose handshake is a future. Each future waits in a place that is used again.
fn start_future<F: Future<Output = ()> + 'static>(
    work: &Work,
    mut handshake: impl FnMut(End) -> F + 'static,
) -> Option<Runner> {
    let ends: Vec<End> = (0..work.messages()).map(|_| End::new()).collect();
    let mut places: Vec<Pin<Box<Option<F>>>> = ends.iter().map(|_| Box::pin(None)).collect();
    let round = move |count: usize, _: &mut Delivered| {
        let mut context = Context::from_waker(std::task::Waker::noop());
        for (place, end) in places.iter_mut().zip(&ends[..count]) {
            place.set(Some(handshake(end.clone())));
            let asked = place.as_mut().as_pin_mut().map(|future| future.poll(&mut context));
            assert_eq!(asked, Some(Poll::Pending), "there is no answer yet");
        }
        aside(|| ends[..count].iter().for_each(End::answer));
        for place in &mut places[..count] {
            let opened = place.as_mut().as_pin_mut().map(|future| future.poll(&mut context));
            assert_eq!(opened, Some(Poll::Ready(())), "the answer is there");
            place.set(None);
        }
    };
    Some(Runner::new(round))
}

pub(crate) fn ours(work: &Work) -> Option<Runner> {
    start_ours(work, Connection::client)
}

/// With the source of randomness that most others use.
pub(crate) fn ours_rand(work: &Work) -> Option<Runner> {
    let rand = |bytes: &mut [u8]| rand::Rng::fill_bytes(&mut rand::rng(), bytes);
    start_ours(work, move |config| Connection::client_with_entropy(config, rand))
}

fn start_ours(work: &Work, connection: impl Fn(Arc<Config>) -> Connection + 'static) -> Option<Runner> {
    let (mut out, mut buf, config) = (Vec::new(), vec![0; 64 << 10], Arc::new(Config::default()));
    let ask = move |end: End| {
        let mut client = connection(config.clone());
        client.send(Request::new(HOST, TARGET), &mut out).unwrap();
        end.put(&out);
        out.clear();
        (client, end)
    };
    start(work, ask, move |(mut client, end)| {
        let n = end.read_some(&mut buf).unwrap();
        let mut input = &mut buf[..n];
        let event = client.receive(&mut input).unwrap();
        assert!(matches!(event, Some(Event::AcceptConnection(_))));
    })
}

pub(crate) fn tungstenite(work: &Work) -> Option<Runner> {
    let ask = |end| match tungstenite::client("ws://server.example.com/chat?room=42", end) {
        Err(HandshakeError::Interrupted(asked)) => asked,
        _ => panic!("there is no answer yet"),
    };
    start(work, ask, |asked: MidHandshake<_>| drop(asked.handshake().unwrap()))
}

pub(crate) fn tokio_websockets(work: &Work) -> Option<Runner> {
    let uri: http::Uri = "ws://server.example.com/chat?room=42".parse().unwrap();
    start_future(work, move |end| {
        let builder = tokio_websockets::ClientBuilder::from_uri(uri.clone());
        async move { drop(builder.connect_on(end).await.unwrap()) }
    })
}

pub(crate) fn soketto(work: &Work) -> Option<Runner> {
    use soketto::handshake::client::{Client, ServerResponse};
    start_future(work, |end| async {
        let mut client = Client::new(end, HOST, TARGET);
        let answer = client.handshake().await.unwrap();
        assert!(matches!(answer, ServerResponse::Accepted { .. }));
        drop(client.into_builder().finish());
    })
}

pub(crate) fn sockudo(work: &Work) -> Option<Runner> {
    start_future(work, |mut end| async move {
        drop(sockudo_ws::handshake::client_handshake(&mut end, HOST, TARGET, None).await.unwrap());
    })
}

pub(crate) fn nago(work: &Work) -> Option<Runner> {
    use nago_wss::proto::handshake::{build_request, check_response, head_end, new_key};
    let mut buf = vec![0; 64 << 10];
    let ask = |end: End| {
        let key = new_key(rand::random());
        end.put(&build_request(TARGET, HOST, &key, &[], &[]));
        (key, end)
    };
    start(work, ask, move |(key, end)| {
        let n = end.read_some(&mut buf).unwrap();
        let end = head_end(&buf[..n]).unwrap();
        assert_eq!(check_response(&buf[..end], &key), Ok(None));
    })
}

pub(crate) fn wtx(work: &Work) -> Option<Runner> {
    use wtx::{misc::UriRef, rng::Xorshift64, web_socket::WebSocketConnector};
    start_future(work, |end| async move {
        let connector = WebSocketConnector::default().no_masking(false);
        let connector = connector.rng(Xorshift64::from(rand::random::<u64>()));
        let uri = UriRef::new("ws://server.example.com/chat?room=42");
        drop(connector.connect(end, &uri).await.unwrap());
    })
}

/// It makes no request: its own client writes one by hand.
pub(crate) fn websocket_codec(work: &Work) -> Option<Runner> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use tokio_util::codec::Decoder as _;
    let mut buf = bytes::BytesMut::with_capacity(64 << 10);
    let ask = |end: End| {
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        end.put(
            format!(
                "GET {TARGET} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            .as_bytes(),
        );
        (::websocket_codec::UpgradeCodec::new(&key), end)
    };
    start(work, ask, move |(mut codec, end)| {
        buf.resize(4 << 10, 0);
        let n = end.read_some(&mut buf).unwrap();
        buf.truncate(n);
        codec.decode(&mut buf).unwrap().unwrap();
    })
}
