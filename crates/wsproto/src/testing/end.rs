//! One end: a connection with the bytes that it has read and written.

use alloc::vec::Vec;
use core::mem;

use super::Cuts;
use crate::{Connection, Event, LocalProtocolError, ReadBuffer, RemoteProtocolError, Transport};

/// A connection with what it has read and written: an end of a [`Pair`](super::Pair), or the peer of an adapter that is
/// tested.
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
    /// The connection itself, to look at it, or to do with it what this type doesn't.
    pub connection: Connection,
    buffer: ReadBuffer,
    /// Everything that was written; what was taken, too.
    written: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
    ended: bool,
    /// What has arrived, and the connection couldn't yet be given.
    unread: Vec<u8>,
    /// What was received before an error.
    events: Vec<Event<'static>>,
}

impl End {
    /// Makes an end of a connection; it receives whole messages.
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

    /// Makes it receive out of this buffer, such as [`ReadBuffer::parts`].
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

    /// Sends what is owed for an event.
    ///
    /// # Errors
    ///
    /// As [`Connection::reply`].
    pub fn reply(&mut self, event: &Event<'_>) -> Result<(), LocalProtocolError> {
        self.connection.reply(event, &mut self.written)
    }

    /// Sends what is owed for an error.
    ///
    /// # Errors
    ///
    /// As [`Connection::reply_to_error`].
    pub fn reply_to_error(&mut self, error: &RemoteProtocolError) -> Result<(), LocalProtocolError> {
        self.connection.reply_to_error(error, &mut self.written)
    }

    /// Writes any bytes, and the connection doesn't know: those of a [`Violation`](super::Violation), say.
    pub fn write(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
    }

    /// Ends what this end writes: a [`Pair`](super::Pair) tells the other one, after the bytes.
    pub const fn end_stream(&mut self) {
        self.ended = true;
    }

    /// Tells whether what this end writes has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns everything that was written so far.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Takes what was written since the last call.
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

    /// Receives bytes in pieces; returns the events.
    ///
    /// Bytes for which the connection has to answer first ([`Transport::PauseRead`]) wait for the next call.
    ///
    /// # Errors
    ///
    /// As [`Connection::receive_from`]; the events before it are those of [`take_events`](Self::take_events).
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

    /// Has a program receive bytes in pieces: it is called once before, and after each read, with the connection, what
    /// was read, and where to write.
    ///
    /// The program takes events until there is none. Bytes that the connection can't be given yet
    /// ([`Transport::PauseRead`]) wait for the next call.
    ///
    /// # Errors
    ///
    /// That of the program; it is not called again.
    pub fn receive_with<E>(
        &mut self,
        bytes: &[u8],
        cuts: &Cuts,
        mut program: impl FnMut(&mut Connection, &mut ReadBuffer, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.unread.extend_from_slice(bytes);
        let unread = mem::take(&mut self.unread);
        let mut taken = 0_usize;
        // What waited in the buffer may be ready now.
        let mut outcome = program(&mut self.connection, &mut self.buffer, &mut self.written);
        for mut piece in cuts.pieces(&unread) {
            while !piece.is_empty() && outcome.is_ok() {
                let len = match self.connection.transport() {
                    Transport::KeepOpen => read(&mut self.buffer, piece),
                    Transport::PauseRead => 0,
                    // What comes after the end is read and dropped.
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

    /// Tells whether bytes that arrived wait until the connection has answered.
    #[must_use]
    pub const fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Receives the end of the peer's stream; returns the events that it means.
    ///
    /// # Errors
    ///
    /// As [`Connection::receive_eof`].
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        self.connection.receive_eof()
    }
}

/// Reads what fits into a buffer; returns how much that is.
fn read(buffer: &mut ReadBuffer, bytes: &[u8]) -> usize {
    let room = buffer.room();
    let len = room.iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
    buffer.filled(len);
    len
}
