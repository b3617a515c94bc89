//! One end: a connection with the bytes that it has read and written.

use alloc::vec::Vec;
use core::mem;

use super::Cuts;
use crate::{Connection, Event, LocalProtocolError, ReadBuffer, RemoteProtocolError, Transport};

/// A connection with the bytes that it has read and written: an end of a [`Pair`](super::Pair), or the peer of an
/// adapter in a test.
///
/// ```
/// use wsproto::testing::{Cuts, End, SeededEntropy};
/// use wsproto::{Config, Connection, Ping, Pong};
///
/// let mut client = End::new(Connection::open_client_with_entropy(Config::default(), SeededEntropy::new(0)));
/// client.send(Ping::new(b"1"))?;
/// let to_adapter = client.take_written(); // goes into the adapter; what it writes comes back:
/// assert_eq!(to_adapter.len(), 7);
/// assert_eq!(client.receive(b"\x8a\x011", &Cuts::EachByte)?, [Pong::new(b"1").into()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct End {
    /// The connection itself, for everything that this type doesn't offer.
    pub connection: Connection,
    buffer: ReadBuffer,
    /// All bytes that were written, including those that were taken.
    written: Vec<u8>,
    /// How many of them were taken.
    taken: usize,
    ended: bool,
    /// Bytes that have arrived while the connection couldn't take them yet.
    unread: Vec<u8>,
    /// The events that were received before an error.
    events: Vec<Event<'static>>,
}

impl End {
    /// Makes an end of a connection. It receives whole messages.
    #[must_use]
    pub const fn new(connection: Connection) -> Self {
        Self {
            connection,
            buffer: ReadBuffer::messages(),
            written: Vec::new(),
            taken: 0,
            ended: false,
            unread: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Makes the end receive out of this buffer, for example [`ReadBuffer::parts`].
    #[must_use]
    pub fn with_buffer(mut self, buffer: ReadBuffer) -> Self {
        self.buffer = buffer;
        self
    }

    /// Sends an event.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    pub fn send<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), LocalProtocolError> {
        self.connection.send(event, &mut self.written)
    }

    /// Sends the answer that an event requires.
    ///
    /// # Errors
    ///
    /// As [`Connection::reply`].
    pub fn reply(&mut self, event: &Event<'_>) -> Result<(), LocalProtocolError> {
        self.connection.reply(event, &mut self.written)
    }

    /// Sends the answer to an error.
    ///
    /// # Errors
    ///
    /// As [`Connection::reply_to_error`].
    pub fn reply_to_error(&mut self, error: &RemoteProtocolError) -> Result<(), LocalProtocolError> {
        self.connection.reply_to_error(error, &mut self.written)
    }

    /// Writes any bytes without the connection's knowledge, for example those of a [`Violation`](super::Violation).
    pub fn write(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
    }

    /// Ends the stream of bytes that this end writes. A [`Pair`](super::Pair) tells the other end, after the bytes.
    pub const fn end_stream(&mut self) {
        self.ended = true;
    }

    /// Returns whether the stream of bytes that this end writes has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns all bytes that were written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Takes the bytes that were written since the last call.
    #[must_use]
    pub fn take_written(&mut self) -> Vec<u8> {
        let fresh = self.written.get(self.taken..).unwrap_or_default().to_vec();
        self.taken = self.written.len();
        fresh
    }

    /// Takes the events that were received before an error.
    #[must_use]
    pub fn take_events(&mut self) -> Vec<Event<'static>> {
        mem::take(&mut self.events)
    }

    /// Receives bytes in pieces, and returns the events.
    ///
    /// Bytes that the connection can't take before it has answered ([`Transport::PauseRead`]) wait for the next call.
    ///
    /// # Errors
    ///
    /// As [`Connection::receive_from`]. [`take_events`](Self::take_events) returns the events before the error.
    pub fn receive(&mut self, bytes: &[u8], cuts: &Cuts) -> Result<Vec<Event<'static>>, RemoteProtocolError> {
        let mut events = mem::take(&mut self.events);
        let outcome = self.receive_with(bytes, cuts, |connection, buffer, _| {
            while let Some(event) = connection.receive_from(buffer)? {
                events.push(event.into_owned());
            }
            Ok(())
        });
        match outcome {
            Ok(()) => Ok(events),
            Err(error) => {
                self.keep_events(events);
                Err(error)
            }
        }
    }

    pub(super) fn keep_events(&mut self, events: Vec<Event<'static>>) {
        self.events = events;
    }

    /// Lets a program receive bytes in pieces.
    ///
    /// The program is called once before, and after each read, with the connection, the read buffer, and the output. It
    /// must take events until there is none. Bytes that the connection can't take yet ([`Transport::PauseRead`]) wait
    /// for the next call.
    ///
    /// # Errors
    ///
    /// The program's error. The program is not called again.
    pub fn receive_with<E>(
        &mut self,
        bytes: &[u8],
        cuts: &Cuts,
        mut program: impl FnMut(&mut Connection, &mut ReadBuffer, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.unread.extend_from_slice(bytes);
        let unread = mem::take(&mut self.unread);
        let mut taken = 0_usize;
        // Bytes that waited in the buffer may make an event now.
        let mut outcome = program(&mut self.connection, &mut self.buffer, &mut self.written);
        for mut piece in cuts.pieces(&unread) {
            while !piece.is_empty() && outcome.is_ok() {
                let len = match self.connection.transport() {
                    Transport::KeepOpen => read(&mut self.buffer, piece),
                    Transport::PauseRead => 0,
                    // Bytes after the end are read and dropped.
                    _ => {
                        taken = unread.len();
                        break;
                    }
                };
                if len == 0 {
                    break;
                }
                taken = taken.saturating_add(len);
                piece = piece.get(len..).unwrap_or_default();
                outcome = program(&mut self.connection, &mut self.buffer, &mut self.written);
            }
            if !piece.is_empty() {
                break;
            }
        }
        self.unread = unread.get(taken..).unwrap_or_default().to_vec();
        outcome
    }

    /// Returns whether bytes have arrived that wait until the connection has answered.
    #[must_use]
    pub const fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Receives the end of the peer's stream, and returns the event that it causes, if any.
    ///
    /// # Errors
    ///
    /// As [`Connection::receive_eof`].
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        self.connection.receive_eof()
    }
}

/// Copies as many bytes as fit into a buffer, and returns their number.
fn read(buffer: &mut ReadBuffer, bytes: &[u8]) -> usize {
    let room = buffer.room();
    let len = room.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
    buffer.filled(len);
    len
}
