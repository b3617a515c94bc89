//! Compressed messages of a stranger: the same verdict in any pieces and with each library, and never more than asked.

use std::num::NonZeroU32;

use wsproto_extensions::{
    CloseCode, Extension, FrameHeader, Handling, Opcode, Output, Progress, Refusal, Role, Rsv,
    deflate::{Backend, DeflateConfig, PermessageDeflate, WindowBits},
};

use crate::{Cuts, Source, deflate};

/// How many times its length a message may expand to, where that is limited.
const RATIO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// Decompresses messages; the first bytes choose the window, the limit and how the rest is cut into messages.
pub fn inflate(data: &[u8]) {
    let mut source = Source::new(data);
    let config = deflate::config(&mut source);
    let choices = source.choices();
    let config = if choices.has(1) { config.with_max_ratio(RATIO) } else { config };
    let limit = if choices.has(2) { 1 << 17 } else { 1000 };
    let cuts = source.byte();
    let mut messages: Vec<&[u8]> = Vec::new();
    while !source.is_empty() {
        let message = if choices.has(0) {
            let len = usize::from(source.number());
            source.bytes(len)
        } else {
            source.rest()
        };
        messages.push(message);
    }
    let [whole, others @ ..] = [Backend::Miniz, Backend::ZlibRs].map(|backend| {
        let config = config.clone().with_backend(backend);
        let [whole, others @ ..] = Cuts::all(cuts).map(|cuts| in_pieces(&config, &messages, cuts, limit));
        for other in others {
            assert_eq!(whole, other, "cuts change the messages, {backend:?}");
        }
        assert_eq!(at_once(&config, &messages, limit), whole, "at once and in pieces differ, {backend:?}");
        whole
    });
    for other in others {
        assert_agree(&config, &whole, &other);
    }
}

/// The libraries agree, but for two things that are theirs to choose: of a bad stream that expands too much one may see
/// the one fault and one the other, as one looks ahead; and a distance beyond a window that is smaller than the largest
/// may be refused or read.
fn assert_agree(config: &DeflateConfig, one: &Outcome, other: &Outcome) {
    let bad = [one.1, other.1].contains(&Some(CloseCode::INVALID_PAYLOAD));
    let exact = config.params.server_max_window_bits == WindowBits::MAX;
    if exact || !bad {
        assert_eq!(one.0, other.0, "the libraries read other messages");
        assert_eq!(one.1.is_some(), other.1.is_some(), "the libraries differ");
        assert!(bad || one.1 == other.1, "the libraries see another fault");
    }
    for (one, other) in one.0.iter().zip(&other.0) {
        assert_eq!(one, other, "the libraries read other messages");
    }
}

/// The messages that could be read, and the code of the fault after them.
type Outcome = (Vec<Vec<u8>>, Option<CloseCode>);

fn receiver(config: &DeflateConfig) -> PermessageDeflate {
    PermessageDeflate::new(Role::Client, config.params, config)
}

fn at_once(config: &DeflateConfig, messages: &[&[u8]], limit: usize) -> Outcome {
    let mut receiver = receiver(config);
    let mut done = Vec::new();
    for message in messages {
        let mut out = Vec::new();
        let outcome = receiver.decompress(message, &mut out, limit);
        assert!(out.len() <= limit + 1, "more than asked");
        if let Err(refusal) = outcome {
            return (done, Some(refusal.code));
        }
        done.push(out);
    }
    (done, None)
}

fn in_pieces(config: &DeflateConfig, messages: &[&[u8]], cuts: Cuts, limit: usize) -> Outcome {
    let mut receiver = receiver(config);
    let mut done = Vec::new();
    for message in messages {
        match one_in_pieces(&mut receiver, message, cuts, limit) {
            Ok(out) => done.push(out),
            Err(refusal) => return (done, Some(refusal.code)),
        }
    }
    (done, None)
}

fn one_in_pieces(
    receiver: &mut PermessageDeflate,
    message: &[u8],
    cuts: Cuts,
    limit: usize,
) -> Result<Vec<u8>, Refusal> {
    let header = FrameHeader::new(Opcode::Binary, message.len() as u64).with_rsv(Rsv::RSV1);
    assert_eq!(receiver.inbound_header(&header)?, Handling::Transform);
    let (mut bytes, mut out) = (message.to_vec(), Vec::new());
    // After some bytes one at a time, larger rooms, so that runs are quick.
    let mut rooms = cuts.lengths().take(300).chain(Cuts::Seeded(1).lengths());
    for part in cuts.parts(&mut bytes) {
        let mut input = &*part;
        loop {
            let room = rooms.next().expect("endless").min(limit + 1 - out.len());
            let mut output = Output::new(&mut out, room);
            receiver.inbound(&mut input, &mut output)?;
            let full = output.room() == 0;
            if out.len() > limit {
                return Err(Refusal::new(CloseCode::MESSAGE_TOO_BIG, "over the limit"));
            }
            if !full {
                break assert!(input.is_empty(), "there was room");
            }
        }
    }
    let end = receiver.inbound_end(&header, &mut Output::new(&mut out, 1))?;
    assert_eq!(end, Progress::Done);
    Ok(out)
}
