//! The same work for us and for other WebSocket crates, in one process: CPU time of the thread, interleaved in random
//! order, minimum and median of many rounds.
//!
//! Usage: wsproto-peers [--rounds N] [--only TEXT, _ for a space, $ behind the end of a name] [--peers A,B] [--json
//! FILE] [--docs DIR]

mod chart;
mod deflate;
mod fastwebsockets;
mod handshake;
mod limits;
mod many;
mod memory;
mod nago;
mod opening;
mod ours;
mod peer;
mod report;
mod sans_io;
mod sent;
mod sockudo;
mod soketto;
mod tokio_websockets;
mod transport;
mod tungstenite;
mod websocket_codec;
mod work;
mod wtx;
mod yawc;

use std::{cell::Cell, fmt::Write as _, sync::Arc, time::Duration};

use rand::seq::SliceRandom as _;
use rustix::time::{ClockId, clock_gettime};

use transport::Written;
use work::{Delivered, Group, Task, Work, works};

/// Does a round of work.
///
/// This many messages are received, sent, or both. Received ones are delivered.
pub(crate) struct Runner {
    pub(crate) round: Box<dyn FnMut(usize, &mut Delivered)>,
    pub(crate) written: Arc<Written>,
}

impl Runner {
    pub(crate) fn new(round: impl FnMut(usize, &mut Delivered) + 'static) -> Self {
        Self { round: Box::new(round), written: Written::here() }
    }
}

/// An entrant, and its way to do a kind of work. "limit: …" is work that every implementation must do.
struct Entrant {
    name: &'static str,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    /// In one piece; `None` where it has nothing to do.
    Whole(fn(&Work) -> Option<Runner>),
    /// By connections that share nothing.
    EachItsOwn(fn(&Work) -> Option<Runner>),
    /// Not at all, for this reason.
    Cannot(&'static str),
}

impl Entrant {
    const fn new(name: &'static str, start: fn(&Work) -> Option<Runner>) -> Self {
        Self { name, way: Way::Whole(start) }
    }

    const fn many(name: &'static str, start: fn(&Work) -> Option<Runner>) -> Self {
        Self { name, way: Way::EachItsOwn(start) }
    }

    const fn cannot(name: &'static str, reason: &'static str) -> Self {
        Self { name, way: Way::Cannot(reason) }
    }

