//! Faults of header fields, in our heads and in those that another HTTP library has parsed.

use crate::{HeadError, syntax};

/// Names the fault of a line that should be a field; `None` if there is none.
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

/// Checks a field that another HTTP library has parsed.
pub(crate) fn check_field(name: &[u8], value: &[u8]) -> Result<(), HeadError> {
    name_fault(name).or_else(|| value_fault(value)).map_or(Ok(()), Err)
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
