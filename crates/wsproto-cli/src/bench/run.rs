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
use wsproto_tokio::WebSocket;

use super::{
    load::{End, Load, Stream},
    pace::{self, Schedule},
    plan::Plan,
    report::{Counts, Report},
    tally::Tally,
};
use crate::{
    client::{self, Server},
    exit::{Failure, Status},
    signals::Signals,
    streams::Output,
};

/// The longest wait for answers after the end.
pub(super) const DRAIN: Duration = Duration::from_secs(5);
/// The longest time for closing after that.
const CLOSING: Duration = client::GOODBYE.saturating_add(Duration::from_secs(1));
/// The number of connections that open at the same time: a server's queue of new connections is short.
const AT_A_TIME: usize = 64;
/// When the time for opening has passed, connections that still wait for their turn get this much more. So each
/// connection that was dialled at the start reaches its own deadline first.
const GRACE: Duration = Duration::from_millis(500);
/// The time between the signal to start and the start.
const HEAD_START: Duration = Duration::from_millis(20);
/// The number of different reasons that are reported.
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
}

impl Go {
    /// Returns when messages of a connection are due, where there is a rate.
    pub(super) fn schedule(&self, index: u32) -> Option<Schedule> {
        let turn = self.turns.binary_search(&index).unwrap_or_else(|place| place);
        let turn = u32::try_from(turn).unwrap_or(u32::MAX);
        self.gap.map(|gap| Schedule { start: self.start, gap, turns: self.open, turn })
    }
}

