//! Writes heads, and checks the caller's values for them.

use alloc::vec::Vec;
use core::fmt;

use crate::{
    Headers, LocalError,
    error::excerpt,
    extension,
    known::{Known, is_sec_websocket},
    list, syntax,
};

/// A destination for the fields of a head: the wire, or a list for another HTTP library.
pub(crate) trait Fields {
    fn field(&mut self, name: &str, value: &[u8]);
}

impl Fields for Vec<u8> {
    fn field(&mut self, name: &str, value: &[u8]) {
        self.extend_from_slice(name.as_bytes());
        self.extend_from_slice(b": ");
        self.extend_from_slice(value);
        self.extend_from_slice(b"\r\n");
    }
}

impl Fields for Headers {
    fn field(&mut self, name: &str, value: &[u8]) {
        self.push(name, value);
    }
}

/// Writes formatted text to the wire.
pub(crate) struct Text<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Writes a list field, unless the list is empty.
pub(crate) fn list_field<'a>(fields: &mut impl Fields, name: &str, mut items: impl Iterator<Item = &'a str>) {
    match (items.next(), items.next()) {
        (None, _) => {}
        (Some(item), None) => fields.field(name, item.as_bytes()),
        (one, two) => fields.field(name, list::join(one.into_iter().chain(two).chain(items)).as_bytes()),
    }
}

/// Writes all of the caller's fields.
pub(crate) fn all_fields(fields: &mut impl Fields, headers: &Headers) {
    for (name, value) in headers {
        fields.field(name, value);
    }
}

/// Checks the caller's fields: HTTP can carry them, and none is reserved.
pub(crate) fn check_fields(headers: &Headers, is_reserved: impl Fn(&[u8]) -> bool) -> Result<(), LocalError> {
    for (name, value) in headers {
        if !syntax::is_token(name.as_bytes()) {
            return Err(LocalError::HeaderName(excerpt(name.as_bytes())));
        }
        if !syntax::is_field_value(value) {
            return Err(LocalError::HeaderValue(excerpt(name.as_bytes())));
        }
        if is_reserved(name.as_bytes()) {
            return Err(LocalError::HeaderReserved(excerpt(name.as_bytes())));
        }
    }
    Ok(())
}

/// Returns whether the handshake writes the field of this name itself, or has no place for it in a request or a 101.
pub(crate) fn is_reserved(name: &[u8]) -> bool {
    Known::of(name).is_some() || is_sec_websocket(name)
}

/// Checks that each extension can be an element of a list.
pub(crate) fn check_extensions<'a>(mut extensions: impl Iterator<Item = &'a str>) -> Result<(), LocalError> {
    let fault = extensions.find(|extension| !extension::is_element(extension));
    fault.map_or(Ok(()), |fault| Err(LocalError::Extension(excerpt(fault.as_bytes()))))
}

/// Returns the usual reason phrase of a status; empty where there is none.
///
/// RFC 9110 [§15](https://www.rfc-editor.org/rfc/rfc9110#section-15)
pub(crate) const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        413 => "Content Too Large",
        414 => "URI Too Long",
        417 => "Expectation Failed",
        418 => "I'm a teapot",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        511 => "Network Authentication Required",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn usual_statuses_have_their_words_and_others_none() {
        #[rustfmt::skip]
        let table = [
            (200, "OK"),
            (201, "Created"),
            (202, "Accepted"),
            (204, "No Content"),
            (205, "Reset Content"),
            (301, "Moved Permanently"),
            (302, "Found"),
            (303, "See Other"),
            (304, "Not Modified"),
            (307, "Temporary Redirect"),
            (308, "Permanent Redirect"),
            (400, "Bad Request"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (405, "Method Not Allowed"),
            (406, "Not Acceptable"),
            (407, "Proxy Authentication Required"),
            (408, "Request Timeout"),
            (409, "Conflict"),
            (410, "Gone"),
            (411, "Length Required"),
            (413, "Content Too Large"),
            (414, "URI Too Long"),
            (417, "Expectation Failed"),
            (418, "I'm a teapot"),
            (421, "Misdirected Request"),
            (422, "Unprocessable Content"),
            (426, "Upgrade Required"),
            (428, "Precondition Required"),
            (429, "Too Many Requests"),
            (431, "Request Header Fields Too Large"),
            (451, "Unavailable For Legal Reasons"),
            (500, "Internal Server Error"),
            (501, "Not Implemented"),
            (502, "Bad Gateway"),
            (503, "Service Unavailable"),
            (504, "Gateway Timeout"),
            (505, "HTTP Version Not Supported"),
            (511, "Network Authentication Required"),
        ];
        for status in 0..=u16::MAX {
            let expected = table.iter().find(|row| row.0 == status).map_or("", |row| row.1);
            assert_eq!(reason(status), expected, "{status}");
        }
    }
}
