//! Frames that an extension swallows: the program gets no event of them, but learns where a message ends.

use wsproto_frame::Opcode;

use super::super::Connection;
use super::{Frame, Transformed};
use crate::{BytesMessage, Event, Payload, RemoteProtocolError, Text};

impl Connection {
    /// Tells whether the frame under way is swallowed.
    pub(super) fn is_swallowing(&self) -> bool {
        self.extensions.as_deref().is_some_and(|extensions| extensions.pipeline.is_swallowing())
    }

    /// Tells whether a frame of the message under way was not swallowed, so that the program knows of the message.
    pub(in crate::connection) fn knows_message(&self) -> bool {
        self.extensions.as_deref().is_none_or(|Transformed { known, .. }| *known)
    }

    /// Ends a frame that was swallowed: a message of which the program has a part ends with an empty part.
    pub(super) fn end_swallowed<'a>(
        &mut self,
        frame: Frame,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if !(frame.fin && self.knows_message()) {
            return Ok(None);
        }
        if frame.message == Opcode::Text {
            return self.text_event(Text::default(), true, true);
        }
        let data = Payload::default();
        Ok(Some(Event::BytesMessage(BytesMessage::received(data, true, true))))
    }
}
