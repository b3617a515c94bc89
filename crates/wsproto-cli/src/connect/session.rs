//! An open connection: lines go, messages come, and it ends in order.

use std::{
    io::{self, IsTerminal},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use wsproto::{AcceptConnection, CloseCode};
use wsproto_tokio::{Sender, WebSocket};

use super::{
    Args, ending,
    input::Asked,
    open::Stream,
    receive::{Ended, Form, Told, receive},
    send::{Done, Sending},
};
use crate::{
    client::GOODBYE,
    exit::{Failure, Status},
    signals::Signals,
    streams::Output,
};

/// How long to wait for the end, where the closing handshake has a deadline of its own already.
const PATIENCE: Duration = GOODBYE.saturating_add(Duration::from_secs(1));

pub(super) struct Session<'a> {
    args: &'a Args,
    output: Output,
    signals: Signals,
    /// Somebody types.
    interactive: bool,
    told: Arc<Told>,
}

/// Why the connection is to end, or has.
enum Cause {
    Input(Done),
    Ended(Ended),
    Signal,
    /// Nobody reads standard output any more, or it can't be written.
    Output,
}

impl<'a> Session<'a> {
    pub(super) fn new(args: &'a Args, output: Output, signals: Signals) -> Self {
        let interactive = io::stdin().is_terminal();
        Self { args, output, signals, interactive, told: Arc::new(Told::new()) }
    }

    /// Runs to the end of the connection.
    pub(super) async fn run(
        mut self,
        (ws, accept): (WebSocket<Stream>, AcceptConnection),
        mut lines: mpsc::Receiver<Asked>,
    ) -> Result<Status, Failure> {
        if self.interactive {
            self.greet(&ws, &accept);
        }
        let (mut sender, receiver) = ws.split();
        let form = Form { terminal: io::stdout().is_terminal(), raw: self.args.raw };
        let (output, told) = (self.output.clone(), Arc::clone(&self.told));
        let mut reception = tokio::spawn(async move { receive(receiver, form, output, &told).await });
        let mut in_hand = false;
        let cause = {
            let output = self.output.clone();
            let sending =
                Sending { args: self.args, told: &self.told, output: &output, interactive: self.interactive };
            tokio::select! {
                // What has come counts before what is to be sent.
                biased;
                ended = &mut reception => Cause::Ended(joined(ended)?),
                () = self.signals.next() => Cause::Signal,
                _ = output.failed() => Cause::Output,
                done = sending.run(&mut sender, &mut lines, &mut in_hand) => Cause::Input(done),
            }
        };
        self.finish(cause, sender, reception, (in_hand, lines)).await
    }

    /// Says what was agreed.
    fn greet(&self, ws: &WebSocket<Stream>, accept: &AcceptConnection) {
        let place = self.args.place();
        let extensions = ws.extensions();
        let extensions = if extensions.is_empty() { "none".into() } else { extensions.join(", ") };
        let subprotocol = accept.subprotocol.as_deref().unwrap_or("none");
        let extensions = crate::visible::escape(&extensions, 200);
        let subprotocol = crate::visible::escape(subprotocol, 100);
        self.output.note(format_args!(
            "connected to {place}: extensions {extensions}, subprotocol {subprotocol}. /help shows the commands"
        ));
    }

    /// Closes if that is still to be done, waits for the end, and tells how it was.
    async fn finish(
        mut self,
        cause: Cause,
        mut sender: Sender<Stream>,
        mut reception: JoinHandle<Ended>,
        (mut in_hand, mut lines): (bool, mpsc::Receiver<Asked>),
    ) -> Result<Status, Failure> {
        let mut fault = None;
        let mut deadline = None;
        let ended = match cause {
            Cause::Ended(ended) => {
                // What was read and is not sent never will be.
                in_hand |= lines.try_recv().is_ok();
                Some(ended)
            }
            Cause::Input(done) => {
                fault = done.fault;
                start_close(&mut sender, done.code, &done.reason);
                self.wait(&mut sender, &mut reception, &mut deadline).await?
            }
            Cause::Signal | Cause::Output => {
                deadline = Instant::now().checked_add(PATIENCE);
                start_close(&mut sender, CloseCode::GOING_AWAY, "");
                self.wait(&mut sender, &mut reception, &mut deadline).await?
            }
        };
        let Some(ended) = ended else {
            return Err(Failure::new(
                Status::TimedOut,
                "the connection could not be closed in order in time",
            ));
        };
        self.drain(deadline).await?;
        self.conclude(&ended, fault, in_hand)
    }

