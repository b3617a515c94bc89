//! A message for many connections: what their extensions make of it is made once.

mod forms;

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use wsproto_extensions::{ExtensionError, Handling, OutboundFrame, Pipeline};
use wsproto_frame::{Opcode, Rsv};

use self::forms::Forms;
use crate::{Connection, Event, LocalProtocolError};

/// A whole message for many connections, which compresses once for all that agreed to the same.
///
/// Send it with [`send_prepared`](Connection::send_prepared), or with
/// [`send_prepared_apart`](Connection::send_prepared_apart), which copies nothing. Connections may have any role,
/// and any extensions: for each set of them with the same parameters the message is worked on once, and the result is
/// kept here. An extension whose work depends on earlier messages, as permessage-deflate with context takeover, works on
/// it for each connection; so agree to no context takeover of the side that broadcasts.
///
/// Threads share it by reference, in an `Arc` for one: the first to need a form makes it, others that need the same
/// form wait for it, and nobody else waits. Without the feature `std` there is no lock: only forms that
/// [`prepare_for`](Self::prepare_for) made ahead are kept, others are made each time.
///
/// A clone shares the payload and what was made of it so far.
///
/// ```
/// use std::{sync::Arc, thread};
/// use wsproto::{Config, Connection, PreparedMessage, TextMessage};
///
/// let message = Arc::new(PreparedMessage::new(TextMessage::new("to all"))?);
/// let threads = [0; 2].map(|_| {
///     let (message, mut connection) = (Arc::clone(&message), Connection::open_server(Config::default()));
///     thread::spawn(move || {
///         let mut out = Vec::new();
///         connection.send_prepared(&message, &mut out).map(|()| out)
///     })
/// });
/// for thread in threads {
///     assert_eq!(thread.join().expect("no panic")?, b"\x81\x06to all");
/// }
/// # Ok::<(), wsproto::LocalProtocolError>(())
/// ```
#[derive(Clone)]
pub struct PreparedMessage {
    pub(crate) opcode: Opcode,
    pub(crate) payload: Bytes,
    verbatim: bool,
    forms: Forms,
}

/// The reserved bits and the payload that extensions made of a message, or nothing where they swallow it.
type Transformed = Option<(Rsv, Bytes)>;

impl PreparedMessage {
    /// Prepares a text or a binary message; bytes that are borrowed are copied.
    ///
    /// # Errors
    ///
    /// [`WrongEvent`](LocalProtocolError::WrongEvent) where the event is no message, or is a fragment of one.
    pub fn new<'e>(message: impl Into<Event<'e>>) -> Result<Self, LocalProtocolError> {
        let (opcode, payload, verbatim) = match message.into() {
            Event::TextMessage(message) if message.message_finished => {
                (Opcode::Text, message.data.into_bytes(), message.verbatim)
            }
            Event::BytesMessage(message) if message.message_finished => {
                (Opcode::Binary, message.data.into_bytes(), message.verbatim)
            }
            _ => return Err(LocalProtocolError::WrongEvent),
        };
        Ok(Self { opcode, payload, verbatim, forms: Forms::default() })
    }

    /// Makes now what the extensions of `connection` make of the message, for it and all others that agreed to the same.
    ///
    /// Nothing is sent. Where there are no extensions, or earlier messages have a say in what they make, nothing is done.
    ///
    /// ```
    /// use wsproto::{Config, Connection, PreparedMessage, TextMessage};
    ///
    /// let mut connection = Connection::open_server(Config::default()); // with what most have agreed to
    /// let mut message = PreparedMessage::new(TextMessage::new("to all"))?;
    /// message.prepare_for(&mut connection)?;
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Connection::send_prepared).
    pub fn prepare_for(&mut self, connection: &mut Connection) -> Result<(), LocalProtocolError> {
        connection.prepare(self)
    }

    /// Returns what these extensions make of the message, and keeps that where others would make the same.
    pub(crate) fn transformed(&self, extensions: &mut Pipeline) -> Result<Transformed, ExtensionError> {
        self.forms.find_or_make(extensions, |extensions| self.transform(extensions))
    }

    /// Makes and keeps what these extensions make of the message, where others would make the same.
    pub(crate) fn transform_ahead(&mut self, extensions: &mut Pipeline) -> Result<(), ExtensionError> {
        let mut forms = core::mem::take(&mut self.forms);
        let outcome = forms.make_ahead(extensions, |extensions| self.transform(extensions));
        self.forms = forms;
        outcome
    }

    fn transform(&self, extensions: &mut Pipeline) -> Result<Transformed, ExtensionError> {
        let mut frame = OutboundFrame::new(self.opcode, &self.payload);
        frame.verbatim = self.verbatim;
        let mut payload = Vec::new();
        let outbound = extensions.outbound(&frame, &mut payload)?;
        Ok(match outbound.handling {
            Handling::Transform => Some((outbound.rsv, Bytes::from(payload))),
            Handling::Swallow => None,
            _ => Some((outbound.rsv, self.payload.clone())),
        })
    }

    /// Tells whether this is the message's own payload, which no extension has changed.
    pub(crate) fn is_as_it_was(&self, payload: &Bytes) -> bool {
        payload.as_ptr() == self.payload.as_ptr() && payload.len() == self.payload.len()
    }
}

/// Shows how long the message is and none of it: payloads don't belong in logs.
impl fmt::Debug for PreparedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedMessage")
            .field("opcode", &self.opcode)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("forms", &self.forms.len())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<PreparedMessage>();
};

#[cfg(all(test, feature = "deflate"))]
mod tests {
    use alloc::sync::Arc;

    use wsproto_extensions::{ExtensionConfig, respond};

    use super::*;
    use crate::{BytesMessage, Config, DeflateConfig, TextMessage};

    /// With and without `std`.
    #[test]
    fn forms_that_are_made_ahead_are_shared() {
        let compressing = |deflate: DeflateConfig| {
            let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(deflate.with_threshold(0))];
            let (_, agreed) = respond(&configs, &["permessage-deflate"]).unwrap();
            Connection::open_server(Config::default()).with_extensions(agreed)
        };
        let forgetting = || compressing(DeflateConfig::default().with_server_no_context_takeover());
        let mut message = PreparedMessage::new(BytesMessage::new(alloc::vec![7; 1000])).unwrap();
        let keeping = &mut compressing(DeflateConfig::default());
        message.prepare_for(keeping).unwrap();
        message.prepare_for(&mut Connection::open_server(Config::default())).unwrap();
        assert_eq!(message.forms.len(), 0, "nothing that others could use");
        for _ in 0..2 {
            message.prepare_for(&mut forgetting()).unwrap();
            assert_eq!(message.forms.len(), 1);
        }
        let sent = || forgetting().send_prepared_apart(&message).unwrap().unwrap().1;
        assert_eq!(sent().as_ptr(), sent().as_ptr());
        assert!(sent().len() < 100);

        let mut under_way = forgetting();
        under_way.send(TextMessage::new("a").unfinished(), &mut Vec::new()).unwrap();
        let interrupted = message.prepare_for(&mut under_way);
        assert!(matches!(interrupted, Err(LocalProtocolError::Frame(_))), "{interrupted:?}");
    }
}
