//! A message for many connections: extensions transform it once for all of them.

mod forms;

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use wsproto_extensions::{ExtensionError, Handling, OutboundFrame, Pipeline};
use wsproto_frame::{Opcode, Rsv};

use self::forms::Forms;
use crate::{Connection, Event, LocalProtocolError};

/// A whole message for many connections, compressed once for all that have the same parameters.
///
/// Send it with [`send_prepared`](Connection::send_prepared), or with
/// [`send_prepared_apart`](Connection::send_prepared_apart), which copies nothing. Connections may have any role, and
/// any extensions. For each set of extensions with the same parameters, the message is transformed once, and this type
/// keeps the result.
///
/// The result may depend on earlier messages, as with permessage-deflate and context takeover. Then the message is
/// transformed for each connection. So agree to no context takeover for the side that broadcasts.
///
/// Threads share it by reference, for example in an `Arc`. The first thread that needs a form makes it, and others that
/// need the same form wait for it. No other thread waits. Without the feature `std` there is no lock: then only forms
/// that [`prepare_for`](Self::prepare_for) made in advance are kept, and others are made each time.
///
/// A clone shares the payload and the forms that were made before.
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

/// The reserved bits and the payload after the extensions, or `None` where they swallow the message.
type Transformed = Option<(Rsv, Bytes)>;

impl PreparedMessage {
    /// Prepares a text or a binary message. Borrowed bytes are copied.
    ///
    /// # Errors
    ///
    /// [`WrongEvent`](LocalProtocolError::WrongEvent) where the event is no message, or only a fragment of one.
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

    /// Makes the form for the extensions of `connection` now, for it and all others that agreed to the same.
    ///
    /// Nothing is sent. Without extensions, or if their output depends on earlier messages, it does nothing.
    ///
    /// ```
    /// use wsproto::{Config, Connection, PreparedMessage, TextMessage};
    ///
    /// let mut connection = Connection::open_server(Config::default()); // with the extensions that most have agreed to
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

    /// Returns the form for these extensions, and keeps it if others can use it.
    pub(crate) fn transformed(&self, extensions: &mut Pipeline) -> Result<Transformed, ExtensionError> {
        self.forms.find_or_make(extensions, |extensions| self.transform(extensions))
    }

    /// Makes the form for these extensions, and keeps it if others can use it.
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

    /// Returns whether this is the message's own payload, which no extension has changed.
    pub(crate) fn is_as_it_was(&self, payload: &Bytes) -> bool {
        payload.as_ptr() == self.payload.as_ptr() && payload.len() == self.payload.len()
    }
}

/// Shows the length of the message, and no bytes: payloads don't belong in logs.
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
