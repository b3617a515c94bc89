//! One handle that closes many connections.

use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
    time::timeout,
};
use wsproto::CloseCode;

use crate::{
    WebSocket,
    access::{Access, Shared},
    parties::Party,
    pump::Pump,
};

/// Closes all connections that are registered with it, and waits for them.
///
/// It has a task of its own, which closes those to their end that a program drops: with 1001, within their deadline of
/// closing, as [`WebSocket::close`] would. Nothing else is done for a connection while the program has it.
///
/// ```
/// use std::time::Duration;
/// use tokio::net::TcpListener;
/// use wsproto_tokio::{Error, Settings, Shutdown, accept};
///
/// async fn serve(listener: TcpListener) {
///     let shutdown = Shutdown::spawn();
///     loop {
///         let stream = tokio::select! {
///             accepted = listener.accept() => match accepted {
///                 Ok((stream, _)) => stream,
///                 Err(_) => {
///                     tokio::time::sleep(Duration::from_millis(50)).await; // too many open files, say
///                     continue;
///                 }
///             },
///             () = stop_asked() => break,
///         };
///         let shutdown = shutdown.clone();
///         tokio::spawn(async move {
///             let mut ws = shutdown.register(accept(stream, &Settings::default()).await?);
///             while let Some(message) = ws.recv().await? {
///                 ws.feed(message).await?;
///             }
///             Ok::<(), Error>(())
///         });
///     }
///     let report = shutdown.close_all(Duration::from_secs(10)).await;
///     println!("{} closed, {} cut", report.closed, report.cut);
/// }
/// # async fn stop_asked() {}
/// ```
pub struct Shutdown {
    tracker: Arc<Tracker>,
}

/// What became of the connections that a [`Shutdown`] closed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Those that came to their end in time, cleanly or not.
    pub closed: usize,
    /// Those of them whose closing handshake was complete.
    pub clean: usize,
    /// Those that did not, and were cut.
    pub cut: usize,
}

/// A connection without its stream's type.
trait Member: Send + Sync {
    /// Queues a Close, if none was sent.
    fn start_close(&self);
    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()>;
    fn is_over(&self) -> bool;
    /// Tells whether the closing handshake was complete.
    fn is_clean(&self) -> bool;
    /// Ends it at once.
    fn cut(&self);
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Member for Shared<S> {
    fn start_close(&self) {
        self.act(|pump| {
            // The code is a good one; what can't be sent any more needn't be.
            let _ = pump.queue(|driver, now| driver.close(CloseCode::GOING_AWAY, "", now));
        });
    }

    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(Party::Shutdown, cx, Pump::poll_end)
    }

    fn is_over(&self) -> bool {
        self.look(Pump::is_over)
    }

    fn is_clean(&self) -> bool {
        self.look(|pump| pump.driver.close_report().clean)
    }

    fn cut(&self) {
        self.act(|pump| pump.cut(&mut Context::from_waker(Waker::noop())));
    }
}

/// All connections that are registered.
#[derive(Default)]
struct Tracker {
    state: Mutex<State>,
    /// Something is there for the task to do.
    work: Notify,
    /// A connection is over.
    ended: Notify,
}

#[derive(Default)]
struct State {
    /// Those that are open or closing.
    members: HashMap<u64, Registered>,
    next_id: u64,
    /// Those that the task is to close.
    to_close: Vec<(u64, Arc<dyn Member>)>,
    /// Whether all are being closed.
    closing: bool,
    handles: usize,
    ended: usize,
    /// Those of the ended ones that ended cleanly.
    ended_cleanly: usize,
}

struct Registered {
    member: Arc<dyn Member>,
    /// Whether it is being closed: by one task, whoever asks for it again. Two would take each other's wake-ups.
    is_closing: bool,
}

