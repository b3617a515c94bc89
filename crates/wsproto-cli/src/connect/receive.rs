//! What comes from the server, until the end of the connection.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::watch;
use wsproto::{CloseReport, Event, Message};
use wsproto_tokio::{Error, Receiver};

use super::open::Stream;
use crate::{
    streams::{Output, Pace},
    visible::{escape, visible},
    wire::hex,
};

/// So many Pings are remembered until they are answered.
const MOST_PINGS: usize = 64;
/// How many bytes of a binary message are shown.
const PREVIEW: usize = 32;

/// How a connection ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) outcome: Result<(), Error>,
    pub(super) report: CloseReport,
}

/// How messages are written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// Standard output is a terminal.
    pub(super) terminal: bool,
    /// Binary messages go to standard output.
    pub(super) raw: bool,
}

/// What receiver and sender tell each other.
pub(super) struct Told {
    /// How many messages came, and were given to the output.
    pub(super) messages: watch::Sender<u64>,
    /// Pings that were asked for, and not answered yet.
    pings: Mutex<VecDeque<(Vec<u8>, Instant)>>,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { messages: watch::Sender::new(0), pings: Mutex::default() }
    }

    /// Remembers a Ping.
    pub(super) fn pinged(&self, payload: &[u8]) {
        let mut pings = self.pings.lock().unwrap_or_else(PoisonError::into_inner);
        if pings.len() >= MOST_PINGS {
            pings.pop_front();
        }
        pings.push_back((payload.into(), Instant::now()));
    }

    /// Returns when the Ping was sent that a Pong answers. One for the last of some answers all before it
    /// (RFC 6455 §5.5.3).
    fn answered(&self, payload: &[u8]) -> Option<Instant> {
        let mut pings = self.pings.lock().unwrap_or_else(PoisonError::into_inner);
        let index = pings.iter().position(|(sent, _)| sent == payload)?;
        pings.drain(..=index).next_back().map(|(_, at)| at)
    }
}

/// What came.
enum Came {
    Message(Message),
    Pong(Vec<u8>),
    Other,
}

/// Receives to the end.
pub(super) async fn receive(
    mut receiver: Receiver<Stream>,
    form: Form,
    output: Output,
    told: &Told,
) -> Ended {
    let mut pace = Pace::new();
    let outcome = loop {
        // The lines of the last read are written before the next read, so that no reader misses any.
        output.keep_pace(&mut pace).await;
        let came = receiver.recv_with(|event, _| match event {
            Event::Pong(pong) => Came::Pong(pong.payload.as_ref().to_vec()),
            event => Message::try_from(event).map_or(Came::Other, Came::Message),
        });
        match came.await {
            Ok(Some(Came::Message(message))) => {
                show(message, form, &output).await;
                told.messages.send_modify(|count| *count = count.saturating_add(1));
            }
            Ok(Some(Came::Pong(payload))) => {
                if let Some(at) = told.answered(&payload) {
                    let (text, took) = (escape(&String::from_utf8_lossy(&payload), 125), at.elapsed());
                    output.note(format_args!("pong \"{text}\" after {:.3} ms", took.as_secs_f64() * 1e3));
                }
            }
            Ok(Some(Came::Other)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    Ended { outcome, report: receiver.close_report() }
}

async fn show(message: Message, form: Form, output: &Output) {
    match message {
        Message::Text(text) if form.terminal => {
            output.print(Bytes::from(format!("< {}\n", visible(text.as_str())))).await;
        }
        Message::Text(text) => output.print(Bytes::from([text.as_str(), "\n"].concat())).await,
        Message::Binary(bytes) if form.raw => output.print(bytes).await,
        Message::Binary(bytes) => {
            let mut shown = hex(bytes.get(..PREVIEW).unwrap_or(&bytes));
            if bytes.len() > PREVIEW {
                let _ = shown.write_str("…");
            }
            output.note(format_args!("binary message, {} bytes: {shown}", bytes.len()));
        }
    }
}
