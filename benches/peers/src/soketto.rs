//! soketto: a sender and a receiver. Sent messages are buffered until the batch is flushed.

use soketto::connection::{Builder, Mode};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::of(&work);
    let mode = if work.is_client() { Mode::Client } else { Mode::Server };
    let (mut sender, mut receiver) = Builder::new(transport, mode).finish();
    let mut message = work.payload();
    let text = String::from_utf8(work.payload()).unwrap_or_default();
    let round = move |messages: usize, delivered: &mut Delivered| {
        let batch = work.batch();
        run(async {
            for i in 1..=messages {
                if work.task != Task::Send {
                    message.clear();
                    receiver.receive_data(&mut message).await.unwrap();
                    // soketto leaves the check to its caller.
                    let text = if work.is_text() { to_str(&message) } else { "" };
                    if work.as_str {
                        delivered.text(text);
                    } else {
                        delivered.message(&message);
                    }
                }
                if work.task != Task::Receive {
                    match (work.task, work.is_text()) {
                        (Task::Send, true) => sender.send_text(&text).await.unwrap(),
                        (_, true) => sender.send_text(str::from_utf8(&message).unwrap()).await.unwrap(),
                        (_, false) => sender.send_binary(&message).await.unwrap(),
                    }
                    if i % batch == 0 || i == messages {
                        sender.flush().await.unwrap();
                    }
                }
            }
        });
    };
    Some(Runner::new(round))
}
