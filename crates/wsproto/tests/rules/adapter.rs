//! The only file of these tests that uses the API: bytes and plain values in, bytes and plain values out.

use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{
    self, Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Progress, Reason,
    Refusal,
};
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, Event, Ping, Pong,
    PreparedMessage, ReadBuffer, RemoteProtocolError, Request, Role, TextMessage,
};
use wsproto_frame::{FrameHeader, Rsv};

use crate::ways::{Fault, Limits, Outcome, Over, Seen, Side, Steps, Subject, Way};
use crate::wire::{self, Frame, Sent};

/// A third-party extension: it inverts the bits of messages whose first frame has RSV2.
#[derive(Clone, Debug, Default)]
struct Foreign {
    within: bool,
}

const FLAG: Rsv = Rsv::RSV2;

impl ExtensionConfig for Foreign {
    fn name(&self) -> &'static str {
        "x-foreign"
    }

    fn rsv(&self) -> Rsv {
        FLAG
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-foreign")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(Self::default()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-foreign"), Box::new(Self::default())))
    }
}

impl Extension for Foreign {
    fn rsv(&self) -> Rsv {
        FLAG
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        let flagged = header.rsv.contains(FLAG);
        let first = header.opcode.bits() == 1 || header.opcode.bits() == 2;
        if flagged && !first {
            return Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "RSV2 is for first frames"));
        }
        if first {
            self.within = flagged;
        }
        let turns = header.opcode.is_data() && self.within;
        Ok(if turns { Handling::Transform } else { Handling::Pass })
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        let turned: Vec<u8> = input.iter().take(output.room()).map(|byte| byte ^ 0x55).collect();
        let written = output.write(&turned);
        *input = &input[written..];
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if frame.opcode.is_control() {
            return Ok(Outbound::PASS);
        }
        output.write(&frame.payload.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>());
        let first = frame.opcode.bits() != 0;
        Ok(Outbound::transformed(if first { FLAG } else { Rsv::NONE }))
    }
}

fn config(over: Over, limits: Limits) -> Config {
    let config = Config::default()
        .with_max_frame_len(limits.frame)
        .with_max_message_len(limits.message)
        .with_max_fragments(limits.fragments)
        .with_max_empty_fragments(limits.empty_fragments)
        .with_max_control_frames(limits.control_frames);
    let deflate = DeflateConfig::default().with_threshold(0);
    match over {
        Over::Nothing => config,
        Over::Takeover => config.with_extension(deflate),
        Over::NoTakeover => {
            config.with_extension(deflate.with_server_no_context_takeover().with_client_no_context_takeover())
        }
        Over::Foreign => config.with_extension(Foreign::default()),
    }
}

fn open(subject: Subject) -> Connection {
    let config = config(subject.over, subject.limits);
    let offers = extensions::offers(&config.extensions).expect("our offers are sound");
    let (answer, server) = extensions::respond(&config.extensions, &offers).expect("and understood");
    match subject.side {
        Side::Server => Connection::open_server(config.clone()).with_extensions(server),
        Side::Client => Connection::open_client(config.clone()).with_extensions(
            extensions::conclude(&config.extensions, &answer).expect("and so is the answer"),
        ),
    }
}

/// Joins the parts of messages.
#[derive(Default)]
struct Parts {
    under_way: Vec<u8>,
    seen: Vec<Seen>,
}

impl Parts {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::TextMessage(part) => {
                self.under_way.extend_from_slice(part.data.as_bytes());
                if part.message_finished {
                    let text = String::from_utf8(std::mem::take(&mut self.under_way)).expect("UTF-8");
                    self.seen.push(Seen::Text(text));
                }
            }
            Event::BytesMessage(part) => {
                self.under_way.extend_from_slice(&part.data);
                if part.message_finished {
                    self.seen.push(Seen::Binary(std::mem::take(&mut self.under_way)));
                }
            }
            Event::Ping(ping) => self.seen.push(Seen::Ping(ping.payload.to_vec())),
            Event::Pong(pong) => self.seen.push(Seen::Pong(pong.payload.to_vec())),
            Event::CloseConnection(close) => {
                self.seen.push(Seen::Close(close.code.get(), close.reason.to_string()));
            }
            other => panic!("no event of an open connection: {other:?}"),
        }
    }
}

