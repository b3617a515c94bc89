//! Requests for something else than a WebSocket on the same port: the reported request, and its answer.

use wsproto::{
    Config, Connection, ConnectionState, DeflateConfig, Event, RejectConnection, RejectData,
    RemoteProtocolError, Transport,
};

/// Returns a server's connection that got these bytes in two reads, and its error.
fn refused(config: Config, request: &str, cut: usize) -> (Connection, RemoteProtocolError) {
    let mut ws = Connection::server(config);
    let mut bytes = request.as_bytes().to_vec();
    let (first, second) = bytes.split_at_mut(cut);
    for mut read in [first, second] {
        if let Err(error) = ws.receive(&mut read) {
            return (ws, error);
        }
    }
    panic!("{request:?} in two reads, the first of {cut}, is not refused");
}

#[test]
fn h16_what_a_refused_request_asked_for_is_told() {
    const UPGRADE: &str =
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = |more: &str| format!("GET /chat HTTP/1.1\r\nHost: a\r\n{UPGRADE}{more}\r\n");
    #[rustfmt::skip]
    let table = [
        // name             request                                                              what is told
        ("a health check",  "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),                Some(("GET", "/healthz", 1))),
        ("a page",          "GET /?a=b HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n".into(),  Some(("GET", "/", 2))),
        ("a HEAD",          "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n".into(),                          Some(("HEAD", "/", 1))),
        ("of HTTP/1.0",     "GET /healthz HTTP/1.0\r\n\r\n".into(),                               Some(("GET", "/healthz", 0))),
        ("of HTTP/2.0",     "GET /healthz HTTP/2.0\r\n\r\n".into(),                               Some(("GET", "/healthz", 0))),
        ("no Host",         "GET /a HTTP/1.1\r\n\r\n".into(),                                     Some(("GET", "/a", 0))),
        ("a POST",          "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".into(),  Some(("POST", "/a", 2))),
        ("a preflight",     "OPTIONS * HTTP/1.1\r\nHost: a\r\nOrigin: b\r\n\r\n".into(),          Some(("OPTIONS", "*", 2))),
        ("a proxy's",       "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".into(),                   Some(("CONNECT", "a:443", 1))),
        ("an absolute one", "GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n".into(),                Some(("GET", "/c", 1))),
        ("version 8",       upgrade("Sec-WebSocket-Version: 8\r\n"),                              Some(("GET", "/chat", 5))),
        ("no version",      upgrade(""),                                                          Some(("GET", "/chat", 4))),
        ("bad offers",      upgrade("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: a b\r\n"), Some(("GET", "/chat", 6))),
        ("bad subprotocol", upgrade("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a b\r\n"), Some(("GET", "/chat", 6))),
        ("no head",         "GET / HTTP/1.1\r\nHost : a\r\n\r\n".into(),                          None),
        ("TLS",             "\u{16}\u{3}\u{1}".into(),                                            None),
    ];
    for (name, request, expected) in table {
        for cut in 0..request.len() {
            let (ws, _) = refused(Config::default().with_extension(DeflateConfig::default()), &request, cut);
            let told = ws.refused_request();
            let told = told.map(|told| (told.method(), told.path(), told.headers().len()));
            assert_eq!(told, expected, "{name}, cut at {cut}");
        }
    }
    assert_eq!(Connection::server(Config::default()).refused_request(), None, "nothing came");
}

#[test]
fn a_refused_request_is_answered_as_the_program_likes() {
    const CHECK: &str = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut ws, _) = refused(Config::default(), CHECK, 5);
    assert_eq!(ws.refused_request().map(wsproto::HttpRequest::path), Some("/healthz"));
    let mut out = Vec::new();
    ws.send(RejectConnection::new(200).with_text("fine\n"), &mut out).expect("a 200");
    assert_eq!(
        String::from_utf8_lossy(&out),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\
         Content-Length: 5\r\n\r\nfine\n"
    );
    assert_eq!((ws.state(), ws.transport()), (ConnectionState::Closed, Transport::ShutdownWrite));
    // The answer goes in parts. The body of a POST is no second request.
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let (mut ws, _) = refused(Config::default(), post, post.len());
    let mut out = Vec::new();
    ws.send(RejectConnection::new(201).with_header("Content-Length", "4").with_body(), &mut out)
        .expect("a head");
    ws.send(RejectData::new("do").unfinished(), &mut out).expect("a part");
    ws.send(RejectData::new("ne"), &mut out).expect("the last part");
    assert!(out.starts_with(b"HTTP/1.1 201 Created\r\n") && out.ends_with(b"\r\n\r\ndone"));
    assert_eq!((ws.state(), ws.transport()), (ConnectionState::Closed, Transport::ShutdownWrite));
}

#[test]
fn a_rejection_says_which_rule_was_broken_where_it_is_asked_to() {
    #[rustfmt::skip]
    let table = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n",   426, "request without Connection: upgrade (RFC 6455 §4.2.1)\n"),
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n",  405, "request method is not GET (RFC 6455 §4.2.1)\n"),
        ("GET / HTTP/1.1\r\n\r\n",              400, "Host is missing (RFC 9112 §3.2)\n"),
        ("\u{16}\u{3}\u{1}",                    400, "malformed first line (RFC 9112 §3)\n"),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",  405, ""),
    ];
    for (request, status, text) in table {
        let (mut ws, error) = refused(Config::default().with_explained_rejections(), request, 1);
        let mut out = Vec::new();
        ws.reply_to_error(&error, &mut out).expect("a rejection");
        let answer = String::from_utf8(out).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {head}");
        assert!(head.contains("\r\nContent-Type: text/plain; charset=utf-8"), "{request:?}: {head}");
        assert!(head.contains("\r\nConnection: close"), "{request:?}: {head}");
        assert!(
            !text.is_empty() && head.contains(&format!("\r\nContent-Length: {}", text.len()))
                || body.is_empty()
        );
        assert_eq!(body, text, "{request:?}");

        let (mut ws, error) = refused(Config::default(), request, 1);
        let mut out = Vec::new();
        ws.reply_to_error(&error, &mut out).expect("a rejection");
        assert!(out.ends_with(b"\r\nContent-Length: 0\r\n\r\n"), "{request:?}: by default it says nothing");
        assert!(matches!(error.event_hint(), Some(Event::RejectConnection(_))), "{request:?}");
    }
    let bad_offer = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: a b\r\n\r\n";
    let (mut ws, error) = refused(Config::default().with_explained_rejections(), bad_offer, 1);
    let mut out = Vec::new();
    ws.reply_to_error(&error, &mut out).expect("a rejection");
    assert!(
        String::from_utf8_lossy(&out).ends_with(&format!("\r\n\r\n{error}\n")),
        "what the negotiation says"
    );
}
