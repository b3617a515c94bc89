//! Opens a tunnel through an HTTP proxy: writes the request, and reads the answer but nothing after it.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

use wsproto::{Deadline, HandshakeLimits, Proxy, WebSocketUrl};

use crate::{Error, client::left, time::is_timeout};

/// Asks the proxy for a tunnel to a server; afterwards the stream leads to the server.
pub(crate) fn tunnel(
    stream: &mut TcpStream,
    proxy: &Proxy,
    to: &WebSocketUrl,
    limits: HandshakeLimits,
    until: Option<Instant>,
) -> Result<(), Error> {
    let mut request = Vec::new();
    let mut answer = proxy.ask(to, limits, &mut request).map_err(|error| Error::Local(error.into()))?;
    let mut rest = &request[..];
    while !rest.is_empty() {
        stream.set_write_timeout(left(until, Deadline::Proxy)?)?;
        match retried(stream.write(rest))? {
            Some(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            Some(len) => rest = rest.get(len..).unwrap_or_default(),
            None => {}
        }
    }
    let mut buffer = [0; 1024];
    loop {
        stream.set_read_timeout(left(until, Deadline::Proxy)?)?;
        // Bytes after the answer belong to the server, so they stay in the socket.
        let Some(len) = retried(stream.peek(&mut buffer))? else { continue };
        if len == 0 {
            answer.receive_eof()?;
        }
        let seen = buffer.get(..len).unwrap_or_default();
        let mut unread = seen;
        let is_open = answer.receive(&mut unread)?;
        let taken = seen.len().saturating_sub(unread.len());
        stream.read_exact(buffer.get_mut(..taken).unwrap_or_default())?;
        if is_open {
            stream.set_write_timeout(None)?;
            stream.set_read_timeout(None)?;
            return Ok(());
        }
    }
}

/// Turns an error that allows a retry into `None`.
fn retried(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::Interrupted || is_timeout(&error) => Ok(None),
        outcome => outcome.map(Some),
    }
}
