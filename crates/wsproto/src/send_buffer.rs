//! The output for frames: memory to which all bytes are copied, or a queue that doesn't copy long payloads.

use bytes::Bytes;
use wsproto_extensions::WriteBuffer;

use crate::OutputQueue;

/// From this length on, in bytes, a payload that a queue may keep isn't copied: one more slice in a write costs less.
pub(crate) const APART_LEN: usize = 8 << 10;

/// An output for frames: a `Vec<u8>` or a `BytesMut`, to which all bytes are appended, or an [`OutputQueue`].
///
/// Only these types implement it. The queue doesn't copy a payload that belongs to the message (`Bytes`, `Vec<u8>`,
/// `String`), has 8 KiB or more, and is sent unchanged: from a server, without extensions.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{BytesMessage, Bytes, Config, Connection, LocalProtocolError, OutputQueue, SendBuffer};
///
/// fn say(server: &mut Connection, out: &mut impl SendBuffer) -> Result<(), LocalProtocolError> {
///     server.send(BytesMessage::new(Bytes::from_static(&[7; 10_000])), out)
/// }
///
/// let (mut bytes, mut queue) = (Vec::new(), OutputQueue::new());
/// say(&mut Connection::open_server(Config::default()), &mut bytes)?;
/// say(&mut Connection::open_server(Config::default()), &mut queue)?;
/// assert_eq!((bytes.len(), queue.len()), (10_004, 10_004));
/// # Ok::<(), LocalProtocolError>(())
/// ```
pub trait SendBuffer: sealed::Sealed {
    /// The memory to which bytes are appended.
    type Bytes: WriteBuffer;

    /// Whether payloads are taken without a copy.
    #[doc(hidden)]
    const TAKES_PAYLOADS: bool;

    /// Returns the memory to which bytes are appended.
    #[doc(hidden)]
    fn bytes(&mut self) -> &mut Self::Bytes;

    /// Takes a payload, which comes after the appended bytes.
    #[doc(hidden)]
    fn take_payload(&mut self, payload: Bytes);
}

impl<B: WriteBuffer> SendBuffer for B {
    type Bytes = B;
    const TAKES_PAYLOADS: bool = false;

    #[inline]
    fn bytes(&mut self) -> &mut B {
        self
    }

    fn take_payload(&mut self, payload: Bytes) {
        self.append(&payload);
    }
}

impl SendBuffer for OutputQueue {
    type Bytes = alloc::vec::Vec<u8>;
    const TAKES_PAYLOADS: bool = true;

    #[inline]
    fn bytes(&mut self) -> &mut Self::Bytes {
        self.buffer()
    }

    fn take_payload(&mut self, payload: Bytes) {
        self.push(payload);
    }
}

mod sealed {
    pub trait Sealed {}

