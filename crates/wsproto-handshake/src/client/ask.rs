//! Writes a request (RFC 6455 §4.1).

use alloc::{borrow::Cow, vec::Vec};

use crate::{
    Headers, LocalError, Request, host, list, syntax,
    token::Key,
    wire::{self, Fields},
};

/// Checks that a request can be sent; returns its host in the form of the wire.
pub(crate) fn check(request: &Request) -> Result<Cow<'_, str>, LocalError> {
    //= rfc6455#4.1-2, rfc6455#4.1-3
    let host = host::to_wire(request.host()).ok_or_else(|| host_fault(request.host()))?;
    check_target(request.target())?;
    if !request.subprotocols.is_empty() {
        check_subprotocols(request)?;
    }
    wire::check_extensions(request.extensions())?;
    //= rfc6455#4.1-18
    wire::check_fields(&request.headers, wire::is_reserved)?;
    Ok(host)
}

/// Names the fault of a host.
#[cold]
fn host_fault(host: &str) -> LocalError {
    if host.contains('/') {
        LocalError::HostIsUrl
    } else if host::is_ipv6_address(host) {
        LocalError::HostWithoutBrackets
    } else if !host.is_ascii() && cfg!(not(feature = "idna")) {
        LocalError::HostNotAscii
    } else {
        LocalError::Host
    }
}

fn check_target(target: &str) -> Result<(), LocalError> {
    //= rfc6455#3-4
    if !target.starts_with('/') {
        return Err(LocalError::Target);
    }
    //= rfc6455#3-1, rfc6455#3-2, rfc6455#11.1.1-2, rfc6455#11.1.2-2
    match target.bytes().position(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        None => Ok(()),
        Some(at) if target.as_bytes().get(at) == Some(&b'#') => Err(LocalError::TargetFragment),
        Some(at) => Err(LocalError::TargetCharacter { at }),
    }
}

fn check_subprotocols(request: &Request) -> Result<(), LocalError> {
    //= rfc6455#4.1-33
    if !request.subprotocols().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(LocalError::Subprotocol);
    }
    //= rfc6455#4.1-34
    if list::has_duplicates(request.subprotocols()) {
        return Err(LocalError::SubprotocolRepeated);
    }
    Ok(())
}

/// Writes the head of a request; the constant text is written in as few pieces as possible.
pub(super) fn write(request: &Request, host: &str, key: Key, out: &mut Vec<u8>) {
    //= rfc6455#4.1-1, rfc6455#4.1-17, rfc6455#4.1-19, rfc6455#4.1-21
    out.extend_from_slice(b"GET ");
    out.extend_from_slice(request.target().as_bytes());
    //= rfc6455#4.1-20, rfc6455#4.1-22
    out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    out.extend_from_slice(host.as_bytes());
    //= rfc6455#4.1-23, rfc6455#4.1-24, rfc6455#4.1-25, rfc6455#4.1-26, rfc6455#4.1-27
    out.extend_from_slice(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
    out.extend_from_slice(key.as_bytes());
    //= rfc6455#4.1-31, rfc6455#4.1-32
    out.extend_from_slice(b"\r\nSec-WebSocket-Version: 13\r\n");
    proposed_fields(request, out);
    out.extend_from_slice(b"\r\n");
}

/// Returns the fields of a request; an extended CONNECT has no Host and no key.
pub(crate) fn fields(request: &Request, host_and_key: Option<(&str, Key)>) -> Headers {
    let mut fields = Headers::with_capacity(8, 256);
    //= rfc8441#5-2, rfc8441#5-5
    if let Some((host, key)) = host_and_key {
        fields.push("Host", host);
        fields.push("Upgrade", "websocket");
        fields.push("Connection", "Upgrade");
        fields.push("Sec-WebSocket-Key", key.as_bytes());
    }
    //= rfc8441#5-4
    fields.push("Sec-WebSocket-Version", "13");
    proposed_fields(request, &mut fields);
    fields
}

/// Writes the proposals and the caller's own fields.
fn proposed_fields(request: &Request, fields: &mut impl Fields) {
    wire::list_field(fields, "Sec-WebSocket-Protocol", request.subprotocols());
    wire::list_field(fields, "Sec-WebSocket-Extensions", request.extensions());
    wire::all_fields(fields, &request.headers);
}
