//! Frames as they arrive: the peer's bytes go in, unmasked parts of frames come out where they lie.

#![expect(
    clippy::inline_always,
    reason = "chunks and events that go through memory cost more than the work itself"
)]

mod frame;
mod part;
mod wait;
mod whole;

use core::fmt;

use self::frame::Frame;
pub use self::part::{FrameChunk, FramePart};
pub use self::wait::FrameWait;
use crate::{Fragmentation, FrameError, FrameHeader, MaskingKey, Opcode, Role, Rsv};

/// Takes frames apart as their bytes arrive, and holds the peer to every rule that a frame can break.
///
/// It keeps at most a header that came in pieces; payloads stay in the caller's buffer, unmasked in place.
/// An error is final: later calls return it again.
///
/// ```
/// use wsproto_frame::{FrameDecoder, Role};
///
/// let mut decoder = FrameDecoder::new(Role::Client);
/// let (mut first, mut second) = (*b"\x82\x05He", *b"llo\x8a\x00");
///
/// let mut input = &mut first[..];
/// let chunk = decoder.decode(&mut input)?.expect("the header and two bytes");
/// assert_eq!((&*chunk.payload, chunk.frame_finished), (&b"He"[..], false));
/// assert!(decoder.decode(&mut input)?.is_none());
///
/// let mut input = &mut second[..];
/// let chunk = decoder.decode(&mut input)?.expect("the rest of the frame");
/// assert_eq!((&*chunk.payload, chunk.frame_finished), (&b"llo"[..], true));
/// assert_eq!(input, b"\x8a\x00"); // the next frame, still to be decoded
/// # Ok::<(), wsproto_frame::FrameError>(())
/// ```
#[derive(Clone)]
pub struct FrameDecoder {
    role: Role,
    /// The reserved bits that agreed extensions own.
    rsv: Rsv,
    fragmentation: Fragmentation,
    /// Length of `started`.
    started_len: u8,
    /// The start of a header that came in pieces.
    started: [u8; FrameHeader::MAX_LEN],
    max_payload_len: u64,
    max_message_len: u64,
    /// What the payload of the next data frame may add to its message: between messages, `max_message_len`.
    message_left: u64,
    state: State,
}

/// Which of them it is has a byte of its own: one hidden in the frame takes longer to read.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum State {
    BetweenFrames,
    /// Within a header that comes in pieces.
    Header,
    /// Within a payload.
    Payload(Frame),
    /// The peer broke a rule.
    Failed(FrameError),
}

