//! Texts of errors: each is different, fits in a line of a log, and names the section of the broken rule.

use std::collections::BTreeSet;
use std::error::Error;

use wsproto::extensions::deflate::{DeflateError, Pool};
use wsproto::extensions::{ExtensionError, GrammarError, NegotiationError, Reason, Refusal};
use wsproto::handshake::{HeadError, LocalError, OriginError, RequestError, ResponseError, UrlError};
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, DeflateConfig,
    EntropyError, Event, LocalProtocolError, Remedy, RemoteProtocolError, Request, Role,
};
use wsproto_frame::{FrameError, Rsv};

const HEAD: [HeadError; 13] = [
    HeadError::StartLineTooLong { limit: 1 },
    HeadError::TooLong { limit: 1 },
    HeadError::TooManyHeaders { limit: 1 },
    HeadError::TooManyItems { limit: 1 },
    HeadError::BareLineFeed,
    HeadError::BareCarriageReturn,
    HeadError::StartLine,
    HeadError::HttpVersion,
    HeadError::FoldedHeader,
    HeadError::SpaceBeforeColon,
    HeadError::HeaderName,
    HeadError::HeaderValue,
    HeadError::Ended,
];

const LOCAL: [LocalError; 16] = [
    LocalError::WrongState,
    LocalError::Host,
    LocalError::HostIsUrl,
    LocalError::HostWithoutBrackets,
    LocalError::HostNotAscii,
    LocalError::Target,
    LocalError::TargetFragment,
    LocalError::TargetCharacter { at: 1 },
    LocalError::Subprotocol,
    LocalError::SubprotocolRepeated,
    LocalError::Status,
    LocalError::StatusWithoutBody,
    LocalError::Credentials,
    LocalError::BodyFraming,
    LocalError::BodyTooLong,
    LocalError::BodyTooShort,
];

/// The caller's errors that show a value.
fn local_telling() -> [LocalError; 6] {
    [
        LocalError::SubprotocolNotProposed("x-odd".into()),
        LocalError::Extension("x-odd".into()),
        LocalError::ExtensionNotOffered("x-odd".into()),
        LocalError::HeaderName("x-odd".into()),
        LocalError::HeaderValue("x-odd".into()),
        LocalError::HeaderReserved("x-odd".into()),
    ]
}

/// The errors of a response that show a value.
fn response_telling() -> [ResponseError; 2] {
    [
        ResponseError::SubprotocolNotProposed("x-odd".into()),
        ResponseError::ExtensionNotOffered("x-odd".into()),
    ]
}

const REQUEST: [RequestError; 24] = [
    RequestError::Method,
    RequestError::TargetTooLong { limit: 1 },
    RequestError::TargetForm,
    RequestError::TargetFragment,
    RequestError::TargetCharacters,
    RequestError::SubprotocolsEmpty,
    RequestError::ExtensionsEmpty,
    RequestError::HostMissing,
    RequestError::HostRepeated,
    RequestError::HostInvalid,
    RequestError::ContentLengthInvalid,
    RequestError::Body,
    RequestError::TransferEncoding,
    RequestError::ConnectionNotUpgrade,
    RequestError::UpgradeNotWebSocket,
    RequestError::VersionMissing,
    RequestError::VersionRepeated,
    RequestError::VersionUnsupported,
    RequestError::KeyMissing,
    RequestError::KeyRepeated,
    RequestError::KeyInvalid,
    RequestError::SubprotocolInvalid,
    RequestError::SubprotocolRepeated,
    RequestError::ExtensionsInvalid,
];

const RESPONSE: [ResponseError; 19] = [
    ResponseError::Unrequested,
    ResponseError::Status,
    ResponseError::TooManyInterimResponses { limit: 1 },
    ResponseError::ConnectionNotUpgrade,
    ResponseError::UpgradeNotWebSocket,
    ResponseError::AcceptMissing,
    ResponseError::AcceptRepeated,
    ResponseError::AcceptMismatch,
    ResponseError::SubprotocolRepeated,
    ResponseError::SubprotocolMissing,
    ResponseError::ExtensionsRepeated,
    ResponseError::ExtensionsInvalid,
    ResponseError::ContentLengthInvalid,
    ResponseError::BodyAmbiguous,
    ResponseError::TransferEncodingUnknown,
    ResponseError::Chunk,
    ResponseError::TrailerTooLong { limit: 1 },
    ResponseError::BodyTooLong { limit: 1 },
    ResponseError::BodyEnded,
];

