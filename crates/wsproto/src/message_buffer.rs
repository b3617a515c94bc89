//! A read buffer in which messages stay in one piece: the peer's bytes are read into it, messages come out of it.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

mod made;
mod memory;

use alloc::vec::Vec;
use core::{fmt, mem, ops::Range};

use wsproto_frame::{FrameDecoder, FrameHeader, FrameWait};

pub(crate) use self::made::Made;
use crate::{Event, Messages, RemoteProtocolError, memory::LastLong};

/// How much room there is at least for a read, in bytes.
const LEAST_ROOM: usize = 4 << 10;
/// The length of the buffer at first, in bytes: what the nearest cache holds.
const FIRST_LEN: usize = 16 << 10;
/// A message that is longer than this, in bytes, and whose end is known is read to that end, and no more behind it than
/// a header may have.
const LONG: usize = 8 << 10;
/// Up to this length it is better to grow than to move bytes time and again.
const SMALL_LEN: usize = 64 << 10;

/// A buffer that bytes are read into and whole messages come out of, where they lie.
///
/// For those who want whole messages and read for one connection at a time. What arrives of a message is unmasked in
/// place, and what follows is read right behind it, so that even a message that spans many reads is not copied out of
/// it; it moves where the buffer grows, and the payloads of fragments are moved together. Memory grows with what has
/// arrived, beyond the first 128 KiB to at most three times [`max_message_len`](crate::Config::max_message_len), and
/// never with what the peer announces. What an extension makes of a message lies in memory of its own, which doubles as it
/// comes out, to at most twice that length and 8 KiB; from then on 64 KiB are read at a time. All of it is kept for the
/// next message, and for the next connection: drop the buffer to give it back.
///
/// Where [`is_empty`](Self::is_empty) says so, the buffer can serve another connection or be dropped; where a
/// connection ended before, [`clear`](Self::clear) it. As long as something waits, the connection knows where it stands
/// in it: `receive` would take other bytes in between.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use std::io::Read;
/// use wsproto::{Config, Connection, MessageBuffer, TextMessage};
///
/// let mut client = Connection::client(&Config::default());
/// let mut wire = Vec::new();
/// client.send(TextMessage::new("Hel").unfinished(), &mut wire)?;
/// client.send(TextMessage::new("lo"), &mut wire)?;
///
/// let mut stream = &wire[..];
/// let mut server = Connection::server(&Config::default());
/// let mut buffer = MessageBuffer::new();
/// let mut whole = Vec::new();
/// loop {
///     let n = stream.read(buffer.room())?;
///     if n == 0 {
///         break;
///     }
///     buffer.filled(n);
///     while let Some(event) = server.receive_message(&mut buffer)? {
///         whole.push(event.into_owned());
///     }
/// }
/// assert_eq!(whole, [TextMessage::new("Hello").into()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MessageBuffer {
    /// All of it can be read into; what counts are the two ranges.
    bytes: Vec<u8>,
    /// The payload so far of the message under way, or that of the one that was given last.
    message: Range<usize>,
    /// Whether `message` was given, so that its place is free.
    given: bool,
    /// What was read and not yet taken, behind `message`.
    unread: Range<usize>,
    /// Where the message under way will end if it is long, or less where it is not or nobody knows. More than a little
    /// behind it is not read: it would have to be moved.
    awaited_end: usize,
    /// What may wait with what is unread up to `seen_end`, seen from the front of `bytes`.
    wait: FrameWait,
    seen_end: usize,
    /// Up to where the next bytes may be read into.
    room_end: usize,
    /// Where less than [`LEAST_ROOM`] would be left of that, or 0 where the room has to be found.
    last_room: usize,
    /// The message under way, or the one that was given last, where an extension made some of it.
    made: Made,
    long: LastLong,
    /// The parts of messages that don't lie here, since they began elsewhere.
    pub(crate) parts: Messages,
}

