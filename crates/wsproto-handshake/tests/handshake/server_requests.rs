//! Valid and invalid requests, as a server reads them (RFC 6455 §4.2.1).

use wsproto_handshake::{
    HandshakeLimits, HeadError, Request, RequestError, ServerHandshake, check_same_host,
};

use super::feed::{REQUEST, head, serve};

const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const METHOD: &str =
    "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const NOT_HTTP_1_1: &str =
    "HTTP/1.1 505 HTTP Version Not Supported\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const NO_UPGRADE: &str = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\n\
    Content-Length: 0\r\n\r\n";
const NOT_13: &str = "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\
    Connection: close, Upgrade\r\nContent-Length: 0\r\n\r\n";

/// Checks the error of each request, and the answer for its client.
fn refuses(table: &[(&str, &[(&str, &[u8])], RequestError, &str)]) {
    for (name, edits, expected, answer) in table {
        let bytes = head(&REQUEST, edits);
        let (verdict, _) = serve(name, &bytes, HandshakeLimits::default());
        assert_eq!(verdict, Err(*expected), "{name}");
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let error = server.receive(&mut &bytes[..]).unwrap_err();
        let mut out = Vec::new();
        server.reject(&error.rejection(), &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), *answer, "{name}");
        assert_eq!(
            server.receive(&mut &b"GET / HTTP/1.1\r\n"[..]),
            Err(*expected),
            "{name}: an error is final"
        );
    }
}

/// Checks that each request is accepted.
fn accepts(table: &[(&str, &[(&str, &[u8])])]) {
    for (name, edits) in table {
        let (verdict, _) = serve(name, &head(&REQUEST, edits), HandshakeLimits::default());
        assert!(matches!(verdict, Ok(Some(_))), "{name}: {verdict:?}");
    }
}

#[test]
fn h5_h6_h7_h8_heads_that_are_not_http() {
    use HeadError::*;
    #[rustfmt::skip]
    refuses(&[
        // name                      edits                                                   error                              answer
        ("bare LF, first line",      &[("GET", b"GET / HTTP/1.1\nX: y")],                    BareLineFeed.into(),               BAD_REQUEST),
        ("bare LF, a field",         &[("+", b"X: y\nZ: z")],                                BareLineFeed.into(),               BAD_REQUEST),
        ("bare LF, empty line",      &[("+", b"X: y\r\n\nZ: z")],                            BareLineFeed.into(),               BAD_REQUEST),
        ("bare CR, first line",      &[("GET", b"GET / HTTP/1.1\rX: y")],                    BareCarriageReturn.into(),         BAD_REQUEST),
        ("bare CR, a field",         &[("+", b"X: y\rZ: z")],                                BareCarriageReturn.into(),         BAD_REQUEST),
        ("bare CR, a name",          &[("+", b"X\rY: z")],                                   BareCarriageReturn.into(),         BAD_REQUEST),
        ("CR CR LF",                 &[("+", b"X: y\r")],                                    BareCarriageReturn.into(),         BAD_REQUEST),
        ("fold with a space",        &[("+", b"X: y\r\n z")],                                FoldedHeader.into(),               BAD_REQUEST),
        ("fold with a tab",          &[("+", b"X: y\r\n\tz")],                               FoldedHeader.into(),               BAD_REQUEST),
        ("fold of a first field",    &[("GET", b"GET / HTTP/1.1\r\n X: y")],                 FoldedHeader.into(),               BAD_REQUEST),
        ("space before colon",       &[("+", b"X : y")],                                     SpaceBeforeColon.into(),           BAD_REQUEST),
        ("tab before colon",         &[("+", b"X\t: y")],                                    SpaceBeforeColon.into(),           BAD_REQUEST),
        ("space behind no name",     &[("+", b"X( : y")],                                    HeaderName.into(),                 BAD_REQUEST),
        ("empty name",               &[("+", b": y")],                                       HeaderName.into(),                 BAD_REQUEST),
        ("no colon",                 &[("+", b"X")],                                         HeaderName.into(),                 BAD_REQUEST),
        ("space in a name",          &[("+", b"X Y: y")],                                    HeaderName.into(),                 BAD_REQUEST),
        ("parenthesis in a name",    &[("+", b"X(): y")],                                    HeaderName.into(),                 BAD_REQUEST),
        ("a name beyond ASCII",      &[("+", b"X\xc3\xa9: y")],                              HeaderName.into(),                 BAD_REQUEST),
        ("NUL in a value",           &[("+", b"X: \0")],                                     HeaderValue.into(),                BAD_REQUEST),
        ("0x01 in a value",          &[("+", b"X: y\x01z")],                                 HeaderValue.into(),                BAD_REQUEST),
        ("0x0b in a value",          &[("+", b"X: \x0b")],                                   HeaderValue.into(),                BAD_REQUEST),
        ("DEL in a value",           &[("+", b"X: y\x7f")],                                  HeaderValue.into(),                BAD_REQUEST),
    ]);
}

