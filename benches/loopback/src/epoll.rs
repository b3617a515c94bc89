//! One thread, epoll, one read buffer for all connections, one write per read: ours, and one that parses nothing.

use std::collections::HashMap;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::TcpListener;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use wsproto::{BytesMessage, Config, Connection, Event, TextMessage};

/// The answer of a connection to its reads.
trait Echo {
    fn open() -> Self;

    /// Answers all messages of a read with one write. `out` is empty, for use as needed.
    fn echo(&mut self, input: &mut [u8], out: &mut Vec<u8>, socket: &mut Socket) -> io::Result<()>;
}

struct Raw;

impl Echo for Raw {
    fn open() -> Self {
        Self
    }

    fn echo(&mut self, input: &mut [u8], _: &mut Vec<u8>, socket: &mut Socket) -> io::Result<()> {
        socket.write(&mut [IoSlice::new(input)])
    }
}

struct Ours {
    connection: Connection,
    cut: Cut,
}

/// The received part of a message that doesn't lie in one read: text, or bytes.
#[derive(Default)]
struct Cut {
    text: String,
    bytes: Vec<u8>,
}

impl Cut {
    /// Returns an event that lies there as a whole. Joins other events, and sends complete messages.
    fn whole_or_join<'a>(
        &mut self,
        event: Event<'a>,
        connection: &mut Connection,
        out: &mut Vec<u8>,
    ) -> io::Result<Option<Event<'a>>> {
        let is_cut = !(self.text.is_empty() && self.bytes.is_empty());
        match event {
            Event::TextMessage(part) if is_cut || !part.message_finished => {
                self.text.push_str(&part.data);
                if part.message_finished {
                    connection.send(TextMessage::new(&self.text), out).map_err(io::Error::other)?;
                    self.text.clear();
                }
            }
            Event::BytesMessage(part) if is_cut || !part.message_finished => {
                self.bytes.extend_from_slice(&part.data);
                if part.message_finished {
                    connection.send(BytesMessage::new(&self.bytes), out).map_err(io::Error::other)?;
                    self.bytes.clear();
                }
            }
            event => return Ok(Some(event)),
        }
        Ok(None)
    }
}

/// From this many bytes on a payload is written without a copy.
const APART: usize = 4 << 10;

impl Echo for Ours {
    fn open() -> Self {
        Self { connection: Connection::open_server(Config::default()), cut: Cut::default() }
    }

    fn echo(&mut self, mut input: &mut [u8], out: &mut Vec<u8>, socket: &mut Socket) -> io::Result<()> {
        let Self { connection, cut } = self;
        // Each with its place in `out`.
        let mut apart: Vec<(usize, Event<'_>)> = Vec::new();
        while let Some(event) = connection.receive(&mut input).map_err(io::Error::other)? {
            let Some(event) = cut.whole_or_join(event, connection, out)? else { continue };
            match &event {
                Event::TextMessage(_) | Event::BytesMessage(_) if payload(&event).len() >= APART => {
                    let header = connection.send_apart(event.clone()).map_err(io::Error::other)?;
                    out.extend_from_slice(&header.encode());
                    apart.push((out.len(), event));
                }
                Event::TextMessage(_) | Event::BytesMessage(_) => {
                    connection.send(event, out).map_err(io::Error::other)?;
                }
                event => connection.reply(event, out).map_err(io::Error::other)?,
            }
        }
        if apart.is_empty() {
            return socket.write(&mut [IoSlice::new(out)]);
        }
        let mut slices = Vec::with_capacity(2 * apart.len() + 1);
        let mut done = 0;
        for (place, event) in &apart {
            slices.extend([IoSlice::new(&out[done..*place]), IoSlice::new(payload(event))]);
            done = *place;
        }
        slices.push(IoSlice::new(&out[done..]));
        socket.write(&mut slices)
    }
}

fn payload<'a>(event: &'a Event<'_>) -> &'a [u8] {
    match event {
        Event::TextMessage(message) => message.data.as_bytes(),
        Event::BytesMessage(message) => &message.data,
        _ => &[],
    }
}

pub(crate) fn raw(listener: TcpListener) -> io::Result<()> {
    serve::<Raw>(listener)
}

pub(crate) fn wsproto(listener: TcpListener) -> io::Result<()> {
    serve::<Ours>(listener)
}

const LISTENER: Token = Token(0);

/// How many bytes are read at a time. All connections share one buffer, so it may be as long as a window.
const READ: usize = 512 << 10;

struct Client<E> {
    socket: Socket,
    echo: E,
}

struct Socket {
    stream: TcpStream,
    /// The bytes that didn't fit. Nothing is read before they are written.
    unsent: Vec<u8>,
}

/// Whether a connection continues.
enum Fate {
    Open,
    Over,
}

fn serve<E: Echo>(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut clients: HashMap<Token, Client<E>> = HashMap::new();
    let (mut buffer, mut out) = (vec![0; READ], Vec::new());
    let mut next = 1;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() != LISTENER {
                let Some(client) = clients.get_mut(&event.token()) else { continue };
                if let Fate::Over = client.go_on(&mut buffer, &mut out).unwrap_or(Fate::Over) {
                    clients.remove(&event.token());
                }
                continue;
            }
            while let Ok((mut stream, _)) = listener.accept() {
                stream.set_nodelay(true)?;
                let token = Token(next);
                next += 1;
                poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                let socket = Socket { stream, unsent: Vec::new() };
                clients.insert(token, Client { socket, echo: E::open() });
            }
        }
    }
}

impl<E: Echo> Client<E> {
    /// Writes and reads until the socket would block, since epoll reports each change only once.
    fn go_on(&mut self, buffer: &mut [u8], out: &mut Vec<u8>) -> io::Result<Fate> {
        let Self { socket, echo } = self;
        if !socket.unsent.is_empty() {
            let unsent = std::mem::take(&mut socket.unsent);
            socket.write(&mut [IoSlice::new(&unsent)])?;
        }
        while socket.unsent.is_empty() {
            let n = match socket.stream.read(buffer) {
                Ok(0) => return Ok(Fate::Over),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            };
            out.clear();
            echo.echo(&mut buffer[..n], out, socket)?;
            // A short read: there was no more.
            if n < READ {
                break;
            }
        }
        Ok(Fate::Open)
    }
}

impl Socket {
    /// Writes as much as fits, and keeps the rest.
    fn write(&mut self, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        IoSlice::advance_slices(&mut slices, 0);
        while !slices.is_empty() {
            match self.stream.write_vectored(slices) {
                Ok(n) => IoSlice::advance_slices(&mut slices, n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    slices.iter().for_each(|slice| self.unsent.extend_from_slice(slice));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
