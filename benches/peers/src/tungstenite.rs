//! tungstenite: blocking calls over `Read + Write`; writes are buffered until the batch is flushed.

use tungstenite::{
    Message, Utf8Bytes, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use crate::{
    Runner,
    peer::{self, Peer},
    transport::Transport,
    work::Work,
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let role = if work.is_client() { Role::Client } else { Role::Server };
    let config = WebSocketConfig::default().read_buffer_size(work.read_len.clamp(4 << 10, 64 << 10));
    let socket = WebSocket::from_raw_socket(Transport::of(work), role, Some(config));
    peer::start(work, socket, |is_text, payload| {
        if is_text { Message::Text(Utf8Bytes::try_from(payload).unwrap()) } else { Message::Binary(payload) }
    })
}

impl Peer for WebSocket<Transport> {
    type Message = Message;

    #[inline]
    async fn receive(&mut self) -> Message {
        self.read().unwrap()
    }

    #[inline]
    async fn feed(&mut self, message: Message) {
        self.write(message).unwrap();
    }

    #[inline]
    async fn flush(&mut self) {
        WebSocket::flush(self).unwrap();
    }

    #[inline]
    fn bytes(message: &Message) -> &[u8] {
        match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
            _ => unreachable!(),
        }
    }

    #[inline]
    fn text(message: &Message) -> &str {
        let Message::Text(text) = message else { unreachable!() };
        text
    }
}
