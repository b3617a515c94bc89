//! Where a connection stands, and which step may follow.

/// Where a connection stands.
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
/// After a rule was broken on an open connection, the state is `RemoteClosing`: a Close is owed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ConnectionState {
    /// The opening handshake is under way.
    Connecting,
    /// A rejection was sent or received, and its body is under way.
    Rejecting,
    /// Messages go both ways.
    Open,
    /// We sent Close and await the peer's; messages may still arrive.
    LocalClosing,
    /// The peer sent Close, or broke a rule, and we owe a Close; nothing more is received.
    RemoteClosing,
    /// Nothing more is sent or received.
    Closed,
}

/// What moves a connection after the opening handshake from one state to another; what moves it before stands in
/// `wsproto_handshake`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A message, Ping or Pong is sent.
    Send,
    /// A Close is sent.
    SendClose,
    /// A Close is received.
    ReceiveClose,
    /// The peer broke a rule; a Close is owed unless it was sent.
    Fail,
    /// The peer's stream of bytes ended.
    EndOfStream,
}

impl ConnectionState {
    /// Returns the state after a step, or `None` where the protocol forbids the step.
    #[inline]
    pub(crate) const fn after(self, step: Step) -> Option<Self> {
        Some(match (self, step) {
            (Self::Open, Step::Send) => Self::Open,
            //= rfc6455#5.5.1-11
            (Self::Open, Step::SendClose) => Self::LocalClosing,
            (Self::Open, Step::ReceiveClose | Step::Fail) | (Self::RemoteClosing, Step::EndOfStream) => {
                Self::RemoteClosing
            }
            (Self::LocalClosing, Step::ReceiveClose | Step::Fail)
            | (Self::RemoteClosing, Step::SendClose)
            | (Self::Open | Self::LocalClosing | Self::Closed, Step::EndOfStream) => Self::Closed,
            (Self::LocalClosing, Step::Send | Step::SendClose)
            | (Self::RemoteClosing, Step::Send | Step::ReceiveClose | Step::Fail)
            | (Self::Closed, Step::Send | Step::SendClose | Step::ReceiveClose | Step::Fail)
            | (Self::Connecting | Self::Rejecting, _) => return None,
        })
    }
}

/// What the transport should do now, once everything that was sent is written.
///
/// RFC 6455 [§7.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1): the server closes first, so that it and
/// not the client holds the port back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Go on reading and writing. On a client whose closing handshake is done: the server closes; bound the wait.
    KeepOpen,
    /// Shut down writing, and read until the end of the stream: the peer may still be sending, and an early close would
    /// lose what we said last. Bound the wait.
    ShutdownWrite,
    /// Close it: nothing more comes, and nothing more need be said but a Close that is still owed.
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
            // step                Connecting  Rejecting  Open                 LocalClosing   RemoteClosing        Closed
            (Step::Send,          [None,       None,      some(Open),          None,          None,                None]),
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
}