const URL: [UrlError; 12] = [
    UrlError::Scheme,
    UrlError::Fragment,
    UrlError::HostMissing,
    UrlError::Host,
    UrlError::HostNotAscii,
    UrlError::Port,
    UrlError::Userinfo,
    UrlError::Character { at: 1 },
    UrlError::PercentEncoding { at: 1 },
    UrlError::InsecureRedirect,
    UrlError::ProxyScheme,
    UrlError::ProxyTarget,
];

const GRAMMAR: [GrammarError; 7] = [
    GrammarError::Empty,
    GrammarError::QuotedControl,
    GrammarError::NotAToken,
    GrammarError::QuotedNotAToken,
    GrammarError::UnclosedQuote,
    GrammarError::TooManyExtensions,
    GrammarError::TooManyParams,
];

const NEGOTIATION: [NegotiationError; 1] = [NegotiationError::RsvTaken(Rsv::RSV1)];

/// The errors that name an extension.
fn naming() -> [NegotiationError; 4] {
    [
        NegotiationError::InvalidParams("x-odd".into()),
        NegotiationError::NotOffered("x-odd".into()),
        NegotiationError::Repeated("x-odd".into()),
        NegotiationError::unacceptable("x-odd", "it is odd"),
    ]
}

const DEFLATE: [DeflateError; 9] = [
    DeflateError::ClientWindowNotOffered,
    DeflateError::UnknownParameter,
    DeflateError::RepeatedParameter,
    DeflateError::UnexpectedValue,
    DeflateError::MissingValue,
    DeflateError::BadWindowBits,
    DeflateError::ServerContextTakeover,
    DeflateError::ServerWindowTooLarge,
    DeflateError::ClientWindowTooLarge,
];

const REFUSAL: Refusal = Refusal::new(CloseCode::INVALID_PAYLOAD, "a refusal");

const EXTENSION: [ExtensionError; 9] = [
    ExtensionError::SwallowedLate,
    ExtensionError::SwallowedEnd,
    ExtensionError::SwallowedClose,
    ExtensionError::Panicked,
    ExtensionError::UnownedRsv(Rsv::RSV1),
    ExtensionError::Refused(REFUSAL),
    ExtensionError::ControlTransformed,
    ExtensionError::ForeignRsv(Rsv::RSV1),
    ExtensionError::Stalled,
];

const OF_OURS: [LocalProtocolError; 11] = [
    LocalProtocolError::WrongState(ConnectionState::Closed),
    LocalProtocolError::WrongEvent,
    LocalProtocolError::Handshake(LocalError::Host),
    LocalProtocolError::Frame(FrameError::ControlTooLong),
    LocalProtocolError::Extension(ExtensionError::Stalled),
    LocalProtocolError::Negotiation(NegotiationError::RsvTaken(Rsv::RSV1)),
    LocalProtocolError::ExtensionsInEvent,
    LocalProtocolError::ReasonWithoutCode,
    LocalProtocolError::Entropy,
    LocalProtocolError::PayloadApart,
    LocalProtocolError::NotPerMessage,
];

const OF_THE_PEER: [RemoteProtocolError; 11] = [
    RemoteProtocolError::Request(RequestError::Method),
    RemoteProtocolError::Response(ResponseError::Chunk),
    RemoteProtocolError::Negotiation {
        received_by: Role::Client,
        error: NegotiationError::RsvTaken(Rsv::RSV1),
    },
    RemoteProtocolError::Frame(FrameError::NotMasked),
    RemoteProtocolError::Extension(ExtensionError::Refused(REFUSAL)),
    RemoteProtocolError::MessageTooLong { limit: 1 },
    RemoteProtocolError::TooManyFragments { limit: 1 },
    RemoteProtocolError::TooManyEmptyFragments { limit: 1 },
    RemoteProtocolError::TooManyControlFrames { limit: 1 },
    RemoteProtocolError::EndOfStream { received_any: true },
    RemoteProtocolError::EndOfStream { received_any: false },
];

