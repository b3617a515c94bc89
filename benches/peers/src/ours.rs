//! Our connection, which the caller drives with one buffer in and one queue out.

use std::{io::IoSlice, ops::Range};

use wsproto::{Config, Connection, Event, Message, OutputQueue, ReadBuffer, Role};

use crate::{
    Runner,
    transport::Transport,
    work::{Delivered, Group, Task, Work},
};

/// Payloads of this many bytes and more are echoed without a copy.
const APART: usize = 8 << 10;

/// A client masks this many bytes of a payload before it writes them.
const PIECE: usize = 16 << 10;

struct Ours {
    work: Work,
    transport: Transport,
    connection: Connection,
    messages: ReadBuffer,
    buf: Vec<u8>,
    /// The bytes of `buf` that were read and not yet taken.
    unread: Range<usize>,
    out: OutputQueue,
    /// The messages to send, in turn.
    sent: Vec<Message>,
    next: usize,
}

/// Whole messages. Sent ones go into a queue.
pub(crate) fn messages(work: &Work) -> Option<Runner> {
    with(work, open(work))
}

/// The parts of messages as they arrive.
pub(crate) fn chunks(work: &Work) -> Option<Runner> {
    let mut ours = Ours::new(work, open(work));
    ours.buf = vec![0; 16 << 10];
    (work.task == Task::Receive)
        .then(|| Runner::new(move |count, delivered| ours.receive_chunks(count, delivered)))
}

/// Headers apart from payloads, which the caller writes. A client masks one piece at a time.
pub(crate) fn apart(work: &Work) -> Option<Runner> {
    let mut ours = Ours::new(work, open(work));
    (work.task == Task::Send).then(|| Runner::new(move |count, _| ours.send_apart(count)))
}

/// Whole messages over a connection with extensions.
pub(crate) fn with(work: &Work, connection: Connection) -> Option<Runner> {
    let mut ours = Ours::new(work, connection);
    Some(Runner::new(move |count, delivered| match ours.work.task {
        _ if delivered.shrinks => ours.messages.shrink_to(0),
        Task::Receive => {
            ours.receive(count, delivered);
            if ours.work.group == Group::Memory {
                // The memory of an event stays as long as the event may be used: until the next read.
                assert!(ours.connection.receive_from(&mut ours.messages).unwrap().is_none());
                let _ = ours.messages.room();
            }
        }
        Task::Send => ours.send(count, ours.work.batch()),
        Task::Echo if ours.work.len >= APART => ours.echo_apart(count, delivered),
        Task::Echo | Task::Handshake => ours.echo(count, delivered),
    }))
}

fn open(work: &Work) -> Connection {
    match work.role {
        Role::Server => Connection::open_server(Config::default()),
        Role::Client => Connection::open_client(Config::default()),
    }
}

#[inline(always)]
fn deliver(work: &Work, event: &Event<'_>, delivered: &mut Delivered) -> bool {
    match event {
        Event::TextMessage(message) => {
            if work.as_str {
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
    }
}

impl Ours {
    fn new(work: &Work, connection: Connection) -> Self {
        let text = |payload| Message::text(String::from_utf8(payload).unwrap());
        let message = |payload| if work.is_text() { text(payload) } else { Message::binary(payload) };
        let payloads = if work.task == Task::Send { work.payloads() } else { Vec::new() };
        Self {
            work: *work,
            transport: Transport::of(work),
            connection,
            messages: ReadBuffer::messages(),
            buf: Vec::new(),
            unread: 0..0,
            out: OutputQueue::new(),
            sent: payloads.into_iter().map(message).collect(),
            next: 0,
        }
    }

    fn receive(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                deliver(&self.work, &event, delivered);
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
                left -= usize::from(deliver(&self.work, &event, delivered));
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
        for i in 1..=count {
            self.connection.send(&self.sent[self.next], &mut self.out).unwrap();
            self.next = (self.next + 1) % self.sent.len();
            if i % batch == 0 || i == count {
                self.out.write_to(&mut self.transport).unwrap();
            }
        }
    }

    fn send_apart(&mut self, count: usize) {
        for _ in 0..count {
            let payload = self.sent[0].as_bytes();
            let header = self.connection.send_apart(&self.sent[0]).unwrap();
            let Some(mut key) = header.mask else {
                self.transport.put_all(&[IoSlice::new(&header.encode()), IoSlice::new(payload)]);
                continue;
            };
            self.transport.put(&header.encode());
            for piece in payload.chunks(PIECE) {
                self.buf.clear();
                self.buf.extend_from_slice(piece);
                key.apply(&mut self.buf);
                self.transport.put(&self.buf);
            }
        }
    }

    fn echo(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                deliver(&self.work, &event, delivered);
                self.connection.send(event, &mut self.out).unwrap();
                left -= 1;
                if left == 0 {
                    self.out.write_to(&mut self.transport).unwrap();
                    return;
                }
            }
            self.out.write_to(&mut self.transport).unwrap();
            let n = self.transport.take(self.messages.room());
            self.messages.filled(n);
        }
    }

    /// Writes long payloads without a copy.
    fn echo_apart(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                deliver(&self.work, &event, delivered);
                let header = self.connection.send_apart(event.clone()).unwrap().encode();
                let payload = match &event {
                    Event::TextMessage(message) => message.data.as_bytes(),
                    Event::BytesMessage(message) => &message.data,
                    _ => unreachable!(),
                };
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
