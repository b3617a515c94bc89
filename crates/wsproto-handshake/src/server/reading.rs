//! Judges a request: the target, the fields, and what they mean together (RFC 6455 §4.2.1).

use alloc::{string::String, vec::Vec};

use super::Promise;
use crate::{
    HandshakeLimits, Headers, Request, RequestError,
    head::RequestLine,
    host,
    known::{Known, Seen},
    list, syntax,
    token::Key,
};

/// Makes a request of its parts, or says which rule they break. No value has white space at its ends.
pub(super) fn read<'a>(
    line: RequestLine<'_>,
    fields: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>,
    head_len: usize,
    limits: &HandshakeLimits,
) -> Result<(Request, Promise), RequestError> {
    //= rfc6455#4.2.1-3
    if line.method != "GET" {
        return Err(RequestError::Method);
    }
    check_target(line.target, limits)?;
    let mut seen = Fields { headers: Headers::with_capacity(fields.len(), head_len), ..Fields::default() };
    for (name, value) in fields {
        seen.add(name, value)?;
    }
    //= rfc6455#4.2.1-4
    let host = seen.host.at_most_once(RequestError::HostRepeated)?.ok_or(RequestError::HostMissing)?;
    //= rfc6455#8.1-2
    let authority = core::str::from_utf8(host).map_err(|_| RequestError::HostInvalid)?;
    let host = host::from_wire(authority).ok_or(RequestError::HostInvalid)?;
    let target = resource_name(line.target, authority)?;
    let key = seen.check()?;
    check_subprotocols(&seen.subprotocols)?;
    let promise = Promise { key, subprotocols: seen.subprotocols.join(",") };
    let Fields { subprotocols, extensions, headers, .. } = seen;
    Ok((Request { host, target, subprotocols, extensions, headers }, promise))
}

/// The fields of a request, as far as the handshake has to do with them, and the rest.
#[derive(Default)]
struct Fields<'a> {
    host: Seen<&'a [u8]>,
    key: Seen<&'a [u8]>,
    version: Seen<&'a [u8]>,
    content_length: Seen<&'a [u8]>,
    has_transfer_encoding: bool,
    asks_upgrade: bool,
    asks_websocket: bool,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
    headers: Headers,
}

impl<'a> Fields<'a> {
    fn add(&mut self, name: &'a str, value: &'a [u8]) -> Result<(), RequestError> {
        match Known::of(name.as_bytes()) {
            Some(Known::Host) => {
                self.host.add(value);
                return Ok(());
            }
            Some(Known::Subprotocol) => {
                return add_items(&mut self.subprotocols, value, RequestError::SubprotocolInvalid);
            }
            Some(Known::Extensions) => {
                return add_items(&mut self.extensions, value, RequestError::ExtensionsInvalid);
            }
            Some(Known::Connection) => self.asks_upgrade |= list::has_token(value, "upgrade"),
            Some(Known::Upgrade) => self.asks_websocket |= list::has_token(value, "websocket"),
            Some(Known::Key) => self.key.add(value),
            Some(Known::Version) => self.version.add(value),
            Some(Known::ContentLength) => self.content_length.add(value),
            Some(Known::TransferEncoding) => self.has_transfer_encoding = true,
            //= rfc6455#4.2.1-9
            Some(Known::Accept) | None => {}
        }
        self.headers.push(name, value);
        Ok(())
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

fn add_items(items: &mut Vec<String>, value: &[u8], error: RequestError) -> Result<(), RequestError> {
    let text = core::str::from_utf8(value).ok().filter(|text| text.is_ascii()).ok_or(error)?;
    //= rfc6455#9.1-6
    items.extend(list::split_list(text).map(String::from));
    Ok(())
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

fn check_target(target: &str, limits: &HandshakeLimits) -> Result<(), RequestError> {
    if target.len() > limits.max_target_len {
        return Err(RequestError::TargetTooLong { limit: limits.max_target_len });
    }
    if !syntax::is_visible_ascii(target.as_bytes()) {
        return Err(RequestError::TargetCharacters);
    }
    if target.contains('#') {
        return Err(RequestError::TargetFragment);
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