    impl<B: wsproto_extensions::WriteBuffer> Sealed for B {}
    impl Sealed for crate::OutputQueue {}
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec, vec::Vec};

    use super::*;
    use crate::{
        BytesMessage, CloseCode, CloseConnection, Config, Connection, Event, LocalProtocolError, Message,
        Ping, PreparedMessage, TextMessage,
    };

    fn connection(role: &str) -> Connection {
        match role {
            "server" => Connection::open_server(Config::default()),
            _ => Connection::open_client_with_entropy(Config::default(), |key: &mut [u8]| key.fill(0x5a)),
        }
    }

    /// What waits in a queue, and how many pieces of it were not copied.
    fn waiting(mut queue: OutputQueue, payload: &[u8]) -> (Vec<u8>, usize) {
        let (mut all, mut apart) = (Vec::new(), 0);
        while let Some(piece) = queue.take_first() {
            apart += usize::from(piece.as_ptr() == payload.as_ptr());
            all.extend_from_slice(&piece);
        }
        (all, apart)
    }

    #[test]
    fn a_queue_gets_what_a_vector_gets_and_keeps_long_payloads_as_they_are() {
        for role in ["server", "client"] {
            for len in [0, 1, APART_LEN - 1, APART_LEN, 70_000] {
                let keeps = role == "server" && len >= APART_LEN;
                let bytes = Bytes::from(vec![b'x'; len]);
                let binary = Message::from(bytes.clone());
                let text = Message::from("x".repeat(len));
                let owned = String::from(text.as_text().unwrap());
                let owned_place = Vec::from(owned.as_bytes());
                #[rustfmt::skip]
                let table: [(&str, Event<'_>, &[u8], bool); 7] = [
                    ("bytes",      BytesMessage::new(bytes.clone()).into(),              &bytes,           keeps),
                    ("a part",     BytesMessage::new(bytes.clone()).unfinished().into(), &bytes,           keeps),
                    ("borrowed",   BytesMessage::new(&bytes[..]).into(),                 &bytes,           false),
                    ("a message",  (&binary).into(),                                     &bytes,           keeps),
                    ("a text",     (&text).into(),                                       text.as_bytes(),  keeps && len >= 64 << 10),
                    ("a copy",     TextMessage::new(owned).into(),                       &owned_place,     false),
                    ("a Ping",     Ping::new(b"1").into(),                               &bytes,           false),
                ];
                for (name, event, payload, kept) in table {
                    let (mut vector, mut queue) = (Vec::new(), OutputQueue::new());
                    connection(role).send(event.clone(), &mut vector).unwrap();
                    connection(role).send(event, &mut queue).unwrap();
                    let (sent, apart) = waiting(queue, payload);
                    assert_eq!(sent, vector, "{role}, {name}, {len} bytes");
                    assert_eq!(apart, usize::from(kept), "{role}, {name}, {len} bytes");
                }
            }
        }
    }

    #[test]
    fn a_prepared_message_is_shared_by_the_queues_of_servers() {
        for (role, len, kept) in
            [("server", APART_LEN - 1, 0), ("server", APART_LEN, 1), ("client", APART_LEN, 0)]
        {
            let message = PreparedMessage::new(BytesMessage::new(vec![7; len])).unwrap();
            let (mut vector, mut queue) = (Vec::new(), OutputQueue::new());
            connection(role).send_prepared(&message, &mut vector).unwrap();
            connection(role).send_prepared(&message, &mut queue).unwrap();
            let payload = message.payload.clone();
            assert_eq!(waiting(queue, &payload), (vector, kept), "{role}, {len} bytes");
        }
    }

    #[test]
    fn order_stays_and_what_cannot_be_sent_leaves_nothing() {
        let payload = Bytes::from(vec![7; APART_LEN]);
        let mut server = connection("server");
        let mut queue = OutputQueue::new();
        let events: [Event<'_>; 4] = [
            TextMessage::new("a").into(),
            BytesMessage::new(payload.clone()).unfinished().into(),
            Ping::new(b"b").into(),
            BytesMessage::new(payload.clone()).into(),
        ];
        for event in events {
            server.send(event, &mut queue).unwrap();
        }
        assert_eq!(queue.len(), 3 + (4 + APART_LEN) + 3 + (4 + APART_LEN));

        server.send(BytesMessage::new(payload.clone()).unfinished(), &mut queue).unwrap();
        let message = TextMessage::new(String::from_utf8(payload.to_vec()).unwrap());
        let len = queue.len();
        assert!(matches!(server.send(message, &mut queue), Err(LocalProtocolError::Frame(_))));
        assert_eq!(queue.len(), len, "a message within another");
        server.send(CloseConnection::new(CloseCode::NORMAL), &mut queue).unwrap();
        let len = queue.len();
        let closed = server.send(BytesMessage::new(payload), &mut queue);
        assert!(matches!(closed, Err(LocalProtocolError::WrongState(_))), "{closed:?}");
        assert_eq!(queue.len(), len, "after a Close");
    }

    #[cfg(feature = "deflate")]
    #[test]
    fn what_is_compressed_is_appended() {
        use alloc::sync::Arc;

        use wsproto_extensions::{ExtensionConfig, respond};

        let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(crate::DeflateConfig::default())];
        let (_, agreed) = respond(&configs, &["permessage-deflate"]).unwrap();
        let mut server = Connection::open_server(Config::default()).with_extensions(agreed);
        let mut queue = OutputQueue::new();
        server.send(BytesMessage::new(vec![7; APART_LEN]), &mut queue).unwrap();
        assert!(queue.len() < 100, "{} bytes", queue.len());
    }
}
