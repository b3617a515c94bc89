//! Standard output and standard error, written by threads: a stream that blocks stops nobody but its thread.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::Patient;

/// So many bytes may wait for each stream, and one part that is longer.
const ROOM: u32 = 4 << 20;
/// What a part counts for besides its bytes.
const EXTRA: usize = 64;
/// How long standard error may take nothing until it counts as not read.
const STALLED: Duration = Duration::from_secs(1);
/// How long a full stream of another program may take before it is tried again.
const FULL: Duration = Duration::from_millis(5);

/// Both streams. Where both are the same terminal, one thread writes both, in the order in which they are given.
#[derive(Clone)]
pub(crate) struct Output {
    out: Lane,
    err: Lane,
    /// How many lines of standard error were left out since the last one.
    missing: Arc<AtomicU64>,
    /// Why standard output can't be written any more.
    failed: watch::Receiver<Option<io::ErrorKind>>,
}

/// What waits for a thread.
#[derive(Clone)]
struct Lane {
    parts: mpsc::Sender<Part>,
    room: Arc<Semaphore>,
}

struct Part {
    to: Stream,
    bytes: Bytes,
    /// Given back once the bytes are written, or can't be.
    _permit: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Output {
    /// Starts the threads.
    pub(crate) fn start() -> io::Result<Self> {
        let (failed, failure) = watch::channel(None);
        let out = Lane::start(failed.clone())?;
        let is_one = io::stdout().is_terminal() && io::stderr().is_terminal();
        let err = if is_one { out.clone() } else { Lane::start(failed)? };
        Ok(Self { out, err, missing: Arc::default(), failed: failure })
    }

    /// Gives bytes to standard output; waits while too much waits already.
    pub(crate) async fn print(&self, bytes: Bytes) {
        let cost = cost(&bytes);
        // The semaphore is never closed.
        if let Ok(permit) = Arc::clone(&self.out.room).acquire_many_owned(cost).await {
            self.out.push(Stream::Out, bytes, permit);
        }
    }

    /// Gives a line to standard error. Where too much waits already it is left out, and that is said later.
    pub(crate) fn note(&self, line: fmt::Arguments<'_>) {
        let missing = self.missing.swap(0, Ordering::Relaxed);
        let text = if missing == 0 {
            format!("{line}\n")
        } else {
            format!("… {missing} lines are left out: nobody read standard error\n{line}\n")
        };
        self.put(text, missing);
    }

    /// Writes over the last line of a terminal; the next one writes over this one.
    pub(crate) fn rewrite(&self, line: fmt::Arguments<'_>) {
        // Blanks and no escape sequence: there are none without colours.
        self.put(format!("\r{:<78}\r", line.to_string()), 0);
    }

    fn put(&self, text: String, missing: u64) {
        let bytes = Bytes::from(text);
        if let Ok(permit) = Arc::clone(&self.err.room).try_acquire_many_owned(cost(&bytes)) {
            self.err.push(Stream::Err, bytes, permit);
        } else {
            self.missing.fetch_add(missing.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Waits until standard output can't be written any more; returns why.
    pub(crate) async fn failed(&self) -> io::ErrorKind {
        let mut failed = self.failed.clone();
        match failed.wait_for(Option::is_some).await {
            Ok(kind) => kind.unwrap_or(io::ErrorKind::Other),
            // No thread is left that could tell.
            Err(_) => io::ErrorKind::Other,
        }
    }

    /// Returns why standard output can't be written any more.
    pub(crate) fn failure(&self) -> Option<io::ErrorKind> {
        *self.failed.borrow()
    }

    /// Waits until all that was given to standard output is written.
    pub(crate) async fn flush(&self) {
        drop(self.out.room.acquire_many(ROOM).await);
    }

    /// Waits for room for more lines of standard error, as long as somebody reads it.
    pub(crate) async fn keep_pace(&self, pace: &mut Pace) {
        loop {
            let free = self.err.room.available_permits();
            if free >= pace.enough {
                pace.since = Instant::now();
                return;
            }
            if free > pace.free {
                pace.since = Instant::now();
            }
            pace.free = free;
            if pace.since.elapsed() > STALLED {
                return;
            }
            // Nobody may wait for room in the semaphore: what waits there takes the room of lines that are given
            // meanwhile.
            tokio::time::sleep(FULL).await;
        }
    }

    /// Waits until all that was given to standard error is written.
    pub(crate) async fn all_noted(&self) {
        drop(self.err.room.acquire_many(ROOM).await);
    }

    /// Waits until all that was given to standard error is written, for a moment.
    pub(crate) async fn flush_notes(&self) {
        drop(tokio::time::timeout(Duration::from_millis(500), self.all_noted()).await);
    }
}

/// How standard error is read.
pub(crate) struct Pace {
    /// So much room is enough.
    enough: usize,
    /// The room that there was last.
    free: usize,
    /// When there was enough, or more than before.
    since: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let all = usize::try_from(ROOM).unwrap_or(usize::MAX);
        Self { enough: all / 2, free: all, since: Instant::now() }
    }
}

impl Lane {
    fn start(failed: watch::Sender<Option<io::ErrorKind>>) -> io::Result<Self> {
        let (parts, waiting) = mpsc::channel();
        thread::Builder::new().name("output".into()).spawn(move || write(&waiting, &failed))?;
        let room = usize::try_from(ROOM).unwrap_or(usize::MAX);
        Ok(Self { parts, room: Arc::new(Semaphore::new(room)) })
    }

    fn push(&self, to: Stream, bytes: Bytes, permit: OwnedSemaphorePermit) {
        // The thread lives as long as this does.
        drop(self.parts.send(Part { to, bytes, _permit: permit }));
    }
}

fn cost(bytes: &Bytes) -> u32 {
    u32::try_from(bytes.len().saturating_add(EXTRA)).unwrap_or(ROOM).min(ROOM)
}

/// Writes parts as they come; those that wait already in one go, as far as they are for the same stream.
fn write(waiting: &mpsc::Receiver<Part>, failed: &watch::Sender<Option<io::ErrorKind>>) {
    let (mut out, mut err) = (Patient(io::stdout()), super::stderr());
    let mut next = None;
    while let Some(first) = next.take().or_else(|| waiting.recv().ok()) {
        let to = first.to;
        let mut parts = vec![first];
        while parts.len() < 64 {
            match waiting.try_recv() {
                Ok(part) if part.to == to => parts.push(part),
                Ok(part) => {
                    next = Some(part);
                    break;
                }
                Err(_) => break,
            }
        }
        let bytes = match &*parts {
            [part] => part.bytes.clone(),
            parts => parts.iter().map(|part| &part.bytes[..]).collect::<Vec<_>>().concat().into(),
        };
        match to {
            // Once it has failed, what still comes is for nobody.
            Stream::Out if failed.borrow().is_some() => {}
            Stream::Out => {
                if let Err(error) = out.write_all(&bytes).and_then(|()| out.flush()) {
                    failed.send_replace(Some(error.kind()));
                }
            }
            // Whether anybody reads what is said besides makes no difference.
            Stream::Err => drop(err.write_all(&bytes)),
        }
    }
}
