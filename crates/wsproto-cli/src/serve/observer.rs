//! Looks at a connection from below: turns what a tapped stream carries into records of a session.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;
use wsproto::Config;

use super::{
    route::Endpoint,
    sessions::{Place, Session},
};
#[cfg(feature = "tls")]
use crate::wire::Handshake;
use crate::wire::{Begun, Explainer, Numbered, Record, Sender, Start, Tap, Tapped};

/// Looks at one connection. Whose it is, its request says, which has been seen by then.
#[derive(Clone, Default)]
pub(super) struct Observer {
    sees: Arc<Mutex<Sees>>,
}

/// How many bytes and records are kept until a request says whose the connection is: more than its head may have, and
/// what may follow it in the same read.
const MOST_UNDECIDED: usize = 128 << 10;

enum Sees {
    /// The request isn't whole: these came so far, and so many bytes: at most [`MOST_UNDECIDED`].
    Undecided(Vec<Tapped>, usize),
    /// Nobody looks.
    Nothing,
    All(Box<Look>),
}

impl Default for Sees {
    fn default() -> Self {
        Self::Undecided(Vec::new(), 0)
    }
}

struct Look {
    place: Place,
    number: u32,
    explainer: Explainer,
    last: Duration,
    /// Empty between two calls.
    records: Vec<Record>,
}

/// Whose connection it is.
#[derive(Clone, Debug, Serialize)]
pub(super) struct About {
    /// `page`, or `server` for the client of the server itself.
    by: &'static str,
    path: &'static str,
    /// What it is there for: the name of a violation, say.
    label: &'static str,
}

impl About {
    /// A connection of the page itself.
    pub(super) const fn of_page(endpoint: Endpoint) -> Self {
        Self { by: "page", path: endpoint.path(), label: "" }
    }

    /// A connection of the server to itself.
    pub(super) const fn staged(endpoint: Endpoint, label: &'static str) -> Self {
        Self { by: "server", path: endpoint.path(), label }
    }
}

impl Observer {
    /// Taps a server's stream.
    pub(super) fn tap<S>(&self, io: S) -> Tap<S, impl FnMut(Tapped) + Send + Unpin + use<S>> {
        let observer = self.clone();
        Tap::new(io, Sender::Server, Instant::now(), move |tapped| observer.see(tapped))
    }

    /// Shows the connection to a session, from its first byte; it is judged within these limits.
    pub(super) fn show(&self, place: Place, about: &About, limits: &Arc<Config>) {
        let look = Look::new(place, about, Explainer::within(Arc::clone(limits), Start::Handshake));
        self.with(|sees| {
            let before = mem::replace(sees, Sees::All(Box::new(look)));
            if let (Sees::Undecided(all, _), Sees::All(look)) = (before, sees) {
                for tapped in &all {
                    look.see(tapped);
                }
            }
        });
    }

    /// Shows a connection whose handshake isn't among its bytes: these are its request and its answer.
    #[cfg(feature = "tls")]
    pub(super) fn show_open(
        &self,
        place: Place,
        about: &About,
        limits: &Arc<Config>,
        heads: [Handshake; 2],
        extensions: &str,
    ) {
        let mut look = Look::new(place, about, Explainer::within(Arc::clone(limits), Start::Handshake));
        look.place.session.recordings().opened(look.number, &heads, extensions);
        for head in heads {
            look.explainer.handshake(head, &mut look.records);
        }
        look.explainer.open(Duration::ZERO, extensions, None, &mut look.records);
        look.tell();
        self.with(|sees| *sees = Sees::All(Box::new(look)));
    }

    /// Lets nobody look.
    pub(super) fn hide(&self) {
        self.with(|sees| *sees = Sees::Nothing);
    }

    fn see(&self, tapped: Tapped) {
        self.with(|sees| match sees {
            Sees::Undecided(all, len) => {
                if let Tapped::Bytes(chunk) = &tapped {
                    *len = len.saturating_add(chunk.bytes.len());
                }
                all.push(tapped);
                // What was refused is read to its end, however long that is: nobody will look at it.
                if *len > MOST_UNDECIDED || all.len() > MOST_UNDECIDED {
                    *sees = Sees::Nothing;
                }
            }
            Sees::Nothing => {}
            Sees::All(look) => look.see(&tapped),
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Sees) -> T) -> T {
        act(&mut self.sees.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Look {
    fn new(place: Place, about: &About, explainer: Explainer) -> Self {
        let number = place.session.recordings().begin();
        push(&place.session, &Begun::new(number.into(), about));
        Self { place, number, explainer, last: Duration::ZERO, records: Vec::new() }
    }

    fn see(&mut self, tapped: &Tapped) {
        self.last = match tapped {
            Tapped::Bytes(chunk) => chunk.at,
            Tapped::End { at, .. } => *at,
        };
        self.place.session.recordings().keep(self.number, tapped);
        self.explainer.see(tapped, &mut self.records);
        self.tell();
    }

    fn tell(&mut self) {
        for record in self.records.drain(..) {
            push(&self.place.session, &Numbered { connection: Some(self.number.into()), record: &record });
        }
    }
}

/// The stream is gone, and with it both directions.
impl Drop for Look {
    fn drop(&mut self) {
        for from in [Sender::Client, Sender::Server] {
            self.see(&Tapped::End { at: self.last, from });
        }
        push(&self.place.session, &serde_json::json!({ "kind": "over", "connection": self.number }));
    }
}

/// Appends a record to what the page is shown.
pub(super) fn push(session: &Session, record: &impl Serialize) {
    // These have nothing that JSON can't say.
    if let Ok(json) = serde_json::to_string(record) {
        session.queue.push(json);
    }
}
