//! The texts of errors, and the sections of their rules.

use std::{collections::BTreeSet, error::Error};

use wsproto_handshake::{HeadError, LocalError, RequestError, ResponseError, UrlError};

#[test]
fn errors_of_heads_say_what_and_where() {
    use HeadError::*;
    #[rustfmt::skip]
    let table = [
        (StartLineTooLong { limit: 7 },            "first line longer than 7 bytes", "RFC 9112 §3"),
        (TooLong { limit: 7 },                     "head longer than 7 bytes", "RFC 9110 §5.4"),
        (TooManyHeaders { limit: 7 },              "more than 7 header fields", "RFC 9110 §5.4"),
        (TooManyItems { limit: 7 },                "more than 7 subprotocols or extensions", "RFC 9110 §5.4"),
        (BareLineFeed,                             "line feed without carriage return", "RFC 9112 §2.2"),
        (BareCarriageReturn,                       "carriage return without line feed", "RFC 9112 §2.2"),
        (StartLine,                                "malformed first line", "RFC 9112 §3"),
        (HttpVersion,                              "unsupported HTTP version (HTTP/1.1 is needed)", "RFC 6455 §4.2.1"),
        (FoldedHeader,                             "header field folded over several lines", "RFC 9112 §5.2"),
        (SpaceBeforeColon,                         "white space before the colon of a header field", "RFC 9112 §5.1"),
        (HeaderName,                               "invalid header field name", "RFC 9110 §5.1"),
        (HeaderValue,                              "control character in a header field", "RFC 9110 §5.5"),
        (Ended,                                    "stream ended within the head", "RFC 9112 §8"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "all texts differ");
}

#[test]
fn errors_of_requests_say_what_and_where() {
    use RequestError::*;
    #[rustfmt::skip]
    let table = [
        (TargetTooLong { limit: 7 },               "request target longer than 7 bytes", "RFC 9110 §15.5.15"),
        (Method,                                   "request method is not GET", "RFC 6455 §4.2.1"),
        (NotConnect,                               "request method over HTTP/2 is not CONNECT", "RFC 8441 §5"),
        (ProtocolMissing,                          "CONNECT without :protocol", "RFC 8441 §4"),
        (ProtocolUnknown,                          ":protocol is not websocket", "RFC 9220 §3"),
        (ProtocolUnexpected,                       ":protocol without CONNECT over HTTP/2", "RFC 8441 §4"),
        (SchemeInvalid,                            "invalid :scheme (https or http is needed)", "RFC 8441 §5"),
        (HostMismatch,                             "Host differs from :authority", "RFC 9113 §8.3.1"),
        (ConnectionField,                          "connection-specific header field over HTTP/2", "RFC 9113 §8.2.2"),
        (TargetForm,                               "invalid request target (a path or an absolute URI is needed)", "RFC 6455 §4.2.1"),
        (TargetFragment,                           "request target has a fragment", "RFC 6455 §3"),
        (TargetCharacters,                         "request target with a character that must be percent-encoded", "RFC 3986 §2"),
        (HostMissing,                              "Host is missing", "RFC 9112 §3.2"),
        (HostRepeated,                             "Host is repeated", "RFC 9112 §3.2"),
        (HostInvalid,                              "invalid Host", "RFC 9112 §3.2"),
        (ContentLengthInvalid,                     "invalid Content-Length", "RFC 9112 §6.3"),
        (Body,                                     "opening handshake with a body", "RFC 9112 §11.2"),
        (TransferEncoding,                         "opening handshake with Transfer-Encoding", "RFC 9112 §11.2"),
        (ConnectionNotUpgrade,                     "request without Connection: upgrade", "RFC 6455 §4.2.1"),
        (UpgradeNotWebSocket,                      "request without Upgrade: websocket", "RFC 6455 §4.2.1"),
        (VersionMissing,                           "Sec-WebSocket-Version is missing", "RFC 6455 §4.2.1"),
        (VersionRepeated,                          "Sec-WebSocket-Version is repeated", "RFC 6455 §11.3.5"),
        (VersionUnsupported,                       "Sec-WebSocket-Version is not 13", "RFC 6455 §4.4"),
        (KeyMissing,                               "Sec-WebSocket-Key is missing", "RFC 6455 §4.2.1"),
        (KeyRepeated,                              "Sec-WebSocket-Key is repeated", "RFC 6455 §11.3.1"),
        (KeyInvalid,                               "invalid Sec-WebSocket-Key (16 bytes in base64 are needed)", "RFC 6455 §4.2.1"),
        (SubprotocolsEmpty,                        "empty Sec-WebSocket-Protocol", "RFC 6455 §4.3"),
        (ExtensionsEmpty,                          "empty Sec-WebSocket-Extensions", "RFC 6455 §9.1"),
        (SubprotocolInvalid,                       "invalid subprotocol (a token is needed)", "RFC 6455 §4.1"),
        (SubprotocolRepeated,                      "repeated subprotocol", "RFC 6455 §4.1"),
        (ExtensionsInvalid,                        "Sec-WebSocket-Extensions is not ASCII", "RFC 6455 §9.1"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "all texts differ");
}

#[test]
fn errors_of_responses_say_what_and_where() {
    use ResponseError::*;
    #[rustfmt::skip]
    let table = [
        (TooManyInterimResponses { limit: 7 },     "more than 7 interim responses", "RFC 9110 §15.2"),
        (TrailerTooLong { limit: 7 },              "trailer longer than 7 bytes", "RFC 9112 §7.1.2"),
        (BodyTooLong { limit: 7 },                 "rejection's body longer than 7 bytes", "RFC 9110 §15.5"),
        (Unrequested,                              "bytes from the server before the request", "RFC 6455 §4.1"),
        (Status,                                   "invalid status", "RFC 9110 §15"),
        (ConnectionNotUpgrade,                     "response without Connection: upgrade", "RFC 6455 §4.1"),
        (UpgradeNotWebSocket,                      "response without Upgrade: websocket alone", "RFC 6455 §4.1"),
        (ConnectionField,                          "connection-specific header field over HTTP/2", "RFC 9113 §8.2.2"),
        (AcceptMissing,                            "Sec-WebSocket-Accept is missing", "RFC 6455 §4.1"),
        (AcceptRepeated,                           "Sec-WebSocket-Accept is repeated", "RFC 6455 §11.3.3"),
        (AcceptMismatch,                           "Sec-WebSocket-Accept doesn't match the key", "RFC 6455 §4.1"),
        (SubprotocolRepeated,                      "more than one subprotocol chosen", "RFC 6455 §11.3.4"),
        (SubprotocolNotProposed("a\r\nb".into()),  r#"chosen subprotocol "a\r\nb" was not proposed"#, "RFC 6455 §4.1"),
        (SubprotocolMissing,                       "no subprotocol chosen", "RFC 6455 §4.1"),
        (ExtensionsRepeated,                       "Sec-WebSocket-Extensions is repeated", "RFC 6455 §11.3.2"),
        (ExtensionsInvalid,                        "Sec-WebSocket-Extensions is empty or not ASCII", "RFC 6455 §9.1"),
        (ExtensionNotOffered("foo".into()),        r#"agreed extension "foo" was not offered"#, "RFC 6455 §4.1"),
        (ContentLengthInvalid,                     "invalid Content-Length", "RFC 9112 §6.3"),
        (BodyAmbiguous,                            "both Content-Length and Transfer-Encoding", "RFC 9112 §6.3"),
        (TransferEncodingUnknown,                  "unsupported transfer coding (chunked alone is needed)", "RFC 9112 §6.1"),
        (Chunk,                                    "malformed chunk", "RFC 9112 §7.1"),
        (BodyEnded,                                "stream ended within the rejection's body", "RFC 9112 §8"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "all texts differ");
}

#[test]
fn errors_of_the_caller_say_what() {
    use LocalError::*;
    #[rustfmt::skip]
    let table = [
        (WrongState,               "this state of the handshake doesn't allow the call"),
        (Host,                     "invalid host (a name or address with an optional port is needed)"),
        (HostIsUrl,                "the host is a URL (WebSocketUrl reads a URL)"),
        (HostWithoutBrackets,      "IPv6 address without brackets as the host"),
        (HostNotAscii,             "host is not ASCII (the feature idna allows it)"),
        (Scheme,                                   "invalid scheme (https or http is needed)"),
        (Target,                   "target must begin with '/'"),
        (TargetFragment,           "target with a fragment (write a # of the path or query as %23)"),
        (TargetCharacter { at: 7 }, "character at byte 7 of the target must be percent-encoded"),
        (Subprotocol,              "invalid subprotocol (a token is needed)"),
        (SubprotocolRepeated,      "repeated subprotocol"),
        (SubprotocolNotProposed("chat".into()), r#"subprotocol "chat" was not proposed"#),
        (Extension("a b".into()),  r#"invalid extension "a b" (a token with parameters is needed)"#),
        (ExtensionNotOffered("foo".into()), r#"extension "foo" was not offered"#),
        (HeaderName("a\x1b".into()), r#"invalid header field name "a\u{1b}""#),
        (HeaderValue("X".into()),  r#"invalid value of header field "X" (control character, or white space at an end)"#),
        (HeaderReserved("Host".into()), r#"header field "Host" is reserved for the handshake"#),
        (Credentials,              "invalid user or password of Basic credentials (colon in the user, or a control character)"),
        (Status,                   "invalid status of a rejection (200 to 599 is needed)"),
        (StatusWithoutBody,        "body with a status that allows none"),
        (BodyFraming,              "contradictory length of the rejection's body"),
        (BodyTooLong,              "body longer than its Content-Length"),
        (BodyTooShort,             "body shorter than its Content-Length"),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text, "{error:?}");
    }
}

#[test]
fn errors_of_heads_are_told_as_they_are() {
    let error = HeadError::Ended;
    assert_eq!(RequestError::from(error).to_string(), error.to_string());
    assert_eq!(ResponseError::from(error).to_string(), error.to_string());
    assert_eq!(RequestError::from(error).section(), error.section());
    assert_eq!(ResponseError::from(error).section(), error.section());
    assert!(RequestError::from(error).source().is_none() && ResponseError::from(error).source().is_none());
}

#[test]
fn errors_of_urls_say_what_and_where() {
    use UrlError::*;
    #[rustfmt::skip]
    let table = [
        (Scheme,                     "invalid scheme of the URL (ws:// or wss:// is needed)", "RFC 6455 §3"),
        (Fragment,                   "URL with a fragment (write a # of the path or query as %23)", "RFC 6455 §3"),
        (HostMissing,                "URL without a host", "RFC 3986 §3.2.2"),
        (Host,                       "invalid host in the URL (an IPv6 address needs brackets)", "RFC 3986 §3.2.2"),
        (HostNotAscii,               "host in the URL is not ASCII (the feature idna allows it)", "RFC 6455 §11.1.1"),
        (Port,                       "invalid port in the URL", "RFC 3986 §3.2.3"),
        (Userinfo,                   "invalid user or password in the URL (colon in the user, or a control character)", "RFC 7617 §2"),
        (Character { at: 7 },        "character at byte 7 of the URL must be percent-encoded", "RFC 3986 §2"),
        (PercentEncoding { at: 7 },  "% at byte 7 of the URL without two hexadecimal digits (write a literal % as %25)", "RFC 3986 §2.1"),
        (InsecureRedirect,           "redirect from wss:// to ws://", "RFC 6455 §10.6"),
        (ProxyScheme,                "invalid scheme of the proxy's URL (http:// is needed)", "RFC 9110 §4.2.1"),
        (ProxyTarget,                "proxy's URL with a path or a query", "RFC 9110 §9.3.6"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
}
