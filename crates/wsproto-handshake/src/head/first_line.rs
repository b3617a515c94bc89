//! First lines of requests and responses (RFC 9112 §3, §4).

use crate::{HeadError, syntax};

/// The first line of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
}

impl<'a> RequestLine<'a> {
    /// Reads a line of HTTP/1.1; what the target is made of is left to whoever knows what for.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, HeadError> {
        let mut words = line.splitn(3, |&byte| byte == b' ');
        match (words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some(b"HTTP/1.1"))
                if syntax::is_token(method) && !target.is_empty() =>
            {
                Ok(Self { method, target })
            }
            (_, _, Some(version)) if is_other_version(version) => Err(HeadError::HttpVersion),
            _ => Err(fault(line)),
        }
    }
}

/// The first line of a response; its words for people are passed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct StatusLine {
    /// Three digits.
    pub(crate) status: u16,
    pub(crate) is_http_1_1: bool,
}

impl StatusLine {
    /// Reads a line of HTTP/1.1 or HTTP/1.0.
    pub(super) fn parse(line: &[u8]) -> Result<Self, HeadError> {
        let Some((version, rest)) = line.split_first_chunk::<8>() else { return Err(fault(line)) };
        let is_http_1_1 = version == b"HTTP/1.1";
        if !is_http_1_1 && version != b"HTTP/1.0" {
            let is_other = is_other_version(version) && rest.starts_with(b" ");
            return Err(if is_other { HeadError::HttpVersion } else { fault(line) });
        }
        let [b' ', hundreds, tens, ones, reason @ ..] = rest else { return Err(fault(line)) };
        if !matches!(reason, [] | [b' ', ..]) || reason.iter().any(|&byte| syntax::is_control(byte)) {
            return Err(fault(line));
        }
        let digits = [*hundreds, *tens, *ones];
        let status = syntax::decimal(&digits).and_then(|status| u16::try_from(status).ok());
        status.map(|status| Self { status, is_http_1_1 }).ok_or(HeadError::StartLine)
    }
}

/// Whether these words are another version of HTTP than 1.1.
fn is_other_version(word: &[u8]) -> bool {
    match word.strip_prefix(b"HTTP/") {
        Some(b"1.1") => false,
        Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

/// Names what is wrong with a line that is not a first line.
#[cold]
fn fault(line: &[u8]) -> HeadError {
    if line.contains(&b'\r') { HeadError::BareCarriageReturn } else { HeadError::StartLine }
}