#[test]
fn h16_h17_first_lines() {
    use HeadError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.2.1-3
        ("POST",                     &[("GET", b"POST / HTTP/1.1")],                         RequestError::Method,              METHOD),
        ("HEAD",                     &[("GET", b"HEAD / HTTP/1.1")],                         RequestError::Method,              METHOD),
        ("lower case",               &[("GET", b"get / HTTP/1.1")],                          RequestError::Method,              METHOD),
        ("GET and more",             &[("GET", b"GETX / HTTP/1.1")],                         RequestError::Method,              METHOD),
        ("HTTP/1.0",                 &[("GET", b"GET / HTTP/1.0")],                          HttpVersion.into(),                NOT_HTTP_1_1),
        ("HTTP/2.0",                 &[("GET", b"GET / HTTP/2.0")],                          HttpVersion.into(),                NOT_HTTP_1_1),
        ("HTTP/0.9",                 &[("GET", b"GET / HTTP/0.9")],                          HttpVersion.into(),                NOT_HTTP_1_1),
        ("HTTP/1.1 and more",        &[("GET", b"GET / HTTP/1.1x")],                         StartLine.into(),                  BAD_REQUEST),
        ("a letter for a number",    &[("GET", b"GET / HTTP/1.x")],                          StartLine.into(),                  BAD_REQUEST),
        ("another one",              &[("GET", b"GET / HTTP/x.1")],                          StartLine.into(),                  BAD_REQUEST),
        ("http/1.1",                 &[("GET", b"GET / http/1.1")],                          StartLine.into(),                  BAD_REQUEST),
        ("another protocol",         &[("GET", b"GET / ICY/1.1")],                           StartLine.into(),                  BAD_REQUEST),
        ("no version",               &[("GET", b"GET /")],                                   StartLine.into(),                  BAD_REQUEST),
        ("no target",                &[("GET", b"GET HTTP/1.1")],                            StartLine.into(),                  BAD_REQUEST),
        ("method alone",             &[("GET", b"GET")],                                     StartLine.into(),                  BAD_REQUEST),
        ("space behind",             &[("GET", b"GET / HTTP/1.1 ")],                         StartLine.into(),                  BAD_REQUEST),
        ("space before",             &[("GET", b" GET / HTTP/1.1")],                         StartLine.into(),                  BAD_REQUEST),
        ("tab for space",            &[("GET", b"GET\t/ HTTP/1.1")],                         StartLine.into(),                  BAD_REQUEST),
        ("NUL in the method",        &[("GET", b"G\0T / HTTP/1.1")],                         StartLine.into(),                  BAD_REQUEST),
        ("frames at once",           &[("GET", b"\x81\x85\x37\xfa\x21\x3d")],                StartLine.into(),                  BAD_REQUEST),
        ("two empty lines before",   &[("GET", b"\r\n\r\nGET / HTTP/1.1")],                  StartLine.into(),                  BAD_REQUEST),
        ("half an empty line",       &[("GET", b"\rGET / HTTP/1.1")],                        BareCarriageReturn.into(),         BAD_REQUEST),
        ("a line feed before",       &[("GET", b"\nGET / HTTP/1.1")],                        BareLineFeed.into(),               BAD_REQUEST),
        ("HTTP/2 with its preface",  &[("GET", b"PRI * HTTP/2.0")],                          HttpVersion.into(),                NOT_HTTP_1_1),
        ("two digits",               &[("GET", b"GET / HTTP/1.10")],                         StartLine.into(),                  BAD_REQUEST),
    ]);
}

//= rfc6455#4.2.1-3
#[test]
fn h17_a_higher_minor_version_is_1_1_and_one_empty_line_is_passed_over() {
    accepts(&[
        ("HTTP/1.2", &[("GET", b"GET / HTTP/1.2")]),
        ("HTTP/1.9", &[("GET", b"GET / HTTP/1.9")]),
        ("an empty line before", &[("GET", b"\r\nGET / HTTP/1.1")]),
        ("an empty line, and HTTP/1.3", &[("GET", b"\r\nGET / HTTP/1.3")]),
    ]);
    let bytes = head(&REQUEST, &[("GET", b"\r\nGET /chat HTTP/1.7")]);
    let len = bytes.len() as u64 - 2;
    let exact = HandshakeLimits::default().with_max_head_len(len);
    let (verdict, _) = serve("the empty line isn't part of the head", &bytes, exact);
    assert_eq!(verdict.unwrap().unwrap().target(), "/chat");
    let less = HandshakeLimits::default().with_max_head_len(len - 1);
    let (verdict, _) = serve("a byte less", &bytes, less);
    assert_eq!(verdict, Err(HeadError::TooLong { limit: len - 1 }.into()));
}

