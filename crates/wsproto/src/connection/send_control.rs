//! Control frames that go out: Close, Ping and Pong.

use alloc::vec::Vec;

use wsproto_extensions::{Handling, OutboundFrame, WriteBuffer};
use wsproto_frame::{CloseCode, ClosePayload, EncodedHeader, FrameHeader, Opcode};

use super::Connection;
use crate::{CloseConnection, LocalProtocolError, state::Step};

/// A whole frame. It is short, so it is made once for all kinds of output.
struct ControlFrame {
    header: EncodedHeader,
    payload: [u8; FrameHeader::MAX_CONTROL_PAYLOAD_LEN],
    len: usize,
}

impl Connection {
    pub(super) fn send_control<B: WriteBuffer>(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        step: Step,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        if let Some(ControlFrame { header, payload, len }) = self.control_frame(opcode, payload, step)? {
            out.append(&header);
            out.append(payload.get(..len).unwrap_or_default());
        }
        Ok(())
    }

    pub(super) fn send_close<B: WriteBuffer>(
        &mut self,
        close: &CloseConnection<'_>,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        if close.code == CloseCode::NO_STATUS && !close.reason.is_empty() {
            return Err(LocalProtocolError::ReasonWithoutCode);
        }
        let mut buffer = [0; FrameHeader::MAX_CONTROL_PAYLOAD_LEN];
        let payload = ClosePayload { code: close.code, reason: &close.reason }.write(&mut buffer)?;
        //= rfc6455#7.1.2-1
        self.send_control(Opcode::Close, payload, Step::SendClose, out)
    }

    /// Makes a frame and treats it as sent; `None` where an extension swallows it.
    #[inline(never)]
    fn control_frame(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        step: Step,
    ) -> Result<Option<ControlFrame>, LocalProtocolError> {
        let state = self.state.after(step).ok_or(LocalProtocolError::WrongState(self.state()))?;
        let mut header = FrameHeader::new(opcode, payload.len() as u64);
        header.mask = self.fresh_key()?;
        let mut is_sent = true;
        if let Some(extended) = self.extended.as_deref_mut() {
            // An extension must not see a frame that can't be sent: its state would be ahead of the peer's.
            self.encoder.clone().check(&header)?;
            // No extension transforms a control frame: bytes that it writes here are dropped.
            let sent = extended.pipeline.outbound(&OutboundFrame::new(opcode, payload), &mut Vec::new())?;
            //= rfc6455#5.2-1
            header.rsv = sent.rsv;
            is_sent = sent.handling != Handling::Swallow;
        }
        let encoded = self.encoder.encode(&header)?;
        let mut frame = ControlFrame { header: encoded, payload: [0; _], len: payload.len() };
        frame.payload.iter_mut().zip(payload).for_each(|(to, from)| *to = *from);
        if let Some(mut key) = header.mask {
            key.apply(&mut frame.payload);
        }
        self.state = state;
        self.give_back_when_closed();
        Ok(is_sent.then_some(frame))
    }
}