impl FrameDecoder {
    /// Makes the decoder of the side that `role` names: a server gets masked frames, a client frames without a mask.
    ///
    /// No reserved bit is allowed, a frame may be as long as the protocol permits, 2⁶³ − 1 bytes, and a message as long as
    /// its frames make it.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            rsv: Rsv::NONE,
            fragmentation: Fragmentation::Idle,
            started_len: 0,
            started: [0; FrameHeader::MAX_LEN],
            max_payload_len: u64::MAX,
            max_message_len: u64::MAX,
            message_left: u64::MAX,
            state: State::BetweenFrames,
        }
    }

    /// Allows the reserved bits that agreed extensions own.
    #[must_use]
    pub const fn with_rsv(mut self, rsv: Rsv) -> Self {
        self.rsv = rsv;
        self
    }

    /// Limits the payload of a frame, in bytes; a longer one fails at the byte of its length that shows it.
    #[must_use]
    pub const fn with_max_payload_len(mut self, limit: u64) -> Self {
        self.max_payload_len = limit;
        self
    }

    /// Limits a message, the payloads of its frames together, in bytes; a longer one fails as a frame does.
    ///
    /// ```
    /// use wsproto_frame::{FrameDecoder, FrameError, Role};
    ///
    /// let mut decoder = FrameDecoder::new(Role::Server).with_max_message_len(1000);
    /// let mut start_of_header = [0x82, 0xfe, 0x03, 0xe9];
    /// let error = decoder.decode(&mut &mut start_of_header[..]).unwrap_err();
    /// assert_eq!(error, FrameError::MessageTooLong { limit: 1000 });
    /// ```
    #[must_use]
    pub const fn with_max_message_len(mut self, limit: u64) -> Self {
        self.max_message_len = limit;
        self.message_left = limit;
        self
    }

    /// Tells whether everything so far was whole frames: no header and no payload is under way.
    #[must_use]
    #[inline]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::BetweenFrames)
    }

    /// Returns which message of the peer is under way.
    #[must_use]
    #[inline]
    pub const fn fragmentation(&self) -> Fragmentation {
        self.fragmentation
    }

    /// Returns how many bytes of the payload under way are still to come; 0 between frames.
    ///
    /// It is what the peer announced: no reason to get memory for it.
    #[must_use]
    #[inline]
    pub const fn payload_left(&self) -> u64 {
        match &self.state {
            State::Payload(frame) => frame.remaining,
            State::BetweenFrames | State::Header | State::Failed(_) => 0,
        }
    }

    /// Takes the next part of a frame off the front of `input`, or `None` once more bytes are needed.
    ///
    /// # Errors
    ///
    /// The [`FrameError`] that names the broken rule; what follows is not looked at.
    #[inline]
    pub fn decode<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<FrameChunk<'a>>, FrameError> {
        self.decode_at_most(input, usize::MAX)
    }

    /// Does as [`decode`](Self::decode), with at most `max_payload` bytes of a data frame's payload in the part; 0 counts
    /// as 1, since a part that takes nothing would come again without end.
    ///
    /// For callers whose next stage takes bounded pieces: what is not taken stays in `input`, still masked. Control
    /// frames are short and never cut by it.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn decode_at_most<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        max_payload: usize,
    ) -> Result<Option<FrameChunk<'a>>, FrameError> {
        if self.is_between_frames()
            && let Some(part) = self.whole_frame(input, max_payload)
        {
            return Ok(Some(part.split_off(input)));
        }
        let part = self.next_part(input, max_payload)?;
        if part.is_none() {
            *input = &mut [];
        }
        Ok(part.map(|part| part.split_off(input)))
    }

    /// Does as [`decode`](Self::decode), but leaves what it takes where it lies: `input` up to the end of the part's
    /// payload, all of it where there is no part.
    ///
    /// For callers who keep a payload in one piece while they read on behind it.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    ///
    /// ```
    /// use wsproto_frame::{FrameDecoder, Role};
    ///
    /// let mut decoder = FrameDecoder::new(Role::Client);
    /// let mut read = *b"\x82\x05Hello\x8a\x00";
    /// let part = decoder.decode_in_place(&mut read[..4])?.expect("the header and two bytes");
    /// assert_eq!((part.payload, part.frame_finished), (2..4, false));
    /// let part = decoder.decode_in_place(&mut read[4..])?.expect("the rest of the frame");
    /// assert_eq!((part.payload, part.frame_finished), (0..3, true));
    /// assert_eq!(&read[2..7], b"Hello");
    /// # Ok::<(), wsproto_frame::FrameError>(())
    /// ```
    #[inline]
    pub fn decode_in_place(&mut self, input: &mut [u8]) -> Result<Option<FramePart>, FrameError> {
        self.next_part(input, usize::MAX)
    }

    /// Tells whether `input` can wait for more of it, since nothing in it can break a rule, and what may follow it.
    ///
    /// What can wait: the start of a header; the start of a message in one frame, of at most `max_message` bytes; a piece
    /// of a data frame's payload. Of a payload, less than 16 KiB can, and of a text only ASCII, at most 16 bytes at a time;
    /// it must begin between two code points.
    ///
    /// For callers who keep the bytes and want messages whole: to look at a byte costs less than to take it. What can wait
    /// must be shown to the decoder, from its start, once something has to be decoded.
    ///
    /// ```
    /// use wsproto_frame::{FrameDecoder, Role};
    ///
    /// let decoder = FrameDecoder::new(Role::Client);
    /// let wait = decoder.can_wait(b"\x81\x06He", 10).expect("the start of a text");
    /// assert_eq!(wait.message_left(), 4);
    /// assert!(wait.goes_on(b"\x81\x06Hell", 4));
    /// assert!(!wait.goes_on(b"\x81\x06Hel\xc3", 4), "not ASCII");
    /// assert!(!wait.goes_on(b"\x81\x06Hello!", 4), "all of it");
    /// ```
    #[must_use]
    #[inline]
    pub fn can_wait(&self, input: &[u8], max_message: u64) -> Option<FrameWait> {
        match &self.state {
            State::Payload(frame) => frame.can_wait(input),
            State::BetweenFrames => self.start_can_wait(input, max_message),
            State::Header | State::Failed(_) => None,
        }
    }

    /// Tells whether the start of a frame, no part of which was taken, can wait.
    #[inline]
    fn start_can_wait(&self, input: &[u8], max_message: u64) -> Option<FrameWait> {
        let Some((frame, len, after)) = self.judge(input).ok()? else {
            return Some(FrameWait::within_header(input));
        };
        let is_message = frame.header.opcode != Opcode::Continuation && after == Fragmentation::Idle;
        if !is_message || frame.remaining > max_message {
            return None;
        }
        Some(frame.can_wait(input.get(len..)?)?.behind(len))
    }

    /// Takes the next part of any frame, one step after the other.
    #[inline(always)]
    fn next_part(&mut self, input: &mut [u8], max_payload: usize) -> Result<Option<FramePart>, FrameError> {
        match &mut self.state {
            State::BetweenFrames | State::Header => match self.read_header(input) {
                Ok(Some((mut frame, header_len))) => {
                    let rest = input.get_mut(header_len..).unwrap_or_default();
                    let mut part = frame.take_payload(true, rest, max_payload);
                    part.payload = header_len..header_len.saturating_add(part.payload.end);
                    self.state =
                        if part.frame_finished { State::BetweenFrames } else { State::Payload(frame) };
                    Ok(Some(part))
                }
                Ok(None) => Ok(None),
                Err(error) => {
                    self.state = State::Failed(error);
                    Err(error)
                }
            },
            State::Payload(_) if input.is_empty() => Ok(None),
            State::Payload(frame) => {
                let part = frame.take_payload(false, input, max_payload);
                if part.frame_finished {
                    self.state = State::BetweenFrames;
                }
                Ok(Some(part))
            }
            //= rfc6455#7.1.7-5
            State::Failed(error) => Err(*error),
        }
    }

    /// Reads a header at the front of `input`, with what has been kept of it; returns how much of `input` it took.
    #[inline]
    fn read_header(&mut self, input: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
        if self.started_len != 0 {
            return self.read_rest_of_header(input);
        }
        let header = self.parse(input)?;
        if header.is_none() && !input.is_empty() {
            self.keep_started(input);
            self.state = State::Header;
        }
        Ok(header)
    }

    /// Goes on with a header that came in pieces: looks at it as a whole, in at most 14 bytes.
    #[cold]
    fn read_rest_of_header(&mut self, input: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
        let before = usize::from(self.started_len);
        self.keep_started(input);
        let (bytes, len) = (self.started, usize::from(self.started_len));
        let Some((frame, len)) = self.parse(bytes.get(..len).unwrap_or(&bytes))? else { return Ok(None) };
        self.started_len = 0;
        Ok(Some((frame, len.saturating_sub(before))))
    }

    /// Copies what fits of `bytes` behind the start of the header.
    fn keep_started(&mut self, bytes: &[u8]) {
        for (to, from) in self.started.iter_mut().skip(usize::from(self.started_len)).zip(bytes) {
            *to = *from;
            self.started_len = self.started_len.saturating_add(1);
        }
    }

    /// Reads a header and takes its frame as begun.
    #[inline]
    fn parse(&mut self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
        let Some((frame, len, after)) = self.judge(bytes)? else { return Ok(None) };
        self.fragmentation = after;
        if frame.header.opcode.is_data() {
            self.count(&frame.header);
        }
        Ok(Some((frame, len)))
    }

    /// Adds a data frame to its message.
    #[inline(always)]
    const fn count(&mut self, header: &FrameHeader) {
        self.message_left = if header.fin {
            self.max_message_len
        } else {
            self.message_left.saturating_sub(header.payload_len)
        };
    }

    /// Holds the length of a frame's payload to the limits, of which the lower one is named.
    const fn check_len(&self, opcode: Opcode, len: u64) -> Result<(), FrameError> {
        //= rfc6455#10.4-1
        if opcode.is_data() && len > self.message_left && self.message_left < self.max_payload_len {
            return Err(FrameError::MessageTooLong { limit: self.max_message_len });
        }
        if len > self.max_payload_len {
            return Err(FrameError::FrameTooLong { limit: self.max_payload_len });
        }
        Ok(())
    }

    /// Reads a header and holds it to what is allowed at this point; returns, too, which message is under way after it.
    #[inline]
    fn judge(&self, bytes: &[u8]) -> Result<Option<(Frame, usize, Fragmentation)>, FrameError> {
        let before = self.fragmentation;
        let mut after = before;
        let first_byte = |header: &FrameHeader| {
            //= rfc6455#5.2-2
            if !self.rsv.contains(header.rsv) {
                return Err(FrameError::ReservedBits(header.rsv.difference(self.rsv)));
            }
            after = before.after(header)?;
            Ok(())
        };
        let mask_bit = |masked: bool| match (self.role, masked) {
            //= rfc6455#5.1-2
            (Role::Server, false) => Err(FrameError::NotMasked),
            //= rfc6455#5.1-4
            (Role::Client, true) => Err(FrameError::Masked),
            (Role::Server, true) | (Role::Client, false) => Ok(()),
        };
        let length = |header: &FrameHeader, least: u64| self.check_len(header.opcode, least);
        //= rfc6455#6.2-1, rfc6455#10.7-1
        let Some((header, len)) = FrameHeader::parse_with(bytes, first_byte, mask_bit, length)? else {
            return Ok(None);
        };
        //= rfc6455#5.4-10, rfc6455#6.2-3, rfc6455#6.2-4
        let message = match (header.opcode, before) {
            (Opcode::Continuation, Fragmentation::Text) => Opcode::Text,
            (Opcode::Continuation, _) => Opcode::Binary,
            (opcode, _) => opcode,
        };
        let key = header.mask.unwrap_or(MaskingKey::new([0; 4]));
        let frame = Frame { header, message, key, remaining: header.payload_len };
        Ok(Some((frame, len, after)))
    }
}

/// Shows where the decoder stands, and no byte that the peer sent: a header holds a key.
impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDecoder")
            .field("role", &self.role)
            .field("rsv", &self.rsv)
            .field("fragmentation", &self.fragmentation)
            .field("max_payload_len", &self.max_payload_len)
            .field("max_message_len", &self.max_message_len)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