/// Checks the errors of one kind: one line each, without a full stop, and no two alike.
fn assert_said<E: Error>(errors: impl IntoIterator<Item = E>) {
    let mut all = BTreeSet::new();
    for error in errors {
        let said = error.to_string();
        assert!((5..100).contains(&said.len()) && !said.ends_with('.') && !said.contains('\n'), "{said:?}");
        assert!(all.insert(said.clone()), "two errors have this text: {said}");
    }
}

#[test]
fn each_error_says_something_else() {
    assert_said(HEAD);
    assert_said(LOCAL.into_iter().chain(local_telling()));
    assert!(local_telling().iter().all(|error| error.to_string().contains("x-odd")));
    assert!(response_telling().iter().all(|error| error.to_string().contains("x-odd")));
    assert_said(REQUEST.into_iter().chain(HEAD.map(RequestError::from)));
    assert_said(RESPONSE.into_iter().chain(response_telling()).chain(HEAD.map(ResponseError::Head)));
    let negotiation = NEGOTIATION.into_iter().chain(naming());
    assert_said(negotiation.chain(GRAMMAR.map(NegotiationError::from)));
    assert!(naming().iter().all(|error| error.to_string().contains("x-odd")));
    assert_said(URL);
    assert_said(DEFLATE);
    assert_said(DEFLATE.map(NegotiationError::from));
    assert_said(EXTENSION);
    assert_said(OF_OURS);
    assert_said(OF_THE_PEER);
    assert_said([OriginError::Missing, OriginError::Repeated, OriginError::Foreign]);
    assert_said([EntropyError]);
    assert_eq!(
        (REFUSAL.to_string(), GRAMMAR[5].to_string()),
        ("a refusal".into(), "more than 16 extensions are listed".into())
    );
}

/// A third-party extension may refuse with a code that is forbidden in a Close. The answer can be sent all the same.
#[test]
fn c9_an_error_is_answered_with_a_code_that_can_be_sent() {
    for code in [CloseCode::NO_STATUS, CloseCode::ABNORMAL, CloseCode::TLS_HANDSHAKE] {
        let refused = ExtensionError::Refused(Refusal::new(code, "why"));
        let error = RemoteProtocolError::from(refused);
        let expected = CloseConnection::new(CloseCode::INTERNAL_ERROR).with_reason("why");
        assert_eq!(error.event_hint(), Some(Event::CloseConnection(expected)), "{code}");
        let mut out = Vec::new();
        Connection::open_server(Config::default()).reply_to_error(&error, &mut out).unwrap();
        assert_eq!(out, b"\x88\x05\x03\xf3why", "{code}");
    }
}

