//! What errors say of themselves: each something else, in words that fit into a line of a log, and where it is written.

use std::collections::BTreeSet;
use std::error::Error;

use wsproto::extensions::deflate::{DeflateError, Pool};
use wsproto::extensions::{ExtensionError, GrammarError, NegotiationError, Reason, Refusal};
use wsproto::handshake::{HeadError, LocalError, OriginError, RequestError, ResponseError, UrlError};
use wsproto::{
    CloseCode, CloseConnection, Config, Connection, ConnectionState, DeflateConfig, EntropyError, Event,
    LocalProtocolError, RemoteProtocolError, Role,
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

/// Those of the caller that tell a value.
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

/// Those of a response that tell a value.
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

const URL: [UrlError; 10] = [
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

const NEGOTIATION: [NegotiationError; 2] =
    [NegotiationError::RsvTaken(Rsv::RSV1), NegotiationError::InvalidParams];

/// Those that name an extension.
fn naming() -> [NegotiationError; 3] {
    [
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

const EXTENSION: [ExtensionError; 5] = [
    ExtensionError::UnownedRsv(Rsv::RSV1),
    ExtensionError::Refused(REFUSAL),
    ExtensionError::ControlTransformed,
    ExtensionError::ForeignRsv(Rsv::RSV1),
    ExtensionError::Stalled,
];

const OF_OURS: [LocalProtocolError; 10] = [
    LocalProtocolError::WrongState(ConnectionState::Closed),
    LocalProtocolError::WrongEvent,
    LocalProtocolError::Handshake(LocalError::Host),
    LocalProtocolError::Frame(FrameError::ControlTooLong),
    LocalProtocolError::Extension(ExtensionError::Stalled),
    LocalProtocolError::Negotiation(NegotiationError::InvalidParams),
    LocalProtocolError::ExtensionsInEvent,
    LocalProtocolError::ReasonWithoutCode,
    LocalProtocolError::Entropy,
    LocalProtocolError::PayloadApart,
];

const OF_THE_PEER: [RemoteProtocolError; 11] = [
    RemoteProtocolError::Request(RequestError::Method),
    RemoteProtocolError::Response(ResponseError::Chunk),
    RemoteProtocolError::Negotiation { received_by: Role::Client, error: NegotiationError::InvalidParams },
    RemoteProtocolError::Frame(FrameError::NotMasked),
    RemoteProtocolError::Extension(ExtensionError::Refused(REFUSAL)),
    RemoteProtocolError::MessageTooLong { limit: 1 },
    RemoteProtocolError::TooManyFragments { limit: 1 },
    RemoteProtocolError::TooManyEmptyFragments { limit: 1 },
    RemoteProtocolError::TooManyControlFrames { limit: 1 },
    RemoteProtocolError::EndOfStream { received_any: true },
    RemoteProtocolError::EndOfStream { received_any: false },
];

/// Holds the errors of one kind to: a line each, without a full stop, and no two alike.
fn assert_said<E: Error>(errors: impl IntoIterator<Item = E>) {
    let mut all = BTreeSet::new();
    for error in errors {
        let said = error.to_string();
        assert!((5..100).contains(&said.len()) && !said.ends_with('.') && !said.contains('\n'), "{said:?}");
        assert!(all.insert(said.clone()), "said twice: {said}");
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

/// An extension may be anybody's, and refuse with a code that no Close carries; what is owed can be sent all the same.
#[test]
fn c9_an_error_is_answered_with_a_code_that_can_be_sent() {
    for code in [CloseCode::NO_STATUS, CloseCode::ABNORMAL, CloseCode::TLS_HANDSHAKE] {
        let refused = ExtensionError::Refused(Refusal::new(code, "why"));
        let error = RemoteProtocolError::from(refused);
        let expected = CloseConnection::new(CloseCode::INTERNAL_ERROR).with_reason("why");
        assert_eq!(error.event_hint(), Some(Event::CloseConnection(expected)), "{code}");
        let mut out = Vec::new();
        Connection::server(&Config::default()).reply_to_error(&error, &mut out).unwrap();
        assert_eq!(out, b"\x88\x05\x03\xf3why", "{code}");
    }
}

/// Returns how deep errors are nested, and what stands at the bottom.
fn bottom<'a>(error: &'a (dyn Error + 'static)) -> (usize, &'a (dyn Error + 'static)) {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let (depth, bottom) = chain.enumerate().last().expect("the error itself is first");
    (depth, bottom)
}

#[test]
fn a_nested_error_is_the_source() {
    let own = || "seven".parse::<u8>().unwrap_err();
    let refused = || ExtensionError::Refused(Refusal::with(CloseCode::INVALID_PAYLOAD, Reason::of(own())));
    let unacceptable = || NegotiationError::unacceptable("x", Reason::of(own()));
    let negotiated = |error| Box::new(RemoteProtocolError::Negotiation { received_by: Role::Client, error });
    #[rustfmt::skip]
    let table: [(usize, Box<dyn Error>, String); 14] = [
        (2, Box::new(RemoteProtocolError::from(RequestError::from(HEAD[3]))),    HEAD[3].to_string()),
        (1, Box::new(RemoteProtocolError::from(RequestError::Method)),           RequestError::Method.to_string()),
        (2, Box::new(RemoteProtocolError::from(ResponseError::Head(HEAD[4]))),   HEAD[4].to_string()),
        (1, Box::new(RemoteProtocolError::from(FrameError::Masked)),             FrameError::Masked.to_string()),
        (3, Box::new(RemoteProtocolError::from(refused())),                      own().to_string()),
        (1, Box::new(RemoteProtocolError::from(ExtensionError::Stalled)),        ExtensionError::Stalled.to_string()),
        (2, negotiated(GRAMMAR[0].into()),                                       GRAMMAR[0].to_string()),
        (2, negotiated(unacceptable()),                                          own().to_string()),
        (2, negotiated(DeflateError::MissingValue.into()),                       DeflateError::MissingValue.to_string()),
        (1, Box::new(LocalProtocolError::from(LocalError::Host)),                LocalError::Host.to_string()),
        (1, Box::new(LocalProtocolError::from(FrameError::Masked)),              FrameError::Masked.to_string()),
        (3, Box::new(LocalProtocolError::from(refused())),                       own().to_string()),
        (2, Box::new(LocalProtocolError::Negotiation(GRAMMAR[0].into())),        GRAMMAR[0].to_string()),
        (0, Box::new(LocalProtocolError::WrongEvent),                            LocalProtocolError::WrongEvent.to_string()),
    ];
    for (depth, error, expected) in table {
        let (found, bottom) = bottom(&*error);
        assert_eq!((found, bottom.to_string()), (depth, expected), "{error:?}");
        assert!(error.to_string().contains(&bottom.to_string()), "{error} tells all by itself");
    }
    let error = RemoteProtocolError::from(refused());
    assert!(bottom(&error).1.is::<std::num::ParseIntError>(), "an extension's own error travels");
    assert_eq!(error.clone(), error);
}

/// A text that an extension made goes into the Close frame as a fixed one does, and is cut as every reason is.
#[test]
fn a_reason_that_was_made_reaches_the_peer() {
    let long = "ä".repeat(100);
    for (text, sent) in [("block 7 is damaged", "block 7 is damaged"), (long.as_str(), &long[..122])] {
        let refusal = Refusal::with(CloseCode::INVALID_PAYLOAD, text.to_string());
        let error = RemoteProtocolError::from(ExtensionError::from(refusal));
        let hint = error.event_hint().expect("there is a Close to send");
        let mut out = Vec::new();
        Connection::server(&Config::default()).send(hint, &mut out).expect("it can be sent");
        assert_eq!((&out[2..4], &out[4..]), (&1007_u16.to_be_bytes()[..], sent.as_bytes()));
    }
}

/// The result of every call that receives is no larger for what an error may hold.
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
    assert!(shown.contains("level: 6") && shown.contains("Pool"), "{shown}");
    let failed = EntropyError;
    assert_eq!(format!("{failed:?}"), "EntropyError");
}
