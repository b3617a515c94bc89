//! Events without the cuts of reads: the parts of a frame are joined, so different reads of one stream can be compared.

use wsproto::{CloseCode, Event, Request};

/// An event of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    /// The data of one frame of a text message, and its place in the message.
    Text(Vec<u8>, Stand),
    /// The same for a binary message.
    Bytes(Vec<u8>, Stand),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(CloseCode, String),
    Request(Box<Request>),
    Accept,
    Reject(u16),
    Body(Vec<u8>, Stand),
}

/// How far a frame and its message have come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stand {
    FrameOpen,
    FrameDone,
    MessageDone,
}

impl Stand {
    fn new(frame_finished: bool, message_finished: bool) -> Self {
        match (frame_finished, message_finished) {
            (false, false) => Self::FrameOpen,
            (true, false) => Self::FrameDone,
            (true, true) => Self::MessageDone,
            (false, true) => panic!("a message ended inside a frame"),
        }
    }
}

fn seen(event: &Event<'_>) -> Seen {
    match event {
        Event::Request(request) => Seen::Request(request.clone()),
        Event::AcceptConnection(_) => Seen::Accept,
        Event::RejectConnection(reject) => Seen::Reject(reject.status),
        Event::RejectData(part) => {
            Seen::Body(part.data.to_vec(), Stand::new(part.body_finished, part.body_finished))
        }
        Event::TextMessage(part) => {
            assert_eq!(part.data.as_str().as_bytes(), part.data.as_bytes());
            Seen::Text(part.data.as_bytes().to_vec(), Stand::new(part.frame_finished, part.message_finished))
        }
        Event::BytesMessage(part) => {
            Seen::Bytes(part.data.to_vec(), Stand::new(part.frame_finished, part.message_finished))
        }
        Event::Ping(ping) => Seen::Ping(ping.payload.to_vec()),
        Event::Pong(pong) => Seen::Pong(pong.payload.to_vec()),
        Event::CloseConnection(close) => Seen::Close(close.code, close.reason.to_string()),
        other => panic!("an event without a name here: {other:?}"),
    }
}

/// Joins the parts of each frame.
pub(crate) fn merged(events: &[Event<'_>]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for event in events {
        let next = seen(event);
        match (all.last_mut(), next) {
            (Some(Seen::Text(start, stand @ Stand::FrameOpen)), Seen::Text(rest, now))
            | (Some(Seen::Bytes(start, stand @ Stand::FrameOpen)), Seen::Bytes(rest, now))
            | (Some(Seen::Body(start, stand @ Stand::FrameOpen)), Seen::Body(rest, now)) => {
                start.extend(rest);
                *stand = now;
            }
            (_, next) => all.push(next),
        }
    }
    all
}

/// Joins the frames of each message, and drops everything else.
pub(crate) fn messages(events: &[Event<'_>]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for next in merged(events) {
        match (all.last_mut(), next) {
            (
                Some(Seen::Text(start, stand @ (Stand::FrameOpen | Stand::FrameDone))),
                Seen::Text(rest, now),
            )
            | (
                Some(Seen::Bytes(start, stand @ (Stand::FrameOpen | Stand::FrameDone))),
                Seen::Bytes(rest, now),
            ) => {
                start.extend(rest);
                *stand = now;
            }
            (_, next @ (Seen::Text(..) | Seen::Bytes(..))) => all.push(next),
            _ => {}
        }
    }
    all
}

/// Returns whether one list is the beginning of another. Its last element may be incomplete.
pub(crate) fn is_prefix(start: &[Seen], whole: &[Seen]) -> bool {
    let Some((last, before)) = start.split_last() else { return true };
    let Some(counterpart) = whole.get(before.len()) else { return false };
    let cut_short = match (last, counterpart) {
        (Seen::Text(start, Stand::FrameOpen), Seen::Text(whole, _))
        | (Seen::Bytes(start, Stand::FrameOpen), Seen::Bytes(whole, _))
        | (Seen::Body(start, Stand::FrameOpen), Seen::Body(whole, _)) => whole.starts_with(start),
        _ => false,
    };
    whole.starts_with(before) && (cut_short || last == counterpart)
}
