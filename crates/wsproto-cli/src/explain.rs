//! `wsproto explain`: recorded bytes as frames and messages, and the rule that was broken.
//!
//! [`input`] opens the input and finds its kind. Bytes of one direction ([`raw`]) and sessions of the page go
//! to an explainer at once; a capture ([`capture`]) is first cut into connections ([`flows`]), whose segments are put
//! in order ([`reassembly`]). [`show`] writes the records.

mod bits;
mod capture;
mod dump;
mod flows;
mod hex;
mod input;
mod limit;
mod packet;
mod raw;
mod reassembly;
mod recording;
mod show;

use std::{path::PathBuf, process::ExitCode};

use self::{
    input::{Input, Kind},
    limit::Limit,
    show::{Form, Show, Stop},
};
use crate::{
    exit::{Failure, Status},
    wire::{Explainer, Sender, Start, check_extensions},
};

/// Explains recorded bytes: each frame, each bit, and the rule that was broken.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// What to read: bytes of one direction, a session that the page of `serve` has recorded, a pcap or a pcapng; `-`
    /// or nothing for standard input.
    file: Option<PathBuf>,
    /// Bytes to explain in place of a file, as hexadecimal digits: "81 85 37fa213d 7f9f4d5158".
    #[arg(long, value_name = "DIGITS", conflicts_with_all = ["file", "format"])]
    hex: Option<String>,
    /// What kind of file it is; without it, its first bytes tell.
    #[arg(long, value_enum)]
    format: Option<Kind>,
    /// Who sent the bytes of one direction; without it, their first line or the mask bit tells.
    #[arg(long, value_enum, value_name = "SENDER")]
    from: Option<From>,
    /// The extensions in use where the bytes begin without a handshake, as in the answer's Sec-WebSocket-Extensions:
    /// "permessage-deflate".
    #[arg(long, value_name = "VALUE", value_parser = extensions)]
    extensions: Option<String>,
    /// A limit of the receiver, in place of its default; may be repeated.
    #[arg(long, value_name = "NAME=NUMBER")]
    limit: Vec<Limit>,
    /// Shows each bit of each header.
    #[arg(long)]
    bits: bool,
    /// Writes one JSON object a line.
    #[arg(long, conflicts_with = "bits")]
    json: bool,
}

const AFTER_HELP: &str = "\
Limits: message, frame (bytes), fragments, empty (in a row), control (in a row), head (bytes).

Each direction is judged as an endpoint would: by this project's own protocol core.
A limit of the receiver counts as a rule. Bytes after a broken rule aren't judged.

Links of a capture may be Ethernet (with VLAN tags), Linux cooked, raw IP and loopback.
Other requests may come first on a connection, and so may a rejection.

Exit status:
  0  no rule was broken
  1  a rule was broken
  2  the command line can't be used
  8  the input can't be read, is empty, or is cut off in the middle of a packet

Examples:
  wsproto explain --hex '81 05 48 65 6c 6c 6f' --bits
  wsproto explain --hex 'c1 07 f2 48 cd c9 c9 07 00' --extensions permessage-deflate
  tcpdump -i lo -w trace.pcap 'tcp port 9001'; wsproto explain trace.pcap
  tcpdump -i lo -U -w - 'tcp port 9001' | wsproto explain
  wsproto explain --json session.jsonl | jq 'select(.kind == \"broken\")'";

#[derive(Clone, Copy, clap::ValueEnum)]
enum From {
    Client,
    Server,
}

/// Checks the value of `--extensions`.
fn extensions(value: &str) -> Result<String, String> {
    check_extensions(value).map(|()| value.into())
}

/// The options that say how to read the bytes.
struct Options {
    from: Option<Sender>,
    extensions: Option<String>,
    limits: Vec<Limit>,
}

impl Options {
    /// Makes an explainer of bytes that begin with a handshake, or with frames if `open`.
    fn explainer(&self, open: bool) -> Explainer {
        let start = if open {
            Start::Open { extensions: self.extensions.clone().unwrap_or_default(), subprotocol: None }
        } else {
            Start::Handshake
        };
        let explainer = Explainer::within(limit::config(&self.limits), start);
        match &self.extensions {
            Some(extensions) if !open => explainer.assuming(extensions),
            _ => explainer,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let input = match &args.hex {
        Some(digits) => Input::of_hex(digits)?,
        None => Input::open(args.file.as_deref(), args.format)?,
    };
    let from = args.from.map(|from| match from {
        From::Client => Sender::Client,
        From::Server => Sender::Server,
    });
    let options = Options { from, extensions: args.extensions, limits: args.limit };
    let times = !matches!(input.kind, Kind::Raw | Kind::Hex);
    let mut show = Show::stdout(if args.json { Form::Json } else { Form::Lines { bits: args.bits, times } });
    match explain(input, &options, &mut show) {
        Ok(()) => {}
        // The reader of standard output has gone: there is nothing left to do.
        Err(Stop::Closed) => return Ok(show.status().into()),
        // A broken rule decides the exit status, even if the rest can't be read.
        Err(Stop::Failed(failure)) if show.status() == Status::Broken => {
            failure.report();
        }
        Err(Stop::Failed(failure)) => return Err(failure),
    }
    Ok(show.status().into())
}

/// Explains an input of any kind.
fn explain(input: Input, options: &Options, show: &mut Show) -> Result<(), Stop> {
    match input.kind {
        Kind::Raw | Kind::Hex => raw::explain(input, options, show),
        Kind::Session => recording::explain(input, options, show),
        Kind::Pcap => capture::explain(input, options, show),
    }
}

#[cfg(test)]
mod tests;
