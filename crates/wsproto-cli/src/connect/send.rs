//! What is sent: what each line asks for, and at the end of the input the answers are waited for.

use std::future;

use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use wsproto::{CloseCode, Message};
use wsproto_tokio::{Error, Sender};

use super::{AFTER_HELP, Args, Wait, input::Asked, open::Stream, receive::Told};
use crate::{
    exit::{Failure, Status},
    streams::Output,
};

pub(super) struct Sending<'a> {
    pub(super) args: &'a Args,
    pub(super) told: &'a Told,
    pub(super) output: &'a Output,
    /// Somebody types, and sees what was wrong.
    pub(super) interactive: bool,
}

/// What is to be said once all is sent, and what was wrong with the input.
pub(super) struct Done {
    pub(super) code: CloseCode,
    pub(super) reason: String,
    pub(super) fault: Option<Failure>,
}

impl Done {
    const fn normal(fault: Option<Failure>) -> Self {
        Self { code: CloseCode::NORMAL, reason: String::new(), fault }
    }
}

impl Sending<'_> {
    /// Sends to the end of the input, and waits for answers. `in_hand` is true while a line is not sent yet. Once
    /// nothing can be sent, this waits for ever: the receiver learns how the connection ended.
    pub(super) async fn run(
        &self,
        sender: &mut Sender<Stream>,
        lines: &mut mpsc::Receiver<Asked>,
        in_hand: &mut bool,
    ) -> Done {
        while let Some(asked) = lines.recv().await {
            *in_hand = true;
            let sent = match asked {
                Asked::Text(text) => sender.send(Message::text(text)).await,
                Asked::Binary(bytes) => sender.send(Message::binary(bytes)).await,
                Asked::Ping(payload) => {
                    self.told.pinged(&payload);
                    sender.ping(&payload).await
                }
                Asked::Close(code, reason) => {
                    *in_hand = false;
                    return Done { code, reason, fault: None };
                }
                Asked::Help => {
                    let commands = AFTER_HELP.split("\n\n").next().unwrap_or_default();
                    self.output.note(format_args!("{commands}"));
                    Ok(())
                }
                Asked::Wrong(why) if self.interactive => {
                    self.output.note(format_args!("wsproto: {why}"));
                    Ok(())
                }
                Asked::Wrong(why) => return Done::normal(Some(Failure::new(Status::Local, why))),
            };
            match sent {
                Ok(()) => *in_hand = false,
                Err(Error::Local(error)) => return Done::normal(Some(Failure::new(Status::Local, error))),
                Err(_) => future::pending().await,
            }
        }
        Done::normal(self.answers().await)
    }

    /// Waits for the answers that were asked for.
    async fn answers(&self) -> Option<Failure> {
        let Some(expected) = self.args.expect else {
            match self.args.wait {
                None => {}
                Some(Wait::Time(limit)) => sleep(limit).await,
                Some(Wait::Forever) => future::pending().await,
            }
            return None;
        };
        let mut messages = self.told.messages.subscribe();
        let enough = messages.wait_for(|count| *count >= expected);
        let Some(Wait::Time(limit)) = self.args.wait else {
            // What is asked lives as long as this does.
            drop(enough.await);
            return None;
        };
        if timeout(limit, enough).await.is_ok() {
            return None;
        }
        let came = *self.told.messages.borrow();
        let why = format_args!("{came} of {expected} messages came within {} s", limit.as_secs_f64());
        Some(Failure::new(Status::Unfinished, why))
    }
}
