//! Many connections of one thread: one message to all of them, or echoes in turn.

use std::{io::IoSlice, sync::Arc};

use wsproto::{
    Config, Connection, Event, OutputQueue, PreparedMessage, TextMessage, extensions::deflate::Backend,
};

use crate::{
    Runner, deflate,
    transport::Transport,
    work::{Delivered, Group, Work},
};

/// The most connections with compression that are made. They take turns.
const COMPRESSING: usize = 1000;

/// Starts a peer whose connections share nothing except for the memory of payloads.
pub(crate) fn each_its_own(work: &Work, start: fn(&Work) -> Option<Runner>) -> Option<Runner> {
    let most = if work.deflate.is_some() { COMPRESSING } else { usize::MAX };
    let mut runners: Vec<Runner> =
        (0..work.connections.min(most)).map(|_| start(work)).collect::<Option<_>>()?;
    let (connections, is_broadcast) = (work.connections, work.group == Group::Broadcast);
    let mut turn = 0;
    let round = move |messages: usize, delivered: &mut Delivered| {
        for _ in 0..if is_broadcast { messages * connections } else { messages } {
            (runners[turn].round)(1, delivered);
            turn = (turn + 1) % runners.len();
        }
    };
    Some(Runner::new(round))
}

/// Our connections: they share a buffer to read and a queue to write, as a thread of a server would.
struct Ours {
    connections: Vec<(Connection, Transport)>,
    turn: usize,
    buf: Vec<u8>,
    out: OutputQueue,
    text: Arc<str>,
}

impl Ours {
    fn new(work: &Work) -> Self {
        let config = Arc::new(Config::default());
        let connection = || match work.deflate {
            Some(parameters) => deflate::connection(parameters, Backend::ZlibRs),
            None => Connection::open_server(config.clone()),
        };
        Self {
            connections: (0..work.connections).map(|_| (connection(), Transport::of(work))).collect(),
            turn: 0,
            buf: vec![0; 64 << 10],
            out: OutputQueue::new(),
            text: String::from_utf8(work.payload()).unwrap().into(),
        }
    }

    fn broadcast(&mut self) {
        let message = PreparedMessage::new(TextMessage::new(&*self.text)).unwrap();
        for (connection, transport) in &mut self.connections {
            connection.send_prepared(&message, &mut self.out).unwrap();
            self.out.write_to(transport).unwrap();
        }
    }

    fn broadcast_apart(&mut self) {
        let message = PreparedMessage::new(TextMessage::new(&*self.text)).unwrap();
        for (connection, transport) in &mut self.connections {
            let (header, payload) = connection.send_prepared_apart(&message).unwrap().unwrap();
            transport.put_all(&[IoSlice::new(&header.encode()), IoSlice::new(&payload)]);
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
        self.out.write_to(transport).unwrap();
        self.turn = (self.turn + 1) % self.connections.len();
    }
}

pub(crate) fn ours(work: &Work) -> Option<Runner> {
    let mut ours = Ours::new(work);
    let is_broadcast = work.group == Group::Broadcast;
    let round = move |messages: usize, delivered: &mut Delivered| {
        (0..messages).for_each(|_| if is_broadcast { ours.broadcast() } else { ours.echo(delivered) });
    };
    Some(Runner::new(round))
}

/// Each client's header, apart from the payload, which is not copied.
pub(crate) fn ours_apart(work: &Work) -> Option<Runner> {
    let mut ours = (work.group == Group::Broadcast).then(|| Ours::new(work))?;
    let round = move |messages: usize, _: &mut _| (0..messages).for_each(|_| ours.broadcast_apart());
    Some(Runner::new(round))
}
