//! What we send: events become frames at the end of the caller's buffer.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use alloc::vec::Vec;

use wsproto_extensions::OutboundFrame;
use wsproto_frame::{CloseCode, ClosePayload, FrameHeader, MaskingKey, Opcode};

use super::Connection;
use crate::{CloseConnection, Event, LocalProtocolError, state::Step};

impl Connection {
    /// Appends the bytes of an event to `out`.
    ///
    /// A message that is not finished goes on with the next one of the same type. A Close's reason over 123 bytes is
    /// cut between two code points.
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`] where the event can't be sent: nothing was appended, and nothing has changed.
    #[inline(always)]
    pub fn send<'e>(
        &mut self,
        event: impl Into<Event<'e>>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match event.into() {
            Event::TextMessage(message) => {
                let mut frame = OutboundFrame::new(Opcode::Text, message.data.as_bytes());
                frame.fin = message.message_finished;
                frame.verbatim = message.verbatim;
                self.send_data(frame, out)
            }
            Event::BytesMessage(message) => {
                let mut frame = OutboundFrame::new(Opcode::Binary, &message.data);
                frame.fin = message.message_finished;
                frame.verbatim = message.verbatim;
                self.send_data(frame, out)
            }
            Event::Ping(ping) => self.send_control(Opcode::Ping, &ping.payload, Step::Send, out),
            Event::Pong(pong) => self.send_control(Opcode::Pong, &pong.payload, Step::SendPong, out),
            Event::CloseConnection(close) => self.send_close(&close, out),
            event @ (Event::Request(_)
            | Event::AcceptConnection(_)
            | Event::RejectConnection(_)
            | Event::RejectData(_)) => self.send_opening(event, out),
        }
    }

    /// Gives the header of a message whose payload the caller writes himself, right behind it, in one vectored write:
    /// nothing is copied, however long the payload is.
    ///
    /// Where the header has a masking key, as on a client, the payload must be masked with it. A long one is best copied,
    /// masked and written a piece at a time, which stays in the processor's cache.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{BytesMessage, Config, Connection};
    ///
    /// # let mut stream = Vec::new();
    /// let mut server = Connection::open_server(Config::default());
    /// let payload = vec![7; 1 << 20];
    /// let header = server.send_apart(BytesMessage::new(&payload))?.encode();
    /// // stream.write_vectored(&[IoSlice::new(&header), IoSlice::new(&payload)])
    /// assert_eq!(header.len(), 10);
    ///
    /// let mut client = Connection::open_client(Config::default());
    /// let header = client.send_apart(BytesMessage::new(&payload))?;
    /// stream.extend_from_slice(&header.encode());
    /// let mut key = header.mask.expect("a client masks");
    /// let mut piece = Vec::new();
    /// for part in payload.chunks(16 << 10) {
    ///     piece.clear();
    ///     piece.extend_from_slice(part);
    ///     key.apply(&mut piece); // goes on where it stopped
    ///     stream.extend_from_slice(&piece); // or stream.write_all(&piece)
    /// }
    /// assert_eq!(stream.len(), 14 + payload.len());
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`], as [`send`](Self::send): [`WrongEvent`](LocalProtocolError::WrongEvent) where the event
    /// is no message, and [`PayloadApart`](LocalProtocolError::PayloadApart) where an extension has to see the payload.
    #[inline]
    pub fn send_apart<'e>(
        &mut self,
        message: impl Into<Event<'e>>,
    ) -> Result<FrameHeader, LocalProtocolError> {
        let (opcode, len, fin) = match message.into() {
            Event::TextMessage(message) => {
                (Opcode::Text, message.data.as_bytes().len(), message.message_finished)
            }
            Event::BytesMessage(message) => (Opcode::Binary, message.data.len(), message.message_finished),
            _ => return Err(LocalProtocolError::WrongEvent),
        };
        if self.extended.is_some() {
            return Err(LocalProtocolError::PayloadApart);
        }
        let opcode = self.message_opcode(opcode)?;
        let mask = self.masking_key()?;
        let header = FrameHeader { fin, mask, ..FrameHeader::new(opcode, len as u64) };
        self.encoder.check(&header)?;
        Ok(header)
    }

    /// Appends a frame of a message of the frame's type: its first, or one that goes on with it.
    #[inline]
    fn send_data(
        &mut self,
        mut frame: OutboundFrame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        frame.opcode = self.message_opcode(frame.opcode)?;
        self.write(&frame, out)
    }

    /// Returns the opcode of the next frame of a message of this type, or why none can be sent.
    #[inline]
    fn message_opcode(&self, kind: Opcode) -> Result<Opcode, LocalProtocolError> {
        //= rfc6455#5.1-5, rfc6455#5.5.1-3, rfc6455#6.1-2, rfc6455#6.1-3
        self.state.after(Step::Send).ok_or(LocalProtocolError::WrongState(self.state()))?;
        //= rfc6455#6.1-5
        Ok(match (self.encoder.message(), kind) {
            (Some(Opcode::Text), Opcode::Text) | (Some(Opcode::Binary), Opcode::Binary) => {
                Opcode::Continuation
            }
            _ => kind,
        })
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        step: Step,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        let state = self.state.after(step).ok_or(LocalProtocolError::WrongState(self.state()))?;
        self.write(&OutboundFrame::new(opcode, payload), out)?;
        self.state = state;
        self.give_back_when_closed();
        Ok(())
    }

    fn send_close(
        &mut self,
        close: &CloseConnection<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        if close.code == CloseCode::NO_STATUS && !close.reason.is_empty() {
            return Err(LocalProtocolError::ReasonWithoutCode);
        }
        let mut buffer = [0; FrameHeader::MAX_CONTROL_PAYLOAD_LEN];
        let payload = ClosePayload { code: close.code, reason: &close.reason }.write(&mut buffer)?;
        //= rfc6455#7.1.2-1
        self.send_control(Opcode::Close, payload, Step::SendClose, out)
    }

    /// Appends a frame, through the extensions where there are any.
    #[inline]
    fn write(&mut self, frame: &OutboundFrame<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        let payload = frame.payload;
        //= rfc6455#6.1-4, rfc6455#6.1-6
        let mut header =
            FrameHeader { fin: frame.fin, ..FrameHeader::new(frame.opcode, payload.len() as u64) };
        //= rfc6455#5.1-1, rfc6455#5.3-1, rfc6455#5.3-2, rfc6455#5.5.1-9, rfc6455#6.1-7, rfc6455#10.3-1
        header.mask = self.masking_key()?;
        if self.extended.is_some() {
            self.write_transformed(header, frame, out)
        } else {
            self.write_frame(&header, payload, out)
        }
    }

    /// Appends a frame: header, payload, masked on a client.
    #[inline]
    pub(super) fn write_frame(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        //= rfc6455#6.1-1, rfc6455#10.3-2
        self.encoder.check(header)?;
        out.reserve(FrameHeader::MAX_LEN.saturating_add(payload.len()));
        header.encode_to(|bytes| out.extend_from_slice(bytes));
        match header.mask {
            Some(key) => append_masked(payload, key, out),
            None => out.extend_from_slice(payload),
        }
        Ok(())
    }

    /// Returns a fresh key on a client, none on a server.
    #[inline]
    pub(super) fn masking_key(&mut self) -> Result<Option<MaskingKey>, LocalProtocolError> {
        if !self.role.masks() {
            return Ok(None);
        }
        let key = self.entropy.key().map_err(|_| LocalProtocolError::Entropy)?;
        Ok(Some(MaskingKey::new(key)))
    }
}

