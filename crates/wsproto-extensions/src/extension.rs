//! The two traits of an extension, and the types of their methods.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use crate::{Output, Params, Reason};

/// The negotiating part of an extension: a configuration that many connections share.
///
/// RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)
pub trait ExtensionConfig: fmt::Debug + Send + Sync {
    /// Returns the registered name, which is a token.
    fn name(&self) -> &str;

    /// Returns the reserved bits that the extension owns once agreed. Of two extensions with the same bit, the later is
    /// declined.
    fn rsv(&self) -> Rsv;

    /// Returns a client's offers, in order of preference. None means that the client doesn't offer it.
    fn offers(&self) -> Vec<Params<'static>>;

    /// Checks the server's answer to the offers, as a client, and makes the agreed extension.
    ///
    /// # Errors
    ///
    /// The reason why the answer can't be accepted. The connection then fails with
    /// [`NegotiationError::Unacceptable`](crate::NegotiationError::Unacceptable).
    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason>;

    /// Answers one offer as a server, or declines it with `None`. Then the client's next offer is tried.
    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)>;
}

/// The working part of an extension. It exists once both sides agreed, one for each connection.
///
/// Frames arrive in order. [`inbound_header`](Self::inbound_header) is called for each one, including control frames.
/// If it returns [`Handling::Transform`], the frame's payload goes through [`inbound`](Self::inbound), and
/// [`inbound_end`](Self::inbound_end) ends the frame. A control frame may come between the fragments of a message, but
/// never inside a frame. It must not affect the state of the message.
///
/// A frame may be swallowed. Then the program gets nothing of a received frame, or the peer gets nothing of a sent one.
/// If each frame of a message is swallowed, the program gets no message. See [`Handling::Swallow`], [`Output::swallow`]
/// and [`Outbound::SWALLOW`].
///
/// It needn't be unwind-safe: after a panic the pipeline calls none of its extensions again, and returns
/// [`ExtensionError::Panicked`](crate::ExtensionError::Panicked).
pub trait Extension: fmt::Debug + Send + Sync {
    /// Returns the reserved bits that it owns. No other agreed extension owns one of them.
    fn rsv(&self) -> Rsv;

    /// Sees the header of the peer's frame, and returns what it does with the payload.
    ///
    /// `header.rsv` has all bits that the peer set. `header.payload_len` counts the bytes on the wire. Another
    /// extension may change their number before this one sees them. The payload of a control frame is never
    /// transformed: it passes, or the frame is swallowed or refused. A Close is never swallowed.
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal>;

    /// Reverses the transformation of the peer's extension for a part of a payload.
    ///
    /// It takes the consumed bytes off the front of `input`. It may consume everything and write nothing, or stop when
    /// `output` is full. Then it is called again with the rest of the input (which may be empty), until it leaves room.
    /// To do neither although it has input and room is an error of the extension.
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal>;

