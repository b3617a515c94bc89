//! RFC 6455 §4.1, requirement by requirement: the requests of a client, and the answers that it refuses.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

use wsproto_handshake::{
    Answer, ClientHandshake, ClientState, HandshakeLimits, LocalError, Request, ResponseError,
};

const NONCE: [u8; 16] = *b"the sample nonce";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Returns the bytes of a request, or the caller's mistake; then nothing may be written.
fn sent(request: &Request) -> Result<String, LocalError> {
    let mut out = Vec::new();
    let result = ClientHandshake::new(HandshakeLimits::default()).send_request(request, NONCE, &mut out);
    let text = String::from_utf8(out).expect("a head is ASCII");
    match result {
        Ok(()) => Ok(text),
        Err(error) => {
            assert_eq!(text, "", "a refused request writes nothing");
            Err(error)
        }
    }
}

/// Returns the value of the only field of this name.
fn field<'t>(head: &'t str, name: &str) -> &'t str {
    let mut values = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(found, _)| *found == name)
        .map(|(_, v)| v);
    let value = values.next().unwrap_or_else(|| panic!("{name} is missing in {head}"));
    assert_eq!(values.next(), None, "{name} is there once");
    value
}

/// Gives an answer to a client that proposed `chat` and `superchat` and offered `foo`, whole and byte by byte.
fn answered(lines: &[&str]) -> Result<(), ResponseError> {
    let head = format!("{}\r\n\r\n", lines.join("\r\n"));
    let verdicts = [head.len(), 1].map(|piece| {
        let request = Request::new("example.com", "/")
            .with_subprotocol("chat")
            .with_subprotocol("superchat")
            .with_extension("foo; x=1");
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        client.send_request(&request, NONCE, &mut Vec::new()).expect("the request is sound");
        for mut bytes in head.as_bytes().chunks(piece) {
            match client.receive(&mut bytes) {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    assert!(matches!(answer, Answer::Accept(_)), "{answer:?}");
                    assert_eq!(client.state(), ClientState::Accepted);
                }
                Err(error) => {
                    assert_eq!(client.receive(&mut &b""[..]), Err(error.clone()), "an error is final");
                    return Err(error);
                }
            }
        }
        assert_eq!(client.state(), ClientState::Accepted);
        Ok(())
    });
    assert_eq!(verdicts[0], verdicts[1], "the verdict doesn't depend on the split");
    verdicts[0].clone()
}

//= rfc6455#4.1-1, rfc6455#4.1-17, rfc6455#4.1-18, rfc6455#4.1-23, rfc6455#4.1-25, rfc6455#4.1-27, rfc6455#4.1-31
#[test]
fn a_request_has_all_its_parts() {
    let request =
        Request::new("example.com:8080", "/chat?room=1").with_header("Origin", "http://example.com");
    let head = sent(&request).expect("the request is sound");
    let line = head.lines().next();
    //= rfc6455#4.1-19, rfc6455#4.1-20, rfc6455#4.1-21, rfc6455#3-4
    assert_eq!(line, Some("GET /chat?room=1 HTTP/1.1"));
    assert!(head.ends_with("\r\n\r\n") && !head.replace("\r\n", "").contains(['\r', '\n']));
    #[rustfmt::skip]
    let table = [
        // name                     value
        ("Host",                    "example.com:8080"),            //= rfc6455#4.1-22
        ("Upgrade",                 "websocket"),                   //= rfc6455#4.1-24
        ("Connection",              "Upgrade"),                     //= rfc6455#4.1-26
        ("Sec-WebSocket-Key",       "dGhlIHNhbXBsZSBub25jZQ=="),    //= rfc6455#4.1-28
        ("Sec-WebSocket-Version",   "13"),                          //= rfc6455#4.1-32
        ("Origin",                  "http://example.com"),
    ];
    for (name, value) in table {
        assert_eq!(field(&head, name), value, "{name}");
    }
    assert!(!head.contains("Sec-WebSocket-Protocol") && !head.contains("Sec-WebSocket-Extensions"));
}

