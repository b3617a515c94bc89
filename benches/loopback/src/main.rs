//! Echo servers over TCP on this machine, each a process of its own with one thread, under the same load: messages a
//! second, and the CPU time that the server takes for each.
//!
//! Usage: wsproto-loopback [--millis N] [--rounds N] [--only TEXT, _ for a space] [--servers A,B] [--table FILE]
//! A server by itself, which prints its port: wsproto-loopback --serve NAME

mod adapters;
mod child;
mod crowd;
mod epoll;
mod load;
mod peers;
mod report;

use std::io;
use std::net::TcpListener;
use std::process::ExitCode;
use std::time::Duration;

use child::Child;
use load::{Load, Sample};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A server that sends received messages back.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// Takes connections that speak WebSocket from the first byte, for ever.
    serve: fn(TcpListener) -> io::Result<()>,
}

/// The servers that parse nothing are the limits, one for each kind of loop. Then come ours, and from [`FIRST_PEER`] on
/// the peers.
pub(crate) const FIRST_PEER: usize = 8;
pub(crate) const SERVERS: [Server; 15] = [
    Server { name: "raw", serve: epoll::raw },
    Server { name: "wsproto", serve: epoll::wsproto },
    Server { name: "raw on tokio", serve: adapters::raw },
    Server { name: "wsproto-tokio recv_with", serve: adapters::recv_with },
    Server { name: "wsproto-tokio recv and feed", serve: adapters::recv_and_feed },
    Server { name: "wsproto-tokio recv and send", serve: adapters::recv_and_send },
    Server { name: "wsproto-tokio one worker", serve: adapters::one_worker },
    Server { name: "wsproto-tokio two workers", serve: adapters::two_workers },
    Server { name: "yawc", serve: peers::yawc },
    Server { name: "yawc (batched)", serve: peers::yawc_batched },
    Server { name: "tungstenite", serve: peers::tungstenite },
    Server { name: "tungstenite (batched)", serve: peers::tungstenite_batched },
    Server { name: "tokio-websockets", serve: peers::tokio_websockets },
    Server { name: "fastwebsockets", serve: peers::fastwebsockets },
    Server { name: "fastwebsockets (batched)", serve: peers::fastwebsockets_batched },
];

/// All servers' figures under one load.
pub(crate) struct Row {
    pub(crate) load: Load,
    /// The best of all rounds.
    pub(crate) best: Vec<(&'static str, Sample)>,
    /// The CPU time of each round, in the same order.
    rounds: Vec<Vec<f64>>,
}

impl Row {
    /// Returns the median of a server's CPU time divided by another's, round by round.
    pub(crate) fn paired(&self, name: &str, other: &str) -> f64 {
        let place = |name| self.best.iter().position(|(server, _)| *server == name);
        let (Some(one), Some(other)) = (place(name), place(other)) else { return f64::NAN };
        let mut ratios: Vec<f64> =
            self.rounds[one].iter().zip(&self.rounds[other]).map(|(one, other)| one / other).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }

    pub(crate) fn of(&self, name: &str) -> Sample {
        self.best.iter().find(|(server, _)| *server == name).map_or(Sample::WORST, |(_, sample)| *sample)
    }
}

struct Options {
    duration: Duration,
    rounds: usize,
    only: String,
    /// The names of the servers that take part. Without a name, all do.
    servers: Vec<String>,
    table: Option<String>,
    /// How many connections the crowd has, if that is measured instead.
    crowd: Option<usize>,
}

fn main() -> ExitCode {
    match options().and_then(|options| options.map_or(Ok(()), |options| compare(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the command line. `None` if it runs as a server: then the end of that is the end of the process.
fn options() -> Result<Option<Options>, String> {
    let mut options = Options {
        duration: Duration::from_millis(120),
        rounds: 5,
        only: String::new(),
        servers: Vec::new(),
        table: None,
        crowd: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("a value is missing behind {name}"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{name} {value}: {error}"));
        match name.as_str() {
            "--millis" => options.duration = Duration::from_millis(number()?),
            "--rounds" => options.rounds = number()?.max(1) as usize,
            "--only" => options.only = value.replace('_', " "),
            "--servers" => options.servers = value.split(',').map(String::from).collect(),
            "--table" => options.table = Some(value),
            "--crowd" => options.crowd = Some(number()? as usize),
            "--serve" => {
                let server = SERVERS.iter().chain([&crowd::SERVER]).find(|server| server.name == value);
                let server = server.ok_or_else(|| format!("no server {value}"))?;
                child::serve(server.serve).map_err(|error| error.to_string())?;
                return Ok(None);
            }
            _ => return Err(format!("no option {name}")),
        }
    }
    Ok(Some(options))
}

/// Puts all servers under each load, or opens a crowd of connections.
fn compare(options: &Options) -> Result<(), String> {
    if let Some(connections) = options.crowd {
        return crowd::run(connections).map_err(|error| error.to_string());
    }
    let loads = Load::all().into_iter().filter(|load| load.name().contains(&options.only));
    let (alone, many): (Vec<_>, Vec<_>) = loads.partition(|load| load.connections == 1);
    let mut rows = on_one_cpu(|| put_under(alone, options))?;
    rows.extend(put_under(many, options)?);
    if let Some(path) = &options.table {
        std::fs::write(path, report::table(&rows, options)).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// Keeps this process and its children on one CPU. A server and a client that wait for each other need no second one,
/// and to wake a second CPU takes several times as long as the measured work.
fn on_one_cpu<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let told = |error: rustix::io::Errno| format!("to choose the CPU: {error}");
    let all = sched_getaffinity(None).map_err(told)?;
    let mut one = CpuSet::new();
    (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu)).take(1).for_each(|cpu| one.set(cpu));
    sched_setaffinity(None, &one).map_err(told)?;
    let done = work();
    sched_setaffinity(None, &all).map_err(told)?;
    done
}

/// Puts all servers under each of these loads, interleaved.
fn put_under(loads: Vec<Load>, options: &Options) -> Result<Vec<Row>, String> {
    let wanted = |server: &&Server| {
        options.servers.is_empty() || options.servers.iter().any(|name| server.name == name)
    };
    let mut children = SERVERS
        .iter()
        .filter(wanted)
        .map(|server| Child::start(server).map_err(|error| format!("{}: {error}", server.name)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for load in loads {
        let mut best: Vec<(&'static str, Sample)> =
            children.iter().map(|child| (child.name, Sample::WORST)).collect();
        let mut rounds = vec![Vec::new(); children.len()];
        for round in 0..options.rounds {
            for place in 0..children.len() {
                // Each server begins a round in turn, since a processor is in another state after a pause.
                let who = (place + round) % children.len();
                let sample = load
                    .put_on(&mut children[who], options.duration)
                    .map_err(|error| format!("{}, {}: {error}", best[who].0, load.name()))?;
                best[who].1 = best[who].1.or(sample);
                rounds[who].push(sample.cpu);
            }
        }
        let row = Row { load, best, rounds };
        println!("{}", report::line(&row));
        rows.push(row);
    }
    Ok(rows)
}
