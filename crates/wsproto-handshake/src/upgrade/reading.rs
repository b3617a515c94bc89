//! Reads a request that another HTTP library has parsed: it checks the fields in place, and copies into one text the
//! values that the answer needs.

use alloc::vec::Vec;
use core::ops::Range;

use smallvec::SmallVec;

use super::{HttpVersion, Proof, RequestHead};
use crate::{
    HandshakeLimits, HeadError, Headers, Request, RequestError,
    head::RequestLine,
    headers::Field,
    known::is_word,
    request::{List, RequestText},
    server::{
        fields::{Fields, ListFields},
        reading::{Target, check_subprotocols, check_target, checked_target},
    },
    syntax,
};

/// The values of Origin; [`check_origin`](crate::check_origin) refuses more than one.
type Origins<'a> = SmallVec<[&'a [u8]; 1]>;

/// The target of a request, and the proof for its answer.
struct Asked<'a> {
    host: &'a [u8],
    /// Path and query; the path may be missing.
    path: &'a str,
    proof: Proof,
}

/// Checks a request by its head and its fields; `seen` gets their values, even where a rule is broken.
pub(super) fn read<'a>(
    head: &RequestHead<'a>,
    fields: impl Iterator<Item = Result<(&'a [u8], &'a [u8]), HeadError>>,
    seen: &mut Fields<'a>,
    limits: &HandshakeLimits,
) -> Result<(Request, Proof), RequestError> {
    let origins = add_fields(head, fields, seen, limits)?;
    let asked =
        if head.is_multiplexed() { connect(head, seen, limits)? } else { upgrade(head, seen, limits)? };
    let request = keep(&asked, seen, &origins);
    check_subprotocols(&request)?;
    Ok((request, asked.proof))
}

/// Reads each field, within the limits; the length counts as the head would have it at least in HTTP/1.1.
fn add_fields<'a>(
    head: &RequestHead<'a>,
    fields: impl Iterator<Item = Result<(&'a [u8], &'a [u8]), HeadError>>,
    seen: &mut Fields<'a>,
    limits: &HandshakeLimits,
) -> Result<Origins<'a>, HeadError> {
    let is_connect = head.is_multiplexed();
    let mut origins = Origins::new();
    let mut count = 0_u64;
    let mut has_cookie = false;
    let line = head.method.len().saturating_add(head.target_len());
    let mut len = line.saturating_add("  HTTP/1.1\r\n\r\n".len());
    for field in fields {
        let (name, value) = field?;
        // One Cookie may come in several fields (RFC 9113 §8.2.3).
        let is_piece = is_connect && is_word(name, b"cookie") && core::mem::replace(&mut has_cookie, true);
        count = count.saturating_add(u64::from(!is_piece));
        if count > limits.max_headers {
            return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
        }
        len = len.saturating_add(name.len()).saturating_add(value.len()).saturating_add(":\r\n".len());
        if len as u64 > limits.max_head_len {
            return Err(HeadError::TooLong { limit: limits.max_head_len });
        }
        let value = syntax::trim(value);
        let stays = if is_connect { seen.add_to_connect(name, value) } else { seen.add(name, value) };
        if stays && is_word(name, b"origin") {
            origins.push(value);
        }
    }
    if len as u64 > limits.max_head_len {
        Err(HeadError::TooLong { limit: limits.max_head_len })
    } else {
        Ok(origins)
    }
}

/// Checks an upgrade of HTTP/1.1.
fn upgrade<'a>(
    head: &RequestHead<'a>,
    seen: &Fields<'a>,
    limits: &HandshakeLimits,
) -> Result<Asked<'a>, RequestError> {
    let is_http_1_1 = head.version == HttpVersion::Http11;
    let target =
        checked_target(RequestLine { method: head.method, target: head.target, is_http_1_1 }, limits)?;
    if head.target_len() as u64 > limits.max_target_len {
        return Err(RequestError::TargetTooLong { limit: limits.max_target_len });
    }
    if head.protocol.is_some() {
        return Err(RequestError::ProtocolUnexpected);
    }
    let host = seen.host()?;
    let target = match (head.scheme, head.authority) {
        (_, None) => Target::parse(target)?,
        (scheme, Some(authority)) => Target::absolute(scheme.unwrap_or_default(), authority, target)?,
    };
    Ok(Asked {
        // The authority of an absolute target replaces Host (RFC 9112 §3.2.2).
        host: target.authority.map_or(host, str::as_bytes),
        path: target.path,
        proof: Proof::Key(seen.check()?),
    })
}