/// What a connection tells.
pub(super) enum Told {
    Opened { index: u32, extensions: Vec<String> },
    Failed(String),
    Ended { index: u32, end: End },
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
        () = signals.next() => {
            progress.end();
            return bench.leave(&mut signals).await;
        }
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
    stop: watch::Sender<bool>,
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
        let (stop, stopping) = watch::channel(false);
        let (tell, told) = mpsc::unbounded_channel();
        let (tally, doors) = (Arc::new(Tally::new()), Arc::new(Semaphore::new(AT_A_TIME)));
        let tasks = (0..plan.connections).map(|index| {
            let due = Arc::new(Notify::new());
            let load = Load {
                index,
                plan: Arc::clone(&plan),
                tally: Arc::clone(&tally),
                go: going.clone(),
                stop: stopping.clone(),
                told: tell.clone(),
                due: Arc::clone(&due),
            };
            (tokio::spawn(connection(load, Arc::clone(&doors))), due)
        });
        let tasks = tasks.collect();
        let counts = Counts { asked: plan.connections, ..Counts::default() };
        Self { plan, tally, counts, go, stop, told, tasks, open: Vec::new() }
    }

    /// Waits until all are open or have failed, or the time is over.
    async fn open(&mut self, progress: &Progress<'_>) {
        // A connection's own deadline comes first: it names the step that took too long.
        let deadline = sleep(self.plan.opening.saturating_add(GRACE));
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
                        self.counts.reason(&why, 1);
                    }
                    Some(Told::Ended { index, end }) => {
                        // It was open, and is no more: what is due is due on those that are.
                        self.open.retain(|open| *open != index);
                        self.counts.ended(end, 0);
                    }
                    None => return,
                },
                _ = tick.tick() => {
                    let Counts { opened, failed, .. } = &self.counts;
                    progress.show(format_args!("opening: {opened} of {asked}, {failed} failed"));
                }
                () = &mut deadline => {
                    let late = asked.saturating_sub(self.counts.opened).saturating_sub(self.counts.failed);
                    self.counts.failed = self.counts.failed.saturating_add(late);
                    let limit = self.plan.opening.as_secs_f64();
                    self.counts.reason(&format!("did not open within {limit} s"), late);
                    break;
                }
            }
        }
        self.open.sort_unstable();
        self.abandon();
    }

    /// Gives up those that aren't open yet.
    fn abandon(&self) {
        for ((task, _), index) in self.tasks.iter().zip(0_u32..) {
            if !self.open.contains(&index) {
                task.abort();
            }
        }
    }

    /// Closes those that are open already, and waits for their ends, bounded.
    async fn leave(&mut self, signals: &mut Signals) -> Result<Status, Failure> {
        self.abandon();
        self.stop.send_replace(true);
        let deadline = sleep(CLOSING);
        tokio::pin!(deadline);
        while self.counts.ended < self.counts.opened {
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(Told::Ended { end, .. }) => self.counts.ended(end, 0),
                    Some(_) => {}
                    None => break,
                },
                () = signals.next() => break,
                () = &mut deadline => break,
            }
        }
        Err(Failure::new(Status::Interrupted, "ended before all were open: nothing was measured"))
    }

    /// Starts all that are open, and waits for their ends.
    async fn measure(&mut self, progress: &Progress<'_>, signals: &mut Signals) -> Result<(), Failure> {
        let open = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        if open == 0 {
            return Ok(());
        }
        let start = Instant::now().checked_add(HEAD_START).unwrap_or_else(Instant::now);
        let end = start.checked_add(self.plan.time).unwrap_or(start);
        let gap = self.plan.rate.map(|rate| 1e9 / f64::from(rate));
        let go = Go { start, end, gap, open, turns: self.open.clone().into() };
        let paced = gap.map(|gap| self.pace(Schedule { start, gap, turns: open, turn: 0 })).transpose()?;
        self.go.send_replace(Some(go.clone()));
        let deadline = end.checked_add(DRAIN).and_then(|end| end.checked_add(CLOSING)).unwrap_or(end);
        let mut tick = ticks();
        let mut before = 0;
        while self.counts.ended < self.counts.opened {
            tokio::select! {
                told = self.told.recv() => match told {
                    Some(Told::Ended { index, end: ended }) => {
                        let due = go.schedule(index).map_or(0, |schedule| schedule.due_before(end));
                        self.counts.ended(ended, due);
                    }
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
                    self.stop.send_replace(true);
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

async fn open(plan: &Plan) -> Result<WebSocket<Stream>, Failure> {
    let server = Server { url: &plan.url, place: client::place(&plan.url), limit: plan.opening };
    let dial = plan.connector.dial(&plan.url);
    let (ws, _) = server.open(&plan.connector, dial, |stream| stream).await?;
    Ok(ws)
}

impl Counts {
    /// Counts how a connection ended; `due` are the messages that were to be sent on it.
    fn ended(&mut self, end: End, due: u64) {
        self.ended = self.ended.saturating_add(1);
        match end {
            End::Done { unanswered, unsent } => {
                self.unanswered = self.unanswered.saturating_add(unanswered);
                self.unsent = self.unsent.saturating_add(unsent);
            }
            End::Wrong => self.wrong = self.wrong.saturating_add(1),
            End::Early(why) => {
                self.lost = self.lost.saturating_add(1);
                self.unsent = self.unsent.saturating_add(due);
                self.reason(&format!("lost before the start: {why}"), 1);
            }
            End::Lost { why, unanswered, unsent } => {
                self.lost = self.lost.saturating_add(1);
                self.unanswered = self.unanswered.saturating_add(unanswered);
                self.unsent = self.unsent.saturating_add(unsent);
                self.reason(&format!("lost: {why}"), 1);
            }
            End::Stopped => {}
        }
    }

    /// Keeps a reason, and how often it was given. What differs each time, as a page that was answered, is left out.
    fn reason(&mut self, why: &str, times: u32) {
        let reasons: &mut BTreeMap<String, u32> = &mut self.reasons;
        let lines = why.lines().take_while(|line| !line.starts_with(client::BODY));
        let why = lines.collect::<Vec<_>>().join("\n");
        let is_known = reasons.contains_key(&why) || reasons.len() < MOST_REASONS;
        let count = reasons.entry(if is_known { why } else { "other reasons".into() }).or_default();
        *count = count.saturating_add(times);
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
