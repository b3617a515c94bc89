//! nago-wss: its protocol module, driven as its own connection drives it.

use bytes::BytesMut;
use nago_wss::proto::{Assembler, Header, Limits, Message, OpCode, mask};
use tokio::io::AsyncReadExt as _;

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let mut transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let mut assembler = Assembler::new(Limits { max_frame: 64 << 20, max_message: 64 << 20 });
    let (mut input, mut output) = (BytesMut::with_capacity(64 << 10), Vec::with_capacity(64 << 10));
    let payload = work.shared_payload();
    let message = if work.is_text() { Message::Text(payload) } else { Message::Binary(payload) };
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        for i in 1..=messages {
            let message = match work.task {
                Task::Send => message.clone(),
                Task::Receive | Task::Echo | Task::Handshake => loop {
                    if let Some(message) = parse(&mut input, &mut assembler) {
                        break message;
                    }
                    if input.capacity() - input.len() < 64 << 10 {
                        input.reserve(64 << 10);
                    }
                    run(transport.read_buf(&mut input)).unwrap();
                },
            };
            let (opcode, payload) = match &message {
                Message::Text(bytes) => (OpCode::Text, bytes),
                Message::Binary(bytes) => (OpCode::Binary, bytes),
                _ => unreachable!(),
            };
            match work.task {
                Task::Send => {}
                _ if work.as_str => delivered.text(to_str(payload)),
                _ => delivered.message(payload),
            }
            if work.task != Task::Receive {
                encode(opcode, payload, work.is_client(), &mut output);
                if i % batch == 0 || i == messages {
                    transport.put(&output);
                    output.clear();
                }
            }
        }
    };
    Some(Runner { round: Box::new(round), written })
}

fn parse(input: &mut BytesMut, assembler: &mut Assembler) -> Option<Message> {
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
        let message = assembler.accept(header.opcode, header.fin, payload.freeze()).unwrap();
        if message.is_some() {
            return message;
        }
    }
}

fn encode(opcode: OpCode, payload: &[u8], masked: bool, out: &mut Vec<u8>) {
    let mask = masked.then(rand::random::<[u8; 4]>);
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
