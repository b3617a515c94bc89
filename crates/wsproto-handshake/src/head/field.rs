//! Header fields: what can be wrong with one, and those that somebody else has cut.

use crate::{HandshakeLimits, HeadError, Headers, syntax};

/// Names what is wrong with a line that should be a field, if anything is.
#[cold]
pub(super) fn fault(line: &[u8]) -> Option<HeadError> {
    if line.contains(&b'\r') {
        return Some(HeadError::BareCarriageReturn);
    }
    if let [b' ' | b'\t', ..] = line {
        return Some(HeadError::FoldedHeader);
    }
    let mut parts = line.splitn(2, |&byte| byte == b':');
    let name = parts.next().unwrap_or_default();
    let Some(value) = parts.next() else { return Some(HeadError::HeaderName) };
    name_fault(name).or_else(|| value_fault(value))
}

/// Checks fields that somebody else has cut.
pub(crate) fn check_fields(headers: &Headers, limits: &HandshakeLimits) -> Result<(), HeadError> {
    if headers.len() as u64 > limits.max_headers {
        return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
    }
    let fault = |(name, value): (&str, &[u8])| name_fault(name.as_bytes()).or_else(|| value_fault(value));
    headers.iter().find_map(fault).map_or(Ok(()), Err)
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
