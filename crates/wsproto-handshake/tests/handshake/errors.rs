//! What errors say, and where their rules stand.

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
        (HttpVersion,                              "HTTP version is not 1.1", "RFC 6455 §4.2.1"),
        (FoldedHeader,                             "header field folded over lines", "RFC 9112 §5.2"),
        (SpaceBeforeColon,                         "white space before the colon of a header field", "RFC 9112 §5.1"),
        (HeaderName,                               "invalid name of a header field", "RFC 9110 §5.1"),
        (HeaderValue,                              "control character in a header field", "RFC 9110 §5.5"),
        (Ended,                                    "stream ended within the head", "RFC 9112 §8"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "no two say the same");
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
        (ProtocolUnexpected,                       ":protocol in a request that is no CONNECT over HTTP/2", "RFC 8441 §4"),
        (SchemeInvalid,                            ":scheme is neither https nor http", "RFC 8441 §5"),
        (HostMismatch,                             "Host differs from :authority", "RFC 9113 §8.3.1"),
        (ConnectionField,                          "header field of HTTP/1.1 connections over HTTP/2", "RFC 9113 §8.2.2"),
        (TargetForm,                               "request target is neither a path nor an absolute URI", "RFC 6455 §4.2.1"),
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
        (KeyInvalid,                               "Sec-WebSocket-Key is not 16 bytes in base64", "RFC 6455 §4.2.1"),
        (SubprotocolsEmpty,                        "empty Sec-WebSocket-Protocol", "RFC 6455 §4.3"),
        (ExtensionsEmpty,                          "empty Sec-WebSocket-Extensions", "RFC 6455 §9.1"),
        (SubprotocolInvalid,                       "proposed subprotocol is not a token", "RFC 6455 §4.1"),
        (SubprotocolRepeated,                      "subprotocol is proposed twice", "RFC 6455 §4.1"),
        (ExtensionsInvalid,                        "Sec-WebSocket-Extensions is not ASCII", "RFC 6455 §9.1"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "no two say the same");
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
        (UpgradeNotWebSocket,                      "Upgrade is not websocket alone", "RFC 6455 §4.1"),
        (ConnectionField,                          "header field of HTTP/1.1 connections over HTTP/2", "RFC 9113 §8.2.2"),
        (AcceptMissing,                            "Sec-WebSocket-Accept is missing", "RFC 6455 §4.1"),
        (AcceptRepeated,                           "Sec-WebSocket-Accept is repeated", "RFC 6455 §11.3.3"),
        (AcceptMismatch,                           "Sec-WebSocket-Accept does not follow from the key", "RFC 6455 §4.1"),
        (SubprotocolRepeated,                      "more than one subprotocol chosen", "RFC 6455 §11.3.4"),
        (SubprotocolNotProposed("a\r\nb".into()),  r#"chosen subprotocol "a\r\nb" was not proposed"#, "RFC 6455 §4.1"),
        (SubprotocolMissing,                       "no subprotocol chosen", "RFC 6455 §4.1"),
        (ExtensionsRepeated,                       "Sec-WebSocket-Extensions is repeated", "RFC 6455 §11.3.2"),
        (ExtensionsInvalid,                        "Sec-WebSocket-Extensions is empty or not ASCII", "RFC 6455 §9.1"),
        (ExtensionNotOffered("foo".into()),        r#"agreed extension "foo" was not offered"#, "RFC 6455 §4.1"),
        (ContentLengthInvalid,                     "invalid Content-Length", "RFC 9112 §6.3"),
        (BodyAmbiguous,                            "Content-Length beside Transfer-Encoding", "RFC 9112 §6.3"),
        (TransferEncodingUnknown,                  "transfer coding is not chunked alone", "RFC 9112 §6.1"),
        (Chunk,                                    "malformed chunk", "RFC 9112 §7.1"),
        (BodyEnded,                                "stream ended within the rejection's body", "RFC 9112 §8"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
    let texts: BTreeSet<_> = table.iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts.len(), table.len(), "no two say the same");
}

#[test]
fn errors_of_the_caller_say_what() {
    use LocalError::*;
    #[rustfmt::skip]
    let table = [
        (WrongState,               "not possible in this state of the handshake"),
        (Host,                     "host is not a name or address with an optional port"),
        (HostIsUrl,                "host must be a host, not a URL"),
        (HostWithoutBrackets,      "an IPv6 address as a host must stand in brackets"),
        (HostNotAscii,             "host is not ASCII, and the feature idna is off"),
        (Scheme,                                   "scheme is neither https nor http"),
        (Target,                   "target must begin with '/'"),
        (TargetFragment,           "target with a fragment (a # of path or query is written as %23)"),
        (TargetCharacter { at: 7 }, "character at byte 7 of the target must be percent-encoded"),
        (Subprotocol,              "subprotocol is not a token"),
        (SubprotocolRepeated,      "subprotocol is proposed twice"),
        (SubprotocolNotProposed("chat".into()), r#"subprotocol "chat" was not proposed"#),
        (Extension("a b".into()),  r#"extension "a b" is not a token with parameters"#),
        (ExtensionNotOffered("foo".into()), r#"extension "foo" was not offered"#),
        (HeaderName("a\x1b".into()), r#""a\u{1b}" is not the name of a header field"#),
        (HeaderValue("X".into()),  r#"value of header field "X" has a control character or white space at an end"#),
        (HeaderReserved("Host".into()), r#"header field "Host" belongs to the handshake"#),
        (Credentials,              "colon in the user of Basic credentials, or a control character"),
        (Status,                   "status of a rejection is not from 200 to 599"),
        (StatusWithoutBody,        "body with a status that has none"),
        (BodyFraming,              "contradictory length of the body"),
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
        (Scheme,                     "URL begins with neither ws:// nor wss://", "RFC 6455 §3"),
        (Fragment,                   "URL with a fragment (a # of path or query is written as %23)", "RFC 6455 §3"),
        (HostMissing,                "URL without a host", "RFC 3986 §3.2.2"),
        (Host,                       "invalid host in the URL (an IPv6 address stands in brackets)", "RFC 3986 §3.2.2"),
        (HostNotAscii,               "host in the URL is not ASCII, and the feature idna is off", "RFC 6455 §11.1.1"),
        (Port,                       "invalid port in the URL", "RFC 3986 §3.2.3"),
        (Userinfo,                   "colon in the user of the URL, or a control character in user or password", "RFC 7617 §2"),
        (Character { at: 7 },        "character at byte 7 of the URL must be percent-encoded", "RFC 3986 §2"),
        (PercentEncoding { at: 7 },  "% at byte 7 of the URL without two hexadecimal digits after it", "RFC 3986 §2.1"),
        (InsecureRedirect,           "redirect from wss:// to ws://", "RFC 6455 §10.6"),
        (ProxyScheme,                "URL of a proxy does not begin with http://", "RFC 9110 §4.2.1"),
        (ProxyTarget,                "URL of a proxy with a path or a query", "RFC 9110 §9.3.6"),
    ];
    for (error, text, section) in &table {
        assert_eq!((error.to_string().as_str(), error.section()), (*text, *section), "{error:?}");
    }
}
