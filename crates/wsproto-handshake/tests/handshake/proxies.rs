//! Proxies: their URLs, the requests to them, and their answers, in every split.

use wsproto_handshake::{
    HandshakeLimits, HeadError, Headers, LocalError, Proxy, ProxyError, ProxyHandshake, RejectConnection,
    ResponseError, UrlError, WebSocketUrl,
};

use crate::feed::chunkings;

fn proxy(url: &str) -> Proxy {
    url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// The request to the proxy for this URL.
fn asked(proxy: &Proxy, url: &str) -> String {
    let url: WebSocketUrl = url.parse().expect("a good URL");
    let mut out = Vec::new();
    proxy.ask(&url, HandshakeLimits::default(), &mut out).expect("the fields are valid");
    String::from_utf8(out).expect("ASCII")
}

#[test]
fn parts_of_urls_of_proxies() {
    #[rustfmt::skip]
    let table: [(&str, &str, u16, Option<&str>); 8] = [
        // URL                          host             port  credentials
        ("http://proxy.example:3128",   "proxy.example", 3128, None),
        ("http://proxy.example",        "proxy.example", 80,   None),
        ("HTTP://proxy.example:/",      "proxy.example", 80,   None),
        ("http://127.0.0.1:443/?",      "127.0.0.1",     443,  None),
        ("http://[::1]:8080/",          "::1",           8080, None),
        ("http://[fe80::1%25eth0]",     "fe80::1%eth0",  80,   None),
        ("http://Aladdin:open%20sesame@a:1", "a",        1,    Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("http://user@a",               "a",             80,   Some("Basic dXNlcjo=")),
    ];
    for (url, host, port, credentials) in table {
        let proxy = proxy(url);
        assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
        let request = asked(&proxy, "ws://x");
        let line = request.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
        assert_eq!(line, credentials, "{url}");
    }
}

#[test]
fn k16_urls_that_are_none_of_proxies() {
    use UrlError::*;
    #[rustfmt::skip]
    let table = [
        ("proxy.example:3128",      ProxyScheme),
        ("https://proxy.example",   ProxyScheme),
        ("socks5://proxy.example",  ProxyScheme),
        ("ws://proxy.example",      ProxyScheme),
        ("http:/proxy.example",     ProxyScheme),
        ("http://",                 HostMissing),
        ("http:///a",               HostMissing),
        ("http://a/b",              ProxyTarget),
        ("http://a?b",              ProxyTarget),
        ("http://a/#b",             Fragment),
        ("http://a:65536",          Port),
        ("http://[::1",             Host),
        ("http://a%3Ab:c@d",        Userinfo),
        ("http://a b",              Character { at: 8 }),
        ("http://a\r\nB: c",        Character { at: 8 }),
        ("http://a%2@b",            PercentEncoding { at: 8 }),
    ];
    for (url, error) in table {
        assert_eq!(url.parse::<Proxy>(), Err(error), "{url:?}");
    }
}

//= rfc6455#4.1-9
#[test]
fn a_proxy_is_asked_for_host_and_port() {
    #[rustfmt::skip]
    let table = [
        ("ws://example.com/chat?room=1",     "example.com:80"),
        ("wss://example.com/",               "example.com:443"),
        ("ws://example.com:8080/",           "example.com:8080"),
        ("ws://user:secret@example.com/",    "example.com:80"),
        ("ws://127.0.0.1:9001/",             "127.0.0.1:9001"),
        ("wss://[2001:db8::7]/",             "[2001:db8::7]:443"),
        ("ws://[fe80::1%25eth0]:8080/",      "[fe80::1]:8080"),
    ];
    for (url, to) in table {
        let request = asked(&proxy("http://proxy.example"), url);
        assert_eq!(request, format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"), "{url}");
    }
}

#[test]
fn fields_and_credentials_for_the_proxy_stand_in_its_request_once() {
    let proxy = proxy("http://user:secret@proxy.example");
    let other =
        proxy.clone().with_header("proxy-authorization", "Bearer 7").with_header("User-Agent", "me/1");
    assert_eq!(
        asked(&other, "ws://a"),
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nproxy-authorization: Bearer 7\r\nUser-Agent: me/1\r\n\r\n"
    );
    let other = proxy.clone().with_credentials("Aladdin", "open sesame").expect("the credentials are valid");
    assert_eq!(
        asked(&other, "ws://a"),
        "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
    );
    assert_eq!(proxy.clone().with_credentials("a:b", "c"), Err(LocalError::Credentials));

    let url: WebSocketUrl = "ws://a".parse().expect("a good URL");
    #[rustfmt::skip]
    let table = [
        ("Host",   "b",            LocalError::HeaderReserved("Host".into())),
        ("A b",    "c",            LocalError::HeaderName("A b".into())),
        ("A",      "b\r\nC: d",    LocalError::HeaderValue("A".into())),
    ];
    for (name, value, error) in table {
        let mut out = Vec::new();
        let asked = proxy.clone().with_header(name, value).ask(&url, HandshakeLimits::default(), &mut out);
        assert_eq!((asked.map(drop), out), (Err(error), Vec::new()), "{name}: {value:?}");
    }
}

#[test]
fn k16_a_proxy_is_shown_without_its_secrets() {
    let shown = format!("{:?}", proxy("http://user:secret@a:1").with_header("X-Token", "secret"));
    assert_eq!(shown, r#"Proxy { host: "a", port: 1, headers: ["Proxy-Authorization", "X-Token"] }"#);
}

fn ask(limits: HandshakeLimits) -> ProxyHandshake {
    let url = "ws://a".parse().expect("a good URL");
    proxy("http://b").ask(&url, limits, &mut Vec::new()).expect("there are no fields to refuse")
}

/// Gives an answer in every split; returns the outcome, the same for all, and the bytes that were not taken.
fn answer(name: &str, bytes: &[u8], limits: HandshakeLimits) -> (Result<bool, ProxyError>, Vec<u8>) {
    let mut outcomes = chunkings(bytes).map(|chunks| {
        let (mut handshake, mut outcome, mut rest) = (ask(limits), Ok(false), Vec::new());
        for chunk in chunks {
            let mut input = chunk;
            if let Ok(false) = outcome {
                outcome = handshake.receive(&mut input);
                assert!(
                    outcome != Ok(false) || input.is_empty(),
                    "{name}: all bytes of the answer are taken"
                );
            }
            rest.extend_from_slice(input);
        }
        match &outcome {
            Ok(false) => {}
            Ok(true) => {
                assert_eq!(
                    (handshake.receive(&mut &b"more"[..]), handshake.receive_eof()),
                    (Ok(true), Ok(true))
                );
            }
            Err(_) => {
                assert_eq!(handshake.receive(&mut &b"more"[..]), outcome, "{name}: an error is final");
                assert_eq!(handshake.receive_eof(), outcome, "{name}: an error is final");
                rest.clear();
            }
        }
        (outcome, rest)
    });
    let first = outcomes.next().expect("the undivided input");
    assert!(outcomes.all(|other| other == first), "{name}: the outcome depends on the split");
    first
}

#[test]
fn a_tunnel_is_open_after_the_head_of_a_success_and_takes_nothing_after_it() {
    #[rustfmt::skip]
    let table = [
        // name                     answer
        ("as most say it",          "HTTP/1.1 200 Connection established\r\n\r\n"),
        ("without a reason",        "HTTP/1.1 200 \r\n\r\n"),
        ("as old proxies say it",   "HTTP/1.0 200 OK\r\nProxy-Agent: old/1\r\n\r\n"),
        ("another success",         "HTTP/1.1 299 Sure\r\n\r\n"),
        ("a length without body",   "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("after interim responses", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    ];
    for (name, head) in table {
        for after in ["", "tunnel", "HTTP/1.1 403 Forbidden\r\n\r\n"] {
            let outcome = answer(name, format!("{head}{after}").as_bytes(), HandshakeLimits::default());
            assert_eq!(outcome, (Ok(true), after.into()), "{name}, then {after:?}");
        }
    }
}

#[test]
fn another_status_is_the_proxys_refusal() {
    let wants = Headers::from([("Proxy-Authenticate", "Basic realm=\"a\"")]);
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\nbody", 407, wants),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n",       502, Headers::new()),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", 302, Headers::from([("Location", "/")])),
        ("HTTP/1.1 101 Switching\r\n\r\n",         101, Headers::new()),
        ("HTTP/1.1 199 Interim\r\n\r\nHTTP/1.0 300 \r\n\r\n", 300, Headers::new()),
    ];
    for (bytes, status, headers) in table {
        let (outcome, _) = answer(bytes, bytes.as_bytes(), HandshakeLimits::default());
        let mut refusal = RejectConnection::new(status);
        refusal.headers = headers;
        assert_eq!(outcome, Err(ProxyError::Refused(Box::new(refusal))), "{bytes:?}");
    }
    let error = ProxyError::Refused(Box::new(RejectConnection::new(407)));
    assert_eq!(error.to_string(), "the proxy refused with status 407");
}

#[test]
fn k16_answers_that_break_rules() {
    let limits =
        HandshakeLimits::default().with_max_head_len(64).with_max_headers(2).with_max_interim_responses(1);
    let interim = "HTTP/1.1 100 \r\n\r\n";
    let longest = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "a".repeat(64 - 17 - 3 - 4));
    assert_eq!((longest.len(), answer("longest", longest.as_bytes(), limits).0), (64, Ok(true)));
    let head = |error: HeadError| ResponseError::from(error);
    #[rustfmt::skip]
    let table = [
        // name             answer                                            error
        ("another protocol", "SSH-2.0-OpenSSH_9\r\n".to_owned(),               head(HeadError::StartLine)),
        ("TLS",              "\x15\x03\x01\x00\x02".to_owned(),                head(HeadError::StartLine)),
        ("HTTP/2",           "HTTP/2 200\r\n\r\n".to_owned(),                  head(HeadError::HttpVersion)),
        ("bare line feeds",  "HTTP/1.1 200 OK\n\n".to_owned(),                 head(HeadError::BareLineFeed)),
        ("status",           "HTTP/1.1 099 \r\n\r\n".to_owned(),               ResponseError::Status),
        ("no status",        "HTTP/1.1 2x0 OK\r\n\r\n".to_owned(),             head(HeadError::StartLine)),
        ("a byte too long",  longest.replace("\r\n\r\n", "a\r\n\r\n"),         head(HeadError::TooLong { limit: 64 })),
        ("a field too many", "HTTP/1.1 200 \r\na:1\r\nb:2\r\nc:3\r\n\r\n".to_owned(), head(HeadError::TooManyHeaders { limit: 2 })),
        ("interim for ever", interim.repeat(2),                                ResponseError::TooManyInterimResponses { limit: 1 }),
    ];
    for (name, bytes, error) in table {
        let (outcome, _) = answer(name, bytes.as_bytes(), limits);
        assert_eq!(outcome, Err(ProxyError::Answer(error)), "{name}");
    }
    let once = format!("{interim}HTTP/1.1 200 \r\n\r\n");
    assert_eq!(answer("interim once", once.as_bytes(), limits).0, Ok(true));
}

#[test]
fn k16_an_answer_that_ends_too_early_is_none() {
    let bytes = b"HTTP/1.1 200 OK\r\n\r\n";
    for len in 0..bytes.len() {
        let mut handshake = ask(HandshakeLimits::default());
        assert_eq!(handshake.receive(&mut &bytes[..len]), Ok(false), "{len} bytes");
        let ended = ProxyError::Answer(HeadError::Ended.into());
        assert_eq!(handshake.receive_eof(), Err(ended.clone()), "{len} bytes");
        assert_eq!(handshake.receive(&mut &bytes[len..]), Err(ended), "{len} bytes");
    }
    let error = ProxyError::Answer(HeadError::Ended.into());
    assert_eq!(error.to_string(), format!("invalid answer of the proxy: {}", HeadError::Ended));
}
