//! The opening handshake: extensions are negotiated, an open connection comes out.

mod client;
mod server;

use wsproto_extensions::Pipeline;
use wsproto_frame::Role;

pub(crate) use self::{client::ClientOpening, server::ServerOpening};
use crate::{RemoteProtocolError, agreement::Agreement};

/// Where an opening handshake stands.
pub(crate) enum Opening {
    /// Its request comes, we answer.
    Server(ServerOpening),
    /// We send a request, the answer comes.
    Client(ClientOpening),
    /// The connection is open, and its client's stream ended before that: the bytes that came before the end are next, and
    /// then the end.
    EndWaits,
}

/// What both sides agreed to.
pub(crate) struct Agreed {
    pub(crate) agreement: Agreement,
    pub(crate) pipeline: Pipeline,
}

/// Names whom an error in the negotiation of extensions is answered by.
fn negotiation_error(received_by: Role, error: wsproto_extensions::NegotiationError) -> RemoteProtocolError {
    RemoteProtocolError::Negotiation { received_by, error }
}
