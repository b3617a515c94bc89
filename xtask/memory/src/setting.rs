//! Connections with each setting of permessage-deflate, and conversations with them.

use std::fmt::Write as _;
use std::mem;

use allocation_counter::measure;
use wsproto::extensions::deflate::{Backend, DeflateParams, WindowBits};
use wsproto::{
    BytesMessage, Config, Connection, DeflateConfig, Event, ReadBuffer, Role, TextMessage, extensions,
};

/// How many times messages of each length are exchanged each way before allocations are counted, and while they are.
const WARM: usize = 20;
const COUNTED: usize = 100;

/// How long they are, in bytes.
const LENGTHS: [usize; 3] = [16, 1 << 10, 40 << 10];

/// What two sides agree on.
pub(crate) enum Setting {
    Plain,
    Deflate { backend: (&'static str, Backend), bits: u8, takeover: &'static str },
}

impl Setting {
    /// Every setting that makes a difference.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Plain];
        for backend in [("miniz_oxide", Backend::Miniz), ("zlib-rs", Backend::ZlibRs)] {
            for takeover in ["yes", "no"] {
                all.extend([15, 9].map(|bits| Self::Deflate { backend, bits, takeover }));
            }
        }
        all
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Plain => "none".to_owned(),
            Self::Deflate { backend: (name, _), bits, takeover } => format!("{name}, {bits}, {takeover}"),
        }
    }

    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Whether nothing is to be kept between messages.
    pub(crate) fn forgets(&self) -> bool {
        matches!(self, Self::Deflate { takeover: "no", .. })
    }

    fn config(&self) -> Config {
        let Self::Deflate { backend: (_, backend), bits, .. } = *self else { return Config::default() };
        let window = WindowBits::new(bits).unwrap_or_default();
        let params = DeflateParams {
            server_no_context_takeover: self.forgets(),
            client_no_context_takeover: self.forgets(),
            server_max_window_bits: window,
            client_max_window_bits: window,
        };
        let deflate = DeflateConfig::default().with_params(params).with_backend(backend);
        Config::default().with_extension(deflate)
    }

    /// Returns the heap bytes of a connection when it is open, after 1 KiB each way, and after 1 MiB each way.
    pub(crate) fn heap(&self, role: Role) -> Result<[i64; 3], String> {
        let config = self.config();
        // What goes to the pool, or to the thread, is made beforehand, by a connection that keeps what it can.
        let (mut states, mut before) = ([0; 3], Vec::new());
        for _ in 0..2 {
            let mut peer = open(role.peer(), &config)?;
            let mut out = Vec::with_capacity(4 << 20);
            let mut wires = Vec::new();
            for document in [document(0, 1 << 10), document(1, 1 << 20)] {
                let mut wire = Vec::with_capacity(2 << 20);
                peer.send(TextMessage::new(&document), &mut wire).map_err(|error| error.to_string())?;
                wires.push((document, wire));
            }
            let mut connection = None;
            let mut outcome = Ok(());
            states[0] = measure(|| match open(role, &config) {
                Ok(new) => connection = Some(new),
                Err(problem) => outcome = Err(problem),
            })
            .bytes_current;
            let mut connection = connection.ok_or("not open")?;
            for (state, (document, wire)) in wires.iter_mut().enumerate() {
                let grown = measure(|| {
                    outcome = receive_all(&mut connection, wire).and_then(|_| {
                        let message = TextMessage::new(document.as_str());
                        connection.send(message, &mut out).map_err(|error| error.to_string())
                    });
                });
                outcome.clone()?;
                states[state + 1] = states[state] + grown.bytes_current;
            }
            before.push(connection);
        }
        Ok(states)
    }
}

/// A client and a server.
pub(crate) struct Pair([Connection; 2]);

impl Pair {
    /// How many messages are received, and as many sent, while allocations are counted.
    pub(crate) const MESSAGES: u64 = 2 * COUNTED as u64 * LENGTHS.len() as u64;

