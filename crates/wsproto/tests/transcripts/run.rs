//! Runs one conversation against a connection, and compares all results with the transcript.

use std::{collections::VecDeque, mem};

use wsproto::{Connection, Event, LocalProtocolError, RemoteProtocolError};

use crate::script::{Command, Conversation, End, Outcome, Said, Setting, Step, Verdict, What};
use crate::side;
use crate::words::{broken, event, state_name, told, transport_name};

/// The pieces in which received lines arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Whole,
    /// The line of one step in two reads, the others whole.
    Cut {
        step: usize,
        at: usize,
    },
    Bytes,
}

impl Pace {
    fn pieces(self, step: usize, bytes: &[u8]) -> Vec<Vec<u8>> {
        match self {
            Self::Cut { step: cut, at } if cut == step => {
                let (front, back) = bytes.split_at(at);
                vec![front.to_vec(), back.to_vec()]
            }
            Self::Bytes => bytes.iter().map(|byte| vec![*byte]).collect(),
            Self::Whole | Self::Cut { .. } => vec![bytes.to_vec()],
        }
    }
}

/// Runs a conversation.
///
/// # Errors
///
/// The first difference from the transcript, with its place and the pace.
pub(crate) fn run(conversation: &Conversation, pace: Pace) -> Result<(), String> {
    let mut runner = Runner::new(&conversation.setting);
    let file = conversation.place.split(':').next().unwrap_or_default();
    let mut number = 0;
    while let Some(step) = conversation.steps.get(number) {
        let following = &conversation.steps[number + 1..];
        let done = runner.step(step, following, |bytes| pace.pieces(number, bytes));
        number += 1 + done.map_err(|problem| format!("{file}:{}, {pace:?}: {problem}", step.line))?;
    }
    runner.nothing_unwritten().map_err(|problem| format!("{}, at its end: {problem}", conversation.place))
}

/// A connection, its input, and its results.
pub(crate) struct Runner {
    pub(crate) connection: Connection,
    pub(crate) out: Vec<u8>,
    /// Reads that the connection has not taken yet.
    reads: VecDeque<Vec<u8>>,
    pub(crate) happened: Vec<Outcome>,
    last: Last,
}

/// The last event or error, which a reply answers.
enum Last {
    Nothing,
    Event(Event<'static>),
    Error(RemoteProtocolError),
}

impl Runner {
    pub(crate) fn new(setting: &Setting) -> Self {
        let connection = side::connection(setting);
        Self {
            connection,
            out: Vec::new(),
            reads: VecDeque::new(),
            happened: Vec::new(),
            last: Last::Nothing,
        }
    }

    /// Does a step, compares the results with the following lines, and returns the number of these lines.
    fn step(
        &mut self,
        step: &Step,
        following: &[Step],
        pieces: impl Fn(&[u8]) -> Vec<Vec<u8>>,
    ) -> Result<usize, String> {
        if !matches!(step.what, What::Writes(_)) {
            self.nothing_unwritten()?;
        }
        match &step.what {
            What::Receive(bytes) => {
                for piece in pieces(bytes) {
                    self.read(piece)?;
                }
            }
            What::ReceiveEof => self.take_eof(),
            What::Send(command, verdict) => {
                self.send(command, *verdict)?;
                self.read(Vec::new())?;
            }
            What::Writes(bytes) => {
                differs("written", &show(&mem::take(&mut self.out)), &show(bytes))?;
            }
            What::Is(state, transport) => {
                let found =
                    (state_name(self.connection.state()), transport_name(self.connection.transport()));
                differs("state", &found, &(state.as_str(), transport.as_str()))?;
            }
            What::Happens(outcome) => return Err(format!("{outcome:?} has no cause")),
        }
        // The events of a line may stand after the bytes that are written for it.
        let told = following.iter().map(|step| match &step.what {
            What::Happens(outcome) => Some(outcome.clone()),
            _ => None,
        });
        let expected: Vec<Outcome> = told.map_while(|outcome| outcome).collect();
        let written_first = matches!(following.first(), Some(Step { what: What::Writes(_), .. }));
        if written_first && matches!(step.what, What::Send(..)) {
            return Ok(0);
        }
        differs("events", &joined(mem::take(&mut self.happened)), &joined(expected.clone()))?;
        Ok(expected.len())
    }

    /// Passes one more read to the connection, and earlier reads that it did not take.
    pub(crate) fn read(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        self.reads.push_back(bytes);
        self.take_reads()
    }

