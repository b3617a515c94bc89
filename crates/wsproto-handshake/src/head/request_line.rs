//! The first line of a request, byte by byte: the first byte that can't belong to a request is refused.
//!
//! A peer of another protocol (TLS, a database) often sends a few bytes and then waits for our answer.

use crate::{HeadError, syntax};

/// The position in the first line of a head: `method SP target SP HTTP/digit.digit CR LF`.
///
/// The method and the form of the target are checked later, so that the program can see the refused request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[rustfmt::skip]
pub(super) enum FirstLine {
    /// No byte has come. One empty line may come; it is skipped.
    Start,
    /// Within the empty line.
    EmptyLine,
    /// After the empty line.
    MethodStart,
    Method,
    TargetStart,
    Target,
    /// Before the byte of `HTTP/` at this index, or before the digit after it.
    Version(usize),
    /// Before the dot.
    VersionDot { major: u8 },
    /// Before the last digit.
    VersionMinor { major: u8 },
    /// Before the carriage return.
    VersionEnd { major: u8, minor: u8 },
    /// Before the line feed.
    LineEnd { major: u8, minor: u8 },
    /// The line is complete. The first line of a response is checked when the head is complete.
    Done { major: u8, minor: u8 },
}

/// The first bytes of an HTTP version.
const NAME: &[u8] = b"HTTP/";

impl FirstLine {
    pub(super) const RESPONSE: Self = Self::Done { major: b'1', minor: b'1' };

    /// Takes the empty line that may come before a request off the front of the input.
    ///
    /// RFC 9112 [§2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)
    #[inline]
    pub(super) fn skip_empty_line(&mut self, input: &mut &[u8]) -> Result<(), HeadError> {
        while let (Self::Start, [byte @ b'\r', rest @ ..]) | (Self::EmptyLine, [byte, rest @ ..]) =
            (*self, *input)
        {
            *self = self.after(*byte)?;
            *input = rest;
        }
        Ok(())
    }

