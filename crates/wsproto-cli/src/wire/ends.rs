//! The states of both ends, as far as they can be told from outside.

use wsproto::ConnectionState;

use super::{Record, Sender, State};

/// Where both ends stand.
#[derive(Debug)]
pub(super) struct Ends {
    client: Option<ConnectionState>,
    server: Option<ConnectionState>,
}

impl Ends {
    /// Nothing has happened yet.
    pub(super) const fn new() -> Self {
        Self { client: None, server: None }
    }

    /// Puts both ends into a state, unless they are there.
    pub(super) fn both(&mut self, now: ConnectionState, at: u64, out: &mut Vec<Record>) {
        self.change(Sender::Client, now, at, out);
        self.change(Sender::Server, now, at, out);
    }

    /// Puts one end into a state, unless it is there.
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

    /// A Close of `from` has passed.
    pub(super) fn close(&mut self, from: Sender, at: u64, out: &mut Vec<Record>) {
        use ConnectionState::{Closed, LocalClosing, Open, RemoteClosing};
        for (side, closing) in [(from, LocalClosing), (from.other(), RemoteClosing)] {
            let now = match *self.of(side) {
                Some(Open) => closing,
                // The other end's Close was there already.
                Some(LocalClosing) if closing == RemoteClosing => Closed,
                Some(RemoteClosing) if closing == LocalClosing => Closed,
                _ => continue,
            };
            self.change(side, now, at, out);
        }
    }

    /// `from` has broken a rule of the open connection: the other end owes a Close, or has sent it.
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

    /// `from` sends nothing more.
    pub(super) fn end(&mut self, from: Sender, at: u64, out: &mut Vec<Record>) {
        use ConnectionState::{Closed, Connecting, Open, Rejecting, RemoteClosing};
        // Whoever has sent a Close may still read the other one.
        if let Some(Open | RemoteClosing) = *self.of(from) {
            self.change(from, Closed, at, out);
        }
        // A request can still be answered after its client has ended its stream, and a Close is still owed.
        match (from, *self.of(from.other())) {
            (Sender::Client, Some(Connecting | Rejecting)) | (_, Some(RemoteClosing) | None) => {}
            (_, Some(_)) => self.change(from.other(), Closed, at, out),
        }
        if let (Sender::Server, Some(Connecting | Rejecting)) = (from, *self.of(from)) {
            self.change(from, Closed, at, out);
        }
    }
}

/// The name of a state, as it stands in records.
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
