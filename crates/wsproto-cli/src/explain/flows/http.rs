//! HTTP/1.1 before a WebSocket: follows requests and answers until a request asks for the upgrade.
//!
//! A client may send ordinary requests first, and may ask again on the same connection after a refusal. The explainer
//! gets a request for a WebSocket and its answer. Everything else is skipped, and needs memory for one head at most.

mod body;
mod direction;

use std::{collections::VecDeque, mem};

use self::{
    body::{Body, Unclear},
    direction::{Direction, MOST, len},
};
use crate::wire::{Sender, head_fields, head_list};

/// The most requests that may wait for their answers.
const MOST_ASKED: usize = 1024;

const MISSING: &str = "bytes are missing";

/// A finding.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A request for a WebSocket follows, or an answer to one that wasn't captured.
    Ask,
    /// Bytes of the WebSocket, and their place.
    Bytes { from: Sender, offset: u64, bytes: Vec<u8> },
    /// Bytes of the WebSocket are missing.
    Gap { from: Sender, offset: u64, missing: Option<u64> },
    /// All bytes from here on belong to the WebSocket.
    Open,
    /// The rest of the connection can't be read.
    GiveUp { from: Sender, offset: u64, why: &'static str },
}

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    WebSocket,
    /// HEAD: the answer has no body, even if its head gives a length.
    Head,
    /// CONNECT: a successful answer has no body.
    Connect,
    Other,
}

/// Both directions of a connection.
#[derive(Default)]
pub(super) struct Http {
    client: Direction,
    server: Direction,
    /// The requests that have no answer yet, the oldest first.
    asked: VecDeque<Asked>,
    /// The bytes that the client sent after its request for a WebSocket.
    held: Vec<u8>,
    /// The client's beginning was captured: its request comes, though the capture may have its answer first.
    awaits_client: bool,
    /// The bytes that came from the server before that request.
    early: Vec<u8>,
    /// The body of a refusal of a WebSocket is under way.
    refusing: bool,
    /// The number of whole heads.
    heads: u64,
    over: bool,
}

impl Http {
    /// Returns whether a whole head has come.
    pub(super) const fn has_heads(&self) -> bool {
        self.heads > 0
    }

    /// Returns the place of the next byte of a direction.
    pub(super) const fn offset(&self, from: Sender) -> u64 {
        match from {
            Sender::Client => self.client.offset,
            Sender::Server => self.server.offset,
        }
    }

    /// Returns the number of bytes that are kept.
    pub(super) fn kept(&self) -> usize {
        let heads = self.client.head.len().saturating_add(self.server.head.len());
        heads.saturating_add(self.held.len()).saturating_add(self.early.len())
    }

    /// Waits for the client's request before it reads an answer. The client's SYN was captured, so a request comes.
    pub(super) const fn await_client(&mut self) {
        self.awaits_client = true;
    }

    /// Takes bytes of a direction.
    pub(super) fn take(&mut self, from: Sender, bytes: &[u8], out: &mut Vec<Found>) {
        if from == Sender::Server && self.awaits_client {
            self.early.extend_from_slice(bytes);
            if self.early.len() > MOST {
                self.await_no_longer(out);
            }
            return;
        }
        self.take_now(from, bytes, out);
        if from == Sender::Client && self.heads > 0 {
            self.await_no_longer(out);
        }
    }

    /// Reads the bytes that came from the server before the client's request.
    fn await_no_longer(&mut self, out: &mut Vec<Found>) {
        self.awaits_client = false;
        let early = mem::take(&mut self.early);
        if !early.is_empty() {
            if self.over {
                let offset = self.server.offset;
                out.push(Found::Bytes { from: Sender::Server, offset, bytes: early });
            } else {
                self.take_now(Sender::Server, &early, out);
            }
        }
    }

