//! Writes the acceptance of a request (RFC 6455 §4.2.2).

use alloc::{string::String, vec::Vec};

use crate::{
    AcceptConnection, Headers, LocalError,
    error::excerpt,
    extension, syntax,
    token::AcceptToken,
    wire::{self, Fields},
};

/// Checks that an acceptance can be sent, and that the client asked for its choices.
///
/// `is_proposed` knows the subprotocols, `is_offered` the names of extensions.
pub(crate) fn check_accept(
    accept: &AcceptConnection,
    is_proposed: impl Fn(&str) -> bool,
    is_offered: impl Fn(&[u8]) -> bool,
) -> Result<(), LocalError> {
    if let Some(subprotocol) = &accept.subprotocol {
        //= rfc6455#4.2.2-15
        if !syntax::is_token(subprotocol.as_bytes()) {
            return Err(LocalError::Subprotocol);
        }
        //= rfc6455#4.2.2-6
        if !is_proposed(subprotocol) {
            return Err(LocalError::SubprotocolNotProposed(excerpt(subprotocol.as_bytes())));
        }
    }
    wire::check_extensions(accept.extensions.iter().map(String::as_str))?;
    //= rfc6455#4.2.2-8, rfc6455#4.2.2-9
    let mut names = accept.extensions.iter().map(|agreed| extension::name(agreed.as_bytes()));
    if let Some(name) = names.find(|name| !is_offered(name)) {
        return Err(LocalError::ExtensionNotOffered(excerpt(name)));
    }
    wire::check_fields(&accept.headers, wire::is_reserved)
}

/// Writes the head of an acceptance; the constant text is written in one piece.
pub(crate) fn accept(token: AcceptToken, accept: &AcceptConnection, out: &mut Vec<u8>) {
    //= rfc6455#4.2.2-1, rfc6455#4.2.2-10, rfc6455#4.2.2-11, rfc6455#4.2.2-12, rfc6455#4.2.2-13
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    out.extend_from_slice(token.as_bytes());
    out.extend_from_slice(b"\r\n");
    agreed_fields(accept, out);
    out.extend_from_slice(b"\r\n");
}

/// Returns the fields of an acceptance; one of an extended CONNECT has no token, and only the agreed fields.
pub(crate) fn accept_fields(token: Option<AcceptToken>, accept: &AcceptConnection) -> Headers {
    let mut fields = Headers::with_capacity(6, 160);
    if let Some(token) = token {
        //= rfc6455#4.2.2-12
        fields.push("Upgrade", "websocket");
        //= rfc6455#4.2.2-13
        fields.push("Connection", "Upgrade");
        fields.push("Sec-WebSocket-Accept", token.as_bytes());
    }
    agreed_fields(accept, &mut fields);
    fields
}

/// Writes the agreed subprotocol and extensions, and the caller's own fields.
fn agreed_fields(accept: &AcceptConnection, fields: &mut impl Fields) {
    //= rfc6455#4.2.2-7
    if let Some(subprotocol) = &accept.subprotocol {
        fields.field("Sec-WebSocket-Protocol", subprotocol.as_bytes());
    }
    wire::list_field(fields, "Sec-WebSocket-Extensions", accept.extensions.iter().map(String::as_str));
    wire::all_fields(fields, &accept.headers);
}
