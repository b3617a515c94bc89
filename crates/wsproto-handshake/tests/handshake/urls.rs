//! URLs of servers (RFC 6455 §3): their parts, and invalid ones.

use wsproto_handshake::{
    ClientHandshake, HandshakeLimits, LocalError, Request, UrlError, WebSocketUrl, basic_credentials,
};

/// The place that a URL leads to: host, port, whether TLS; and Host and target of the request.
type Place<'a> = (&'a str, u16, bool, &'a str, &'a str);

fn place<'a>(url: &'a WebSocketUrl, request: &'a Request) -> Place<'a> {
    assert_eq!(url.target(), request.target());
    (url.host(), url.port(), url.is_secure(), request.host(), request.target())
}

//= rfc6455#3-3, rfc6455#3-4, rfc6455#4.1-2, rfc6455#4.1-22
#[test]
fn parts_of_good_urls() {
    #[rustfmt::skip]
    let table: [(&str, Place<'_>); 26] = [
        // URL                                     host                port   TLS    Host                 target
        ("ws://example.com/chat?room=1",           ("example.com",     80,    false, "example.com",       "/chat?room=1")),
        ("wss://example.com/chat",                 ("example.com",     443,   true,  "example.com",       "/chat")),
        ("WSS://example.com/",                     ("example.com",     443,   true,  "example.com",       "/")),
        ("Ws://EXAMPLE.com/A",                     ("EXAMPLE.com",     80,    false, "EXAMPLE.com",       "/A")),
        ("ws://example.com",                       ("example.com",     80,    false, "example.com",       "/")),
        ("ws://example.com?x=1",                   ("example.com",     80,    false, "example.com",       "/?x=1")),
        ("ws://example.com/?",                     ("example.com",     80,    false, "example.com",       "/")),
        ("ws://example.com?",                      ("example.com",     80,    false, "example.com",       "/")),
        ("ws://example.com/a??b/c",                ("example.com",     80,    false, "example.com",       "/a??b/c")),
        ("ws://example.com//a/../b/",              ("example.com",     80,    false, "example.com",       "//a/../b/")),
        ("ws://example.com/%C3%a9%20!$&'()*+,;=:@-._~", ("example.com", 80,   false, "example.com",       "/%C3%a9%20!$&'()*+,;=:@-._~")),
        ("ws://example.com/a:b?c@d://e",           ("example.com",     80,    false, "example.com",       "/a:b?c@d://e")),
        ("ws://example.com:8080/",                 ("example.com",     8080,  false, "example.com:8080",  "/")),
        ("ws://example.com:80/",                   ("example.com",     80,    false, "example.com",       "/")),
        ("ws://example.com:443/",                  ("example.com",     443,   false, "example.com:443",   "/")),
        ("wss://example.com:443/",                 ("example.com",     443,   true,  "example.com",       "/")),
        ("wss://example.com:80/",                  ("example.com",     80,    true,  "example.com:80",    "/")),
        ("wss://example.com:00443/",               ("example.com",     443,   true,  "example.com",       "/")),
        ("ws://example.com:/",                     ("example.com",     80,    false, "example.com",       "/")),
        ("ws://example.com:65535",                 ("example.com",     65535, false, "example.com:65535", "/")),
        ("ws://127.0.0.1:9001?a",                  ("127.0.0.1",       9001,  false, "127.0.0.1:9001",    "/?a")),
        ("ws://[::1]/",                            ("::1",             80,    false, "[::1]",             "/")),
        ("wss://[2001:db8::7]:8443/a",             ("2001:db8::7",     8443,  true,  "[2001:db8::7]:8443", "/a")),
        ("ws://[fe80::1%25eth0]:8080/",            ("fe80::1%eth0",    8080,  false, "[fe80::1]:8080",    "/")),
        ("ws://[fe80::1%3]",                       ("fe80::1%3",       80,    false, "[fe80::1]",         "/")),
        ("ws://a_b.example./",                     ("a_b.example.",    80,    false, "a_b.example.",      "/")),
    ];
    for (text, expected) in table {
        let url: WebSocketUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(WebSocketUrl::try_from(text).as_ref(), Ok(&url), "{text}");
        let request = url.request();
        assert_eq!(place(&url, &request), expected, "{text}");
        assert!(request.headers().is_empty(), "{text}");
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        client.send_request(&request, [7; 16], &mut Vec::new()).expect(text);
        let shown = url.to_string();
        assert_eq!(shown.parse().as_ref(), Ok(&url), "{text} is shown as {shown}");
    }
}

//= rfc6455#3-1, rfc6455#3-2, rfc6455#4.1-2, rfc6455#4.1-3, rfc6455#11.1.1-2, rfc6455#11.1.2-2
#[test]
fn k15_urls_that_are_none() {
    use UrlError::*;
    #[rustfmt::skip]
    let table = [
        ("",                             Scheme),
        ("example.com/chat",             Scheme),
        ("/chat",                        Scheme),
        ("//example.com/chat",           Scheme),
        ("http://example.com/",          Scheme),
        ("https://example.com/",         Scheme),
        ("wsss://example.com/",          Scheme),
        ("ws:example.com",               Scheme),
        ("ws:/example.com",              Scheme),
        (" ws://example.com",            Scheme),
        ("ws ://example.com",            Scheme),
        ("://example.com",               Scheme),
        ("ws://example.com/#",           Fragment),
        ("ws://example.com#a",           Fragment),
        ("ws://example.com/a?b#c",       Fragment),
        ("ws://",                        HostMissing),
        ("ws:///chat",                   HostMissing),
        ("ws://?a",                      HostMissing),
        ("ws://:80/",                    HostMissing),
        ("ws://user@/",                  HostMissing),
        ("ws://user:password@:80/",      HostMissing),
        ("ws://[::1/",                   Host),
        ("ws://[::x]/",                  Host),
        ("ws://[]/",                     Host),
        ("ws://[1.2.3.4]/",              Host),
        ("ws://[v1.a]/",                 Host),
        ("ws://[fe80::1%25]/",           Host),
        ("ws://[fe80::1%a/b]/",          Character { at: 17 }),
        ("ws://[fe80::1%a:b]/",          Host),
        ("ws://::1/",                    Host),
        ("ws://[2001:db8/",              Host),
        ("ws://a:b:80/",                 Host),
        ("ws://[::1]x/",                 Host),
        ("ws://a]b/",                    Host),
        ("ws://a%20b/",                  Host),
        ("ws://%65xample.com/",          Host),
        ("ws://xn--/",                   Host),
        ("ws://example.com:http/",       Port),
        ("ws://example.com:65536/",      Port),
        ("ws://example.com:+80/",        Port),
        ("ws://example.com:-1/",         Port),
        ("ws://example.com:8o/",         Port),
        ("ws://example.com: 80/",        Port),
        ("ws://example.com:80 /",        Port),
        ("ws://[::1]:99999/",            Port),
        ("ws://example.com/ ",           Character { at: 17 }),
        ("ws://example.com ",            Character { at: 16 }),
        ("ws:// example.com",            Character { at: 5 }),
        ("ws://exam\tple.com",           Character { at: 9 }),
        ("ws://example.com/\r\nX: y",    Character { at: 17 }),
        ("ws://example.com\n",           Character { at: 16 }),
        ("ws://example.com\0/",          Character { at: 16 }),
        ("ws://example.com/a b",         Character { at: 18 }),
        ("ws://example.com/\u{e9}",      Character { at: 17 }),
        ("ws://example.com/?\u{e9}",     Character { at: 18 }),
        ("ws://example.com/\u{7f}",      Character { at: 17 }),
        ("ws://example.com/\\",          Character { at: 17 }),
        ("ws://example.com\\@a/",        Character { at: 16 }),
        ("ws://a<b/",                    Character { at: 6 }),
        ("ws://u\u{e9}:p@example.com/",  Character { at: 6 }),
        ("ws://a@b@example.com/",        Character { at: 6 }),
        ("ws://a b@example.com/",        Character { at: 6 }),
        ("ws://a[b@example.com/",        Character { at: 6 }),
        ("ws://example.com/%",           PercentEncoding { at: 17 }),
        ("ws://example.com/%4",          PercentEncoding { at: 17 }),
        ("ws://example.com/a?%4g",       PercentEncoding { at: 19 }),
        ("ws://%zz@example.com/",        PercentEncoding { at: 5 }),
        ("ws://a%3Ab:c@example.com/",    Userinfo),
        ("ws://a%0D%0A:c@example.com/",  Userinfo),
        ("ws://a:%00@example.com/",      Userinfo),
    ];
    for (text, expected) in table {
        assert_eq!(text.parse::<WebSocketUrl>(), Err(expected), "{text:?}");
        assert_eq!(WebSocketUrl::try_from(text), Err(expected), "{text:?}");
    }
}

/// Each byte in the path, the query and the user: RFC 3986 allows some, and no other is accepted.
#[test]
fn every_character_in_every_part() {
    let unreserved = b"-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for byte in 0..=0x7f_u8 {
        let character = char::from(byte);
        let in_names = unreserved.contains(&byte) || b"!$&'()*+,;=".contains(&byte);
        let parses = |url: String| url.parse::<WebSocketUrl>().is_ok();
        let in_target = in_names || b":@/?".contains(&byte);
        assert_eq!(parses(format!("ws://a/x{character}x")), in_target, "{byte:#04x} in a path");
        assert_eq!(parses(format!("ws://a/?x{character}x")), in_target, "{byte:#04x} in a query");
        // A slash or a question mark ends the host, and the bytes after it aren't a user.
        let in_userinfo = in_names || b":/?".contains(&byte);
        assert_eq!(parses(format!("ws://x{character}x:p@a/")), in_userinfo, "{byte:#04x} in a user");
    }
}

