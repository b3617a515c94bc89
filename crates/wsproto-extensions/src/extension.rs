//! The two traits that an extension consists of, and what their methods speak in.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use crate::{Output, Params, Reason};

/// The part of an extension that negotiates: a configuration that many connections share.
///
/// RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)
pub trait ExtensionConfig: fmt::Debug + Send + Sync {
    /// Returns the registered name, a token.
    fn name(&self) -> &str;

    /// Returns the reserved bits that the extension owns once agreed; a collision is settled by declining the later one.
    fn rsv(&self) -> Rsv;

    /// Returns what a client offers, in order of preference; nothing where it doesn't offer.
    fn offers(&self) -> Vec<Params<'static>>;

    /// Judges the server's answer to the offers, as a client.
    ///
    /// # Errors
    ///
    /// The reason for which the answer can't be honoured; the connection then fails with
    /// [`NegotiationError::Unacceptable`](crate::NegotiationError::Unacceptable).
    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason>;

    /// Answers one offer as a server, or declines it with `None`; then the client's next offer is tried.
    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)>;
}

/// The part of an extension that works: it exists once both sides agreed, one for each connection.
///
/// Frames arrive in order. For each one [`inbound_header`](Self::inbound_header) is called, for control frames, too;
/// where it answers [`Handling::Transform`], the frame's payload goes through [`inbound`](Self::inbound), and
/// [`inbound_end`](Self::inbound_end) closes the frame. A control frame may come between the fragments of a message,
/// never inside a frame: what is kept about the message stays as it is.
///
/// A frame may be swallowed: the program then gets nothing of it, or the peer nothing where it is to be sent. If each frame
/// of a message is swallowed, there is no message for the program. See [`Handling::Swallow`], [`Output::swallow`] and
/// [`Outbound::SWALLOW`].
///
/// It needn't be safe to unwind through: after a panic the pipeline calls none of its extensions again, and gives
/// [`ExtensionError::Panicked`](crate::ExtensionError::Panicked).
pub trait Extension: fmt::Debug + Send + Sync {
    /// Returns the reserved bits that it owns; no other agreed extension owns one of them.
    fn rsv(&self) -> Rsv;

    /// Sees the header of a frame from the peer and says whether it transforms the payload.
    ///
    /// The bits in `header.rsv` are all that the peer set. `header.payload_len` counts the bytes on the wire, which
    /// another extension may have changed in number before this one sees them. A control frame's payload is never
    /// transformed: it passes or is swallowed, or refused. A Close is never swallowed.
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal>;

    /// Undoes what the peer's side of this extension did to a payload, a part at a time.
    ///
    /// Takes what it consumed off the front of `input`. It may consume everything and write nothing, or stop when
    /// `output` is full; then it is called again, with what it left (which may be empty), until it leaves room.
    /// It is an error of the extension to do neither although it has input and room.
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal>;

    /// Ends the payload of a frame; `header` is what [`inbound_header`](Self::inbound_header) saw.
    ///
    /// It is called again, with new room, until it returns [`Progress::Done`].
    ///
    /// # Errors
    ///
    /// A refusal ends the connection.
    fn inbound_end(&mut self, header: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal>;

    /// Sees a frame that is to be sent, control frames too, and writes its new payload to `output` or lets it pass.
    ///
    /// `output` is never full here: what is sent is the caller's own, and is transformed whole. What was written counts
    /// only where the answer says that the payload was transformed. A control frame is never transformed.
    ///
    /// # Errors
    ///
    /// A refusal is told to the caller, and nothing is sent.
    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal>;

    /// Sees the header of a data frame that is to be sent, of which it can't see the payload: the caller writes that himself,
    /// as it is. Returns the bits to set, or `None`, as by default, where it has to see the payload.
    ///
    /// With `None` nothing must have changed: the frame isn't sent. The header has the frame's length, and neither bits nor
    /// a key. Where it is the first of a message, other frames of it may come with or without their payload.
    fn outbound_header(&mut self, header: &FrameHeader) -> Option<Rsv> {
        let _ = header;
        None
    }

    /// Tells whether what [`outbound`](Self::outbound) makes of a frame may be cut into several, anywhere: the bits in the
    /// header of the first, none in the others.
    ///
    /// So it is for extensions that work on messages, whatever frames they come in, such as those of RFC 7692
    /// ([§6.1](https://www.rfc-editor.org/rfc/rfc7692#section-6.1)). By default it may not: an extension may work on frames.
    fn is_per_message(&self) -> bool {
        false
    }

    /// Names all that decides what [`outbound`](Self::outbound) makes of a whole message, or says `None`, as by default,
    /// where earlier messages have a say in it.
    ///
    /// A promise for messages to many: connections where extensions of this name give the same key make the same of a
    /// message that is one frame, and none of them has to see what another one made.
    fn outbound_key(&self) -> Option<u128> {
        None
    }

    /// Learns that the frame which [`outbound`](Self::outbound) or [`outbound_header`](Self::outbound_header) saw last is
    /// not sent: another extension refused or swallowed it, what this one made of it breaks the contract, or it can't be
    /// written.
    ///
    /// An extension whose peer follows along, as with a compression window or a sum, forgets what the peer won't see:
    /// the caller may send the same frame again, or another one.
    fn outbound_dropped(&mut self) {}

    /// Gives up memory that a connection can do without while it is idle; by default there is none.
    ///
    /// It may be called at any time, also within a message. What is received and sent later is still right: the memory is
    /// taken again when it is needed.
    fn park(&mut self) {}

    /// Tells whether memory is kept between messages; if no agreed extension does, the pipeline keeps none either.
    fn keeps_memory(&self) -> bool {
        true
    }
}

/// What an extension does with a frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Handling {
    /// The payload stays as it is, and the extension doesn't see it.
    Pass,
    /// The payload goes through the extension.
    Transform,
    /// The frame goes no further than to the extensions: the program gets nothing of it, or the peer nothing.
    ///
    /// A received frame still goes through the extensions that come after this one, as if it passed: their state may
    /// depend on it. What comes out is dropped. An extension that has to see the payload first answers
    /// [`Transform`](Self::Transform), and calls [`Output::swallow`] later.
    Swallow,
}

