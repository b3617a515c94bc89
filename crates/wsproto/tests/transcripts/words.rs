//! Events, errors and states in the words of transcripts.

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, ConnectionState, Event, Ping, Pong,
    RejectConnection, RejectData, RemoteProtocolError, Request, TextMessage, Transport,
    extensions::ExtensionError,
};

use crate::script::{End, Outcome, Said};

/// Returns the event that a line of a transcript sends.
pub(crate) fn event(said: &Said) -> Event<'_> {
    match said {
        Said::Request { target, host, subprotocols, .. } => {
            let request = Request::new(host.as_str(), target.as_str());
            subprotocols.iter().fold(request, |request, name| request.with_subprotocol(name.as_str())).into()
        }
        Said::Accept { subprotocol, .. } => {
            let accept = AcceptConnection::new();
            subprotocol.iter().fold(accept, |accept, name| accept.with_subprotocol(name.as_str())).into()
        }
        Said::Reject { status, body, headers } => {
            let mut reject = RejectConnection::new(*status);
            if *body {
                reject = reject.with_body();
            }
            headers.iter().fold(reject, |reject, (name, value)| reject.with_header(name, value)).into()
        }
        Said::RejectData { data, end } => {
            let data = RejectData::new(data.as_slice());
            Event::RejectData(if *end == End::Last { data } else { data.unfinished() })
        }
        Said::Text { data, end } => {
            let message = TextMessage::new(data.as_str());
            Event::TextMessage(if *end == End::Last { message } else { message.unfinished() })
        }
        Said::Binary { data, end } => {
            let message = BytesMessage::new(data.as_slice());
            Event::BytesMessage(if *end == End::Last { message } else { message.unfinished() })
        }
        Said::Close { code, reason } => {
            let code = code.map_or(CloseCode::NO_STATUS, |code| CloseCode::new(code).expect("a code"));
            Event::CloseConnection(CloseConnection::new(code).with_reason(reason.as_str()))
        }
        Said::Ping(payload) => Event::Ping(Ping::new(payload.as_slice())),
        Said::Pong(payload) => Event::Pong(Pong::new(payload.as_slice())),
    }
}

/// Returns an event in the words of a transcript.
pub(crate) fn told(event: &Event<'_>) -> Said {
    let end = |frame_finished, message_finished| match (frame_finished, message_finished) {
        (_, true) => End::Last,
        (true, false) => End::More,
        (false, false) => End::Part,
    };
    match event {
        Event::Request(request) => Said::Request {
            target: request.target().into(),
            host: request.host().into(),
            subprotocols: request.subprotocols().map(Into::into).collect(),
            extensions: request.extensions().map(Into::into).collect(),
        },
        Event::AcceptConnection(accept) => {
            Said::Accept { subprotocol: accept.subprotocol.clone(), extensions: accept.extensions.clone() }
        }
        Event::RejectConnection(reject) => {
            Said::Reject { status: reject.status, body: reject.has_body, headers: Vec::new() }
        }
        Event::RejectData(body) => {
            Said::RejectData { data: body.data.to_vec(), end: end(true, body.body_finished) }
        }
        Event::TextMessage(text) => {
            Said::Text { data: text.data.to_string(), end: end(text.frame_finished, text.message_finished) }
        }
        Event::BytesMessage(bytes) => {
            Said::Binary { data: bytes.data.to_vec(), end: end(bytes.frame_finished, bytes.message_finished) }
        }
        Event::CloseConnection(close) => {
            Said::Close { code: Some(close.code.get()), reason: close.reason.to_string() }
        }
        Event::Ping(ping) => Said::Ping(ping.payload.to_vec()),
        Event::Pong(pong) => Said::Pong(pong.payload.to_vec()),
        other => panic!("transcripts don't know {other:?}"),
    }
}

/// Returns the answer to an error, and the section of the broken rule.
pub(crate) fn broken(error: &RemoteProtocolError) -> Outcome {
    let blame = match error.event_hint() {
        Some(Event::CloseConnection(close)) => close.code.get().to_string(),
        Some(Event::RejectConnection(reject)) => reject.status.to_string(),
        _ => "fail".to_owned(),
    };
    Outcome::Broken(blame, section(error))
}

/// Returns the section of RFC 6455, or of another RFC with its number: `9112§8`.
fn section(error: &RemoteProtocolError) -> String {
    let section = match error {
        RemoteProtocolError::Request(error) => error.section(),
        RemoteProtocolError::Response(error) => error.section(),
        RemoteProtocolError::Frame(error) => error.section(),
        RemoteProtocolError::Extension(ExtensionError::UnownedRsv(_)) => "5.2",
        RemoteProtocolError::Extension(_) => "9",
        RemoteProtocolError::Negotiation { .. } => "9.1",
        RemoteProtocolError::EndOfStream { .. } => "4",
        _ => "10.4",
    };
    section.trim_start_matches("RFC ").trim_start_matches("6455 §").replace(' ', "")
}

/// Returns a state's name in transcripts.
pub(crate) fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Connecting => "connecting",
        ConnectionState::Rejecting => "rejecting",
        ConnectionState::Open => "open",
        ConnectionState::LocalClosing => "local-closing",
        ConnectionState::RemoteClosing => "remote-closing",
        ConnectionState::Closed => "closed",
    }
}

/// Returns the name of a transport's action in transcripts.
pub(crate) fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::KeepOpen => "keep",
        Transport::PauseRead => "pause",
        Transport::ShutdownWrite => "shutdown",
        Transport::AwaitEnd => "await-end",
        Transport::Close => "close",
    }
}
