//! Frames that go out through the agreed extensions.

use wsproto_extensions::{Handling, OutboundFrame, WriteBuffer};
use wsproto_frame::FrameHeader;

use super::Connection;
use crate::LocalProtocolError;

impl Connection {
    /// Appends a frame whose payload goes through the extensions. On failure it appends nothing. It is a call of its
    /// own, so that frames without extensions don't pay for it.
    #[inline(never)]
    pub(super) fn write_transformed<B: WriteBuffer>(
        &mut self,
        mut header: FrameHeader,
        frame: &OutboundFrame<'_>,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        // An extension must not see a frame that can't be sent: its state would be ahead of the peer's.
        self.encoder.clone().check(&header)?;
        let Some(extended) = self.extended.as_deref_mut() else {
            return self.write_frame(&header, frame.payload, out);
        };
        let start = out.len();
        out.append(&[0; FrameHeader::MAX_LEN]);
        let payload_start = out.len();
        let sent = match extended.pipeline.outbound(frame, out) {
            Ok(sent) => sent,
            Err(error) => {
                out.truncate(start);
                return Err(error.into());
            }
        };
        //= rfc6455#5.2-1
        header.rsv = sent.rsv;
        if sent.handling != Handling::Transform {
            out.truncate(start);
            if sent.handling == Handling::Swallow {
                // The encoder sees a swallowed message as under way, though the peer gets none of it: all of its frames
                // are swallowed.
                return Ok(self.encoder.check(&header)?);
            }
            return self.write_frame(&header, frame.payload, out);
        }
        let payload = out.get_mut(payload_start..).unwrap_or_default();
        header.payload_len = payload.len() as u64;
        if let Some(mut key) = header.mask {
            key.apply(payload);
        }
        let outcome = self.encoder.encode(&header);
        debug_assert!(outcome.is_ok(), "no memory holds a payload that is too long for a frame");
        let encoded = outcome.inspect_err(|_| out.truncate(start))?;
        // The header takes the end of the gap before the payload. The rest of the gap is closed.
        let gap = out.get_mut(start..payload_start).unwrap_or_default();
        gap.iter_mut().rev().zip(encoded.iter().rev()).for_each(|(to, from)| *to = *from);
        debug_assert!(encoded.len() <= FrameHeader::MAX_LEN, "the gap holds any header");
        out.remove(start..payload_start.saturating_sub(encoded.len()));
        Ok(())
    }
}
