//! Judges a request: the target, the fields, and what they mean together (RFC 6455 §4.2.1).

use alloc::{string::String, vec::Vec};

use super::Promise;
use crate::{
    HandshakeLimits, HeadError, Request, RequestError,
    head::{Head, RequestLine},
    host,
    known::{Known, Seen},
    list, syntax,
    token::Key,
};

/// Makes a request of its parts, or says which rule they break.
///
/// It is written where it stays: on its way through returns it would be copied several times.
pub(super) fn read(
    head: Head<'_, RequestLine<'_>>,
    limits: &HandshakeLimits,
    request: &mut Request,
) -> Result<Promise, RequestError> {
    let target = checked_target(head.line, limits)?;
    let mut seen = Fields::new(limits, &mut request.subprotocols, &mut request.extensions);
    request.headers = head.keep(|name, value| seen.add(name, value))?;
    //= rfc6455#4.2.1-4
    let host = seen.host.at_most_once(RequestError::HostRepeated)?.ok_or(RequestError::HostMissing)?;
    //= rfc6455#8.1-2
    let authority = core::str::from_utf8(host).map_err(|_| RequestError::HostInvalid)?;
    request.host = host::from_wire(authority).ok_or(RequestError::HostInvalid)?;
    request.target = resource_name(target, authority)?;
    let key = seen.check()?;
    check_subprotocols(&request.subprotocols)?;
    Ok(Promise { key, subprotocols: request.subprotocols.join(",") })
}

/// Checks the first line as far as it needs no fields; returns its target.
fn checked_target<'a>(line: RequestLine<'a>, limits: &HandshakeLimits) -> Result<&'a str, RequestError> {
    //= rfc6455#4.2.1-3
    if line.method != "GET" {
        return Err(RequestError::Method);
    }
    let target = line.target;
    if target.len() > limits.max_target_len {
        return Err(RequestError::TargetTooLong { limit: limits.max_target_len });
    }
    // Without a way out in between, many bytes are looked at in one go.
    let is_wrong = |byte: u8| !byte.is_ascii_graphic() || byte == b'#';
    if target.bytes().fold(false, |wrong, byte| wrong | is_wrong(byte)) {
        return Err(target_fault(target));
    }
    Ok(target)
}

/// Names what is wrong with a target that has not the characters that it should have.
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

/// The fields of a request, as far as the handshake has to do with them, and the rest.
struct Fields<'a> {
    host: Seen<&'a [u8]>,
    key: Seen<&'a [u8]>,
    version: Seen<&'a [u8]>,
    content_length: Seen<&'a [u8]>,
    has_transfer_encoding: bool,
    asks_upgrade: bool,
    asks_websocket: bool,
    subprotocols: &'a mut Vec<String>,
    extensions: &'a mut Vec<String>,
    max_items: usize,
}

impl<'a> Fields<'a> {
    fn new(
        limits: &HandshakeLimits,
        subprotocols: &'a mut Vec<String>,
        extensions: &'a mut Vec<String>,
    ) -> Self {
        Self {
            host: Seen::Never,
            key: Seen::Never,
            version: Seen::Never,
            content_length: Seen::Never,
            has_transfer_encoding: false,
            asks_upgrade: false,
            asks_websocket: false,
            subprotocols,
            extensions,
            max_items: limits.max_list_items,
        }
    }

    /// Looks at a field; returns whether it stays among those that the request lists.
    fn add(&mut self, name: &'a [u8], value: &'a [u8]) -> Result<bool, RequestError> {
        match Known::of(name) {
            Some(Known::Host) => {
                self.host.add(value);
                return Ok(false);
            }
            Some(Known::Subprotocol) => {
                let invalid = RequestError::SubprotocolInvalid;
                add_items(self.subprotocols, value, self.max_items, invalid)?;
                return Ok(false);
            }
            Some(Known::Extensions) => {
                add_items(self.extensions, value, self.max_items, RequestError::ExtensionsInvalid)?;
                return Ok(false);
            }
            Some(Known::Connection) => self.asks_upgrade |= list::has_token(value, b"upgrade"),
            Some(Known::Upgrade) => self.asks_websocket |= list::has_token(value, b"websocket"),
            Some(Known::Key) => self.key.add(value),
            Some(Known::Version) => self.version.add(value),
            Some(Known::ContentLength) => self.content_length.add(value),
            Some(Known::TransferEncoding) => self.has_transfer_encoding = true,
            //= rfc6455#4.2.1-9
            Some(Known::Accept) | None => {}
        }
        Ok(true)
    }

    /// Checks the fields together; the more general rule first.
    fn check(&self) -> Result<Key, RequestError> {
        if self.has_transfer_encoding {
            return Err(RequestError::TransferEncoding);
        }
        if let Some(length) = self.content_length.at_most_once(RequestError::ContentLengthInvalid)?
            && syntax::decimal(length).ok_or(RequestError::ContentLengthInvalid)? != 0
        {
            return Err(RequestError::Body);
        }
        //= rfc6455#4.2.1-6
        if !self.asks_upgrade {
            return Err(RequestError::ConnectionNotUpgrade);
        }
        //= rfc6455#4.2.1-5
        if !self.asks_websocket {
            return Err(RequestError::UpgradeNotWebSocket);
        }
        //= rfc6455#11.3.5-1
        match self.version.at_most_once(RequestError::VersionRepeated)? {
            //= rfc6455#4.2.1-8, rfc6455#4.3-2
            Some(b"13") => {}
            Some(_) => return Err(RequestError::VersionUnsupported),
            None => return Err(RequestError::VersionMissing),
        }
        //= rfc6455#11.3.1-1
        let key = self.key.at_most_once(RequestError::KeyRepeated)?.ok_or(RequestError::KeyMissing)?;
        Key::parse(key).ok_or(RequestError::KeyInvalid)
    }
}

fn add_items(
    items: &mut Vec<String>,
    value: &[u8],
    limit: usize,
    not_ascii: RequestError,
) -> Result<(), RequestError> {
    if !value.is_ascii() {
        return Err(not_ascii);
    }
    //= rfc6455#9.1-6
    Ok(list::collect(items, value, limit)?)
}

fn check_subprotocols(subprotocols: &[String]) -> Result<(), RequestError> {
    if !subprotocols.iter().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(RequestError::SubprotocolInvalid);
    }
    if list::has_duplicates(subprotocols) {
        return Err(RequestError::SubprotocolRepeated);
    }
    Ok(())
}

/// Returns path and query of a target, which must be of this host if it names one.
fn resource_name(target: &str, host: &str) -> Result<String, RequestError> {
    if target.starts_with('/') {
        return Ok(target.into());
    }
    let (scheme, rest) = target.split_once("://").ok_or(RequestError::TargetForm)?;
    let default_port = match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => "80",
        _ if scheme.eq_ignore_ascii_case("https") => "443",
        _ => return Err(RequestError::TargetForm),
    };
    let path = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(path).unwrap_or((rest, ""));
    if !host::is_valid(authority) {
        return Err(RequestError::TargetForm);
    }
    if !host::agree(authority, host, default_port) {
        return Err(RequestError::TargetNotHost);
    }
    let mut name = String::with_capacity(path.len().saturating_add(1));
    if !path.starts_with('/') {
        name.push('/');
    }
    name.push_str(path);
    Ok(name)
}
