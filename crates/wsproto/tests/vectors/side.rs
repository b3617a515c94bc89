//! Our connection, run through the steps of a script.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use wsproto::extensions;
use wsproto::extensions::deflate::{Backend, DeflateConfig, WindowBits};
use wsproto::{
    AcceptConnection, Config, Connection, Event, HandshakeLimits, Headers, HttpVersion, LocalProtocolError,
    RejectConnection, RemoteProtocolError, RequestHead, Upgrade, UpgradeError, UpgradeFault,
};

use crate::events;
use crate::outcome::{Outcome, digest, head, letter};
use crate::peer::Peer;
use crate::script::{Kind, What};

/// How many bytes a read brings.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Whole,
    Bytes,
}

pub(crate) struct Side {
    connection: Connection,
    /// The step that determines the entropy.
    step: Arc<AtomicUsize>,
    peer: Option<Peer>,
    error: Option<RemoteProtocolError>,
    /// The answer to a parsed request that was refused.
    refusal: Option<RejectConnection>,
    /// The bytes that were read and not taken yet.
    unread: Vec<u8>,
}

impl Side {
    pub(crate) fn new(kind: &Kind<'_>) -> Self {
        let step = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&step);
        let entropy = move |bytes: &mut [u8]| {
            let step = counter.load(Ordering::Relaxed);
            bytes.iter_mut().enumerate().for_each(|(at, byte)| {
                *byte = u8::try_from((step * 37 + at * 101 + 11) & 0xff).expect("a byte");
            });
        };
        let Kind { server, whole, agreed, .. } = *kind;
        let config = config(kind);
        let connection = match (whole, server) {
            (true, true) => Connection::server(config),
            (true, false) => Connection::client_with_entropy(config, entropy),
            (false, true) => {
                let pipeline =
                    agreed.map(|agreed| extensions::respond(&config.extensions, &[agreed]).expect(agreed).1);
                Connection::open_server(config).with_extensions(pipeline.unwrap_or_default())
            }
            (false, false) => {
                let pipeline =
                    agreed.map(|agreed| extensions::conclude(&config.extensions, &[agreed]).expect(agreed));
                Connection::open_client_with_entropy(config, entropy)
                    .with_extensions(pipeline.unwrap_or_default())
            }
        };
        let peer = agreed.map(|agreed| Peer::new(server, agreed));
        Self { connection, step, peer, error: None, refusal: None, unread: Vec::new() }
    }

    /// Returns whether the peer broke a rule.
    pub(crate) const fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// Does a step, and returns its outcome and the letter of the state.
    pub(crate) fn run(&mut self, at: usize, what: &What, pace: Pace) -> (Vec<String>, char) {
        self.step.store(at, Ordering::Relaxed);
        let lines = match what {
            What::Receive(bytes) => self.receive(bytes, pace),
            What::End => self.end(),
            What::Send(event) => self.send(event),
            What::AnswerError => self.answer_error(),
            What::Parsed(target, fields) => self.parsed(target, &events::headers(fields)),
        };
        let state = self.connection.state();
        (lines, letter(state))
    }

    fn receive(&mut self, bytes: &[u8], pace: Pace) -> Vec<String> {
        let mut outcome = Outcome::default();
        let size = match pace {
            Pace::Whole => bytes.len().max(1),
            Pace::Bytes => 1,
        };
        // An empty read is a read, too.
        let reads = bytes.chunks(size).chain(bytes.is_empty().then_some(&[][..]));
        for read in reads {
            let mut unread = [&self.unread, read].concat();
            let mut input = &mut unread[..];
            loop {
                let received = self.connection.receive(&mut input);
                match received {
                    Ok(Some(event)) => outcome.event(event),
                    Ok(None) => break,
                    Err(error) => {
                        self.fail(error, &mut outcome);
                        break;
                    }
                }
            }
            self.unread = input.to_vec();
        }
        outcome.finish()
    }

    /// Begins with a request that is parsed already.
    fn parsed(&mut self, target: &str, headers: &Headers) -> Vec<String> {
        let head = RequestHead::new(HttpVersion::Http11, "GET", target);
        let upgrade = Upgrade::from_fields(&head, headers, &HandshakeLimits::default());
        let accepted = upgrade.and_then(|upgrade| upgrade.accept(Config::default(), AcceptConnection::new()));
        if let Err(UpgradeError { fault: UpgradeFault::Remote(error), response, .. }) = accepted {
            let mut outcome = Outcome::default();
            let mut refusal = RejectConnection::new(response.status);
            refusal.headers = response.headers;
            // A connection sends it, and writes these fields itself.
            refusal.headers.remove("Connection");
            refusal.headers.remove("Upgrade");
            self.refusal = Some(refusal);
            self.fail(error, &mut outcome);
            return outcome.finish();
        }
        // The bytes give all of its fields, and their connection the later events.
        let mut bytes = format!("GET {target} HTTP/1.1\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        let lines = self.receive(&bytes, Pace::Whole);
        assert_eq!(self.error, None, "an error of bytes alone");
        lines
    }

    /// Records an error. It must be final and stay the same.
    fn fail(&mut self, error: RemoteProtocolError, outcome: &mut Outcome) {
        match &self.error {
            Some(before) => assert_eq!(*before, error),
            None => outcome.error(format!("!{}", name(&error))),
        }
        self.error = Some(error);
    }

    fn end(&mut self) -> Vec<String> {
        let mut outcome = Outcome::default();
        let received = self.connection.receive_eof();
        match received {
            Ok(Some(event)) => outcome.event(event),
            Ok(None) => {}
            Err(error) => self.fail(error, &mut outcome),
        }
        outcome.finish()
    }

    fn send(&mut self, event: &Value) -> Vec<String> {
        let Some(event) = events::event(event) else { return vec!["!local no such event".to_owned()] };
        let mut out = Vec::new();
        let before = self.state_in_words();
        let sent = self.send_event(event, &mut out);
        if sent.is_err() {
            assert_eq!((out.len(), self.state_in_words()), (0, before), "a failed send changes nothing");
        }
        self.told(sent, out)
    }

    fn send_event(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        self.connection.send(event, out)
    }

    fn told(&mut self, sent: Result<(), LocalProtocolError>, out: Vec<u8>) -> Vec<String> {
        match (sent, &mut self.peer) {
            (Err(error), _) => vec![format!("!local {}", short(&format!("{error:?}")))],
            (Ok(()), _) if out.starts_with(b"GET ") || out.starts_with(b"HTTP/1.1 ") => head(&out),
            (Ok(()), Some(peer)) => peer.read(out),
            (Ok(()), None) => vec![format!("sent {}", digest(&out))],
        }
    }

    fn answer_error(&mut self) -> Vec<String> {
        let error = self.error.clone().expect("an error to answer");
        let mut out = Vec::new();
        let sent = match self.refusal.take() {
            Some(refusal) => self.connection.send(refusal, &mut out),
            None => self.connection.reply_to_error(&error, &mut out),
        };
        match (sent, error.event_hint()) {
            (Ok(()), Some(Event::CloseConnection(close))) if !out.is_empty() => {
                vec![format!("close {}", close.code.get())]
            }
            (Ok(()), _) if out.is_empty() => Vec::new(),
            (sent, _) => self.told(sent, mem::take(&mut out)),
        }
    }

    fn state_in_words(&self) -> String {
        format!("{:?}", self.connection)
    }
}

