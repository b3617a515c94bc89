//! Runs every peer in each direction with each setting, and every proxy.

use std::{io, path::PathBuf};

use crate::{
    client::Client,
    install::{self, Installed},
    options::{Deflate, Options},
    page,
    peers::{PEERS, Peer},
    pool::Keeping,
    process::Process,
    proxied,
    proxies::{Found, PROXIES, Proxy},
    report::{self, Finding, Ours, Row, Verdict},
    server,
};

/// Runs what is asked for; returns whether all went well.
///
/// # Errors
///
/// What keeps the page from being written.
pub(crate) fn run(options: &Options) -> Result<bool, String> {
    let mut outcome = Outcome::default();
    run_peers(options, &mut outcome);
    run_proxies(options, &mut outcome);
    let Outcome { rows, skipped, mut failures } = outcome;
    failures.extend(rows.iter().flat_map(Row::failures));
    println!("\n  > from client to server, < from server to client, - the peer's API can't do it");
    println!("  deflate 9/15*: bits of the client's and the server's window, * without context takeover");
    for line in skipped.iter().chain(&failures) {
        println!("{line}");
    }
    if options.is_default() && skipped.is_empty() && failures.is_empty() {
        page::write(&rows).map_err(|error| format!("docs/interop.md: {error}"))?;
    }
    Ok(failures.is_empty())
}

/// What came of a run.
#[derive(Debug, Default)]
struct Outcome {
    rows: Vec<Row>,
    /// Why peers and proxies didn't run.
    skipped: Vec<String>,
    /// Why those that must run didn't.
    failures: Vec<String>,
}

impl Outcome {
    /// Notes that a peer or proxy can't run.
    fn absent(&mut self, name: &str, why: &str, options: &Options) {
        if options.requires(name) {
            self.failures.push(format!("{name}: {why}"));
        } else {
            self.skipped.push(format!("SKIP: {name}: {why}"));
        }
    }

    fn add(&mut self, mut row: Row, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            let why = format!("{error}; see {}", errors(row.peer, row.ours).display());
            row.findings.push(Finding { check: "run".to_owned(), verdict: Verdict::Fail(why) });
        }
        report::print_row(&row);
        self.rows.push(row);
    }
}

fn run_peers(options: &Options, outcome: &mut Outcome) {
    let installed: Vec<(Peer, Result<Installed, String>)> = PEERS
        .into_iter()
        .filter(|peer| options.wants(peer.name))
        .map(|peer| (peer, install::install(peer.runtime)))
        .collect();
    if !installed.is_empty() {
        report::print_head(Ours::Server);
    }
    for (peer, installed) in installed {
        match installed {
            Ok(installed) => run_peer(&peer, &installed, &options.settings(&peer), outcome),
            Err(why) => outcome.absent(peer.name, &why, options),
        }
    }
}

fn run_peer(peer: &Peer, installed: &Installed, settings: &[Deflate], outcome: &mut Outcome) {
    for &deflate in settings {
        let mut row = Row::new(peer.name, Ours::Server, deflate);
        let done = our_server(peer, installed, deflate, &mut row);
        outcome.add(row, done);
    }
    for &deflate in settings.iter().filter(|_| peer.serves) {
        let mut row = Row::new(peer.name, Ours::Client, deflate);
        let done = our_client(peer, installed, deflate, &mut row);
        outcome.add(row, done);
    }
}

fn run_proxies(options: &Options, outcome: &mut Outcome) {
    let found: Vec<(Proxy, Result<Found, String>)> = PROXIES
        .into_iter()
        .filter(|proxy| options.wants(proxy.name))
        .map(|proxy| (proxy, proxy.find()))
        .collect();
    if !found.is_empty() {
        println!();
        report::print_head(Ours::Both);
    }
    for (proxy, found) in found {
        match found {
            Ok(found) => {
                let mut row = Row::new(proxy.name, Ours::Both, Deflate::Off);
                let done = through_proxy(&proxy, &found, &mut row);
                outcome.add(row, done);
            }
            Err(why) => outcome.absent(proxy.name, &why, options),
        }
    }
}

/// Our clients come to our server through the proxy.
fn through_proxy(proxy: &Proxy, found: &Found, row: &mut Row) -> io::Result<()> {
    let errors = errors(proxy.name, Ours::Both);
    let keeping = Keeping::start()?;
    let running = proxy.start(found, keeping.port, &errors)?;
    let kept = keeping.verdict(running.port);
    row.findings.push(Finding { check: proxied::POOL.name.to_owned(), verdict: kept });
    drop(running);

    let upstream = server::start(row.deflate.config())?;
    let running = proxy.start(found, upstream, &errors)?;
    row.findings.extend(proxied::run(running.port));
    row.version = running.version;
    Ok(())
}

/// The peer's client reports what it saw of our server.
fn our_server(peer: &Peer, installed: &Installed, deflate: Deflate, row: &mut Row) -> io::Result<()> {
    let port = server::start(deflate.config())?;
    let process =
        Process::start(&mut peer.client(installed, deflate, port), &errors(peer.name, Ours::Server))?;
    row.version = process.field("version")?;
    while let Some(line) = process.line()? {
        row.findings.extend(finding(&line));
    }
    Ok(())
}

/// Our client tries the peer's server.
fn our_client(peer: &Peer, installed: &Installed, deflate: Deflate, row: &mut Row) -> io::Result<()> {
    let process = Process::start(&mut peer.server(installed, deflate), &errors(peer.name, Ours::Client))?;
    let port = process.field("port")?.parse().map_err(io::Error::other)?;
    row.version = process.field("version")?;
    row.findings = Client { port, deflate }.run();
    Ok(())
}

/// Reads a line `result CHECK VERDICT DETAIL`; others are of no concern.
fn finding(line: &[String]) -> Option<Finding> {
    let [first, check, verdict, rest @ ..] = line else {
        return None;
    };
    let detail = rest.join(" ");
    let verdict = match &**verdict {
        "ok" => Verdict::Ok,
        "n/a" => Verdict::NotPossible(detail),
        _ => Verdict::Fail(detail),
    };
    (first == "result").then(|| Finding { check: check.clone(), verdict })
}

/// Where the error messages of a peer or proxy go.
fn errors(name: &str, ours: Ours) -> PathBuf {
    let role = match ours {
        Ours::Server => "client",
        Ours::Client => "server",
        Ours::Both => "proxy",
    };
    install::root().join(format!("target/interop/{name}-{role}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_report() {
        #[rustfmt::skip]
        let table = [
            ("result\ttext\tok\t",             Some(Verdict::Ok)),
            ("result\ttext\tok",               Some(Verdict::Ok)),
            ("result\ttext\tn/a\tno API",      Some(Verdict::NotPossible("no API".to_owned()))),
            ("result\ttext\tFAIL\tno\tgood",   Some(Verdict::Fail("no good".to_owned()))),
            ("result\ttext\tpretty good\t",    Some(Verdict::Fail(String::new()))),
            ("version\twebsockets\t1",         None),
            ("a warning of the runtime",       None),
        ];
        for (line, expected) in table {
            let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            assert_eq!(finding(&fields).map(|finding| finding.verdict), expected, "{line}");
        }
    }
}
