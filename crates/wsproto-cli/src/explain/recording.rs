//! A session that the page of `serve` has recorded.

use std::{
    io::{BufRead, BufReader, Read},
    time::Duration,
};

use super::{
    Options,
    input::{Input, unreadable},
    show::{Show, Stop},
};
use crate::{
    exit::{Failure, Status},
    wire::{Sender, session},
};

/// Explains a session line by line.
pub(super) fn explain(input: Input, options: &Options, show: &mut Show) -> Result<(), Stop> {
    let mut reader = BufReader::new(input.reader);
    let mut explainer = options.explainer(false);
    let (mut line, mut records) = (Vec::new(), Vec::new());
    for number in 1_u64.. {
        line.clear();
        let limit = u64::try_from(session::LINE_LEN).unwrap_or(u64::MAX);
        reader
            .by_ref()
            .take(limit)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(&input.name, &error))?;
        if line.is_empty() {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let outcome = session::replay(&line, &mut explainer, &mut records);
        // The records of earlier lines are shown even if this line can't be read.
        show.records(None, &mut records)?;
        outcome.map_err(|error| {
            Failure::new(Status::Local, format_args!("{}, line {number}: {error}", input.name))
        })?;
    }
    for from in [Sender::Client, Sender::Server] {
        explainer.cut(from, Duration::ZERO, &mut records);
    }
    show.records(None, &mut records)
}