    fn start(&self, work: &Work) -> Option<Runner> {
        match self.way {
            Way::Whole(start) => start(work),
            Way::EachItsOwn(start) => many::each_its_own(work, start),
            Way::Cannot(_) => None,
        }
    }
}

const MESSAGES: &[Entrant] = &[
    Entrant::new("wsproto", ours::messages),
    Entrant::new("wsproto (chunks)", ours::chunks),
    Entrant::new("wsproto (apart)", ours::apart),
    Entrant::new("tungstenite", tungstenite::start),
    Entrant::new("tokio-websockets", tokio_websockets::start),
    Entrant::new("fastwebsockets", fastwebsockets::start),
    Entrant::new("soketto", soketto::start),
    Entrant::new("wtx", wtx::start),
    Entrant::new("yawc", yawc::start),
    Entrant::new("sockudo-ws", sockudo::stream),
    Entrant::new("sockudo-ws (parser)", sockudo::parser),
    Entrant::new("nago-wss (parser)", nago::start),
    Entrant::new("websocket-sans-io", sans_io::start),
    Entrant::new("websocket-codec", websocket_codec::start),
    Entrant::new("limit: copy", limits::copy),
    Entrant::new("limit: mask", limits::mask),
    Entrant::new("limit: UTF-8", limits::text_check),
];

const NO_DEFLATE: &str = "no permessage-deflate";

const DEFLATE: &[Entrant] = &[
    Entrant::new("wsproto (miniz_oxide)", deflate::miniz),
    Entrant::new("wsproto (zlib-rs)", deflate::zlib_rs),
    Entrant::cannot("tungstenite", NO_DEFLATE),
    Entrant::cannot("tokio-websockets", NO_DEFLATE),
    Entrant::cannot("fastwebsockets", NO_DEFLATE),
    Entrant::cannot(
        "soketto",
        "compression only by C zlib, which every user of flate2 in the program would then get",
    ),
    Entrant::cannot("wtx", "an extension only from its own handshake"),
    Entrant::new("yawc", yawc::start),
    Entrant::new("sockudo-ws", sockudo::stream),
    Entrant::new("sockudo-ws (parser)", sockudo::parser),
    Entrant::cannot("nago-wss (parser)", NO_DEFLATE),
    Entrant::cannot("websocket-sans-io", NO_DEFLATE),
    Entrant::cannot("websocket-codec", NO_DEFLATE),
    Entrant::new("limit: miniz_oxide", limits::miniz),
    Entrant::new("limit: zlib-rs", limits::zlib_rs),
];

const BY_HYPER: &str = "a handshake only through hyper and its executor";

const ANSWERS: &[Entrant] = &[
    Entrant::new("wsproto", handshake::ours),
    Entrant::new("tungstenite", handshake::tungstenite),
    Entrant::new("tokio-websockets", handshake::tokio_websockets),
    Entrant::cannot("fastwebsockets", BY_HYPER),
    Entrant::new("soketto", handshake::soketto),
    Entrant::new("wtx", handshake::wtx),
    Entrant::cannot("yawc", BY_HYPER),
    Entrant::new("sockudo-ws", handshake::sockudo),
    Entrant::new("nago-wss (parser)", handshake::nago),
    Entrant::new("websocket-codec", handshake::websocket_codec),
    Entrant::cannot("websocket-sans-io", "frames only"),
    Entrant::new("limit: httparse", limits::httparse),
    Entrant::new("limit: SHA-1", limits::accept_token),
];

const REQUESTS: &[Entrant] = &[
    Entrant::new("wsproto", opening::ours),
    Entrant::new("wsproto (rand)", opening::ours_rand),
    Entrant::new("tungstenite", opening::tungstenite),
    Entrant::new("tokio-websockets", opening::tokio_websockets),
    Entrant::cannot("fastwebsockets", BY_HYPER),
    Entrant::new("soketto", opening::soketto),
    Entrant::new("wtx", opening::wtx),
    Entrant::cannot("yawc", BY_HYPER),
    Entrant::new("sockudo-ws", opening::sockudo),
    Entrant::new("nago-wss (parser)", opening::nago),
    Entrant::new("websocket-codec", opening::websocket_codec),
    Entrant::cannot("websocket-sans-io", "frames only"),
    Entrant::new("limit: httparse", limits::httparse),
    Entrant::new("limit: SHA-1", limits::accept_token),
];

const MANY: &[Entrant] = &[
    Entrant::new("wsproto", many::ours),
    Entrant::new("wsproto (apart)", many::ours_apart),
    Entrant::many("tungstenite", tungstenite::start),
    Entrant::many("tokio-websockets", tokio_websockets::start),
    Entrant::many("fastwebsockets", fastwebsockets::start),
    Entrant::many("soketto", soketto::start),
    Entrant::many("wtx", wtx::start),
    Entrant::many("yawc", yawc::start),
    Entrant::many("sockudo-ws", sockudo::stream),
    Entrant::many("sockudo-ws (parser)", sockudo::parser),
    Entrant::many("nago-wss (parser)", nago::start),
    Entrant::many("websocket-sans-io", sans_io::start),
    Entrant::many("websocket-codec", websocket_codec::start),
    Entrant::many("limit: copy", limits::copy),
];

/// The entrants that compress a message for many connections.
const MANY_DEFLATE: &[Entrant] = &[
    Entrant::new("wsproto", many::ours),
    Entrant::new("wsproto (apart)", many::ours_apart),
    Entrant::many("yawc", yawc::start),
    Entrant::many("sockudo-ws", sockudo::stream),
    Entrant::many("sockudo-ws (parser)", sockudo::parser),
];

/// The entrants whose connections take turns: ourselves, the best one, and the most used one.
const TURNS: &[Entrant] = &[
    Entrant::new("wsproto", many::ours),
    Entrant::many("tungstenite", tungstenite::start),
    Entrant::many("tokio-websockets", tokio_websockets::start),
    Entrant::many("fastwebsockets", fastwebsockets::start),
    Entrant::many("sockudo-ws", sockudo::stream),
];

/// The entrants whose times are drawn against the length of a message.
const LENGTHS: &[Entrant] = &[
    Entrant::new("wsproto", ours::messages),
    Entrant::new("wsproto (chunks)", ours::chunks),
    Entrant::new("tungstenite", tungstenite::start),
    Entrant::new("tokio-websockets", tokio_websockets::start),
    Entrant::new("fastwebsockets", fastwebsockets::start),
];

fn entrants(work: &Work) -> &'static [Entrant] {
    match (work.group, work.is_client()) {
        (Group::Messages | Group::Memory, _) => MESSAGES,
        (Group::Lengths, _) => LENGTHS,
        (Group::Deflate, _) => DEFLATE,
        (Group::Handshakes, false) => ANSWERS,
        (Group::Handshakes, true) => REQUESTS,
        (Group::Broadcast, _) if work.deflate.is_some() => MANY_DEFLATE,
        (Group::Broadcast, _) => MANY,
        (Group::Turns, _) => TURNS,
    }
}

