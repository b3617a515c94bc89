//! Sending: events become frames at the end of the caller's buffer.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use bytes::Bytes;
use wsproto_extensions::{OutboundFrame, WriteBuffer};
use wsproto_frame::{FrameHeader, MaskingKey, Opcode};

use super::Connection;
use crate::{DataMessage, Event, LocalProtocolError, SendBuffer, send_buffer::APART_LEN, state::Step};

impl Connection {
    /// Appends the bytes of an event to `out`: a `Vec<u8>`, a `BytesMut`, or an [`OutputQueue`](crate::OutputQueue),
    /// which doesn't copy [long payloads](SendBuffer).
    ///
    /// A message that is not finished continues with the next event of the same type. The reason of a Close is cut
    /// after at most 123 bytes, between two code points.
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`] where the event can't be sent. Nothing was appended then, and nothing has changed.
    #[inline(always)]
    pub fn send<'e, B: SendBuffer>(
        &mut self,
        event: impl Into<Event<'e>>,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        match event.into() {
            Event::TextMessage(message) => {
                if B::TAKES_PAYLOADS && message.data.is_owned() && self.may_keep(message.data.len()) {
                    let header = data_frame(Opcode::Text, &message, &[]);
                    return self.send_owned(&header, message.data.into_bytes(), out);
                }
                self.send_data(data_frame(Opcode::Text, &message, message.data.as_bytes()), out.bytes())
            }
            Event::BytesMessage(message) => {
                if B::TAKES_PAYLOADS && message.data.is_owned() && self.may_keep(message.data.len()) {
                    let header = data_frame(Opcode::Binary, &message, &[]);
                    return self.send_owned(&header, message.data.into_bytes(), out);
                }
                self.send_data(data_frame(Opcode::Binary, &message, &message.data), out.bytes())
            }
            Event::Ping(ping) => self.send_control(Opcode::Ping, &ping.payload, Step::Send, out.bytes()),
            Event::Pong(pong) => self.send_control(Opcode::Pong, &pong.payload, Step::SendPong, out.bytes()),
            Event::CloseConnection(close) => self.send_close(&close, out.bytes()),
            event @ (Event::Request(_)
            | Event::AcceptConnection(_)
            | Event::RejectConnection(_)
            | Event::RejectData(_)) => self.send_opening(event, out.bytes()),
        }
    }

    /// Returns whether a payload is sent unchanged, and is long enough not to be copied.
    #[inline]
    const fn may_keep(&self, len: usize) -> bool {
        len >= APART_LEN && !self.role.masks() && self.extended.is_none()
    }

    /// Appends a header, and after it the payload without a copy.
    #[inline(never)]
    fn send_owned<B: SendBuffer>(
        &mut self,
        frame: &OutboundFrame<'_>,
        payload: Bytes,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        let header = FrameHeader { fin: frame.fin, ..FrameHeader::new(frame.opcode, payload.len() as u64) };
        let header = self.data_header(header)?;
        out.bytes().append(&header.encode());
        out.take_payload(payload);
        Ok(())
    }

    /// Appends a data frame: the first one of a message of this type, or its continuation.
    #[inline]
    fn send_data<B: WriteBuffer>(
        &mut self,
        mut frame: OutboundFrame<'_>,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        frame.opcode = self.message_opcode(frame.opcode)?;
        let payload = frame.payload;
        //= rfc6455#6.1-4, rfc6455#6.1-6
        let mut header =
            FrameHeader { fin: frame.fin, ..FrameHeader::new(frame.opcode, payload.len() as u64) };
        //= rfc6455#5.1-1, rfc6455#5.3-1, rfc6455#5.3-2, rfc6455#5.5.1-9, rfc6455#6.1-7, rfc6455#10.3-1
        header.mask = self.masking_key()?;
        if self.extended.is_some() {
            self.write_transformed(header, &frame, out)
        } else {
            self.append_frame(&header, payload, out)
        }
    }

    /// Fails where the state allows no message.
    #[inline]
    pub(super) fn check_may_send(&self) -> Result<(), LocalProtocolError> {
        //= rfc6455#5.1-5, rfc6455#5.5.1-3, rfc6455#6.1-2, rfc6455#6.1-3
        match self.state.after(Step::Send) {
            Some(_) => Ok(()),
            None => Err(LocalProtocolError::WrongState(self.state())),
        }
    }

    /// Returns the opcode of the next frame of a message of this type, or the reason why none can be sent.
    #[inline]
    pub(super) fn message_opcode(&self, kind: Opcode) -> Result<Opcode, LocalProtocolError> {
        self.check_may_send()?;
        //= rfc6455#6.1-5
        Ok(match (self.encoder.message(), kind) {
            (Some(Opcode::Text), Opcode::Text) | (Some(Opcode::Binary), Opcode::Binary) => {
                Opcode::Continuation
            }
            _ => kind,
        })
    }

    /// Appends a frame: header, payload, masked on a client.
    #[inline(always)]
    fn append_frame<B: WriteBuffer>(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        //= rfc6455#6.1-1, rfc6455#10.3-2
        self.encoder.check(header)?;
        // The addition never saturates: no slice is so long.
        out.reserve(FrameHeader::MAX_LEN.saturating_add(payload.len()));
        header.encode_to(|bytes| out.append(bytes));
        append_payload(payload, header.mask, out);
        Ok(())
    }

    /// Does the same as [`append_frame`](Self::append_frame), for frames that aren't plain messages. It is a call of
    /// its own with a closure of its own: a shared closure would become a call for messages, too.
    #[inline(never)]
    pub(super) fn write_frame<B: WriteBuffer>(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        self.encoder.check(header)?;
        out.reserve(FrameHeader::MAX_LEN.saturating_add(payload.len()));
        header.encode_to(|bytes| out.append(bytes));
        append_payload(payload, header.mask, out);
        Ok(())
    }

    /// Returns a fresh key on a client, none on a server. It is a call of its own. The one for each message is inlined.
    #[inline(never)]
    pub(super) fn fresh_key(&mut self) -> Result<Option<MaskingKey>, LocalProtocolError> {
        self.masking_key()
    }

    #[inline(always)]
    fn masking_key(&mut self) -> Result<Option<MaskingKey>, LocalProtocolError> {
        if !self.role.masks() {
            return Ok(None);
        }
        let key = self.entropy.key(&mut self.looked_at_process).map_err(|_| LocalProtocolError::Entropy)?;
        Ok(Some(MaskingKey::new(key)))
    }
}

/// Makes the frame of a part of a message of this type.
#[inline]
pub(super) const fn data_frame<'p, D>(
    opcode: Opcode,
    message: &DataMessage<D>,
    payload: &'p [u8],
) -> OutboundFrame<'p> {
    let mut frame = OutboundFrame::new(opcode, payload);
    frame.fin = message.message_finished;
    frame.verbatim = message.verbatim;
    frame
}

/// From this many bytes on it is faster to copy a piece and then mask it: the piece is still in the first-level cache.
const LONG: usize = 4 << 10;

/// How much is copied before it is masked, in bytes.
const PIECE_LEN: usize = 16 << 10;

#[inline(always)]
fn append_payload<B: WriteBuffer>(payload: &[u8], mask: Option<MaskingKey>, out: &mut B) {
    match mask {
        Some(key) => append_masked(payload, key, out),
        None => out.append(payload),
    }
}

/// Appends a masked payload. A short one is copied and masked in one pass, in blocks that stay in registers.
#[inline(always)]
fn append_masked<B: WriteBuffer>(payload: &[u8], mut key: MaskingKey, out: &mut B) {
    if payload.len() >= LONG {
        for piece in payload.chunks(PIECE_LEN) {
            append_masked_piece(piece, &mut key, out);
        }
        return;
    }
    let (blocks, rest) = payload.as_chunks::<64>();
    for block in blocks {
        out.append(&key.masked(*block));
    }
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        out.append(&key.masked(*word));
    }
    if !rest.is_empty() {
        append_masked_piece(rest, &mut key, out);
    }
}

#[inline]
fn append_masked_piece<B: WriteBuffer>(piece: &[u8], key: &mut MaskingKey, out: &mut B) {
    let start = out.len();
    out.append(piece);
    key.apply(out.get_mut(start..).unwrap_or_default());
}