/// From this many bytes on it pays to copy first: what is masked then is still in the nearest cache.
const LONG: usize = 4 << 10;

/// How much is copied before it is masked, in bytes.
const PIECE_LEN: usize = 16 << 10;

/// Appends a masked payload. A short one is copied and masked at once, in blocks that stay in registers on the way.
#[inline]
fn append_masked(payload: &[u8], mut key: MaskingKey, out: &mut Vec<u8>) {
    if payload.len() >= LONG {
        for piece in payload.chunks(PIECE_LEN) {
            append_masked_piece(piece, &mut key, out);
        }
        return;
    }
    let (blocks, rest) = payload.as_chunks::<64>();
    for block in blocks {
        out.extend_from_slice(&key.masked(*block));
    }
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        out.extend_from_slice(&key.masked(*word));
    }
    if !rest.is_empty() {
        append_masked_piece(rest, &mut key, out);
    }
}

#[inline]
fn append_masked_piece(piece: &[u8], key: &mut MaskingKey, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(piece);
    key.apply(out.get_mut(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use crate::{BytesMessage, Config, Connection, Event, LocalProtocolError, Ping, TextMessage};

    use super::*;

    #[test]
    fn a_header_and_its_payload_apart_are_what_send_appends() {
        let lens = [0, 1, 7, 8, 63, 64, 65, 125, 126, 127, 200, 65_535, 65_536];
        for (role, len) in lens.into_iter().flat_map(|len| [("server", len), ("client", len)]) {
            let connection = || match role {
                "server" => Connection::open_server(Config::default()),
                _ => Connection::open_client_with_entropy(Config::default(), |bytes: &mut [u8]| {
                    bytes.fill(0x5a);
                }),
            };
            let payload = vec![b'x'; len];
            let (mut together, mut apart) = (Vec::new(), Vec::new());
            let mut sender = connection();
            sender.send(BytesMessage::new(&payload).unfinished(), &mut together).unwrap();
            sender.send(BytesMessage::new(&payload), &mut together).unwrap();

            let mut sender = connection();
            for message in [BytesMessage::new(&payload).unfinished(), BytesMessage::new(&payload)] {
                let header = sender.send_apart(message).unwrap();
                apart.extend_from_slice(&header.encode());
                let start = apart.len();
                apart.extend_from_slice(&payload);
                if let Some(mut key) = header.mask {
                    key.apply(&mut apart[start..]);
                }
            }
            assert_eq!(apart, together, "{role}, {len} bytes");
        }
    }

    #[test]
    fn what_cannot_be_sent_apart_changes_nothing() {
        let mut server = Connection::open_server(Config::default());
        assert_eq!(server.send_apart(Ping::new(b"")), Err(LocalProtocolError::WrongEvent));
        server.send(TextMessage::new("a").unfinished(), &mut Vec::new()).unwrap();
        let interrupts = server.send_apart(BytesMessage::new(b"b"));
        assert!(matches!(interrupts, Err(LocalProtocolError::Frame(_))), "{interrupts:?}");
        assert!(server.send_apart(TextMessage::new("c")).is_ok());
        let event = Event::from(crate::CloseConnection::new(CloseCode::NORMAL));
        server.send(event, &mut Vec::new()).unwrap();
        assert!(matches!(server.send_apart(TextMessage::new("d")), Err(LocalProtocolError::WrongState(_))));
    }
}
