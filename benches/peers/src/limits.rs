//! The limits as entrants: the work's bytes are copied, unmasked, checked and inflated by the fastest means known.

use std::hint::black_box;

use wsproto_benches::{limits, raw, wire};

use crate::{
    Runner,
    work::{Delivered, Task, Work},
};

/// Starts an entrant that does the same to each message. Nothing is delivered or written.
fn start(mut message: impl FnMut() + 'static) -> Option<Runner> {
    let round = move |messages: usize, _: &mut Delivered| (0..messages).for_each(|_| message());
    Some(Runner::new(round))
}

pub(crate) fn copy(work: &Work) -> Option<Runner> {
    let from = work.payload();
    let mut to = from.clone();
    start(move || limits::copy(&from, &mut to))
}

pub(crate) fn mask(work: &Work) -> Option<Runner> {
    let is_masked = work.is_client() == (work.task == Task::Send) || work.task == Task::Echo;
    let mut payload = is_masked.then(|| work.payload())?;
    start(move || limits::mask(&mut payload))
}

pub(crate) fn text_check(work: &Work) -> Option<Runner> {
    let is_checked = work.is_text() && work.task != Task::Send;
    let payload = is_checked.then(|| work.payload())?;
    start(move || limits::text_check(&payload))
}

pub(crate) fn httparse(work: &Work) -> Option<Runner> {
    if !work.is_client() {
        return start(|| limits::parse_request(wire::REQUEST.as_bytes()));
    }
    let mut head = Vec::new();
    wire::answer(wire::REQUEST.as_bytes(), &mut head);
    start(move || limits::parse_response(&head))
}

pub(crate) fn accept_token(_: &Work) -> Option<Runner> {
    start(|| {
        black_box(wire::accept(black_box("dGhlIHNhbXBsZSBub25jZQ==")));
    })
}

pub(crate) fn miniz(work: &Work) -> Option<Runner> {
    let deflate = work.deflate?;
    if work.task == Task::Receive {
        let mut inflater = raw::MinizInflater::new(deflate, work.len);
        return each(received(work)?, move |message, delivered| delivered.message(inflater.inflate(message)));
    }
    let mut deflater = raw::MinizDeflater::new(deflate, work.len);
    each(work.payloads(), move |message, _| {
        black_box(deflater.deflate(message));
    })
}

pub(crate) fn zlib_rs(work: &Work) -> Option<Runner> {
    let deflate = work.deflate?;
    if work.task == Task::Receive {
        let mut inflater = raw::ZlibRsInflater::new(deflate, work.len);
        return each(received(work)?, move |message, delivered| delivered.message(inflater.inflate(message)));
    }
    let mut deflater = raw::ZlibRsDeflater::new(deflate, work.len);
    each(work.payloads(), move |message, _| {
        black_box(deflater.deflate(message));
    })
}

/// Returns the peer's messages, each with its end restored.
fn received(work: &Work) -> Option<Vec<Vec<u8>>> {
    let mut messages = raw::compressed(&work.payloads(), work.deflate?);
    messages.iter_mut().for_each(|message| message.extend(raw::TAIL));
    Some(messages)
}

/// Starts an entrant that takes the messages in turn.
fn each(messages: Vec<Vec<u8>>, mut message: impl FnMut(&[u8], &mut Delivered) + 'static) -> Option<Runner> {
    let mut next = 0;
    let round = move |count: usize, delivered: &mut Delivered| {
        for _ in 0..count {
            message(&messages[next], delivered);
            next = (next + 1) % messages.len();
        }
    };
    Some(Runner::new(round))
}