    /// Waits for the end: as long as it takes or, once it was told to end, to the deadline.
    async fn wait(
        &mut self,
        sender: &mut Sender<Stream>,
        reception: &mut JoinHandle<Ended>,
        deadline: &mut Option<Instant>,
    ) -> Result<Option<Ended>, Failure> {
        // A receiver that waits for standard output writes nothing: the Close is written here, too.
        let mut is_flushed = false;
        loop {
            let limit = *deadline;
            tokio::select! {
                ended = &mut *reception => return joined(ended).map(Some),
                () = self.signals.next() => match limit {
                    Some(_) => return Err(Failure::new(Status::Interrupted, "ended at once: the server wasn't waited for")),
                    None => *deadline = Instant::now().checked_add(PATIENCE),
                },
                () = until(limit), if limit.is_some() => return Ok(None),
                _ = sender.flush(), if !is_flushed => is_flushed = true,
            }
        }
    }

    /// Waits until all that came is written.
    async fn drain(&mut self, mut deadline: Option<Instant>) -> Result<(), Failure> {
        loop {
            let limit = deadline;
            tokio::select! {
                () = self.output.flush() => break,
                _ = self.output.failed() => break,
                () = until(limit), if limit.is_some() => {
                    return Err(Failure::new(Status::Local, "not all that came could be written: nobody reads standard output"));
                }
                () = self.signals.next() => match limit {
                    Some(_) => return Err(Failure::new(Status::Interrupted, "ended at once: not all that came is written")),
                    None => deadline = Instant::now().checked_add(PATIENCE),
                },
            }
        }
        tokio::select! {
            () = self.output.all_noted() => {}
            () = until(deadline), if deadline.is_some() => {}
            () = self.signals.next() => {}
        }
        Ok(())
    }

    fn conclude(&self, ended: &Ended, fault: Option<Failure>, in_hand: bool) -> Result<Status, Failure> {
        match self.output.failure() {
            // The reader has all that it wanted.
            Some(io::ErrorKind::BrokenPipe) => return Ok(Status::Clean),
            Some(kind) => {
                return Err(Failure::new(
                    Status::Local,
                    format_args!("can't write to standard output: {kind}"),
                ));
            }
            None => {}
        }
        let (status, text) = ending::tell(ended);
        if status != Status::Clean {
            return Err(Failure::new(status, text));
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let came = *self.told.messages.borrow();
        if let Some(expected) = self.args.expect.filter(|expected| came < *expected) {
            let why = format_args!("{text}; {came} of {expected} messages came");
            return Err(Failure::new(Status::Unfinished, why));
        }
        if in_hand && !self.interactive {
            return Err(Failure::new(Status::Unfinished, format_args!("{text}, before all lines were sent")));
        }
        if self.interactive {
            self.output.note(format_args!("{text}"));
        }
        Ok(status)
    }
}

/// Begins the closing handshake, unless it has begun.
fn start_close(sender: &mut Sender<Stream>, code: CloseCode, reason: &str) {
    // It fails for codes that no Close carries alone, and the input has none of them.
    drop(sender.start_close(code, reason));
}

async fn until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        sleep_until(deadline).await;
    }
}

fn joined(ended: Result<Ended, tokio::task::JoinError>) -> Result<Ended, Failure> {
    ended.map_err(|error| Failure::new(Status::Local, error))
}
