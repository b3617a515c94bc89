//! The state of a connection, the steps between states, and what the transport should do.

use wsproto_frame::Role;

/// The state of a connection.
///
/// ```text
///                Accept               Close sent           Close received
/// Connecting ──────────────► Open ──────────────► LocalClosing ────────────► Closed
///    │  │                     │  Close received                 Close sent     ▲
///    │  │                     └─────────────────► RemoteClosing ───────────────┤
///    │  └── rejection with a body ──► Rejecting ── the body's end ─────────────┤
///    └───── rejection without a body ──────────────────────────────────────────┘
/// ```
///
/// After the peer broke a rule on an open connection, the state is `RemoteClosing` until our Close is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ConnectionState {
    /// The opening handshake is under way.
    Connecting,
    /// A rejection was sent or received, and its body is under way.
    Rejecting,
    /// Messages go both ways.
    Open,
    /// We sent Close and wait for the peer's. Messages may still arrive.
    LocalClosing,
    /// The peer sent Close, or broke a rule, and we must send Close. Nothing more is received.
    RemoteClosing,
    /// Nothing more is sent or received.
    Closed,
}

/// A step from one state to another after the opening handshake. The steps of the opening handshake are in
/// `wsproto_handshake`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A message or a Ping is sent.
    Send,
    /// A Pong is sent.
    SendPong,
    /// A Close is sent.
    SendClose,
    /// A Close is received.
    ReceiveClose,
    /// The peer broke a rule. We must send Close, unless we have.
    Fail,
    /// The peer's stream of bytes ended.
    EndOfStream,
}

impl ConnectionState {
    /// Returns the state after a step, or `None` where the protocol forbids the step.
    #[inline]
    pub(crate) const fn after(self, step: Step) -> Option<Self> {
        Some(match (self, step) {
            (Self::Open, Step::Send | Step::SendPong) => Self::Open,
            //= rfc6455#5.5.1-11, rfc6455#5.5.2-1
            (Self::Open, Step::SendClose) | (Self::LocalClosing, Step::SendPong) => Self::LocalClosing,
            (Self::Open, Step::ReceiveClose | Step::Fail) | (Self::RemoteClosing, Step::EndOfStream) => {
                Self::RemoteClosing
            }
            (Self::LocalClosing, Step::ReceiveClose | Step::Fail)
            | (Self::RemoteClosing, Step::SendClose)
            | (Self::Open | Self::LocalClosing | Self::Closed, Step::EndOfStream) => Self::Closed,
            (Self::LocalClosing, Step::Send | Step::SendClose)
            | (Self::RemoteClosing, Step::Send | Step::SendPong | Step::ReceiveClose | Step::Fail)
            | (
                Self::Closed,
                Step::Send | Step::SendPong | Step::SendClose | Step::ReceiveClose | Step::Fail,
            )
            //= rfc6455#4.1-35
            | (Self::Connecting | Self::Rejecting, _) => return None,
        })
    }

    /// Returns what the transport of a connection that was opened should do; `ending` describes its end.
    pub(crate) const fn transport(self, role: Role, ending: Ending) -> Transport {
        match (self, ending, role) {
            (Self::Connecting | Self::Rejecting | Self::Open | Self::LocalClosing, _, _) => {
                Transport::KeepOpen
            }
            // The program must send our Close.
            (Self::RemoteClosing, _, _) => Transport::PauseRead,
            //= rfc6455#5.5.1-6, rfc6455#7.1.2-2
            (Self::Closed, Ending { peer_ended: true, .. }, _) => Transport::Close,
            //= rfc6455#5.5.1-8, rfc6455#7.1.1-4
            (Self::Closed, Ending { failed: false, .. }, Role::Client) => Transport::AwaitEnd,
            //= rfc6455#5.5.1-7, rfc6455#7.1.1-2, rfc6455#7.1.1-3, rfc6455#7.1.7-1, rfc6455#7.1.7-2
            (Self::Closed, _, Role::Client | Role::Server) => Transport::ShutdownWrite,
        }
    }
}

/// The facts about a connection's end that its transport depends on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ending {
    /// The peer's stream of bytes has ended.
    pub(crate) peer_ended: bool,
    /// The peer broke a rule.
    pub(crate) failed: bool,
}

