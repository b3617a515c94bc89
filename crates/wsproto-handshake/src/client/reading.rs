//! Judges a response: an interim one, a consent, or a refusal with a body (RFC 6455 §4.1).

use alloc::{string::String, vec::Vec};

use crate::{
    AcceptConnection, HandshakeLimits, HeadError, RejectConnection, ResponseError,
    body::Framing,
    head::{Head, StatusLine},
    known::{Known, Seen},
    list, syntax,
    token::AcceptToken,
};

/// What a response is.
pub(super) enum Verdict {
    Interim,
    Accept(AcceptConnection),
    Reject(RejectConnection, Framing),
}

/// What a consent must agree with.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    token: &'a AcceptToken,
    /// The subprotocols that were proposed, as a list with commas.
    subprotocols: &'a str,
    needs_subprotocol: bool,
    max_extensions: usize,
}

impl<'a> Expected<'a> {
    /// What must be chosen is a subprotocol that was proposed: where none was, none must be.
    pub(super) const fn new(
        token: &'a AcceptToken,
        subprotocols: &'a str,
        needs_subprotocol: bool,
        limits: &HandshakeLimits,
    ) -> Self {
        let needs_subprotocol = needs_subprotocol && !subprotocols.is_empty();
        Self { token, subprotocols, needs_subprotocol, max_extensions: limits.max_list_items }
    }
}

/// Judges a response by its status and fields.
pub(super) fn judge(head: Head<'_, StatusLine>, expected: Expected<'_>) -> Result<Verdict, ResponseError> {
    let line = head.line;
    match line.status {
        //= rfc6455#4.1-36, rfc6455#4.1-42
        101 if !line.is_http_1_1 => Err(HeadError::HttpVersion.into()),
        101 => Ok(Verdict::Accept(accept(head, expected)?)),
        100..=199 => Ok(Verdict::Interim),
        0..=99 => Err(ResponseError::Status),
        //= rfc6455#4.1-43
        status => {
            let framing = framing(head)?;
            let headers = head.keep(|_, _| Ok::<_, ResponseError>(true))?;
            Ok(Verdict::Reject(RejectConnection { status, headers, has_body: true }, framing))
        }
    }
}

fn accept(head: Head<'_, StatusLine>, expected: Expected<'_>) -> Result<AcceptConnection, ResponseError> {
    let mut seen = Fields::default();
    let headers = head.keep(|name, value| Ok::<_, ResponseError>(seen.add(name, value)))?;
    seen.check(expected.token)?;
    let subprotocol = seen.subprotocol(expected)?;
    let extensions = seen.extensions(expected.max_extensions)?;
    Ok(AcceptConnection { subprotocol, extensions, headers })
}

/// The fields of a consent, as far as the handshake has to do with them, and the rest.
#[derive(Default)]
struct Fields<'a> {
    accept: Seen<&'a [u8]>,
    subprotocol: Seen<&'a [u8]>,
    extensions: Seen<&'a [u8]>,
    announces_body: bool,
    upgrades: bool,
    to_websocket: bool,
}

impl<'a> Fields<'a> {
    /// Looks at a field; returns whether it stays among those that the consent lists.
    fn add(&mut self, name: &[u8], value: &'a [u8]) -> bool {
        match Known::of(name) {
            Some(Known::Accept) => self.accept.add(value),
            Some(Known::Subprotocol) => self.subprotocol.add(value),
            Some(Known::Extensions) => self.extensions.add(value),
            Some(Known::Connection) => self.upgrades |= list::has_token(value, b"upgrade"),
            Some(Known::Upgrade) => self.to_websocket |= list::has_token(value, b"websocket"),
            Some(Known::ContentLength | Known::TransferEncoding) => self.announces_body = true,
            Some(Known::Host | Known::Key | Known::Version) | None => return true,
        }
        false
    }

    fn check(&self, token: &AcceptToken) -> Result<(), ResponseError> {
        if self.announces_body {
            return Err(ResponseError::Body);
        }
        //= rfc6455#4.1-38
        if !self.upgrades {
            return Err(ResponseError::ConnectionNotUpgrade);
        }
        //= rfc6455#4.1-37
        if !self.to_websocket {
            return Err(ResponseError::UpgradeNotWebSocket);
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
        proposed.map(|proposed| Some(proposed.into())).ok_or(ResponseError::SubprotocolNotProposed)
    }

    fn extensions(&self, limit: usize) -> Result<Vec<String>, ResponseError> {
        //= rfc6455#11.3.2-1
        let value = self.extensions.at_most_once(ResponseError::ExtensionsRepeated)?.unwrap_or_default();
        if !value.is_ascii() {
            return Err(ResponseError::ExtensionsInvalid);
        }
        let mut extensions = Vec::new();
        list::collect(&mut extensions, value, limit)?;
        Ok(extensions)
    }
}

/// How a refusal's body is framed.
///
/// RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)
fn framing(head: Head<'_, StatusLine>) -> Result<Framing, ResponseError> {
    if let 204 | 304 = head.line.status {
        return Ok(Framing::Length(0));
    }
    let only = |name, repeated| {
        let mut seen = Seen::default();
        head.values(name).for_each(|value| seen.add(value));
        seen.at_most_once(repeated)
    };
    let length = only("Content-Length", ResponseError::ContentLengthInvalid)?;
    let coding = only("Transfer-Encoding", ResponseError::TransferEncodingUnknown)?;
    match (coding, length) {
        (None, None) => Ok(Framing::UntilEnd),
        (None, Some(length)) => {
            syntax::decimal(length).map(Framing::Length).ok_or(ResponseError::ContentLengthInvalid)
        }
        (Some(_), Some(_)) => Err(ResponseError::BodyAmbiguous),
        // HTTP/1.0 does not know transfer codings.
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") && head.line.is_http_1_1 => {
            Ok(Framing::CHUNKED)
        }
        (Some(_), None) => Err(ResponseError::TransferEncodingUnknown),
    }
}
