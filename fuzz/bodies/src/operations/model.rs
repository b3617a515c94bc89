//! The rules of sending, and the events of the other side, as a model in the simplest form.

use wsproto::{CloseCode, ConnectionState, Event};

use crate::hearing::Heard;

/// Returns whether an event may be sent in a state, after the earlier events.
pub(super) fn allows(state: ConnectionState, said: &[Heard], event: &Event<'_>) -> bool {
    let open = state == ConnectionState::Open;
    match event {
        Event::TextMessage(_) => open && under_way(said) != Some(false),
        Event::BytesMessage(_) => open && under_way(said) != Some(true),
        Event::Ping(ping) => open && ping.payload.len() <= 125,
        Event::Pong(pong) => (open || state == ConnectionState::LocalClosing) && pong.payload.len() <= 125,
        Event::CloseConnection(close) => {
            let empty = close.code == CloseCode::NO_STATUS && close.reason.is_empty();
            (open || state == ConnectionState::RemoteClosing) && (empty || close.code.may_be_sent())
        }
        _ => false,
    }
}

/// Returns whether a message in one frame may be sent.
pub(super) fn allows_whole(state: ConnectionState, said: &[Heard]) -> bool {
    state == ConnectionState::Open && under_way(said).is_none()
}

/// Returns whether the message under way is text; `None` where none is.
fn under_way(said: &[Heard]) -> Option<bool> {
    let frames =
        said.iter().rev().filter_map(|said| if let Heard::Frame(frame) = said { Some(frame) } else { None });
    frames.take(1).find(|frame| !frame.last).map(|frame| frame.text)
}

/// Returns how long the message under way is, in bytes.
pub(super) fn len_under_way(said: &[Heard]) -> usize {
    let frames = said.iter().rev().filter_map(|said| match said {
        Heard::Frame(frame) => Some(frame),
        _ => None,
    });
    frames.take_while(|frame| !frame.last).map(|frame| frame.data.len()).sum()
}

/// Returns a Close as the other side receives it.
pub(super) fn close(code: CloseCode, reason: &str) -> Heard {
    let mut kept = String::new();
    for code_point in reason.chars() {
        if kept.len() + code_point.len_utf8() > 123 {
            break;
        }
        kept.push(code_point);
    }
    Heard::Close(code, kept)
}
