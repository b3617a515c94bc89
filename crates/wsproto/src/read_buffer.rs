//! A read buffer: the peer's bytes go in, events come out.

mod found;
mod joined;
mod memory;
mod places;

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use wsproto_frame::{FrameHeader, TextCheck};

pub(crate) use self::{
    found::{Found, Place},
    joined::Joined,
};
use crate::{Event, memory::LastLong};

/// The least room for a read, in bytes, unless a message ends before.
const LEAST_ROOM: usize = 4 << 10;
/// The most bytes of a read, unless the caller has set another number: this many fit in the first-level cache.
const READ_LEN: usize = 16 << 10;
/// The most bytes that the caller can set.
const MOST_READ: usize = 16 << 20;
/// A message that is longer than this, in bytes, and has a known end is read up to that end. After the end, at most a
/// header is read: more bytes would have to be moved.
const LONG_FRAME: usize = 8 << 10;

/// A buffer for the peer's bytes, out of which events come: whole messages, or parts as they arrive.
///
/// Read into [`room`](Self::room), report the number of bytes with [`filled`](Self::filled), and call
/// [`receive_from`](crate::Connection::receive_from) until it returns no event. A function that reads and then returns
/// the next event needs two steps: [`advance`](crate::Connection::advance), then [`event`](Self::event).
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use std::io::{self, Read};
/// use wsproto::{Config, Connection, Event, ReadBuffer, TextMessage};
///
/// struct Messages<S> {
///     connection: Connection,
///     buffer: ReadBuffer,
///     stream: S,
/// }
///
/// impl<S: Read> Messages<S> {
///     fn next(&mut self) -> io::Result<Option<Event<'_>>> {
///         while !self.connection.advance(&mut self.buffer)? {
///             match self.stream.read(self.buffer.room())? {
///                 0 => return Ok(None),
///                 n => self.buffer.filled(n),
///             }
///         }
///         Ok(self.buffer.event())
///     }
/// }
///
/// let mut client = Connection::open_client(Config::default());
/// let mut wire = Vec::new();
/// client.send(TextMessage::new("Hel").unfinished(), &mut wire)?;
/// client.send(TextMessage::new("lo"), &mut wire)?;
///
/// let connection = Connection::open_server(Config::default());
/// let mut messages = Messages { connection, buffer: ReadBuffer::messages(), stream: &wire[..] };
/// assert_eq!(messages.next()?, Some(TextMessage::new("Hello").into()));
/// assert_eq!(messages.next()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A buffer that [is empty](Self::is_empty) holds nothing of a connection. It can serve another one, or be dropped. If
/// bytes wait in it, continue with this buffer for the same connection. If the connection ended within a message,
/// [`clear`](Self::clear) the buffer.
///
/// Don't pass the rest of a message that began here to [`receive`](crate::Connection::receive). With debug assertions
/// such a call panics for a binary frame that waits here. Otherwise that frame is read wrong, as a fault of the peer.
/// The program loses the start of a text, and gets the rest in parts.
///
/// # Memory
///
/// The buffer has no memory at first. From the first read on it has 16 KiB, or the number of
/// [`with_read_len`](Self::with_read_len). The memory doubles with the bytes that have come, never with a length that
/// the peer announces. It is at most twice the longest message and 64 KiB.
///
/// A binary message in one frame stays where it was read. It is unmasked there once all of it has come, or 16 KiB of
/// it. A text is unmasked and checked as it comes, so that invalid UTF-8 fails at once.
///
/// The pieces of a text, the frames of a fragmented message, and extensions' output are joined in other memory, which
/// doubles in the same way. Extensions' output of a text is checked before it is joined, in at most 128 KiB more.
/// After a single message of more than 128 KiB its memory is freed. If two of eight messages are that long, the memory
/// stays.
pub struct ReadBuffer {
    /// The memory for reads. `start <= decoded <= end <= memory.len()`
    memory: Vec<u8>,
    /// The start of the payload that waits here, or of the bytes that were not taken yet.
    start: usize,
    /// The end of the unmasked payload that waits. From here on, the bytes are as they were read.
    decoded: usize,
    /// The end of the bytes that were read.
    end: usize,
    /// The end of a frame that is awaited whole. Not beyond `end` if there is none.
    frame_end: usize,
    /// The end of the room for the next reads: `end <= room_end <= memory.len()`
    room_end: usize,
    /// If `end` reaches this place, little room is left. 0 if room must be found anew: a byte was taken, or an event
    /// found.
    last_room: usize,
    /// The most bytes of a read.
    read_len: usize,
    /// Whether messages come out whole.
    whole: bool,
    /// The part of the message under way that doesn't wait in `memory`, or the message that was found last.
    pub(crate) joined: Joined,
    /// The check of a text that is joined piece by piece. It has not seen the payload that waits.
    pub(crate) text: TextCheck,
    /// The event for [`event`](Self::event).
    pub(crate) found: Found,
    /// The most bytes of `memory` that the fragments of the message under way have needed.
    used: usize,
    long: LastLong,
}

