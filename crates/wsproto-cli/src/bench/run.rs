//! Opens all connections, starts all at once, waits for their ends, and tells.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, Semaphore, mpsc, watch},
    task::JoinHandle,
    time::{MissedTickBehavior, interval, sleep, sleep_until},
};
use wsproto_tokio::{MaybeTls, WebSocket};

use super::{
    load::{End, Load},
    pace::{self, Schedule},
    plan::Plan,
    report::{Counts, Report},
    tally::Tally,
};
use crate::{
    client::{self, place},
    exit::{Failure, Status},
    signals::Signals,
    streams::Output,
};

/// How long answers are waited for after the end.
pub(super) const DRAIN: Duration = Duration::from_secs(5);
/// How long closing may take after that.
const CLOSING: Duration = client::GOODBYE.saturating_add(Duration::from_secs(1));
/// So many connections are opened at a time: a server's queue of those that it has not accepted is short.
const AT_A_TIME: usize = 64;
/// From the signal to start to the start.
const HEAD_START: Duration = Duration::from_millis(20);
/// So many different reasons are told.
const MOST_REASONS: usize = 5;

/// The start.
#[derive(Clone)]
pub(super) struct Go {
    pub(super) start: Instant,
    pub(super) end: Instant,
    /// At a rate, how long messages are apart, in nanoseconds.
    pub(super) gap: Option<f64>,
    /// How many connections are open.
    pub(super) open: u32,
    /// The numbers of those that are, in order.
    turns: Arc<[u32]>,
    /// Whether all are to stop at once.
    pub(super) stop: watch::Receiver<bool>,
}

impl Go {
    /// Returns the turn of a connection.
    pub(super) fn turn(&self, index: u32) -> u32 {
        let turn = self.turns.binary_search(&index).unwrap_or_else(|place| place);
        u32::try_from(turn).unwrap_or(u32::MAX)
    }
}

/// What a connection tells.
pub(super) enum Told {
    Opened { index: u32, extensions: Vec<String> },
    Failed(String),
    Ended(End),
}

/// Runs the benchmark, and writes its result.
pub(super) async fn run(
    plan: Plan,
    json: bool,
    mut signals: Signals,
    output: &Output,
) -> Result<Status, Failure> {
    let progress = Progress { output, rewrites: io::stderr().is_terminal() };
    let mut bench = Bench::start(Arc::new(plan));
    tokio::select! {
        () = bench.open(&progress) => {}
        () = signals.next() => return Ok(Status::Interrupted),
    }
    bench.measure(&progress, &mut signals).await?;
    progress.end();
    let report = Report::new(&bench.plan, &bench.counts, &bench.tally)?;
    let text = if json { report.json()? } else { report.to_string() };
    output.print(Bytes::from(text)).await;
    tokio::select! {
        () = output.flush() => {}
        _ = output.failed() => {}
        () = signals.next() => return Ok(Status::Interrupted),
    }
    match output.failure() {
        None | Some(io::ErrorKind::BrokenPipe) => Ok(bench.counts.status()),
        Some(kind) => {
            Err(Failure::new(Status::Local, format_args!("can't write to standard output: {kind}")))
        }
    }
}

struct Bench {
    plan: Arc<Plan>,
    tally: Arc<Tally>,
    counts: Counts,
    go: watch::Sender<Option<Go>>,
    told: mpsc::UnboundedReceiver<Told>,
    /// Each connection, and what wakes it when a message is due.
    tasks: Vec<(JoinHandle<()>, Arc<Notify>)>,
    /// The numbers of those that are open.
    open: Vec<u32>,
}

impl Bench {
    /// Starts to open the connections.
    fn start(plan: Arc<Plan>) -> Self {
        let (go, going) = watch::channel(None);
        let (tell, told) = mpsc::unbounded_channel();
        let (tally, doors) = (Arc::new(Tally::new()), Arc::new(Semaphore::new(AT_A_TIME)));
        let tasks = (0..plan.connections).map(|index| {
            let due = Arc::new(Notify::new());
            let load = Load {
                index,
                plan: Arc::clone(&plan),
                tally: Arc::clone(&tally),
                go: going.clone(),
                told: tell.clone(),
                due: Arc::clone(&due),
            };
            (tokio::spawn(connection(load, Arc::clone(&doors))), due)
        });
        let tasks = tasks.collect();
        let counts = Counts { asked: plan.connections, ..Counts::default() };
        Self { plan, tally, counts, go, told, tasks, open: Vec::new() }
    }

