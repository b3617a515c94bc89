//! The load: connections that keep a number of messages under way, from bytes that were made before. Answers are only
//! counted.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::child::Child;

/// How long a server is under load before the measurement.
const WARM_UP: Duration = Duration::from_millis(40);

const KEY: [u8; 4] = [0x37, 0x7a, 0x21, 0x3d];

/// A number of connections, each with a number of messages of a length under way.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) len: usize,
    pub(crate) window: usize,
}

/// The result of a server under a load.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Messages per second.
    pub(crate) rate: f64,
    /// Nanoseconds of the server's CPU time for each message.
    pub(crate) cpu: f64,
}

impl Sample {
    pub(crate) const WORST: Self = Self { rate: 0.0, cpu: f64::INFINITY };

    /// Takes the better value of each: other work of the machine only makes values worse.
    pub(crate) fn or(self, other: Self) -> Self {
        Self { rate: self.rate.max(other.rate), cpu: self.cpu.min(other.cpu) }
    }
}

impl Load {
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for connections in [1, 50, 200] {
            for len in [16, 1 << 10, 16 << 10] {
                all.extend([1, 16].map(|window| Self { connections, len, window }));
            }
        }
        all
    }

    pub(crate) fn name(&self) -> String {
        let len = if self.len < 1024 { format!("{} B", self.len) } else { format!("{} KiB", self.len >> 10) };
        let plural = if self.connections == 1 { "" } else { "s" };
        format!("{} connection{plural}, {len}, window {}", self.connections, self.window)
    }

    /// Puts the load on a server. Each connection's first answer is compared byte by byte.
    pub(crate) fn put_on(&self, child: &mut Child, duration: Duration) -> io::Result<Sample> {
        let text: Vec<u8> = (b' '..0x7f).cycle().take(self.len).collect();
        let request = frame(&text, Some(KEY));
        let answer = if child.returns_bytes { request.clone() } else { frame(&text, None) };
        let mut poll = Poll::new()?;
        let mut clients = (0..self.connections)
            .map(|place| Client::connect(child.port, place, &poll, self.window, &request))
            .collect::<io::Result<Vec<_>>>()?;
        let requests = request.repeat(self.window);
        let mut buffer = vec![0; 512 << 10];
        let mut events = Events::with_capacity(1024);
        let mut messages = 0;
        let mut begun: Option<(Instant, Duration)> = None;
        let started = Instant::now();
        loop {
            poll.poll(&mut events, Some(Duration::from_secs(5)))?;
            if events.is_empty() {
                return Err(io::Error::other("nothing came back for 5 s"));
            }
            for event in &events {
                messages += clients[event.token().0].go_on(&requests, &answer, &mut buffer)?;
            }
            match begun {
                None if started.elapsed() > WARM_UP => {
                    begun = Some((Instant::now(), child.cpu_time()?));
                    messages = 0;
                }
                Some((begin, cpu)) if begin.elapsed() > duration => {
                    let (time, cpu) = (begin.elapsed(), child.cpu_time()? - cpu);
                    let messages = f64::from(u32::try_from(messages).map_err(io::Error::other)?);
                    let (rate, cpu) = (messages / time.as_secs_f64(), cpu.as_secs_f64() * 1e9 / messages);
                    return Ok(Sample { rate, cpu });
                }
                _ => {}
            }
        }
    }
}

/// Writes a text frame as the RFC says, without any of the code under test.
fn frame(text: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut frame = vec![0x81];
    match text.len() {
        len @ 0..126 => frame.push(mask | len as u8),
        len => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
    }
    frame.extend(key.iter().flatten());
    let key = key.unwrap_or_default();
    frame.extend(text.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

struct Client {
    stream: TcpStream,
    /// How many bytes may be sent now.
    owed: usize,
    /// The place of the next byte in a request.
    at: usize,
    /// How many bytes of an answer have come.
    received: usize,
    /// Whether an answer has been compared.
    compared: bool,
    request_len: usize,
}

impl Client {
    fn connect(port: u16, place: usize, poll: &Poll, window: usize, request: &[u8]) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(place), Interest::READABLE | Interest::WRITABLE)?;
        let owed = window * request.len();
        Ok(Self { stream, owed, at: 0, received: 0, compared: false, request_len: request.len() })
    }

    /// Reads and writes until the socket would block. Returns how many answers have come.
    fn go_on(&mut self, requests: &[u8], answer: &[u8], buffer: &mut [u8]) -> io::Result<usize> {
        let mut answers = 0;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    self.compare(&buffer[..n], answer)?;
                    self.received += n;
                    let whole = self.received / answer.len();
                    self.received %= answer.len();
                    self.owed += whole * self.request_len;
                    answers += whole;
                    if n < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        while self.owed > 0 {
            let end = requests.len().min(self.at + self.owed);
            match self.stream.write(&requests[self.at..end]) {
                Ok(n) => {
                    self.owed -= n;
                    self.at = (self.at + n) % self.request_len;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }

    /// Compares the first answer as it comes.
    fn compare(&mut self, bytes: &[u8], answer: &[u8]) -> io::Result<()> {
        if self.compared {
            return Ok(());
        }
        let expected = &answer[self.received..];
        let len = expected.len().min(bytes.len());
        self.compared = len == expected.len();
        if bytes[..len] == expected[..len] {
            return Ok(());
        }
        Err(io::Error::other("what came back is not what was sent"))
    }
}
