//! HTTP proxies: a tunnel by the method CONNECT (RFC 9110 §9.3.6).

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

use wsproto::{Deadline, RejectConnection, UrlError, WebSocketUrl};

use crate::{Error, client::left, time::is_timeout};

/// The longest answer that is taken, in bytes.
const HEAD_LEN: usize = 16 << 10;

/// A proxy: where it is, and what it is told about us.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) url: WebSocketUrl,
}

impl Proxy {
    /// Takes the URL of a proxy that is spoken to without TLS.
    pub(crate) fn new(url: &str) -> Result<Self, UrlError> {
        let rest = url.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).and(url.get(7..));
        let url: WebSocketUrl = format!("ws://{}", rest.ok_or(UrlError::Scheme)?).parse()?;
        Ok(Self { url })
    }

    /// Has the proxy connect to a server; from then on the stream leads there.
    pub(crate) fn tunnel(
        &self,
        stream: &mut TcpStream,
        to: &WebSocketUrl,
        until: Option<Instant>,
    ) -> Result<(), Error> {
        let mut request = &self.request(to)[..];
        while !request.is_empty() {
            stream.set_write_timeout(left(until, Deadline::Proxy)?)?;
            match retried(stream.write(request))? {
                Some(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Some(len) => request = request.get(len..).unwrap_or_default(),
                None => {}
            }
        }
        let mut head = Vec::new();
        // A byte at a time: what follows the head belongs to the server.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.set_read_timeout(left(until, Deadline::Proxy)?)?;
            match retried(stream.read(&mut byte))? {
                Some(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Some(_) => head.extend_from_slice(&byte),
                None => {}
            }
            if head.len() > HEAD_LEN {
                return Err(invalid("the proxy's answer is too long"));
            }
        }
        stream.set_write_timeout(None)?;
        stream.set_read_timeout(None)?;
        match status(&head) {
            Some(200..300) => Ok(()),
            Some(status) => Err(RejectConnection::new(status).into()),
            None => Err(invalid("the proxy's answer is no HTTP")),
        }
    }

    fn request(&self, to: &WebSocketUrl) -> Vec<u8> {
        let request = to.request();
        // The host as it is on the wire, without the port, which CONNECT always names.
        let host = request.host();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => name,
            _ => host,
        };
        let target = format!("{name}:{}", to.port());
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(credentials) = self.url.request().headers().get("Authorization") {
            head.extend_from_slice(b"Proxy-Authorization: ");
            head.extend_from_slice(credentials);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Takes what may be tried again as nothing.
fn retried(outcome: io::Result<usize>) -> io::Result<Option<usize>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::Interrupted || is_timeout(&error) => Ok(None),
        outcome => outcome.map(Some),
    }
}

/// Returns the status of an answer.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.strip_prefix(b"HTTP/1.")?;
    let [b'0' | b'1', b' ', digits @ ..] = line else { return None };
    let (digits, rest) = digits.split_at_checked(3)?;
    let is_number = digits.iter().all(u8::is_ascii_digit) && matches!(rest.first(), Some(b' ' | b'\r'));
    std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok().filter(|status| *status >= 200)
}

fn invalid(what: &'static str) -> Error {
    io::Error::new(io::ErrorKind::InvalidData, what).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer() {
        let table: [(&[u8], Option<u16>); 10] = [
            (b"HTTP/1.1 200 OK\r\n\r\n", Some(200)),
            (b"HTTP/1.0 200 Connection established\r\n\r\n", Some(200)),
            (b"HTTP/1.1 407\r\n\r\n", Some(407)),
            (b"HTTP/1.1 200\r\n\r\n", Some(200)),
            (b"HTTP/1.1 2000\r\n\r\n", None),
            (b"HTTP/1.1 20\r\n\r\n", None),
            (b"HTTP/1.1 +20 \r\n\r\n", None),
            (b"HTTP/1.1 101 \r\n\r\n", None),
            (b"HTTP/2 200 OK\r\n\r\n", None),
            (b"\r\n\r\n", None),
        ];
        for (head, expected) in table {
            assert_eq!(status(head), expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_a_proxy_is_asked_for() {
        let table = [
            // proxy                        url                     request
            (
                "http://proxy",
                "ws://example.com/",
                "CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n",
            ),
            (
                "HTTP://proxy:1",
                "wss://example.com",
                "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
            ),
            ("http://proxy", "ws://[::1]:99/", "CONNECT [::1]:99 HTTP/1.1\r\nHost: [::1]:99\r\n\r\n"),
            ("http://proxy", "ws://[::1]/", "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
            (
                "http://Aladdin:open%20sesame@proxy",
                "ws://u:p@a:1/x",
                "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n",
            ),
        ];
        for (proxy, url, expected) in table {
            let request = Proxy::new(proxy).unwrap().request(&url.parse().unwrap());
            assert_eq!(String::from_utf8(request).unwrap(), expected, "{proxy} {url}");
        }
        for url in ["https://proxy", "proxy:80", "ws://proxy", "http://", "http"] {
            assert!(Proxy::new(url).is_err(), "{url}");
        }
    }
}
