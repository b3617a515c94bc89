//! The peer's control frames: each becomes one event, in however many pieces it comes.

use alloc::{boxed::Box, string::String};

use wsproto_frame::{ClosePayload, FrameChunk, Opcode};

use super::Connection;
use crate::{CloseConnection, Event, Payload, Ping, Pong, RemoteProtocolError, Text, state::Step};

impl Connection {
    /// Makes an event of a control frame once all of it has come.
    pub(super) fn receive_control<'a>(
        &mut self,
        chunk: FrameChunk<&'a mut [u8]>,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let event = match chunk {
            FrameChunk { header, payload, frame_started: true, frame_finished: true, .. } => {
                self.control_event(header.opcode, Payload::new(payload))
            }
            piece => match self.control.get_or_insert_default().push(&piece) {
                None => return Ok(None),
                Some(payload) => {
                    // A program may keep the payload: it owns no more memory than its bytes.
                    let payload = Payload::from(Box::<[u8]>::from(payload));
                    self.control = None;
                    self.control_event(piece.header.opcode, payload)
                }
            },
        };
        event.map(Some).map_err(|error| self.fail(error))
    }

    /// Makes an event of a control frame.
    pub(super) fn control_event<'a>(
        &mut self,
        opcode: Opcode,
        payload: Payload<'a>,
    ) -> Result<Event<'a>, RemoteProtocolError> {
        match opcode {
            Opcode::Ping => Ok(Event::Ping(Ping { payload })),
            //= rfc6455#5.5.3-2
            Opcode::Pong => Ok(Event::Pong(Pong { payload })),
            _ => self.receive_close(&payload),
        }
    }

    pub(super) fn receive_close(&mut self, payload: &[u8]) -> Result<Event<'static>, RemoteProtocolError> {
        let ClosePayload { code, reason } = ClosePayload::parse(payload)?;
        let reason = Text::from(String::from(reason));
        //= rfc6455#7.1.3-1, rfc6455#7.1.5-1, rfc6455#7.1.6-1
        self.state = self.state.after(Step::ReceiveClose).unwrap_or(self.state);
        self.peer_closed = true;
        self.give_back_when_closed();
        Ok(Event::CloseConnection(CloseConnection { code, reason }))
    }
}