    pub(crate) fn new(setting: &Setting) -> Result<Self, String> {
        let config = setting.config();
        Ok(Self([open(Role::Client, &config)?, open(Role::Server, &config)?]))
    }

    /// Returns what [`MESSAGES`](Self::MESSAGES) allocate once everything is warm: received, and sent.
    pub(crate) fn allocations(self) -> Result<[u64; 2], String> {
        let Self([mut client, mut server]) = self;
        // Nothing waits between messages, so that one serves both.
        let mut buffer = ReadBuffer::messages();
        let (mut received, mut sent) = (0, 0);
        for number in 0..WARM + COUNTED {
            for _ in 0..2 {
                let (receiving, sending) = exchange(&mut client, &mut server, &mut buffer, number)?;
                if number >= WARM {
                    received += receiving;
                    sent += sending;
                }
                // The other way.
                mem::swap(&mut client, &mut server);
            }
        }
        Ok([received, sent])
    }
}

/// Sends messages of several sizes, one way, and returns what receiving and sending allocated.
fn exchange(
    from: &mut Connection,
    to: &mut Connection,
    buffer: &mut ReadBuffer,
    number: usize,
) -> Result<(u64, u64), String> {
    let (mut received, mut sent) = (0, 0);
    let mut wire = Vec::with_capacity(1 << 17);
    for len in LENGTHS {
        let document = document(number, len);
        let mut outcome = Ok(());
        sent += measure(|| {
            outcome = from.send(BytesMessage::new(document.as_bytes()), &mut wire);
        })
        .count_total;
        outcome.map_err(|error| error.to_string())?;
        let mut outcome = Ok(0);
        received += measure(|| outcome = receive_messages(to, buffer, &wire)).count_total;
        if outcome? != len {
            return Err(format!("a message of {len} bytes did not come whole"));
        }
        wire.clear();
    }
    Ok((received, sent))
}

/// Receives whole messages, and returns how many bytes they had.
fn receive_messages(
    connection: &mut Connection,
    buffer: &mut ReadBuffer,
    wire: &[u8],
) -> Result<usize, String> {
    buffer.extend_from_slice(wire);
    let mut len = 0;
    while let Some(event) = connection.receive_from(buffer).map_err(|error| error.to_string())? {
        len += data_len(&event);
    }
    Ok(len)
}

/// Receives parts of messages in reads of 64 KiB, and returns how many bytes they had.
pub(crate) fn receive_all(connection: &mut Connection, wire: &mut [u8]) -> Result<usize, String> {
    let mut len = 0;
    for mut input in wire.chunks_mut(64 << 10) {
        while let Some(event) = connection.receive(&mut input).map_err(|error| error.to_string())? {
            len += data_len(&event);
        }
    }
    Ok(len)
}

fn data_len(event: &Event<'_>) -> usize {
    match event {
        Event::TextMessage(message) => message.data.len(),
        Event::BytesMessage(message) => message.data.len(),
        _ => 0,
    }
}

/// An open connection with what both sides of `config` agree on.
pub(crate) fn open(role: Role, config: &Config) -> Result<Connection, String> {
    let offers = extensions::offers(&config.extensions).map_err(|error| error.to_string())?;
    let (answer, server) =
        extensions::respond(&config.extensions, &offers).map_err(|error| error.to_string())?;
    let agreed = extensions::conclude(&config.extensions, &answer).map_err(|error| error.to_string())?;
    Ok(match role {
        Role::Server => Connection::open_server(config.clone()).with_extensions(server),
        Role::Client => Connection::open_client(config.clone()).with_extensions(agreed),
    })
}

/// Text of so many bytes that shrinks as JSON does; the same for the same number.
pub(crate) fn document(number: usize, len: usize) -> String {
    let mut state = 0x9e37_79b9_u32.wrapping_add(u32::try_from(number).unwrap_or_default());
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    };
    let mut text = String::with_capacity(len + 80);
    while text.len() < len {
        let (id, price) = (next(), next() % 10_000);
        let _ = write!(text, "{{\"id\":{id},\"price\":{price},\"in_stock\":true}},");
    }
    text.truncate(len);
    text
}