/// A connection that receives in one way.
struct Receiver {
    connection: Connection,
    way: Way,
    buffer: ReadBuffer,
    parts: Parts,
}

impl Receiver {
    fn new(subject: Subject, way: Way) -> Self {
        let buffer = if let Way::Whole(_) = way { ReadBuffer::messages() } else { ReadBuffer::parts() };
        Self { connection: open(subject), way, buffer, parts: Parts::default() }
    }

    /// Takes the bytes of one read.
    fn read(&mut self, read: &[u8]) -> Result<(), RemoteProtocolError> {
        let steps = match self.way {
            Way::Parts(steps) | Way::Whole(steps) => steps,
            Way::OwnMemory => {
                let mut read = read.to_vec();
                let mut input = &mut read[..];
                while let Some(event) = self.connection.receive(&mut input)? {
                    self.parts.event(&event);
                }
                return Ok(());
            }
        };
        let mut rest = read;
        while !rest.is_empty() {
            let room = self.buffer.room();
            let len = room.len().min(rest.len());
            room[..len].copy_from_slice(&rest[..len]);
            self.buffer.filled(len);
            rest = &rest[len..];
            while let Some(event) = next(steps, &mut self.connection, &mut self.buffer)? {
                self.parts.event(&event);
            }
        }
        Ok(())
    }
}

/// Returns the next event of a read buffer. An event that was found must be there, and whole if messages come whole.
fn next<'b>(
    steps: Steps,
    connection: &mut Connection,
    buffer: &'b mut ReadBuffer,
) -> Result<Option<Event<'b>>, RemoteProtocolError> {
    match steps {
        Steps::One => connection.receive_from(buffer),
        Steps::Two | Steps::Taken if !connection.advance(buffer)? => Ok(None),
        Steps::Two => Ok(Some(buffer.event().expect("what was found"))),
        Steps::Taken => Ok(Some(buffer.take_event().expect("what was found"))),
    }
}

/// Feeds bytes in reads of `pace` bytes. An error must be final, and the peer must be told once.
pub(crate) fn receive(subject: Subject, way: Way, pace: usize, bytes: &[u8]) -> Outcome {
    let mut receiver = Receiver::new(subject, way);
    let end = bytes.chunks(pace).try_for_each(|read| receiver.read(read));
    let fault = end.err().map(|error| {
        let seen = receiver.parts.seen.clone();
        for more in [Frame::data(0x1, b"more"), Frame::data(0x0, b""), Frame::close(1000, b"")] {
            assert_eq!(
                receiver.read(&more.to(subject.side)),
                Err(error.clone()),
                "{subject:?}, {way:?}: not final"
            );
        }
        assert_eq!(receiver.parts.seen, seen, "{subject:?}, {way:?}: events after {error:?}");
        let code = told(&mut receiver.connection, &error);
        Fault { code, words: error.to_string() }
    });
    Outcome { seen: receiver.parts.seen, fault }
}

/// Returns the code of the Close that tells the peer about an error.
fn told(connection: &mut Connection, error: &RemoteProtocolError) -> u16 {
    let mut out = Vec::new();
    connection.reply_to_error(error, &mut out).expect("a Close can be sent");
    let frames = wire::sent(&out);
    let [close] = &frames[..] else { panic!("{error:?} is told by {frames:?}") };
    assert_eq!(close.first, 0x88, "{error:?}");
    connection.reply_to_error(error, &mut out).expect("nothing is owed");
    assert_eq!(wire::sent(&out).len(), 1, "{error:?} is told twice");
    assert!(connection.send(Ping::new(b""), &mut out).is_err(), "a Ping after the Close");
    u16::from_be_bytes(*close.payload.first_chunk().expect("a code"))
}

