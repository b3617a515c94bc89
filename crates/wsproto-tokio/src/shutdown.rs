//! One handle that closes many connections.

use std::{
    collections::HashMap,
    fmt,
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
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
    /// Those that did not, and were cut.
    pub cut: usize,
}

/// A connection without its stream's type.
trait Member: Send + Sync {
    /// Queues a Close, if none was sent.
    fn start_close(&self);
    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()>;
    fn is_over(&self) -> bool;
    /// Ends it at once.
    fn cut(&self);
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Member for Shared<S> {
    fn start_close(&self) {
        self.with(|pump| {
            pump.act(|pump| {
                // The code is a good one; what can't be sent any more needn't be.
                let _ = pump.queue(|driver, now| driver.close(CloseCode::GOING_AWAY, "", now));
            });
        });
    }

    fn poll_end(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.with(|pump| pump.poll_for(Party::Shutdown, cx, Pump::poll_end))
    }

    fn is_over(&self) -> bool {
        self.with(|pump| pump.is_over())
    }

    fn cut(&self) {
        self.with(|pump| pump.act(Pump::end));
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
    members: HashMap<u64, Arc<dyn Member>>,
    next_id: u64,
    /// Those that the task is to close.
    to_close: Vec<(u64, Arc<dyn Member>)>,
    /// Whether all are being closed.
    closing: bool,
    handles: usize,
    ended: usize,
}

impl Tracker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the task close a connection.
    fn close(&self, id: u64) {
        let Some(member) = self.state().members.get(&id).map(Arc::clone) else { return };
        if member.is_over() {
            return self.forget(id);
        }
        member.start_close();
        self.state().to_close.push((id, member));
        self.work.notify_one();
    }

    fn forget(&self, id: u64) {
        let member = {
            let mut state = self.state();
            let member = state.members.remove(&id);
            state.ended = state.ended.saturating_add(usize::from(member.is_some()));
            member
        };
        drop(member);
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
                    tracker.forget(id);
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
            state.members.insert(id, Arc::<Shared<S>>::clone(&shared));
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
        let before = {
            let mut state = self.tracker.state();
            state.closing = true;
            state.ended
        };
        let all: Vec<u64> = self.tracker.state().members.keys().copied().collect();
        for id in all {
            self.tracker.close(id);
        }
        let mut report = ShutdownReport::default();
        if timeout(limit, self.all_ended()).await.is_err() {
            let members: Vec<_> = self.tracker.state().members.values().map(Arc::clone).collect();
            report.cut = members.len();
            for member in members {
                member.cut();
            }
        }
        report.closed = self.tracker.state().ended.saturating_sub(before);
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
    /// Takes it off the list.
    pub(crate) fn forget(&self) {
        self.tracker.forget(self.id);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.tracker.close(self.id);
    }
}
