//! Writes records to standard output: as lines for people, or as JSON for machines.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
    net::SocketAddr,
};

use serde::Serialize;

use super::{bits, dump};
use crate::{
    exit::{Failure, Status},
    streams,
    visible::{escape, escape_json},
    wire::{Begun, Handshake, Line, Numbered, Placed, Record},
};

/// Where records go.
pub(super) struct Show {
    out: Box<dyn Write>,
    /// Where notes go. Errors in writing them are ignored.
    notes: Box<dyn Write>,
    form: Form,
    /// Whether a rule was broken.
    broken: bool,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Lines {
        /// Whether each bit of each header is shown.
        bits: bool,
        /// Whether a line begins with a time; otherwise it begins with a place in the stream.
        times: bool,
    },
}

/// Why nothing more is shown.
#[derive(Debug)]
pub(super) enum Stop {
    /// The reader of standard output has gone.
    Closed,
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Failed(Failure::new(Status::Local, format_args!("can't write to standard output: {error}")))
    }
}

/// This never happens: writing to a string doesn't fail.
impl From<fmt::Error> for Stop {
    fn from(error: fmt::Error) -> Self {
        Self::Failed(Failure::new(Status::Local, error))
    }
}

/// The two addresses of a connection.
#[derive(Serialize)]
struct Addresses {
    client: SocketAddr,
    server: SocketAddr,
}

impl Show {
    /// Writes to standard output, in colours if it is a terminal.
    pub(super) fn stdout(form: Form) -> Self {
        Self::new(Box::new(streams::stdout()), Box::new(streams::stderr()), form)
    }

    pub(super) fn new(out: Box<dyn Write>, notes: Box<dyn Write>, form: Form) -> Self {
        Self { out, notes, form, broken: false }
    }

    /// Writes a note, which is no record.
    pub(super) fn note(&mut self, note: fmt::Arguments<'_>) {
        drop(self.notes.write_all(format!("wsproto: {note}\n").as_bytes()));
    }

    /// Returns the status to exit with.
    pub(super) const fn status(&self) -> Status {
        if self.broken { Status::Broken } else { Status::Clean }
    }

    /// Shows the beginning of one of several connections.
    pub(super) fn connection(
        &mut self,
        number: u64,
        client: SocketAddr,
        server: SocketAddr,
    ) -> Result<(), Stop> {
        let text = if self.form == Form::Json {
            json(&Begun::new(number, Addresses { client, server }))?
        } else {
            format!("[{number}] {client} → {server}\n")
        };
        self.write(&text)
    }

    /// Shows records, and empties the list.
    pub(super) fn records(&mut self, connection: Option<u64>, records: &mut Vec<Record>) -> Result<(), Stop> {
        let mut text = String::new();
        for record in records.drain(..) {
            self.broken |= matches!(record, Record::Broken(_));
            match self.form {
                Form::Json => text += &json(&Numbered { connection, record: &record })?,
                Form::Lines { bits, times } => lines(connection, &record, bits, times, &mut text)?,
            }
        }
        self.write(&text)
    }

    fn write(&mut self, text: &str) -> Result<(), Stop> {
        if text.is_empty() {
            return Ok(());
        }
        self.out.write_all(text.as_bytes())?;
        Ok(self.out.flush()?)
    }
}

fn lines(
    connection: Option<u64>,
    record: &Record,
    bits: bool,
    times: bool,
    text: &mut String,
) -> fmt::Result {
    if let Some(number) = connection {
        write!(text, "[{number}] ")?;
    }
    if times {
        writeln!(text, "{}", Line(record))?;
    } else {
        writeln!(text, "{}", Placed(record))?;
    }
    match record {
        Record::Handshake(head) => fields(head, text),
        Record::Frame(frame) if bits => bits::write(frame, text),
        Record::Broken(broken) => dump::write(broken, text),
        _ => Ok(()),
    }
}

fn json(value: &impl Serialize) -> Result<String, Stop> {
    let line = serde_json::to_string(value)
        .map_err(|error| Failure::new(Status::Local, format_args!("can't write JSON: {error}")))?;
    Ok(escape_json(&line) + "\n")
}

/// Shows the fields of a head.
fn fields(head: &Handshake, text: &mut String) -> fmt::Result {
    for field in head.fields.iter().filter(|field| !field.name.starts_with(':')) {
        let (name, value) = (escape(&field.name, 100), escape(&field.value, 1000));
        writeln!(text, "                {name}: {value}")?;
    }
    Ok(())
}
