//! The frame decoder: it takes the peer's bytes, and returns unmasked parts of frames without copying them.

#![expect(
    clippy::inline_always,
    reason = "chunks and events that go through memory cost more than the work itself"
)]

mod chunk;
mod frame;
mod shortcuts;

use core::{
    fmt,
    ops::{Range, RangeInclusive},
};

pub use self::chunk::FrameChunk;
use self::frame::Frame;
use crate::{FrameError, FrameHeader, Opcode, Role, Rsv, fragmentation::follow};

/// Splits the peer's bytes into frames as they arrive, and checks every rule that a frame can break.
///
/// It keeps at most an incomplete header; payloads stay in the caller's buffer and are unmasked there. An error is
/// final: later calls return it again.
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
    /// The message under way, Text or Binary.
    message: Option<Opcode>,
    /// The length of `started`.
    started_len: u8,
    /// The first bytes of a header that arrives in pieces.
    started: [u8; FrameHeader::MAX_LEN],
    max_payload_len: u64,
    max_message_len: u64,
    /// How many bytes the next data frame may add to its message; between messages `max_message_len`.
    message_left: u64,
    state: State,
}

/// The variant has a byte of its own: a variant encoded in a niche of the frame takes longer to read.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum State {
    BetweenFrames,
    /// Within a header that arrives in pieces.
    Header,
    /// Within a payload.
    Payload(Frame),
    /// The peer broke a rule.
    Failed(FrameError),
}

impl FrameDecoder {
    /// Makes the decoder for our role: a server accepts only masked frames, a client only frames without a mask.
    ///
    /// At first no reserved bit is allowed. A frame may have the longest length of the protocol, 2⁶³ − 1 bytes, and a
    /// message any length.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            rsv: Rsv::NONE,
            message: None,
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

    /// Limits the payload of a frame, in bytes.
    ///
    /// The decoder refuses a longer frame at the first byte of its length that shows it.
    #[must_use]
    pub const fn with_max_payload_len(mut self, limit: u64) -> Self {
        self.max_payload_len = limit;
        self
    }

    /// Limits the length of a message, which is the sum of its frames' payloads, in bytes.
    ///
    /// The decoder refuses a longer message at the first byte of a frame's length that shows it.
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

    /// Returns the limit of a message in bytes; `u64::MAX` where there is none.
    #[must_use]
    pub const fn max_message_len(&self) -> u64 {
        self.max_message_len
    }

    /// Returns whether the decoder is between frames: no header and no payload is under way.
    #[must_use]
    #[inline]
    pub const fn is_between_frames(&self) -> bool {
        matches!(self.state, State::BetweenFrames)
    }

    /// Returns the peer's message under way, Text or Binary, while its last fragment hasn't come; `None` between
    /// messages.
    #[must_use]
    #[inline]
    pub const fn message(&self) -> Option<Opcode> {
        self.message
    }