    /// Waits until all are open or have failed, or the time is over.
    async fn open(&mut self, progress: &Progress<'_>) {
        let deadline = sleep(self.plan.opening);
        tokio::pin!(deadline);
        let mut tick = ticks();
        let asked = self.plan.connections;
        while self.counts.opened.saturating_add(self.counts.failed) < asked {
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(Told::Opened { index, extensions }) => {
                        self.counts.opened = self.counts.opened.saturating_add(1);
                        self.counts.extensions = extensions;
                        self.open.push(index);
                    }
                    Some(Told::Failed(why)) => {
                        self.counts.failed = self.counts.failed.saturating_add(1);
                        self.counts.reason(why);
                    }
                    // It was open, and is no more.
                    Some(Told::Ended(end)) => self.counts.ended(end),
                    None => return,
                },
                _ = tick.tick() => {
                    let Counts { opened, failed, .. } = &self.counts;
                    progress.show(format_args!("opening: {opened} of {asked}, {failed} failed"));
                }
                () = &mut deadline => {
                    let late = asked.saturating_sub(self.counts.opened).saturating_sub(self.counts.failed);
                    self.counts.failed = self.counts.failed.saturating_add(late);
                    self.counts.reason(format!("to open took more than {} s", self.plan.opening.as_secs_f64()));
                    break;
                }
            }
        }
        self.open.sort_unstable();
        for ((task, _), index) in self.tasks.iter().zip(0_u32..) {
            if self.open.binary_search(&index).is_err() {
                task.abort();
            }
        }
    }

    /// Starts all that are open, and waits for their ends.
    async fn measure(&mut self, progress: &Progress<'_>, signals: &mut Signals) -> Result<(), Failure> {
        let open = self.counts.opened;
        if open == 0 {
            return Ok(());
        }
        let (stop, stopping) = watch::channel(false);
        let start = Instant::now().checked_add(HEAD_START).unwrap_or_else(Instant::now);
        let end = start.checked_add(self.plan.time).unwrap_or(start);
        let gap = self.plan.rate.map(|rate| 1e9 / f64::from(rate));
        let go = Go { start, end, gap, open, turns: self.open.clone().into(), stop: stopping };
        let paced = gap.map(|gap| self.pace(Schedule { start, gap, turns: open, turn: 0 })).transpose()?;
        self.go.send_replace(Some(go));
        let deadline = end.checked_add(DRAIN).and_then(|end| end.checked_add(CLOSING)).unwrap_or(end);
        let mut tick = ticks();
        let mut before = 0;
        while self.counts.ended < open {
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(Told::Ended(ended)) => self.counts.ended(ended),
                    Some(_) => {}
                    None => break,
                },
                _ = tick.tick() => {
                    let answers = self.tally.answers.load(Ordering::Relaxed);
                    let passed = start.elapsed().as_secs_f64();
                    let (a_second, lost) = (answers.saturating_sub(before), self.counts.lost);
                    progress.show(format_args!("{passed:.0} s: {a_second} messages/s, {lost} connections lost"));
                    before = answers;
                }
                () = signals.next() => {
                    if self.counts.interrupted.is_some() {
                        return Err(Failure::new(Status::Interrupted, "ended at once"));
                    }
                    self.counts.interrupted = Some(start.elapsed().min(self.plan.time));
                    stop.send_replace(true);
                }
                () = sleep_until(deadline.into()) => break,
            }
        }
        if let Some((stop, thread)) = paced {
            stop.store(true, Ordering::Relaxed);
            drop(thread.join());
        }
        Ok(())
    }

    /// Starts the thread that wakes the connections.
    fn pace(&self, schedule: Schedule) -> Result<(Arc<AtomicBool>, thread::JoinHandle<()>), Failure> {
        let open = self.tasks.iter().zip(0_u32..).filter(|(_, index)| self.open.binary_search(index).is_ok());
        let connections: Vec<_> = open.map(|((_, due), _)| Arc::clone(due)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("pace".into());
        let thread = thread.spawn(move || pace::wake(schedule, &connections, &stopped));
        Ok((stop, thread.map_err(|error| Failure::new(Status::Local, error))?))
    }
}

/// Opens a connection and runs it.
async fn connection(load: Load, doors: Arc<Semaphore>) {
    // The semaphore is never closed.
    let Ok(permit) = doors.acquire_owned().await else { return };
    match open(&load.plan).await {
        Ok(ws) => {
            drop(permit);
            drop(load.told.send(Told::Opened { index: load.index, extensions: ws.extensions() }));
            load.run(ws).await;
        }
        Err(failure) => drop(load.told.send(Told::Failed(failure.message))),
    }
}

async fn open(plan: &Plan) -> Result<WebSocket<MaybeTls>, Failure> {
    let (url, limit) = (&plan.url, plan.opening);
    let dialled = plan.connector.dial(url).await;
    let stream = dialled.map_err(|error| client::unreachable(url, &place(url), limit, &error))?;
    let opened = plan.connector.connect_over(stream, url.clone()).await;
    let (ws, _) = opened.map_err(|error| client::refused(url, &place(url), limit, &error, b""))?;
    Ok(ws)
}

impl Counts {
    /// Counts how a connection ended.
    fn ended(&mut self, end: End) {
        self.ended = self.ended.saturating_add(1);
        match end {
            End::Done { unanswered, unsent } => {
                self.unanswered = self.unanswered.saturating_add(unanswered);
                self.unsent = self.unsent.saturating_add(unsent);
            }
            End::Wrong => self.wrong = self.wrong.saturating_add(1),
            End::Lost(why) => {
                self.lost = self.lost.saturating_add(1);
                self.reason(why);
            }
        }
    }

    /// Keeps a reason, and how often it was given.
    fn reason(&mut self, why: String) {
        let reasons: &mut BTreeMap<String, u32> = &mut self.reasons;
        if let Some(count) = reasons.get_mut(&why) {
            *count = count.saturating_add(1);
        } else if reasons.len() < MOST_REASONS {
            reasons.insert(why, 1);
        }
    }
}

/// A tick each second, from a second on.
fn ticks() -> tokio::time::Interval {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    tick.reset();
    tick
}

/// The line that tells how far it is; a terminal has one line for all.
struct Progress<'a> {
    output: &'a Output,
    rewrites: bool,
}

impl Progress<'_> {
    fn show(&self, line: std::fmt::Arguments<'_>) {
        if self.rewrites {
            self.output.rewrite(line);
        } else {
            self.output.note(line);
        }
    }

    /// Leaves the line of a terminal.
    fn end(&self) {
        if self.rewrites {
            self.output.rewrite(format_args!(""));
        }
    }
}
