//! Header fields: what can be wrong with one, and those that somebody else has cut.

use super::scan;
use crate::{HandshakeLimits, HeadError, Headers, headers::Field, syntax};

impl Field {
    /// Reads a line that is whole, and has one space before its value and none behind it, nor tabs; `None` for others.
    #[inline]
    pub(super) fn read(text: &[u8], start: usize) -> Option<Self> {
        let name_end = scan::name_end(text, start)?;
        let rest = text.get(name_end..)?;
        let [b':', b' ', value @ ..] = rest else { return None };
        let value_len = scan::control(value, 0)?;
        let (value, behind) = value.split_at_checked(value_len)?;
        let ([first, .., last] | [first @ last]) = value else { return None };
        if name_end == start || *first == b' ' || *last == b' ' || !behind.starts_with(b"\r\n") {
            return None;
        }
        let value_start = name_end.wrapping_add(2);
        Some(Self {
            name_start: start,
            name_end,
            value_start,
            value_end: value_start.wrapping_add(value_len),
        })
    }
}

/// Names what is wrong with a line that is not a field.
#[cold]
pub(super) fn fault(line: &[u8]) -> HeadError {
    if line.contains(&b'\r') {
        return HeadError::BareCarriageReturn;
    }
    if let [b' ' | b'\t', ..] = line {
        return HeadError::FoldedHeader;
    }
    let mut parts = line.splitn(2, |&byte| byte == b':');
    let name = parts.next().unwrap_or_default();
    let fault = parts.next().and_then(|value| name_fault(name).or_else(|| value_fault(value)));
    fault.unwrap_or(HeadError::HeaderName)
}

/// Checks fields that somebody else has cut.
pub(crate) fn check_fields(headers: &Headers, limits: &HandshakeLimits) -> Result<(), HeadError> {
    if headers.len() > limits.max_headers {
        return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
    }
    let fault = |(name, value): (&str, &[u8])| name_fault(name.as_bytes()).or_else(|| value_fault(value));
    headers.iter().find_map(fault).map_or(Ok(()), Err)
}

/// Copies fields without the white space around their values, as lines are cut.
pub(crate) fn trimmed(headers: &Headers) -> Headers {
    let mut headers = headers.clone();
    headers.trim_values();
    headers
}

fn name_fault(name: &[u8]) -> Option<HeadError> {
    match name {
        _ if syntax::is_token(name) => None,
        [name @ .., b' ' | b'\t'] if syntax::is_token(syntax::trim(name)) => {
            Some(HeadError::SpaceBeforeColon)
        }
        _ => Some(HeadError::HeaderName),
    }
}

fn value_fault(value: &[u8]) -> Option<HeadError> {
    (!syntax::is_field_value(syntax::trim(value))).then_some(HeadError::HeaderValue)
}
