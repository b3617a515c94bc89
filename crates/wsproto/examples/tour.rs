//! A whole conversation in memory, step by step: each event that is sent, its bytes, and the other side's events.
//!
//! `cargo run --release --example tour`

use std::{error::Error, fmt::Write};

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event,
    Ping, Request, TextMessage,
    extensions::deflate::{Backend, DeflateConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    print!("{}", tour()?);
    Ok(())
}

/// Returns the whole tour as text.
pub(crate) fn tour() -> Result<String, Box<dyn Error>> {
    // This backend gives the same bytes with all sets of features.
    let deflate = DeflateConfig::default().with_backend(Backend::Miniz);
    let config = Config::default().with_extension(deflate);
    let mut tour = Tour::new(&config);
    tour.opening_handshake()?;
    tour.messages()?;
    tour.closing_handshake()?;
    let mut another = Tour::new(&Config::default());
    another.violation()?;
    Ok(format!("{}\n{}", tour.text, another.text))
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Client,
    Server,
}

struct Tour {
    client: Connection,
    server: Connection,
    text: String,
}

impl Tour {
    /// Makes a client and a server. The client's keys count up, so that each tour is the same. **Never do that outside
    /// of an example**: masking keys must be unpredictable.
    fn new(config: &Config) -> Self {
        let mut count = 0;
        let predictable = move |bytes: &mut [u8]| {
            for byte in bytes {
                count += 1;
                *byte = count;
            }
        };
        Self {
            client: Connection::client_with_entropy(config.clone(), predictable),
            server: Connection::server(config.clone()),
            text: String::new(),
        }
    }

    fn opening_handshake(&mut self) -> Result<(), Box<dyn Error>> {
        self.heading("The opening handshake");
        self.step(Side::Client, Request::new("example.com", "/tour").with_subprotocol("chat"))?;
        self.step(Side::Server, AcceptConnection::new().with_subprotocol("chat"))
    }

    fn messages(&mut self) -> Result<(), Box<dyn Error>> {
        self.heading("A short text: sent as it is, masked by the client");
        self.step(Side::Client, TextMessage::new("Hello"))?;
        self.heading("A longer text: compressed (RSV1 is set), then the same again from the shared window");
        let ticks = r#"[{"symbol":"ABC","bid":17.42,"ask":17.44},{"symbol":"ABD","bid":17.51,"ask":17.55}]"#;
        self.step(Side::Server, TextMessage::new(ticks))?;
        self.step(Side::Server, TextMessage::new(ticks))?;
        self.heading("A message in fragments, with a Ping between them");
        self.step(Side::Client, BytesMessage::new(b"\x01\x02\x03").unfinished())?;
        self.step(Side::Client, Ping::new(b"still there?"))?;
        self.step(Side::Client, BytesMessage::new(b"\x04\x05"))
    }

    fn closing_handshake(&mut self) -> Result<(), Box<dyn Error>> {
        self.heading("The closing handshake");
        let close = CloseConnection::new(CloseCode::NORMAL).with_reason("that was all");
        self.step(Side::Client, close)?;
        self.standing()
    }

    fn violation(&mut self) -> Result<(), Box<dyn Error>> {
        self.heading("Another connection: the client breaks a rule");
        self.step(Side::Client, Request::new("example.com", "/tour"))?;
        self.step(Side::Server, AcceptConnection::new())?;
        writeln!(self.text, "\nclient sends bytes of no event: opcode 3 is reserved")?;
        self.deliver(Side::Server, vec![0x83, 0x80, 0x01, 0x02, 0x03, 0x04])?;
        self.standing()
    }

    fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.extend(["== ", heading, "\n"]);
    }

    fn connection(&mut self, side: Side) -> &mut Connection {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Sends an event from one side, and lets the other side send the required answer.
    fn step<'e>(&mut self, from: Side, event: impl Into<Event<'e>>) -> Result<(), Box<dyn Error>> {
        let (event, mut bytes) = (event.into(), Vec::new());
        writeln!(self.text, "\n{} sends {}", name(from), describe(&event))?;
        self.connection(from).send(event, &mut bytes)?;
        self.deliver(if from == Side::Client { Side::Server } else { Side::Client }, bytes)
    }

    /// Delivers bytes to one side, prints its events, and delivers its answer in turn.
    fn deliver(&mut self, to: Side, mut bytes: Vec<u8>) -> Result<(), Box<dyn Error>> {
        self.text.push_str(&dump(&bytes));
        let (mut lines, mut answer) = (String::new(), Vec::new());
        let connection = self.connection(to);
        if connection.state() == ConnectionState::Closed {
            writeln!(self.text, "{} is closed and ignores them", name(to))?;
            return Ok(());
        }
        let mut input = &mut bytes[..];
        loop {
            match connection.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => {
                    writeln!(lines, "{} receives {}", name(to), describe(&event))?;
                    connection.reply(&event, &mut answer)?;
                }
                Err(error) => {
                    writeln!(lines, "{} refuses: {error}", name(to))?;
                    connection.reply_to_error(&error, &mut answer)?;
                    break;
                }
            }
        }
        self.text.push_str(&lines);
        if answer.is_empty() {
            return Ok(());
        }
        writeln!(self.text, "\n{} replies", name(to))?;
        self.deliver(if to == Side::Client { Side::Server } else { Side::Client }, answer)
    }

    /// Prints the state of both sides.
    fn standing(&mut self) -> Result<(), Box<dyn Error>> {
        for side in [Side::Client, Side::Server] {
            let connection = self.connection(side);
            let (state, transport) = (connection.state(), connection.transport());
            writeln!(self.text, "\n{} is {state:?}; its transport: {transport:?}", name(side))?;
        }
        Ok(())
    }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn describe(event: &Event<'_>) -> String {
    let more = |finished: bool| if finished { "" } else { ", more to come" };
    match event {
        Event::Request(request) => format!(
            "Request for {} at {}{}{}",
            request.target(),
            request.host(),
            list("subprotocols", request.subprotocols()),
            list("extensions", request.extensions())
        ),
        Event::AcceptConnection(accept) => {
            let chosen = accept.subprotocol.as_slice();
            format!(
                "AcceptConnection{}{}",
                list("subprotocol", chosen.iter().map(String::as_str)),
                list("extensions", accept.extensions.iter().map(String::as_str))
            )
        }
        Event::TextMessage(text) => format!("TextMessage {:?}{}", &*text.data, more(text.message_finished)),
        Event::BytesMessage(bytes) => {
            format!("BytesMessage {:02x?}{}", &*bytes.data, more(bytes.message_finished))
        }
        Event::Ping(ping) => format!("Ping \"{}\"", ping.payload.escape_ascii()),
        Event::Pong(pong) => format!("Pong \"{}\"", pong.payload.escape_ascii()),
        Event::CloseConnection(close) => format!("CloseConnection {} {:?}", close.code, &*close.reason),
        other => format!("{other:?}"),
    }
}

fn list<'a>(name: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<&str> = items.collect();
    if items.is_empty() { String::new() } else { format!(", {name} {}", items.join(", ")) }
}

/// Formats bytes in hexadecimal, 16 per line, with ASCII beside them.
fn dump(bytes: &[u8]) -> String {
    let line = |line: &[u8]| {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let ascii = line.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' });
        format!("    {:47}  {}\n", hex.join(" "), ascii.collect::<String>())
    };
    bytes.chunks(16).map(line).collect()
}