    /// Returns the payload under way: the message that it belongs to, as [`FrameChunk::message`], and how many bytes
    /// are still to come.
    ///
    /// `None` between frames and within a header. The peer announced this length, so don't allocate by it.
    ///
    /// ```
    /// use wsproto_frame::{FrameDecoder, Opcode, Role};
    ///
    /// let mut decoder = FrameDecoder::new(Role::Client);
    /// decoder.decode(&mut &mut [0x81, 0x05, b'H'][..])?;
    /// assert_eq!(decoder.payload(), Some((Opcode::Text, 4)));
    /// # Ok::<(), wsproto_frame::FrameError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> Option<(Opcode, u64)> {
        match &self.state {
            State::Payload(frame) => Some((frame.message, frame.left)),
            State::BetweenFrames | State::Header | State::Failed(_) => None,
        }
    }

    /// Takes the next part of a frame off the front of `input`; returns `None` when it needs more bytes.
    ///
    /// # Errors
    ///
    /// The [`FrameError`] that names the broken rule; the bytes after it are not looked at.
    #[inline]
    pub fn decode<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<FrameChunk<&'a mut [u8]>>, FrameError> {
        if self.is_between_frames()
            && let Some(chunk) = self.whole_data_frame(input, usize::MAX)
        {
            return Ok(Some(chunk.split_off(input)));
        }
        let chunk = self.decode_any(input, 1, usize::MAX)?;
        if chunk.is_none() {
            *input = &mut [];
        }
        Ok(chunk.map(|chunk| chunk.split_off(input)))
    }

    /// Does as [`decode`](Self::decode), but leaves the part in place: it takes the bytes of `input` up to the end of
    /// the part's payload. `pieces` is the range of payload bytes that a part should hold.
    ///
    /// The lower bound: while fewer bytes have arrived, and they don't end the frame, they stay in `input`, still
    /// masked. The result is then a part with the header alone, or `None`. The upper bound: bytes beyond it stay in
    /// `input` for the next call; 0 counts as 1, since a part that takes no byte would come again without end. A
    /// control frame is short: it waits in the same way, and is never cut.
    ///
    /// Within a header, `None` takes all of `input`. Within a payload ([`payload`](Self::payload)), it takes nothing.
    ///
    /// Use it to keep a payload in one piece while you read on after it, or to feed a next stage with bounded pieces.
    ///
    /// # Errors
    ///
    /// As for [`decode`](Self::decode).
    ///
    /// ```
    /// use wsproto_frame::{FrameDecoder, Role};
    ///
    /// let mut decoder = FrameDecoder::new(Role::Client);
    /// let mut read = *b"\x82\x05Hello\x8a\x00";
    /// let header = decoder.decode_in_place(&mut read[..4], 4096..=usize::MAX)?.expect("the header");
    /// assert_eq!((header.payload, header.frame_finished), (2..2, false));
    /// assert!(decoder.decode_in_place(&mut read[2..6], 4096..=usize::MAX)?.is_none(), "a byte is missing");
    /// let chunk = decoder.decode_in_place(&mut read[2..], 4096..=usize::MAX)?.expect("all of the payload");
    /// assert_eq!((chunk.payload, chunk.frame_finished), (0..5, true));
    /// assert_eq!(&read[2..7], b"Hello");
    /// # Ok::<(), wsproto_frame::FrameError>(())
    /// ```
    #[inline]
    pub fn decode_in_place(
        &mut self,
        input: &mut [u8],
        pieces: RangeInclusive<usize>,
    ) -> Result<Option<FrameChunk<Range<usize>>>, FrameError> {
        match self.decode_data(input, *pieces.start(), *pieces.end()) {
            Some(chunk) => Ok(Some(chunk)),
            None => self.decode_any(input, *pieces.start(), *pieces.end()),
        }
    }

    /// Takes the next part of any frame, without shortcuts.
    #[inline(never)]
    fn decode_any(
        &mut self,
        input: &mut [u8],
        least: usize,
        most: usize,
    ) -> Result<Option<FrameChunk<Range<usize>>>, FrameError> {
        match &mut self.state {
            State::BetweenFrames | State::Header => match self.read_header(input) {
                Ok(Some((mut frame, header_len))) => {
                    let rest = input.get_mut(header_len..).unwrap_or_default();
                    let chunk =
                        frame.take_payload(true, rest, least, most).map(|chunk| chunk.after(header_len));
                    self.state = match &chunk {
                        Some(FrameChunk { frame_finished: true, .. }) => State::BetweenFrames,
                        _ => State::Payload(frame),
                    };
                    Ok(chunk)
                }
                Ok(None) => Ok(None),
                Err(error) => {
                    self.state = State::Failed(error);
                    Err(error)
                }
            },
            State::Payload(frame) => {
                let chunk = frame.take_payload(false, input, least, most);
                if chunk.as_ref().is_some_and(|chunk| chunk.frame_finished) {
                    self.state = State::BetweenFrames;
                }
                Ok(chunk)
            }
            //= rfc6455#7.1.7-5
            State::Failed(error) => Err(*error),
        }
    }

    /// Reads a header from its kept first bytes and the front of `input`; also returns how many bytes of `input` it
    /// took.
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

    /// Goes on with a header that arrives in pieces: parses all of it again, at most 14 bytes.
    #[cold]
    fn read_rest_of_header(&mut self, input: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
        let before = usize::from(self.started_len);
        self.keep_started(input);
        let (bytes, len) = (self.started, usize::from(self.started_len));
        let Some((frame, len)) = self.parse(bytes.get(..len).unwrap_or(&bytes))? else { return Ok(None) };
        self.started_len = 0;
        Ok(Some((frame, len.saturating_sub(before))))
    }

    /// Appends to the first bytes of the header those of `bytes` that fit.
    fn keep_started(&mut self, bytes: &[u8]) {
        for (to, from) in self.started.iter_mut().skip(usize::from(self.started_len)).zip(bytes) {
            *to = *from;
            self.started_len = self.started_len.saturating_add(1);
        }
    }

    /// Reads a header and begins its frame.
    #[inline]
    fn parse(&mut self, bytes: &[u8]) -> Result<Option<(Frame, usize)>, FrameError> {
        let Some((header, len, (message, after))) = self.check_header(bytes)? else { return Ok(None) };
        self.message = after;
        if header.opcode.is_data() {
            self.count(&header);
        }
        Ok(Some((Frame::new(header, message), len)))
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

    /// Checks the length of a frame's payload by both limits; the error names the lower one.
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

    /// Reads a header, checks the rules that depend on the decoder's state, and also returns the result of [`follow`].
    #[inline]
    fn check_header(&self, bytes: &[u8]) -> Result<Option<Checked>, FrameError> {
        let mut message = (Opcode::Continuation, None);
        let first_byte = |header: &FrameHeader| {
            //= rfc6455#5.2-2
            if !self.rsv.contains(header.rsv) {
                return Err(FrameError::ReservedBits(header.rsv.difference(self.rsv)));
            }
            message = follow(self.message, header)?;
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
        let parsed = FrameHeader::parse_with(bytes, first_byte, mask_bit, length)?;
        Ok(parsed.map(|(header, len)| (header, len, message)))
    }
}

/// A valid header, its length, and the result of [`follow`] for it.
type Checked = (FrameHeader, usize, (Opcode, Option<Opcode>));

/// Shows the state of the decoder, not the peer's bytes: a header holds a key.
impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDecoder")
            .field("role", &self.role)
            .field("rsv", &self.rsv)
            .field("message", &self.message)
            .field("max_payload_len", &self.max_payload_len)
            .field("max_message_len", &self.max_message_len)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
