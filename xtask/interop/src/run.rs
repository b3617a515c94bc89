//! Runs every peer in each direction with each setting, and every proxy.

use std::{io, path::PathBuf};

use tokio::runtime::Runtime;

use crate::{
    client::Client,
    installed::{self, Installed},
    options::{Deflate, Options},
    page,
    peers::{PEERS, Peer},
    process::Process,
    proxied,
    proxies::{Found, PROXIES, Proxy},
    report::{self, Finding, Ours, Row, Verdict},
    server,
    stack::Stack,
    tls::Tls,
    tool,
    way::{Direct, Http2},
};

/// Runs what is asked for; returns whether all went well.
///
/// # Errors
///
/// What keeps anything from running, or the page from being written.
pub(crate) fn run(options: &Options) -> Result<bool, String> {
    let runtime = Runtime::new().map_err(|error| format!("tokio: {error}"))?;
    let mut run = Run { options, runtime, tls: Tls::make()?, outcome: Outcome::default() };
    run.peers();
    run.tool();
    run.proxies();
    let Outcome { rows, skipped, mut failures } = run.outcome;
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

/// A run: all that is made once for it.
struct Run<'a> {
    options: &'a Options,
    /// What our side lives on; peers are processes that are waited for.
    runtime: Runtime,
    tls: Tls,
    outcome: Outcome,
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

impl Run<'_> {
    fn peers(&mut self) {
        let installed: Vec<(Peer, Result<Installed, String>)> = PEERS
            .into_iter()
            .filter(|peer| self.options.wants(peer.name))
            .map(|peer| (peer, installed::find(peer.runtime)))
            .collect();
        if !installed.is_empty() {
            report::print_head(Ours::Server);
        }
        for (peer, installed) in installed {
            match installed {
                Ok(installed) => self.peer(&peer, &installed),
                Err(why) => self.absent(peer.name, &why),
            }
        }
    }

    fn peer(&mut self, peer: &Peer, installed: &Installed) {
        for &stack in peer.asks {
            for deflate in self.options.settings(peer, stack) {
                let mut row = Row::new(peer.name, Ours::Server, stack, deflate);
                let done = self.our_server(peer, installed, &mut row);
                self.add(row, done);
            }
        }
        for &stack in peer.serves {
            for deflate in self.options.settings(peer, stack) {
                let mut row = Row::new(peer.name, Ours::Client, stack, deflate);
                let done = self.our_client(peer, installed, &mut row);
                self.add(row, done);
            }
        }
    }

    /// The peer's client reports what it saw of our server.
    fn our_server(&self, peer: &Peer, installed: &Installed, row: &mut Row) -> io::Result<()> {
        let port = self.runtime.block_on(server::start(row.stack, row.deflate.settings(), &self.tls))?;
        let mut command = peer.client(installed, row.stack, row.deflate, port, &self.tls.folder);
        let process = Process::start(&mut command, &errors(row))?;
        row.version = process.field("version")?;
        while let Some(line) = process.line()? {
            row.findings.extend(finding(&line));
        }
        Ok(())
    }

    /// Our client tries the peer's server.
    fn our_client(&self, peer: &Peer, installed: &Installed, row: &mut Row) -> io::Result<()> {
        let mut command = peer.server(installed, row.stack, row.deflate, &self.tls.folder);
        let process = Process::start(&mut command, &errors(row))?;
        let port = process.field("port")?.parse().map_err(io::Error::other)?;
        row.version = process.field("version")?;
        row.findings = self.runtime.block_on(async {
            let (deflate, settings) = (row.deflate, row.deflate.settings());
            if row.stack == Stack::Http2 {
                let way = Http2::connect(port, settings, &self.tls.roots).await.map_err(io::Error::other)?;
                return Ok(Client { way, deflate }.run().await);
            }
            let way = Direct::new(row.stack, port, settings, &self.tls.roots);
            Ok::<_, io::Error>(Client { way, deflate }.run().await)
        })?;
        Ok(())
    }

    fn proxies(&mut self) {
        let found: Vec<(Proxy, Result<Found, String>)> = PROXIES
            .into_iter()
            .filter(|proxy| self.options.wants(proxy.name))
            .map(|proxy| (proxy, proxy.find()))
            .collect();
        if !found.is_empty() {
            println!();
            report::print_head(Ours::Both);
        }
        for (proxy, found) in found {
            match found {
                Ok(found) => {
                    for &stack in proxy.stacks {
                        let mut row = Row::new(proxy.name, Ours::Both, stack, Deflate::Off);
                        let done = self.through_proxy(&proxy, &found, &mut row);
                        self.add(row, done);
                    }
                }
                Err(why) => self.absent(proxy.name, &why),
            }
        }
    }

    /// Our clients come to our server through the proxy, which speaks HTTP/1.1 to it.
    fn through_proxy(&self, proxy: &Proxy, found: &Found, row: &mut Row) -> io::Result<()> {
        let settings = row.deflate.settings();
        let upstream = if row.stack == Stack::Tcp { Stack::Tcp } else { Stack::Axum };
        // The first check is for the proxy alone, and needs a server that keeps connections.
        let (first, others) = proxied::CHECKS.split_at(1);
        for (upstream, checks) in [(Stack::Axum, first), (upstream, others)] {
            let port = self.runtime.block_on(server::start(upstream, settings.clone(), &self.tls))?;
            let running = proxy.start(found, row.stack, port, &errors(row))?;
            row.findings.extend(self.runtime.block_on(async {
                if row.stack == Stack::Http2 {
                    let way = Http2::connect(running.port, settings.clone(), &self.tls.roots).await;
                    return Ok(proxied::run(&way.map_err(io::Error::other)?, row.stack, checks).await);
                }
                let way = Direct::new(row.stack, running.port, settings.clone(), &self.tls.roots);
                Ok::<_, io::Error>(proxied::run(&way, row.stack, checks).await)
            })?);
            row.version = running.version;
        }
        Ok(())
    }

    /// Notes that a peer or proxy can't run.
    fn absent(&mut self, name: &str, why: &str) {
        if self.options.requires(name) {
            self.outcome.failures.push(format!("{name}: {why}"));
        } else {
            self.outcome.skipped.push(format!("SKIP: {name}: {why}"));
        }
    }

    fn add(&mut self, mut row: Row, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            let why = format!("{error}; see {}", errors(&row).display());
            row.findings.push(Finding { check: "run".to_owned(), verdict: Verdict::Fail(why) });
        }
        report::print_row(&row);
        self.outcome.rows.push(row);
    }

    /// The tool's line client talks to the servers of some peers.
    fn tool(&mut self) {
        let peers: Vec<Peer> = PEERS
            .into_iter()
            .filter(|peer| tool::SERVERS.contains(&peer.name) && self.options.wants(peer.name))
            .collect();
        if peers.is_empty() {
            return;
        }
        if let Err(why) = tool::build() {
            self.outcome.failures.push(why);
            return;
        }
        println!();
        for peer in peers {
            // Where it can't be installed, that was said already.
            let Ok(installed) = installed::find(peer.runtime) else { continue };
            for deflate in self.options.settings(&peer, Stack::Tcp) {
                if deflate.parameters().is_none() {
                    self.tool_and(&peer, &installed, deflate);
                }
            }
        }
    }

    fn tool_and(&mut self, peer: &Peer, installed: &Installed, deflate: Deflate) {
        let talk = || {
            let mut command = peer.server(installed, Stack::Tcp, deflate, &self.tls.folder);
            let errors = installed::root().join(format!("target/interop/{}-tool.log", peer.name));
            let process = Process::start(&mut command, &errors)?;
            let port = process.field("port")?.parse().map_err(io::Error::other)?;
            Ok(tool::run(port))
        };
        let failed = talk().unwrap_or_else(|error: io::Error| vec![error.to_string()]);
        let said = if failed.is_empty() { "ok" } else { "FAIL" };
        let deflate = if deflate.is_on() { "deflate" } else { "plain" };
        println!("wsproto connect to {}, {deflate}: {said}", peer.name);
        let told =
            failed.iter().map(|why| format!("FAIL: wsproto connect to {}, {deflate}: {why}", peer.name));
        self.outcome.failures.extend(told);
    }
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

/// Where the error messages of a row's peer or proxy go.
fn errors(row: &Row) -> PathBuf {
    let role = match row.ours {
        Ours::Server => "client",
        Ours::Client => "server",
        Ours::Both => "proxy",
    };
    installed::root().join(format!("target/interop/{}-{role}-{}.log", row.peer, row.stack))
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