#[test]
fn what_is_not_valid_is_not_sent() {
    let plain = || Request::new("example.com", "/");
    #[rustfmt::skip]
    let table = [
        // name                     request                                                         expectation
        ("host with a slash",       Request::new("example.com/", "/"),                              Err(LocalError::HostIsUrl)),                  //= rfc6455#4.1-2, rfc6455#4.1-3
        ("no host",                 Request::new("", "/"),                                          Err(LocalError::Host)),                  //= rfc6455#4.1-2, rfc6455#4.1-3
        ("host with a line break",  Request::new("a\r\nb: c", "/"),                                 Err(LocalError::Host)),                  //= rfc6455#4.1-18
        ("host with port",          Request::new("[::1]:80", "/"),                                  Ok(())),
        ("target without slash",    Request::new("example.com", "chat"),                            Err(LocalError::Target)),                //= rfc6455#4.1-2, rfc6455#4.1-3, rfc6455#3-4
        ("empty target",            Request::new("example.com", ""),                                Err(LocalError::Target)),                //= rfc6455#3-4
        ("a fragment",              Request::new("example.com", "/a#b"),                            Err(LocalError::TargetFragment)),                //= rfc6455#3-1, rfc6455#3-2
        ("an escaped #",            Request::new("example.com", "/a%23b"),                          Ok(())),                                 //= rfc6455#3-2
        ("target not ASCII",        Request::new("example.com", "/é"),                              Err(LocalError::TargetCharacter { at: 1 })),                //= rfc6455#11.1.1-2, rfc6455#11.1.2-2
        ("target encoded",          Request::new("example.com", "/%c3%a9"),                         Ok(())),                                 //= rfc6455#11.1.1-2, rfc6455#11.1.2-2
        ("space in the target",     Request::new("example.com", "/a b"),                            Err(LocalError::TargetCharacter { at: 2 })),                //= rfc6455#4.1-18
        ("empty subprotocol",       plain().with_subprotocol(""),                                   Err(LocalError::Subprotocol)),           //= rfc6455#4.1-33
        ("subprotocol with comma",  plain().with_subprotocol("a,b"),                                Err(LocalError::Subprotocol)),           //= rfc6455#4.1-33
        ("subprotocol with space",  plain().with_subprotocol("a b"),                                Err(LocalError::Subprotocol)),           //= rfc6455#4.1-33
        ("subprotocol not ASCII",   plain().with_subprotocol("é"),                                  Err(LocalError::Subprotocol)),           //= rfc6455#4.1-33
        ("subprotocol a token",     plain().with_subprotocol("v2.chat!"),                           Ok(())),
        ("subprotocol twice",       plain().with_subprotocol("a").with_subprotocol("a"),            Err(LocalError::SubprotocolRepeated)),   //= rfc6455#4.1-34
        ("two subprotocols",        plain().with_subprotocol("a").with_subprotocol("A"),            Ok(())),
        ("line break in a value",   plain().with_header("X", "a\r\nY: b"),                          Err(LocalError::HeaderValue("X".into()))),           //= rfc6455#4.1-18
        ("colon in a name",         plain().with_header("X:", "a"),                                 Err(LocalError::HeaderName("X:".into()))),            //= rfc6455#4.1-18
        ("another key",             plain().with_header("sec-websocket-key", "a"),                  Err(LocalError::HeaderReserved("sec-websocket-key".into()))),        //= rfc6455#4.1-18, rfc6455#11.3.1-1
        ("another version",         plain().with_header("Sec-WebSocket-Version", "8"),              Err(LocalError::HeaderReserved("Sec-WebSocket-Version".into()))),        //= rfc6455#11.3.5-1
    ];
    for (name, request, expected) in table {
        assert_eq!(sent(&request).map(drop), expected, "{name}");
    }
}