/// Returns the code with which an open connection closes, and the rule that was broken.
fn name(error: &RemoteProtocolError) -> String {
    let rule = short(&format!("{error:?}"));
    match error.event_hint() {
        Some(Event::CloseConnection(close)) => format!("{} {rule}", close.code.get()),
        _ => rule,
    }
}

/// `Frame(ReservedOpcode(3))` becomes `Frame ReservedOpcode`: values and limits don't matter.
fn short(debug: &str) -> String {
    let words = debug.split(|c: char| !c.is_ascii_alphanumeric());
    let names = words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    names.collect::<Vec<_>>().join(" ")
}

fn config(kind: &Kind<'_>) -> Config {
    let config = Config::default();
    if kind.agreed.is_some() {
        return config
            .with_extension(DeflateConfig::default().with_backend(Backend::Miniz).with_threshold(0));
    }
    let Some(deflate) = kind.deflate else { return config };
    let bits = |name: &str| {
        deflate[name].as_u64().and_then(|bits| WindowBits::new(u8::try_from(bits).ok()?)).unwrap_or_default()
    };
    let on = |name: &str| deflate[name] == true;
    // Which messages don't shrink depends on the library.
    let mut agreed = DeflateConfig::default()
        .with_backend(Backend::Miniz)
        .with_threshold(0)
        .with_server_max_window_bits(bits("server_max_window_bits"))
        .with_client_max_window_bits(bits("client_max_window_bits"));
    agreed.params.server_no_context_takeover = on("server_no_context_takeover");
    agreed.params.client_no_context_takeover = on("client_no_context_takeover");
    config.with_extension(agreed)
}