/// The error of a third-party extension, caused by another error.
#[derive(Debug)]
struct Outer(std::num::ParseIntError);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the block has no number")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// A program that prints an error and then its sources shows each text once.
#[test]
fn no_text_comes_twice_in_a_chain_of_sources() {
    let number = || "seven".parse::<u8>().unwrap_err();
    let refused = |reason| ExtensionError::Refused(Refusal::with(CloseCode::INVALID_PAYLOAD, reason));
    let outer = || Reason::of(Outer(number()));
    let negotiated = |error| Box::new(RemoteProtocolError::Negotiation { received_by: Role::Client, error });
    let unacceptable = |reason| NegotiationError::unacceptable("x", reason);
    #[rustfmt::skip]
    let table: [(Box<dyn Error>, Vec<String>); 14] = [
        (Box::new(RemoteProtocolError::from(RequestError::from(HEAD[3]))),      vec![HEAD[3].to_string()]),
        (Box::new(RemoteProtocolError::from(RequestError::Method)),             vec![RequestError::Method.to_string()]),
        (Box::new(RemoteProtocolError::from(ResponseError::Head(HEAD[4]))),     vec![HEAD[4].to_string()]),
        (Box::new(RemoteProtocolError::from(FrameError::Masked)),               vec![FrameError::Masked.to_string()]),
        (Box::new(RemoteProtocolError::from(refused(Reason::of(number())))),    vec![number().to_string()]),
        (Box::new(RemoteProtocolError::from(refused(outer()))),                 vec![Outer(number()).to_string(), number().to_string()]),
        (Box::new(RemoteProtocolError::from(ExtensionError::Stalled)),          vec![ExtensionError::Stalled.to_string()]),
        (negotiated(GRAMMAR[0].into()),                                         vec![GRAMMAR[0].to_string()]),
        (negotiated(unacceptable(Reason::of(number()))),                        vec![format!("answer to x refused: {}", number())]),
        (negotiated(unacceptable(outer())),                                     vec!["answer to x refused: the block has no number".into(), number().to_string()]),
        (Box::new(LocalProtocolError::from(LocalError::Host)),                  vec![LocalError::Host.to_string()]),
        (Box::new(LocalProtocolError::from(refused(outer()))),                  vec![Outer(number()).to_string(), number().to_string()]),
        (Box::new(LocalProtocolError::Negotiation(unacceptable(outer()))),      vec!["answer to x refused: the block has no number".into(), number().to_string()]),
        (Box::new(std::io::Error::from(RemoteProtocolError::from(refused(outer())))), vec![Outer(number()).to_string(), number().to_string()]),
    ];
    for (error, expected) in table {
        let chain = std::iter::successors(Some(&*error), |&error| error.source());
        assert_eq!(chain.map(ToString::to_string).collect::<Vec<_>>(), expected, "{error:?}");
    }
}

#[test]
fn an_extensions_own_error_travels() {
    let own = "seven".parse::<u8>().unwrap_err();
    let boxed: Box<dyn Error + Send + Sync> = Box::new(own.clone());
    for reason in [Reason::of(own.clone()), Reason::from(boxed)] {
        let refused = ExtensionError::from(Refusal::with(CloseCode::INVALID_PAYLOAD, reason.clone()));
        let error = RemoteProtocolError::from(refused);
        let RemoteProtocolError::Extension(ExtensionError::Refused(refusal)) = error.clone() else {
            panic!("{error:?}")
        };
        let found = |reason: &Reason| reason.error().and_then(|error| error.downcast_ref().cloned());
        assert_eq!((found(&refusal.reason), error.to_string()), (Some(own.clone()), own.to_string()));
        let NegotiationError::Unacceptable(found_in) = NegotiationError::unacceptable("x", reason) else {
            panic!("the error is the extension's own")
        };
        assert_eq!(found(&found_in.reason), Some(own.clone()));
    }
}

