//! Reads a response: interim, acceptance, or rejection with a body (RFC 6455 §4.1).

use alloc::{string::String, vec::Vec};

use crate::{
    AcceptConnection, HandshakeLimits, HeadError, RejectConnection, ResponseError,
    body::Framing,
    error::excerpt,
    extension,
    head::{Head, StatusLine},
    known::{Known, Seen, is_word},
    list,
    server::fields::is_connection_field,
    syntax,
    token::AcceptToken,
};

/// A response by its kind.
pub(crate) enum Response {
    Interim,
    Accept(AcceptConnection),
    Reject(RejectConnection, Framing),
}

/// The values that an acceptance must match.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// `None` for an extended CONNECT, which needs no proof that the request was read.
    token: Option<&'a AcceptToken>,
    /// The proposed subprotocols, as a list with commas.
    subprotocols: &'a str,
    /// The offered extensions, as a list with commas.
    extensions: &'a str,
    needs_subprotocol: bool,
    max_extensions: u64,
}

impl<'a> Expected<'a> {
    /// A subprotocol is needed only if at least one was proposed.
    pub(crate) const fn new(
        token: Option<&'a AcceptToken>,
        [subprotocols, extensions]: [&'a str; 2],
        needs_subprotocol: bool,
        limits: &HandshakeLimits,
    ) -> Self {
        let needs_subprotocol = needs_subprotocol && !subprotocols.is_empty();
        Self { token, subprotocols, extensions, needs_subprotocol, max_extensions: limits.max_list_items }
    }
}

/// Reads a response by its status and fields.
pub(crate) fn read(head: Head<'_, StatusLine>, expected: Expected<'_>) -> Result<Response, ResponseError> {
    let line = head.line;
    match line.status {
        //= rfc8441#5.1-1
        200..=299 if expected.token.is_none() => Ok(Response::Accept(accept(head, expected)?)),
        // A stream of HTTP/2 can't switch protocols (RFC 9113 §8.6).
        101 if expected.token.is_none() => Err(ResponseError::Status),
        //= rfc6455#4.1-36, rfc6455#4.1-42
        101 if !line.is_http_1_1 => Err(HeadError::HttpVersion.into()),
        101 => Ok(Response::Accept(accept(head, expected)?)),
        100..=199 => Ok(Response::Interim),
        0..=99 => Err(ResponseError::Status),
        //= rfc6455#4.1-43
        status => {
            let framing = framing(head).unwrap_or_else(Framing::Broken);
            let headers = head.keep(|_, _| Ok::<_, ResponseError>(true))?;
            Ok(Response::Reject(
                RejectConnection { status, headers, has_body: true, content: Vec::new() },
                framing,
            ))
        }
    }
}

fn accept(head: Head<'_, StatusLine>, expected: Expected<'_>) -> Result<AcceptConnection, ResponseError> {
    let mut seen = Fields::default();
    let is_connect = expected.token.is_none();
    let headers = head.keep(|name, value| {
        seen.has_connection_field |= is_connect && is_connection_field(name, value);
        Ok::<_, ResponseError>(seen.add(name, value))
    })?;
    match expected.token {
        Some(token) => seen.check(token)?,
        None if seen.has_connection_field => return Err(ResponseError::ConnectionField),
        None => {}
    }
    let subprotocol = seen.subprotocol(expected)?;
    let extensions = seen.extensions(expected)?;
    Ok(AcceptConnection { subprotocol, extensions, extension_choice: None, headers })
}

/// The fields of an acceptance that the handshake reads.
#[derive(Default)]
struct Fields<'a> {
    accept: Seen<&'a [u8]>,
    subprotocol: Seen<&'a [u8]>,
    extensions: Seen<&'a [u8]>,
    upgrade: Seen<&'a [u8]>,
    connection_upgrades: bool,
    /// Whether a field came that only HTTP/1.1 allows, for one connection.
    has_connection_field: bool,
}

impl<'a> Fields<'a> {
    /// Reads a field; returns whether the acceptance lists it among its other fields.
    fn add(&mut self, name: &[u8], value: &'a [u8]) -> bool {
        match Known::of(name) {
            Some(Known::Accept) => self.accept.add(value),
            Some(Known::Subprotocol) => self.subprotocol.add(value),
            Some(Known::Extensions) => self.extensions.add(value),
            Some(Known::Connection) => self.connection_upgrades |= list::has_token(value, b"upgrade"),
            Some(Known::Upgrade) => self.upgrade.add(value),
            // A 101 has no body, whatever these fields announce (RFC 9112 §6.3, rule 1).
            Some(
                Known::ContentLength | Known::TransferEncoding | Known::Host | Known::Key | Known::Version,
            )
            | None => return true,
        }
        false
    }