    /// Goes on over bytes of the first line.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<(), HeadError> {
        for &byte in bytes {
            if let Self::Done { .. } = self {
                break;
            }
            *self = self.after(byte)?;
        }
        Ok(())
    }

    /// Goes on over a byte that must be kept; returns `false`, unchanged, for a byte of the empty line and for an
    /// invalid one.
    #[inline]
    pub(super) fn pass_kept(&mut self, byte: u8) -> bool {
        if let Self::Done { .. } = self {
            return true;
        }
        match self.after(byte) {
            Ok(Self::EmptyLine | Self::MethodStart) | Err(_) => false,
            Ok(next) => {
                *self = next;
                true
            }
        }
    }

    /// Returns the version that the parser must see, if it differs from the one that came.
    ///
    /// A higher minor version becomes 1.1, with which it is compatible (RFC 9110
    /// [§2.5](https://www.rfc-editor.org/rfc/rfc9110#section-2.5)). Any other version becomes 1.0, which we refuse.
    pub(super) const fn known_version(self) -> Option<[u8; 3]> {
        match self {
            Self::Done { major: b'1', minor: b'0' | b'1' } => None,
            //= rfc6455#4.2.1-3
            Self::Done { major: b'1', .. } => Some(*b"1.1"),
            _ => Some(*b"1.0"),
        }
    }

    fn after(self, byte: u8) -> Result<Self, HeadError> {
        Ok(match (self, byte) {
            (Self::Done { .. }, _) => self,
            (Self::Start, b'\r') => Self::EmptyLine,
            (Self::EmptyLine, b'\n') => Self::MethodStart,
            (Self::LineEnd { major, minor }, b'\n') => Self::Done { major, minor },
            (Self::EmptyLine | Self::LineEnd { .. }, _) => return Err(HeadError::BareCarriageReturn),
            (_, b'\n') => return Err(HeadError::BareLineFeed),
            (Self::Start | Self::MethodStart | Self::Method, _) if syntax::is_token_char(byte) => {
                Self::Method
            }
            (Self::Method, b' ') => Self::TargetStart,
            (Self::Target, b' ') => Self::Version(0),
            (Self::TargetStart | Self::Target, _) if byte != b' ' && !byte.is_ascii_control() => Self::Target,
            (Self::Version(at), _) if NAME.get(at) == Some(&byte) => Self::Version(at.saturating_add(1)),
            (Self::Version(at), b'0'..=b'9') if at == NAME.len() => Self::VersionDot { major: byte },
            (Self::VersionDot { major }, b'.') => Self::VersionMinor { major },
            (Self::VersionMinor { major }, b'0'..=b'9') => Self::VersionEnd { major, minor: byte },
            (Self::VersionEnd { major, minor }, b'\r') => Self::LineEnd { major, minor },
            _ => return Err(HeadError::StartLine),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes were passed, and the error at the next one.
    fn passed(bytes: &[u8]) -> (usize, Option<HeadError>) {
        let mut line = FirstLine::Start;
        for (at, &byte) in bytes.iter().enumerate() {
            match line.after(byte) {
                Ok(next) => line = next,
                Err(error) => return (at, Some(error)),
            }
        }
        (bytes.len(), None)
    }

    #[test]
    fn what_cant_become_a_request_is_refused_at_the_byte_that_says_so() {
        use HeadError::*;
        #[rustfmt::skip]
        let table: [(&str, &[u8], usize, HeadError); 25] = [
            // name                  bytes                              passed  error
            ("TLS",                  b"\x16\x03\x01\x02\x00\x01",       0,  StartLine),
            ("SOCKS 4",              b"\x04\x01\x00\x50",               0,  StartLine),
            ("SOCKS 5",              b"\x05\x01\x00",                   0,  StartLine),
            ("a frame",              b"\x81\x85\x37\xfa",               0,  StartLine),
            ("NUL",                  b"\0",                             0,  StartLine),
            ("JSON",                 b"{\"id\":1}",                     0,  StartLine),
            ("a space",              b" GET / HTTP/1.1\r\n",            0,  StartLine),
            ("a line feed",          b"\nGET / HTTP/1.1\r\n",          0,  BareLineFeed),
            ("a carriage return",    b"\rGET / HTTP/1.1\r\n",          1,  BareCarriageReturn),
            ("two empty lines",      b"\r\n\r\nGET / HTTP/1.1\r\n",   2,  StartLine),
            ("SSH",                  b"SSH-2.0-OpenSSH_9.6\r\n",        19, StartLine),
            ("Redis",                b"*1\r\n$4\r\nPING\r\n",         2,  StartLine),
            ("the PROXY protocol",   b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 11, StartLine),
            ("mail",                 b"EHLO example.com\r\n",           16, StartLine),
            ("method not a token",   b"G(T / HTTP/1.1\r\n",             1,  StartLine),
            ("method of UTF-8",      b"G\xc3\x89T / HTTP/1.1\r\n",     1,  StartLine),
            ("tab for space",        b"GET\t/ HTTP/1.1\r\n",           3,  StartLine),
            ("two spaces",           b"GET  / HTTP/1.1\r\n",           4,  StartLine),
            ("control in a target",  b"GET /\x01 HTTP/1.1\r\n",        5,  StartLine),
            ("space in a target",    b"GET /a b HTTP/1.1\r\n",         7,  StartLine),
            ("http",                 b"GET / http/1.1\r\n",            6,  StartLine),
            ("two digits",           b"GET / HTTP/1.10\r\n",           14, StartLine),
            ("no minor version",     b"GET / HTTP/2\r\n",              12, StartLine),
            ("a bare line feed",     b"GET / HTTP/1.1\nX: y",           14, BareLineFeed),
            ("a bare CR",            b"GET / HTTP/1.1\rX: y",           15, BareCarriageReturn),
        ];
        for (name, bytes, at, error) in table {
            assert_eq!(passed(bytes), (at, Some(error)), "{name}");
        }
    }

    #[test]
    fn what_can_become_a_request_is_passed() {
        #[rustfmt::skip]
        let table: [(&[u8], Option<[u8; 3]>); 9] = [
            // line                              version for the parser
            (b"GET / HTTP/1.1\r\n",              None),
            (b"\r\nGET / HTTP/1.1\r\n",          None),
            (b"get /a?b=%20|\xff HTTP/1.0\r\n",  None),
            (b"OPTIONS * HTTP/1.1\r\n",          None),
            (b"CONNECT a:80 HTTP/1.1\r\n",       None),
            (b"GET / HTTP/1.2\r\n",              Some(*b"1.1")),
            (b"GET / HTTP/1.9\r\n",              Some(*b"1.1")),
            (b"PRI * HTTP/2.0\r\n",              Some(*b"1.0")),
            (b"GET / HTTP/0.9\r\n",              Some(*b"1.0")),
        ];
        for (line, version) in table {
            for cut in 0..line.len() {
                let mut found = FirstLine::Start;
                let mut first = &line[..cut];
                found.skip_empty_line(&mut first).unwrap();
                found.pass(first).unwrap();
                let mut rest = &line[cut..];
                found.skip_empty_line(&mut rest).unwrap();
                found.pass(rest).unwrap();
                assert!(matches!(found, FirstLine::Done { .. }), "{line:?}");
                assert_eq!(found.known_version(), version, "{line:?}");
                found.pass(b"\x16\n").unwrap();
            }
        }
    }
}
