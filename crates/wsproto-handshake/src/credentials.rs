//! The Basic scheme of HTTP: a user and a password in the request (RFC 7617).

use alloc::{string::String, vec::Vec};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::LocalError;

/// Returns the Authorization value of a user and a password: the answer to a 401 with `WWW-Authenticate: Basic`.
///
/// The value isn't encrypted: without TLS everyone on the way can read it.
///
/// # Errors
///
/// [`LocalError::Credentials`] for a user with a colon, and for a control character in user or password.
///
/// ```
/// use wsproto_handshake::{RejectConnection, WebSocketUrl, basic_credentials};
///
/// let url: WebSocketUrl = "wss://example.com/chat".parse()?;
/// let answer = RejectConnection::new(401).with_header("WWW-Authenticate", "Basic realm=\"chat\"");
///
/// // Of several schemes each may have a field of its own.
/// let mut schemes = answer.headers.get_all("WWW-Authenticate");
/// assert!(answer.status == 401 && schemes.any(|scheme| scheme.starts_with(b"Basic ")));
/// let credentials = basic_credentials("Aladdin", "open sesame")?;
/// assert_eq!(credentials, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// let again = url.request().with_header("Authorization", credentials);
/// # drop(again);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 7617 [§2](https://www.rfc-editor.org/rfc/rfc7617#section-2)
pub fn basic_credentials(user: &str, password: &str) -> Result<String, LocalError> {
    basic(user.as_bytes(), password.as_bytes()).ok_or(LocalError::Credentials)
}

/// Returns the value of Authorization; `None` where Basic credentials can't hold the user or password.
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Option<String> {
    let has_control = [user, password].iter().any(|part| part.iter().any(u8::is_ascii_control));
    if user.contains(&b':') || has_control {
        return None;
    }
    let mut text: Vec<u8> = user.to_vec();
    text.push(b':');
    text.extend_from_slice(password);
    let mut value = String::from("Basic ");
    STANDARD.encode_string(text, &mut value);
    Some(value)
}
