//! One HTTP request that is no WebSocket's, as a health check sends it.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Sends a request without a body over a connection of its own.
///
/// It has no `Connection: close`: a proxy that forwards it would not put the connection to its server into its pool.
///
/// # Errors
///
/// The stream ended before the response did, or it is no response.
pub(crate) async fn request(port: u16, method: &str, target: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        match response(&bytes, count == 0) {
            Some(response) => return Ok(response),
            None if count == 0 => return Err(ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    }
}

/// Reads a response: its body has the length that it states, or ends with the stream.
fn response(bytes: &[u8], ended: bool) -> Option<Response> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"));
    let body = rest.get(4..)?;
    let body = match length {
        Some((_, length)) => body.get(..length.trim().parse().ok()?)?,
        None if ended => body,
        None => return None,
    };
    Some(Response { status, body: body.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses() {
        let some = |status, body: &[u8]| Some(Response { status, body: body.to_vec() });
        #[rustfmt::skip]
        let table = [
            ("length, all there",   &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..], false, some(200, b"ok")),
            ("length, cut off",     b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",       true,  None),
            ("no length, no end",   b"HTTP/1.1 502 Bad Gateway\r\n\r\nsorry",               false, None),
            ("no length, its end",  b"HTTP/1.1 502 Bad Gateway\r\n\r\nsorry",               true,  some(502, b"sorry")),
            ("head not whole",      b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",            true,  None),
            ("no HTTP",             b"SSH-2.0-x\r\n\r\n",                                   true,  None),
        ];
        for (name, bytes, ended, expected) in table {
            assert_eq!(response(bytes, ended), expected, "{name}");
        }
    }
}
