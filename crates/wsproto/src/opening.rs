//! The opening handshake: extensions are negotiated, an open connection comes out.

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
pub(crate) const fn negotiation_error(received_by: Role, error: NegotiationError) -> RemoteProtocolError {
    RemoteProtocolError::Negotiation { received_by, error }
}

/// Answers the offers of a request; for a single one no list is made.
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

/// Answers those of the offers that were chosen: by name, or whole.
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
