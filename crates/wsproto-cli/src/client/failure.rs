//! Why there is no connection, in words that help.

use std::{fmt::Write as _, io, time::Duration};

use wsproto::{Deadline, ProxyError, RejectConnection, RemoteProtocolError, WebSocketUrl};
use wsproto_tokio::Error;

use super::Server;
use crate::{
    exit::{Failure, Status},
    visible::{escape, visible},
};

/// With what each line of a rejection's body begins.
pub(crate) const BODY: &str = "  | ";
/// How much of it is shown.
const BODY_LINES: usize = 20;
const LINE_LEN: usize = 200;

/// Says why the server couldn't be reached: no stream to it, or no TLS.
pub(super) fn unreachable(server: &Server<'_>, error: &Error) -> Failure {
    let Server { url, place, limit } = server;
    match error {
        Error::Url(_) | Error::Local(_) => usage(error),
        Error::TimedOut(step) => timed_out(place, *step, *limit),
        Error::Io(error) if url.is_secure() && is_tls(error) => {
            Failure::new(Status::Unreachable, format_args!("no TLS with {place}: {}", tls(error)))
        }
        Error::Io(error) => {
            let text = error.to_string();
            // The address that was tried, where that isn't what the URL has.
            let error_text = text.strip_prefix(&format!("{place}: ")).unwrap_or(&text);
            let why = match error.kind() {
                io::ErrorKind::ConnectionRefused => format!("{error_text}: nothing listens there"),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset if url.is_secure() => {
                    format!("{error_text}. Perhaps this port speaks plain HTTP: that would be ws://")
                }
                _ => error_text.into(),
            };
            Failure::new(Status::Unreachable, format_args!("can't reach {place}: {why}"))
        }
        Error::Proxy(ProxyError::Refused(refusal)) if refusal.status == 407 => Failure::new(
            Status::Unreachable,
            format_args!(
                "can't reach {place}: {error}: it wants credentials, --proxy http://user:password@…"
            ),
        ),
        error => Failure::new(
            Status::Unreachable,
            format_args!("can't reach {place}: {}", escape(&error.to_string(), LINE_LEN)),
        ),
    }
}

/// Says why the opening handshake failed; `first` are the first bytes of the server.
pub(super) fn refused(server: &Server<'_>, error: &Error, first: &[u8]) -> Failure {
    let Server { url, place, limit } = server;
    let rejected = |why: String| Failure::new(Status::Rejected, why);
    match error {
        Error::Url(_) | Error::Local(_) => usage(error),
        Error::TimedOut(step) => timed_out(place, *step, *limit),
        Error::Rejected(rejection) => rejected(rejection_text(url, place, rejection)),
        _ if !url.is_secure() && speaks_tls(first) => {
            rejected(format!("{place}: this port speaks TLS: use wss:// in place of ws://"))
        }
        Error::Remote(RemoteProtocolError::EndOfStream { .. }) | Error::Io(_) | Error::Closed
            if first.is_empty() =>
        {
            rejected(format!(
                "{place} ended the connection before it answered: perhaps it speaks something else than HTTP"
            ))
        }
        error if first.is_empty() || first.starts_with(b"HTTP/") => {
            // It may have what the server said in it.
            let why = escape(&error.to_string(), LINE_LEN);
            rejected(format!("{place} doesn't answer as a WebSocket server: {why}"))
        }
        _ => {
            let said = escape(&String::from_utf8_lossy(first), 60);
            rejected(format!("{place} doesn't speak HTTP: it began with \"{said}\""))
        }
    }
}

/// Returns whether these bytes begin a record of TLS: an alert, or a handshake.
fn speaks_tls(first: &[u8]) -> bool {
    matches!(first, [0x15 | 0x16, 0x03, 0..=4, ..])
}

fn usage(error: &Error) -> Failure {
    Failure::new(Status::Usage, error)
}

fn timed_out(place: &str, step: Deadline, limit: Duration) -> Failure {
    Failure::new(Status::TimedOut, format_args!("{place}: {step}: more than {} s", limit.as_secs_f64()))
}

/// Shows a rejection: its status, where it leads to, and the beginning of its body.
fn rejection_text(url: &WebSocketUrl, place: &str, rejection: &RejectConnection) -> String {
    let status = rejection.status;
    let location = rejection.headers.get("Location").filter(|_| (300..400).contains(&status));
    let mut text = match location {
        Some(location) => {
            let location = String::from_utf8_lossy(location);
            let target = match url.redirect(&location) {
                Ok(target) => target.to_string(),
                Err(error) => format!("{} ({error})", escape(&location, LINE_LEN)),
            };
            format!(
                "{place} redirects (status {status}) to {target}\nRedirects aren't followed: connect there, if you trust it."
            )
        }
        None => format!("{place} refused: status {status}{}", meaning(status)),
    };
    for name in ["WWW-Authenticate", "Retry-After", "Sec-WebSocket-Version"] {
        if let Some(value) = rejection.headers.get(name) {
            let _ = write!(text, "\n{name}: {}", escape(&String::from_utf8_lossy(value), LINE_LEN));
        }
    }
    body(&rejection.content, &mut text);
    text
}

