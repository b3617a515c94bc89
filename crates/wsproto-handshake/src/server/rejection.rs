//! Writes the answer to a request that is refused: an ordinary HTTP response, after which the transport closes.

use alloc::vec::Vec;
use core::fmt::Write;

use crate::{
    Headers, LocalError, RejectConnection,
    body::BodyWriter,
    known::{Known, is_sec_websocket, is_word},
    list, syntax,
    wire::{self, Fields},
};

/// Whether the client has said that it speaks HTTP/1.1: only then may a body come in chunks.
///
/// RFC 9112 [§6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ClientVersion {
    Http11,
    Unknown,
}

/// Writes the head of a rejection; returns its body if one must follow.
pub(super) fn write(
    reject: &RejectConnection,
    client: ClientVersion,
    out: &mut Vec<u8>,
) -> Result<Option<BodyWriter>, LocalError> {
    if !(200..600).contains(&reject.status) {
        return Err(LocalError::Status);
    }
    let is_reserved = |name: &[u8]| is_sec_websocket(name) && Known::of(name) != Some(Known::Version);
    wire::check_fields(&reject.headers, is_reserved)?;
    let declared = Declared::of(&reject.headers)?;
    let body = body(reject, &declared, client)?;

    write_status_line(reject.status, out);
    for (name, value) in &reject.headers {
        if Known::of(name.as_bytes()) != Some(Known::Connection) {
            out.field(name, value);
        }
    }
    let upgrades = upgrade_field(reject.status, declared.upgrades, out);
    connection_field(&reject.headers, upgrades, out);
    match body {
        Some(BodyWriter::Chunked) if !declared.chunked => out.field("Transfer-Encoding", b"chunked"),
        None if declared.length.is_none() && !ends_at_its_head(reject.status) => {
            out.field("Content-Length", b"0");
        }
        _ => {}
    }
    out.extend_from_slice(b"\r\n");
    Ok(body)
}

/// Names the protocol that a 426 asks for, unless the caller has; returns whether there is such a field.
///
/// RFC 9110 [§15.5.22](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22)
fn upgrade_field(status: u16, is_there: bool, out: &mut Vec<u8>) -> bool {
    let is_due = status == 426 && !is_there;
    if is_due {
        out.field("Upgrade", b"websocket");
    }
    is_due || is_there
}

/// Says that the connection closes, as it does after every rejection, and names the fields that are for this
/// connection alone: Upgrade, and those that the caller names.
///
/// RFC 9112 [§9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3),
/// RFC 9110 [§7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)
fn connection_field(headers: &Headers, upgrades: bool, out: &mut Vec<u8>) {
    let is_own = |option: &[u8]| {
        is_word(option, b"close") || is_word(option, b"keep-alive") || is_word(option, b"upgrade")
    };
    out.extend_from_slice(b"Connection: close");
    if upgrades {
        out.extend_from_slice(b", Upgrade");
    }
    for option in headers.get_all("Connection").flat_map(list::items).filter(|option| !is_own(option)) {
        out.extend_from_slice(b", ");
        out.extend_from_slice(option);
    }
    out.extend_from_slice(b"\r\n");
}

/// How the rejection's body is framed, `None` without a body.
fn body(
    reject: &RejectConnection,
    declared: &Declared,
    client: ClientVersion,
) -> Result<Option<BodyWriter>, LocalError> {
    let has_length = declared.length.is_some();
    if has_no_body(reject.status) && (reject.has_body || declared.chunked)
        || ends_at_its_head(reject.status) && has_length
    {
        return Err(LocalError::StatusWithoutBody);
    }
    let has_chunks = client == ClientVersion::Http11;
    Ok(match (reject.has_body, declared) {
        (false, Declared { chunked: false, length: None | Some(0), .. }) => None,
        (true, Declared { chunked: false, length: Some(length), .. }) => Some(BodyWriter::Length(*length)),
        (true, Declared { chunked: true, length: None, .. }) if has_chunks => Some(BodyWriter::Chunked),
        (true, Declared { chunked: false, length: None, closes, .. }) => {
            Some(if has_chunks && !closes { BodyWriter::Chunked } else { BodyWriter::UntilEnd })
        }
        (true, Declared { chunked: true, .. }) | (false, _) => return Err(LocalError::BodyFraming),
    })
}

/// Whether a response with this status has nothing in its body.
///
/// RFC 9110 [§15.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6)
const fn has_no_body(status: u16) -> bool {
    ends_at_its_head(status) || status == 205
}

/// Whether a response with this status ends at its head, whatever its fields say.
///
/// RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)
const fn ends_at_its_head(status: u16) -> bool {
    matches!(status, 204 | 304)
}

/// What the caller's fields say about the body and the connection.
#[derive(Default)]
struct Declared {
    length: Option<u64>,
    chunked: bool,
    /// Whether the body, if it has no length, lasts until the end of the stream.
    closes: bool,
    upgrades: bool,
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
                Some(Known::Upgrade) => declared.upgrades = true,
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
