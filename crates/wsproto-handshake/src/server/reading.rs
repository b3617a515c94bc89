//! Reads a request: the target, the fields, and what they mean together (RFC 6455 §4.2.1).

use alloc::{format, string::String, vec::Vec};

use smallvec::SmallVec;

use super::PendingRequest;
use crate::{
    HandshakeLimits, HeadError, Request, RequestError,
    head::{Head, RequestLine},
    host,
    known::{Known, Seen},
    list,
    request::{List, RequestText},
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
) -> Result<PendingRequest, RequestError> {
    let target = checked_target(head.line, limits)?;
    let mut seen = Fields::new(limits);
    request.headers = head.keep(|name, value| Ok::<_, RequestError>(seen.add(name, value)))?;
    //= rfc6455#4.2.1-4
    let host = seen.host.at_most_once(RequestError::HostRepeated)?.ok_or(RequestError::HostMissing)?;
    //= rfc6455#8.1-2
    if !host::is_valid(host) {
        return Err(RequestError::HostInvalid);
    }
    let (authority, target) = resource_name(target, head.text)?;
    // An absolute target says which host is meant, whatever Host says (RFC 9112 §3.2.2).
    request.host = RequestText::new(authority.unwrap_or(host), head.text);
    request.target = target;
    let key = seen.check()?;
    seen.subprotocols.keep(&mut request.subprotocols, head.text);
    seen.extensions.keep(&mut request.extensions, head.text);
    Ok(PendingRequest {
        key,
        subprotocols: checked_subprotocols(request)?,
        extensions: seen.extensions.lines(),
    })
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
    if target.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
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
    fn add(&mut self, name: &'a [u8], value: &'a [u8]) -> bool {
        match Known::of(name) {
            Some(Known::Host) => {
                self.host.add(value);
                return false;
            }
            Some(Known::Subprotocol) => {
                self.subprotocols.fields.push(value);
                return false;
            }
            Some(Known::Extensions) => {
                self.extensions.fields.push(value);
                return false;
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
        true
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
        // What the rest means in another version, nobody here knows.
        if let Seen::Once(version) = self.version
            && version != b"13"
        {
            return Err(RequestError::VersionUnsupported);
        }
        //= rfc6455#4.2.1-6
        if !self.asks_upgrade {
            return Err(RequestError::ConnectionNotUpgrade);
        }
        //= rfc6455#4.2.1-5
        if !self.asks_websocket {
            return Err(RequestError::UpgradeNotWebSocket);
        }
        //= rfc6455#4.2.1-8, rfc6455#4.3-2, rfc6455#11.3.5-1
        if self.version.at_most_once(RequestError::VersionRepeated)?.is_none() {
            return Err(RequestError::VersionMissing);
        }
        //= rfc6455#11.3.1-1
        let key = self.key.at_most_once(RequestError::KeyRepeated)?.ok_or(RequestError::KeyMissing)?;
        let key = Key::parse(key).ok_or(RequestError::KeyInvalid)?;
        let subprotocols = (RequestError::SubprotocolInvalid, RequestError::SubprotocolsEmpty);
        self.subprotocols.check(self.max_items, subprotocols)?;
        let extensions = (RequestError::ExtensionsInvalid, RequestError::ExtensionsEmpty);
        self.extensions.check(self.max_items, extensions)?;
        Ok(key)
    }
}

/// The fields of a list, in order.
#[derive(Default)]
struct ListFields<'a> {
    fields: SmallVec<[&'a [u8]; 1]>,
}

impl ListFields<'_> {
    /// Checks that each field is ASCII and has an element, and that there are not too many of these together.
    fn check(
        &self,
        limit: u64,
        (not_ascii, no_element): (RequestError, RequestError),
    ) -> Result<(), RequestError> {
        let mut all = 0_u64;
        //= rfc6455#9.1-6
        for value in &self.fields {
            if !value.is_ascii() {
                return Err(not_ascii);
            }
            let items = list::items(value).count();
            //= rfc6455#4.3-3, rfc6455#9.1-1
            if items == 0 {
                return Err(no_element);
            }
            all = all.saturating_add(items as u64);
            if all > limit {
                return Err(HeadError::TooManyItems { limit }.into());
            }
        }
        Ok(())
    }

    /// Copies the fields, a line each.
    fn lines(&self) -> SmallVec<[u8; 64]> {
        let mut lines = SmallVec::new();
        for value in &self.fields {
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        lines
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

/// Returns path and query of a target, and the authority that comes before them in an absolute one.
fn resource_name<'a>(target: &'a str, head: &[u8]) -> Result<(Option<&'a [u8]>, RequestText), RequestError> {
    if target.starts_with('/') {
        return Ok((None, RequestText::new(target.as_bytes(), head)));
    }
    let (scheme, rest) = target.split_once("://").ok_or(RequestError::TargetForm)?;
    if !["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Err(RequestError::TargetForm);
    }
    let path = rest.find(['/', '?']).and_then(|at| rest.split_at_checked(at));
    let (authority, path) = path.unwrap_or((rest, ""));
    if !host::is_valid(authority.as_bytes()) {
        return Err(RequestError::TargetForm);
    }
    let is_whole = path.starts_with('/');
    let path =
        if is_whole { RequestText::new(path.as_bytes(), head) } else { RequestText::Own(format!("/{path}")) };
    Ok((Some(authority.as_bytes()), path))
}
