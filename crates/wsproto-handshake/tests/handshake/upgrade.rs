//! Upgrades of HTTP/1.1 and extended CONNECTs that another HTTP library has parsed, and the answers to them.
//!
//! `feed::serve` checks, for all bytes that it feeds, that a parsed upgrade meets the same rules.

use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, HeadError, Headers, HttpVersion, LocalError, OriginError,
    RejectConnection, RequestError, RequestHead, Upgrade, UpgradeError, check_origin, check_same_host,
};

const HTTP_1_1: RequestHead<'_> = RequestHead::new(HttpVersion::Http11, "GET", "/chat?room=1");
const CONNECT: RequestHead<'_> = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat?room=1")
    .with_scheme("https")
    .with_authority("example.com")
    .with_protocol("websocket");

/// The fields of a valid upgrade.
fn upgrading() -> Headers {
    Headers::from([
        ("host", "example.com"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-version", "13"),
    ])
}

/// The fields of a valid extended CONNECT.
fn connecting() -> Headers {
    Headers::from([("sec-websocket-version", "13")])
}

fn read(head: &RequestHead<'_>, fields: &Headers) -> Result<Upgrade, UpgradeError> {
    Upgrade::from_fields(head, fields, &HandshakeLimits::default())
}

/// Returns the head with one change.
fn edit<'a>(mut head: RequestHead<'a>, set: impl FnOnce(&mut RequestHead<'a>)) -> RequestHead<'a> {
    set(&mut head);
    head
}

/// The answer for the client: its status, and its fields if there are any.
fn told(error: &UpgradeError) -> (u16, String) {
    assert!(error.response.content.is_empty(), "{error:?}");
    (error.response.status, text(&error.response.headers))
}

fn text(headers: &Headers) -> String {
    let line = |(name, value)| format!("{name}: {}", String::from_utf8_lossy(value));
    headers.iter().map(line).collect::<Vec<_>>().join(" / ")
}

//= rfc8441#4-1, rfc8441#4-2, rfc8441#5-1, rfc8441#5-2, rfc8441#5-3, rfc8441#5-4, rfc9220#3-1
#[test]
fn h28_extended_connects_that_break_a_rule() {
    use RequestError::*;
    let plain = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat");
    let to = |authority| CONNECT.with_authority(authority);
    let with = |name: &str, value: &str| connecting().with(name, value);
    let bytes = |name: &str, value: &[u8]| connecting().with(name, value);
    let without_version = Headers::new;
    let version = |value: &str| Headers::from([("sec-websocket-version", value)]);
    let other = "Sec-WebSocket-Version: 13";
    let path = |target| edit(CONNECT, |head| head.target = target);
    #[rustfmt::skip]
    let table = [
        // name                        head                                   fields                                        error                      status  fields of the answer
        ("GET",                        edit(CONNECT, |head| { head.method = "GET"; head.protocol = None }), connecting(),              NotConnect,                405, "Allow: CONNECT"),
        ("connect in small letters",   edit(CONNECT, |head| { head.method = "connect"; head.protocol = None }), connecting(),          NotConnect,                405, "Allow: CONNECT"),
        ("GET with :protocol",         edit(CONNECT, |head| head.method = "GET"), connecting(),                              ProtocolUnexpected,        400, ""),
        ("ordinary CONNECT",           edit(CONNECT, |head| head.protocol = None), connecting(),                             ProtocolMissing,           501, ""),
        ("CONNECT of a proxy",         RequestHead::new(HttpVersion::Http2, "CONNECT", "").with_authority("a:443"), connecting(), ProtocolMissing,    501, ""),
        ("another :protocol",          CONNECT.with_protocol("connect-udp"),  connecting(),                                 ProtocolUnknown,           501, ""),
        ("an empty :protocol",         CONNECT.with_protocol(""),             connecting(),                                 ProtocolUnknown,           501, ""),
        ("no :scheme",                 edit(CONNECT, |head| head.scheme = None), connecting(),                               SchemeInvalid,             400, ""),
        (":scheme wss",                CONNECT.with_scheme("wss"),            connecting(),                                 SchemeInvalid,             400, ""),
        ("no :path",                   path(""),                              connecting(),                                 TargetForm,                400, ""),
        (":path *",                    path("*"),                             connecting(),                                 TargetForm,                400, ""),
        (":path a URI",                path("https://example.com/"),          connecting(),                                 TargetForm,                400, ""),
        (":path with a fragment",      path("/#a"),                           connecting(),                                 TargetFragment,            400, ""),
        (":path with a space",         path("/a b"),                          connecting(),                                 TargetCharacters,          400, ""),
        (":path not ASCII",            path("/é"),                            connecting(),                                 TargetCharacters,          400, ""),
        (":path with a line",          path("/\r\n"),                         connecting(),                                 HeadError::StartLine.into(), 400, ""),
        ("no :authority",              plain.with_scheme("https").with_protocol("websocket"), connecting(),                 HostMissing,               400, ""),
        ("an empty :authority",        to(""),                                connecting(),                                 HostInvalid,               400, ""),
        (":authority with a user",     to("me@example.com"),                  connecting(),                                 HostInvalid,               400, ""),
        (":authority with a path",     to("example.com/"),                    connecting(),                                 HostInvalid,               400, ""),
        ("another Host",               CONNECT,                               with("host", "evil.example"),                 HostMismatch,              400, ""),
        ("another port in Host",       CONNECT,                               with("host", "example.com:80"),               HostMismatch,              400, ""),
        ("two Hosts",                  CONNECT,                               with("host", "example.com").with("host", "example.com"), HostRepeated,   400, ""),
        ("Host not UTF-8",             CONNECT,                               bytes("host", b"\xff"),                       HostInvalid,               400, ""),
        ("Connection",                 CONNECT,                               with("connection", "upgrade"),                ConnectionField,           400, ""),
        ("Upgrade",                    CONNECT,                               with("upgrade", "websocket"),                 ConnectionField,           400, ""),
        ("an upgrade of HTTP/1.1",     CONNECT,                               upgrading(),                                  ConnectionField,           400, ""),
        ("Keep-Alive",                 CONNECT,                               with("keep-alive", "timeout=5"),              ConnectionField,           400, ""),
        ("Proxy-Connection",           CONNECT,                               with("proxy-connection", "close"),            ConnectionField,           400, ""),
        ("Transfer-Encoding",          CONNECT,                               with("transfer-encoding", "chunked"),         ConnectionField,           400, ""),
        ("TE",                         CONNECT,                               with("te", "gzip"),                           ConnectionField,           400, ""),
        ("a body",                     CONNECT,                               with("content-length", "1"),                  Body,                      400, ""),
        ("a body of nothing",          CONNECT,                               with("content-length", "0"),                  Body,                      400, ""),
        ("two lengths",                CONNECT,                               with("content-length", "0").with("content-length", "0"), Body,           400, ""),
        ("a pseudo-header as field",   CONNECT,                               with(":protocol", "websocket"),               HeadError::HeaderName.into(), 400, ""),
        ("a line in a value",          CONNECT,                               with("x", "a\r\nb"),                          HeadError::HeaderValue.into(), 400, ""),
        ("a space in a name",          CONNECT,                               with("x ", "a"),                              HeadError::SpaceBeforeColon.into(), 400, ""),
        ("no version",                 CONNECT,                               without_version(),                            VersionMissing,            400, ""),
        ("two versions",               CONNECT,                               with("sec-websocket-version", "13"),          VersionRepeated,           400, ""),
        ("ours and another",           CONNECT,                               with("sec-websocket-version", "8"),           VersionRepeated,           400, other),
        ("another version",            CONNECT,                               version("8"),                                 VersionUnsupported,        400, other),
        ("another, and a GET",         edit(CONNECT, |head| { head.method = "GET"; head.protocol = None }), version("8"),              NotConnect,                405, "Allow: CONNECT / Sec-WebSocket-Version: 13"),
        ("a bad subprotocol",          CONNECT,                               with("sec-websocket-protocol", "a b"),        SubprotocolInvalid,        400, ""),
        ("subprotocol not UTF-8",      CONNECT,                               bytes("sec-websocket-protocol", b"\xff"),     SubprotocolInvalid,        400, ""),
        ("no subprotocol",             CONNECT,                               with("sec-websocket-protocol", ","),          SubprotocolsEmpty,         400, ""),
        ("the same twice",             CONNECT,                               with("sec-websocket-protocol", "a, a"),       SubprotocolRepeated,       400, ""),
        ("the same in two fields",     CONNECT,                               with("sec-websocket-protocol", "a").with("sec-websocket-protocol", "a"), SubprotocolRepeated, 400, ""),
        ("no extension",               CONNECT,                               with("sec-websocket-extensions", ""),         ExtensionsEmpty,           400, ""),
        ("extension not UTF-8",        CONNECT,                               bytes("sec-websocket-extensions", b"a\xff"),  ExtensionsInvalid,         400, ""),
    ];
    for (name, head, fields, error, status, answer) in table {
        for version in [HttpVersion::Http2, HttpVersion::Http3] {
            let refused = read(&edit(head, |head| head.version = version), &fields).expect_err(name);
            assert_eq!(refused.error, error, "{name}");
            assert_eq!(told(&refused), (status, answer.to_owned()), "{name}");
        }
    }
}

//= rfc8441#5-5
/// Fields that RFC 8441 ignores, and rules that the HTTP/2 library checks.
#[test]
fn h28_extended_connects_that_keep_the_rules() {
    let with = |name: &str, value: &str| connecting().with(name, value);
    let without_authority = edit(CONNECT, |head| head.authority = None);
    #[rustfmt::skip]
    let table = [
        ("nothing else",            CONNECT,                           connecting()),
        ("HTTP/3",                  edit(CONNECT, |head| head.version = HttpVersion::Http3), connecting()),
        ("over http",               CONNECT.with_scheme("http"),       connecting()),
        ("capitals",                CONNECT.with_scheme("HTTPS").with_protocol("WebSocket"), Headers::from([("Sec-WebSocket-Version", "13")])),
        ("a key",                   CONNECT,                           with("sec-websocket-key", "no key")),
        ("two keys",                CONNECT,                           with("sec-websocket-key", "").with("sec-websocket-key", "")),
        ("an accept token",         CONNECT,                           with("sec-websocket-accept", "x")),
        ("the same Host",           CONNECT,                           with("host", "EXAMPLE.com")),
        ("the scheme's own port",   CONNECT,                           with("host", "example.com:443")),
        ("Host alone",              without_authority,                 with("host", "example.com")),
        ("TE: trailers",            CONNECT,                           with("te", "trailers")),
        ("white space",             CONNECT,                           Headers::from([("sec-websocket-version", " 13\t")])),
    ];
    for (name, head, fields) in table {
        let upgrade = read(&head, &fields).expect(name);
        assert_eq!((upgrade.host(), upgrade.target()), ("example.com", "/chat?room=1"), "{name}");
        assert_eq!((upgrade.path(), upgrade.query()), ("/chat", Some("room=1")), "{name}");
        let response = upgrade.accept(&AcceptConnection::new()).expect(name);
        assert_eq!((response.status, text(&response.headers)), (200, String::new()), "{name}");
    }
}

#[test]
fn h16_h17_h28_upgrades_that_break_a_rule_which_bytes_cannot() {
    use RequestError::*;
    let with = |name: &str, value: &str| upgrading().with(name, value);
    let absolute = HTTP_1_1.with_scheme("http").with_authority("example.com");
    #[rustfmt::skip]
    let table = [
        (":protocol",                 HTTP_1_1.with_protocol("websocket"),                  upgrading(),          ProtocolUnexpected,           400, ""),
        ("CONNECT with :protocol",    edit(HTTP_1_1, |head| head.method = "CONNECT").with_protocol("websocket"), upgrading(), Method,            405, "Allow: GET"),
        ("CONNECT",                   edit(HTTP_1_1, |head| head.method = "CONNECT"),        upgrading(),          Method,                       405, "Allow: GET"),
        ("HTTP/1.0",                  edit(HTTP_1_1, |head| head.version = HttpVersion::Http10), upgrading(),      HeadError::HttpVersion.into(), 505, ""),
        ("no upgrade",                HTTP_1_1,                                             Headers::from([("host", "a")]), ConnectionNotUpgrade, 426, "Upgrade: websocket / Connection: Upgrade"),
        ("another version",           HTTP_1_1,                                             Headers::from([("host", "a"), ("sec-websocket-version", "8")]), VersionUnsupported, 426, "Sec-WebSocket-Version: 13 / Upgrade: websocket / Connection: Upgrade"),
        ("an authority alone",        HTTP_1_1.with_authority("example.com"),               upgrading(),          TargetForm,                   400, ""),
        ("a bad authority",           absolute.with_authority("a b"),                       upgrading(),          TargetForm,                   400, ""),
        ("another scheme",            absolute.with_scheme("ftp"),                          upgrading(),          TargetForm,                   400, ""),
        ("an absolute URI twice",     edit(absolute, |head| head.target = "http://a/"),      upgrading(),          TargetForm,                   400, ""),
        ("no path after all",         edit(absolute, |head| head.target = "*"),              upgrading(),          TargetForm,                   400, ""),
        ("line in a value",           HTTP_1_1,                                             with("x", "a\r\nb"),  HeadError::HeaderValue.into(), 400, ""),
        ("NUL in a value",            HTTP_1_1,                                             with("x", "\0"),      HeadError::HeaderValue.into(), 400, ""),
        ("no name",                   HTTP_1_1,                                             with("", ""),         HeadError::HeaderName.into(), 400, ""),
        ("line in a name",            HTTP_1_1,                                             with("a\r\n", ""),    HeadError::HeaderName.into(), 400, ""),
        ("space after a name",        HTTP_1_1,                                             with("a ", ""),       HeadError::SpaceBeforeColon.into(), 400, ""),
    ];
    for (name, head, fields, error, status, answer) in table {
        let refused = read(&head, &fields).expect_err(name);
        assert_eq!(refused.error, error, "{name}");
        assert_eq!(told(&refused), (status, answer.to_owned()), "{name}");
    }
}

#[test]
fn h20_an_absolute_target_may_come_in_its_parts() {
    let in_parts = |authority, target| {
        edit(HTTP_1_1, |head| head.target = target).with_scheme("http").with_authority(authority)
    };
    #[rustfmt::skip]
    let table = [
        (in_parts("other.example", "/chat"),                          "other.example", "/chat"),
        (in_parts("other.example", "?a"),                             "other.example", "/?a"),
        (in_parts("other.example:81", ""),                            "other.example:81", "/"),
        (edit(HTTP_1_1, |head| head.target = "http://other.example?a"), "other.example", "/?a"),
        (HTTP_1_1,                                                     "example.com", "/chat?room=1"),
    ];
    for (head, host, target) in table {
        let upgrade = read(&head, &upgrading()).expect("the request is valid");
        assert_eq!((upgrade.host(), upgrade.target()), (host, target), "{head:?}");
    }
}

#[test]
fn h1_h2_h3_parsed_requests_meet_the_limits_at_their_edges() {
    let limits = HandshakeLimits::default();
    let outcome = |limits: HandshakeLimits, head: &RequestHead<'_>, fields: &Headers| {
        Upgrade::from_fields(head, fields, &limits)
            .map(drop)
            .map_err(|error| (error.error, error.response.status))
    };
    for (head, fields) in [(HTTP_1_1, upgrading()), (CONNECT, connecting())] {
        let count = fields.len() as u64;
        assert_eq!(outcome(limits.with_max_headers(count), &head, &fields), Ok(()), "{head:?}");
        let limit = count - 1;
        let expected = Err((HeadError::TooManyHeaders { limit }.into(), 431));
        assert_eq!(outcome(limits.with_max_headers(limit), &head, &fields), expected, "{head:?}");

        let target = head.target.len() as u64;
        assert_eq!(outcome(limits.with_max_target_len(target), &head, &fields), Ok(()), "{head:?}");
        let limit = target - 1;
        let expected = Err((RequestError::TargetTooLong { limit }, 414));
        assert_eq!(outcome(limits.with_max_target_len(limit), &head, &fields), expected, "{head:?}");

        let fields = fields.with("sec-websocket-protocol", "a,b").with("sec-websocket-protocol", "c");
        assert_eq!(outcome(limits.with_max_list_items(3), &head, &fields), Ok(()), "{head:?}");
        let expected = Err((HeadError::TooManyItems { limit: 2 }.into(), 431));
        assert_eq!(outcome(limits.with_max_list_items(2), &head, &fields), expected, "{head:?}");
    }
    // The length of a head is the least that it would have in HTTP/1.1.
    let mut wire = b"GET /chat?room=1 HTTP/1.1\r\n".to_vec();
    for (name, value) in &upgrading() {
        wire.extend_from_slice(&[name.as_bytes(), b":", value, b"\r\n"].concat());
    }
    wire.extend_from_slice(b"\r\n");
    let len = wire.len() as u64;
    assert_eq!(outcome(limits.with_max_head_len(len), &HTTP_1_1, &upgrading()), Ok(()));
    let limit = len - 1;
    let expected = Err((HeadError::TooLong { limit }.into(), 431));
    assert_eq!(outcome(limits.with_max_head_len(limit), &HTTP_1_1, &upgrading()), expected);
    let long = "/".repeat(9_000);
    let head = edit(CONNECT, |head| head.target = &long);
    let expected = Err((HeadError::TooLong { limit: 1000 }.into(), 431));
    assert_eq!(outcome(limits.with_max_head_len(1000), &head, &Headers::new()), expected, "without fields");
}

/// An endless list is read only up to the limit.
#[test]
fn h2_no_more_fields_are_looked_at_than_the_limit() {
    for head in [HTTP_1_1, CONNECT] {
        let mut looked_at = 0;
        let endless = std::iter::repeat_with(|| {
            looked_at += 1;
            ("x", "y")
        });
        let error = Upgrade::from_fields(&head, endless, &HandshakeLimits::default()).unwrap_err();
        assert_eq!(error.error, HeadError::TooManyHeaders { limit: 100 }.into());
        assert_eq!(looked_at, 101);
    }
}

/// A browser sends each cookie in a field of its own over HTTP/2 (RFC 9113 §8.2.3).
#[test]
fn h2_pieces_of_a_cookie_are_one_field() {
    let limits = HandshakeLimits::default().with_max_headers(2);
    let cookies = |count| (0..count).fold(connecting(), |fields, _| fields.with("cookie", "a=b"));
    assert!(Upgrade::from_fields(&CONNECT, &cookies(500), &limits).is_ok());
    let many = Upgrade::from_fields(&CONNECT, &cookies(2_000), &limits).unwrap_err();
    assert_eq!(many.error, HeadError::TooLong { limit: 16 * 1024 }.into(), "the length of all pieces counts");
    let more = Upgrade::from_fields(&CONNECT, &cookies(1).with("x", "y"), &limits).unwrap_err();
    assert_eq!(more.error, HeadError::TooManyHeaders { limit: 2 }.into());
    let fields = upgrading().with("cookie", "a").with("cookie", "b");
    let limits = HandshakeLimits::default().with_max_headers(6);
    let more = Upgrade::from_fields(&HTTP_1_1, &fields, &limits).unwrap_err();
    assert_eq!(more.error, HeadError::TooManyHeaders { limit: 6 }.into(), "not in HTTP/1.1");
}

#[test]
fn h22_an_upgrade_tells_its_origin_and_no_other_field() {
    for (head, fields) in [(HTTP_1_1, upgrading()), (CONNECT, connecting())] {
        let from = |origins: &[&str]| {
            let fields = origins.iter().fold(fields.clone(), |fields, origin| fields.with("origin", origin));
            read(&head, &fields.with("cookie", "hunter2")).expect("the request is valid")
        };
        let upgrade = from(&["https://example.com"]);
        assert_eq!(upgrade.origin(), Some("https://example.com"));
        assert_eq!(upgrade.headers(), &Headers::from([("Origin", "https://example.com")]));
        assert_eq!(check_same_host(&upgrade), Ok(()));
        assert_eq!(check_origin(&upgrade, &["https://other.example"]), Err(OriginError::Foreign));
        let response = upgrade.reject(&OriginError::Foreign.rejection()).unwrap();
        assert_eq!((response.status, text(&response.headers)), (403, String::new()));
        assert_eq!(check_same_host(&from(&[])), Err(OriginError::Missing));
        assert_eq!(check_same_host(&from(&["https://example.com"; 2])), Err(OriginError::Repeated));
        assert!(!format!("{upgrade:?}").contains("room"), "no query in a log");
    }
    assert!(!format!("{HTTP_1_1:?}{CONNECT:?}").contains("room"), "no query in a log");
}

#[test]
fn h25_what_is_agreed_was_asked_for_over_every_http() {
    for (head, fields) in [(HTTP_1_1, upgrading()), (CONNECT, connecting())] {
        let fields = fields
            .with("sec-websocket-protocol", "chat.v1 , chat.v2")
            .with("sec-websocket-protocol", "chat.v3")
            .with("sec-websocket-extensions", "foo; a=\"1, 2\"")
            .with("sec-websocket-extensions", "bar");
        let upgrade = read(&head, &fields).expect("the request is valid");
        assert!(upgrade.subprotocols().eq(["chat.v1", "chat.v2", "chat.v3"]));
        assert!(upgrade.extensions().eq(["foo; a=\"1, 2\"", "bar"]));
        assert_eq!(upgrade.choose_subprotocol(&["chat.v4", "chat.v3", "chat.v1"]), Some("chat.v3"));
        #[rustfmt::skip]
        let wrong = [
            (AcceptConnection::new().with_subprotocol("CHAT.v1"),       LocalError::SubprotocolNotProposed("CHAT.v1".into())),
            (AcceptConnection::new().with_subprotocol("chat.v1, b"),    LocalError::Subprotocol),
            (AcceptConnection::new().with_extension("baz"),             LocalError::ExtensionNotOffered("baz".into())),
            (AcceptConnection::new().with_header("Connection", "close"), LocalError::HeaderReserved("Connection".into())),
            (AcceptConnection::new().with_header("X", "a\nb"),          LocalError::HeaderValue("X".into())),
        ];
        for (accept, expected) in wrong {
            assert_eq!(upgrade.accept(&accept), Err(expected));
        }
        let kept_alive = upgrade.accept(&AcceptConnection::new().with_header("Keep-Alive", "max=1"));
        let reserved = LocalError::HeaderReserved("Keep-Alive".into());
        assert_eq!(kept_alive.err(), (head == CONNECT).then_some(reserved), "only HTTP/1.1 has it");
        let accept = AcceptConnection::new()
            .with_subprotocol("chat.v2")
            .with_extension("bar; c")
            .with_header("Set-Cookie", "a");
        let response =
            upgrade.accept(&accept).expect("a request can still be accepted after the caller's mistakes");
        let agreed = "Sec-WebSocket-Protocol: chat.v2 / Sec-WebSocket-Extensions: bar; c / Set-Cookie: a";
        let expected = if head == CONNECT {
            (200, agreed.to_owned())
        } else {
            let proof = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
            (101, format!("Upgrade: websocket / Connection: Upgrade / {proof} / {agreed}"))
        };
        assert_eq!((response.status, text(&response.headers)), expected);
    }
}

//= rfc8441#5.1-1
#[test]
fn h23_h24_rejections_over_every_http() {
    let plain = |status| RejectConnection::new(status);
    let framed = || plain(400).with_text("no").with_header("Content-Length", "3");
    let type_of_text = "Content-Type: text/plain; charset=utf-8";
    let upgrade = "Upgrade: websocket / Connection: Upgrade";
    let reserved = |name: &str| Err(LocalError::HeaderReserved(name.into()));
    let good = |status, fields: &str| Ok((status, fields.to_owned()));
    let http_1_1_only = |fields: &str, name: &str| (good(400, fields), reserved(name));
    #[rustfmt::skip]
    let table = [
        // name                     rejection                                        over HTTP/1.1, over HTTP/2
        ("404",                     plain(404),                                      (good(404, ""), good(404, ""))),
        ("a redirect",              plain(307).with_header("Location", "/"),         (good(307, "Location: /"), good(307, "Location: /"))),
        ("426",                     plain(426),                                      (good(426, upgrade), good(400, ""))),
        ("200",                     plain(200),                                      (good(200, ""), Err(LocalError::Status))),
        ("299",                     plain(299),                                      (good(299, ""), Err(LocalError::Status))),
        ("300",                     plain(300),                                      (good(300, ""), good(300, ""))),
        ("101",                     plain(101),                                      (Err(LocalError::Status), Err(LocalError::Status))),
        ("599",                     plain(599),                                      (good(599, ""), good(599, ""))),
        ("600",                     plain(600),                                      (Err(LocalError::Status), Err(LocalError::Status))),
        ("a text",                  plain(400).with_text("no"),                      (good(400, type_of_text), good(400, type_of_text))),
        ("a body of the caller's",  plain(400).with_body(),                          (good(400, ""), good(400, ""))),
        ("another length",          framed(),                                        (Err(LocalError::BodyFraming), Err(LocalError::BodyFraming))),
        ("Connection",              plain(400).with_header("Connection", "close"),   http_1_1_only("Connection: close", "Connection")),
        ("Upgrade",                 plain(400).with_header("Upgrade", "h2c"),        http_1_1_only("Upgrade: h2c", "Upgrade")),
        ("Keep-Alive",              plain(400).with_header("Keep-Alive", "max=1"),   http_1_1_only("Keep-Alive: max=1", "Keep-Alive")),
        ("a field of ours",         plain(400).with_header("Sec-WebSocket-Accept", "a"), (reserved("Sec-WebSocket-Accept"), reserved("Sec-WebSocket-Accept"))),
        ("a line in a value",       plain(400).with_header("X", "a\r\nb"),           (Err(LocalError::HeaderValue("X".into())), Err(LocalError::HeaderValue("X".into())))),
    ];
    for (name, reject, (http_1_1, connect)) in table {
        for (head, fields, expected) in [(HTTP_1_1, upgrading(), http_1_1), (CONNECT, connecting(), connect)]
        {
            let outcome = read(&head, &fields).expect("the request is valid").reject(&reject);
            if let Ok(response) = &outcome {
                assert_eq!(response.content, reject.content, "{name}");
            }
            assert_eq!(
                outcome.map(|response| (response.status, text(&response.headers))),
                expected,
                "{name}"
            );
        }
    }
}

#[cfg(feature = "http")]
mod of_the_crate_http {
    use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Version};

    use super::*;

    fn request(head: &RequestHead<'_>, fields: &Headers) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = head.method.parse().unwrap();
        let uri = match (head.scheme, head.authority) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}{}", head.target),
            _ => head.target.into(),
        };
        *request.uri_mut() = uri.parse().unwrap();
        *request.version_mut() = match head.version {
            HttpVersion::Http11 => Version::HTTP_11,
            HttpVersion::Http2 => Version::HTTP_2,
            HttpVersion::Http3 => Version::HTTP_3,
            _ => Version::HTTP_10,
        };
        for (name, value) in fields {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        request
    }

    #[test]
    fn a_request_and_its_parts_are_read_alike() {
        let fields = |fields: Headers| {
            fields
                .with("origin", "https://example.com")
                .with("sec-websocket-protocol", "a, b")
                .with("sec-websocket-extensions", "foo; c")
        };
        for (head, fields) in [(HTTP_1_1, fields(upgrading())), (CONNECT, fields(connecting()))] {
            let request = request(&head, &fields);
            let whole = Upgrade::from_http(&request, head.protocol).expect("the request is valid");
            let parts =
                Upgrade::from_http(&request.into_parts().0, head.protocol).expect("the request is valid");
            let expected = read(&head, &fields).expect("the request is valid");
            assert_eq!((&*whole, &*parts), (&*expected, &*expected));
        }
    }

    #[test]
    fn h16_h17_versions_and_targets_of_other_forms_are_refused() {
        let with = |version, uri: &str| {
            let mut request = request(&HTTP_1_1, &upgrading());
            *request.version_mut() = version;
            *request.uri_mut() = uri.parse().unwrap();
            Upgrade::from_http(&request, None)
                .map(|upgrade| upgrade.target().to_owned())
                .map_err(|error| error.error)
        };
        assert_eq!(with(Version::HTTP_09, "/"), Err(HeadError::HttpVersion.into()));
        assert_eq!(with(Version::HTTP_10, "/"), Err(HeadError::HttpVersion.into()));
        assert_eq!(with(Version::HTTP_2, "/"), Err(RequestError::NotConnect));
        assert_eq!(with(Version::HTTP_11, "*"), Err(RequestError::TargetForm));
        assert_eq!(with(Version::HTTP_11, "example.com:80"), Err(RequestError::TargetForm));
        assert_eq!(with(Version::HTTP_11, "ftp://example.com/"), Err(RequestError::TargetForm));
        assert_eq!(with(Version::HTTP_11, "http://example.com"), Ok("/".into()));
    }

    #[test]
    fn h26_values_that_are_no_text_stay_with_the_caller_and_the_answer_is_whole() {
        let mut request = request(&HTTP_1_1, &upgrading().with("x", b"\xff").with("cookie", b"\xc3\xa9"));
        *request.method_mut() = Method::GET;
        let upgrade = Upgrade::from_http(&request, None).expect("the request is valid");
        let accept =
            AcceptConnection::new().with_header("Set-Cookie", "a=1").with_header("set-cookie", b"b=\xff");
        let response = upgrade.accept(&accept).unwrap().into_http();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let cookies: Vec<_> =
            response.headers().get_all("set-cookie").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(cookies, [&b"a=1"[..], b"b=\xff"]);
        assert_eq!(
            (response.headers().len(), response.headers()["upgrade"].as_bytes()),
            (5, &b"websocket"[..])
        );
        let response = upgrade.reject(&RejectConnection::new(404).with_text("no")).unwrap().into_http();
        assert_eq!((response.status(), response.body().as_slice()), (StatusCode::NOT_FOUND, &b"no"[..]));
    }
}
