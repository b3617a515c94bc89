//! tokio-websockets: a stream and a sink; `feed` buffers, `flush` writes the batch.

use tokio_websockets::{ClientBuilder, Message, Payload, ServerBuilder, WebSocketStream};

use crate::{
    Runner,
    peer::{self, stream_and_sink},
    transport::Transport,
    work::Work,
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let transport = Transport::of(work);
    let stream = if work.is_client() {
        ClientBuilder::new().take_over(transport)
    } else {
        ServerBuilder::new().serve(transport)
    };
    peer::start(work, stream, |is_text, payload| {
        let payload = Payload::from(payload);
        if is_text { Message::text(payload) } else { Message::binary(payload) }
    })
}

stream_and_sink!(
    WebSocketStream<Transport>,
    Message,
    |item| item.unwrap(),
    |message| message.as_payload(),
    message.as_text().unwrap()
);
