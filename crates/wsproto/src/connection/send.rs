//! What we send: events become frames at the end of the caller's buffer.

use alloc::vec::Vec;

use wsproto_extensions::OutboundFrame;
use wsproto_frame::{CloseCode, ClosePayload, Fragmentation, FrameHeader, MaskingKey, Opcode};

use super::Connection;
use crate::{CloseConnection, Event, LocalProtocolError, entropy, state::Step};

impl Connection {
    /// Appends the bytes of an event to `out`.
    ///
    /// A message that is not finished goes on with the next one of the same type.
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`] where the event can't be sent: nothing was appended, and nothing has changed.
    #[inline]
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
            Event::Pong(pong) => self.send_control(Opcode::Pong, &pong.payload, Step::Send, out),
            Event::CloseConnection(close) => self.send_close(&close, out),
            Event::Request(_)
            | Event::AcceptConnection(_)
            | Event::RejectConnection(_)
            | Event::RejectData(_) => Err(LocalProtocolError::WrongEvent),
        }
    }

    /// Appends a frame of a message of the frame's type: its first, or one that goes on with it.
    #[inline]
    fn send_data(
        &mut self,
        mut frame: OutboundFrame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        //= rfc6455#5.1-5, rfc6455#5.5.1-3, rfc6455#6.1-2, rfc6455#6.1-3
        self.state.after(Step::Send).ok_or(LocalProtocolError::WrongState(self.state))?;
        //= rfc6455#6.1-5
        if let (Fragmentation::Text, Opcode::Text) | (Fragmentation::Binary, Opcode::Binary) =
            (self.encoder.fragmentation(), frame.opcode)
        {
            frame.opcode = Opcode::Continuation;
        }
        self.write(&frame, out)
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        step: Step,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        let state = self.state.after(step).ok_or(LocalProtocolError::WrongState(self.state))?;
        self.write(&OutboundFrame::new(opcode, payload), out)?;
        self.state = state;
        self.drop_extensions_when_closed();
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
        let payload = ClosePayload { code: close.code, reason: &close.reason }.write(&mut buffer);
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
        if self.extensions.is_some() {
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
        self.encoder.advance(header)?;
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
    fn masking_key(&mut self) -> Result<Option<MaskingKey>, LocalProtocolError> {
        if !self.role.masks() {
            return Ok(None);
        }
        let key = entropy::bytes(self.entropy.as_mut()).map_err(|_| LocalProtocolError::Entropy)?;
        Ok(Some(MaskingKey::new(key)))
    }
}

/// Copies and masks at once, in blocks that stay in registers; each byte is looked at once.
#[inline]
fn append_masked(payload: &[u8], mut key: MaskingKey, out: &mut Vec<u8>) {
    let (blocks, rest) = payload.as_chunks::<64>();
    for block in blocks {
        let mut block = *block;
        key.apply(&mut block);
        out.extend_from_slice(&block);
    }
    let start = out.len();
    out.extend_from_slice(rest);
    key.apply(out.get_mut(start..).unwrap_or_default());
}
