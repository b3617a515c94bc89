//! The opening handshake with its negotiation of extensions: the result is an open connection.

mod client;
mod server;

use alloc::{string::String, vec::Vec};

use wsproto_extensions::{NegotiationError, Params, Pipeline, parse, respond, respond_to_some};
use wsproto_frame::Role;

pub(crate) use self::{
    client::{ClientOpening, with_offers},
    server::{ServerOpening, broken_rule},
};
use crate::{Config, RemoteProtocolError, agreement::Agreement};

/// The state of an opening handshake.
pub(crate) enum Opening {
    /// A server's: the request comes, we answer.
    Server(ServerOpening),
    /// A client's: we send the request, the answer comes.
    Client(ClientOpening),
    /// The connection is open, but the client's stream ended earlier. The bytes that came before the end are received
    /// first, then the end.
    EndWaits,
}

/// The result of the negotiation.
pub(crate) struct Agreed {
    pub(crate) agreement: Agreement,
    pub(crate) pipeline: Pipeline,
}

/// Makes the error of a negotiation, with the side that must answer it.
pub(crate) const fn negotiation_error(received_by: Role, error: NegotiationError) -> RemoteProtocolError {
    RemoteProtocolError::Negotiation { received_by, error }
}

/// Answers the offers of a request. For a single offer no list is made.
pub(crate) fn respond_to<'a>(
    mut offers: impl Iterator<Item = &'a str>,
    config: &Config,
) -> Result<(Vec<String>, Pipeline), NegotiationError> {
    match (offers.next(), offers.next()) {
        (one, None) => respond(&config.extensions, one.as_slice()),
        (one, two) => {
            let offers: Vec<&str> = one.into_iter().chain(two).chain(offers).collect();
            respond(&config.extensions, &offers)
        }
    }
}

/// Answers the offers that the program chose, by name or as a whole.
pub(crate) fn respond_to_chosen<S: AsRef<str>>(
    offers: &[S],
    choice: &[String],
    config: &Config,
) -> Result<(Vec<String>, Pipeline), NegotiationError> {
    let is_chosen = |offer: &Params<'_>| {
        let is_it = |chosen: &String| {
            chosen == offer.name() || parse(chosen).is_ok_and(|chosen| chosen.first() == Some(offer))
        };
        choice.iter().any(is_it)
    };
    if offers.is_empty() {
        return Ok((Vec::new(), Pipeline::default()));
    }
    respond_to_some(&config.extensions, offers, is_chosen)
}
