//! The section of a broken rule, and the answer to it.

use wsproto::{
    CloseCode, Event, RemoteProtocolError,
    extensions::{ExtensionError, NegotiationError, deflate::DeflateError},
};

use super::Answer;

/// Returns the RFC and the section of the rule.
pub(super) fn section(error: &RemoteProtocolError) -> &'static str {
    match error {
        RemoteProtocolError::Request(error) => error.section(),
        RemoteProtocolError::Response(error) => error.section(),
        RemoteProtocolError::Frame(error) => error.section(),
        RemoteProtocolError::Extension(error) => extension(error),
        RemoteProtocolError::Negotiation { error, .. } => negotiation(error),
        RemoteProtocolError::EndOfStream { .. } => "RFC 6455 §4",
        // The rest are limits.
        _ => "RFC 6455 §10.4",
    }
}

/// Returns the section for permessage-deflate, the only extension here. The error's code tells bad DEFLATE from a
/// misplaced bit.
fn extension(error: &ExtensionError) -> &'static str {
    match error {
        ExtensionError::UnownedRsv(_) => "RFC 6455 §5.2",
        ExtensionError::Refused(refusal) => match refusal.code {
            CloseCode::PROTOCOL_ERROR => "RFC 7692 §6",
            CloseCode::INVALID_PAYLOAD => "RFC 7692 §7.2.2",
            _ => "RFC 6455 §10.4",
        },
        _ => "RFC 6455 §9",
    }
}

fn negotiation(error: &NegotiationError) -> &'static str {
    match error {
        NegotiationError::NotOffered(_) => "RFC 6455 §4.1",
        NegotiationError::Repeated(_) | NegotiationError::RsvTaken(_) => "RFC 7692 §5",
        NegotiationError::Unacceptable(found) => {
            match found.reason.error().and_then(|error| error.downcast_ref::<DeflateError>()) {
                Some(DeflateError::ServerContextTakeover) => "RFC 7692 §7.1.1.1",
                Some(DeflateError::ServerWindowTooLarge) => "RFC 7692 §7.1.2.1",
                Some(DeflateError::ClientWindowTooLarge | DeflateError::ClientWindowNotOffered) => {
                    "RFC 7692 §7.1.2.2"
                }
                _ => "RFC 7692 §7.1",
            }
        }
        _ => "RFC 6455 §9.1",
    }
}

/// Returns the answer of an endpoint.
pub(super) fn answer(error: &RemoteProtocolError) -> Answer {
    match error.event_hint() {
        Some(Event::CloseConnection(close)) => Answer::Number(close.code.get()),
        Some(Event::RejectConnection(reject)) => Answer::Number(reject.status),
        _ => Answer::Nothing,
    }
}
