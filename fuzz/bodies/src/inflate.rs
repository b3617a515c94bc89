//! Compressed messages of a peer, of any bytes or of valid blocks. The verdict is the same for all pieces and for two
//! libraries, and the output never exceeds the room.

use std::num::NonZeroU32;

use wsproto_deflate_streams::{Library, generate, message};
use wsproto_extensions::{
    CloseCode, Extension, FrameHeader, Handling, Opcode, Output, Progress, Refusal, Role, Rsv,
    deflate::{DeflateConfig, PermessageDeflate, WindowBits},
};

use crate::{Cuts, Source, deflate};

/// The highest ratio of a message, if it is limited.
const RATIO: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);

/// Decompresses messages. The first bytes choose the window, the limit, how the rest is cut into messages, and whether
/// these consist of chosen blocks, which may be damaged.
pub fn inflate(data: &[u8]) {
    let mut source = Source::new(data);
    let config = deflate::config(&mut source);
    let choices = source.choices();
    let config = if choices.has(1) { config.with_max_ratio(RATIO) } else { config };
    let limit = if choices.has(2) { 1 << 17 } else { 1000 };
    let cuts = source.byte();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    while !source.is_empty() {
        let message = if choices.has(0) {
            let len = usize::from(source.number());
            source.bytes(len)
        } else {
            source.rest()
        };
        messages.push(if choices.has(3) { made(message, &config, choices.has(4)) } else { message.to_vec() });
    }
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let [whole, others @ ..] = Cuts::all(cuts).map(|cuts| in_pieces(&config, &messages, cuts, limit));
    for other in others {
        assert_eq!(whole, other, "cuts change the messages");
    }
    assert_eq!(at_once(&config, &messages, limit), whole, "at once and in pieces differ");
    if !choices.has(1) && whole.1 != Some(CloseCode::MESSAGE_TOO_BIG) {
        assert_agree(&config, &messages, &whole, limit);
    }
}

/// Returns a message of blocks that these bytes choose, and changes a bit of it on request.
fn made(choices: &[u8], config: &DeflateConfig, damaged: bool) -> Vec<u8> {
    let mut message = message(&generate(choices, 0, config.params.server_max_window_bits.size()));
    let (at, bit) = (choices.first().copied().unwrap_or(0), choices.last().copied().unwrap_or(0));
    if damaged {
        let at = usize::from(at) * message.len() / 256;
        message[at] ^= 1 << (bit % 8);
    }
    message
}

/// Checks that the libraries read the same, if the agreement doesn't matter: they have only the largest window, and
/// take over context.
fn assert_agree(config: &DeflateConfig, messages: &[&[u8]], ours: &Outcome, limit: usize) {
    let largest = config.params.server_max_window_bits == WindowBits::MAX;
    if !largest || config.params.server_no_context_takeover {
        return;
    }
    // No output exceeds the limit, except in the invalid message.
    let most = (limit + 1) * messages.len() + (1 << 20);
    for library in [Library::Miniz, Library::ZlibRs] {
        if let Some(theirs) = library.read(messages, most) {
            assert_eq!((&theirs.messages, theirs.bad), (&ours.0, ours.1.is_some()), "{library:?} differs");
        }
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
    // After some rooms of one byte, larger ones follow, so that runs are quick.
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