impl MessageBuffer {
    /// Makes a buffer without memory; the first read gets some.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: Vec::new(),
            message: 0..0,
            given: false,
            unread: 0..0,
            awaited_end: 0,
            wait: FrameWait::default(),
            seen_end: 0,
            room_end: 0,
            last_room: 0,
            made: Made::default(),
            long: LastLong::default(),
            parts: Messages::unlimited(),
        }
    }

    /// Returns where the next bytes of the peer belong: at least 4 KiB, but little behind the end of a long message. It is
    /// never empty.
    #[must_use]
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        if self.unread.end >= self.last_room {
            self.find_room();
        }
        let end = self.unread.end;
        let room = self.bytes.get_mut(..self.room_end).and_then(|bytes| bytes.get_mut(end..));
        room.unwrap_or_else(nothing)
    }

    fn find_room(&mut self) {
        self.forget_given();
        if self.is_empty() {
            self.wait.end();
            self.awaited_end = self.awaited_end.saturating_sub(self.unread.end);
            let used = self.unread.end;
            (self.message, self.unread) = (0..0, 0..0);
            self.give_back(used);
        }
        if self.bytes.len() < self.read_len() {
            self.bytes.resize(self.read_len(), 0);
        }
        if self.bytes.len().saturating_sub(self.unread.end) < LEAST_ROOM || self.is_far() {
            self.make_room();
        }
        // Behind a long message, little: what is read of the next one would have to be moved.
        let awaited = self.awaited_end.saturating_sub(self.unread.end);
        let more = if awaited > 0 { awaited.saturating_add(FrameHeader::MAX_LEN) } else { self.read_len() };
        self.room_end = self.unread.end.saturating_add(more).min(self.bytes.len());
        self.last_room = self.room_end.saturating_sub(LEAST_ROOM - 1);
    }

    /// Returns how much is read at a time: more where extensions take it as it comes, so that nothing has to be moved, and
    /// where each piece of a frame costs them something.
    #[inline]
    fn read_len(&self) -> usize {
        if self.made.is_used() { SMALL_LEN } else { FIRST_LEN }
    }

    /// Says how many bytes were read into [`room`](Self::room), from its front; more than its length must not be said.
    #[inline]
    pub fn filled(&mut self, len: usize) {
        match self.unread.end.checked_add(len) {
            Some(end) if end <= self.bytes.len() => self.unread.end = end,
            _ => self.fill_up(),
        }
    }

    #[cold]
    fn fill_up(&mut self) {
        self.unread.end = self.bytes.len();
    }

    /// Tells whether nothing waits here: no byte of a message under way, and all others were taken.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty() && !self.holds_message() && self.parts.is_empty()
    }

    /// Frees the place of the message that was given.
    #[inline]
    pub(crate) fn forget_given(&mut self) {
        if self.given {
            self.given = false;
            self.message = self.unread.start..self.unread.start;
            self.made.clear();
        }
    }

    /// Returns the bytes that were not yet taken.
    #[inline]
    pub(crate) fn unread(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.unread.clone()).unwrap_or_default()
    }

    /// Lets `receive` take bytes until the parts that it gives are a whole message, or something else comes.
    pub(crate) fn take_joined<'b>(
        &'b mut self,
        mut receive: impl FnMut(&mut &'b mut [u8]) -> Result<Option<Event<'b>>, RemoteProtocolError>,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        self.wait.end();
        let mut input = self.bytes.get_mut(self.unread.clone()).unwrap_or_default();
        let outcome = loop {
            match receive(&mut input) {
                Ok(Some(event)) => match self.parts.push(event) {
                    Ok(None) => {}
                    outcome => break outcome,
                },
                outcome => break outcome,
            }
        };
        self.unread.start = self.unread.end.saturating_sub(input.len());
        if outcome.is_err() {
            self.parts = Messages::unlimited();
        }
        outcome
    }

    /// Tells whether all that is unread could wait before, and with what was read since it still can.
    #[inline(always)]
    pub(crate) fn goes_on_waiting(&mut self) -> bool {
        let end = self.unread.end;
        let goes_on = self.bytes.get(..end).is_some_and(|bytes| self.wait.goes_on(bytes, self.seen_end));
        if goes_on {
            self.seen_end = end;
        }
        goes_on
    }

    /// Tells whether all that is unread can wait.
    pub(crate) fn waits(&mut self, decoder: &FrameDecoder, max_message: u64) -> bool {
        let Some(wait) = decoder.can_wait(self.unread(), max_message) else { return false };
        self.await_rest(wait.message_left());
        (self.wait, self.seen_end) = (wait.behind(self.unread.start), self.unread.end);
        true
    }

    /// Lets the room for the next read be found anew.
    #[inline]
    pub(crate) fn renew_room(&mut self) {
        self.last_room = 0;
    }

    /// Takes what is unread up to the end of `payload`, and returns where in the buffer that lies.
    #[inline(always)]
    pub(crate) fn advance(&mut self, payload: Range<usize>) -> Range<usize> {
        self.wait.end();
        let start = self.unread.start.saturating_add(payload.start).min(self.unread.end);
        self.unread.start = self.unread.start.saturating_add(payload.end).min(self.unread.end);
        start..self.unread.start
    }

    /// Adds the payload in `range` to the message under way: it lies behind it.
    #[inline]
    pub(crate) fn join(&mut self, range: Range<usize>) {
        if !self.made.is_empty() {
            self.made.push(self.bytes.get(range).unwrap_or_default());
        } else if self.message.is_empty() {
            self.message = range;
        } else if self.message.end == range.start {
            self.message.end = range.end;
        } else {
            let end = self.message.end.saturating_add(range.len());
            self.bytes.copy_within(range, self.message.end);
            self.message.end = end;
        }
    }

    /// Returns the payload in `range`, and where to append what an extension makes of it.
    pub(crate) fn transform(&mut self, range: Range<usize>) -> (&[u8], &mut Made) {
        self.made.push(self.bytes.get(mem::take(&mut self.message)).unwrap_or_default());
        (self.bytes.get(range).unwrap_or_default(), &mut self.made)
    }

    /// Gives the message under way, which is whole.
    #[inline]
    pub(crate) fn give(&mut self) -> &[u8] {
        self.given = true;
        if self.made.is_empty() {
            return self.bytes.get(self.message.clone()).unwrap_or_default();
        }
        self.made.as_slice()
    }

    /// Returns the bytes in `range`, as [`advance`](Self::advance) gave it.
    #[inline]
    pub(crate) fn payload(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// Does as [`payload`](Self::payload).
    #[inline(always)]
    pub(crate) fn payload_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        self.bytes.get_mut(range).unwrap_or_default()
    }

    /// Says how much of the message under way is still to come, 0 where that is not known.
    #[inline]
    pub(crate) fn await_rest(&mut self, len: u64) {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let is_long = len.saturating_add(self.live()) > LONG;
        let end = if is_long { self.unread.end.saturating_add(len) } else { 0 };
        if end != self.awaited_end {
            self.awaited_end = end;
            // The room for the next read was made for what was known before.
            self.last_room = 0;
        }
    }

    /// Tells whether a part of the message under way lies here.
    pub(crate) fn holds_message(&self) -> bool {
        !(self.given || self.message.is_empty() && self.made.is_empty())
    }
}

/// What is never returned. The call keeps it a branch, which is foreseen; where the slice is chosen, the next read waits
/// for the choice.
#[cold]
#[inline(never)]
fn nothing<'a>() -> &'a mut [u8] {
    &mut []
}

impl Default for MessageBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows how many bytes wait, and none of them.
impl fmt::Debug for MessageBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.given { 0 } else { self.message.len() };
        f.debug_struct("MessageBuffer")
            .field("message", &message)
            .field("unread", &self.unread.len())
            .field("memory", &self.capacity())
            .finish_non_exhaustive()
    }
}
