//! The loop of all entrants with owned messages: receive, deliver, send back, flush.

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

/// An entrant that returns and takes whole messages.
pub(crate) trait Peer: 'static {
    type Message: Clone + 'static;

    async fn receive(&mut self) -> Self::Message;

    /// Takes a message to write. It may wait for the flush.
    async fn feed(&mut self, message: Self::Message);

    async fn flush(&mut self);

    fn bytes(message: &Self::Message) -> &[u8];

    /// Entrants that return no text check it again.
    fn text(message: &Self::Message) -> &str {
        to_str(Self::bytes(message))
    }

    /// Frees the memory that can be freed.
    fn shrink(&mut self) {}
}

/// Starts a peer. `message` makes a message of a payload, and says whether that is text.
pub(crate) fn start<P: Peer>(
    work: &Work,
    mut peer: P,
    message: impl Fn(bool, Bytes) -> P::Message,
) -> Option<Runner> {
    let (work, batch) = (*work, work.batch());
    let sends = work.task == Task::Send;
    let payloads = if sends { work.shared_payloads() } else { Vec::new() };
    let messages: Vec<_> = payloads.into_iter().map(|payload| message(work.is_text(), payload)).collect();
    let mut next = 0;
    let round = move |count: usize, delivered: &mut Delivered| {
        run(async {
            if delivered.shrinks {
                peer.shrink();
            }
            for i in 1..=count {
                let message = if sends {
                    let message = messages[next].clone();
                    next = (next + 1) % messages.len();
                    message
                } else {
                    let message = peer.receive().await;
                    if work.as_str {
                        delivered.text(P::text(&message));
                    } else {
                        delivered.message(P::bytes(&message));
                    }
                    message
                };
                if work.task != Task::Receive {
                    peer.feed(message).await;
                    if i % batch == 0 || i == count {
                        peer.flush().await;
                    }
                }
            }
        });
    };
    Some(Runner::new(round))
}

/// Makes a peer of a type that is a stream and a sink of messages.
macro_rules! stream_and_sink {
    ($stream:ty, $message:ty, |$item:ident| $received:expr, |$given:ident| $bytes:expr, $text:expr) => {
        impl crate::peer::Peer for $stream {
            type Message = $message;

            #[inline]
            async fn receive(&mut self) -> $message {
                let $item = futures_util::StreamExt::next(self).await.unwrap();
                $received
            }

            #[inline]
            async fn feed(&mut self, message: $message) {
                futures_util::SinkExt::feed(self, message).await.unwrap();
            }

            #[inline]
            async fn flush(&mut self) {
                futures_util::SinkExt::<$message>::flush(self).await.unwrap();
            }

            #[inline]
            fn bytes($given: &$message) -> &[u8] {
                $bytes
            }

            #[inline]
            fn text($given: &$message) -> &str {
                $text
            }
        }
    };
}
pub(crate) use stream_and_sink;

/// An entrant without I/O: messages out of a buffer, and into one.
pub(crate) trait Codec: 'static {
    type Message: Clone + 'static;

    fn decode(&mut self, input: &mut BytesMut) -> Option<Self::Message>;
    fn encode(&mut self, message: &Self::Message, output: &mut BytesMut);
    fn bytes(message: &Self::Message) -> &[u8];

    fn text(message: &Self::Message) -> &str {
        to_str(Self::bytes(message))
    }
}

/// A codec that reads and writes like an asynchronous transport.
pub(crate) struct Framed<C> {
    codec: C,
    transport: Transport,
    input: BytesMut,
    output: BytesMut,
}

impl<C: Codec> Framed<C> {
    pub(crate) fn new(work: &Work, codec: C) -> Self {
        let buffer = || BytesMut::with_capacity(64 << 10);
        Self { codec, transport: Transport::of(work), input: buffer(), output: buffer() }
    }
}

impl<C: Codec> Peer for Framed<C> {
    type Message = C::Message;

    #[inline]
    async fn receive(&mut self) -> C::Message {
        loop {
            if let Some(message) = self.codec.decode(&mut self.input) {
                return message;
            }
            self.input.reserve(64 << 10);
            self.transport.read_buf(&mut self.input).await.unwrap();
        }
    }

    #[inline]
    async fn feed(&mut self, message: C::Message) {
        self.codec.encode(&message, &mut self.output);
    }

    #[inline]
    async fn flush(&mut self) {
        self.transport.put(&self.output);
        self.output.clear();
    }

    #[inline]
    fn bytes(message: &C::Message) -> &[u8] {
        C::bytes(message)
    }

    #[inline]
    fn text(message: &C::Message) -> &str {
        C::text(message)
    }

    fn shrink(&mut self) {
        (self.input, self.output) = (BytesMut::from(&self.input[..]), BytesMut::new());
    }
}
