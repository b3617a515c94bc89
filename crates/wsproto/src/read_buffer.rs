//! A read buffer: the peer's bytes are read into it, events come out of it.

mod found;
mod joined;
mod memory;
mod places;

use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;
use wsproto_frame::{FrameHeader, TextCheck};

pub(crate) use self::{
    found::{Found, FoundEvent, Place},
    joined::Joined,
};
use crate::{Event, memory::LastLong};

/// How much room there is at least for a read, in bytes, unless a message ends before.
const LEAST_ROOM: usize = 4 << 10;
/// The most that is read at a time, in bytes, unless it was asked for more: what the nearest cache holds.
const READ_LEN: usize = 16 << 10;
/// The most that can be asked for, in bytes.
const MOST_READ: usize = 16 << 20;
/// A message that is longer than this, in bytes, and whose end is known is read to that end, and no more of what
/// follows than a header may have: that would have to be moved.
const LONG_FRAME: usize = 8 << 10;

/// A buffer that the peer's bytes are read into and that events come out of: whole messages, or parts as they come.
///
/// Read into [`room`](Self::room), say how much with [`filled`](Self::filled), and call
/// [`receive_from`](crate::Connection::receive_from) until there is no event. A function that reads and returns the
/// next event needs two steps in its place: [`advance`](crate::Connection::advance), then [`event`](Self::event).
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
/// Where [`is_empty`](Self::is_empty) says so, nothing in the buffer belongs to a connection: it can serve another one,
/// or be dropped. Where something waits, go on with this buffer for the connection that it belongs to. To give
/// [`receive`](crate::Connection::receive) the rest of a message that began here is a mistake: of a text, the start is
/// lost to the program, and the rest comes in parts; a binary frame that waits here to be whole is read wrong, as a
/// fault of the peer (with debug assertions the call panics). Where a connection ended before its message did,
/// [`clear`](Self::clear) the buffer.
///
/// # Memory
///
/// The buffer has none at first, and 16 KiB from the first read on, or what [`with_read_len`](Self::with_read_len) asks
/// for. The memory doubles with what has come, never with what the peer announces: to at most twice the longest message
/// and 64 KiB.
///
/// A binary message in one frame stays where it was read. It is unmasked there once all of it has come, or 16 KiB of
/// it. A text is unmasked and checked as it comes, so that a byte that is no UTF-8 fails at once. The pieces of a text,
/// the frames of a fragmented message and what extensions make are joined, in memory that doubles as well. What they
/// make of a text is looked at before it is joined, in at most 128 KiB more.
///
/// The memory of a single message of more than 128 KiB is given back after it. Where two of eight are that long it
/// stays.
pub struct ReadBuffer {
    /// All of it can be read into. `start <= decoded <= end <= memory.len()`
    memory: Vec<u8>,
    /// Where the payload begins that waits here, or what was not yet taken.
    start: usize,
    /// Up to where the payload that waits is unmasked; from here on the bytes are as they were read.
    decoded: usize,
    /// Up to where bytes were read.
    end: usize,
    /// Where in `memory` a frame that is awaited whole will end; not beyond `end` where none is.
    frame_end: usize,
    /// Up to where the next reads may go: `end <= room_end <= memory.len()`
    room_end: usize,
    /// From here on `end` has little room left. 0 where room is to be found anew: a byte was taken, or an event found.
    last_room: usize,
    /// The most that is read at a time.
    read_len: usize,
    /// Whether messages come out whole.
    whole: bool,
    /// The message under way, as far as it doesn't wait in `memory`, or the one that was found last.
    pub(crate) joined: Joined,
    /// The check of a text that is joined piece by piece: it stands before the payload that waits.
    pub(crate) text: TextCheck,
    /// What [`event`](Self::event) gives.
    pub(crate) found: Found,
    /// The most of `memory` that the fragments of the message under way needed so far.
    used: usize,
    long: LastLong,
}

impl ReadBuffer {
    /// Makes a buffer that gives messages whole.
    #[must_use]
    pub const fn messages() -> Self {
        Self::new(true)
    }

    /// Makes a buffer that gives each part of a message as it comes, for those who handle long messages piece by piece.
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

    /// Sets how much is read at a time, in bytes: at least 4 KiB and at most 16 MiB, 16 KiB by default.
    ///
    /// Where much waits to be read, more at a time takes fewer calls of the system. An idle buffer then holds as much.
    /// Say it before the first read: memory that is there already stays as it is.
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

    /// Adds what another reader has left over: a `Vec<u8>`, `Bytes` or `BytesMut`. It is received first.
    ///
    /// Nothing is copied where nothing was read into this buffer yet and nobody else shares the bytes.
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

    /// Adds bytes of the peer that lie elsewhere, as though they were read: for those who are handed their reads.
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

    /// Returns where the next bytes of the peer belong: at least 4 KiB, but little beyond the end of a long message. It
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

    /// Says how many bytes were read into [`room`](Self::room), from its front: at most its length. More are not
    /// counted.
    #[inline]
    pub fn filled(&mut self, len: usize) {
        let end = self.end.saturating_add(len);
        debug_assert!(end <= self.room_end, "more was filled than there was room");
        self.end = end.min(self.room_end);
    }

    /// Returns the event that [`advance`](crate::Connection::advance) found; a message borrows from the buffer.
    ///
    /// It is there until the next read, or the next call of the connection that takes this buffer; what borrows
    /// nothing, such as a request or a Close, is given once.
    #[inline]
    pub fn event(&mut self) -> Option<Event<'_>> {
        if let Found::Event(_) = self.found {
            return self.found.take_event();
        }
        self.found.borrowed_event(&self.memory, &self.joined)
    }

    /// Returns the event that [`advance`](crate::Connection::advance) found, once, borrowed from nothing.
    ///
    /// A payload of 64 KiB and more is taken out of the buffer with its memory, where that is at most twice as long,
    /// and not copied; a shorter one is. What is kept so holds at most twice its bytes, and 32 more.
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

    /// Tells whether what [`advance`](crate::Connection::advance) found is a message, or a part of one.
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
    /// Between two messages that is what comes next. Within one it may be the rest of a frame.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.bytes(self.decoded..self.end)
    }

    /// Returns the bytes that were read and not taken, for another reader that goes on with the stream.
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

    /// Tells whether nothing waits here: no byte of a message under way, and all others were taken.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        let awaits_nothing = self.start == self.end && self.frame_end <= self.end;
        awaits_nothing && (self.joined.is_empty() || self.found.is_joined())
    }
}

/// What is never returned. The call keeps it a branch, which is foreseen; where the slice is chosen, the next read
/// waits for the choice.
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