    /// Ends the payload of a frame; `header` is the one that [`inbound_header`](Self::inbound_header) saw.
    ///
    /// It is called again, with new room, until it returns [`Progress::Done`].
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound_end(&mut self, header: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal>;

    /// Sees a frame to send, including control frames, and writes its new payload to `output` or lets it pass.
    ///
    /// `output` is never full here: the frame comes from the caller, and is transformed as a whole. The written bytes
    /// count only if the result says that the payload was transformed. A control frame is never transformed.
    ///
    /// # Errors
    ///
    /// A refusal is returned to the caller, and nothing is sent.
    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal>;

    /// Sees the header of a data frame whose payload the caller writes, and returns the bits to set.
    ///
    /// It returns `None` if it needs the payload, which is the default.
    ///
    /// With `None` its state must not have changed: the frame isn't sent. The header has the frame's length, but
    /// neither bits nor a masking key. If it is the first frame of a message, later frames may come with or without
    /// their payload.
    fn outbound_header(&mut self, header: &FrameHeader) -> Option<Rsv> {
        let _ = header;
        None
    }

    /// Returns whether the output of [`outbound`](Self::outbound) for a frame may be cut anywhere into several frames,
    /// with the bits only in the first header.
    ///
    /// This holds for extensions that work on messages and not on frames, such as those of RFC 7692
    /// ([§6.1](https://www.rfc-editor.org/rfc/rfc7692#section-6.1)). The default is false: an extension may work on
    /// frames.
    fn is_per_message(&self) -> bool {
        false
    }

    /// Returns a key for everything that determines the output of [`outbound`](Self::outbound) for a whole message.
    /// `None`, the default, means that the output depends on earlier messages.
    ///
    /// It is a promise for messages to many connections. Extensions of this name with the same key give the same output
    /// for a message in one frame, and none of them needs to see the output of another.
    fn outbound_key(&self) -> Option<u128> {
        None
    }

    /// Learns that the frame which [`outbound`](Self::outbound) or [`outbound_header`](Self::outbound_header) saw last
    /// is not sent. Another extension refused or swallowed it, the output of this one breaks the contract, or the frame
    /// can't be written.
    ///
    /// If the peer keeps the same state, such as a compression window or a checksum, the extension must drop the state
    /// that the peer won't see. The caller may send the same frame again, or another one.
    fn outbound_dropped(&mut self) {}

    /// Frees memory that an idle connection doesn't need. By default there is none.
    ///
    /// It may be called at any time, even within a message. Later messages must still be correct in both directions:
    /// the memory is allocated again when it is needed.
    fn park(&mut self) {}

    /// Returns whether it keeps memory between messages. If no agreed extension does, the pipeline keeps none either.
    fn keeps_memory(&self) -> bool {
        true
    }
}

/// The treatment of a frame by an extension.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Handling {
    /// The payload stays unchanged, and the extension doesn't see it.
    Pass,
    /// The payload goes through the extension.
    Transform,
    /// The frame reaches only the extensions: the program gets nothing of a received frame, the peer nothing of a sent
    /// one.
    ///
    /// A received frame still goes through the later extensions, as if it passed: their state may depend on it. Their
    /// output is dropped. An extension that needs the payload to decide returns [`Transform`](Self::Transform), and
    /// calls [`Output::swallow`] later.
    Swallow,
}

/// Whether an extension has more to write.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// There is more output than room.
    More,
    /// Everything is written.
    Done,
}

/// A frame to send, before the current extension has seen it.
///
/// ```
/// use wsproto_extensions::OutboundFrame;
/// use wsproto_frame::Opcode;
///
/// let secret = OutboundFrame::new(Opcode::Text, b"token=42").verbatim();
/// assert!(secret.fin && secret.verbatim);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct OutboundFrame<'a> {
    /// The opcode.
    pub opcode: Opcode,
    /// Whether it is the last frame of its message.
    pub fin: bool,
    /// Whether the caller asks for an unchanged message, for example because it mixes secrets with an attacker's data
    /// (RFC 7692 [§8](https://www.rfc-editor.org/rfc/rfc7692#section-8)). It counts in the first frame of a message.
    pub verbatim: bool,
    /// The payload, unmasked.
    pub payload: &'a [u8],
}

impl<'a> OutboundFrame<'a> {
    /// Makes a frame that is a whole message.
    #[must_use]
    pub const fn new(opcode: Opcode, payload: &'a [u8]) -> Self {
        Self { opcode, fin: true, verbatim: false, payload }
    }

    /// Marks the frame as unfinished: more fragments of the message follow.
    #[must_use]
    pub const fn unfinished(mut self) -> Self {
        self.fin = false;
        self
    }

    /// Asks extensions to send the message unchanged.
    #[must_use]
    pub const fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// Returns the same frame with another payload.
    #[must_use]
    pub const fn with_payload<'b>(&self, payload: &'b [u8]) -> OutboundFrame<'b> {
        OutboundFrame { opcode: self.opcode, fin: self.fin, verbatim: self.verbatim, payload }
    }
}

/// Shows the length of the payload, and no bytes: payloads don't belong in logs.
impl fmt::Debug for OutboundFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundFrame")
            .field("opcode", &self.opcode)
            .field("fin", &self.fin)
            .field("verbatim", &self.verbatim)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .finish()
    }
}

/// The result for a frame to send.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Outbound {
    /// The reserved bits to set in its header.
    pub rsv: Rsv,
    /// Whether the payload is the original one or the written bytes, or nothing is sent.
    pub handling: Handling,
}

impl Outbound {
    /// The frame is sent unchanged.
    pub const PASS: Self = Self { rsv: Rsv::NONE, handling: Handling::Pass };

