//! Reads a request: the target, the fields, and the rules for them together (RFC 6455 §4.2.1).

use alloc::{format, vec::Vec};

use super::{PendingRequest, fields::Fields};
use crate::{
    HandshakeLimits, HeadError, Request, RequestError,
    head::{Head, RequestLine},
    host, list,
    request::RequestText,
    syntax,
};

/// Makes a request from the parts of its head, or returns the broken rule.
///
/// `request` is written in its final place: a returned value would be copied several times.
pub(super) fn read(
    head: Head<'_, RequestLine<'_>>,
    limits: &HandshakeLimits,
    request: &mut Request,
) -> Result<PendingRequest, RequestError> {
    let target = checked_target(head.line, limits)?;
    let mut seen = Fields::new(limits);
    request.headers = head.keep(|name, value| Ok::<_, RequestError>(seen.add(name, value)))?;
    let host = seen.host()?;
    let Target { authority, path } = Target::parse(target)?;
    // The authority of an absolute target replaces Host (RFC 9112 §3.2.2).
    request.host = RequestText::new(authority.map_or(host, str::as_bytes), head.text);
    request.target = if path.starts_with('/') {
        RequestText::new(path.as_bytes(), head.text)
    } else {
        RequestText::Own(format!("/{path}"))
    };
    let key = seen.check()?;
    seen.subprotocols.keep(&mut request.subprotocols, head.text);
    seen.extensions.keep(&mut request.extensions, head.text);
    let subprotocols = check_subprotocols(request)?.join(",");
    Ok(PendingRequest { key, subprotocols, extensions: seen.extensions.lines() })
}

/// Checks the first line by the rules that need no fields; returns its target.
pub(crate) fn checked_target<'a>(
    line: RequestLine<'a>,
    limits: &HandshakeLimits,
) -> Result<&'a str, RequestError> {
    //= rfc6455#4.2.1-3
    if !line.is_http_1_1 {
        return Err(HeadError::HttpVersion.into());
    }
    if line.method != "GET" {
        return Err(RequestError::Method);
    }
    check_target(line.target, limits)?;
    Ok(line.target)
}

/// Checks the length and the characters of a target.
pub(crate) fn check_target(target: &str, limits: &HandshakeLimits) -> Result<(), RequestError> {
    if target.len() as u64 > limits.max_target_len {
        return Err(RequestError::TargetTooLong { limit: limits.max_target_len });
    }
    if target.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err(target_fault(target));
    }
    Ok(())
}

/// Names the fault of a target with an invalid character.
#[cold]
fn target_fault(target: &str) -> RequestError {
    if target.bytes().any(|byte| byte.is_ascii_control()) {
        HeadError::StartLine.into()
    } else if syntax::is_visible_ascii(target.as_bytes()) {
        RequestError::TargetFragment
    } else {
        RequestError::TargetCharacters
    }
}

/// Checks that the proposed subprotocols are tokens without repetition; returns them.
pub(crate) fn check_subprotocols(request: &Request) -> Result<Vec<&str>, RequestError> {
    if request.subprotocols.is_empty() {
        return Ok(Vec::new());
    }
    let subprotocols: Vec<&str> = request.subprotocols().collect();
    if !subprotocols.iter().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(RequestError::SubprotocolInvalid);
    }
    if list::has_duplicates(subprotocols.iter().copied()) {
        return Err(RequestError::SubprotocolRepeated);
    }
    Ok(subprotocols)
}

/// A target of HTTP/1.1: path and query; an absolute target also has an authority before them.
pub(crate) struct Target<'a> {
    pub(crate) authority: Option<&'a str>,
    /// After an authority, the path may lack its slash.
    pub(crate) path: &'a str,
}

impl<'a> Target<'a> {
    pub(crate) fn parse(target: &'a str) -> Result<Self, RequestError> {
        if target.starts_with('/') {
            return Ok(Self { authority: None, path: target });
        }
        let (scheme, rest) = target.split_once("://").ok_or(RequestError::TargetForm)?;
        let path = rest.find(['/', '?']).and_then(|at| rest.split_at_checked(at));
        let (authority, path) = path.unwrap_or((rest, ""));
        Self::absolute(scheme, authority, path)
    }

    /// Makes a target from the parts of an absolute one.
    pub(crate) fn absolute(scheme: &str, authority: &'a str, path: &'a str) -> Result<Self, RequestError> {
        let is_known = ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let is_path = matches!(path.as_bytes(), [] | [b'/' | b'?', ..]);
        if !is_known || !is_path || !host::is_valid(authority.as_bytes()) {
            return Err(RequestError::TargetForm);
        }
        Ok(Self { authority: Some(authority), path })
    }
}