struct Options {
    rounds: usize,
    only: String,
    peers: Vec<String>,
    json: Option<String>,
    docs: Option<String>,
}

impl Options {
    fn wants(&self, work: &Work) -> bool {
        match self.only.strip_suffix('$') {
            Some(end) => work.name().ends_with(end),
            None => work.name().contains(&self.only),
        }
    }
}

fn main() {
    let options = options();
    let mut rows = Vec::new();
    for work in works().filter(|work| options.wants(work)) {
        let row = measure(&work, &options);
        print_row(&row);
        rows.push(row);
    }
    if let Some(path) = options.json {
        std::fs::write(path, report::json(&rows)).expect("the file can be written");
    }
    if let Some(docs) = options.docs {
        report::write(docs.as_ref(), &rows, options.rounds);
    }
}

fn options() -> Options {
    let mut options = Options { rounds: 60, only: String::new(), peers: Vec::new(), json: None, docs: None };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().expect("a value behind each option");
        match name.as_str() {
            "--rounds" => options.rounds = value.parse().expect("a number of rounds"),
            "--only" => options.only = value.replace('_', " "),
            "--peers" => options.peers = value.replace('_', " ").split(',').map(String::from).collect(),
            "--json" => options.json = Some(value),
            "--docs" => options.docs = Some(value),
            _ => panic!("no option {name}"),
        }
    }
    options
}

/// The times of one entrant, in nanoseconds per message; or the bytes that it keeps, and those after it was asked to
/// free memory.
pub(crate) struct Times {
    pub(crate) name: &'static str,
    pub(crate) minimum: f64,
    pub(crate) median: f64,
}

impl Times {
    pub(crate) fn is_ours(&self) -> bool {
        self.name.starts_with("wsproto")
    }

    /// Returns the work of which this is the limit, if it is one.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        self.name.strip_prefix("limit: ")
    }

    pub(crate) fn is_peer(&self) -> bool {
        !self.is_ours() && self.limit().is_none()
    }
}

/// All entrants' times for one work, the shortest first.
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) times: Vec<Times>,
    /// The entrants that can't do it, and the reasons.
    pub(crate) cannot: Vec<(&'static str, &'static str)>,
}