/// Checks an extended CONNECT of HTTP/2 or HTTP/3.
fn connect<'a>(
    head: &RequestHead<'a>,
    seen: &Fields<'a>,
    limits: &HandshakeLimits,
) -> Result<Asked<'a>, RequestError> {
    //= rfc8441#4-1, rfc8441#5-1, rfc9220#3-1
    match (head.method, head.protocol) {
        ("CONNECT", Some(protocol)) if protocol.eq_ignore_ascii_case("websocket") => {}
        ("CONNECT", Some(_)) => return Err(RequestError::ProtocolUnknown),
        ("CONNECT", None) => return Err(RequestError::ProtocolMissing),
        (_, Some(_)) => return Err(RequestError::ProtocolUnexpected),
        (_, None) => return Err(RequestError::NotConnect),
    }
    check_target(head.target, limits)?;
    //= rfc8441#4-2
    if !head.target.starts_with('/') {
        return Err(RequestError::TargetForm);
    }
    //= rfc8441#5-3
    let default_port = match head.scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => 443,
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => 80,
        _ => return Err(RequestError::SchemeInvalid),
    };
    let host = seen.authority(head.authority, default_port)?;
    seen.check_connect()?;
    Ok(Asked { host, path: head.target, proof: Proof::None })
}

/// Copies the parts of a request that are kept.
fn keep(asked: &Asked<'_>, seen: &Fields<'_>, origins: &Origins<'_>) -> Request {
    let lists = [&seen.subprotocols, &seen.extensions];
    let only = |list: &ListFields<'_>| if let [value] = *list.fields { value.len() } else { 0 };
    let listed = lists.into_iter().map(only).fold(0, usize::saturating_add);
    let origin = origins.iter().map(|origin| origin.len()).fold(ORIGIN.len(), usize::saturating_add);
    let parts = [asked.host.len(), 1, asked.path.len(), listed, origin];
    let mut text = Vec::with_capacity(parts.into_iter().fold(0, usize::saturating_add));

    let host = RequestText::InHead(append(&mut text, &[asked.host]));
    let slash = if asked.path.starts_with('/') { "" } else { "/" };
    let target = RequestText::InHead(append(&mut text, &[slash.as_bytes(), asked.path.as_bytes()]));
    let [subprotocols, extensions] = lists.map(|list| keep_list(list, &mut text));
    let mut fields = Vec::with_capacity(origins.len());
    if !origins.is_empty() {
        let name = append(&mut text, &[ORIGIN]);
        for origin in origins {
            fields.push(Field::at(name.clone(), append(&mut text, &[origin])));
        }
    }
    Request { host, target, subprotocols, extensions, headers: Headers::of_head(text, fields) }
}

/// The name of the only field that is kept.
const ORIGIN: &[u8] = b"Origin";

/// Copies a list of one field. The items of several fields are copied one by one: a quote that one field leaves open
/// must not continue in the next.
fn keep_list(list: &ListFields<'_>, text: &mut Vec<u8>) -> List {
    match *list.fields {
        [] => List::default(),
        [value] => List::at(append(text, &[value])),
        _ => List::of_fields(&list.fields, &[]),
    }
}

/// Appends parts to a text; returns their place in it.
fn append(text: &mut Vec<u8>, parts: &[&[u8]]) -> Range<usize> {
    let start = text.len();
    for part in parts {
        text.extend_from_slice(part);
    }
    start..text.len()
}