    fn take_now(&mut self, from: Sender, bytes: &[u8], out: &mut Vec<Found>) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.over {
            let step = match from {
                Sender::Client => self.client_step(&mut rest, out),
                Sender::Server => self.server_step(&mut rest, out),
            };
            if let Err(Unclear { offset, why }) = step {
                self.unclear(from, offset, why, out);
            }
        }
        if !rest.is_empty() && out.contains(&Found::Open) {
            let offset = self.direction(from).offset;
            out.push(Found::Bytes { from, offset, bytes: rest.into() });
        }
    }

    fn client_step(&mut self, rest: &mut &[u8], out: &mut Vec<Found>) -> Result<(), Unclear> {
        if self.asks() {
            let room = MOST.saturating_sub(self.held.len());
            let (held, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.held.extend_from_slice(held);
            self.client.passed(held);
            *rest = after;
            if !rest.is_empty() {
                self.open(out);
            }
            return Ok(());
        }
        if self.client.skip(rest)? {
            return Ok(());
        }
        let Some(head) = self.client.head(rest, is_method)? else { return Ok(()) };
        self.heads = self.heads.saturating_add(1);
        let start = self.client.offset.saturating_sub(len(&head));
        if asks_for_websocket(&head) {
            self.asked.push_back(Asked::WebSocket);
            out.push(Found::Ask);
            out.push(Found::Bytes { from: Sender::Client, offset: start, bytes: head });
            if self.server.lost {
                let offset = self.server.offset;
                out.push(Found::Gap { from: Sender::Server, offset, missing: None });
                self.open(out);
            }
            return Ok(());
        }
        let method = head.split(|byte| *byte == b' ').next().unwrap_or_default();
        self.asked.push_back(match method {
            b"HEAD" => Asked::Head,
            b"CONNECT" => Asked::Connect,
            _ => Asked::Other,
        });
        if self.asked.len() > MOST_ASKED {
            return Err(Unclear { offset: start, why: "too many requests wait for answers" });
        }
        self.client.body = Body::of_request(&head).map_err(|why| Unclear { offset: start, why })?;
        Ok(())
    }

    fn server_step(&mut self, rest: &mut &[u8], out: &mut Vec<Found>) -> Result<(), Unclear> {
        let (before, offset) = (*rest, self.server.offset);
        if self.server.skip(rest)? {
            if self.refusing {
                let taken = before.len().saturating_sub(rest.len());
                let bytes = before.get(..taken).unwrap_or(before).into();
                out.push(Found::Bytes { from: Sender::Server, offset, bytes });
                self.go_on_after_refusal(out);
            }
            return Ok(());
        }
        let Some(head) = self.server.head(rest, is_version)? else { return Ok(()) };
        self.heads = self.heads.saturating_add(1);
        self.answer(head, out)
    }

    /// Takes the whole head of an answer.
    fn answer(&mut self, head: Vec<u8>, out: &mut Vec<Found>) -> Result<(), Unclear> {
        let start = self.server.offset.saturating_sub(len(&head));
        let unclear = |why| Unclear { offset: start, why };
        let status = status(&head);
        let is_interim = matches!(status, 100 | 102..=199);
        let asked = if is_interim { self.asked.front().copied() } else { self.asked.pop_front() };
        let is_websocket = match asked {
            Some(asked) => asked == Asked::WebSocket,
            None => !is_interim && asks_for_websocket(&head),
        };
        if is_websocket {
            if asked.is_none() {
                self.ask_unknown(out);
            }
            let body = Body::of_answer(&head, status, false);
            out.push(Found::Bytes { from: Sender::Server, offset: start, bytes: head });
            match body {
                _ if is_interim => {}
                Ok(body) if status != 101 => {
                    self.server.body = body;
                    self.refusing = true;
                    self.go_on_after_refusal(out);
                }
                // The explainer reports an answer that breaks a rule.
                _ => self.open(out),
            }
            return Ok(());
        }
        if status == 101 {
            return Err(unclear("it goes on with another protocol"));
        }
        let is_bodiless = match asked {
            Some(Asked::Head) => true,
            Some(Asked::Connect) => (200..300).contains(&status),
            _ => false,
        };
        self.server.body = Body::of_answer(&head, status, is_bodiless).map_err(unclear)?;
        Ok(())
    }

    /// Begins a WebSocket with its answer: its request wasn't captured, or not all of it.
    fn ask_unknown(&mut self, out: &mut Vec<Found>) {
        out.push(Found::Ask);
        let client = &mut self.client;
        let bytes = mem::take(&mut client.head);
        let offset = client.offset.saturating_sub(len(&bytes));
        if client.lost {
            out.push(Found::Gap { from: Sender::Client, offset, missing: None });
        } else if !bytes.is_empty() {
            out.push(Found::Bytes { from: Sender::Client, offset, bytes });
        }
    }

    /// Goes on with the client's bytes once the body of a refusal is over.
    fn go_on_after_refusal(&mut self, out: &mut Vec<Found>) {
        if self.server.body.is_over() {
            self.refusing = false;
            let held = mem::take(&mut self.held);
            self.client.offset = self.client.offset.saturating_sub(len(&held));
            self.take_now(Sender::Client, &held, out);
        }
    }

    /// Returns whether a request for a WebSocket waits for its whole answer.
    fn asks(&self) -> bool {
        self.refusing || self.asked.back() == Some(&Asked::WebSocket)
    }

    /// Gives the explainer all bytes from here on.
    fn open(&mut self, out: &mut Vec<Found>) {
        self.over = true;
        let held = mem::take(&mut self.held);
        if !held.is_empty() {
            let offset = self.client.offset.saturating_sub(len(&held));
            out.push(Found::Bytes { from: Sender::Client, offset, bytes: held });
        }
        out.push(Found::Open);
    }

    /// Takes the number of missing bytes. Missing bytes of a body do no harm.
    pub(super) fn gap(&mut self, from: Sender, missing: u64, out: &mut Vec<Found>) {
        self.await_no_longer(out);
        if self.over || self.direction(from).pass_over(missing) {
            return;
        }
        let offset = self.direction(from).offset;
        self.unclear(from, offset, MISSING, out);
        if self.over && out.contains(&Found::Open) {
            out.push(Found::Gap { from, offset, missing: Some(missing) });
        }
        let direction = self.direction(from);
        direction.offset = direction.offset.saturating_add(missing);
    }

    /// Heads of this direction can't be found any more. A WebSocket that was asked for goes to the explainer as it is.
    fn unclear(&mut self, from: Sender, offset: u64, why: &'static str, out: &mut Vec<Found>) {
        let direction = self.direction(from);
        direction.lost = true;
        let head = mem::take(&mut direction.head);
        let start = direction.offset.saturating_sub(len(&head));
        if self.asks() {
            if !head.is_empty() {
                out.push(Found::Bytes { from, offset: start, bytes: head });
            }
            return self.open(out);
        }
        if from == Sender::Client && asks_for_websocket(&head) {
            out.push(Found::Ask);
            out.push(Found::Bytes { from, offset: start, bytes: head });
            return self.open(out);
        }
        // If bytes of one direction are missing, the other one may still be read.
        if why != MISSING || (self.client.lost && self.server.lost) {
            self.over = true;
            out.push(Found::GiveUp { from, offset, why });
        }
    }

    /// Ends a direction, or the capture. The explainer gets a WebSocket's head that has begun.
    pub(super) fn end(&mut self, from: Sender, out: &mut Vec<Found>) {
        if from == Sender::Client {
            self.await_no_longer(out);
        }
        let head = mem::take(&mut self.direction(from).head);
        let offset = self.direction(from).offset.saturating_sub(len(&head));
        let is_begun = !head.is_empty() && from == Sender::Client && asks_for_websocket(&head);
        if self.over || !(self.asks() || is_begun) {
            return;
        }
        if is_begun && !self.asks() {
            out.push(Found::Ask);
        }
        if !head.is_empty() {
            out.push(Found::Bytes { from, offset, bytes: head });
        }
        // An answer may still come to a client that has ended its stream.
        if from == Sender::Server || is_begun {
            self.open(out);
        }
    }

    /// Gives up, because too many bytes wait.
    pub(super) fn give_up(&mut self, out: &mut Vec<Found>) {
        self.await_no_longer(out);
        if !self.over && self.kept() > 0 {
            let offset = self.client.offset;
            self.unclear(Sender::Client, offset, "too much waits for the rest of it", out);
        }
    }

    const fn direction(&mut self, from: Sender) -> &mut Direction {
        match from {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }
}

/// Returns whether a request may begin with these bytes.
fn is_method(head: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let len = head.iter().take_while(|byte| is_token(byte)).count();
    len <= 32 && matches!((len, head.get(len)), (1.., Some(b' ')) | (_, None))
}

/// Returns whether an answer may begin with these bytes.
fn is_version(head: &[u8]) -> bool {
    let version = b"HTTP/";
    head.iter().zip(version).all(|(byte, expected)| byte == expected)
}

/// Returns the status of an answer; 0 if there is none.
fn status(head: &[u8]) -> u16 {
    let code = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let digits = code.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// Returns whether a head has a field of the WebSocket handshake.
fn asks_for_websocket(head: &[u8]) -> bool {
    let has = |name: &[u8]| name.to_ascii_lowercase().starts_with(b"sec-websocket-");
    head_fields(head).any(|(name, _)| has(name))
        || head_list(head, "Upgrade").is_some_and(|value| value.to_ascii_lowercase().contains("websocket"))
}

#[cfg(test)]
mod tests;