/// An event that a program sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Send<'a> {
    /// A text, and whether it is the end of its message.
    Text(&'a str, bool),
    Binary(&'a [u8], bool),
    Prepared(&'a [u8]),
    /// In frames of three bytes.
    Fragmented(&'a [u8]),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(u16),
    /// The header of a message. Its payload is not sent.
    Apart(&'a [u8]),
}

/// A sender that also reads the other side's bytes.
pub(crate) struct Sender {
    connection: Connection,
}

impl Sender {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { connection: open(subject) }
    }

    /// Sends, and returns the frames. `None` where sending is refused: then nothing may be written.
    pub(crate) fn send(&mut self, what: Send<'_>) -> Option<Vec<Sent>> {
        let mut out = Vec::new();
        let connection = &mut self.connection;
        let done = match what {
            Send::Text(text, last) => {
                let message = TextMessage::new(text);
                connection.send(if last { message } else { message.unfinished() }, &mut out)
            }
            Send::Binary(data, last) => {
                let message = BytesMessage::new(data);
                connection.send(if last { message } else { message.unfinished() }, &mut out)
            }
            Send::Prepared(data) => {
                let message = PreparedMessage::new(BytesMessage::new(data)).expect("a whole message");
                connection.send_prepared(&message, &mut out)
            }
            Send::Fragmented(data) => connection.send_fragmented(BytesMessage::new(data), 3, &mut out),
            Send::Ping(payload) => connection.send(Ping::new(payload), &mut out),
            Send::Pong(payload) => connection.send(Pong::new(payload), &mut out),
            Send::Close(code) => {
                connection.send(CloseConnection::new(CloseCode::new(code).expect("a code")), &mut out)
            }
            Send::Apart(data) => connection.send_apart(BytesMessage::new(data)).map(|header| {
                out.extend_from_slice(&header.encode());
                let start = out.len();
                out.extend_from_slice(data);
                if let Some(mut key) = header.mask {
                    key.apply(&mut out[start..]);
                }
            }),
        };
        if done.is_err() {
            assert!(out.is_empty(), "{what:?} was refused, and wrote");
            return None;
        }
        Some(wire::sent(&out))
    }

    /// Takes bytes of the other side, sends the required answers, and returns these.
    pub(crate) fn answers(&mut self, bytes: &[u8]) -> Vec<Sent> {
        let (mut read, mut out) = (bytes.to_vec(), Vec::new());
        let mut input = &mut read[..];
        while let Some(event) = self.connection.receive(&mut input).expect("frames without a fault") {
            self.connection.reply(&event, &mut out).expect("what is owed can be sent");
        }
        wire::sent(&out)
    }
}

/// Returns the key of a client's request: 24 bytes.
pub(crate) fn key_of_a_request() -> Vec<u8> {
    let mut out = Vec::new();
    Connection::client(Config::default())
        .send(Request::new("example.com", "/"), &mut out)
        .expect("a request");
    let name = b"Sec-WebSocket-Key: ";
    let place = out.windows(name.len()).position(|bytes| bytes == name).expect("a key") + name.len();
    out[place..place + 24].to_vec()
}

/// Returns the masking key of each frame, of every kind, that a client sends.
pub(crate) fn masking_keys(frames: usize) -> Vec<[u8; 4]> {
    let subject = Subject { side: Side::Client, over: Over::Nothing, limits: crate::ways::FREE };
    let mut sender = Sender::new(subject);
    let kinds = [
        Send::Text("text", true),
        Send::Binary(b"binary", true),
        Send::Ping(b""),
        Send::Pong(b"pong"),
        Send::Prepared(b"prepared"),
        Send::Fragmented(b"in fragments"),
        Send::Apart(b"apart"),
        Send::Text("first", false),
        Send::Text("last", true),
    ];
    let sent = kinds.iter().cycle().take(frames).flat_map(|kind| sender.send(*kind).expect("open"));
    sent.map(|frame| frame.key.expect("a client masks")).collect()
}

/// A server's answer to a request: the status, the subprotocols and the extensions.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Opened {
    pub(crate) status: u16,
    pub(crate) proposed: Vec<String>,
    pub(crate) extensions: Vec<String>,
}

/// Passes a request to a server that is configured with extensions of these names and reserved bits.
pub(crate) fn open_with(extensions: &[(&'static str, u8)], request: &[u8]) -> Opened {
    let mut config = Config::default();
    for (name, bits) in extensions {
        config = config.with_extension(Named(name, Rsv::from_first_byte(*bits)));
    }
    let mut server = Connection::server(config);
    let (mut bytes, mut out) = (request.to_vec(), Vec::new());
    let mut proposed = Vec::new();
    match server.receive(&mut &mut bytes[..]) {
        Ok(Some(Event::Request(request))) => {
            proposed = request.subprotocols().map(str::to_owned).collect();
            server.send(AcceptConnection::new(), &mut out).expect("an answer");
        }
        Ok(other) => panic!("{other:?} is no request"),
        Err(error) => server.reply_to_error(&error, &mut out).expect("an answer"),
    }
    let answer = String::from_utf8(out).expect("ASCII");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let field = answer.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let extensions = field.map(|value| value.split(", ").map(str::to_owned).collect()).unwrap_or_default();
    Opened { status, proposed, extensions }
}

/// An extension with a name and bits that does nothing.
#[derive(Clone, Debug)]
struct Named(&'static str, Rsv);

impl ExtensionConfig for Named {
    fn name(&self) -> &str {
        self.0
    }

    fn rsv(&self) -> Rsv {
        self.1
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new(self.0)]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(self.clone()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new(self.0), Box::new(self.clone())))
    }
}

impl Extension for Named {
    fn rsv(&self) -> Rsv {
        self.1
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(Outbound::PASS)
    }
}

/// Passes a server's Sec-WebSocket-Extensions to a client that has offered extensions of these names and bits. Returns
/// the agreed names, in order, or the error.
pub(crate) fn conclude(offered: &[(&'static str, u8)], answer: &str) -> Result<Vec<String>, String> {
    let configs: Vec<std::sync::Arc<dyn ExtensionConfig>> = offered
        .iter()
        .map(|(name, bits)| {
            let config: std::sync::Arc<dyn ExtensionConfig> =
                std::sync::Arc::new(Named(name, Rsv::from_first_byte(*bits)));
            config
        })
        .collect();
    let fields = [answer];
    let fields = if answer.is_empty() { &[][..] } else { &fields };
    let agreed = extensions::conclude(&configs, fields).map_err(|error| error.to_string())?;
    Ok(agreed.names().map(str::to_owned).collect())
}

/// Returns the order in which a header passes two stacked extensions: each records its name when it sees one.
pub(crate) fn order_of_headers() -> Vec<&'static str> {
    #[derive(Clone, Debug)]
    struct Noting(&'static str, std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>);
    impl ExtensionConfig for Noting {
        fn name(&self) -> &str {
            self.0
        }
        fn rsv(&self) -> Rsv {
            Rsv::NONE
        }
        fn offers(&self) -> Vec<Params<'static>> {
            vec![Params::new(self.0)]
        }
        fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
            Ok(Box::new(self.clone()))
        }
        fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
            Some((Params::new(self.0), Box::new(self.clone())))
        }
    }
    impl Extension for Noting {
        fn rsv(&self) -> Rsv {
            Rsv::NONE
        }
        fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
            self.1.lock().unwrap().push(self.0);
            Ok(Handling::Pass)
        }
        fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
            Ok(())
        }
        fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
            Ok(Progress::Done)
        }
        fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
            Ok(Outbound::PASS)
        }
    }
    let seen = std::sync::Arc::default();
    let config = Config::default()
        .with_extension(Noting("first", std::sync::Arc::clone(&seen)))
        .with_extension(Noting("second", std::sync::Arc::clone(&seen)));
    let offers = extensions::offers(&config.extensions).expect("sound");
    let (_, pipeline) = extensions::respond(&config.extensions, &offers).expect("understood");
    let mut server = Connection::open_server(config.clone()).with_extensions(pipeline);
    assert_eq!(server.role(), Role::Server);
    let mut bytes = Frame::data(0x2, b"x").to(Side::Server);
    assert!(server.receive(&mut &mut bytes[..]).is_ok());
    seen.lock().unwrap().clone()
}