impl Tracker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the task close a connection.
    fn close(&self, id: u64) {
        let member = match self.state().members.get_mut(&id) {
            Some(known) if !known.is_closing => {
                known.is_closing = true;
                Arc::clone(&known.member)
            }
            _ => return,
        };
        if member.is_over() {
            return self.forget(id, member.is_clean());
        }
        member.start_close();
        self.state().to_close.push((id, member));
        self.work.notify_one();
    }

    /// Notes that a connection has ended.
    fn forget(&self, id: u64, is_clean: bool) {
        let known = {
            let mut state = self.state();
            let known = state.members.remove(&id);
            if known.is_some() {
                state.ended = state.ended.saturating_add(1);
                state.ended_cleanly = state.ended_cleanly.saturating_add(usize::from(is_clean));
            }
            known
        };
        self.tell_removed(known);
    }

    /// Lets go of a connection that the program keeps, unless it is being closed.
    fn release(&self, id: u64) -> bool {
        let known = {
            let mut state = self.state();
            if state.members.get(&id).is_some_and(|known| known.is_closing) {
                return false;
            }
            state.members.remove(&id)
        };
        self.tell_removed(known);
        true
    }

    /// What a connection does when it is dropped is not for under the lock.
    fn tell_removed(&self, known: Option<Registered>) {
        drop(known);
        self.ended.notify_waiters();
        self.work.notify_one();
    }

    /// Closes what it is told to, each in a task of its own, until nobody is left who could tell it.
    async fn run(self: Arc<Self>) {
        loop {
            let (work, is_last) = {
                let mut state = self.state();
                let is_last = state.handles == 0 && state.members.is_empty();
                (mem::take(&mut state.to_close), is_last)
            };
            if is_last {
                return;
            }
            for (id, member) in work {
                let tracker = Arc::clone(&self);
                tokio::spawn(async move {
                    poll_fn(|cx| member.poll_end(cx)).await;
                    tracker.forget(id, member.is_clean());
                });
            }
            self.work.notified().await;
        }
    }
}

impl Shutdown {
    /// Makes a handle, and spawns its task.
    ///
    /// The task ends once all handles and all connections that are registered are gone.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn spawn() -> Self {
        let tracker = Arc::<Tracker>::default();
        tracker.state().handles = 1;
        tokio::spawn(Arc::clone(&tracker).run());
        Self { tracker }
    }

    /// Registers a connection: from now on this handle can close it, whatever the program does. Where all are being closed
    /// already, it is closed at once.
    #[must_use]
    pub fn register<S>(&self, ws: WebSocket<S>) -> WebSocket<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if ws.registration.is_some() {
            return ws;
        }
        let shared = ws.access.into_shared();
        let (id, closing) = {
            let mut state = self.tracker.state();
            let id = state.next_id;
            state.next_id = id.wrapping_add(1);
            let member = Arc::<Shared<S>>::clone(&shared);
            state.members.insert(id, Registered { member, is_closing: false });
            (id, state.closing)
        };
        if closing {
            self.tracker.close(id);
        }
        let registration = Registration { tracker: Arc::clone(&self.tracker), id };
        WebSocket { access: Access::Shared(shared), registration: Some(Arc::new(registration)) }
    }

    /// Returns how many registered connections are not over yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracker.state().members.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes all connections with 1001, and waits until each is closed to its end, but no longer than `limit`; those
    /// that are not closed by then are cut. What still comes is dropped: a program that receives gets `None`.
    ///
    /// A connection that is registered later is closed at once.
    ///
    /// # Cancel safety
    ///
    /// The closing goes on without it; only the limit is lost.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with its timer.
    pub async fn close_all(&self, limit: Duration) -> ShutdownReport {
        let (all, ended, ended_cleanly) = {
            let mut state = self.tracker.state();
            state.closing = true;
            let all: Vec<u64> = state.members.keys().copied().collect();
            (all, state.ended, state.ended_cleanly)
        };
        for id in all {
            self.tracker.close(id);
        }
        let in_time = timeout(limit, self.all_ended()).await.is_ok();
        // Those that are cut end, too, but are not counted among those that ended in time, now or later.
        let (report, late) = {
            let mut state = self.tracker.state();
            let late = if in_time { HashMap::new() } else { mem::take(&mut state.members) };
            let report = ShutdownReport {
                closed: state.ended.saturating_sub(ended),
                clean: state.ended_cleanly.saturating_sub(ended_cleanly),
                cut: late.len(),
            };
            (report, late)
        };
        for known in late.into_values() {
            known.member.cut();
            self.tracker.tell_removed(Some(known));
        }
        report
    }

    async fn all_ended(&self) {
        loop {
            let ended = self.tracker.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if self.is_empty() {
                return;
            }
            ended.await;
        }
    }
}

impl Clone for Shutdown {
    fn clone(&self) -> Self {
        let mut state = self.tracker.state();
        state.handles = state.handles.saturating_add(1);
        Self { tracker: Arc::clone(&self.tracker) }
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        let mut state = self.tracker.state();
        state.handles = state.handles.saturating_sub(1);
        drop(state);
        self.tracker.work.notify_one();
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A program's share in a connection that is registered; the last one to go leaves it to the handle's task.
pub(crate) struct Registration {
    tracker: Arc<Tracker>,
    id: u64,
}

impl Registration {
    /// Takes it off the list, unless it is being closed; tells whether it did.
    pub(crate) fn release(&self) -> bool {
        self.tracker.release(self.id)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.tracker.close(self.id);
    }
}
