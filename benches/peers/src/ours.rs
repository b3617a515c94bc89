//! Ourselves: a connection that the caller drives with one buffer in and one out.

use std::io::IoSlice;

use wsproto::{BytesMessage, Config, Connection, Event, ReadBuffer, Role, TextMessage};

use crate::{
    Runner,
    transport::Transport,
    work::{Delivered, Task, Work},
};

/// Payloads of this many bytes and more are written from where they lie.
const APART: usize = 8 << 10;

/// A client masks so many bytes of a payload before it writes them.
const PIECE: usize = 16 << 10;

struct Ours {
    work: Work,
    transport: Transport,
    connection: Connection,
    messages: ReadBuffer,
    buf: Vec<u8>,
    /// The bytes of `buf` that were read and not yet taken.
    unread: std::ops::Range<usize>,
    out: Vec<u8>,
    payload: Vec<u8>,
    whole: bool,
}

/// Whole messages, joined where they come in parts.
pub(crate) fn messages(work: &Work) -> Option<Runner> {
    Some(ours(work, true).runner())
}

/// The parts of messages as they arrive.
pub(crate) fn chunks(work: &Work) -> Option<Runner> {
    (work.task == Task::Receive).then(|| ours(work, false).runner())
}

/// Each message written at once: headers apart from long payloads, which a client masks a piece at a time.
pub(crate) fn at_once(work: &Work) -> Option<Runner> {
    if work.task != Task::Send {
        return None;
    }
    let mut ours = ours(work, true);
    let written = ours.transport.written();
    let apart = work.role == Role::Server || work.len >= APART;
    let round = move |messages: usize, _: &mut Delivered| match apart {
        true => ours.send_apart(messages),
        false => ours.send(messages, 1),
    };
    Some(Runner { round: Box::new(round), written })
}

fn ours(work: &Work, whole: bool) -> Ours {
    let config = Config::default();
    let connection = match work.role {
        Role::Server => Connection::open_server(config),
        Role::Client => Connection::open_client(config),
    };
    Ours {
        work: *work,
        transport: Transport::new(work.tape(), work.read_len),
        connection,
        messages: ReadBuffer::messages(),
        buf: vec![0; 16 << 10],
        unread: 0..0,
        out: Vec::new(),
        payload: work.payload(),
        whole,
    }
}

impl Ours {
    fn receive(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                match &event {
                    Event::TextMessage(message) if self.work.as_str => delivered.text(&message.data),
                    Event::TextMessage(message) => delivered.message(message.data.as_bytes()),
                    Event::BytesMessage(message) => delivered.message(&message.data),
                    _ => unreachable!(),
                }
                left -= 1;
                if left == 0 {
                    return;
                }
            }
            let n = self.transport.take(self.messages.room());
            self.messages.filled(n);
        }
    }

    fn receive_chunks(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        let mut input = &mut self.buf[self.unread.clone()];
        loop {
            while let Some(event) = self.connection.receive(&mut input).unwrap() {
                let finished = match &event {
                    Event::TextMessage(message) => {
                        if self.work.as_str {
                            delivered.text_part(&message.data, message.message_finished);
                        } else {
                            delivered.part(message.data.as_bytes(), message.message_finished);
                        }
                        message.message_finished
                    }
                    Event::BytesMessage(message) => {
                        delivered.part(&message.data, message.message_finished);
                        message.message_finished
                    }
                    _ => unreachable!(),
                };
                left -= usize::from(finished);
                if left == 0 {
                    self.unread = self.unread.end - input.len()..self.unread.end;
                    return;
                }
            }
            let n = self.transport.take(&mut self.buf);
            self.unread = 0..n;
            input = &mut self.buf[..n];
        }
    }

    fn send(&mut self, count: usize, batch: usize) {
        let text = str::from_utf8(&self.payload).unwrap_or_default();
        for i in 1..=count {
            if self.work.is_text() {
                self.connection.send(TextMessage::new(text), &mut self.out).unwrap();
            } else {
                self.connection.send(BytesMessage::new(&self.payload), &mut self.out).unwrap();
            }
            if i % batch == 0 || i == count {
                self.transport.put(&self.out);
                self.out.clear();
            }
        }
    }

    fn send_apart(&mut self, count: usize) {
        let text = str::from_utf8(&self.payload).unwrap_or_default();
        for _ in 0..count {
            let header = if self.work.is_text() {
                self.connection.send_apart(TextMessage::new(text)).unwrap()
            } else {
                self.connection.send_apart(BytesMessage::new(&self.payload)).unwrap()
            };
            let Some(mut key) = header.mask else {
                self.transport.put_all(&[IoSlice::new(&header.encode()), IoSlice::new(&self.payload)]);
                continue;
            };
            self.transport.put(&header.encode());
            for piece in self.payload.chunks(PIECE) {
                self.out.clear();
                self.out.extend_from_slice(piece);
                key.apply(&mut self.out);
                self.transport.put(&self.out);
            }
        }
    }

    fn echo(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                match &event {
                    Event::TextMessage(message) if self.work.as_str => delivered.text(&message.data),
                    Event::TextMessage(message) => delivered.message(message.data.as_bytes()),
                    Event::BytesMessage(message) => delivered.message(&message.data),
                    _ => unreachable!(),
                }
                self.connection.send(event, &mut self.out).unwrap();
                left -= 1;
                if left == 0 {
                    self.transport.put(&self.out);
                    self.out.clear();
                    return;
                }
            }
            self.transport.put(&self.out);
            self.out.clear();
            let n = self.transport.take(self.messages.room());
            self.messages.filled(n);
        }
    }

    /// Writes long payloads from where they lie.
    fn echo_apart(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                let header = self.connection.send_apart(event.clone()).unwrap().encode();
                let payload = match &event {
                    Event::TextMessage(message) => message.data.as_bytes(),
                    Event::BytesMessage(message) => &message.data,
                    _ => unreachable!(),
                };
                match &event {
                    Event::TextMessage(message) if self.work.as_str => delivered.text(&message.data),
                    _ => delivered.message(payload),
                }
                self.transport.put_all(&[IoSlice::new(&header), IoSlice::new(payload)]);
                left -= 1;
                if left == 0 {
                    return;
                }
            }
            let n = self.transport.take(self.messages.room());
            self.messages.filled(n);
        }
    }
}

impl Ours {
    fn runner(mut self) -> Runner {
        let written = self.transport.written();
        let round = move |messages: usize, delivered: &mut Delivered| match (self.work.task, self.whole) {
            (Task::Receive, false) => self.receive_chunks(messages, delivered),
            (Task::Receive, true) => self.receive(messages, delivered),
            (Task::Send, _) => self.send(messages, self.work.batch()),
            (Task::Echo, _) if self.work.len >= APART => self.echo_apart(messages, delivered),
            (Task::Echo | Task::Handshake, _) => self.echo(messages, delivered),
        };
        Runner { round: Box::new(round), written }
    }
}