impl ReadBuffer {
    /// Makes a buffer out of which whole messages come.
    #[must_use]
    pub const fn messages() -> Self {
        Self::new(true)
    }

    /// Makes a buffer out of which each part of a message comes as it arrives, for programs that process long messages
    /// piece by piece.
    #[must_use]
    pub const fn parts() -> Self {
        Self::new(false)
    }

    const fn new(whole: bool) -> Self {
        Self {
            memory: Vec::new(),
            start: 0,
            decoded: 0,
            end: 0,
            frame_end: 0,
            room_end: 0,
            last_room: 0,
            read_len: READ_LEN,
            whole,
            joined: Joined::new(),
            text: TextCheck::new(),
            found: Found::Nothing,
            used: 0,
            long: LastLong::new(),
        }
    }

    /// Sets the most bytes of a read: at least 4 KiB and at most 16 MiB, 16 KiB by default.
    ///
    /// Larger reads need fewer system calls where many bytes arrive. But an idle buffer holds this much memory, too.
    /// Call it before the first read: memory that exists already doesn't change.
    ///
    /// ```
    /// use wsproto::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::messages().with_read_len(64 << 10);
    /// assert_eq!(buffer.room().len(), 64 << 10);
    /// ```
    #[must_use]
    pub const fn with_read_len(mut self, len: usize) -> Self {
        self.read_len = match len {
            0..LEAST_ROOM => LEAST_ROOM,
            LEAST_ROOM..MOST_READ => len,
            _ => MOST_READ,
        };
        self
    }

    /// Adds unread bytes of another reader, which are received first: a `Vec<u8>`, `Bytes` or `BytesMut`.
    ///
    /// Nothing is copied if nothing was read into this buffer yet and the bytes are not shared.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{Bytes, Config, Connection, ReadBuffer, TextMessage};
    ///
    /// let left_over = Bytes::from_static(b"\x81\x05Hello");
    /// let mut buffer = ReadBuffer::messages().with_unread(left_over);
    /// let mut client = Connection::open_client(Config::default());
    /// assert_eq!(client.receive_from(&mut buffer)?, Some(TextMessage::new("Hello").into()));
    /// # Ok::<(), wsproto::RemoteProtocolError>(())
    /// ```
    #[must_use]
    pub fn with_unread(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        if self.memory.is_empty() {
            (self.end, self.room_end, self.memory) = (bytes.len(), bytes.len(), bytes);
        } else {
            self.extend_from_slice(&bytes);
        }
        self
    }

