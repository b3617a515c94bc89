//! Host names and addresses with an optional port, as in Host (RFC 9112 §3.2, RFC 3986 §3.2.2).

use alloc::{borrow::Cow, format, string::String};
use core::net::Ipv6Addr;

use crate::syntax;

/// Returns the host as Host carries it; `None` if it can't.
///
/// With the feature `idna`, names beyond ASCII are encoded. The zone of an address isn't sent: it has a meaning only on
/// this machine (RFC 6874 §4).
pub(crate) fn to_wire(host: &str) -> Option<Cow<'_, str>> {
    let wire = match host.split_once(']') {
        //= rfc6455#11.1.1-1, rfc6455#11.1.2-1
        _ if !host.is_ascii() => Cow::Owned(encode(host)?),
        Some((literal, port)) => match split_zone(literal) {
            Some((address, _zone)) => Cow::Owned(format!("{address}]{port}")),
            None => Cow::Borrowed(host),
        },
        None => Cow::Borrowed(host),
    };
    is_valid(wire.as_bytes()).then_some(wire)
}

/// Splits an address from its zone; the `%` between them may be encoded as `%25`.
///
/// RFC 6874 [§2](https://www.rfc-editor.org/rfc/rfc6874#section-2)
pub(crate) fn split_zone(literal: &str) -> Option<(&str, &str)> {
    let (address, zone) = literal.split_once('%')?;
    let zone = zone.strip_prefix("25").unwrap_or(zone);
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (!zone.is_empty() && zone.bytes().all(is_unreserved)).then_some((address, zone))
}

/// Returns whether this is an IPv6 address as it is written outside URLs: without brackets, with or without a zone.
pub(crate) fn is_ipv6_address(host: &str) -> bool {
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    address.parse::<Ipv6Addr>().is_ok()
}

/// Returns whether both authorities name the same host and port; a missing port stands for the default.
pub(crate) fn agree(one: &str, other: &str, default_port: Option<u16>) -> bool {
    let ((one_host, one_port), (other_host, other_port)) =
        (host_and_port(one, default_port), host_and_port(other, default_port));
    one_host.eq_ignore_ascii_case(other_host) && one_port == other_port
}

/// Splits an authority; the port is `None` if it is missing or the default.
pub(crate) fn host_and_port(authority: &str, default_port: Option<u16>) -> (&str, Option<u16>) {
    let (host, port) = split_port(authority);
    let port = port.and_then(|port| port.parse().ok());
    (host, port.filter(|port| Some(*port) != default_port))
}

/// Returns whether this is a name or address, optionally with a colon and a port.
pub(crate) fn is_valid(authority: &[u8]) -> bool {
    is_plain_name(authority) || core::str::from_utf8(authority).is_ok_and(is_host_and_port)
}

/// Returns whether this has the characters of a name or address, optionally with a colon and a port.
///
/// That is enough for an authority that is compared with a valid one.
pub(crate) fn has_host_and_port(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    let is_host_char = |byte: u8| is_name_char(byte) || matches!(byte, b'[' | b':' | b']');
    !host.is_empty() && host.bytes().all(is_host_char) && port.is_none_or(is_port)
}

fn is_host_and_port(authority: &str) -> bool {
    let (host, port) = split_port(authority);
    port.is_none_or(is_port) && (is_name(host) || is_ipv6_literal(host))
}