/// A name that the peer chose is shortened, and a character that would break a line of a log is escaped.
#[test]
fn what_an_error_tells_of_a_peer_is_bounded() {
    let long = "x".repeat(10_000);
    let answer = |field: &str| {
        let mut client = Connection::client_with_entropy(Config::default(), |bytes: &mut [u8]| bytes.fill(7));
        let mut out = Vec::new();
        client.send(Request::new("a", "/"), &mut out).unwrap();
        let mut server = Connection::server(Config::default());
        server.receive(&mut &mut out[..]).unwrap();
        let mut answer = Vec::new();
        server.send(AcceptConnection::new(), &mut answer).unwrap();
        answer.truncate(answer.len() - 2);
        answer.extend_from_slice(format!("{field}\r\n\r\n").as_bytes());
        client.receive(&mut &mut answer[..]).unwrap_err()
    };
    #[rustfmt::skip]
    let table = [
        (format!("Sec-WebSocket-Protocol: {long}"),   format!("chosen subprotocol {:?} was not proposed", &long[..64])),
        ("Sec-WebSocket-Protocol: a\tb".into(),       r#"chosen subprotocol "a\tb" was not proposed"#.into()),
        (format!("Sec-WebSocket-Extensions: {long}"), format!("agreed extension {:?} was not offered", &long[..64])),
        ("Sec-WebSocket-Extensions: a\tb; c".into(),  r#"agreed extension "a\tb" was not offered"#.into()),
    ];
    for (field, expected) in table {
        assert_eq!(answer(&field).to_string(), expected);
    }
    let answered = wsproto::extensions::conclude(&[], &[&long]).unwrap_err();
    assert_eq!(answered, NegotiationError::NotOffered(long[..64].into()));
}

#[test]
fn each_error_has_its_remedy_and_its_kind() {
    use ConnectionState::{Closed, Connecting, LocalClosing, Open, Rejecting, RemoteClosing};
    use LocalProtocolError as Local;
    use Remedy::{Discard, End, Fix, Reply};
    use RemoteProtocolError as Remote;
    use std::io::ErrorKind::{BrokenPipe, InvalidData, InvalidInput, NotConnected, Other, UnexpectedEof};
    let refused = || ExtensionError::Refused(REFUSAL);
    #[rustfmt::skip]
    let table = [
        (Local::WrongState(Connecting),                       Fix,     NotConnected),
        (Local::WrongState(Rejecting),                        Fix,     NotConnected),
        (Local::WrongState(Open),                             Fix,     InvalidInput),
        (Local::WrongState(LocalClosing),                     Discard, BrokenPipe),
        (Local::WrongState(RemoteClosing),                    Discard, BrokenPipe),
        (Local::WrongState(Closed),                           Discard, BrokenPipe),
        (Local::WrongEvent,                                   Fix,     InvalidInput),
        (Local::Handshake(LocalError::Host),                  Fix,     InvalidInput),
        (Local::Frame(FrameError::ControlTooLong),            Fix,     InvalidInput),
        (Local::Extension(refused()),                         Fix,     InvalidInput),
        (Local::Extension(ExtensionError::Stalled),           Fix,     Other),
        (Local::Extension(ExtensionError::Panicked),          End,     Other),
        (Local::Negotiation(GRAMMAR[0].into()),               Fix,     InvalidInput),
        (Local::ExtensionsInEvent,                            Fix,     InvalidInput),
        (Local::ReasonWithoutCode,                            Fix,     InvalidInput),
        (Local::Entropy,                                      End,     Other),
        (Local::PayloadApart,                                 Fix,     InvalidInput),
        (Local::NotPerMessage,                                Fix,     InvalidInput),
    ];
    for (error, remedy, kind) in table {
        assert_eq!(error.remedy(), remedy, "{error:?}");
        let converted = std::io::Error::from(error.clone());
        assert_eq!((converted.kind(), converted.to_string()), (kind, error.to_string()), "{error:?}");
        assert_eq!(converted.downcast::<Local>().expect("the error is inside"), error);
    }
    let negotiation = |received_by| Remote::Negotiation { received_by, error: GRAMMAR[0].into() };
    #[rustfmt::skip]
    let table = [
        (Remote::Request(RequestError::Method),               Reply,   InvalidData),
        (Remote::Request(HeadError::Ended.into()),            Reply,   UnexpectedEof),
        (Remote::Response(ResponseError::Chunk),              End,     InvalidData),
        (Remote::Response(HeadError::Ended.into()),           End,     UnexpectedEof),
        (Remote::Response(ResponseError::BodyEnded),          End,     UnexpectedEof),
        (negotiation(Role::Server),                           Reply,   InvalidData),
        (negotiation(Role::Client),                           End,     InvalidData),
        (Remote::Frame(FrameError::NotMasked),                Reply,   InvalidData),
        (Remote::Extension(refused()),                        Reply,   InvalidData),
        (Remote::Extension(ExtensionError::UnownedRsv(Rsv::RSV1)), Reply, InvalidData),
        (Remote::Extension(ExtensionError::Stalled),          Reply,   Other),
        (Remote::Extension(ExtensionError::Panicked),         Reply,   Other),
        (Remote::MessageTooLong { limit: 1 },                 Reply,   InvalidData),
        (Remote::TooManyFragments { limit: 1 },               Reply,   InvalidData),
        (Remote::TooManyEmptyFragments { limit: 1 },          Reply,   InvalidData),
        (Remote::TooManyControlFrames { limit: 1 },           Reply,   InvalidData),
        (Remote::EndOfStream { received_any: true },          End,     UnexpectedEof),
        (Remote::EndOfStream { received_any: false },         End,     UnexpectedEof),
    ];
    for (error, remedy, kind) in table {
        assert_eq!(error.remedy(), remedy, "{error:?}");
        assert_eq!(
            error.event_hint().is_some(),
            remedy == Reply,
            "{error:?}: an error with an answer has a hint"
        );
        let converted = std::io::Error::from(error.clone());
        assert_eq!((converted.kind(), converted.to_string()), (kind, error.to_string()), "{error:?}");
        assert_eq!(converted.downcast::<Remote>().expect("the error is inside"), error);
    }
}

/// A text that an extension makes at run time goes into the Close frame like a fixed one, and is cut like every reason.
#[test]
fn a_reason_that_was_made_reaches_the_peer() {
    let long = "ä".repeat(100);
    for (text, sent) in [("block 7 is damaged", "block 7 is damaged"), (long.as_str(), &long[..122])] {
        let refusal = Refusal::with(CloseCode::INVALID_PAYLOAD, text.to_string());
        let error = RemoteProtocolError::from(ExtensionError::from(refusal));
        let hint = error.event_hint().expect("there is a Close to send");
        let mut out = Vec::new();
        Connection::open_server(Config::default()).send(hint, &mut out).expect("it can be sent");
        assert_eq!((&out[2..4], &out[4..]), (&1007_u16.to_be_bytes()[..], sent.as_bytes()));
    }
}

/// An error doesn't make the result of a receiving call larger than an event does.
#[test]
fn an_error_fits_where_an_event_does() {
    assert!(size_of::<RemoteProtocolError>() <= 40, "{}", size_of::<RemoteProtocolError>());
    assert_eq!(size_of::<Result<Option<Event<'_>>, RemoteProtocolError>>(), size_of::<Option<Event<'_>>>());
}

#[test]
fn an_error_of_a_limit_tells_the_limit() {
    let errors: [RemoteProtocolError; 11] = [
        RequestError::from(HeadError::StartLineTooLong { limit: 4321 }).into(),
        RequestError::from(HeadError::TooLong { limit: 4321 }).into(),
        RequestError::from(HeadError::TooManyHeaders { limit: 4321 }).into(),
        RequestError::from(HeadError::TooManyItems { limit: 4321 }).into(),
        RequestError::TargetTooLong { limit: 4321 }.into(),
        ResponseError::TooManyInterimResponses { limit: 4321 }.into(),
        ResponseError::BodyTooLong { limit: 4321 }.into(),
        RemoteProtocolError::MessageTooLong { limit: 4321 },
        RemoteProtocolError::TooManyFragments { limit: 4321 },
        RemoteProtocolError::TooManyEmptyFragments { limit: 4321 },
        RemoteProtocolError::TooManyControlFrames { limit: 4321 },
    ];
    for error in errors {
        assert!(error.to_string().contains("4321"), "{error}");
    }
}

#[test]
fn each_rule_stands_somewhere() {
    let requests = REQUEST.map(RequestError::section).into_iter().chain(HEAD.map(HeadError::section));
    for section in requests.chain(RESPONSE.map(|error| error.section())).chain(URL.map(UrlError::section)) {
        assert!(section.starts_with("RFC ") && section.contains('§'), "{section}");
    }
}

#[test]
fn what_holds_no_secret_can_be_shown() {
    let shown = format!("{:?}", DeflateConfig::default().with_pool(Pool::new(1)));
    assert!(shown.contains("level: 5") && shown.contains("Pool"), "{shown}");
    let failed = EntropyError;
    assert_eq!(format!("{failed:?}"), "EntropyError");
}
