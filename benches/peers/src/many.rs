//! Many connections of one thread: one message to all of them, or echoes in turn.

use std::{io::IoSlice, sync::Arc};

use wsproto::{Config, Connection, Event, TextMessage};

use crate::{
    Runner,
    transport::{Transport, Written},
    work::{Delivered, Group, Work},
};

/// Starts a peer whose connections have everything of their own; their payloads may share memory.
pub(crate) fn each_its_own(work: &Work, start: fn(&Work) -> Option<Runner>) -> Option<Runner> {
    let mut runners: Vec<Runner> = (0..work.connections).map(|_| start(work)).collect::<Option<_>>()?;
    let is_broadcast = work.group == Group::Broadcast;
    let mut turn = 0;
    let round = move |messages: usize, delivered: &mut Delivered| {
        for _ in 0..messages {
            if is_broadcast {
                runners.iter_mut().for_each(|runner| (runner.round)(1, delivered));
            } else {
                (runners[turn].round)(1, delivered);
                turn = (turn + 1) % runners.len();
            }
        }
    };
    Some(Runner { round: Box::new(round), written: Written::here() })
}

/// Ours: connections that share a buffer to read and one to write, as a thread of a server would.
struct Ours {
    connections: Vec<(Connection, Transport)>,
    turn: usize,
    buf: Vec<u8>,
    out: Vec<u8>,
    text: String,
}

impl Ours {
    fn new(work: &Work) -> Self {
        let config = Arc::new(Config::default());
        let connection =
            || (Connection::open_server(config.clone()), Transport::new(work.tape(), work.read_len));
        Self {
            connections: (0..work.connections).map(|_| connection()).collect(),
            turn: 0,
            buf: vec![0; 64 << 10],
            out: Vec::new(),
            text: String::from_utf8(work.payload()).unwrap(),
        }
    }

    fn broadcast(&mut self) {
        for (connection, transport) in &mut self.connections {
            connection.send(TextMessage::new(&self.text), &mut self.out).unwrap();
            transport.put(&self.out);
            self.out.clear();
        }
    }

    fn broadcast_apart(&mut self) {
        for (connection, transport) in &mut self.connections {
            let header = connection.send_apart(TextMessage::new(&self.text)).unwrap().encode();
            transport.put_all(&[IoSlice::new(&header), IoSlice::new(self.text.as_bytes())]);
        }
    }

    fn echo(&mut self, delivered: &mut Delivered) {
        let (connection, transport) = &mut self.connections[self.turn];
        let n = transport.take(&mut self.buf);
        let mut input = &mut self.buf[..n];
        while let Some(event) = connection.receive(&mut input).unwrap() {
            if let Event::TextMessage(message) = &event {
                delivered.message(message.data.as_bytes());
            }
            connection.send(event, &mut self.out).unwrap();
        }
        transport.put(&self.out);
        self.out.clear();
        self.turn = (self.turn + 1) % self.connections.len();
    }
}

pub(crate) fn ours(work: &Work) -> Option<Runner> {
    let mut ours = Ours::new(work);
    let is_broadcast = work.group == Group::Broadcast;
    let round = move |messages: usize, delivered: &mut Delivered| {
        (0..messages).for_each(|_| if is_broadcast { ours.broadcast() } else { ours.echo(delivered) });
    };
    Some(Runner { round: Box::new(round), written: Written::here() })
}

/// Each client's header apart from the payload, which is not copied.
pub(crate) fn ours_apart(work: &Work) -> Option<Runner> {
    let mut ours = (work.group == Group::Broadcast).then(|| Ours::new(work))?;
    let round = move |messages: usize, _: &mut _| (0..messages).for_each(|_| ours.broadcast_apart());
    Some(Runner { round: Box::new(round), written: Written::here() })
}
