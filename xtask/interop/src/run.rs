//! Runs every peer in each direction, with each setting.

use std::{io, path::PathBuf};

use crate::{
    client::Client,
    install::{self, Installed},
    options::{Deflate, Options},
    page,
    peers::{PEERS, Peer},
    process::Process,
    report::{self, Finding, Ours, Row, Verdict},
    server,
};

/// Runs what is asked for; returns whether all went well.
///
/// # Errors
///
/// What keeps the page from being written.
pub(crate) fn run(options: &Options) -> Result<bool, String> {
    let (mut rows, mut skipped, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let installed: Vec<(Peer, Result<Installed, String>)> = PEERS
        .into_iter()
        .filter(|peer| options.wants(peer.name))
        .map(|peer| (peer, install::install(peer.runtime)))
        .collect();
    report::print_head();
    for (peer, installed) in installed {
        match installed {
            Ok(installed) => rows.extend(run_peer(&peer, &installed, &options.settings(&peer))),
            Err(why) if options.requires(peer.name) => failures.push(format!("{}: {why}", peer.name)),
            Err(why) => skipped.push(format!("SKIP: {}: {why}", peer.name)),
        }
    }
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

fn run_peer(peer: &Peer, installed: &Installed, settings: &[Deflate]) -> Vec<Row> {
    let mut rows = Vec::new();
    for ours in [Ours::Server, Ours::Client] {
        for &deflate in settings.iter().filter(|_| ours == Ours::Server || peer.serves) {
            let mut row =
                Row { peer: peer.name, version: String::new(), ours, deflate, findings: Vec::new() };
            let outcome = match ours {
                Ours::Server => our_server(peer, installed, deflate, &mut row),
                Ours::Client => our_client(peer, installed, deflate, &mut row),
            };
            if let Err(error) = outcome {
                let why = format!("{error}; see {}", errors(peer, ours).display());
                row.findings.push(Finding { check: "run".to_owned(), verdict: Verdict::Fail(why) });
            }
            report::print_row(&row);
            rows.push(row);
        }
    }
    rows
}

/// The peer's client reports what it saw of our server.
fn our_server(peer: &Peer, installed: &Installed, deflate: Deflate, row: &mut Row) -> io::Result<()> {
    let port = server::start(deflate.config())?;
    let process = Process::start(&mut peer.client(installed, deflate, port), &errors(peer, Ours::Server))?;
    row.version = process.field("version")?;
    while let Some(line) = process.line()? {
        row.findings.extend(finding(&line));
    }
    Ok(())
}

/// Our client tries the peer's server.
fn our_client(peer: &Peer, installed: &Installed, deflate: Deflate, row: &mut Row) -> io::Result<()> {
    let process = Process::start(&mut peer.server(installed, deflate), &errors(peer, Ours::Client))?;
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

/// Where the peer's own error messages go.
fn errors(peer: &Peer, ours: Ours) -> PathBuf {
    let role = match ours {
        Ours::Server => "client",
        Ours::Client => "server",
    };
    install::root().join(format!("target/interop/{}-{role}.log", peer.name))
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
