//! Writes a rejection: an ordinary HTTP response, after which the transport closes.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::fields::is_connection_field;
use crate::{
    Headers, HttpRequest, LocalError, RejectConnection, UpgradeResponse,
    body::BodyWriter,
    known::{Known, is_sec_websocket, is_word},
    list, syntax,
    wire::{self, Fields},
};

/// The parts of a request that its rejection depends on.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Whether the client has stated HTTP/1.1: only then may a body come in chunks.
    ///
    /// RFC 9112 [§6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)
    is_http_1_1: bool,
    /// Whether the request is a HEAD: its answer ends with the head.
    is_head: bool,
    /// Whether the request is for another version of the protocol.
    is_other_version: bool,
}

impl Asked {
    /// A request from another HTTP library, which frames the body of the answer.
    const PARSED: Self = Self { is_http_1_1: true, is_head: false, is_other_version: false };

    pub(super) fn of(is_http_1_1: bool, request: Option<&HttpRequest>) -> Self {
        Self {
            is_http_1_1,
            is_head: request.is_some_and(|request| request.method() == "HEAD"),
            is_other_version: request.is_some_and(asks_other_version),
        }
    }
}

/// Returns whether a request is for another version of the protocol.
fn asks_other_version(request: &HttpRequest) -> bool {
    request.headers().get_all("Sec-WebSocket-Version").any(|version| version != b"13")
}

/// Writes a rejection with its content, if any; returns the body that must follow, if any.
pub(super) fn write(
    reject: &RejectConnection,
    asked: Asked,
    out: &mut Vec<u8>,
) -> Result<Option<BodyWriter>, LocalError> {
    let (declared, body) = check(reject, asked, is_reserved)?;

    write_status_line(reject.status, out);
    for (name, value) in &reject.headers {
        match Known::of(name.as_bytes()) {
            Some(Known::Connection) => {}
            // A 204 has no Content-Length, not even 0 (RFC 9110 §8.6).
            Some(Known::ContentLength) if reject.status == 204 => {}
            _ => out.field(name, value),
        }
    }
    //= rfc6455#4.2.2-4, rfc6455#4.4-1
    if asked.is_other_version && !reject.headers.contains("Sec-WebSocket-Version") {
        out.field("Sec-WebSocket-Version", b"13");
    }
    let upgrades = upgrade_field(reject.status, reject.headers.contains("Upgrade"), out);
    connection_field(&reject.headers, upgrades, out);
    match body {
        Some(BodyWriter::Chunked) if !declared.chunked => out.field("Transfer-Encoding", b"chunked"),
        None | Some(BodyWriter::Length(_))
            if declared.length.is_none() && !ends_at_its_head(reject.status) =>
        {
            write_formatted(format_args!("Content-Length: {}\r\n", reject.content.len()), out);
        }
        _ => {}
    }
    out.extend_from_slice(b"\r\n");
    if !asked.is_head {
        out.extend_from_slice(&reject.content);
    }
    Ok(body)
}

/// Checks that a rejection can be sent; returns its declared length, and the framing of a body that must follow.
fn check(
    reject: &RejectConnection,
    asked: Asked,
    is_reserved: impl Fn(&[u8]) -> bool,
) -> Result<(Declared, Option<BodyWriter>), LocalError> {
    if !(200..600).contains(&reject.status) {
        return Err(LocalError::Status);
    }
    wire::check_fields(&reject.headers, is_reserved)?;
    let declared = Declared::of(&reject.headers)?;
    let body = body(reject, &declared, asked)?;
    Ok((declared, body))
}

/// Returns whether the handshake writes the field of this name itself, and a rejection has no place for it.
fn is_reserved(name: &[u8]) -> bool {
    is_sec_websocket(name) && Known::of(name) != Some(Known::Version)
}

/// Returns a rejection for another HTTP/1.1 library to send; that library frames the body and decides whether to close.
pub(crate) fn http1(
    reject: &RejectConnection,
    is_other_version: bool,
) -> Result<UpgradeResponse, LocalError> {
    check(reject, Asked::PARSED, is_reserved)?;
    let mut headers = with_version(reject, is_other_version);
    if reject.status == 426 && !headers.contains("Upgrade") {
        headers.push("Upgrade", "websocket");
        headers.push("Connection", "Upgrade");
    }
    Ok(UpgradeResponse { status: reject.status, headers, content: reject.content.clone() })
}

