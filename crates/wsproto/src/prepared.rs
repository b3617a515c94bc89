//! A message for many connections: what their extensions make of it is made once.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use bytes::Bytes;
use wsproto_extensions::{ExtensionError, Handling, OutboundFrame, Pipeline};
use wsproto_frame::{Opcode, Rsv};

use crate::{Event, LocalProtocolError};

/// A whole message for many connections, which compresses once for all that agreed to the same.
///
/// Send it with [`send_prepared`](crate::Connection::send_prepared), or with
/// [`send_prepared_apart`](crate::Connection::send_prepared_apart), which copies nothing. Connections may have any role,
/// and any extensions: for each set of them with the same parameters the message is worked on once, and the result is
/// kept here. An extension whose work depends on earlier messages, as permessage-deflate with context takeover, works on
/// it for each connection; so agree to no context takeover of the side that broadcasts.
///
/// A clone shares the payload and what was made of it so far.
///
/// ```
/// use wsproto::{Config, Connection, PreparedMessage, TextMessage};
///
/// let mut connections = [Connection::open_server(Config::default()), Connection::open_server(Config::default())];
/// let mut message = PreparedMessage::new(TextMessage::new("to all"))?;
/// for connection in &mut connections {
///     let mut out = Vec::new();
///     connection.send_prepared(&mut message, &mut out)?;
///     assert_eq!(out, b"\x81\x06to all");
/// }
/// # Ok::<(), wsproto::LocalProtocolError>(())
/// ```
#[derive(Clone)]
pub struct PreparedMessage {
    pub(crate) opcode: Opcode,
    pub(crate) payload: Bytes,
    verbatim: bool,
    forms: Vec<Form>,
}

/// What a set of extensions made of a message.
#[derive(Clone)]
struct Form {
    /// Their names and [keys](wsproto_extensions::Extension::outbound_key).
    extensions: Vec<(Box<str>, u128)>,
    /// The reserved bits and the payload, or nothing where it is swallowed.
    made: Option<(Rsv, Bytes)>,
}

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
        Ok(Self { opcode, payload, verbatim, forms: Vec::new() })
    }

    /// Returns what these extensions make of the message, or `None` where they swallow it, and keeps that where others
    /// would make the same.
    pub(crate) fn transformed(
        &mut self,
        extensions: &mut Pipeline,
    ) -> Result<Option<(Rsv, Bytes)>, ExtensionError> {
        if let Some(form) = self.forms.iter().find(|form| form.is_of(extensions)) {
            return Ok(form.made.clone());
        }
        let mut frame = OutboundFrame::new(self.opcode, &self.payload);
        frame.verbatim = self.verbatim;
        let mut made = Vec::new();
        let outbound = extensions.outbound(&frame, &mut made)?;
        let made = match outbound.handling {
            Handling::Transform => Some((outbound.rsv, Bytes::from(made))),
            Handling::Swallow => None,
            _ => Some((outbound.rsv, self.payload.clone())),
        };
        let keys = extensions.outbound_keys().map(|(name, key)| Some((Box::from(name), key?)));
        if let Some(extensions) = keys.collect() {
            self.forms.push(Form { extensions, made: made.clone() });
        }
        Ok(made)
    }
}

impl Form {
    fn is_of(&self, extensions: &Pipeline) -> bool {
        self.extensions.iter().map(|(name, key)| (&**name, Some(*key))).eq(extensions.outbound_keys())
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
