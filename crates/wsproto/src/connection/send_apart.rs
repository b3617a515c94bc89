//! Headers of frames whose payload the caller writes.

use wsproto_frame::{FrameHeader, Opcode};

use super::Connection;
use crate::{Event, LocalProtocolError};

impl Connection {
    /// Returns the header of a message whose payload the caller writes right after it, in one vectored write.
    ///
    /// Nothing is copied, however long the payload is.
    ///
    /// If the header has a masking key, as on a client, the payload must be masked with it. Copy, mask and write a long
    /// payload in pieces that fit in the processor's cache.
    ///
    /// Agreed extensions, such as compression, can't transform the payload. So the message must be
    /// [`verbatim`](crate::DataMessage::verbatim) from its first part on. [`send_header`](Self::send_header) does the
    /// same for a payload that isn't in memory.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{BytesMessage, Config, Connection};
    ///
    /// # let mut stream = Vec::new();
    /// let mut server = Connection::open_server(Config::default());
    /// let payload = vec![7; 1 << 20];
    /// let header = server.send_apart(BytesMessage::new(&payload))?.encode();
    /// // stream.write_vectored(&[IoSlice::new(&header), IoSlice::new(&payload)])
    /// assert_eq!(header.len(), 10);
    ///
    /// let mut client = Connection::open_client(Config::default());
    /// let header = client.send_apart(BytesMessage::new(&payload))?;
    /// stream.extend_from_slice(&header.encode());
    /// let mut key = header.mask.expect("a client masks");
    /// let mut piece = Vec::new();
    /// for part in payload.chunks(16 << 10) {
    ///     piece.clear();
    ///     piece.extend_from_slice(part);
    ///     key.apply(&mut piece); // goes on where it stopped
    ///     stream.extend_from_slice(&piece); // or stream.write_all(&piece)
    /// }
    /// assert_eq!(stream.len(), 14 + payload.len());
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`], as from [`send`](Self::send). [`WrongEvent`](LocalProtocolError::WrongEvent) where the
    /// event is no message. [`PayloadApart`](LocalProtocolError::PayloadApart) where an extension needs the payload, or
    /// might need it because the message isn't verbatim. Nothing has changed then, and [`send`](Self::send) takes the
    /// message.
    #[inline]
    pub fn send_apart<'e>(
        &mut self,
        message: impl Into<Event<'e>>,
    ) -> Result<FrameHeader, LocalProtocolError> {
        let (opcode, len, fin, verbatim) = match message.into() {
            Event::TextMessage(message) => {
                (Opcode::Text, message.data.as_bytes().len(), message.message_finished, message.verbatim)
            }
            Event::BytesMessage(message) => {
                (Opcode::Binary, message.data.len(), message.message_finished, message.verbatim)
            }
            _ => return Err(LocalProtocolError::WrongEvent),
        };
        self.check_may_send()?;
        // Within a message the extensions know whether its first part was verbatim.
        if self.extended.is_some() && !verbatim && self.encoder.message().is_none() {
            return Err(LocalProtocolError::PayloadApart);
        }
        self.data_header(FrameHeader { fin, ..FrameHeader::new(opcode, len as u64) })
    }

    /// Returns the header of a message whose payload isn't in memory, such as a file for `sendfile`, or bytes that
    /// still arrive from another connection.
    ///
    /// It uses three fields of `frame`: the opcode ([`Text`](Opcode::Text) or [`Binary`](Opcode::Binary)), the length,
    /// and whether the frame is the last one of its message. A message that continues has the opcode with which it
    /// began.
    ///
    /// The caller must write exactly that many bytes after the header, before anything else. The bytes of a text must
    /// be UTF-8. If the header has a masking key, as on a client, the bytes must be masked with it. Extensions can't
    /// transform them.
    ///
    /// ```
    /// use wsproto::frame::{FrameHeader, Opcode};
    /// use wsproto::{Config, Connection};
    ///
    /// let file_len = 5 << 30;
    /// let mut server = Connection::open_server(Config::default());
    /// let header = server.send_header(FrameHeader::new(Opcode::Binary, file_len))?;
    /// // stream.write_all(&header.encode()), then sendfile
    /// assert_eq!(*header.encode(), [0x82, 0x7f, 0, 0, 0, 1, 0x40, 0, 0, 0]);
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`]: [`WrongEvent`](LocalProtocolError::WrongEvent) for another opcode,
    /// [`Frame`](LocalProtocolError::Frame) for 2⁶³ bytes or more, and
    /// [`PayloadApart`](LocalProtocolError::PayloadApart) where an extension needs the payload. Nothing has changed
    /// then.
    #[inline]
    pub fn send_header(&mut self, frame: FrameHeader) -> Result<FrameHeader, LocalProtocolError> {
        match frame.opcode {
            Opcode::Text | Opcode::Binary => self.data_header(frame),
            Opcode::Continuation | Opcode::Close | Opcode::Ping | Opcode::Pong => {
                Err(LocalProtocolError::WrongEvent)
            }
        }
    }

    /// Completes the header of a frame that is sent unchanged, and treats the frame as sent.
    #[inline]
    pub(super) fn data_header(&mut self, frame: FrameHeader) -> Result<FrameHeader, LocalProtocolError> {
        let opcode = self.message_opcode(frame.opcode)?;
        let mask = self.fresh_key()?;
        let mut header = FrameHeader { fin: frame.fin, mask, ..FrameHeader::new(opcode, frame.payload_len) };
        if let Some(extended) = self.extended.as_deref_mut() {
            // An extension must not see a frame that can't be sent: its state would be ahead of the peer's.
            self.encoder.clone().check(&header)?;
            //= rfc6455#5.2-1
            header.rsv =
                extended.pipeline.outbound_header(&header)?.ok_or(LocalProtocolError::PayloadApart)?;
        }
        self.encoder.check(&header)?;
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use crate::{BytesMessage, CloseCode, Config, Connection, Event, LocalProtocolError, Ping, TextMessage};

    #[test]
    fn a_header_and_its_payload_apart_are_what_send_appends() {
        let lens = [0, 1, 7, 8, 63, 64, 65, 125, 126, 127, 200, 65_535, 65_536];
        for (role, len) in lens.into_iter().flat_map(|len| [("server", len), ("client", len)]) {
            let connection = || match role {
                "server" => Connection::open_server(Config::default()),
                _ => Connection::open_client_with_entropy(Config::default(), |bytes: &mut [u8]| {
                    bytes.fill(0x5a);
                }),
            };
            let payload = vec![b'x'; len];
            let (mut together, mut apart) = (Vec::new(), Vec::new());
            let mut sender = connection();
            sender.send(BytesMessage::new(&payload).unfinished(), &mut together).unwrap();
            sender.send(BytesMessage::new(&payload), &mut together).unwrap();

            let mut sender = connection();
            for message in [BytesMessage::new(&payload).unfinished(), BytesMessage::new(&payload)] {
                let header = sender.send_apart(message).unwrap();
                apart.extend_from_slice(&header.encode());
                let start = apart.len();
                apart.extend_from_slice(&payload);
                if let Some(mut key) = header.mask {
                    key.apply(&mut apart[start..]);
                }
            }
            assert_eq!(apart, together, "{role}, {len} bytes");
        }
    }

    #[test]
    fn what_cannot_be_sent_apart_changes_nothing() {
        let mut server = Connection::open_server(Config::default());
        assert_eq!(server.send_apart(Ping::new(b"")), Err(LocalProtocolError::WrongEvent));
        server.send(TextMessage::new("a").unfinished(), &mut Vec::new()).unwrap();
        let interrupts = server.send_apart(BytesMessage::new(b"b"));
        assert!(matches!(interrupts, Err(LocalProtocolError::Frame(_))), "{interrupts:?}");
        assert!(server.send_apart(TextMessage::new("c")).is_ok());
        let event = Event::from(crate::CloseConnection::new(CloseCode::NORMAL));
        server.send(event, &mut Vec::new()).unwrap();
        assert!(matches!(server.send_apart(TextMessage::new("d")), Err(LocalProtocolError::WrongState(_))));
    }
}