/// Returns a rejection of an extended CONNECT: a 2xx would accept it, and HTTP/2 has no upgrade that a 426 could ask
/// for.
pub(crate) fn connect(
    reject: &RejectConnection,
    is_other_version: bool,
) -> Result<UpgradeResponse, LocalError> {
    //= rfc8441#5.1-1
    if reject.status < 300 {
        return Err(LocalError::Status);
    }
    check(reject, Asked::PARSED, |name| is_reserved(name) || is_connection_field(name, b""))?;
    let status = if reject.status == 426 { 400 } else { reject.status };
    Ok(UpgradeResponse {
        status,
        headers: with_version(reject, is_other_version),
        content: reject.content.clone(),
    })
}

/// Returns the fields of a rejection; a client of another version of the protocol also gets our version.
fn with_version(reject: &RejectConnection, is_other_version: bool) -> Headers {
    let mut headers = reject.headers.clone();
    //= rfc6455#4.2.2-4, rfc6455#4.4-1
    if is_other_version && !headers.contains("Sec-WebSocket-Version") {
        headers.push("Sec-WebSocket-Version", "13");
    }
    headers
}

/// Writes the Upgrade of a 426, unless the caller has; returns whether there is such a field.
///
/// RFC 9110 [§15.5.22](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22)
fn upgrade_field(status: u16, is_there: bool, out: &mut Vec<u8>) -> bool {
    let is_due = status == 426 && !is_there;
    if is_due {
        out.field("Upgrade", b"websocket");
    }
    is_due || is_there
}

/// Writes Connection: every rejection closes the connection.
///
/// It also lists the fields that are for this connection only: Upgrade, and the fields that the caller lists.
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

/// Returns the framing of the body that must follow; `None` if no body follows.
fn body(
    reject: &RejectConnection,
    declared: &Declared,
    asked: Asked,
) -> Result<Option<BodyWriter>, LocalError> {
    let has_content = !reject.content.is_empty();
    if has_no_body(reject.status) {
        // A 304 may state the length of the answer to a GET (RFC 9110 §8.6).
        let is_bare = reject.status == 304 || declared.length.is_none_or(|length| length == 0);
        if has_content || declared.chunked || !is_bare {
            return Err(LocalError::StatusWithoutBody);
        }
        // A received rejection announces an empty body.
        return Ok(reject.has_body.then_some(BodyWriter::Length(0)));
    }
    if !reject.has_body {
        let len = u64::try_from(reject.content.len()).unwrap_or(u64::MAX);
        // In the answer to a HEAD, the length is that of the answer to a GET.
        let is_right = |length| length == len || asked.is_head && !has_content;
        let is_framed = !declared.chunked && declared.length.is_none_or(is_right);
        return if is_framed { Ok(None) } else { Err(LocalError::BodyFraming) };
    }
    Ok(Some(match declared {
        _ if has_content => return Err(LocalError::BodyFraming),
        Declared { chunked: false, length: Some(length), .. } => BodyWriter::Length(*length),
        Declared { chunked: true, length: None, .. } if asked.is_http_1_1 => BodyWriter::Chunked,
        Declared { chunked: false, length: None, closes, .. } => {
            if asked.is_http_1_1 && !closes {
                BodyWriter::Chunked
            } else {
                BodyWriter::UntilEnd
            }
        }
        Declared { chunked: true, .. } => return Err(LocalError::BodyFraming),
    }))
}

/// Returns whether a response with this status has no content.
///
/// RFC 9110 [§15.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6)
const fn has_no_body(status: u16) -> bool {
    ends_at_its_head(status) || status == 205
}

/// Returns whether a response with this status ends at its head, whatever its fields announce.
///
/// RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)
const fn ends_at_its_head(status: u16) -> bool {
    matches!(status, 204 | 304)
}

/// The framing that the caller's fields declare.
#[derive(Default)]
struct Declared {
    length: Option<u64>,
    chunked: bool,
    /// Whether a body without a length ends with the stream.
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
    write_formatted(format_args!("HTTP/1.1 {status} {}\r\n", wire::reason(status)), out);
}

fn write_formatted(text: fmt::Arguments<'_>, out: &mut Vec<u8>) {
    let written = wire::Text(out).write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a vector can't fail");
}
