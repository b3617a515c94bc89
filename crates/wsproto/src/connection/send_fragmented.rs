//! Messages that go out in fragments of a bounded length (RFC 6455 §5.4).

use core::ops::Range;

use wsproto_extensions::{Handling, OutboundFrame, WriteBuffer};
use wsproto_frame::{FrameHeader, Opcode, Rsv};

use super::{Connection, send::data_frame};
use crate::{Event, LocalProtocolError, PreparedMessage, SendBuffer};

/// A message before it is cut into fragments.
enum Whole<'p> {
    /// The bytes of a text, cut between code points.
    Text(&'p [u8]),
    /// Bytes, cut anywhere.
    Bytes(&'p [u8]),
    /// Extensions' output at this place in the output buffer, cut anywhere.
    Appended(Range<usize>),
}

impl Connection {
    /// Appends a message to `out` in fragments with a payload of at most `max_payload_len` bytes each.
    ///
    /// Text is cut between code points. A code point that is longer than `max_payload_len` is cut within. A limit of 0
    /// counts as 1. With permessage-deflate the message is compressed as a whole, and the result is cut (RFC 7692
    /// [§6.1](https://www.rfc-editor.org/rfc/rfc7692#section-6.1)).
    ///
    /// To send control frames between the fragments, [`send`](Self::send) parts that are
    /// [`unfinished`](crate::DataMessage::unfinished): each becomes a frame.
    ///
    /// ```
    /// use wsproto::{Config, Connection, TextMessage};
    ///
    /// let (mut server, mut out) = (Connection::open_server(Config::default()), Vec::new());
    /// server.send_fragmented(TextMessage::new("Zürich"), 3, &mut out)?;
    /// assert_eq!(out, b"\x01\x03Z\xc3\xbc\x00\x03ric\x80\x01h");
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), [`WrongEvent`](LocalProtocolError::WrongEvent) where the event is no message, and
    /// [`NotPerMessage`](LocalProtocolError::NotPerMessage) where an extension works frame by frame.
    ///
    /// RFC 6455 [§5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)
    pub fn send_fragmented<'e, B: SendBuffer>(
        &mut self,
        message: impl Into<Event<'e>>,
        max_payload_len: usize,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        match message.into() {
            Event::TextMessage(message) => {
                let payload = message.data.as_bytes();
                self.fragment(data_frame(Opcode::Text, &message, payload), max_payload_len, out.bytes())
            }
            Event::BytesMessage(message) => self.fragment(
                data_frame(Opcode::Binary, &message, &message.data),
                max_payload_len,
                out.bytes(),
            ),
            _ => Err(LocalProtocolError::WrongEvent),
        }
    }

    /// Appends a prepared message to `out` as [`send_fragmented`](Self::send_fragmented) does. The form that is shared
    /// with other connections is cut.
    ///
    /// ```
    /// use wsproto::{BytesMessage, Config, Connection, PreparedMessage};
    ///
    /// let message = PreparedMessage::new(BytesMessage::new(b"abcde"))?;
    /// let (mut server, mut out) = (Connection::open_server(Config::default()), Vec::new());
    /// server.send_prepared_fragmented(&message, 3, &mut out)?;
    /// assert_eq!(out, b"\x02\x03abc\x80\x02de");
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared), and [`NotPerMessage`](LocalProtocolError::NotPerMessage) where an
    /// extension works frame by frame.
    pub fn send_prepared_fragmented<B: SendBuffer>(
        &mut self,
        message: &PreparedMessage,
        max_payload_len: usize,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        self.check_may_send()?;
        self.check_per_message()?;
        let Some((first, payload)) = self.prepared_frame(message)? else { return Ok(()) };
        let is_text = first.opcode == Opcode::Text && message.is_as_it_was(&payload);
        let whole = if is_text { Whole::Text(&payload) } else { Whole::Bytes(&payload) };
        self.write_fragments(first, &whole, max_payload_len, out.bytes())
    }

    /// Appends a message, or a part of one, in fragments.
    fn fragment<B: WriteBuffer>(
        &mut self,
        mut frame: OutboundFrame<'_>,
        max_payload_len: usize,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        let payload = frame.payload;
        let plain = if frame.opcode == Opcode::Text { Whole::Text(payload) } else { Whole::Bytes(payload) };
        frame.opcode = self.message_opcode(frame.opcode)?;
        self.check_per_message()?;
        let mut first = FrameHeader { fin: frame.fin, ..FrameHeader::new(frame.opcode, 0) };
        first.mask = self.fresh_key()?;
        let Some(extended) = self.extended.as_deref_mut() else {
            return self.write_fragments(first, &plain, max_payload_len, out);
        };
        // An extension must not see a frame that can't be sent: its state would be ahead of the peer's.
        self.encoder.clone().check(&first)?;
        let start = out.len();
        let sent = extended.pipeline.outbound(&frame, out)?;
        //= rfc6455#5.2-1, rfc7692#6.1-1
        first.rsv = sent.rsv;
        match sent.handling {
            Handling::Swallow => Ok(self.encoder.check(&first)?),
            Handling::Transform => {
                self.write_fragments(first, &Whole::Appended(start..out.len()), max_payload_len, out)
            }
            _ => self.write_fragments(first, &plain, max_payload_len, out),
        }
    }

    fn check_per_message(&self) -> Result<(), LocalProtocolError> {
        let is_per_message =
            self.extended.as_deref().is_none_or(|extended| extended.pipeline.is_per_message());
        is_per_message.then_some(()).ok_or(LocalProtocolError::NotPerMessage)
    }

    /// Appends the frames of a message. `first` is the header that a message in one frame would have. On failure
    /// nothing is appended, and the extensions forget the message.
    fn write_fragments<B: WriteBuffer>(
        &mut self,
        first: FrameHeader,
        whole: &Whole<'_>,
        max_payload_len: usize,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        let (before, encoder) = (whole.start_in(out), self.encoder.clone());
        let outcome = self.write_each_fragment(first, whole, max_payload_len.max(1), out);
        if outcome.is_err() {
            out.truncate(before);
            self.encoder = encoder;
            if let Some(extended) = self.extended.as_deref_mut() {
                extended.pipeline.outbound_dropped();
            }
        } else if let Whole::Appended(range) = whole {
            out.remove(range.clone());
        }
        outcome
    }

    //= rfc6455#5.4-2, rfc6455#6.1-1
    fn write_each_fragment<B: WriteBuffer>(
        &mut self,
        first: FrameHeader,
        whole: &Whole<'_>,
        max_len: usize,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        let mut header = first;
        let mut rest = whole.range();
        loop {
            let end = whole.cut(&rest, max_len);
            let fragment = rest.start..end;
            header.fin = first.fin && end == rest.end;
            header.payload_len = fragment.len() as u64;
            match whole {
                Whole::Text(bytes) | Whole::Bytes(bytes) => {
                    self.write_frame(&header, bytes.get(fragment).unwrap_or_default(), out)?;
                }
                Whole::Appended(_) => {
                    self.encoder.check(&header)?;
                    header.encode_to(|bytes| out.append(bytes));
                    let start = out.len();
                    out.append_from_within(fragment);
                    if let Some(mut key) = header.mask {
                        key.apply(out.get_mut(start..).unwrap_or_default());
                    }
                }
            }
            if end == rest.end {
                return Ok(());
            }
            rest.start = end;
            //= rfc6455#5.3-2
            let mask = self.fresh_key()?;
            header = FrameHeader { opcode: Opcode::Continuation, rsv: Rsv::NONE, mask, ..header };
        }
    }
}

impl Whole<'_> {
    /// Returns the length of `out` before the message: it is cut to this length on failure.
    fn start_in(&self, out: &[u8]) -> usize {
        match self {
            Self::Text(_) | Self::Bytes(_) => out.len(),
            Self::Appended(range) => range.start,
        }
    }

    fn range(&self) -> Range<usize> {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => 0..bytes.len(),
            Self::Appended(range) => range.clone(),
        }
    }

    /// Returns the end of the first fragment of `rest`: it has at most `max_len` bytes, and at least one if there is
    /// any.
    fn cut(&self, rest: &Range<usize>, max_len: usize) -> usize {
        let longest = rest.start.saturating_add(max_len).min(rest.end);
        let Self::Text(bytes) = self else { return longest };
        let begins = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
        // A code point has at most four bytes. One that is longer than the limit is cut: the peer has set the limit.
        (rest.start..=longest).rev().take(4).find(begins).filter(|at| *at > rest.start).unwrap_or(longest)
    }
}
