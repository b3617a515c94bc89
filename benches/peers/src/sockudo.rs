//! sockudo-ws: its stream, and its parser without its I/O; each with a twin that compresses.

use std::vec;

use bytes::{Bytes, BytesMut};
use sockudo_ws::{
    CompressedWebSocketStream, Config, Message, Role, WebSocketStream,
    deflate::DeflateConfig,
    protocol::{CompressedProtocol, Protocol},
};
use wsproto_benches::Deflate;

use crate::{
    Runner,
    peer::{self, Codec, Framed, stream_and_sink},
    transport::Transport,
    work::Work,
};

const MOST: usize = 64 << 20;

pub(crate) fn stream(work: &Work) -> Option<Runner> {
    let config = Config::builder().auto_ping(false).idle_timeout(0).max_payload_length(MOST).build();
    let transport = Transport::of(work);
    match deflate(work) {
        Some(deflate) => {
            peer::start(work, CompressedWebSocketStream::server(transport, config, deflate), message)
        }
        None => peer::start(work, WebSocketStream::from_raw(transport, role(work), config), message),
    }
}

pub(crate) fn parser(work: &Work) -> Option<Runner> {
    let received = Vec::new().into_iter();
    match deflate(work) {
        Some(deflate) => {
            let protocol = CompressedProtocol::server(MOST, MOST, deflate);
            peer::start(work, Framed::new(work, Parser { protocol, received }), message)
        }
        None => {
            let protocol = Protocol::new(role(work), MOST, MOST);
            peer::start(work, Framed::new(work, Parser { protocol, received }), message)
        }
    }
}

fn role(work: &Work) -> Role {
    if work.is_client() { Role::Client } else { Role::Server }
}

fn deflate(work: &Work) -> Option<DeflateConfig> {
    work.deflate.map(|Deflate { level, takeover }| DeflateConfig {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        compression_level: u32::from(level),
        ..Default::default()
    })
}

fn message(is_text: bool, payload: Bytes) -> Message {
    if is_text { Message::Text(payload) } else { Message::Binary(payload) }
}

stream_and_sink!(
    WebSocketStream<Transport>,
    Message,
    |item| item.unwrap(),
    |message| message.as_bytes(),
    message.as_text().unwrap()
);

stream_and_sink!(
    CompressedWebSocketStream<Transport>,
    Message,
    |item| item.unwrap(),
    |message| message.as_bytes(),
    message.as_text().unwrap()
);

/// A parser that returns all messages of a read at once.
struct Parser<P> {
    protocol: P,
    received: vec::IntoIter<Message>,
}

macro_rules! codec {
    ($protocol:ty) => {
        impl Codec for Parser<$protocol> {
            type Message = Message;

            #[inline]
            fn decode(&mut self, input: &mut BytesMut) -> Option<Message> {
                if self.received.len() == 0 {
                    self.received = self.protocol.process(input).unwrap().into_iter();
                }
                self.received.next()
            }

            #[inline]
            fn encode(&mut self, message: &Message, output: &mut BytesMut) {
                self.protocol.encode_message(message, output).unwrap();
            }

            #[inline]
            fn bytes(message: &Message) -> &[u8] {
                message.as_bytes()
            }

            #[inline]
            fn text(message: &Message) -> &str {
                message.as_text().unwrap()
            }
        }
    };
}

codec!(Protocol);
codec!(CompressedProtocol);
