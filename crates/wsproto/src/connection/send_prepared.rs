//! Sending prepared messages to many connections.

use bytes::Bytes;
use wsproto_extensions::WriteBuffer as _;
use wsproto_frame::{FrameError, FrameHeader};

use super::Connection;
use crate::{LocalProtocolError, PreparedMessage, SendBuffer, send_buffer::APART_LEN};

impl Connection {
    /// Appends a message that was prepared for many connections to `out`, as [`send`](Self::send) does. An
    /// [`OutputQueue`](crate::OutputQueue) shares a long payload, also one that was compressed, with the message.
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`], as from [`send`](Self::send). None can be sent while a message of ours is under way.
    pub fn send_prepared<B: SendBuffer>(
        &mut self,
        message: &PreparedMessage,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        let Some((header, payload)) = self.prepared_frame(message)? else { return Ok(()) };
        if B::TAKES_PAYLOADS && payload.len() >= APART_LEN && header.mask.is_none() {
            self.encoder.check(&header)?;
            out.bytes().append(&header.encode());
            out.take_payload(payload);
            return Ok(());
        }
        self.write_frame(&header, &payload, out.bytes())
    }

    /// Returns the header and the shared payload of a prepared message; nothing is copied.
    ///
    /// Write them one after the other, with one vectored write. If the header has a masking key, as on a client, the
    /// payload must be masked with it. `None` means that an extension swallows the message: there is nothing to write.
    ///
    /// ```
    /// use wsproto::{BytesMessage, Config, Connection, PreparedMessage};
    ///
    /// let mut server = Connection::open_server(Config::default());
    /// let message = PreparedMessage::new(BytesMessage::new(vec![7; 1 << 20]))?;
    /// if let Some((header, payload)) = server.send_prepared_apart(&message)? {
    ///     // stream.write_vectored(&[IoSlice::new(&header.encode()), IoSlice::new(&payload)])
    ///     assert_eq!(header.payload_len, payload.len() as u64);
    /// }
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_prepared`](Self::send_prepared).
    pub fn send_prepared_apart(
        &mut self,
        message: &PreparedMessage,
    ) -> Result<Option<(FrameHeader, Bytes)>, LocalProtocolError> {
        let prepared = self.prepared_frame(message)?;
        if let Some((header, _)) = &prepared {
            self.encoder.check(header)?;
        }
        Ok(prepared)
    }

    /// Makes a frame of a message, through the extensions if there are any. The encoder doesn't know it yet.
    pub(super) fn prepared_frame(
        &mut self,
        message: &PreparedMessage,
    ) -> Result<Option<(FrameHeader, Bytes)>, LocalProtocolError> {
        self.check_may_send()?;
        let mut header = FrameHeader::new(message.opcode, message.payload.len() as u64);
        header.mask = self.fresh_key()?;
        // An extension must not see a frame that can't be sent: its state would be ahead of the peer's.
        self.encoder.clone().check(&header)?;
        let Some(extended) = self.extended.as_deref_mut() else {
            return Ok(Some((header, message.payload.clone())));
        };
        let Some((rsv, payload)) = message.transformed(&mut extended.pipeline)? else { return Ok(None) };
        //= rfc6455#5.2-1
        header.rsv = rsv;
        header.payload_len = payload.len() as u64;
        Ok(Some((header, payload)))
    }

    /// Lets the extensions make their form of a message now, if other connections can share it.
    pub(crate) fn prepare(&mut self, message: &mut PreparedMessage) -> Result<(), LocalProtocolError> {
        self.check_may_send()?;
        if self.encoder.message().is_some() {
            return Err(FrameError::MessageInterrupted.into());
        }
        match self.extended.as_deref_mut() {
            Some(extended) => Ok(message.transform_ahead(&mut extended.pipeline)?),
            None => Ok(()),
        }
    }
}
