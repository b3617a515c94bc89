//! Writes a request (RFC 6455 §4.1).

use alloc::borrow::Cow;

use crate::{
    LocalError, Request, host, list, syntax,
    token::{AcceptToken, accept_token, generate_key},
    wire::{self, Fields},
};

/// Checks that a request can be sent; returns its host as it goes onto the wire.
pub(super) fn check(request: &Request) -> Result<Cow<'_, str>, LocalError> {
    let host = host::to_wire(&request.host).ok_or(LocalError::Host)?;
    let target = request.target.as_bytes();
    if !target.starts_with(b"/") || !syntax::is_visible_ascii(target) || target.contains(&b'#') {
        return Err(LocalError::Target);
    }
    if !request.subprotocols.iter().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(LocalError::Subprotocol);
    }
    if list::has_duplicates(&request.subprotocols) {
        return Err(LocalError::SubprotocolRepeated);
    }
    wire::check_extensions(&request.extensions)?;
    wire::check_fields(&request.headers, wire::is_reserved)?;
    Ok(host)
}

/// Writes the fields of a request; returns the token that the server must answer with.
pub(super) fn request_fields(
    request: &Request,
    host: &str,
    nonce: [u8; 16],
    fields: &mut impl Fields,
) -> AcceptToken {
    let key = generate_key(nonce);
    fields.field("Host", host.as_bytes());
    fields.field("Upgrade", b"websocket");
    fields.field("Connection", b"Upgrade");
    fields.field("Sec-WebSocket-Key", key.as_bytes());
    fields.field("Sec-WebSocket-Version", b"13");
    wire::list_field(fields, "Sec-WebSocket-Protocol", &request.subprotocols);
    wire::list_field(fields, "Sec-WebSocket-Extensions", &request.extensions);
    wire::all_fields(fields, &request.headers);
    accept_token(&key)
}
