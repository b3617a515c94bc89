//! nago-wss: its protocol module, driven as its own connection drives it.

use bytes::BytesMut;
use nago_wss::proto::{Assembler, Header, Limits, Message, OpCode, mask};

use crate::{
    Runner,
    peer::{self, Codec, Framed},
    work::Work,
};

struct Nago {
    assembler: Assembler,
    masks: bool,
}

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let assembler = Assembler::new(Limits { max_frame: 64 << 20, max_message: 64 << 20 });
    let codec = Nago { assembler, masks: work.is_client() };
    peer::start(work, Framed::new(work, codec), |is_text, payload| {
        if is_text { Message::Text(payload) } else { Message::Binary(payload) }
    })
}

impl Codec for Nago {
    type Message = Message;

    fn decode(&mut self, input: &mut BytesMut) -> Option<Message> {
        loop {
            let (header, header_len) = Header::decode(input, 64 << 20).unwrap().ok()?;
            let total = header_len + header.payload_len as usize;
            if input.len() < total {
                input.reserve(total - input.len());
                return None;
            }
            let mut payload = input.split_to(total).split_off(header_len);
            if let Some(key) = header.mask {
                mask::apply(&mut payload, key, 0);
            }
            let message = self.assembler.accept(header.opcode, header.fin, payload.freeze()).unwrap();
            if message.is_some() {
                return message;
            }
        }
    }

    fn encode(&mut self, message: &Message, out: &mut BytesMut) {
        let opcode = if matches!(message, Message::Text(_)) { OpCode::Text } else { OpCode::Binary };
        let payload = Self::bytes(message);
        let mask = self.masks.then(rand::random::<[u8; 4]>);
        let header = Header { fin: true, opcode, mask, payload_len: payload.len() as u64 };
        let mut bytes = [0; Header::MAX_ENCODED_LEN];
        let header_len = header.encode(&mut bytes).unwrap();
        out.extend_from_slice(&bytes[..header_len]);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = mask {
            mask::apply(&mut out[start..], key, 0);
        }
    }

    #[inline]
    fn bytes(message: &Message) -> &[u8] {
        match message {
            Message::Text(bytes) | Message::Binary(bytes) => bytes,
            _ => unreachable!(),
        }
    }
}
