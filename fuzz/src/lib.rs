//! Our connection and tungstenite's with the same bytes: the same messages, and the same faults except for a reviewed
//! list of differences. It is not among the other bodies, so that only this workspace depends on tungstenite.

use std::io::{self, Cursor, Read, Write};

use tungstenite::protocol::{Role as TheirRole, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message, error::ProtocolError};
use wsproto::frame::FrameError;
use wsproto::{CloseCode, Config, Connection, Event, ReadBuffer, RemoteProtocolError};

/// The longest frame and message of both sides, in bytes.
const LIMIT: usize = 1 << 20;

/// Passes the same bytes to a connection of ours and to one of tungstenite's. The first byte chooses the role.
pub fn against_tungstenite(data: &[u8]) {
    let Some((choices, wire)) = data.split_first() else { return };
    let is_server = choices & 1 == 1;
    let (ours, theirs) = (ours(is_server, wire), theirs(is_server, wire));
    let same_messages = ours.said == theirs.said;
    let allowed = match &ours.end {
        End::Failed(error) => match difference(error) {
            // tungstenite finds the fault at the end of the frame, which may not be there.
            Difference::None => same_messages && theirs.end != End::Closed,
            Difference::TheyTakeIt => theirs.said.starts_with(&ours.said),
        },
        End::Closed if refused_by_them(&ours) => theirs.end == End::Closed,
        End::Closed | End::Cut => same_messages && theirs.end == kind(&ours.end),
    };
    assert!(allowed, "ours: {ours:?}\ntheirs: {theirs:?}");
}

/// How tungstenite treats bytes that we refuse.
enum Difference {
    /// It refuses it, too.
    None,
    /// It continues.
    TheyTakeIt,
}

/// The reviewed list of bytes that we refuse and tungstenite accepts.
fn difference(error: &RemoteProtocolError) -> Difference {
    match error {
        // RFC 6455 §5.2: the minimal number of bytes MUST be used. tungstenite does not check it.
        RemoteProtocolError::Frame(FrameError::LengthNotMinimal) => Difference::TheyTakeIt,
        // RFC 6455 §5.2: the same for a control frame. We refuse it as soon as its length takes two more bytes.
        RemoteProtocolError::Frame(FrameError::ControlTooLong) => Difference::TheyTakeIt,
        // RFC 6455 §7.4: tungstenite shows such a Close as one with 1002 instead of failing.
        RemoteProtocolError::Frame(FrameError::CloseCodeInvalid(_)) => Difference::TheyTakeIt,
        _ => Difference::None,
    }
}

/// The reviewed list of events that tungstenite shows differently: a Close with 1014 (Bad Gateway), which IANA
/// registered after RFC 6455.
fn refused_by_them(ours: &Heard<RemoteProtocolError>) -> bool {
    matches!(ours.said.last(), Some(Said::Close(code, _)) if *code == CloseCode::BAD_GATEWAY.get())
}

/// A received event, in whole messages.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

/// The end of the connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End<E> {
    /// With a Close.
    Closed,
    /// With the stream.
    Cut,
    /// With a fault.
    Failed(E),
}

/// Distinguishes ends, without the kind of the fault.
fn kind(end: &End<RemoteProtocolError>) -> End<()> {
    match end {
        End::Closed => End::Closed,
        End::Cut => End::Cut,
        End::Failed(_) => End::Failed(()),
    }
}

#[derive(Debug)]
struct Heard<E> {
    said: Vec<Said>,
    end: End<E>,
}

fn ours(is_server: bool, wire: &[u8]) -> Heard<RemoteProtocolError> {
    let config = Config::default()
        .with_max_message_len(LIMIT as u64)
        .with_max_fragments(u64::MAX)
        .with_max_empty_fragments(u64::MAX);
    let mut connection = if is_server {
        Connection::open_server(config)
    } else {
        Connection::open_client_with_entropy(config, |bytes: &mut [u8]| bytes.fill(1))
    };
    let mut buffer = ReadBuffer::messages().with_unread(wire);
    let mut said = Vec::new();
    loop {
        match connection.receive_from(&mut buffer) {
            Ok(Some(event)) => said.push(our_message(event)),
            Ok(None) => return Heard { said, end: End::Cut },
            Err(error) => return Heard { said, end: End::Failed(error) },
        }
        if let Some(Said::Close(..)) = said.last() {
            return Heard { said, end: End::Closed };
        }
    }
}

fn our_message(event: Event<'_>) -> Said {
    match event {
        Event::TextMessage(message) => Said::Text(message.data.as_str().to_owned()),
        Event::BytesMessage(message) => Said::Binary(message.data.to_vec()),
        Event::Ping(ping) => Said::Ping(ping.payload.to_vec()),
        Event::Pong(pong) => Said::Pong(pong.payload.to_vec()),
        Event::CloseConnection(close) => Said::Close(close.code.get(), close.reason.as_str().to_owned()),
        other => panic!("an event of the handshake: {other:?}"),
    }
}

fn theirs(is_server: bool, wire: &[u8]) -> Heard<()> {
    let role = if is_server { TheirRole::Server } else { TheirRole::Client };
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_frame_size(Some(LIMIT))
        .max_message_size(Some(LIMIT));
    let mut socket = WebSocket::from_raw_socket(Stream(Cursor::new(wire)), role, Some(config));
    let mut said = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => said.push(Said::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => said.push(Said::Binary(bytes.to_vec())),
            Ok(Message::Ping(bytes)) => said.push(Said::Ping(bytes.to_vec())),
            Ok(Message::Pong(bytes)) => said.push(Said::Pong(bytes.to_vec())),
            Ok(Message::Close(close)) => {
                let (code, reason) = close.map_or((CloseCode::NO_STATUS.get(), String::new()), |close| {
                    (close.code.into(), close.reason.as_str().to_owned())
                });
                said.push(Said::Close(code, reason));
                return Heard { said, end: End::Closed };
            }
            Ok(Message::Frame(frame)) => panic!("a frame is never read: {frame}"),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return Heard { said, end: End::Cut };
            }
            Err(_) => return Heard { said, end: End::Failed(()) },
        }
    }
}

/// Bytes to read. Written bytes are dropped.
struct Stream<'a>(Cursor<&'a [u8]>);

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_seed() {
        let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/against_tungstenite");
        for entry in std::fs::read_dir(seeds).expect("seeds") {
            let data = std::fs::read(entry.expect("a file").path()).expect("a seed");
            for len in 0..=data.len() {
                super::against_tungstenite(&data[..len]);
            }
        }
    }
}
