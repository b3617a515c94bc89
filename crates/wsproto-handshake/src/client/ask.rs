//! Writes a request (RFC 6455 §4.1).

use alloc::borrow::Cow;

use crate::{
    LocalError, Request, host, list, syntax,
    token::{AcceptToken, Key},
    wire::{self, Fields},
};

/// Checks that a request can be sent; returns its host as it goes onto the wire.
pub(super) fn check(request: &Request) -> Result<Cow<'_, str>, LocalError> {
    //= rfc6455#4.1-2, rfc6455#4.1-3
    let host = host::to_wire(&request.host).ok_or(LocalError::Host)?;
    let target = request.target.as_bytes();
    //= rfc6455#3-1, rfc6455#3-2, rfc6455#3-4, rfc6455#11.1.1-2, rfc6455#11.1.2-2
    if !target.starts_with(b"/") || !syntax::is_visible_ascii(target) || target.contains(&b'#') {
        return Err(LocalError::Target);
    }
    //= rfc6455#4.1-33
    if !request.subprotocols.iter().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(LocalError::Subprotocol);
    }
    //= rfc6455#4.1-34
    if list::has_duplicates(&request.subprotocols) {
        return Err(LocalError::SubprotocolRepeated);
    }
    wire::check_extensions(&request.extensions)?;
    //= rfc6455#4.1-18
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
    let key = Key::generate(nonce);
    //= rfc6455#4.1-22
    fields.field("Host", host.as_bytes());
    //= rfc6455#4.1-23, rfc6455#4.1-24
    fields.field("Upgrade", b"websocket");
    //= rfc6455#4.1-25, rfc6455#4.1-26
    fields.field("Connection", b"Upgrade");
    //= rfc6455#4.1-27
    fields.field("Sec-WebSocket-Key", key.as_bytes());
    //= rfc6455#4.1-31, rfc6455#4.1-32
    fields.field("Sec-WebSocket-Version", b"13");
    wire::list_field(fields, "Sec-WebSocket-Protocol", &request.subprotocols);
    wire::list_field(fields, "Sec-WebSocket-Extensions", &request.extensions);
    wire::all_fields(fields, &request.headers);
    key.accept_token()
}