    /// Copies the peer's bytes into the buffer, as if they were read: for callers that get their reads in other memory.
    pub fn extend_from_slice(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let (read, rest) = bytes.split_at(room.len().min(bytes.len()));
            for (to, from) in room.iter_mut().zip(read) {
                *to = *from;
            }
            self.filled(read.len());
            bytes = rest;
        }
    }

    /// Returns the room for the next bytes of the peer: at least 4 KiB, but little beyond the end of a long message. It
    /// is never empty.
    #[must_use]
    #[inline]
    pub fn room(&mut self) -> &mut [u8] {
        if self.end >= self.last_room {
            self.renew_room();
        }
        self.memory.get_mut(self.end..self.room_end).unwrap_or_else(nothing)
    }

    #[inline(never)]
    fn renew_room(&mut self) {
        self.forget_found();
        if self.start == self.end {
            self.rewind();
        }
        let awaits_long = self.end < self.frame_end && self.frame_end.saturating_sub(self.start) > LONG_FRAME;
        let rest = self.frame_end.saturating_sub(self.end).saturating_add(FrameHeader::MAX_LEN);
        let most = if awaits_long { self.read_len.min(rest) } else { self.read_len };
        if self.memory.len().saturating_sub(self.end) < most {
            self.make_room(most);
        }
        self.room_end = self.end.saturating_add(most).min(self.memory.len());
        let reaches_end = most < self.read_len && self.room_end.saturating_sub(self.end) == most;
        let little = if reaches_end { FrameHeader::MAX_LEN } else { LEAST_ROOM - 1 };
        self.last_room = self.room_end.saturating_sub(little);
    }

    /// Reports how many bytes were read into the front of [`room`](Self::room): at most its length. More bytes are not
    /// counted.
    #[inline]
    pub fn filled(&mut self, len: usize) {
        let end = self.end.saturating_add(len);
        debug_assert!(end <= self.room_end, "more was filled than there was room");
        self.end = end.min(self.room_end);
    }

    /// Returns the event that [`advance`](crate::Connection::advance) found. A message borrows from the buffer.
    ///
    /// It is there until the next read, or the next call of the connection that takes this buffer. An event that
    /// borrows nothing, such as a request or a Close, is returned only once.
    #[inline]
    pub fn event(&mut self) -> Option<Event<'_>> {
        if let Found::Event(_) = self.found {
            return self.found.take_event();
        }
        self.found.borrowed_event(&self.memory, &self.joined)
    }

    /// Returns the event that [`advance`](crate::Connection::advance) found, once, borrowed from nothing.
    ///
    /// A payload of 64 KiB and more is taken out of the buffer with its memory, if the memory is at most twice as long.
    /// It is not copied then; other payloads are. The memory of such a payload has at most twice its bytes, and 32
    /// more.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{BytesMessage, Config, Connection, Event, ReadBuffer};
    ///
    /// let mut wire = Vec::new();
    /// Connection::open_server(Config::default()).send(BytesMessage::new(vec![7; 100_000]), &mut wire)?;
    /// let mut buffer = ReadBuffer::messages().with_unread(wire);
    /// assert!(Connection::open_client(Config::default()).advance(&mut buffer)?);
    /// let Some(Event::BytesMessage(message)) = buffer.take_event() else { panic!() };
    /// assert_eq!(message.data.into_bytes().len(), 100_000); // in the memory of `wire`
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_event(&mut self) -> Option<Event<'static>> {
        match self.found.take() {
            Found::Message { place, frame_finished, message_finished } => {
                Some(self.take_message(place, frame_finished, message_finished))
            }
            Found::Event(event) => Some(event),
            found => found.borrowed_event(&self.memory, &self.joined).map(Event::into_owned),
        }
    }

    /// Returns whether the event that [`advance`](crate::Connection::advance) found is a message, or a part of one.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{Config, Connection, ReadBuffer};
    ///
    /// let mut buffer = ReadBuffer::messages().with_unread(*b"\x89\x00\x81\x05Hello");
    /// let mut client = Connection::open_client(Config::default());
    /// assert!(client.advance(&mut buffer)? && !buffer.has_message()); // a Ping
    /// assert!(client.advance(&mut buffer)? && buffer.has_message());
    /// # Ok::<(), wsproto::RemoteProtocolError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn has_message(&self) -> bool {
        matches!(self.found, Found::Message { .. })
    }

    /// Returns the bytes that were read and not taken, as the peer sent them.
    ///
    /// Between two messages these are the bytes that come next. Within a message they may be the rest of a frame.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.bytes(self.decoded..self.end)
    }

    /// Returns the bytes that were read and not taken, for another reader that continues the stream.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{Config, Connection, Event, ReadBuffer};
    ///
    /// let mut buffer = ReadBuffer::messages().with_unread(*b"\x89\x00\x81\x05Hello");
    /// let event = Connection::open_client(Config::default()).receive_from(&mut buffer)?;
    /// assert!(matches!(event, Some(Event::Ping(_))));
    /// assert_eq!(buffer.into_unread(), &b"\x81\x05Hello"[..]);
    /// # Ok::<(), wsproto::RemoteProtocolError>(())
    /// ```
    #[must_use]
    pub fn into_unread(self) -> Bytes {
        Bytes::copy_from_slice(self.unread())
    }

    /// Returns whether no bytes wait: none of a message under way, and none that were not taken.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        let awaits_nothing = self.start == self.end && self.frame_end <= self.end;
        awaits_nothing && (self.joined.is_empty() || self.found.is_joined())
    }
}

/// Returns an empty slice for a case that never happens. The call keeps the choice a branch, which the processor
/// predicts. If the slice were selected instead, the next read would wait for the selection.
#[cold]
#[inline(never)]
fn nothing<'a>() -> &'a mut [u8] {
    &mut []
}

/// Shows how many bytes wait, and none of them.
impl fmt::Debug for ReadBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = if self.found.is_joined() { 0 } else { self.joined.len() };
        f.debug_struct("ReadBuffer")
            .field("messages", &self.whole)
            .field("waiting", &self.decoded.saturating_sub(self.start).saturating_add(joined))
            .field("unread", &self.fresh_len())
            .field("memory", &self.capacity())
            .finish_non_exhaustive()
    }
}