/// A TLS client waits for an answer after its first bytes.
#[test]
fn h5_what_cant_become_a_request_is_refused_at_its_first_byte() {
    for byte in 0..=u8::MAX {
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let verdict = server.receive(&mut &[byte][..]);
        let begins = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~\r".contains(&byte);
        assert_eq!(verdict.is_err(), !begins, "{byte:#04x}");
        if let Err(error) = verdict {
            assert_eq!(error.rejection().status, 400, "{byte:#04x}");
        }
    }
    // The deciding byte may come together with others, or alone.
    for (start, decides) in [
        (&b"SSH-2.0-OpenSSH_9.6"[..], b'\r'),
        (b"PROXY TCP4 ", b'1'),
        (b"GET / ", b'h'),
        (b"\r\n", b'\x16'),
        (b"\r\n", b'\r'),
    ] {
        let name = String::from_utf8_lossy(start);
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        assert_eq!(server.receive(&mut &*start), Ok(None), "{name:?}");
        assert_eq!(server.receive(&mut &[decides][..]), Err(HeadError::StartLine.into()), "{name:?}");
        let whole = [start, &[decides]].concat();
        let (verdict, _) = serve(&name, &whole, HandshakeLimits::default());
        assert_eq!(verdict, Err(HeadError::StartLine.into()), "{name:?}");
    }
}

#[test]
fn h20_targets() {
    #[rustfmt::skip]
    refuses(&[
        ("asterisk",                 &[("GET", b"GET * HTTP/1.1")],                          RequestError::TargetForm,          BAD_REQUEST),
        ("authority",                &[("GET", b"GET example.com:80 HTTP/1.1")],             RequestError::TargetForm,          BAD_REQUEST),
        ("no slash",                 &[("GET", b"GET chat HTTP/1.1")],                       RequestError::TargetForm,          BAD_REQUEST),
        ("query alone",              &[("GET", b"GET ?a HTTP/1.1")],                         RequestError::TargetForm,          BAD_REQUEST),
        ("ftp",                      &[("GET", b"GET ftp://example.com/ HTTP/1.1")],         RequestError::TargetForm,          BAD_REQUEST),
        ("no scheme",                &[("GET", b"GET ://example.com/ HTTP/1.1")],            RequestError::TargetForm,          BAD_REQUEST),
        ("no authority",             &[("GET", b"GET http:///chat HTTP/1.1")],               RequestError::TargetForm,          BAD_REQUEST),
        ("user",                     &[("GET", b"GET http://a@example.com/ HTTP/1.1")],      RequestError::TargetForm,          BAD_REQUEST),
        ("fragment",                 &[("GET", b"GET /chat#a HTTP/1.1")],                    RequestError::TargetFragment,      BAD_REQUEST),
        ("empty fragment",           &[("GET", b"GET /chat# HTTP/1.1")],                     RequestError::TargetFragment,      BAD_REQUEST),
        ("fragment, absolute",       &[("GET", b"GET http://example.com/#a HTTP/1.1")],      RequestError::TargetFragment,      BAD_REQUEST),
        ("not ASCII",                &[("GET", b"GET /\xc3\xa9 HTTP/1.1")],                  RequestError::TargetCharacters,    BAD_REQUEST),
        ("not UTF-8",                &[("GET", b"GET /\xff HTTP/1.1")],                      HeadError::StartLine.into(),       BAD_REQUEST),
        ("control character",        &[("GET", b"GET /\x01 HTTP/1.1")],                      HeadError::StartLine.into(),       BAD_REQUEST),
        ("empty",                    &[("GET", b"GET  HTTP/1.1")],                           HeadError::StartLine.into(),       BAD_REQUEST),
        ("two spaces before",        &[("GET", b"GET  / HTTP/1.1")],                         HeadError::StartLine.into(),       BAD_REQUEST),
        ("two spaces behind",        &[("GET", b"GET /  HTTP/1.1")],                         HeadError::StartLine.into(),       BAD_REQUEST),
        ("space within",             &[("GET", b"GET /a b HTTP/1.1")],                       HeadError::StartLine.into(),       BAD_REQUEST),
    ]);
    #[rustfmt::skip]
    let table: [(&str, &str); 9] = [
        //= rfc6455#4.2.1-3, rfc6455#4.1-21
        ("/",                                 "/"),
        ("/chat?room=1&b=%20|",               "/chat?room=1&b=%20|"),
        ("//a",                               "//a"),
        ("http://example.com",                "/"),
        ("http://example.com/chat?room=1",    "/chat?room=1"),
        ("HTTP://EXAMPLE.COM:80/chat",        "/chat"),
        ("https://example.com:443/chat",      "/chat"),
        ("https://example.com:/chat",         "/chat"),
        ("/http://example.org/",              "/http://example.org/"),
    ];
    for (target, expected) in table {
        let line = format!("GET {target} HTTP/1.1");
        let (verdict, _) =
            serve(target, &head(&REQUEST, &[("GET", line.as_bytes())]), HandshakeLimits::default());
        assert_eq!(verdict.unwrap().unwrap().target(), expected, "{target}");
    }
}