#[test]
fn user_and_password_are_basic_credentials() {
    #[rustfmt::skip]
    let table = [
        // URL                                          Authorization
        ("ws://Aladdin:open%20sesame@example.com/",     Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("ws://user:a:b@example.com/",                  Some("Basic dXNlcjphOmI=")),
        ("ws://user:@example.com/",                     Some("Basic dXNlcjo=")),
        ("ws://user@example.com/",                      Some("Basic dXNlcjo=")),
        ("ws://:password@example.com/",                 Some("Basic OnBhc3N3b3Jk")),
        ("ws://%c3%a9:%40%3a@[::1]:8080/",              Some("Basic w6k6QDo=")),
        ("ws://%ff:x@example.com/",                     Some("Basic /zp4")),
        ("ws://@example.com/",                          None),
        ("ws://example.com/a@b",                        None),
    ];
    for (text, expected) in table {
        let url: WebSocketUrl = text.parse().expect(text);
        assert_eq!(url.request().headers().get_str("authorization"), expected, "{text}");
        assert_eq!(url.request().headers().len(), usize::from(expected.is_some()), "{text}");
    }
    #[rustfmt::skip]
    let table = [
        ("Aladdin", "open sesame", Ok("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("test",    "123£",        Ok("Basic dGVzdDoxMjPCow==")),
        ("",        "",            Ok("Basic Og==")),
        ("a:b",     "c",           Err(LocalError::Credentials)),
        ("a\n",     "c",           Err(LocalError::Credentials)),
        ("a",       "\u{7f}",      Err(LocalError::Credentials)),
    ];
    for (user, password, expected) in table {
        assert_eq!(
            basic_credentials(user, password).as_deref(),
            expected.as_ref().copied(),
            "{user}:{password}"
        );
    }
}

#[test]
fn k15_a_url_is_shown_without_its_secrets() {
    let url: WebSocketUrl = "wss://user:hunter2@[fe80::1%25eth0]:8443/chat?token=hunter2".parse().unwrap();
    assert_eq!(url.to_string(), "wss://[fe80::1%25eth0]:8443/chat?token=hunter2");
    assert_eq!(
        format!("{url:?}"),
        "WebSocketUrl(wss://[fe80::1%25eth0]:8443/chat and a query, with credentials)"
    );
    let url: WebSocketUrl = "ws://example.com:80/chat".parse().unwrap();
    assert_eq!(url.to_string(), "ws://example.com/chat");
    assert_eq!(format!("{url:?}"), "WebSocketUrl(ws://example.com/chat)");
    assert!(
        !format!("{:?}", "ws://u:hunter2@a/".parse::<WebSocketUrl>().unwrap().request())
            .contains("aHVudGVyMg")
    );
}

#[test]
fn k15_redirects_lead_where_rfc_3986_says() {
    #[rustfmt::skip]
    let table = [
        // base                          Location                         the URL that follows
        ("ws://a/b/c?d",                 "",                              "ws://a/b/c?d"),
        ("ws://a/b/c?d",                 "#e",                            "ws://a/b/c?d"),
        ("ws://a/b/c?d",                 "e",                             "ws://a/b/e"),
        ("ws://a/b/c?d",                 "e/f?g#h",                       "ws://a/b/e/f?g"),
        ("ws://a/b/c?d",                 "?e",                            "ws://a/b/c?e"),
        ("ws://a/b/c?d",                 "/e",                            "ws://a/e"),
        ("ws://a/b/c?d",                 "/e:f",                          "ws://a/e:f"),
        ("ws://a/b/c?d",                 "./e",                           "ws://a/b/e"),
        ("ws://a/b/c?d",                 ".",                             "ws://a/b/"),
        ("ws://a/b/c?d",                 "..",                            "ws://a/"),
        ("ws://a/b/c?d",                 "../e",                          "ws://a/e"),
        ("ws://a/b/c?d",                 "../../../e",                    "ws://a/e"),
        ("ws://a/b/c?d",                 "e/../f/./g/..?../h",            "ws://a/b/f/?../h"),
        ("ws://a/b/c?d",                 "/../e//f/...",                  "ws://a/e//f/..."),
        ("ws://a",                       "e",                             "ws://a/e"),
        ("ws://a?d",                     "e",                             "ws://a/e"),
        ("ws://a/b?c/d",                 "e",                             "ws://a/e"),
        ("ws://a:8080/b",                "/e",                            "ws://a:8080/e"),
        ("ws://[fe80::1%25x]/b",         "e",                             "ws://[fe80::1%25x]/e"),
        ("wss://a/b",                    "//e:8443/f",                    "wss://e:8443/f"),
        ("ws://a/b",                     "//e/f",                         "ws://e/f"),
        ("ws://a/b",                     "http://e/f",                    "ws://e/f"),
        ("ws://a/b",                     "HTTPS://e/f?g",                 "wss://e/f?g"),
        ("ws://a/b",                     "wss://e/f/../g#h",              "wss://e/g"),
        ("wss://a/b",                    "https://e",                     "wss://e/"),
    ];
    for (base, location, expected) in table {
        let base: WebSocketUrl = base.parse().expect(base);
        let url = base.redirect(location).unwrap_or_else(|error| panic!("{base:?} {location}: {error}"));
        assert_eq!(url.to_string(), expected, "{base:?} {location}");
    }
    #[rustfmt::skip]
    let table = [
        ("wss://a/b",  "http://a/b",          UrlError::InsecureRedirect),
        ("wss://a/b",  "ws://a/b",            UrlError::InsecureRedirect),
        ("ws://a/b",   "ftp://a/b",           UrlError::Scheme),
        ("ws://a/b",   "javascript:alert(1)", UrlError::Scheme),
        ("ws://a/b",   "http:/c",             UrlError::Scheme),
        ("ws://a/b",   "http://",             UrlError::HostMissing),
        ("ws://a/b",   "//",                  UrlError::HostMissing),
    ];
    for (base, location, expected) in table {
        let base: WebSocketUrl = base.parse().expect(base);
        assert_eq!(base.redirect(location), Err(expected), "{base:?} {location}");
    }
    let base: WebSocketUrl = "ws://a/b".parse().unwrap();
    for location in ["c d", "/\r\nX: y", "é", "http://e/ f", "\t/c"] {
        assert!(matches!(base.redirect(location), Err(UrlError::Character { .. })), "{location:?}");
    }
}

#[test]
fn k15_credentials_follow_a_redirect_to_the_same_server_alone() {
    let base: WebSocketUrl = "wss://user:password@example.com/a".parse().unwrap();
    #[rustfmt::skip]
    let table = [
        // Location                              credentials
        ("/b",                                   Some("Basic dXNlcjpwYXNzd29yZA==")),
        ("https://EXAMPLE.com:443/b",            Some("Basic dXNlcjpwYXNzd29yZA==")),
        ("https://example.com:8443/b",           None),
        ("https://example.org/b",                None),
        ("https://example.com.example.org/b",    None),
        ("https://other:secret@example.com/b",   Some("Basic b3RoZXI6c2VjcmV0")),
    ];
    for (location, expected) in table {
        let request = base.redirect(location).expect(location).request();
        assert_eq!(request.headers().get_str("Authorization"), expected, "{location}");
    }
    let plain: WebSocketUrl = "ws://user:password@example.com/a".parse().unwrap();
    assert!(
        plain.redirect("wss://example.com:80/").unwrap().request().headers().is_empty(),
        "another scheme"
    );
}

//= rfc6455#11.1.1-1, rfc6455#11.1.2-1
#[cfg(feature = "idna")]
#[test]
fn international_names_are_encoded() {
    let url: WebSocketUrl = "wss://bücher.example:8443/".parse().unwrap();
    assert_eq!((url.host(), url.request().host()), ("xn--bcher-kva.example", "xn--bcher-kva.example:8443"));
    assert_eq!(url.to_string(), "wss://xn--bcher-kva.example:8443/");
    for text in ["ws://é é/", "ws://é%20/", "ws://é/é", "ws://[é]/"] {
        assert!(text.parse::<WebSocketUrl>().is_err(), "{text}");
    }
}

//= rfc6455#11.1.1-1, rfc6455#11.1.2-1
#[cfg(not(feature = "idna"))]
#[test]
fn international_names_are_refused_without_idna() {
    assert_eq!("wss://bücher.example/".parse::<WebSocketUrl>(), Err(UrlError::HostNotAscii));
}