#[test]
fn a_host_that_is_not_ascii_becomes_an_internationalised_name() {
    let head = sent(&Request::new("芝士汉堡:8080", "/"));
    if cfg!(feature = "idna") {
        //= rfc6455#11.1.1-1, rfc6455#11.1.2-1
        assert_eq!(field(&head.expect("the host is a name"), "Host"), "xn--7ks3rz39bh7u:8080");
    } else {
        //= rfc6455#11.1.1-1, rfc6455#11.1.2-1
        assert_eq!(head, Err(LocalError::HostNotAscii));
    }
}

//= rfc6455#4.1-35
#[test]
fn there_is_one_request() {
    let mut client = ClientHandshake::new(HandshakeLimits::default());
    let request = Request::new("example.com", "/");
    assert_eq!(client.receive(&mut &b""[..]), Ok(None), "without a request there is no answer");
    let mut out = Vec::new();
    client.send_request(&request, NONCE, &mut out).expect("the request is sound");
    let len = out.len();
    assert_eq!(client.send_request(&request, NONCE, &mut out), Err(LocalError::WrongState));
    assert_eq!(out.len(), len);

    let mut client = ClientHandshake::new(HandshakeLimits::default());
    let answer = &mut &b"HTTP/1.1 101 \r\n\r\n"[..];
    assert_eq!(
        client.receive(answer),
        Err(ResponseError::Unrequested),
        "without a request, bytes are a fault"
    );
    assert_eq!(client.send_request(&request, NONCE, &mut out), Err(LocalError::WrongState));
}

