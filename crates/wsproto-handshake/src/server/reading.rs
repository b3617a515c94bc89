//! Judges a request: the target, the fields, and what they mean together (RFC 6455 §4.2.1).

use alloc::{format, string::String, vec::Vec};

use smallvec::SmallVec;

use super::Promise;
use crate::{
    HandshakeLimits, HeadError, Request, RequestError,
    head::{Head, RequestLine},
    host,
    known::{Known, Seen},
    list,
    request::{List, Part},
    syntax,
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
    let mut seen = Fields::new(limits);
    request.headers = head.keep(|name, value| seen.add(name, value))?;
    //= rfc6455#4.2.1-4
    let host = seen.host.at_most_once(RequestError::HostRepeated)?.ok_or(RequestError::HostMissing)?;
    //= rfc6455#8.1-2
    if !host::is_valid(host) {
        return Err(RequestError::HostInvalid);
    }
    request.host = host::decode(host).map_or_else(|| Part::new(host, head.text), Part::Own);
    request.target = resource_name(target, host, head.text)?;
    let key = seen.check()?;
    seen.subprotocols.keep(&mut request.subprotocols, head.text);
    seen.extensions.keep(&mut request.extensions, head.text);
    Ok(Promise { key, subprotocols: checked_subprotocols(request)? })
}

/// Checks the first line as far as it needs no fields; returns its target.
fn checked_target<'a>(line: RequestLine<'a>, limits: &HandshakeLimits) -> Result<&'a str, RequestError> {
    //= rfc6455#4.2.1-3
    if !line.is_http_1_1 {
        return Err(HeadError::HttpVersion.into());
    }
    if line.method != "GET" {
        return Err(RequestError::Method);
    }
    let target = line.target;
    if target.len() as u64 > limits.max_target_len {
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
    subprotocols: ListFields<'a>,
    extensions: ListFields<'a>,
    max_items: u64,
}

impl<'a> Fields<'a> {
    fn new(limits: &HandshakeLimits) -> Self {
        Self {
            host: Seen::Never,
            key: Seen::Never,
            version: Seen::Never,
            content_length: Seen::Never,
            has_transfer_encoding: false,
            asks_upgrade: false,
            asks_websocket: false,
            subprotocols: ListFields::default(),
            extensions: ListFields::default(),
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
                self.subprotocols.add(value, self.max_items, RequestError::SubprotocolInvalid)?;
                return Ok(false);
            }
            Some(Known::Extensions) => {
                self.extensions.add(value, self.max_items, RequestError::ExtensionsInvalid)?;
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

/// The fields of a list, in order.
#[derive(Default)]
struct ListFields<'a> {
    fields: SmallVec<[&'a [u8]; 1]>,
    /// How many items they have together.
    items: u64,
}

impl<'a> ListFields<'a> {
    fn add(&mut self, value: &'a [u8], limit: u64, not_ascii: RequestError) -> Result<(), RequestError> {
        if !value.is_ascii() {
            return Err(not_ascii);
        }
        //= rfc6455#9.1-6
        self.fields.push(value);
        self.items = self.items.saturating_add(list::items(value).count() as u64);
        if self.items > limit { Err(HeadError::TooManyItems { limit }.into()) } else { Ok(()) }
    }

    /// Gives the items to the request.
    fn keep(&self, list: &mut List, head: &[u8]) {
        if !self.fields.is_empty() {
            *list = List::of_fields(&self.fields, head);
        }
    }
}

/// Returns the subprotocols, as a list with commas.
fn checked_subprotocols(request: &Request) -> Result<String, RequestError> {
    if request.subprotocols.is_empty() {
        return Ok(String::new());
    }
    let subprotocols: Vec<&str> = request.subprotocols().collect();
    if !subprotocols.iter().all(|subprotocol| syntax::is_token(subprotocol.as_bytes())) {
        return Err(RequestError::SubprotocolInvalid);
    }
    if list::has_duplicates(subprotocols.iter().copied()) {
        return Err(RequestError::SubprotocolRepeated);
    }
    Ok(subprotocols.join(","))
}

/// Returns path and query of a target, which must be of this host if it names one.
fn resource_name(target: &str, host: &[u8], head: &[u8]) -> Result<Part, RequestError> {
    if target.starts_with('/') {
        return Ok(Part::new(target.as_bytes(), head));
    }
    let (scheme, rest) = target.split_once("://").ok_or(RequestError::TargetForm)?;
    let default_port = match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => "80",
        _ if scheme.eq_ignore_ascii_case("https") => "443",
        _ => return Err(RequestError::TargetForm),
    };
    let path = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(path).unwrap_or((rest, ""));
    if !host::is_valid(authority.as_bytes()) {
        return Err(RequestError::TargetForm);
    }
    if !core::str::from_utf8(host).is_ok_and(|host| host::agree(authority, host, default_port)) {
        return Err(RequestError::TargetNotHost);
    }
    let is_whole = path.starts_with('/');
    Ok(if is_whole { Part::new(path.as_bytes(), head) } else { Part::Own(format!("/{path}")) })
}
