//! Interoperability: real WebSocket software of others on loopback, against servers and clients made from our adapters:
//! `wsproto-tokio` over TCP and TLS, `wsproto-axum` over HTTP/1.1 and HTTP/2 (stack.rs).
//!
//! Each peer runs one script of checks (peers/script.py, peers/script.mjs, and script.rs for ours) as the client of
//! our server and as the server of our client, with and without permessage-deflate. Then the line client of the
//! command-line tool talks to their servers (tool.rs), and clients of our own come to our server through each proxy
//! (proxied.rs). The outcome is printed as a table, and written to docs/interop.md where
//! every peer and proxy was there.

mod client;
mod installed;
mod options;
mod page;
mod peers;
mod process;
mod proxied;
mod proxies;
mod report;
mod run;
mod script;
mod server;
mod socket;
mod stack;
mod tls;
mod tool;
mod way;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    match options::Options::parse(std::env::args().skip(1)).and_then(|options| run::run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
