//! The opening handshake joined with what follows it: extensions are negotiated, a connection comes out.

mod client;
mod server;

use wsproto_frame::Role;

pub(crate) use self::{client::ClientOpening, server::ServerOpening};
use crate::{Connection, Event, RemoteProtocolError};

/// What came in: an event, and with the last one of a handshake that was accepted the open connection.
pub(crate) struct Received {
    pub(crate) event: Event<'static>,
    pub(crate) opened: Option<Connection>,
}

impl<E: Into<Event<'static>>> From<E> for Received {
    fn from(event: E) -> Self {
        Self { event: event.into(), opened: None }
    }
}

/// Names whom an error in the negotiation of extensions is answered by.
fn negotiation_error(received_by: Role, error: wsproto_extensions::NegotiationError) -> RemoteProtocolError {
    RemoteProtocolError::Negotiation { received_by, error }
}