/// Splits at the last colon, unless it is within an address.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let colon = authority.as_bytes().iter().rposition(|&byte| byte == b':');
    let parts = colon.and_then(|at| authority.split_at_checked(at));
    match parts.and_then(|(host, port)| Some((host, port.strip_prefix(':')?))) {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_port(port: &str) -> bool {
    port.is_empty() || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

fn is_ipv6_literal(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// Returns whether this is a name without a port and without hyphens (encoded labels have hyphens).
///
/// This shortcut for most hosts saves 5 % of the instructions of a whole handshake, on each side.
fn is_plain_name(host: &[u8]) -> bool {
    let start = syntax::whole_blocks(host, |byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let rest = host.get(start..).unwrap_or_default();
    !host.is_empty() && rest.iter().all(|&byte| is_name_char(byte) && byte != b'-')
}

fn is_name(host: &str) -> bool {
    let host = host.as_bytes();
    !host.is_empty() && has_name_characters(host) && host.split(|&byte| byte == b'.').all(is_label)
}

/// Letters, digits, the other characters of RFC 3986 names, and `%` with two hexadecimal digits.
fn has_name_characters(name: &[u8]) -> bool {
    uri_fault(name, b"").is_none()
}

/// Returns the first byte of a part of a URI that is not allowed.
///
/// Allowed are characters of names, the characters in `others`, and `%` with two hexadecimal digits.
///
/// RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)
pub(crate) fn uri_fault(part: &[u8], others: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    loop {
        let rest = part.get(at..)?;
        let other = rest.iter().position(|byte| !is_name_char(*byte) && !others.contains(byte))?;
        at = at.saturating_add(other);
        match rest.get(other..) {
            Some([b'%', high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                at = at.saturating_add(3);
            }
            _ => return Some(at),
        }
    }
}

#[inline]
pub(crate) fn is_name_char(byte: u8) -> bool {
    NAME_CHARS.get(usize::from(byte)) == Some(&byte)
}

/// Each character of names at its own index, and at every other index a different character.
static NAME_CHARS: [u8; 128] = *b"\
    @@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@\
    @!@@$@&'()*+,-.@\
    0123456789@;@=@@\
    ?ABCDEFGHIJKLMNO\
    PQRSTUVWXYZ@@@@_\
    @abcdefghijklmno\
    pqrstuvwxyz@@@~@";

/// Returns whether a label is valid: an encoded one (`xn--…`) may have only the characters of host names, and the
/// underscore, which the URL Standard allows.
fn is_label(label: &[u8]) -> bool {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !is_encoded(label) || (label.len() > 4 && label.iter().all(belongs))
}

fn is_encoded(label: &[u8]) -> bool {
    label.first_chunk::<4>().is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"))
}

#[cfg(feature = "idna")]
fn encode(authority: &str) -> Option<String> {
    let (host, port) = split_port(authority);
    // Split the port off first: a full-width colon in the name would become an ASCII colon, and begin a port.
    let mut wire = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::URL).ok()?.into_owned();
    if let Some(port) = port {
        wire.push(':');
        wire.push_str(port);
    }
    Some(wire)
}

#[cfg(not(feature = "idna"))]
fn encode(_: &str) -> Option<String> {
    None
}

/// Returns an authority with its name decoded for people.
///
/// `None` where no label is encoded, and where the decoded name would not be encoded to the same authority again.
#[cfg(feature = "idna")]
pub(crate) fn decode(authority: &[u8]) -> Option<String> {
    let (host, port) = split_port(core::str::from_utf8(authority).ok()?);
    if !host.as_bytes().split(|&byte| byte == b'.').any(is_encoded) {
        return None;
    }
    let (mut decoded, Ok(())) = idna::domain_to_unicode(host) else { return None };
    if let Some(port) = port {
        decoded.push(':');
        decoded.push_str(port);
    }
    let again = encode(&decoded)?;
    again.as_bytes().eq_ignore_ascii_case(authority).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h10_hosts_good_and_bad() {
        #[rustfmt::skip]
        let table = [
            ("example.com",          true),
            ("EXAMPLE.com.",         true),
            ("a_b.example",          true),
            ("example.com:8080",     true),
            ("example.com:",         true),
            ("example.com:65535",    true),
            ("127.0.0.1:80",         true),
            ("[::1]",                true),
            ("[::1]:8080",           true),
            ("[2001:db8::7]:",       true),
            ("a%20b",                true),
            ("!$&'()*+,;=~",         true),
            ("xn--7ks3rz39bh7u",     true),
            ("xn--zzzzzzzzz",        true),
            ("",                     false),
            (":80",                  false),
            ("example.com:65536",    false),
            ("example.com:+80",      false),
            ("example.com:8o",       false),
            ("a:b:80",               false),
            ("::1",                  false),
            ("[::1",                 false),
            ("::1]",                 false),
            ("[::1]x",               false),
            ("[v1.a]",               false),
            ("[fe80::1%25eth0]",     false),
            ("a b",                  false),
            ("a/b",                  false),
            ("a?b",                  false),
            ("a#b",                  false),
            ("user@example.com",     false),
            ("a%2",                  false),
            ("a%zz",                 false),
            ("a%2z",                 false),
            ("a%z2",                 false),
            ("a-b.example",          true),
            ("a-%20",                true),
            ("a\\b",                 false),
            ("xn--",                 false),
            ("xn--!a",               false),
            ("www.XN--a_b.example",  true),
            ("www.XN--a!b.example",  false),
            ("www.XN--a%5Fb.example", false),
            ("é",                    false),
        ];
        for (host, valid) in table {
            assert_eq!(is_valid(host.as_bytes()), valid, "{host:?}");
        }
    }

    #[test]
    fn a_zone_is_not_sent() {
        #[rustfmt::skip]
        let table = [
            ("[fe80::1%25eth0]",       Some("[fe80::1]")),
            ("[fe80::1%eth0]",         Some("[fe80::1]")),
            ("[fe80::1%1]:8080",       Some("[fe80::1]:8080")),
            ("[fe80::1%25a-b._~]:",    Some("[fe80::1]:")),
            ("[fe80::1]",              Some("[fe80::1]")),
            ("[fe80::1%]",             None),
            ("[fe80::1%25]",           None),
            ("[fe80::1%a b]",          None),
            ("[fe80::1%a%b]",          None),
            ("[fe80::1%a]x",           None),
            ("[fe80::x%a]",            None),
            ("fe80::1%25eth0",         None),
            ("fe80::1%25eth0]",        None),
            ("a%25b]",                 None),
        ];
        for (host, wire) in table {
            assert_eq!(to_wire(host).as_deref(), wire, "{host}");
        }
    }

    #[test]
    fn the_shortcut_takes_names_without_hyphens_alone() {
        #[rustfmt::skip]
        let table = [
            ("example.com",     true),
            ("a_b.example",     true),
            ("a-longer.name.of.a.host.example", false),
            ("a_longer.name.of.a.host.example", true),
            ("alonger.name.of.a.host-example",  false),
            ("a-b.example",     false),
            ("xn--a",           false),
            ("-",               false),
            ("a%20b",           false),
            ("example.com:80",  false),
            ("",                false),
        ];
        for (name, plain) in table {
            assert_eq!(is_plain_name(name.as_bytes()), plain, "{name:?}");
        }
    }

    #[test]
    fn names_are_made_of_what_rfc_3986_lists() {
        let listed = b"-._~!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=u8::MAX {
            assert_eq!(has_name_characters(&[b'a', byte]), listed.contains(&byte), "{byte:#04x}");
        }
    }

    #[test]
    fn authorities_agree_whatever_the_case_and_a_default_port() {
        #[rustfmt::skip]
        let table = [
            ("example.com",      "EXAMPLE.com",      true),
            ("example.com:80",   "example.com",      true),
            ("example.com",      "example.com:",     true),
            ("example.com:8080", "example.com:8080", true),
            ("example.com:8080", "example.com",      false),
            ("example.com:443",  "example.com",      false),
            ("example.com",      "example.org",      false),
            ("[::1]:80",         "[::1]",            true),
            ("example.com:0080", "example.com",      true),
        ];
        for (one, other, expected) in table {
            assert_eq!(agree(one, other, Some(80)), expected, "{one} {other}");
            assert_eq!(agree(other, one, Some(80)), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_zone_of_an_address_is_not_sent() {
        #[rustfmt::skip]
        let table = [
            ("[fe80::1%25eth0]",       Some("[fe80::1]")),
            ("[fe80::1%25eth0]:8080",  Some("[fe80::1]:8080")),
            ("[fe80::1%eth0]:",        Some("[fe80::1]:")),
            ("[fe80::1%252]",          Some("[fe80::1]")),
            ("[fe80::1%25en%20x]",     None),
            ("[fe80::1]",              Some("[fe80::1]")),
            ("[fe80::1%25]",           None),
            ("[fe80::1%]",             None),
            ("[fe80::1%25eth0",        None),
            ("[fe80::1%25a b]",        None),
            ("[fe80::1%25a/b]",        None),
            ("[fe80::1%25a\r\nX: y]",  None),
            ("[fe80::1%25a]b",         None),
            ("[fe80::g%25eth0]",       None),
            ("fe80::1%25eth0",         None),
        ];
        for (host, expected) in table {
            assert_eq!(to_wire(host).as_deref(), expected, "{host:?}");
        }
    }

    #[cfg(feature = "idna")]
    #[test]
    fn names_beyond_ascii_are_encoded_and_decoded() {
        for (name, wire) in [
            ("芝士汉堡", "xn--7ks3rz39bh7u"),
            ("芝士汉堡:8080", "xn--7ks3rz39bh7u:8080"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("a_b.bücher_2.example", "a_b.xn--bcher_2-n2a.example"),
        ] {
            assert_eq!(to_wire(name).as_deref(), Some(wire), "{name}");
            assert_eq!(decode(wire.as_bytes()).as_deref(), Some(name), "{wire}");
        }
        assert_eq!(decode(b"xn--zzzzzzzzz"), None, "no such name");
        assert_eq!(decode(b"xn--xn--7dddddddddddd-77h7u"), None, "a name that could not be sent");
        assert_eq!(decode(b"Example.COM"), None, "nothing to decode");
        // Full-width characters; in ASCII they would have a meaning in a URL.
        for sign in "：／？＃＠％［］＼＜＞｜＾".chars() {
            for name in [format!("example.com{sign}80"), format!("é{sign}a.example")] {
                assert_eq!(to_wire(&name), None, "{name}");
            }
        }
        assert_eq!(to_wire("ｅxample。com").as_deref(), Some("example.com"), "the same name");
        assert_eq!(to_wire("example.com:８０"), None, "a port is of ASCII digits");
        assert_eq!(to_wire("\u{ad}"), None, "nothing is left");
        assert_eq!(to_wire("é é"), None);
        assert_eq!(to_wire("é:port"), None);
    }

    #[cfg(not(feature = "idna"))]
    #[test]
    fn names_beyond_ascii_are_refused_without_idna() {
        assert_eq!(to_wire("芝士汉堡"), None);
    }
}
