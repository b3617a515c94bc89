//! The working permessage-deflate of a connection that agreed to it.

use alloc::vec::Vec;

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Role, Rsv};

use super::receiver::Receiver;
use super::sender::{Part, Sender};
use super::{DeflateConfig, DeflateParams};
use crate::{Extension, Handling, Outbound, OutboundFrame, Output, Progress, Refusal};

/// An agreed permessage-deflate.
///
/// In a pipeline it is an [`Extension`]. By itself it compresses and decompresses whole messages, for a stack with its
/// own frames:
///
/// ```
/// use wsproto_extensions::deflate::DeflateConfig;
///
/// let config = DeflateConfig::default().with_threshold(0);
/// let (answer, mut server) = config.respond(&config.offer())?.expect("the offer is acceptable");
/// let mut client = config.conclude(&answer)?.expect("the server agreed");
///
/// let (mut payload, mut message) = (Vec::new(), Vec::new());
/// assert!(server.compress(b"Hello Hello Hello Hello", &mut payload)?); // RSV1 is set
/// client.decompress(&payload, &mut message, 1 << 20)?;
/// assert_eq!(message, b"Hello Hello Hello Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 7692 [§7](https://www.rfc-editor.org/rfc/rfc7692#section-7)
#[derive(Debug)]
pub struct PermessageDeflate {
    params: DeflateParams,
    threshold: usize,
    sender: Sender,
    /// The treatment of the message that is being sent.
    sending: Handling,
    receiver: Receiver,
    /// The treatment of the message that is being received.
    receiving: Handling,
}

impl PermessageDeflate {
    /// Makes the extension with agreed parameters, wherever these were negotiated.
    #[must_use]
    pub fn new(role: Role, params: DeflateParams, config: &DeflateConfig) -> Self {
        let server = (params.server_max_window_bits, params.server_no_context_takeover);
        let client = (params.client_max_window_bits, params.client_no_context_takeover);
        let (ours, theirs) = match role {
            Role::Server => (server, client),
            Role::Client => (client, server),
        };
        Self {
            params,
            threshold: config.threshold,
            sender: Sender::new(ours.0, ours.1, config),
            sending: Handling::Pass,
            receiver: Receiver::new(theirs.0, theirs.1, config),
            receiving: Handling::Pass,
        }
    }

    /// Returns the agreed parameters.
    #[must_use]
    pub const fn params(&self) -> DeflateParams {
        self.params
    }

    /// Compresses a whole message and appends its payload to `out`. Returns false if the message must be sent
    /// uncompressed.
    ///
    /// It is sent uncompressed if it is shorter than the threshold, or if it doesn't shrink and there is no context
    /// takeover. For a compressed message, set RSV1 in its first frame.
    ///
    /// # Errors
    ///
    /// A refusal if the compressor failed.
    pub fn compress(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<bool, Refusal> {
        let frame = OutboundFrame::new(Opcode::Binary, message);
        let start = out.len();
        let compressed = self.outbound(&frame, &mut Output::new(out, usize::MAX));
        let done = matches!(compressed, Ok(Outbound { handling: Handling::Transform, .. }));
        if !done {
            out.truncate(start);
        }
        compressed.map(|_| done)
    }

    /// Decompresses the whole payload of a message that had RSV1 set, and appends it to `out`.
    ///
    /// # Errors
    ///
    /// A refusal with 1009 if the message is longer than `max_len` bytes, and with 1007 if it is no valid stream. It is
    /// final, since the beginning of the next message is unknown: each later call returns it again.
    pub fn decompress(
        &mut self,
        mut payload: &[u8],
        out: &mut Vec<u8>,
        max_len: usize,
    ) -> Result<(), Refusal> {
        self.receiver.start_message();
        // One byte more than allowed distinguishes a message that is too long from one that just fits.
        let mut output = Output::new(out, max_len.saturating_add(1));
        self.receiver.decompress(&mut payload, &mut output)?;
        if output.room() == 0 {
            let refusal = Refusal::new(CloseCode::MESSAGE_TOO_BIG, "a message is longer than allowed");
            return Err(self.receiver.fail(refusal));
        }
        self.receiver.finish()
    }
}

impl Extension for PermessageDeflate {
    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        let compressed = header.rsv.contains(Rsv::RSV1);
        match header.opcode {
            Opcode::Text | Opcode::Binary => {
                //= rfc7692#6-3
                self.receiving = if compressed { Handling::Transform } else { Handling::Pass };
                self.receiver.start_message();
                Ok(self.receiving)
            }
            //= rfc7692#6-1
            Opcode::Continuation if compressed => {
                Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "RSV1 is set on a continuation frame"))
            }
            //= rfc7692#6.2-1
            Opcode::Continuation => Ok(self.receiving),
            //= rfc7692#6-2
            Opcode::Close | Opcode::Ping | Opcode::Pong if compressed => {
                Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "RSV1 is set on a control frame"))
            }
            Opcode::Close | Opcode::Ping | Opcode::Pong => Ok(Handling::Pass),
        }
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.receiver.decompress(input, output)
    }

    fn inbound_end(&mut self, header: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        if header.fin {
            self.receiver.finish()?;
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if frame.opcode.is_control() {
            return Ok(Outbound::PASS);
        }
        let first = frame.opcode != Opcode::Continuation;
        if first {
            let short = frame.fin && frame.payload.len() < self.threshold;
            self.sending = if frame.verbatim || short { Handling::Pass } else { Handling::Transform };
        }
        if self.sending == Handling::Pass {
            return Ok(Outbound::PASS);
        }
        //= rfc7692#6.1-1
        let part = Part { payload: frame.payload, first };
        if !frame.fin {
            self.sender.compress_part(part, output)?;
        } else if !self.sender.compress_last(part, output)?
            && first
            && output.written().len() >= frame.payload.len()
        {
            // The message didn't shrink, and the next one won't refer to it.
            return Ok(Outbound::PASS);
        }
        Ok(Outbound::transformed(if first { Rsv::RSV1 } else { Rsv::NONE }))
    }

    fn outbound_header(&mut self, header: &FrameHeader) -> Option<Rsv> {
        if header.opcode != Opcode::Continuation {
            self.sending = Handling::Pass;
        }
        (self.sending == Handling::Pass).then_some(Rsv::NONE)
    }

    //= rfc7692#6.1-1
    fn is_per_message(&self) -> bool {
        true
    }

    fn outbound_key(&self) -> Option<u128> {
        Some(self.sender.key()? << usize::BITS | self.threshold as u128)
    }

    fn outbound_dropped(&mut self) {
        self.sender.forget();
    }

    fn park(&mut self) {
        self.sender.forget();
        self.receiver.park();
    }

    fn keeps_memory(&self) -> bool {
        self.sender.keeps_memory() || self.receiver.keeps_memory()
    }
}