//= rfc6455#4.1-36, rfc6455#7.2.1-1
#[test]
fn an_answer_is_checked() {
    const FIRST: &str = "HTTP/1.1 101 Switching Protocols";
    const UPGRADE: &str = "Upgrade: websocket";
    const CONNECTION: &str = "Connection: Upgrade";
    #[rustfmt::skip]
    let table: [(&str, &[&str], Result<(), ResponseError>); 27] = [
        // name                       answer                                                                                    expectation
        ("as it must be",             &[FIRST, UPGRADE, CONNECTION, ACCEPT],                                                    Ok(())),
        ("any case of names",         &[FIRST, "UPGRADE: websocket", "connection: Upgrade", &ACCEPT.replace("Sec", "sEC")],     Ok(())),                                        //= rfc6455#4.1-44
        ("any case of values",        &[FIRST, "Upgrade: WebSocket", "Connection: upgrade", ACCEPT],                            Ok(())),                                        //= rfc6455#4.1-37, rfc6455#4.1-38
        ("any order",                 &[FIRST, ACCEPT, CONNECTION, UPGRADE],                                                    Ok(())),
        ("no Upgrade",                &[FIRST, CONNECTION, ACCEPT],                                                             Err(ResponseError::UpgradeNotWebSocket)),       //= rfc6455#4.1-37
        ("Upgrade to another",        &[FIRST, "Upgrade: h2c", CONNECTION, ACCEPT],                                             Err(ResponseError::UpgradeNotWebSocket)),       //= rfc6455#4.1-37
        ("Upgrade to two",            &[FIRST, "Upgrade: foo, websocket", CONNECTION, ACCEPT],                                  Err(ResponseError::UpgradeNotWebSocket)),       //= rfc6455#4.1-37
        ("Upgrade twice",             &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Upgrade: h2c"],                                    Err(ResponseError::UpgradeNotWebSocket)),       //= rfc6455#4.1-37
        ("no Connection",             &[FIRST, UPGRADE, ACCEPT],                                                                Err(ResponseError::ConnectionNotUpgrade)),      //= rfc6455#4.1-38
        ("Connection: close",         &[FIRST, UPGRADE, "Connection: close", ACCEPT],                                           Err(ResponseError::ConnectionNotUpgrade)),      //= rfc6455#4.1-38
        ("Connection in a list",      &[FIRST, UPGRADE, "Connection: keep-alive, upgrade", ACCEPT],                             Ok(())),                                        //= rfc6455#4.1-38
        ("no accept token",           &[FIRST, UPGRADE, CONNECTION],                                                            Err(ResponseError::AcceptMissing)),             //= rfc6455#4.1-39
        ("a wrong one",               &[FIRST, UPGRADE, CONNECTION, &ACCEPT.replace("s3p", "S3P")],                             Err(ResponseError::AcceptMismatch)),               //= rfc6455#4.1-39
        ("an empty one",              &[FIRST, UPGRADE, CONNECTION, "Sec-WebSocket-Accept:"],                                   Err(ResponseError::AcceptMismatch)),               //= rfc6455#4.1-39
        ("white space around it",     &[FIRST, UPGRADE, CONNECTION, &format!("{} \t", ACCEPT.replace(": ", ": \t "))],          Ok(())),                                        //= rfc6455#4.1-39
        ("twice",                     &[FIRST, UPGRADE, CONNECTION, ACCEPT, ACCEPT],                                            Err(ResponseError::AcceptRepeated)),            //= rfc6455#11.3.3-1
        ("a subprotocol asked for",   &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: superchat"],               Ok(())),
        ("one not asked for",         &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: other"],                   Err(ResponseError::SubprotocolNotProposed("other".into()))),    //= rfc6455#4.1-41
        ("in another case",           &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: Chat"],                    Err(ResponseError::SubprotocolNotProposed("Chat".into()))),    //= rfc6455#4.1-41
        ("two of them",               &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: chat, superchat"],         Err(ResponseError::SubprotocolRepeated)),       //= rfc6455#4.1-42
        ("the field twice",           &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"], Err(ResponseError::SubprotocolRepeated)), //= rfc6455#11.3.4-1
        ("empty",                     &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Protocol:"],                         Err(ResponseError::SubprotocolNotProposed("".into()))),    //= rfc6455#4.1-42, rfc6455#4.2.2-15
        ("extensions",                &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: foo"],                   Ok(())),
        ("extensions twice",          &[FIRST, UPGRADE, CONNECTION, ACCEPT, "Sec-WebSocket-Extensions: foo", "Sec-WebSocket-Extensions: bar"], Err(ResponseError::ExtensionsRepeated)), //= rfc6455#11.3.2-1
        ("HTTP/1.0",                  &["HTTP/1.0 101 Switching Protocols", UPGRADE, CONNECTION, ACCEPT],                       Err(wsproto_handshake::HeadError::HttpVersion.into())), //= rfc6455#4.1-42
        ("no HTTP",                   &["SSH-2.0-OpenSSH_9.9"],                                                                 Err(wsproto_handshake::HeadError::StartLine.into())),   //= rfc6455#4.1-42, rfc6455#10.7-1
        ("a folded field",            &[FIRST, UPGRADE, CONNECTION, "Sec-WebSocket-Accept:", " s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], Err(wsproto_handshake::HeadError::FoldedHeader.into())), //= rfc6455#4.1-42
    ];
    for (name, lines, expected) in table {
        assert_eq!(answered(lines), expected, "{name}");
    }
}

#[test]
fn another_status_is_an_ordinary_response() {
    //= rfc6455#4.1-43
    for status in [200, 204, 301, 401, 403, 404, 426, 503] {
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        client
            .send_request(&Request::new("example.com", "/"), NONCE, &mut Vec::new())
            .expect("the request is sound");
        let head = format!("HTTP/1.1 {status} Words\r\nContent-Length: 0\r\nLocation: /b\r\n\r\n");
        let answer = client.receive(&mut head.as_bytes()).expect("a response").expect("the head is whole");
        let Answer::Reject(reject) = answer else { panic!("{status}: {answer:?}") };
        assert_eq!((reject.status, reject.headers.get("location")), (status, Some(&b"/b"[..])));
    }
}
