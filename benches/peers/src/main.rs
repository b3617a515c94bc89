//! The same work for us and for other WebSocket crates, in one process: CPU time of the thread, interleaved in random
//! order, minimum and median of many rounds.
//!
//! Usage: wsproto-peers [--rounds N] [--only TEXT, _ for a space] [--peers A,B] [--json FILE] [--docs DIR]

mod fastwebsockets;
mod handshake;
mod nago;
mod ours;
mod report;
mod sans_io;
mod sockudo;
mod soketto;
mod tokio_websockets;
mod transport;
mod tungstenite;
mod work;
mod yawc;

use std::{fmt::Write as _, sync::Arc, time::Duration};

use rand::seq::SliceRandom as _;
use rustix::time::{ClockId, clock_gettime};

use transport::Written;
use work::{Delivered, TABLE, Task, Work, check_answers, check_sent};

/// Does a round of work.
///
/// So many messages are received, sent, or both; what is received is delivered.
pub(crate) struct Runner {
    pub(crate) round: Box<dyn FnMut(usize, &mut Delivered)>,
    pub(crate) written: Arc<Written>,
}

/// Somebody who can do the work, or says that he can't.
struct Entrant {
    name: &'static str,
    /// Whether he does handshakes, or everything else.
    is_handshake: bool,
    start: fn(&Work) -> Option<Runner>,
}

impl Entrant {
    const fn new(name: &'static str, start: fn(&Work) -> Option<Runner>) -> Self {
        Self { name, is_handshake: false, start }
    }

    const fn handshake(name: &'static str, start: fn(&Work) -> Option<Runner>) -> Self {
        Self { name, is_handshake: true, start }
    }
}

const ENTRANTS: &[Entrant] = &[
    Entrant::new("wsproto", ours::messages),
    Entrant::new("wsproto (chunks)", ours::chunks),
    Entrant::new("wsproto (apart)", ours::apart),
    Entrant::new("tungstenite", tungstenite::start),
    Entrant::new("tokio-websockets", tokio_websockets::start),
    Entrant::new("fastwebsockets", fastwebsockets::start),
    Entrant::new("soketto", soketto::start),
    Entrant::new("yawc", yawc::start),
    Entrant::new("sockudo-ws", sockudo::stream),
    Entrant::new("sockudo-ws (parser)", sockudo::parser),
    Entrant::new("nago-wss (parser)", nago::start),
    Entrant::new("websocket-sans-io", sans_io::start),
    Entrant::handshake("wsproto", handshake::ours),
    Entrant::handshake("tungstenite", handshake::tungstenite),
    Entrant::handshake("tokio-websockets", handshake::tokio_websockets),
    Entrant::handshake("soketto", handshake::soketto),
    Entrant::handshake("sockudo-ws", handshake::sockudo),
    Entrant::handshake("nago-wss (parser)", handshake::nago),
];

struct Options {
    rounds: usize,
    only: String,
    peers: Vec<String>,
    json: Option<String>,
    docs: Option<String>,
}

fn main() {
    let options = options();
    let mut rows = Vec::new();
    for work in TABLE.iter().filter(|work| work.name.contains(&options.only)) {
        let times = measure(work, &options);
        print_row(work, &times);
        rows.push(Row { work: *work, times });
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

/// The times of one entrant, in nanoseconds a message.
pub(crate) struct Times {
    pub(crate) name: &'static str,
    pub(crate) minimum: f64,
    pub(crate) median: f64,
}

/// Everybody's times for one work, the shortest first.
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) times: Vec<Times>,
}

/// Lets everybody do the work, checked first, then timed round by round in random order.
fn measure(work: &Work, options: &Options) -> Vec<Times> {
    let wanted = |entrant: &&Entrant| {
        options.peers.is_empty() || options.peers.iter().any(|peer| entrant.name == peer)
    };
    let mut runners: Vec<(&'static str, Runner, Vec<f64>)> = ENTRANTS
        .iter()
        .filter(wanted)
        .filter(|entrant| (work.task == Task::Handshake) == entrant.is_handshake)
        .filter_map(|entrant| Some((entrant.name, (entrant.start)(work)?, Vec::new())))
        .collect();
    for (name, runner, _) in &mut runners {
        check(name, runner, work);
    }
    for _ in 0..options.rounds {
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
    times.sort_by(|a, b| a.minimum.total_cmp(&b.minimum));
    times
}

/// Does a round whose every byte is looked at.
fn check(name: &str, runner: &mut Runner, work: &Work) {
    let messages = work.messages();
    let mut delivered = Delivered { expected: Some(work.payload()), ..Delivered::default() };
    runner.written.keep();
    (runner.round)(messages, &mut delivered);
    let written = runner.written.take();
    if matches!(work.task, Task::Receive | Task::Echo) {
        assert_eq!(delivered.messages, messages, "{name}: {}", work.name);
        assert_eq!(delivered.bytes, messages * work.len, "{name}: {}", work.name);
    }
    match work.task {
        Task::Receive => assert!(written.is_empty(), "{name}: {}", work.name),
        Task::Send | Task::Echo => check_sent(&written, work, messages),
        Task::Handshake => check_answers(&written, messages),
    }
}

/// Does a round against the clock, and returns nanoseconds a message.
fn time(runner: &mut Runner, work: &Work) -> f64 {
    let messages = work.messages();
    let mut delivered = Delivered::default();
    // What others left in the caches is not ours to pay for.
    (runner.round)((messages / 16).max(2), &mut delivered);
    let start = cpu_time();
    (runner.round)(messages, &mut delivered);
    let spent = cpu_time() - start;
    spent.as_secs_f64() * 1e9 / messages as f64
}

fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn print_row(work: &Work, times: &[Times]) {
    let mut line = format!("{:62}", work.name);
    let ours = |name: &str| times.iter().find(|times| times.name == name);
    let best = times.iter().find(|times| !times.name.starts_with("wsproto"));
    if let Some(best) = best {
        for (name, short) in
            [("wsproto", "ratio"), ("wsproto (chunks)", "chunks"), ("wsproto (apart)", "apart")]
        {
            if let Some(ours) = ours(name) {
                let _ = write!(line, " {short} {:.2}", ours.minimum / best.minimum);
            }
        }
    }
    println!("{line}");
    for times in times {
        println!("    {:24}{:10.1}{:10.1}", times.name, times.minimum, times.median);
    }
}
