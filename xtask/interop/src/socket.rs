//! A WebSocket connection of ours over TCP: `Connection`, `ReadBuffer` and `std::net`, nothing else.

use std::{
    error::Error,
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::Instant,
};

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, Event,
    LocalProtocolError, Ping, ReadBuffer, RejectConnection, RejectData, RemoteProtocolError, Request,
    TextMessage, Transport,
};

use crate::script;

/// A connection that blocks, with a limit on every wait.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    ws: Connection,
    buffer: ReadBuffer,
    out: Vec<u8>,
    /// How many bytes crossed the wire, in either direction.
    traffic: usize,
}

/// What a peer did.
#[derive(Debug)]
pub(crate) enum Incoming {
    Request(Box<Request>),
    Accept(Box<AcceptConnection>),
    Message(Message),
    Pong(Vec<u8>),
    Rejection(u16),
    RejectionBody { data: Vec<u8>, finished: bool },
}

/// A whole message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Message {
    Text(String),
    Binary(Vec<u8>),
}

/// Why there is nothing more, or not what was expected.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection is over.
    Closed { code: u16, reason: String },
    /// The server doesn't want the connection.
    Rejected { status: u16, body: Vec<u8> },
    /// The peer broke a rule, and was told.
    Violated(RemoteProtocolError),
    /// We used our own library wrongly.
    Local(LocalProtocolError),
    /// The transport failed, or a wait took too long.
    Io(io::Error),
    /// Something else happened than the script says.
    Unexpected(String),
}

impl Socket {
    /// Takes a client's connection up to its request.
    pub(crate) fn accept(stream: TcpStream, config: Config) -> Result<(Self, Box<Request>), Failure> {
        let mut socket = Self::new(stream, Connection::server(config))?;
        match socket.next()? {
            Incoming::Request(request) => Ok((socket, request)),
            other => Err(Failure::Unexpected(format!("{other:?} instead of a request"))),
        }
    }