/// What the transport should do next, once all sent bytes are written and [`receive`] has returned `None`. A loop needs
/// no other information.
///
/// [`receive`]: crate::Connection::receive
///
/// ```text
/// loop {
///     receive until there is no event; write what was sent; then
///     KeepOpen       read
///     PauseRead      wait until the program has sent its request, its answer, or its Close
///     ShutdownWrite  shut down writing, read and drop to the end, close
///     AwaitEnd       read and drop to the end, close
///     Close          close
/// }
/// ```
///
/// The server closes first, so that the server and not the client keeps the port (RFC 6455
/// [§7.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1)). Neither side closes while bytes of the peer are
/// unread or still to come: the system would reset the connection, and the peer could lose our last bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Continue to read and write. After we have sent Close, limit the wait for the peer's.
    KeepOpen,
    /// Don't read: the program is next. It must send a request, the answer to one, the rest of a rejection, or a Close.
    /// Unread bytes stay where they are until then, and go to `receive` again afterwards.
    PauseRead,
    /// Shut down writing, then read to the end of the stream and drop the bytes. Limit the wait. An error of reading is
    /// the end, too.
    ShutdownWrite,
    /// Read to the end of the stream and drop the bytes. Limit the wait. An error of reading is the end, too.
    AwaitEnd,
    /// Close the transport: nothing more comes, and nothing more must be sent.
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_step() {
        use ConnectionState::{Closed, Connecting, LocalClosing, Open, Rejecting, RemoteClosing};
        let some = Some::<ConnectionState>;
        #[rustfmt::skip]
        let table = [
            // step                Connecting  Rejecting  Open                 LocalClosing   RemoteClosing
            // Closed
            (Step::Send,          [None,       None,      some(Open),          None,          None,                None]),
            (Step::SendPong,      [None,       None,      some(Open),          some(LocalClosing), None,           None]),
            (Step::SendClose,     [None,       None,      some(LocalClosing),  None,          some(Closed),        None]),
            (Step::ReceiveClose,  [None,       None,      some(RemoteClosing), some(Closed),  None,                None]),
            (Step::Fail,          [None,       None,      some(RemoteClosing), some(Closed),  None,                None]),
            (Step::EndOfStream,   [None,       None,      some(Closed),        some(Closed),  some(RemoteClosing), some(Closed)]),
        ];
        for (step, expected) in table {
            for (state, expected) in
                [Connecting, Rejecting, Open, LocalClosing, RemoteClosing, Closed].into_iter().zip(expected)
            {
                assert_eq!(state.after(step), expected, "{state:?} after {step:?}");
            }
        }
    }
    #[test]
    fn c14_every_state_and_ending() {
        use ConnectionState::{Closed, Connecting, LocalClosing, Open, Rejecting, RemoteClosing};
        use Transport::{AwaitEnd, Close, KeepOpen, PauseRead, ShutdownWrite};
        let ending = |peer_ended, failed| Ending { peer_ended, failed };
        #[rustfmt::skip]
        let table = [
            // role         ending                 Connecting  Rejecting  Open      LocalClosing  RemoteClosing  Closed
            (Role::Server, ending(false, false), [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     ShutdownWrite]),
            (Role::Server, ending(false, true),  [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     ShutdownWrite]),
            (Role::Server, ending(true,  false), [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     Close]),
            (Role::Server, ending(true,  true),  [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     Close]),
            (Role::Client, ending(false, false), [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     AwaitEnd]),
            (Role::Client, ending(false, true),  [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     ShutdownWrite]),
            (Role::Client, ending(true,  false), [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     Close]),
            (Role::Client, ending(true,  true),  [KeepOpen,   KeepOpen,  KeepOpen, KeepOpen,     PauseRead,     Close]),
        ];
        for (role, ending, expected) in table {
            let states = [Connecting, Rejecting, Open, LocalClosing, RemoteClosing, Closed];
            for (state, expected) in states.into_iter().zip(expected) {
                assert_eq!(state.transport(role, ending), expected, "{role:?}, {state:?}, {ending:?}");
            }
        }
    }
}
