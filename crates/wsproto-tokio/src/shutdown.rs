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

/// Closes all registered connections, and waits for them.
///
/// Its own task closes the connections that a program drops: with 1001, within their closing deadline, as
/// [`WebSocket::close`] would. The task does nothing for a connection while the program has it.
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

/// The outcome of the connections that a [`Shutdown`] closed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Connections that ended in time, cleanly or not.
    pub closed: usize,
    /// Connections among `closed` with a complete closing handshake.
    pub clean: usize,
    /// Connections that did not end in time, and were cut.
    pub cut: usize,
}

/// A connection without its stream's type.
trait Member: Send + Sync {
    /// Queues a Close, if none was sent.
    fn start_close(&self);
    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()>;
    fn is_over(&self) -> bool;
    /// Returns whether the closing handshake is complete.
    fn is_clean(&self) -> bool;
    /// Ends the connection at once.
    fn cut(&self);
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Member for Shared<S> {
    fn start_close(&self) {
        self.act(|pump| {
            // The code is valid, and a connection that can't send any more needs no Close.
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

/// All registered connections.
#[derive(Default)]
struct Tracker {
    state: Mutex<State>,
    /// The task has something to do.
    work: Notify,
    /// A connection is over.
    ended: Notify,
}

#[derive(Default)]
struct State {
    /// Connections that are open or closing.
    members: HashMap<u64, Registered>,
    next_id: u64,
    /// Connections that the task must close.
    to_close: Vec<(u64, Arc<dyn Member>)>,
    /// Whether all connections are being closed.
    closing: bool,
    handles: usize,
    ended: usize,
    /// Connections among `ended` that ended cleanly.
    ended_cleanly: usize,
}

struct Registered {
    member: Arc<dyn Member>,
    /// Whether one task closes it. A second task would take the first one's wake-ups.
    is_closing: bool,
}

impl Tracker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the task close a connection.
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

    /// Records that a connection has ended.
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

    /// Removes a connection that the program keeps, unless it is being closed; returns whether it was removed.
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

    /// Dropping a connection runs code of the program, so it happens outside the lock.
    fn tell_removed(&self, known: Option<Registered>) {
        drop(known);
        self.ended.notify_waiters();
        self.work.notify_one();
    }

    /// Closes the queued connections, each in a task of its own, until all handles and connections are gone.
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
    /// The task ends when all handles and all registered connections are gone.
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

    /// Registers a connection: from now on this handle can close it, whatever the program does.
    ///
    /// If all connections are being closed, this one is closed at once.
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

    /// Returns how many registered connections are not over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracker.state().members.len()
    }

    /// Returns whether no registered connection is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes all connections with 1001, and waits until each has ended, at most for `limit`.
    ///
    /// Connections that haven't ended by then are cut. Messages that still come are dropped: a program that receives
    /// gets `None`. A connection that is registered later is closed at once.
    ///
    /// # Cancel safety
    ///
    /// The closing goes on if the future is dropped; only the limit is lost.
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
        // Connections that are cut end, too, but are never counted as closed in time.
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

/// The program's share in a registered connection; dropping the last one leaves the connection to the handle's task.
pub(crate) struct Registration {
    tracker: Arc<Tracker>,
    id: u64,
}

impl Registration {
    /// Removes the connection from the list, unless it is being closed; returns whether it was removed.
    pub(crate) fn release(&self) -> bool {
        self.tracker.release(self.id)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.tracker.close(self.id);
    }
}
