//! The states of both ends, as far as they are visible from outside.

use wsproto::ConnectionState;

use super::{Record, Sender, State};

/// The states of both ends.
#[derive(Debug)]
pub(super) struct Ends {
    client: Option<ConnectionState>,
    server: Option<ConnectionState>,
}

impl Ends {
    /// Returns the ends before the first event.
    pub(super) const fn new() -> Self {
        Self { client: None, server: None }
    }

    /// Changes the state of both ends, and records each change.
    pub(super) fn both(&mut self, now: ConnectionState, at: u64, out: &mut Vec<Record>) {
        self.change(Sender::Client, now, at, out);
        self.change(Sender::Server, now, at, out);
    }

    /// Changes the state of one end, and records the change.
    pub(super) fn change(&mut self, side: Sender, now: ConnectionState, at: u64, out: &mut Vec<Record>) {
        if self.of(side).replace(now) != Some(now) {
            out.push(Record::State(State { at, side, now: name(now) }));
        }
    }

    const fn of(&mut self, side: Sender) -> &mut Option<ConnectionState> {
        match side {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }

    /// Notes that a Close of `from` has passed.
    pub(super) fn close(&mut self, from: Sender, at: u64, out: &mut Vec<Record>) {
        use ConnectionState::{Closed, LocalClosing, Open, RemoteClosing};
        for (side, closing) in [(from, LocalClosing), (from.other(), RemoteClosing)] {
            let now = match *self.of(side) {
                Some(Open) => closing,
                // The other end's Close has come already.
                Some(LocalClosing) if closing == RemoteClosing => Closed,
                Some(RemoteClosing) if closing == LocalClosing => Closed,
                _ => continue,
            };
            self.change(side, now, at, out);
        }
    }

    /// Notes that `from` has broken a rule of the open connection: the other end owes a Close, or has sent it.
    pub(super) fn fail(&mut self, from: Sender, at: u64, out: &mut Vec<Record>) {
        match *self.of(from.other()) {
            Some(ConnectionState::Open) => {
                self.change(from.other(), ConnectionState::RemoteClosing, at, out);
            }
            Some(ConnectionState::LocalClosing) => {
                self.change(from.other(), ConnectionState::Closed, at, out);
            }
            _ => {}
        }
    }

    /// Notes that `from` sends nothing more.
    pub(super) fn end(&mut self, from: Sender, at: u64, out: &mut Vec<Record>) {
        use ConnectionState::{Closed, Connecting, Open, Rejecting, RemoteClosing};
        // An end that has sent a Close may still read the other's Close.
        if let Some(Open | RemoteClosing) = *self.of(from) {
            self.change(from, Closed, at, out);
        }
        // After a client has ended its stream, the server may still answer the request, and still owes a Close.
        match (from, *self.of(from.other())) {
            (Sender::Client, Some(Connecting | Rejecting)) | (_, Some(RemoteClosing) | None) => {}
            (_, Some(_)) => self.change(from.other(), Closed, at, out),
        }
        if let (Sender::Server, Some(Connecting | Rejecting)) = (from, *self.of(from)) {
            self.change(from, Closed, at, out);
        }
    }
}

/// The name of a state in records.
const fn name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Connecting => "connecting",
        ConnectionState::Rejecting => "rejecting",
        ConnectionState::Open => "open",
        ConnectionState::LocalClosing => "local_closing",
        ConnectionState::RemoteClosing => "remote_closing",
        ConnectionState::Closed => "closed",
    }
}
