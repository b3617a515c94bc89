//! A codec for `tokio_util::codec::Framed`. The program sends answers and keeps deadlines itself; `WebSocket` is a
//! `Stream` and a `Sink` that does both.
//!
//! `cargo run --release -p wsproto-tokio --example framed -- [ADDRESS]`

use std::{env, io, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{io::copy, io::sink, net::TcpListener, net::TcpStream, time::timeout};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder, Framed};
use wsproto::{AcceptConnection, Config, Connection, Event, ReadBuffer, Transport};
use wsproto::{AdapterError as Error, Deadline};

const PATIENCE: Duration = Duration::from_secs(60);
const LINGER: Duration = Duration::from_secs(5);

/// Decodes to events, with whole messages among them, and encodes events.
struct WebSocketCodec(Connection, ReadBuffer);

impl Decoder for WebSocketCodec {
    type Item = Event<'static>;
    type Error = Error;

    fn decode(&mut self, read: &mut BytesMut) -> Result<Option<Event<'static>>, Error> {
        self.1.extend_from_slice(&read.split());
        Ok(if self.0.advance(&mut self.1)? { self.1.take_event() } else { None })
    }

    fn decode_eof(&mut self, read: &mut BytesMut) -> Result<Option<Event<'static>>, Error> {
        match self.decode(read)? {
            None if self.0.receive_eof()?.is_some() => {
                Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
            }
            event => Ok(event),
        }
    }
}

impl Encoder<Event<'static>> for WebSocketCodec {
    type Error = Error;

    fn encode(&mut self, event: Event<'static>, out: &mut BytesMut) -> Result<(), Error> {
        Ok(self.0.send(event, out)?)
    }
}

pub(crate) async fn echo(stream: TcpStream) -> Result<(), Error> {
    let codec = WebSocketCodec(Connection::server(Config::default()), ReadBuffer::messages());
    let (mut framed, mut broken_rule) = (Framed::new(stream, codec), None);
    while framed.codec().0.transport() == Transport::KeepOpen {
        let answer = match timeout(PATIENCE, framed.next()).await.map_err(|_| Deadline::Idle)? {
            Some(Ok(Event::Request(_))) => Some(AcceptConnection::new().into()),
            Some(Ok(Event::Ping(ping))) => Some(ping.response().into()),
            Some(Ok(Event::CloseConnection(close))) => Some(close.response().into()),
            Some(Ok(Event::Pong(_))) => None,
            Some(Ok(message)) => Some(message),
            Some(Err(Error::Remote(error))) => broken_rule.insert(error).event_hint(),
            Some(Err(error)) => return Err(error),
            None => break, // after an error
        };
        if let Some(answer) = answer {
            framed.send(answer).await?;
        }
    }
    framed.close().await?;
    // Closing while bytes still come would lose our last bytes at the peer.
    let drained = timeout(LINGER, copy(framed.get_mut(), &mut sink())).await;
    drained.map_err(|_| Deadline::Close)?.ok(); // an error is the end, too
    broken_rule.map_or(Ok(()), |error| Err(error.into()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001")).await?;
    loop {
        let (stream, peer) = listener.accept().await?;
        tokio::spawn(async move { echo(stream).await.inspect_err(|error| eprintln!("{peer}: {error}")) });
    }
}
