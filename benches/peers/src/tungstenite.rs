//! tungstenite: blocking calls over `Read + Write`; writes are buffered until the batch is flushed.

use tungstenite::{
    Message, Utf8Bytes, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use crate::{
    Runner,
    transport::Transport,
    work::{Delivered, Task, Work},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let role = if work.is_client() { Role::Client } else { Role::Server };
    let config = WebSocketConfig::default().read_buffer_size(work.read_len.clamp(4 << 10, 64 << 10));
    let transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let payload = work.shared_payload();
    let message = if work.is_text() {
        Message::Text(Utf8Bytes::try_from(payload).unwrap())
    } else {
        Message::Binary(payload)
    };
    let mut socket = WebSocket::from_raw_socket(transport, role, Some(config));
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        for i in 1..=messages {
            let message = match work.task {
                Task::Send => message.clone(),
                Task::Receive | Task::Echo | Task::Handshake => socket.read().unwrap(),
            };
            match &message {
                _ if work.task == Task::Send => {}
                Message::Text(text) if work.as_str => delivered.text(text),
                message => delivered.message(bytes(message)),
            }
            if work.task != Task::Receive {
                socket.write(message).unwrap();
                if i % batch == 0 || i == messages {
                    socket.flush().unwrap();
                }
            }
        }
    };
    Some(Runner { round: Box::new(round), written })
}

fn bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
        _ => unreachable!(),
    }
}