    /// Connects to a server, up to its consent.
    pub(crate) fn connect(
        port: u16,
        target: &str,
        config: Config,
    ) -> Result<(Self, Box<AcceptConnection>), Failure> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        let mut socket = Self::new(stream, Connection::client(config))?;
        let mut request = Request::new(format!("127.0.0.1:{port}"), target);
        for offered in script::OFFERED {
            request = request.with_subprotocol(offered);
        }
        socket.send(request)?;
        match socket.next()? {
            Incoming::Accept(accept) => Ok((socket, accept)),
            Incoming::Rejection(status) => Err(socket.rejected(status)),
            other => Err(Failure::Unexpected(format!("{other:?} instead of a consent"))),
        }
    }

    /// Reads a rejection's body, and returns both.
    fn rejected(&mut self, status: u16) -> Failure {
        let mut body = Vec::new();
        loop {
            match self.next() {
                Ok(Incoming::RejectionBody { data, finished }) => {
                    body.extend(data);
                    if finished {
                        return Failure::Rejected { status, body };
                    }
                }
                Ok(other) => return Failure::Unexpected(format!("{other:?} instead of a body")),
                Err(failure) => return failure,
            }
        }
    }

    fn new(stream: TcpStream, ws: Connection) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(script::PATIENCE))?;
        stream.set_write_timeout(Some(script::PATIENCE))?;
        Ok(Self { stream, ws, buffer: ReadBuffer::messages(), out: Vec::new(), traffic: 0 })
    }

    /// How many bytes crossed the wire so far, in either direction.
    pub(crate) const fn traffic(&self) -> usize {
        self.traffic
    }

    /// Sends an event.
    pub(crate) fn send<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Failure> {
        self.ws.send(event, &mut self.out)?;
        self.flush()
    }

    /// Sends a rejection with a body, unless that is empty, and waits for the end.
    pub(crate) fn reject(&mut self, status: u16, body: &str) -> Result<(), Failure> {
        let reject = RejectConnection::new(status);
        if body.is_empty() {
            self.send(reject)?;
        } else {
            // With a length: http-proxy takes the chunks of a body apart and leaves the field that announces them.
            self.send(reject.with_header("Content-Length", body.len().to_string()).with_body())?;
            self.send(RejectData::new(body))?;
        }
        self.finish();
        Ok(())
    }

    /// Sends a message.
    pub(crate) fn send_message(&mut self, message: &Message) -> Result<(), Failure> {
        match message {
            Message::Text(text) => self.send(TextMessage::new(&**text)),
            Message::Binary(bytes) => self.send(BytesMessage::new(&**bytes)),
        }
    }

    /// Sends a text in many frames.
    pub(crate) fn send_fragments(&mut self, text: &str) -> Result<(), Failure> {
        for part in script::cut(text) {
            self.send(TextMessage::new(&*part).unfinished())?;
        }
        self.send(TextMessage::new(""))
    }

    /// Sends a Ping and waits for its Pong.
    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.send(Ping::new(payload))?;
        match self.next()? {
            Incoming::Pong(answer) if answer == payload => Ok(()),
            other => Err(Failure::Unexpected(format!("{other:?} instead of the Pong"))),
        }
    }

    /// Waits for the next message.
    pub(crate) fn message(&mut self) -> Result<Message, Failure> {
        match self.next()? {
            Incoming::Message(message) => Ok(message),
            other => Err(Failure::Unexpected(format!("{other:?} instead of a message"))),
        }
    }

    /// Sends a Close and waits for the end, which is the failure that it returns.
    pub(crate) fn close(&mut self, code: u16, reason: &str) -> Failure {
        let Some(code) = CloseCode::new(code) else {
            return Failure::Unexpected(format!("{code} is no close code"));
        };
        match self.send(CloseConnection::new(code).with_reason(reason)) {
            Ok(()) => self.until_closed(),
            Err(failure) => failure,
        }
    }

    /// Reads until the end, and returns it.
    pub(crate) fn until_closed(&mut self) -> Failure {
        loop {
            if let Err(end) = self.next() {
                return end;
            }
        }
    }

    /// Waits for what the peer does next; Pings and Closes are answered on the way.
    fn next(&mut self) -> Result<Incoming, Failure> {
        loop {
            let incoming = self.receive();
            self.flush()?;
            if incoming.is_err() {
                self.finish();
            }
            if let Some(incoming) = incoming? {
                return Ok(incoming);
            }
            if let Some(incoming) = self.fill()? {
                return Ok(incoming);
            }
        }
    }

    /// Takes events out of what was read.
    fn receive(&mut self) -> Result<Option<Incoming>, Failure> {
        let Self { ws, buffer, out, .. } = self;
        loop {
            match ws.receive_from(buffer) {
                Ok(Some(event)) => {
                    ws.reply(&event, out)?;
                    if let Some(found) = incoming(event) {
                        return found.map(Some);
                    }
                }
                Ok(None) => return Ok(None),
                Err(error) => {
                    answer_error(ws, &error, out)?;
                    return Err(Failure::Violated(error));
                }
            }
        }
    }

    /// Reads more, or learns that the stream has ended, which may be the end of a rejection's body.
    fn fill(&mut self) -> Result<Option<Incoming>, Failure> {
        let count = match self.stream.read(self.buffer.room()) {
            Ok(count) => count,
            Err(error) if is_end(&error) => 0,
            Err(error) => return Err(error.into()),
        };
        self.buffer.filled(count);
        self.traffic = self.traffic.saturating_add(count);
        if count > 0 {
            return Ok(None);
        }
        match self.ws.receive_eof()?.and_then(incoming) {
            Some(Err(closed)) => Err(closed),
            Some(Ok(body @ Incoming::RejectionBody { .. })) => Ok(Some(body)),
            other => Err(Failure::Unexpected(format!("end of stream: {other:?}"))),
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let written = self.stream.write_all(&self.out);
        self.traffic = self.traffic.saturating_add(self.out.len());
        self.out.clear();
        match written {
            // The end of the stream is for the next read to find, after what the peer said before.
            Err(error) if !is_end(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Ends the TCP connection as the protocol has it; its peer may still be sending, so what it sends is read.
    fn finish(&mut self) {
        match self.ws.transport() {
            Transport::KeepOpen | Transport::PauseRead | Transport::AwaitEnd => {}
            Transport::ShutdownWrite => drop(self.stream.shutdown(Shutdown::Write)),
            Transport::Close => drop(self.stream.shutdown(Shutdown::Both)),
        }
        let end = Instant::now() + script::PATIENCE;
        while Instant::now() < end && self.stream.read(self.buffer.room()).is_ok_and(|count| count > 0) {}
    }
}

/// Tells a health check that all is well, and everybody else which rule was broken.
fn answer_error(
    ws: &mut Connection,
    error: &RemoteProtocolError,
    out: &mut Vec<u8>,
) -> Result<(), LocalProtocolError> {
    match ws.refused_request().map(|request| (request.method(), request.path())) {
        Some(("GET", script::HEALTH_CHECK)) => {
            ws.send(RejectConnection::new(200).with_text(script::HEALTHY), out)
        }
        _ => ws.reply_to_error(error, out),
    }
}

/// Whether the peer ended the stream without a word.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::NotConnected
    )
}

/// Copies an event out of the buffer; a Close is a failure, as nothing follows it.
fn incoming(event: Event<'_>) -> Option<Result<Incoming, Failure>> {
    Some(Ok(match event {
        Event::Request(request) => Incoming::Request(request),
        Event::AcceptConnection(accept) => Incoming::Accept(accept),
        Event::TextMessage(message) => Incoming::Message(Message::Text(message.data.as_str().to_owned())),
        Event::BytesMessage(message) => Incoming::Message(Message::Binary(message.data.to_vec())),
        Event::Pong(pong) => Incoming::Pong(pong.payload.to_vec()),
        Event::CloseConnection(close) => {
            return Some(Err(Failure::Closed { code: close.code.get(), reason: close.reason.to_string() }));
        }
        Event::RejectConnection(reject) => Incoming::Rejection(reject.status),
        Event::RejectData(part) => {
            Incoming::RejectionBody { data: part.data.to_vec(), finished: part.body_finished }
        }
        _ => return None,
    }))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { code, reason } => write!(f, "closed with {code} {reason:?}"),
            Self::Rejected { status, body } => {
                let body = String::from_utf8_lossy(body);
                write!(f, "rejected with {status} {:?}", body.lines().next().unwrap_or_default())
            }
            Self::Violated(error) => write!(f, "the peer broke a rule: {error}"),
            Self::Local(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

impl Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LocalProtocolError> for Failure {
    fn from(error: LocalProtocolError) -> Self {
        Self::Local(error)
    }
}

impl From<RemoteProtocolError> for Failure {
    fn from(error: RemoteProtocolError) -> Self {
        Self::Violated(error)
    }
}