/// Lets all entrants do the work, checked first, and then timed round by round in random order.
fn measure(work: &Work, options: &Options) -> Row {
    let wanted = |entrant: &&Entrant| {
        options.peers.is_empty() || options.peers.iter().any(|peer| entrant.name == peer)
    };
    let mut runners: Vec<(&'static str, Runner, Vec<f64>)> = Vec::new();
    let (mut cannot, mut memory) = (Vec::new(), Vec::new());
    for entrant in entrants(work).iter().filter(wanted) {
        if let Way::Cannot(reason) = entrant.way {
            cannot.push((entrant.name, reason));
        }
        if let Some(mut runner) = entrant.start(work) {
            if work.group == Group::Memory {
                if !entrant.name.starts_with("limit: ") {
                    let (kept, shrunk) = memory::kept(&mut runner, work);
                    memory.push(Times { name: entrant.name, minimum: kept, median: shrunk });
                }
                continue;
            }
            check(entrant.name, &mut runner, work);
            runners.push((entrant.name, runner, Vec::new()));
        }
    }
    for _ in 0..work.rounds(options.rounds) {
        runners.shuffle(&mut rand::rng());
        for (_, runner, times) in &mut runners {
            times.push(time(runner, work));
        }
    }
    let mut times: Vec<Times> = runners
        .into_iter()
        .map(|(name, _, mut times)| {
            times.sort_by(f64::total_cmp);
            Times { name, minimum: times[0], median: times[times.len() / 2] }
        })
        .collect();
    times.append(&mut memory);
    times.sort_by(|a, b| a.minimum.total_cmp(&b.minimum));
    Row { work: *work, times, cannot }
}

/// Does a round in which every byte is checked.
fn check(name: &str, runner: &mut Runner, work: &Work) {
    let messages = work.messages();
    let mut delivered = Delivered { expected: Some(work.payloads()), ..Delivered::default() };
    runner.written.keep();
    (runner.round)(messages, &mut delivered);
    let written = runner.written.take();
    if name.starts_with("limit: ") {
        return;
    }
    if matches!(work.task, Task::Receive | Task::Echo) {
        assert_eq!(delivered.messages, messages, "{name}: {}", work.name());
        assert_eq!(delivered.bytes, messages * work.len, "{name}: {}", work.name());
    }
    match work.task {
        Task::Receive => assert!(written.is_empty(), "{name}: {}", work.name()),
        Task::Send => sent::check_messages(&written, work, messages * work.connections),
        Task::Echo => sent::check_messages(&written, work, messages),
        Task::Handshake if work.is_client() => sent::check_requests(&written, messages),
        Task::Handshake => sent::check_answers(&written, messages),
    }
}

/// Does a timed round, and returns nanoseconds per message.
fn time(runner: &mut Runner, work: &Work) -> f64 {
    let messages = work.messages();
    let mut delivered = Delivered::default();
    (runner.round)(work.messages_before(), &mut delivered);
    ASIDE.set(Duration::ZERO);
    let start = cpu_time();
    (runner.round)(messages, &mut delivered);
    let spent = cpu_time() - start - ASIDE.get();
    spent.as_secs_f64() * 1e9 / messages as f64
}

thread_local! {
    /// The part of the round's time that doesn't count.
    static ASIDE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Does work that doesn't count.
pub(crate) fn aside(work: impl FnOnce()) {
    let start = cpu_time();
    work();
    ASIDE.set(ASIDE.get() + (cpu_time() - start));
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn print_row(row: &Row) {
    let mut line = format!("{:74}", row.work.name());
    if let Some(best) = row.times.iter().find(|times| times.is_peer()) {
        for ours in row.times.iter().filter(|times| times.is_ours()) {
            let short = ours.name.trim_start_matches("wsproto").trim_matches([' ', '(', ')']);
            let _ = write!(line, " {short} {:.2}", ours.minimum / best.minimum);
        }
    }
    println!("{line}");
    for times in &row.times {
        println!("    {:24}{:10.1}{:10.1}", times.name, times.minimum, times.median);
    }
    for (name, reason) in &row.cannot {
        println!("    {name:24}can't: {reason}");
    }
}
