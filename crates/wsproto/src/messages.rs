//! Whole messages for those who want them: parts are joined under a limit.

use core::fmt;

use bytes::BytesMut;

use crate::{
    BytesMessage, Event, Payload, RemoteProtocolError, Text, TextMessage,
    memory::{Given, Reused},
};

/// Joins the parts of messages, in linear time.
///
/// A message that comes in one part stays borrowed from the input; one that doesn't is collected in one buffer,
/// whose memory is used again once the message is dropped. Of longer memory than 128 KiB that is so where at least two of
/// eight messages need it; a single long message takes its memory along.
///
/// Where a connection ends by an error of its own, [`clear`](Self::clear) this, or drop it: nobody else says so here.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{Config, Connection, Event, Messages, Ping, TextMessage};
///
/// let mut server = Connection::server(&Config::default());
/// let mut wire = Vec::new();
/// server.send(TextMessage::new("Hel").unfinished(), &mut wire)?;
/// server.send(Ping::new(b""), &mut wire)?;
/// server.send(TextMessage::new("lo"), &mut wire)?;
///
/// let mut client = Connection::client(&Config::default());
/// let mut messages = Messages::new(1 << 20);
/// let mut whole = Vec::new();
/// let mut input = &mut wire[..];
/// while let Some(event) = client.receive(&mut input)? {
///     if let Some(event) = messages.push(event)? {
///         whole.push(event);
///     }
/// }
/// assert_eq!(whole, [Event::Ping(Ping::new(b"")), Event::TextMessage(TextMessage::new("Hello"))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Messages {
    max_len: u64,
    /// The message under way.
    parts: BytesMut,
    /// The memory of the messages before.
    memory: Reused,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Joining,
    /// The message under way was too long: the rest of it is dropped.
    Dropping,
}

impl Messages {
    /// Makes an assembler of messages of at most `max_len` bytes.
    #[must_use]
    pub fn new(max_len: u64) -> Self {
        Self { max_len, parts: BytesMut::new(), memory: Reused::default(), state: State::Joining }
    }

    /// Makes an assembler of messages that nobody but the connection limits.
    pub(crate) fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Returns how many bytes of memory are held, for the message under way and for those to come.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.parts.capacity().saturating_add(self.memory.capacity())
    }

    /// Gives memory back, so that at most `capacity` bytes are held, or what waits where that is more.
    pub fn shrink_to(&mut self, capacity: usize) {
        if self.capacity() > capacity {
            self.memory.clear();
        }
        if self.capacity() > capacity.max(self.parts.len()) {
            self.parts = BytesMut::from(&*self.parts);
        }
    }

    /// Forgets the message under way and gives its memory back, for a connection that is over.
    pub fn clear(&mut self) {
        self.parts = BytesMut::new();
        self.state = State::Joining;
    }

    /// Tells whether no message is under way.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes the next event of a connection.
    ///
    /// Returns a message once it is whole, `None` for a part with more to come, and any other event as it is. A
    /// [`CloseConnection`](crate::CloseConnection) ends a message under way: nothing of it is kept.
    ///
    /// # Errors
    ///
    /// [`RemoteProtocolError::MessageTooLong`], once for a message; the parts so far are dropped, and so is the rest of
    /// it. The connection's `reply_to_error` tells the peer and ends the connection.
    #[inline]
    pub fn push<'a>(&mut self, event: Event<'a>) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if self.passes(&event) {
            return Ok(Some(event));
        }
        let mut whole = None;
        self.push_part(event, &mut whole)?;
        Ok(whole)
    }

    /// Tells whether an event goes on as it is: a message in one part, or no message at all.
    #[inline]
    fn passes(&self, event: &Event<'_>) -> bool {
        let (len, last) = match event {
            Event::TextMessage(part) => (part.data.as_bytes().len(), part.message_finished),
            Event::BytesMessage(part) => (part.data.len(), part.message_finished),
            Event::CloseConnection(_) => return false,
            _ => return true,
        };
        last && len as u64 <= self.max_len && self.parts.is_empty() && matches!(self.state, State::Joining)
    }

    #[inline(never)]
    fn push_part<'a>(
        &mut self,
        event: Event<'a>,
        whole: &mut Option<Event<'a>>,
    ) -> Result<(), RemoteProtocolError> {
        *whole = match event {
            Event::TextMessage(part) => self
                .join(part.data.as_bytes(), part.message_finished)?
                .map(|bytes| TextMessage::new(Text::from_given(bytes)).into()),
            Event::BytesMessage(part) => self
                .join(&part.data, part.message_finished)?
                .map(|bytes| BytesMessage::new(Payload::from_given(bytes)).into()),
            event => {
                if let Event::CloseConnection(_) = event {
                    self.clear();
                }
                Some(event)
            }
        };
        Ok(())
    }

    #[inline]
    fn join(&mut self, part: &[u8], last: bool) -> Result<Option<Given>, RemoteProtocolError> {
        let state = if last { State::Joining } else { State::Dropping };
        if let State::Dropping = self.state {
            self.state = state;
            return Ok(None);
        }
        if self.parts.len().saturating_add(part.len()) as u64 > self.max_len {
            self.parts = BytesMut::new();
            self.state = state;
            return Err(RemoteProtocolError::MessageTooLong { limit: self.max_len });
        }
        if self.parts.capacity() == 0 {
            self.memory.take(&mut self.parts);
        }
        self.parts.extend_from_slice(part);
        Ok(last.then(|| self.memory.give(&mut self.parts)))
    }
}

/// Shows how many bytes wait for the rest of their message, and none of them.
impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("max_len", &self.max_len)
            .field("parts", &self.parts.len())
            .field("memory", &self.capacity())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
