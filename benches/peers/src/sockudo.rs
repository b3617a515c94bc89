//! sockudo-ws: its stream, and its parser without its I/O.

use bytes::{Buf as _, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use sockudo_ws::{Config, Message, Role, WebSocketStream, protocol::Protocol};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work},
};

pub(crate) fn stream(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let config = Config::builder().auto_ping(false).idle_timeout(0).max_payload_length(64 << 20).build();
    let mut stream = WebSocketStream::from_raw(transport, role(&work), config);
    let message = message(&work);
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        run(async {
            for i in 1..=messages {
                let message = match work.task {
                    Task::Send => message.clone(),
                    Task::Receive | Task::Echo | Task::Handshake => stream.next().await.unwrap().unwrap(),
                };
                match work.task {
                    Task::Send => {}
                    _ if work.as_str => delivered.text(message.as_text().unwrap()),
                    _ => delivered.message(bytes(&message)),
                }
                if work.task != Task::Receive {
                    stream.feed(message).await.unwrap();
                    if i % batch == 0 || i == messages {
                        stream.flush().await.unwrap();
                    }
                }
            }
        });
    };
    Some(Runner { round: Box::new(round), written })
}

pub(crate) fn parser(work: &Work) -> Option<Runner> {
    let work = *work;
    let mut transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let mut protocol = Protocol::new(role(&work), 64 << 20, 64 << 20);
    let message = message(&work);
    let (mut input, mut output) = (BytesMut::with_capacity(64 << 10), BytesMut::with_capacity(64 << 10));
    let mut received = Vec::new().into_iter();
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        for i in 1..=messages {
            let message = match work.task {
                Task::Send => message.clone(),
                Task::Receive | Task::Echo | Task::Handshake => loop {
                    if let Some(message) = received.next() {
                        break message;
                    }
                    read(&mut transport, &mut input);
                    received = protocol.process(&mut input).unwrap().into_iter();
                },
            };
            match work.task {
                Task::Send => {}
                _ if work.as_str => delivered.text(message.as_text().unwrap()),
                _ => delivered.message(bytes(&message)),
            }
            if work.task != Task::Receive {
                protocol.encode_message(&message, &mut output).unwrap();
                if i % batch == 0 || i == messages {
                    let n = transport.put(&output);
                    output.advance(n);
                    output.clear();
                }
            }
        }
    };
    Some(Runner { round: Box::new(round), written })
}

/// Reads as an asynchronous transport would: into the buffer's spare memory.
pub(crate) fn read(transport: &mut Transport, buf: &mut BytesMut) {
    use tokio::io::AsyncReadExt as _;
    buf.reserve(64 << 10);
    run(transport.read_buf(buf)).unwrap();
}

fn role(work: &Work) -> Role {
    if work.is_client() { Role::Client } else { Role::Server }
}

fn message(work: &Work) -> Message {
    let payload = work.shared_payload();
    if work.is_text() { Message::Text(payload) } else { Message::Binary(payload) }
}

fn bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(bytes) | Message::Binary(bytes) => bytes,
        _ => unreachable!(),
    }
}