/// RFC 9112 §3.2.2: the authority of the target replaces Host. §3.2: Host must still come, once and valid.
#[test]
fn h20_an_absolute_target_says_which_host_is_meant() {
    const ABSOLUTE: (&str, &[u8]) = ("GET", b"GET ws://example.com/ HTTP/1.1");
    #[rustfmt::skip]
    let table = [
        // target                             host                     resource
        ("http://example.org/chat",           "example.org",           "/chat"),
        ("https://example.org:443/",          "example.org:443",       "/"),
        ("ws://example.org:8080/a?b",         "example.org:8080",      "/a?b"),
        ("WSS://[::1]:8443",                  "[::1]:8443",            "/"),
        ("wss://example.org?a",               "example.org",           "/?a"),
        ("/ws://example.org/",                "example.com",           "/ws://example.org/"),
    ];
    for (target, host, resource) in table {
        let line = format!("GET {target} HTTP/1.1");
        let bytes = head(&REQUEST, &[("GET", line.as_bytes())]);
        let (verdict, _) = serve(target, &bytes, HandshakeLimits::default());
        let request = verdict.unwrap().unwrap();
        assert_eq!((request.host(), request.target()), (host, resource), "{target}");
    }
    #[rustfmt::skip]
    refuses(&[
        ("no Host",         &[ABSOLUTE, ("Host", b"")],                                      RequestError::HostMissing,         BAD_REQUEST),
        ("two",             &[ABSOLUTE, ("+", b"Host: example.com")],                        RequestError::HostRepeated,        BAD_REQUEST),
        ("a malformed one", &[ABSOLUTE, ("Host", b"Host: a/b")],                             RequestError::HostInvalid,         BAD_REQUEST),
        ("ftp",             &[("GET", b"GET ftp://example.com/ HTTP/1.1")],                  RequestError::TargetForm,          BAD_REQUEST),
        ("ws alone",        &[("GET", b"GET ws:example.com HTTP/1.1")],                      RequestError::TargetForm,          BAD_REQUEST),
        ("a user",          &[("GET", b"GET wss://a@example.com/ HTTP/1.1")],                RequestError::TargetForm,          BAD_REQUEST),
        ("a fragment",      &[("GET", b"GET ws://example.com/#a HTTP/1.1")],                 RequestError::TargetFragment,      BAD_REQUEST),
    ]);
}

#[test]
fn h22_the_origin_is_compared_with_the_host_of_the_target() {
    let origin: (&str, &[u8]) = ("+", b"Origin: https://target.example");
    for (target, same) in [("https://target.example/", true), ("/", false), ("wss://example.com/", false)] {
        let line = format!("GET {target} HTTP/1.1");
        let bytes = head(&REQUEST, &[("GET", line.as_bytes()), origin]);
        let (verdict, _) = serve(target, &bytes, HandshakeLimits::default());
        assert_eq!(check_same_host(&verdict.unwrap().unwrap()).is_ok(), same, "{target}");
    }
}

/// With every feature, an encoded name stays as it came.
#[test]
fn h10_the_host_is_the_name_on_the_wire() {
    let bytes = head(&REQUEST, &[("Host", b"Host: xn--bcher-kva.example:8080")]);
    let (verdict, _) = serve("encoded", &bytes, HandshakeLimits::default());
    assert_eq!(verdict.unwrap().unwrap().host(), "xn--bcher-kva.example:8080");
}

#[test]
fn an_absolute_target_with_a_query_alone_has_the_root_path() {
    let bytes = head(&REQUEST, &[("GET", b"GET http://example.com?a=b HTTP/1.1")]);
    let (verdict, _) = serve("query", &bytes, HandshakeLimits::default());
    assert_eq!(verdict.unwrap().unwrap().target(), "/?a=b");
}

//= rfc6455#4.2.1-4
#[test]
fn h9_h10_host() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        ("missing",                  &[("Host", b"")],                                       HostMissing,                       BAD_REQUEST),
        ("twice",                    &[("+", b"Host: example.com")],                         HostRepeated,                      BAD_REQUEST),
        ("twice, another case",      &[("+", b"HOST: example.org")],                         HostRepeated,                      BAD_REQUEST),
        ("empty",                    &[("Host", b"Host:")],                                  HostInvalid,                       BAD_REQUEST),
        ("white space",              &[("Host", b"Host: \t ")],                              HostInvalid,                       BAD_REQUEST),
        ("two in one",               &[("Host", b"Host: a.example, b.example")],             HostInvalid,                       BAD_REQUEST),
        ("a path",                   &[("Host", b"Host: example.com/chat")],                 HostInvalid,                       BAD_REQUEST),
        ("a port that is none",      &[("Host", b"Host: example.com:port")],                 HostInvalid,                       BAD_REQUEST),
        ("no such encoded name",     &[("Host", b"Host: xn--!a")],                           HostInvalid,                       BAD_REQUEST),
        ("UTF-8",                    &[("Host", b"Host: \xe8\x8a\x9d")],                     HostInvalid,                       BAD_REQUEST),
        ("not UTF-8",                &[("Host", b"Host: \xff")],                             HostInvalid,                       BAD_REQUEST),
    ]);
    let bytes = head(&REQUEST, &[("Host", b"hOST:\t[::1]:8080 ")]);
    let (verdict, _) = serve("an address", &bytes, HandshakeLimits::default());
    assert_eq!(verdict.unwrap().unwrap().host(), "[::1]:8080");
}

