//! Connections for tests: open ones, pairs of them, and bytes of a peer.

use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    AcceptConnection, Config, Connection, Event, RemoteProtocolError, Request, Role, Transport, extensions,
};
use wsproto_frame::{FrameHeader, MaskingKey, Opcode, Rsv};

/// The request of RFC 6455 §1.3.
pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The answer to it.
pub(crate) const ANSWER: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Gives the nonce and a masking key of the RFC's examples. They are not random, so bytes can be compared.
pub(crate) fn settled(bytes: &mut [u8]) {
    match bytes.len() {
        16 => bytes.copy_from_slice(b"the sample nonce"),
        _ => bytes.iter_mut().zip([0x37, 0xfa, 0x21, 0x3d]).for_each(|(to, from)| *to = from),
    }
}

/// A configuration with permessage-deflate, which compresses every message.
pub(crate) fn deflating() -> Config {
    Config::default().with_extension(DeflateConfig::default().with_threshold(0))
}

/// Returns an open connection of one role, with the extensions of `config` on both sides.
pub(crate) fn open(role: Role, config: &Config) -> Connection {
    let offers = extensions::offers(&config.extensions).expect("our offers are sound");
    let (answer, server) = extensions::respond(&config.extensions, &offers).expect("and understood");
    match role {
        Role::Server => Connection::open_server(config.clone()).with_extensions(server),
        Role::Client => Connection::open_client_with_entropy(config.clone(), settled).with_extensions(
            extensions::conclude(&config.extensions, &answer).expect("and so is the answer"),
        ),
    }
}

/// Returns a client and a server after their opening handshake.
pub(crate) fn shaken(config: &Config) -> (Connection, Connection) {
    let mut client = Connection::client_with_entropy(config.clone(), settled);
    let mut server = Connection::server(config.clone());
    let mut wire = Vec::new();
    client.send(Request::new("server.example.com", "/chat"), &mut wire).unwrap();
    assert!(matches!(server.receive(&mut &mut wire[..]), Ok(Some(Event::Request(_)))));
    wire.clear();
    server.send(AcceptConnection::new(), &mut wire).unwrap();
    assert!(matches!(client.receive(&mut &mut wire[..]), Ok(Some(Event::AcceptConnection(_)))));
    (client, server)
}

/// Returns a frame as `role`'s peer sends it: masked for a server, with a key of zeros.
pub(crate) fn frame_to(role: Role, header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader { payload_len: payload.len() as u64, ..header };
    claim_to(role, header).into_iter().chain(payload.iter().copied()).collect()
}

/// Returns a header as `role`'s peer sends it, with any claims.
pub(crate) fn claim_to(role: Role, header: FrameHeader) -> Vec<u8> {
    let header = match role {
        Role::Server => header.with_mask(MaskingKey::new([0; 4])),
        Role::Client => header,
    };
    header.encode().to_vec()
}

/// Returns the header of a frame that ends its message.
pub(crate) const fn last(opcode: Opcode) -> FrameHeader {
    FrameHeader::new(opcode, 0)
}

/// Returns the header of a frame with more to come.
pub(crate) const fn more(opcode: Opcode) -> FrameHeader {
    FrameHeader::new(opcode, 0).unfinished()
}

/// Returns the same header with the bit of permessage-deflate.
pub(crate) const fn compressed(header: FrameHeader) -> FrameHeader {
    header.with_rsv(Rsv::RSV1)
}

/// A receiver of bytes: a connection, or a program that answers at once.
pub(crate) trait Receive {
    fn take<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, RemoteProtocolError>;

    fn transport(&self) -> Transport;
}

impl Receive for Connection {
    fn take<'a>(&mut self, input: &mut &'a mut [u8]) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        self.receive(input)
    }

    fn transport(&self) -> Transport {
        Self::transport(self)
    }
}

/// Feeds parts one after the other; returns the events up to the first error, and that error.
///
/// After each part no byte may be left. There are two exceptions: bytes after an error, and bytes that wait for our
/// answer, which come again with the next part.
pub(crate) fn feed<'p>(
    connection: &mut impl Receive,
    parts: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Event<'static>>, Result<(), RemoteProtocolError>) {
    let (mut events, mut waiting) = (Vec::new(), Vec::new());
    for part in parts {
        let mut part = [&waiting, part].concat();
        let mut input = &mut part[..];
        loop {
            match connection.take(&mut input) {
                Ok(Some(event)) => events.push(event.into_owned()),
                Ok(None) => {
                    let waits = connection.transport() == Transport::PauseRead;
                    assert!(input.is_empty() || waits, "no event, and {} bytes left", input.len());
                    waiting = input.to_vec();
                    break;
                }
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, Ok(()))
}

/// Returns the bytes in parts that end at `cuts`.
pub(crate) fn parts<'p>(bytes: &'p [u8], cuts: &[usize]) -> Vec<&'p [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().copied().chain([0, bytes.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}
