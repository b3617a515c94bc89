//! The sessions of pages: what a page's own connections show to its `/wire`.
//!
//! The server makes the id, from 128 bits of the operating system's randomness, and tells it over `/wire` only. Had the
//! page made it, a server would have to keep room for whatever id comes first; so it knows no id but those of open
//! `/wire` connections, and there are few of them. A session is gone with its `/wire`.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::broadcast;

use super::{queue::Queue, recordings::Recordings};

/// So many pages can look at once.
const MOST_SESSIONS: usize = 8;
/// So many connections of a page can be looked at, at a time.
const MOST_CONNECTIONS: usize = 8;

/// All sessions.
#[derive(Clone, Default)]
pub(super) struct Sessions {
    by_id: Arc<Mutex<HashMap<String, Arc<Session>>>>,
}

impl Sessions {
    /// Opens a session; `None` where there are too many, or the system has no randomness.
    pub(super) fn open(&self) -> Option<Owner> {
        let id = new_id()?;
        let mut by_id = lock(&self.by_id);
        if by_id.len() >= MOST_SESSIONS {
            return None;
        }
        let session = Arc::new(Session {
            id: id.clone(),
            queue: Queue::default(),
            recordings: Mutex::default(),
            live: AtomicUsize::new(0),
            pings: broadcast::channel(4).0,
        });
        by_id.insert(id, Arc::clone(&session));
        Some(Owner { session, sessions: self.clone() })
    }

    /// Finds the session of a page.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Session>> {
        lock(&self.by_id).get(id).map(Arc::clone)
    }
}

/// What a page looks at.
pub(super) struct Session {
    pub(super) id: String,
    /// What waits to be shown.
    pub(super) queue: Queue,
    recordings: Mutex<Recordings>,
    /// How many connections are looked at.
    live: AtomicUsize,
    /// Asks the page's own echo for a Ping, which no script can send.
    pub(super) pings: broadcast::Sender<()>,
}

impl Session {
    pub(super) fn recordings(&self) -> MutexGuard<'_, Recordings> {
        lock(&self.recordings)
    }

    /// Takes one of the places for connections.
    pub(super) fn place(self: &Arc<Self>) -> Option<Place> {
        let more = |live: usize| (live < MOST_CONNECTIONS).then_some(live.saturating_add(1));
        let taken = self.live.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then(|| Place { session: Arc::clone(self) })
    }
}

/// The one that looks. With it the session ends: connections that still have it keep nothing more in it.
pub(super) struct Owner {
    pub(super) session: Arc<Session>,
    sessions: Sessions,
}

impl Drop for Owner {
    fn drop(&mut self) {
        lock(&self.sessions.by_id).remove(&self.session.id);
        self.session.queue.close();
        self.session.recordings().close();
    }
}

/// A place among the connections that a session looks at.
pub(super) struct Place {
    pub(super) session: Arc<Session>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.session.live.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Nothing that is kept here is half-done between two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn new_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().fold(String::new(), |mut id, byte| {
        // Writing to a String can't fail.
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_few_and_go_with_their_owner() {
        let sessions = Sessions::default();
        let mut open: Vec<_> = (0..MOST_SESSIONS).map(|_| sessions.open().unwrap()).collect();
        assert!(sessions.open().is_none());
        let gone = open.pop().unwrap();
        let id = gone.session.id.clone();
        assert!(sessions.find(&id).is_some());
        drop(gone);
        assert!(sessions.find(&id).is_none());
        assert!(sessions.open().is_some());
    }

    #[test]
    fn ids_are_128_bits_in_hex_and_never_the_same() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_id().unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn connections_of_a_session_are_few() {
        let owner = Sessions::default().open().unwrap();
        let session = &owner.session;
        let mut places: Vec<_> = (0..MOST_CONNECTIONS).map(|_| session.place().unwrap()).collect();
        assert!(session.place().is_none());
        places.pop();
        assert!(session.place().is_some());
    }
}
