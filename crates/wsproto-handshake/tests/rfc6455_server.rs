//! RFC 6455 §4.2, requirement by requirement: the requests that a server accepts or refuses, and its answers.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, LocalError, RejectConnection, Request, RequestError, ServerHandshake,
    ServerState, accept_token, check_origin,
};

const LINE: &str = "GET /chat HTTP/1.1";
const HOST: &str = "Host: server.example.com";
const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION: &str = "Sec-WebSocket-Version: 13";

/// Gives a request to a server, whole and byte by byte; in Miri in longer pieces, since each piece takes a thousand
/// times as long there.
fn received(lines: &[&str]) -> (ServerHandshake, Result<Request, RequestError>) {
    let head = format!("{}\r\n\r\n", lines.join("\r\n"));
    let mut found = [head.len(), if cfg!(miri) { 50 } else { 1 }].map(|piece| {
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let mut verdict = None;
        for mut bytes in head.as_bytes().chunks(piece) {
            match server.receive(&mut bytes) {
                Ok(None) => assert_eq!(bytes, b"", "an incomplete head is taken"),
                Ok(Some(request)) => {
                    assert_eq!((bytes, server.state()), (&b""[..], ServerState::AwaitingAnswer));
                    verdict = Some(Ok(request));
                }
                Err(error) => {
                    assert_eq!(server.receive(&mut &b"GET"[..]), Err(error), "an error is final");
                    verdict = Some(Err(error));
                    break;
                }
            }
        }
        (server, verdict.expect("the head is whole"))
    });
    assert_eq!(found[0].1, found[1].1, "the verdict doesn't depend on the split");
    let [whole, _] = &mut found;
    (std::mem::replace(&mut whole.0, ServerHandshake::new(HandshakeLimits::default())), whole.1.clone())
}

fn accepted(lines: &[&str], accept: &AcceptConnection) -> Result<String, LocalError> {
    let (mut server, request) = received(lines);
    request.expect("the request is sound");
    let mut out = Vec::new();
    let result = server.accept(accept, &mut out);
    let text = String::from_utf8(out).expect("a head is ASCII");
    match result {
        Ok(()) => Ok(text),
        Err(error) => {
            assert_eq!(
                (text.as_str(), server.state()),
                ("", ServerState::AwaitingAnswer),
                "the handshake is unchanged"
            );
            Err(error)
        }
    }
}