fn body(content: &[u8], text: &mut String) {
    let content = String::from_utf8_lossy(content);
    let mut lines = content.lines();
    for line in lines.by_ref().take(BODY_LINES) {
        let cut: String = line.chars().take(LINE_LEN).collect();
        let more = if cut.len() < line.len() { "…" } else { "" };
        let _ = write!(text, "\n{BODY}{}{more}", visible(&cut));
    }
    if lines.next().is_some() {
        let _ = write!(text, "\n{BODY}…");
    }
}

/// What people know a status by, where the number alone may tell them nothing.
const fn meaning(status: u16) -> &'static str {
    match status {
        200 => " OK: an ordinary page, no WebSocket at this path",
        400 => " Bad Request",
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found: no WebSocket at this path",
        405 => " Method Not Allowed",
        407 => " Proxy Authentication Required",
        426 => " Upgrade Required",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    }
}

/// Returns whether TLS itself failed.
#[cfg(feature = "tls")]
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<tokio_rustls::rustls::Error>)
        || matches!(error.kind(), io::ErrorKind::InvalidData)
}

#[cfg(not(feature = "tls"))]
const fn is_tls(_: &io::Error) -> bool {
    false
}

/// Says why TLS failed.
#[cfg(feature = "tls")]
fn tls(error: &io::Error) -> String {
    use tokio_rustls::rustls;

    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => {
            "this port speaks something else, perhaps plain HTTP: that would be ws://".into()
        }
        Some(rustls::Error::InvalidCertificate(why)) => {
            format!(
                "its certificate isn't trusted: {why}. --insecure connects anyway, and accepts any certificate"
            )
        }
        _ => escape(&error.to_string(), LINE_LEN),
    }
}

#[cfg(not(feature = "tls"))]
fn tls(error: &io::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server<'a>(url: &'a WebSocketUrl, place: &str) -> Server<'a> {
        Server { url, place: place.into(), limit: Duration::ZERO }
    }

    #[test]
    fn nothing_of_a_rejection_reaches_the_terminal_raw_and_not_too_much() {
        let url: WebSocketUrl = "ws://example.com/".parse().unwrap();
        let mut rejection = RejectConnection::new(403).with_header("WWW-Authenticate", "a\x1bb");
        rejection.content = format!("\x1b[31m\u{202e}{}\n", "x".repeat(999)).repeat(99).into_bytes();
        let error = Error::Rejected(Box::new(rejection));
        let Failure { status, message } = refused(&server(&url, "example.com:80"), &error, b"HTTP/1.1 403");
        assert_eq!(status, Status::Rejected);
        assert!(message.starts_with("example.com:80 refused: status 403 Forbidden\n"), "{message}");
        assert!(!message.contains(['\x1b', '\u{202e}']), "{message}");
        assert_eq!(message.lines().count(), 1 + 1 + BODY_LINES + 1);
        assert!(message.len() < 6_000);
    }

    #[test]
    fn what_a_port_speaks_is_told_by_its_first_bytes() {
        let end = Error::Remote(RemoteProtocolError::EndOfStream { received_any: true });
        #[rustfmt::skip]
        let table: [(&str, &str, &[u8], &str); 6] = [
            ("an alert",          "ws://a/",  b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS: use wss://"),
            ("not quite",         "ws://a/",  b"\x15\x04\x01\x00\x02\x02\x46", "doesn't speak HTTP"),
            ("under TLS already", "wss://a/", b"\x15\x03\x01\x00\x02\x02\x46", "doesn't speak HTTP"),
            ("SSH",               "ws://a/",  b"SSH-2.0-x\x1b\r\n",  "it began with \"SSH-2.0-x\\u{1b}\\r\\n\""),
            ("HTTP, cut",         "ws://a/",  b"HTTP/1.1 1",         "doesn't answer as a WebSocket server"),
            ("nothing",           "ws://a/",  b"",                   "ended the connection before it answered"),
        ];
        for (name, url, first, expected) in table {
            let Failure { message, .. } = refused(&server(&url.parse().unwrap(), "a"), &end, first);
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}
