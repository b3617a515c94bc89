//! Writes the answer to a request (RFC 6455 §4.2.2).

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use crate::{
    AcceptConnection, Headers, LocalError, RejectConnection,
    body::BodyWriter,
    known::{Known, is_sec_websocket},
    list, syntax,
    token::AcceptToken,
    wire::{self, Fields},
};

/// Checks that an acceptance can be sent to a client that proposed these subprotocols.
pub(super) fn check_accept(accept: &AcceptConnection, proposed: &str) -> Result<(), LocalError> {
    if let Some(subprotocol) = &accept.subprotocol {
        //= rfc6455#4.2.2-15
        if !syntax::is_token(subprotocol.as_bytes()) {
            return Err(LocalError::Subprotocol);
        }
        //= rfc6455#4.2.2-6
        if !list::split_list(proposed).any(|proposed| proposed == subprotocol) {
            return Err(LocalError::SubprotocolNotProposed);
        }
    }
    wire::check_extensions(accept.extensions.iter().map(String::as_str))?;
    wire::check_fields(&accept.headers, wire::is_reserved)
}

/// Writes the head of an acceptance: what is the same in all of them in one piece.
pub(super) fn accept(token: AcceptToken, accept: &AcceptConnection, out: &mut Vec<u8>) {
    //= rfc6455#4.2.2-1, rfc6455#4.2.2-10, rfc6455#4.2.2-11, rfc6455#4.2.2-12, rfc6455#4.2.2-13
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    out.extend_from_slice(token.as_bytes());
    out.extend_from_slice(b"\r\n");
    agreed_fields(accept, out);
    out.extend_from_slice(b"\r\n");
}

/// Returns the fields of an acceptance.
pub(super) fn accept_fields(token: AcceptToken, accept: &AcceptConnection) -> Headers {
    let mut fields = Headers::new();
    //= rfc6455#4.2.2-12
    fields.push("Upgrade", "websocket");
    //= rfc6455#4.2.2-13
    fields.push("Connection", "Upgrade");
    fields.push("Sec-WebSocket-Accept", token.as_bytes());
    agreed_fields(accept, &mut fields);
    fields
}

/// Writes what was agreed on, and the caller's own fields.
fn agreed_fields(accept: &AcceptConnection, fields: &mut impl Fields) {
    //= rfc6455#4.2.2-7
    if let Some(subprotocol) = &accept.subprotocol {
        fields.field("Sec-WebSocket-Protocol", subprotocol.as_bytes());
    }
    wire::list_field(fields, "Sec-WebSocket-Extensions", accept.extensions.iter().map(String::as_str));
    wire::all_fields(fields, &accept.headers);
}

/// Whether the client has said that it speaks HTTP/1.1: only then may a body come in chunks.
///
/// RFC 9112 [§6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ClientVersion {
    Http11,
    Unknown,
}

/// Writes the head of a rejection; returns its body if one must follow.
pub(super) fn reject(
    reject: &RejectConnection,
    client: ClientVersion,
    out: &mut Vec<u8>,
) -> Result<Option<BodyWriter>, LocalError> {
    if !(200..600).contains(&reject.status) {
        return Err(LocalError::Status);
    }
    let is_reserved = |name: &[u8]| is_sec_websocket(name) && Known::of(name) != Some(Known::Version);
    wire::check_fields(&reject.headers, is_reserved)?;
    let mut declared = Declared::of(&reject.headers)?;
    let closes = declared.closes;
    if client == ClientVersion::Unknown {
        if declared.chunked {
            return Err(LocalError::BodyFraming);
        }
        declared.closes = true;
    }
    let body = body(reject, &declared)?;

    write_status_line(reject.status, out);
    wire::all_fields(out, &reject.headers);
    match body {
        Some(BodyWriter::Chunked) if !declared.chunked => out.field("Transfer-Encoding", b"chunked"),
        Some(BodyWriter::UntilEnd) if !closes => out.field("Connection", b"close"),
        None if declared.length.is_none() && !has_no_body(reject.status) => out.field("Content-Length", b"0"),
        _ => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(body)
}

/// How the rejection's body is framed, `None` without a body.
fn body(reject: &RejectConnection, declared: &Declared) -> Result<Option<BodyWriter>, LocalError> {
    if has_no_body(reject.status) && (reject.has_body || declared.length.is_some() || declared.chunked) {
        return Err(LocalError::StatusWithoutBody);
    }
    Ok(match (reject.has_body, declared) {
        (false, Declared { chunked: false, length: None | Some(0), .. }) => None,
        (true, Declared { chunked: false, length: Some(length), .. }) => Some(BodyWriter::Length(*length)),
        (true, Declared { chunked: false, length: None, closes: true }) => Some(BodyWriter::UntilEnd),
        (true, Declared { length: None, .. }) => Some(BodyWriter::Chunked),
        (true, Declared { chunked: true, length: Some(_), .. }) | (false, _) => {
            return Err(LocalError::BodyFraming);
        }
    })
}

/// RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)
const fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 304)
}

/// What the caller's fields say about the body.
#[derive(Default)]
struct Declared {
    length: Option<u64>,
    chunked: bool,
    closes: bool,
}

impl Declared {
    fn of(headers: &Headers) -> Result<Self, LocalError> {
        let mut declared = Self::default();
        for (name, value) in headers {
            match Known::of(name.as_bytes()) {
                Some(Known::ContentLength) if declared.length.is_none() => {
                    declared.length = Some(syntax::decimal(value).ok_or(LocalError::BodyFraming)?);
                }
                Some(Known::TransferEncoding)
                    if !declared.chunked && value.eq_ignore_ascii_case(b"chunked") =>
                {
                    declared.chunked = true;
                }
                Some(Known::ContentLength | Known::TransferEncoding) => return Err(LocalError::BodyFraming),
                Some(Known::Connection) => declared.closes |= list::has_token(value, b"close"),
                _ => {}
            }
        }
        Ok(declared)
    }
}

fn write_status_line(status: u16, out: &mut Vec<u8>) {
    let written = write!(wire::Text(out), "HTTP/1.1 {status} {}\r\n", wire::reason(status));
    debug_assert!(written.is_ok(), "a vector takes what is written");
}
