//! tokio-websockets: a stream and a sink; `feed` buffers, `flush` writes the batch.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_websockets::{ClientBuilder, Message, Payload, ServerBuilder};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let mut stream = if work.is_client() {
        ClientBuilder::new().take_over(transport)
    } else {
        ServerBuilder::new().serve(transport)
    };
    let payload = Payload::from(work.shared_payload());
    let message = if work.is_text() { Message::text(payload) } else { Message::binary(payload) };
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
                    _ => delivered.message(message.as_payload()),
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
