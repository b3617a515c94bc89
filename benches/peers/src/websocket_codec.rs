//! websocket-codec: a codec for tokio-util.

use bytes::BytesMut;
use websocket_codec::{Message, MessageCodec, Opcode};

use crate::{
    Runner,
    peer::{self, Codec, Framed},
    work::Work,
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let codec = if work.is_client() { MessageCodec::client() } else { MessageCodec::server() };
    peer::start(work, Framed::new(work, codec), |is_text, payload| {
        Message::new(if is_text { Opcode::Text } else { Opcode::Binary }, payload).unwrap()
    })
}

impl Codec for MessageCodec {
    type Message = Message;

    #[inline]
    fn decode(&mut self, input: &mut BytesMut) -> Option<Message> {
        tokio_util::codec::Decoder::decode(self, input).unwrap()
    }

    #[inline]
    fn encode(&mut self, message: &Message, output: &mut BytesMut) {
        tokio_util::codec::Encoder::encode(self, message, output).unwrap();
    }

    #[inline]
    fn bytes(message: &Message) -> &[u8] {
        message.data()
    }

    #[inline]
    fn text(message: &Message) -> &str {
        message.as_text().unwrap()
    }
}