    /// Passes the reads to the connection, as long as it takes them.
    fn take_reads(&mut self) -> Result<(), String> {
        while let Some(mut read) = self.reads.pop_front() {
            let mut input = &mut read[..];
            loop {
                match self.connection.receive(&mut input) {
                    Ok(Some(event)) => {
                        self.happened.push(Outcome::Event(told(&event)));
                        self.last = Last::Event(event.into_owned());
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.reads.clear();
                        return self.failed(error);
                    }
                }
            }
            let mut left = input.to_vec();
            if !left.is_empty() {
                left.extend(self.reads.drain(..).flatten());
                self.reads.push_front(left);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Stores an error, once. It must stay the same.
    fn failed(&mut self, error: RemoteProtocolError) -> Result<(), String> {
        if let Last::Error(before) = &self.last {
            return differs("error", &error, before);
        }
        self.happened.push(broken(&error));
        self.last = Last::Error(error);
        Ok(())
    }

    pub(crate) fn take_eof(&mut self) {
        match self.connection.receive_eof() {
            Ok(None) => {}
            Ok(Some(event)) => {
                self.happened.push(Outcome::Event(told(&event)));
                // The answer to an error can still be sent.
                if !matches!(self.last, Last::Error(_)) {
                    self.last = Last::Event(event);
                }
            }
            Err(error) => {
                self.happened.push(broken(&error));
                self.last = Last::Error(error);
            }
        }
    }

    fn send(&mut self, command: &Command, verdict: Verdict) -> Result<(), String> {
        match (self.attempt(command)?, verdict) {
            (Ok(()), Verdict::Accepted) | (Err(_), Verdict::Refused) => Ok(()),
            (Ok(()), Verdict::Refused) => Err("was sent".into()),
            (Err(error), Verdict::Accepted) => Err(format!("was refused: {error}")),
        }
    }

    /// Does the action of our program. A refused action must change nothing.
    pub(crate) fn attempt(&mut self, command: &Command) -> Result<Result<(), LocalProtocolError>, String> {
        let before = (self.connection.state(), self.out.clone());
        let result = match command {
            Command::Say(said) => self.connection.send(event(said), &mut self.out),
            Command::Reply => match &self.last {
                Last::Nothing => Ok(()),
                Last::Event(event) => self.connection.reply(event, &mut self.out),
                Last::Error(error) => self.connection.reply_to_error(error, &mut self.out),
            },
        };
        if result.is_err() {
            differs("after a refusal", &(self.connection.state(), self.out.clone()), &before)?;
        }
        Ok(result)
    }

    fn nothing_unwritten(&self) -> Result<(), String> {
        if self.out.is_empty() { Ok(()) } else { Err(format!("also written: {}", show(&self.out))) }
    }
}

/// Joins the parts of each frame and of each body, and leaves out those of a frame that breaks a rule.
fn joined(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut joined = frames(outcomes);
    joined.dedup_by(|next, before| {
        let breaks_off =
            matches!((&*before, &*next), (Outcome::Event(said), Outcome::Broken(..)) if is_part(said));
        if breaks_off {
            mem::swap(before, next);
        }
        breaks_off
    });
    joined
}

/// Joins the parts of each frame and of each body.
pub(crate) fn frames(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut joined: Vec<Outcome> = Vec::new();
    for outcome in outcomes {
        match (joined.last_mut(), outcome) {
            (Some(Outcome::Event(before)), Outcome::Event(next)) if goes_on(before, &next) => {
                join(before, next);
            }
            (_, outcome) => joined.push(outcome),
        }
    }
    joined
}

/// Returns whether an event is a part of a frame, with more of the frame to come.
pub(crate) fn is_part(said: &Said) -> bool {
    matches!(said, Said::Text { end: End::Part, .. } | Said::Binary { end: End::Part, .. })
}

/// Returns whether `next` continues the frame, or the body, of `before`.
fn goes_on(before: &Said, next: &Said) -> bool {
    match (before, next) {
        (Said::Text { .. }, Said::Text { .. }) | (Said::Binary { .. }, Said::Binary { .. }) => {
            is_part(before)
        }
        (Said::RejectData { end: End::More, .. }, Said::RejectData { .. }) => true,
        _ => false,
    }
}

fn join(before: &mut Said, next: Said) {
    match (before, next) {
        (Said::Text { data, end }, Said::Text { data: more, end: next }) => {
            data.push_str(&more);
            *end = next;
        }
        (
            Said::Binary { data, end } | Said::RejectData { data, end },
            Said::Binary { data: more, end: next } | Said::RejectData { data: more, end: next },
        ) => {
            data.extend(more);
            *end = next;
        }
        _ => {}
    }
}

/// Formats bytes for a message: as text if they are text.
fn show(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(|letter: char| letter.is_control() && !"\r\n".contains(letter)) => {
            format!("{text:?}")
        }
        _ => format!("{bytes:02x?}"),
    }
}

fn differs<T: std::fmt::Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}
