//! The scenarios: what a peer sends, as a function of n.

use wsproto::{
    AcceptConnection, BytesMessage, Config, Connection, ConnectionState, DeflateConfig, Event,
    HandshakeLimits, Ping, Request, TextMessage,
};

/// A kind of work.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The smaller of the two sizes that are compared.
    pub(crate) n: usize,
    pub(crate) prepare: fn(usize) -> Result<Script, String>,
}

/// A connection and what it is going to be sent.
pub(crate) struct Script {
    pub(crate) connection: Connection,
    pub(crate) wire: Vec<u8>,
}

pub(crate) const SCENARIOS: [Scenario; 15] = [
    // n is the length in bytes of what the name says, or the number of them
    Scenario { name: "binary", n: 65_536, prepare: |n| send(plain(), &[BytesMessage::new(noise(n)).into()]) },
    Scenario { name: "text", n: 65_536, prepare: |n| send(plain(), &[TextMessage::new(text(n)).into()]) },
    Scenario {
        name: "ascii",
        n: 65_536,
        prepare: |n| send(plain(), &[TextMessage::new("a".repeat(n)).into()]),
    },
    Scenario {
        name: "compressed",
        n: 65_536,
        prepare: |n| send(deflate(), &[TextMessage::new(digits(n)).into()]),
    },
    Scenario {
        name: "zeros",
        n: 1 << 18,
        prepare: |n| send(deflate(), &[BytesMessage::new(vec![0; n]).into()]),
    },
    Scenario { name: "fragments", n: 8_192, prepare: fragments },
    Scenario {
        name: "pings",
        n: 8_192,
        prepare: |n| send(plain(), &vec![Event::from(Ping::new(&b"?"[..])); n]),
    },
    Scenario {
        name: "long-field",
        n: 65_536,
        prepare: |n| Ok(head(&format!("Cookie: {}\r\n", "c".repeat(n)))),
    },
    Scenario { name: "fields", n: 1_024, prepare: |n| Ok(head(&fields(n))) },
    Scenario {
        name: "subprotocols",
        n: 4_096,
        prepare: |n| Ok(list("Sec-WebSocket-Protocol", n, |i| format!("chat-{i:06}"))),
    },
    Scenario {
        name: "extension-commas",
        n: 8_192,
        // A list must have an element; the others are empty.
        prepare: |n| {
            Ok(list("Sec-WebSocket-Extensions", n, |i| if i == 0 { "x".to_owned() } else { String::new() }))
        },
    },
    Scenario {
        name: "extension-value",
        n: 8_192,
        prepare: |n| Ok(head(&format!("Sec-WebSocket-Extensions: x; y=\"{}\"\r\n", r"\z".repeat(n)))),
    },
    Scenario { name: "answer", n: 512, prepare: answer },
    Scenario {
        name: "chunked-rejection",
        n: 4_096,
        prepare: |n| rejection(&[&b"1\r\nx\r\n".repeat(n)[..], b"0\r\n\r\n"].concat()),
    },
    Scenario {
        name: "chunks",
        n: 512,
        prepare: |n| {
            rejection(&format!("{}0\r\n\r\n", format!("40\r\n{}\r\n", "x".repeat(64)).repeat(n)).into_bytes())
        },
    },
];

/// No limit that any n would meet.
fn plain() -> Config {
    let handshake = HandshakeLimits::default()
        .with_max_head_len(1 << 20)
        .with_max_headers(1 << 16)
        .with_max_list_items(1 << 16)
        .with_max_reject_body(1 << 20);
    Config::default().with_handshake(handshake)
}

fn deflate() -> Config {
    plain().with_extension(DeflateConfig::default())
}

/// A server to which a client with an agreed connection sends these events.
fn send(config: Config, events: &[Event<'_>]) -> Result<Script, String> {
    let mut client = client(config.clone());
    let mut connection = Connection::server(config);
    let (mut wire, mut back) = (Vec::new(), Vec::new());
    client.send(Request::new("example.com", "/"), &mut wire).map_err(|error| error.to_string())?;
    connection.receive(&mut &mut wire[..]).map_err(|error| error.to_string())?;
    connection.send(AcceptConnection::new(), &mut back).map_err(|error| error.to_string())?;
    client.receive(&mut &mut back[..]).map_err(|error| error.to_string())?;
    wire.clear();
    for event in events {
        client.send(event.clone(), &mut wire).map_err(|error| error.to_string())?;
    }
    let open = connection.state() == ConnectionState::Open;
    if open { Ok(Script { connection, wire }) } else { Err("the connection is not open".to_owned()) }
}

fn client(config: Config) -> Connection {
    Connection::client_with_entropy(config, |bytes: &mut [u8]| bytes.fill(0x5a))
}

/// A text of n fragments, a byte each.
fn fragments(n: usize) -> Result<Script, String> {
    let part = || TextMessage::new("x");
    let mut events = vec![Event::from(part().unfinished()); n.saturating_sub(1)];
    events.push(part().into());
    send(plain(), &events)
}

/// A server that is sent a request with more fields.
fn head(fields: &str) -> Script {
    let request = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let wire = [request, fields, "\r\n"].concat().into_bytes();
    Script { connection: Connection::server(deflate()), wire }
}

/// A server that is sent a field with a list of n items.
fn list(name: &str, n: usize, item: fn(usize) -> String) -> Script {
    let items: Vec<String> = (0..n).map(item).collect();
    head(&format!("{name}: {}\r\n", items.join(", ")))
}

/// A client that is sent an answer of n fields.
fn answer(n: usize) -> Result<Script, String> {
    asked(&[b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n", fields(n).as_bytes(), b"\r\n"].concat())
}

/// n fields that mean nothing to the handshake.
fn fields(n: usize) -> String {
    (0..n).map(|i| format!("X-Name-{i}: {i:016}\r\n")).collect::<Vec<_>>().concat()
}

/// A client that is sent a rejection with a body in chunks.
fn rejection(body: &[u8]) -> Result<Script, String> {
    asked(&[b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n", body].concat())
}

/// A client that has sent its request.
fn asked(answer: &[u8]) -> Result<Script, String> {
    let mut connection = client(plain());
    connection.send(Request::new("example.com", "/"), &mut Vec::new()).map_err(|error| error.to_string())?;
    Ok(Script { connection, wire: answer.to_vec() })
}

/// Bytes without a pattern, the same each time.
fn noise(n: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..n).map(step).collect()
}

/// Digits without a pattern: they compress to about half.
fn digits(n: usize) -> String {
    noise(n).into_iter().map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// Characters of one to four bytes, n bytes in all or a few less.
fn text(n: usize) -> String {
    "Grüße, 你好, Привет and 😀 "
        .chars()
        .cycle()
        .scan(0, |len, c| {
            *len += c.len_utf8();
            (*len <= n).then_some(c)
        })
        .collect()
}