#[test]
fn h9_bytes_beyond_ascii_are_kept_or_refused() {
    use RequestError::*;
    let edits: &[(&str, &[u8])] = &[("+", b"X: caf\xe9\xff"), ("Connection", b"Connection: \xff, upgrade")];
    let (verdict, _) = serve("kept", &head(&REQUEST, edits), HandshakeLimits::default());
    let request = verdict.unwrap().unwrap();
    assert_eq!(request.headers().get("x"), Some(&b"caf\xe9\xff"[..]));
    assert_eq!(request.headers().get("connection"), Some(&b"\xff, upgrade"[..]));
    #[rustfmt::skip]
    refuses(&[
        ("connection",  &[("Connection", b"Connection: upgrad\xe9")],                        ConnectionNotUpgrade,              NO_UPGRADE),
        ("upgrade",     &[("Upgrade", b"Upgrade: websocket\xff")],                           UpgradeNotWebSocket,               BAD_REQUEST),
        ("key",         &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: \xff")],                KeyInvalid,                        BAD_REQUEST),
        ("version",     &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 13\xff")],      VersionUnsupported,                NOT_13),
        ("protocol",    &[("+", b"Sec-WebSocket-Protocol: \xff")],                           SubprotocolInvalid,                BAD_REQUEST),
        ("protocol",    &[("+", b"Sec-WebSocket-Protocol: chat\xc3\xa9")],                   SubprotocolInvalid,                BAD_REQUEST),
        ("extensions",  &[("+", b"Sec-WebSocket-Extensions: \xff")],                         ExtensionsInvalid,                 BAD_REQUEST),
        ("extensions",  &[("+", b"Sec-WebSocket-Extensions: a; b=\"\xc3\xa9\"")],            ExtensionsInvalid,                 BAD_REQUEST),
    ]);
}

#[test]
fn h11_h12_key() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.2.1-7
        ("missing",     &[("Sec-WebSocket-Key", b"")],                                        KeyMissing,                       BAD_REQUEST),
        ("empty",       &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key:")],                      KeyInvalid,                       BAD_REQUEST),
        ("short",       &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: x")],                    KeyInvalid,                       BAD_REQUEST),
        ("15 bytes",    &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j")], KeyInvalid,                       BAD_REQUEST),
        ("17 bytes",    &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWE=")], KeyInvalid,                   BAD_REQUEST),
        ("no signs",    &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ")], KeyInvalid,                     BAD_REQUEST),
        ("two in one",  &[("Sec-WebSocket-Key", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==")], KeyInvalid, BAD_REQUEST),
        //= rfc6455#11.3.1-1
        ("twice",       &[("+", b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")],             KeyRepeated,                      BAD_REQUEST),
    ]);
    accepts(&[(
        "white space around",
        &[("Sec-WebSocket-Key", b"sec-websocket-KEY:\t dGhlIHNhbXBsZSBub25jZQ== \t")],
    )]);
}

#[test]
fn h11_h13_version() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.2.1-8, rfc6455#4.2.2-4, rfc6455#4.4-1
        ("missing",     &[("Sec-WebSocket-Version", b"")],                                    VersionMissing,                   BAD_REQUEST),
        ("8",           &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 8")],            VersionUnsupported,               NOT_13),
        ("014",         &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 14")],           VersionUnsupported,               NOT_13),
        ("013",         &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 013")],          VersionUnsupported,               NOT_13),
        ("13, 8",       &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 13, 8")],        VersionUnsupported,               NOT_13),
        ("+13",         &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: +13")],          VersionUnsupported,               NOT_13),
        ("empty",       &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version:")],              VersionUnsupported,               NOT_13),
        //= rfc6455#11.3.5-1
        ("twice",       &[("+", b"Sec-WebSocket-Version: 13")],                               VersionRepeated,                  BAD_REQUEST),
    ]);
}

#[test]
fn h14_h15_upgrade_and_connection() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.2.1-5, rfc6455#4.2.1-6, rfc6455#4.2.1-1
        ("no Connection",         &[("Connection", b"")],                                     ConnectionNotUpgrade,             NO_UPGRADE),
        ("keep-alive",            &[("Connection", b"Connection: keep-alive")],               ConnectionNotUpgrade,             NO_UPGRADE),
        ("a part of the word",    &[("Connection", b"Connection: upgrades, up")],             ConnectionNotUpgrade,             NO_UPGRADE),
        ("quoted",                &[("Connection", b"Connection: \"a, upgrade\"")],           ConnectionNotUpgrade,             NO_UPGRADE),
        ("neither",               &[("Connection", b""), ("Upgrade", b"")],                   ConnectionNotUpgrade,             NO_UPGRADE),
        ("no Upgrade",            &[("Upgrade", b"")],                                        UpgradeNotWebSocket,              BAD_REQUEST),
        ("empty",                 &[("Upgrade", b"Upgrade:")],                                UpgradeNotWebSocket,              BAD_REQUEST),
        ("another",               &[("Upgrade", b"Upgrade: h2c")],                            UpgradeNotWebSocket,              BAD_REQUEST),
        ("with a version",        &[("Upgrade", b"Upgrade: websocket/13")],                   UpgradeNotWebSocket,              BAD_REQUEST),
    ]);
    #[rustfmt::skip]
    accepts(&[
        //= rfc6455#4.2.1-5, rfc6455#4.2.1-6, rfc6455#4.1-44
        ("case",                  &[("Connection", b"CONNECTION: uPGRADE"), ("Upgrade", b"upgrade: WebSocket")]),
        ("list",                  &[("Connection", b"Connection: keep-alive ,\t Upgrade")]),
        ("first of several",      &[("+", b"Connection: keep-alive")]),
        ("last of several",       &[("Connection", b"Connection: close\r\nConnection: upgrade")]),
        ("list of protocols",     &[("Upgrade", b"Upgrade: h2c, websocket")]),
        ("several protocols",     &[("Upgrade", b"Upgrade: h2c\r\nUpgrade: websocket")]),
        ("ours before another",   &[("Upgrade", b"Upgrade: websocket\r\nUpgrade: h2c")]),
    ]);
}

#[test]
fn h18_h19_no_body() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        ("a length",              &[("+", b"Content-Length: 1")],                             Body,                             BAD_REQUEST),
        ("a huge length",         &[("+", b"Content-Length: 18446744073709551616")],          ContentLengthInvalid,             BAD_REQUEST),
        ("negative",              &[("+", b"Content-Length: -1")],                            ContentLengthInvalid,             BAD_REQUEST),
        ("with a sign",           &[("+", b"Content-Length: +0")],                            ContentLengthInvalid,             BAD_REQUEST),
        ("empty",                 &[("+", b"Content-Length:")],                               ContentLengthInvalid,             BAD_REQUEST),
        ("list",                  &[("+", b"Content-Length: 0, 0")],                          ContentLengthInvalid,             BAD_REQUEST),
        ("twice",                 &[("+", b"Content-Length: 0\r\ncontent-length: 0")],        ContentLengthInvalid,             BAD_REQUEST),
        ("chunked",               &[("+", b"Transfer-Encoding: chunked")],                    TransferEncoding,                 BAD_REQUEST),
        ("identity",              &[("+", b"transfer-encoding: identity")],                   TransferEncoding,                 BAD_REQUEST),
        ("both",                  &[("+", b"Content-Length: 0\r\nTransfer-Encoding: x")],     TransferEncoding,                 BAD_REQUEST),
    ]);
    accepts(&[("a length of zero", &[("+", b"Content-Length: 0")])]);
}

#[test]
fn h25_subprotocols() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.3-3
        ("nothing",               &[("+", b"Sec-WebSocket-Protocol:")],                       SubprotocolsEmpty,                BAD_REQUEST),
        ("commas alone",          &[("+", b"Sec-WebSocket-Protocol: , ,")],                   SubprotocolsEmpty,                BAD_REQUEST),
        ("one of two is empty",   &[("+", b"Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol:")], SubprotocolsEmpty,       BAD_REQUEST),
        //= rfc6455#4.1-33
        ("not a token",           &[("+", b"Sec-WebSocket-Protocol: a b")],                   SubprotocolInvalid,               BAD_REQUEST),
        ("quoted",                &[("+", b"Sec-WebSocket-Protocol: \"a\"")],                 SubprotocolInvalid,               BAD_REQUEST),
        ("slash",                 &[("+", b"Sec-WebSocket-Protocol: chat, a/b")],             SubprotocolInvalid,               BAD_REQUEST),
        //= rfc6455#4.1-34
        ("twice",                 &[("+", b"Sec-WebSocket-Protocol: a, b, a")],               SubprotocolRepeated,              BAD_REQUEST),
        ("twice, two fields",     &[("+", b"Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a")], SubprotocolRepeated,     BAD_REQUEST),
    ]);
    #[rustfmt::skip]
    let table: [(&[u8], &[&str]); 5] = [
        (b"",                                                                         &[]),
        (b"Sec-WebSocket-Protocol: chat",                                             &["chat"]),
        (b"Sec-WebSocket-Protocol: ,superchat,,\tchat , ",                            &["superchat", "chat"]),
        (b"sec-websocket-protocol: b\r\nX: y\r\nSEC-WebSocket-Protocol: a, A",        &["b", "a", "A"]),
        (b"Sec-WebSocket-Protocol: !#$%&'*+-.^_`|~",                                  &["!#$%&'*+-.^_`|~"]),
    ];
    for (line, expected) in table {
        let name = String::from_utf8_lossy(line);
        let (verdict, _) = serve(&name, &head(&REQUEST, &[("+", line)]), HandshakeLimits::default());
        assert_eq!(verdict.unwrap().unwrap().subprotocols().collect::<Vec<_>>(), expected, "{name}");
    }
}

//= rfc6455#9.1-1
#[test]
fn rfc6455_9_1_offers_have_an_element_in_each_field() {
    use RequestError::*;
    #[rustfmt::skip]
    refuses(&[
        ("nothing",               &[("+", b"Sec-WebSocket-Extensions:")],                     ExtensionsEmpty,                  BAD_REQUEST),
        ("commas alone",          &[("+", b"Sec-WebSocket-Extensions: ,\t, ,")],              ExtensionsEmpty,                  BAD_REQUEST),
        ("one of two is empty",   &[("+", b"Sec-WebSocket-Extensions:\r\nSec-WebSocket-Extensions: a")], ExtensionsEmpty,     BAD_REQUEST),
    ]);
    accepts(&[("empty elements", &[("+", b"Sec-WebSocket-Extensions: , a,, b ,")])]);
}

//= rfc6455#4.4-1, rfc6455#4.2.2-4
/// Another version may have other rules, so the version is checked first (RFC 6455 §4.4).
#[test]
fn h13_another_version_is_told_ours_whatever_else_is_wrong() {
    const OTHER: (&str, &[u8]) = ("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 8");
    #[rustfmt::skip]
    let table: [(&str, &[(&str, &[u8])], u16, bool); 20] = [
        // name                    edits                                                                      status  tells the version
        ("nothing else",           &[OTHER],                                                                   426, true),
        ("no key",                 &[OTHER, ("Sec-WebSocket-Key", b"")],                                       426, true),
        ("no Connection",          &[OTHER, ("Connection", b"")],                                              426, true),
        ("no Upgrade",             &[OTHER, ("Upgrade", b"")],                                                 426, true),
        ("a bad subprotocol",      &[OTHER, ("+", b"Sec-WebSocket-Protocol: a b")],                            426, true),
        ("no extension",           &[OTHER, ("+", b"Sec-WebSocket-Extensions:")],                              426, true),
        ("extension not ASCII",    &[OTHER, ("+", b"Sec-WebSocket-Extensions: \xff")],                         426, true),
        ("POST",                   &[OTHER, ("GET", b"POST / HTTP/1.1")],                                      405, true),
        ("HTTP/1.0",               &[OTHER, ("GET", b"GET / HTTP/1.0")],                                       505, true),
        ("HTTP/2.0",               &[OTHER, ("GET", b"GET / HTTP/2.0")],                                       505, true),
        ("another target",         &[OTHER, ("GET", b"GET * HTTP/1.1")],                                       400, true),
        ("no Host",                &[OTHER, ("Host", b"")],                                                    400, true),
        ("a body",                 &[OTHER, ("+", b"Content-Length: 1")],                                      400, true),
        ("two versions",           &[OTHER, ("+", b"Sec-WebSocket-Version: 13")],                              400, true),
        ("ours twice",             &[("+", b"Sec-WebSocket-Version: 13")],                                     400, false),
        ("a list with ours",       &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version: 13, 8")],              426, true),
        ("an empty one",           &[("Sec-WebSocket-Version", b"Sec-WebSocket-Version:")],                    426, true),
        ("none",                   &[("Sec-WebSocket-Version", b"")],                                          400, false),
        ("ours, and no key",       &[("Sec-WebSocket-Key", b"")],                                              400, false),
        ("no head that is one",    &[OTHER, ("+", b"X : y")],                                                  400, false),
    ];
    for (name, edits, status, tells) in table {
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let error = server.receive(&mut &head(&REQUEST, edits)[..]).unwrap_err();
        for reject in [error.rejection(), error.rejection().with_text("x"), error.rejection().with_body()] {
            let mut server = ServerHandshake::new(HandshakeLimits::default());
            server.receive(&mut &head(&REQUEST, edits)[..]).unwrap_err();
            let mut out = Vec::new();
            server.reject(&reject, &mut out).unwrap();
            let head = String::from_utf8(out).unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {head}");
            let fields = head.matches("Sec-WebSocket-Version: 13\r\n").count();
            assert_eq!(fields, usize::from(tells), "{name}: {head}");
        }
    }
}

//= rfc6455#9.1-6
#[test]
fn rfc6455_9_1_offers_of_several_fields_are_joined_in_order() {
    #[rustfmt::skip]
    let table: [(&[u8], &[&str]); 6] = [
        (b"",                                                                         &[]),
        (b"Sec-WebSocket-Extensions: foo",                                            &["foo"]),
        (b"Sec-WebSocket-Extensions: foo; a=1,, bar ;b",                              &["foo; a=1", "bar ;b"]),
        (b"Sec-WebSocket-Extensions: foo; a=\"1, 2\\\", 3\", bar",                    &["foo; a=\"1, 2\\\", 3\"", "bar"]),
        (b"Sec-WebSocket-Extensions: bar\r\nX: y\r\nsec-websocket-extensions: foo",   &["bar", "foo"]),
        (b"Sec-WebSocket-Extensions: foo, foo; a",                                    &["foo", "foo; a"]),
    ];
    for (line, expected) in table {
        let name = String::from_utf8_lossy(line);
        let (verdict, _) = serve(&name, &head(&REQUEST, &[("+", line)]), HandshakeLimits::default());
        assert_eq!(verdict.unwrap().unwrap().extensions().collect::<Vec<_>>(), expected, "{name}");
    }
}

//= rfc6455#4.2.1-9
#[test]
fn h26_other_fields_are_kept_as_they_came() {
    let long = "n".repeat(4000);
    let edits: &[(&str, &[u8])] = &[
        ("+", b"__proto__: 1\r\nconstructor: 2\r\nOrigin: https://example.com\r\nX:\r\nx:  a b\t"),
        (
            "Sec-WebSocket-Version",
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: foo",
        ),
    ];
    let mut bytes = head(&REQUEST, edits);
    let end = bytes.len() - 2;
    bytes.splice(end..end, format!("{long}: {long}\r\n").into_bytes());
    let (verdict, _) = super::feed::serve_chunks(&[&bytes], HandshakeLimits::default());
    let request = verdict.unwrap().unwrap();
    let fields: Vec<(&str, &[u8])> = request.headers().iter().collect();
    #[rustfmt::skip]
    let expected: [(&str, &[u8]); 10] = [
        ("Upgrade",               b"websocket"),
        ("Connection",            b"Upgrade"),
        ("Sec-WebSocket-Key",     b"dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", b"13"),
        ("__proto__",             b"1"),
        ("constructor",           b"2"),
        ("Origin",                b"https://example.com"),
        ("X",                     b""),
        ("x",                     b"a b"),
        (&long,                   long.as_bytes()),
    ];
    assert_eq!(fields, expected);
    assert_eq!(request.origin(), Some("https://example.com"));
    assert_eq!((request.host(), request.target()), ("example.com", "/chat"));
    let shown = format!("{request:?}");
    assert!(!shown.contains("dGhl") && shown.contains("[redacted]"), "{shown}");
}

#[test]
fn a_request_equals_what_says_the_same_and_nothing_else() {
    let made = || Request::new("example.com", "/chat").with_subprotocol("a").with_extension("b");
    let named = |host, target, subprotocol, offer| {
        Request::new(host, target).with_subprotocol(subprotocol).with_extension(offer)
    };
    #[rustfmt::skip]
    let others = [
        ("host",              named("example.org", "/chat", "a", "b")),
        ("target",            named("example.com", "/",     "a", "b")),
        ("subprotocol",       named("example.com", "/chat", "A", "b")),
        ("extension",         named("example.com", "/chat", "a", "b; c")),
        ("subprotocol more",  made().with_subprotocol("c")),
        ("extension more",    made().with_extension("c")),
        ("header",            made().with_header("Origin", "https://a")),
        ("nothing proposed",  Request::new("example.com", "/chat")),
    ];
    assert_eq!(made(), named("example.com", "/chat", "a", "b"));
    for (name, other) in others {
        assert_ne!(made(), other, "{name}");
    }
    let fields: [(&str, &[u8]); 2] =
        [("+", b"Sec-WebSocket-Protocol: a"), ("+", b"Sec-WebSocket-Extensions: b")];
    let (verdict, _) = serve("received", &head(&REQUEST, &fields), HandshakeLimits::default());
    let received = verdict.unwrap().expect("the head is complete");
    let headers = received.headers().iter();
    let same = headers.fold(made(), |request, (name, value)| request.with_header(name, value));
    assert_eq!(received, same, "as places in a head and as texts");
}

#[test]
fn h21_bytes_behind_the_head_stay() {
    let mut bytes = head(&REQUEST, &[]);
    bytes.extend_from_slice(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    let (verdict, rest) = serve("frames after the head", &bytes, HandshakeLimits::default());
    assert!(verdict.unwrap().is_some());
    assert_eq!(rest, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn h3_h4_every_prefix_of_a_head_awaits_more() {
    let bytes = head(&REQUEST, &[]);
    for len in 0..bytes.len() {
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        assert_eq!(server.receive(&mut &bytes[..len]), Ok(None), "{len} bytes");
        assert_eq!(server.buffered(), len, "the caller's timer must see the progress");
        assert_eq!(server.receive_eof(), Err(HeadError::Ended.into()), "{len} bytes");
        assert_eq!(
            server.receive(&mut &bytes[len..]),
            Err(HeadError::Ended.into()),
            "{len} bytes, an error is final"
        );
    }
}

#[test]
fn errors_say_what_and_where() {
    let error = RequestError::from(HeadError::TooLong { limit: 7 });
    assert_eq!((error.to_string(), error.section()), ("head longer than 7 bytes".into(), "RFC 9110 §5.4"));
    assert_eq!(
        RequestError::KeyInvalid.to_string(),
        "invalid Sec-WebSocket-Key (16 bytes in base64 are needed)"
    );
    assert_eq!(RequestError::KeyInvalid.section(), "RFC 6455 §4.2.1");
}