    fn check(&self, token: &AcceptToken) -> Result<(), ResponseError> {
        //= rfc6455#4.1-38
        if !self.connection_upgrades {
            return Err(ResponseError::ConnectionNotUpgrade);
        }
        //= rfc6455#4.1-37
        match self.upgrade.at_most_once(ResponseError::UpgradeNotWebSocket)? {
            Some(upgrade) if is_word(upgrade, b"websocket") => {}
            _ => return Err(ResponseError::UpgradeNotWebSocket),
        }
        //= rfc6455#4.1-39, rfc6455#11.3.3-1
        match self.accept.at_most_once(ResponseError::AcceptRepeated)? {
            Some(accept) if accept == token.as_bytes() => Ok(()),
            Some(_) => Err(ResponseError::AcceptMismatch),
            None => Err(ResponseError::AcceptMissing),
        }
    }

    fn subprotocol(&self, expected: Expected<'_>) -> Result<Option<String>, ResponseError> {
        //= rfc6455#11.3.4-1
        let Some(chosen) = self.subprotocol.at_most_once(ResponseError::SubprotocolRepeated)? else {
            return if expected.needs_subprotocol {
                Err(ResponseError::SubprotocolMissing)
            } else {
                Ok(None)
            };
        };
        if list::items(chosen).count() > 1 {
            return Err(ResponseError::SubprotocolRepeated);
        }
        //= rfc6455#4.1-41
        let proposed = list::split_list(expected.subprotocols).find(|proposed| proposed.as_bytes() == chosen);
        match proposed {
            Some(proposed) => Ok(Some(proposed.into())),
            None => Err(ResponseError::SubprotocolNotProposed(excerpt(chosen))),
        }
    }

    fn extensions(&self, expected: Expected<'_>) -> Result<Vec<String>, ResponseError> {
        //= rfc6455#11.3.2-1
        let Some(value) = self.extensions.at_most_once(ResponseError::ExtensionsRepeated)? else {
            return Ok(Vec::new());
        };
        let mut extensions = Vec::new();
        list::collect(&mut extensions, value, expected.max_extensions)?;
        //= rfc6455#9.1-1
        if extensions.is_empty() || !value.is_ascii() {
            return Err(ResponseError::ExtensionsInvalid);
        }
        let is_offered = |name: &[u8]| {
            list::split_list(expected.extensions).any(|offered| extension::name(offered.as_bytes()) == name)
        };
        let mut names = extensions.iter().map(|agreed| extension::name(agreed.as_bytes()));
        //= rfc6455#4.1-40
        match names.find(|name| !is_offered(name)) {
            Some(name) => Err(ResponseError::ExtensionNotOffered(excerpt(name))),
            None => Ok(extensions),
        }
    }
}

/// Returns the framing of a rejection's body.
///
/// RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)
fn framing(head: Head<'_, StatusLine>) -> Result<Framing, ResponseError> {
    if let 204 | 304 = head.line.status {
        return Ok(Framing::Length(0));
    }
    let elements = |name| head.values(name).flat_map(list::items);
    let has = |name| head.values(name).next().is_some();
    match (has("Transfer-Encoding"), has("Content-Length")) {
        (false, false) => Ok(Framing::UntilEnd),
        (false, true) => content_length(elements("Content-Length")),
        (true, true) => Err(ResponseError::BodyAmbiguous),
        (true, false) => {
            let mut codings = elements("Transfer-Encoding");
            match (codings.next(), codings.next()) {
                // HTTP/1.0 has no transfer codings.
                (Some(coding), None) if is_word(coding, b"chunked") && head.line.is_http_1_1 => {
                    Ok(Framing::CHUNKED)
                }
                _ => Err(ResponseError::TransferEncodingUnknown),
            }
        }
    }
}

/// Reads a length that may be repeated, if all elements are the same number.
fn content_length<'a>(elements: impl Iterator<Item = &'a [u8]>) -> Result<Framing, ResponseError> {
    let mut length = None;
    for element in elements {
        let number = syntax::decimal(element).ok_or(ResponseError::ContentLengthInvalid)?;
        if *length.get_or_insert(number) != number {
            return Err(ResponseError::ContentLengthInvalid);
        }
    }
    length.map(Framing::Length).ok_or(ResponseError::ContentLengthInvalid)
}
