//! The opening handshake joined with what follows it: extensions are negotiated, a connection comes out.

mod client;
mod server;

use wsproto_frame::Role;

pub(crate) use self::{client::ClientOpening, server::ServerOpening};
use crate::RemoteProtocolError;

/// Names whom an error in the negotiation of extensions is answered by.
fn negotiation_error(received_by: Role, error: wsproto_extensions::NegotiationError) -> RemoteProtocolError {
    RemoteProtocolError::Negotiation { received_by, error }
}
