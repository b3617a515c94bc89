//! The way through an HTTP proxy: writes what asks for a tunnel, reads the answer and nothing after it.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

use wsproto::{Deadline, HandshakeLimits, Proxy, WebSocketUrl};

use crate::{Error, client::left, time::is_timeout};

/// Has the proxy connect to a server; from then on the stream leads there.
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
        // What follows the answer belongs to the server: it stays in the socket.
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

/// Takes what may be tried again as nothing.
fn retried(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::Interrupted || is_timeout(&error) => Ok(None),
        outcome => outcome.map(Some),
    }
}