/// Whether an extension has more to write.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// There is more than there was room for.
    More,
    /// Everything is written.
    Done,
}

/// A frame that is to be sent, before the extension at hand has seen it.
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
    /// What the frame is.
    pub opcode: Opcode,
    /// Whether it is the last frame of its message.
    pub fin: bool,
    /// Whether the caller asks that the message be sent as it is, say because it mixes secrets with a stranger's data
    /// (RFC 7692 [§8](https://www.rfc-editor.org/rfc/rfc7692#section-8)); counts in a message's first frame.
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

    /// Says that more fragments of the message follow.
    #[must_use]
    pub const fn unfinished(mut self) -> Self {
        self.fin = false;
        self
    }

    /// Asks that the message be sent as it is.
    #[must_use]
    pub const fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// Puts another payload in place of this one.
    #[must_use]
    pub const fn with_payload<'b>(&self, payload: &'b [u8]) -> OutboundFrame<'b> {
        OutboundFrame { opcode: self.opcode, fin: self.fin, verbatim: self.verbatim, payload }
    }
}

/// Shows how long the payload is and none of it: payloads don't belong in logs.
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

/// What became of a frame that is to be sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Outbound {
    /// The reserved bits to set in its header.
    pub rsv: Rsv,
    /// Whether the payload is the original one or what was written, or nothing is sent.
    pub handling: Handling,
}

impl Outbound {
    /// The frame goes out as it is.
    pub const PASS: Self = Self { rsv: Rsv::NONE, handling: Handling::Pass };

    /// The frame isn't sent, which the caller doesn't learn; what was written is dropped.
    ///
    /// Where it is a message's first frame, the rest of the message is swallowed with it, and no extension sees it. The
    /// last frame of a message that has begun, and a Close, can't be swallowed: the peer waits for them. The extensions
    /// that saw the frame before learn by [`outbound_dropped`](Extension::outbound_dropped) that it isn't sent; those
    /// after it never see it.
    pub const SWALLOW: Self = Self { rsv: Rsv::NONE, handling: Handling::Swallow };

    /// Says that the payload is what was written, and sets bits.
    #[must_use]
    pub const fn transformed(rsv: Rsv) -> Self {
        Self { rsv, handling: Handling::Transform }
    }

    /// Leaves the payload as it is and sets bits.
    #[must_use]
    pub const fn flagged(rsv: Rsv) -> Self {
        Self { rsv, handling: Handling::Pass }
    }
}

/// An extension's verdict that the connection can't go on.
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
    /// What the connection is closed with.
    pub code: CloseCode,
    /// Why, for logs and for the Close frame, where more than 123 bytes are cut.
    pub reason: Reason,
}

impl Refusal {
    /// Makes a verdict with a fixed text.
    #[must_use]
    pub const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self { code, reason: Reason::new(reason) }
    }

    /// Makes a verdict with a text of one's own, or with the error that led to it: [`Reason::of`].
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

/// The source is what led to the error that the reason was made of; that error is [`Reason::error`].
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

    /// What makes a frame another leaves the rest of it as it is.
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
        assert!(refusal.source().is_none(), "its text is told already");
        assert!(refusal.reason.error().is_some_and(|error| error.downcast_ref() == Some(&caused)));
        let outer = Refusal::with(CloseCode::INVALID_PAYLOAD, Reason::of(ExtensionError::Refused(refusal)));
        assert_eq!((format!("{outer}"), outer.source().is_none()), (format!("{caused}"), true));
    }
}
