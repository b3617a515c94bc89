//! yawc: a stream and a sink, with its read buffer as large as a read, and text checked.

use futures_util::{SinkExt as _, StreamExt as _};
use yawc::{Frame, Options, Role, WebSocket};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let role = if work.is_client() { Role::Client } else { Role::Server };
    let options = Options::default()
        .with_utf8()
        .with_limits(64 << 20, 128 << 20)
        .with_read_buffer_capacity(64 << 10)
        .with_write_buffer_capacity(64 << 10);
    let mut stream = WebSocket::from_stream(transport, role, options).ok()?;
    let payload = work.shared_payload();
    let message = if work.is_text() { Frame::text(payload) } else { Frame::binary(payload) };
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        run(async {
            for i in 1..=messages {
                let message = match work.task {
                    Task::Send => message.clone(),
                    Task::Receive | Task::Echo | Task::Handshake => stream.next().await.unwrap(),
                };
                match work.task {
                    Task::Send => {}
                    // Its own `as_str` checks again, too, and takes longer.
                    _ if work.as_str => delivered.text(to_str(message.payload())),
                    _ => delivered.message(message.payload()),
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