    /// The frame isn't sent, and the caller doesn't learn that. Written bytes are dropped.
    ///
    /// If it is a message's first frame, the rest of the message is swallowed with it, and no extension sees it. The
    /// last frame of a message that has begun, and a Close, can't be swallowed: the peer waits for them. Extensions
    /// that saw the frame before learn by [`outbound_dropped`](Extension::outbound_dropped) that it isn't sent. Later
    /// extensions never see it.
    pub const SWALLOW: Self = Self { rsv: Rsv::NONE, handling: Handling::Swallow };

    /// The payload consists of the written bytes, and these bits are set.
    #[must_use]
    pub const fn transformed(rsv: Rsv) -> Self {
        Self { rsv, handling: Handling::Transform }
    }

    /// The payload is unchanged, and these bits are set.
    #[must_use]
    pub const fn flagged(rsv: Rsv) -> Self {
        Self { rsv, handling: Handling::Pass }
    }
}

/// An extension's verdict that the connection must end.
///
/// ```
/// use wsproto_extensions::{CloseCode, Refusal};
///
/// const BAD_BLOCK: Refusal = Refusal::new(CloseCode::INVALID_PAYLOAD, "a block is damaged");
/// let refusal = Refusal::with(CloseCode::INVALID_PAYLOAD, format!("block {} is damaged", 7));
/// assert_eq!(refusal.to_string(), "block 7 is damaged");
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The code for the Close.
    pub code: CloseCode,
    /// The reason, for logs and for the Close frame. There it is cut after at most 123 bytes.
    pub reason: Reason,
}

impl Refusal {
    /// Makes a verdict with a fixed text.
    #[must_use]
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self { code, reason: Reason::new(reason) }
    }

    /// Makes a verdict with a text made at run time, or with the error that caused it: [`Reason::of`].
    #[must_use]
    pub fn with(code: CloseCode, reason: impl Into<Reason>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

/// The source is the cause of the error that the reason was made of. That error itself is [`Reason::error`].
impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.source()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::ExtensionError;

    #[test]
    fn a_frame_shows_no_byte_of_its_payload() {
        let frame = OutboundFrame::new(Opcode::Text, b"secret");
        let shown = "OutboundFrame { opcode: Text, fin: true, verbatim: false, payload: 6 bytes }";
        assert_eq!(format!("{frame:?}"), shown);
    }

    /// Each method changes one field and leaves the others.
    #[test]
    fn frames_are_made_step_by_step() {
        let frame = OutboundFrame::new(Opcode::Ping, b"one");
        assert_eq!(
            (frame.opcode, frame.fin, frame.verbatim, frame.payload),
            (Opcode::Ping, true, false, &b"one"[..])
        );
        let (unfinished, verbatim) = (frame.unfinished(), frame.verbatim());
        assert_eq!((unfinished.fin, unfinished.verbatim), (false, false));
        assert_eq!((verbatim.fin, verbatim.verbatim), (true, true));
        let other = verbatim.unfinished().with_payload(b"two");
        assert_eq!(
            (other.opcode, other.fin, other.verbatim, other.payload),
            (Opcode::Ping, false, true, &b"two"[..])
        );
    }

    #[test]
    fn a_refusal_says_why() {
        for refusal in [
            Refusal::new(CloseCode::POLICY_VIOLATION, "not today"),
            Refusal::with(CloseCode::POLICY_VIOLATION, Reason::new("not today")),
        ] {
            assert_eq!(
                (refusal.code, format!("{refusal}").as_str()),
                (CloseCode::POLICY_VIOLATION, "not today")
            );
            assert!(refusal.source().is_none());
        }
        let caused = "many".parse::<u32>().unwrap_err();
        let refusal = Refusal::with(CloseCode::INVALID_PAYLOAD, Reason::of(caused.clone()));
        assert_eq!(format!("{refusal}"), format!("{caused}"));
        assert!(refusal.source().is_none(), "`Display` shows the error already");
        assert!(refusal.reason.error().is_some_and(|error| error.downcast_ref() == Some(&caused)));
        let outer = Refusal::with(CloseCode::INVALID_PAYLOAD, Reason::of(ExtensionError::Refused(refusal)));
        assert_eq!((format!("{outer}"), outer.source().is_none()), (format!("{caused}"), true));
    }
}