//= rfc6455#4.2.1-1, rfc6455#10.7-1, rfc6455#10.7-3
#[test]
fn a_request_is_checked_and_answered_with_a_fitting_status() {
    #[rustfmt::skip]
    let table: [(&str, &[&str], u16); 46] = [
        // name                       request                                                                           status, 101 for none
        ("as it must be",             &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION],                                 101),
        ("any order",                 &[LINE, VERSION, KEY, CONNECTION, UPGRADE, HOST],                                 101),
        ("any case of names",         &[LINE, "hOST: a", "UPGRADE: websocket", "connection: Upgrade", &KEY.to_lowercase().replace("dghlihnhbxbszsbub25jzq==", "dGhlIHNhbXBsZSBub25jZQ=="), VERSION], 101), //= rfc6455#4.1-44
        ("unknown fields",            &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Cookie: a=b", "X-Y: z"],        101),  //= rfc6455#4.2.1-9
        ("POST",                      &["POST /chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],                405),  //= rfc6455#4.2.1-3
        ("get",                       &["get /chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],                 405),  //= rfc6455#4.2.1-3
        ("HTTP/1.0",                  &["GET /chat HTTP/1.0", HOST, UPGRADE, CONNECTION, KEY, VERSION],                 505),  //= rfc6455#4.2.1-3
        ("no HTTP",                   &["hello", HOST, UPGRADE, CONNECTION, KEY, VERSION],                              400),
        ("an absolute target",        &["GET http://server.example.com/chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION], 101), //= rfc6455#4.2.1-3
        ("of another host",           &["GET ws://other/chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],       101),  //= rfc6455#4.2.1-3
        ("HTTP/1.2",                  &["GET /chat HTTP/1.2", HOST, UPGRADE, CONNECTION, KEY, VERSION],                 101),  //= rfc6455#4.2.1-3
        ("HTTP/2.0",                  &["GET /chat HTTP/2.0", HOST, UPGRADE, CONNECTION, KEY, VERSION],                 505),  //= rfc6455#4.2.1-3
        ("an empty list",             &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Protocol: ,"],    400),  //= rfc6455#4.2.1-1
        ("a fragment",                &["GET /chat#a HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],               400),  //= rfc6455#3-1
        ("an escaped #",              &["GET /chat%23a HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],             101),  //= rfc6455#3-2
        ("no path",                   &["GET chat HTTP/1.1", HOST, UPGRADE, CONNECTION, KEY, VERSION],                  400),  //= rfc6455#4.2.1-3
        ("no Host",                   &[LINE, UPGRADE, CONNECTION, KEY, VERSION],                                       400),  //= rfc6455#4.2.1-4
        ("two",                       &[LINE, HOST, HOST, UPGRADE, CONNECTION, KEY, VERSION],                           400),  //= rfc6455#4.2.1-4
        ("an empty one",              &[LINE, "Host:", UPGRADE, CONNECTION, KEY, VERSION],                              400),  //= rfc6455#4.2.1-4
        ("no Upgrade",                &[LINE, HOST, CONNECTION, KEY, VERSION],                                          400),  //= rfc6455#4.2.1-5
        ("another",                   &[LINE, HOST, "Upgrade: h2c", CONNECTION, KEY, VERSION],                          400),  //= rfc6455#4.2.1-5
        ("in another case",           &[LINE, HOST, "Upgrade: WEBSOCKET", CONNECTION, KEY, VERSION],                    101),  //= rfc6455#4.2.1-5
        ("in a list",                 &[LINE, HOST, "Upgrade: h2c, websocket", CONNECTION, KEY, VERSION],               101),  //= rfc6455#4.2.1-5
        ("no Connection",             &[LINE, HOST, UPGRADE, KEY, VERSION],                                             426),  //= rfc6455#4.2.1-6
        ("Connection: close",         &[LINE, HOST, UPGRADE, "Connection: close", KEY, VERSION],                        426),  //= rfc6455#4.2.1-6
        ("Connection in a list",      &[LINE, HOST, UPGRADE, "Connection: keep-alive, UPGRADE", KEY, VERSION],          101),  //= rfc6455#4.2.1-6
        ("in two fields",             &[LINE, HOST, UPGRADE, "Connection: upgrade", "Connection: x", KEY, VERSION],     101),  //= rfc6455#4.2.1-6
        ("no key",                    &[LINE, HOST, UPGRADE, CONNECTION, VERSION],                                      400),  //= rfc6455#4.2.1-7
        ("two keys",                  &[LINE, HOST, UPGRADE, CONNECTION, KEY, KEY, VERSION],                            400),  //= rfc6455#11.3.1-1
        ("a key of 15 bytes",         &[LINE, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j", VERSION], 400), //= rfc6455#4.2.1-7
        ("a key of 17 bytes",         &[LINE, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=", VERSION], 400), //= rfc6455#4.2.1-7
        ("no base64",                 &[LINE, HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==", VERSION], 400), //= rfc6455#4.2.1-7
        ("no version",                &[LINE, HOST, UPGRADE, CONNECTION, KEY],                                          400),  //= rfc6455#4.2.1-8
        ("two versions",              &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, VERSION],                        400),  //= rfc6455#11.3.5-1
        ("version 8",                 &[LINE, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 8"],              426),  //= rfc6455#4.2.1-8, rfc6455#4.2.2-4
        ("version 013",               &[LINE, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 013"],            426),  //= rfc6455#4.3-2
        ("version 13, 8",             &[LINE, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 13, 8"],          426),  //= rfc6455#4.3-2
        ("version 256",               &[LINE, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 256"],            426),  //= rfc6455#4.3-2
        ("subprotocols",              &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Protocol: a, b"], 101),
        ("no token among them",       &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Protocol: a b"],  400),  //= rfc6455#4.2.1-1
        ("one twice",                 &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Protocol: a, a"], 400),  //= rfc6455#4.1-34
        ("Host not UTF-8",            &[LINE, "Host: \u{e9}", UPGRADE, CONNECTION, KEY, VERSION],                       400),  //= rfc6455#8.1-2
        ("subprotocol not ASCII",     &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Protocol: \u{e9}"], 400), //= rfc6455#8.1-2
        ("extension not ASCII",       &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Sec-WebSocket-Extensions: \u{e9}"], 400), //= rfc6455#8.1-2
        ("a body",                    &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Content-Length: 1"],            400),
        ("a space before the colon",  &[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "X : y"],                        400),
    ];
    for (name, lines, status) in table {
        let (_, verdict) = received(lines);
        let found = verdict.as_ref().map_or_else(|error| error.rejection().status, |_| 101);
        assert_eq!(found, status, "{name}: {verdict:?}");
    }
}

//= rfc6455#8.1-2
#[test]
fn bytes_that_are_not_utf_8_in_other_fields_stay_bytes() {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    let head = [LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION].join("\r\n");
    let head = [head.as_bytes(), b"\r\nX-Name: \xff\xfe\r\n\r\n"].concat();
    let request =
        server.receive(&mut &head[..]).expect("the request is sound").expect("the head is complete");
    assert_eq!(request.headers().get("x-name"), Some(&b"\xff\xfe"[..]));
}

//= rfc6455#4.4-1, rfc6455#4.2.2-4
#[test]
fn another_version_is_told_which_one_there_is() {
    let (mut server, verdict) =
        received(&[LINE, HOST, UPGRADE, CONNECTION, KEY, "Sec-WebSocket-Version: 25"]);
    let rejection = verdict.expect_err("25 is not 13").rejection();
    assert_eq!(rejection.headers.get("Sec-WebSocket-Version"), Some(&b"13"[..]));
    let mut out = Vec::new();
    server.reject(&rejection, &mut out).expect("a rejection can be sent");
    let head = String::from_utf8(out).expect("a head is ASCII");
    assert!(
        head.starts_with("HTTP/1.1 426 ") && head.contains("\r\nSec-WebSocket-Version: 13\r\n"),
        "{head}"
    );
}

//= rfc6455#4.2.2-1, rfc6455#4.2.2-10
#[test]
fn an_acceptance_has_all_its_parts() {
    let accept = AcceptConnection::new().with_header("Set-Cookie", "a=b");
    let head = accepted(&[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION], &accept).expect("sound");
    #[rustfmt::skip]
    let lines = [
        "HTTP/1.1 101 Switching Protocols",                     //= rfc6455#4.2.2-11
        "Upgrade: websocket",                                   //= rfc6455#4.2.2-12
        "Connection: Upgrade",                                  //= rfc6455#4.2.2-13
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",   //= rfc6455#4.2.2-14
        "Set-Cookie: a=b",
        "",
        "",
    ];
    assert_eq!(head.split("\r\n").collect::<Vec<_>>(), lines);
    //= rfc6455#4.2.2-14
    assert_eq!(accept_token("dGhlIHNhbXBsZSBub25jZQ==").to_string(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_subprotocol_is_one_that_was_proposed() {
    const PROPOSED: &str = "Sec-WebSocket-Protocol: chat, superchat";
    #[rustfmt::skip]
    let table: [(&str, &[&str], Option<&str>, Result<Option<&str>, LocalError>); 7] = [
        // name            proposed      chosen              expectation
        ("the first",      &[PROPOSED],  Some("chat"),       Ok(Some("chat"))),                             //= rfc6455#4.2.2-6
        ("the second",     &[PROPOSED],  Some("superchat"),  Ok(Some("superchat"))),                        //= rfc6455#4.2.2-6
        ("another",        &[PROPOSED],  Some("other"),      Err(LocalError::SubprotocolNotProposed("other".into()))),      //= rfc6455#4.2.2-6
        ("none of two",    &[PROPOSED],  None,               Ok(None)),                                     //= rfc6455#4.2.2-7
        ("none of none",   &[],          None,               Ok(None)),                                     //= rfc6455#4.2.2-7
        ("one of none",    &[],          Some("chat"),       Err(LocalError::SubprotocolNotProposed("chat".into()))),      //= rfc6455#4.2.2-6
        ("the empty one",  &[PROPOSED],  Some(""),           Err(LocalError::Subprotocol)),                 //= rfc6455#4.2.2-15
    ];
    for (name, proposed, chosen, expected) in table {
        let lines = [&[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION], proposed].concat();
        let accept = chosen.into_iter().fold(AcceptConnection::new(), AcceptConnection::with_subprotocol);
        let found = accepted(&lines, &accept).map(|head| {
            let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
            line.map(str::to_owned)
        });
        assert_eq!(found, expected.map(|line| line.map(str::to_owned)), "{name}");
    }
}

#[test]
fn extensions_are_one_list_however_they_come() {
    //= rfc6455#9.1-6
    let split = ["Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: bar; baz=2"];
    let joined = ["Sec-WebSocket-Extensions: foo, bar; baz=2"];
    let offers = |fields: &[&str]| {
        let lines = [&[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION], fields].concat();
        let request = received(&lines).1.expect("the request is sound");
        request.extensions().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(offers(&split), ["foo", "bar; baz=2"]);
    assert_eq!(offers(&split), offers(&joined));
}

#[test]
fn a_rejection_ends_the_handshake() {
    //= rfc6455#7.2.2-1
    for status in [401, 403, 404, 301] {
        let (mut server, request) = received(&[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION]);
        request.expect("the request is sound");
        let mut out = Vec::new();
        server.reject(&RejectConnection::new(status), &mut out).expect("a rejection can be sent");
        assert!(out.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{status}");
        assert_eq!(
            server.accept(&AcceptConnection::new(), &mut out),
            Err(LocalError::WrongState),
            "{status}"
        );
    }
}

#[test]
fn h22_the_origin_is_shown_and_compared() {
    let (_, request) =
        received(&[LINE, HOST, UPGRADE, CONNECTION, KEY, VERSION, "Origin: https://example.com"]);
    let request = request.expect("the request is sound");
    assert_eq!(request.origin(), Some("https://example.com"));
    assert!(check_origin(&request, &["https://example.com"]).is_ok());
    assert!(check_origin(&request, &["https://example.org"]).is_err());
}
