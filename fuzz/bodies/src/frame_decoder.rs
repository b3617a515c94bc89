//! Frames with any cuts: the same frames and the same fault. Decoded frames encode to the same bytes.

use wsproto_frame::{FrameChunk, FrameDecoder, FrameEncoder, FrameError, FrameHeader, Role, Rsv};

use crate::{Cuts, Source, source::Choices};

/// Decodes any bytes. The first byte chooses the side, the reserved bits and the limit.
pub fn frame_decoder(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let cuts = Cuts::all(source.byte());
    let wire = source.rest();
    let [whole, others @ ..] = cuts.map(|cuts| decode(choices, cuts, wire));
    for other in others {
        assert_eq!(whole, other, "cuts change the frames");
    }
    for cuts in cuts {
        let in_place = decode_in_place(choices, cuts, wire);
        assert_eq!(whole, in_place, "decoding in place changes the frames");
    }
    assert_round_trip(choices, &whole, wire);
}

/// A frame, up to the last byte that came.
#[derive(Debug, PartialEq)]
struct Decoded {
    header: FrameHeader,
    payload: Vec<u8>,
    finished: bool,
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    frames: Vec<Decoded>,
    error: Option<FrameError>,
}

fn role(choices: Choices) -> Role {
    if choices.has(0) { Role::Server } else { Role::Client }
}

fn decoder(choices: Choices) -> FrameDecoder {
    let limit = if choices.has(1) { 300 } else { u64::MAX };
    FrameDecoder::new(role(choices)).with_rsv(Rsv::from_first_byte(choices.get())).with_max_payload_len(limit)
}

impl Outcome {
    fn add(&mut self, chunk: &FrameChunk<&mut [u8]>) {
        if chunk.frame_started {
            let (header, payload) = (chunk.header, Vec::new());
            self.frames.push(Decoded { header, payload, finished: false });
        }
        let frame = self.frames.last_mut().expect("a frame has started");
        assert!(!frame.finished, "a part of a frame that is over");
        frame.payload.extend_from_slice(chunk.payload);
        frame.finished = chunk.frame_finished;
    }

    fn fail(mut self, mut decoder: FrameDecoder, error: FrameError) -> Self {
        assert_eq!(decoder.decode(&mut &mut [0x81][..]).unwrap_err(), error, "an error is final");
        self.error = Some(error);
        self
    }
}

/// Takes parts off the front of each read.
fn decode(choices: Choices, cuts: Cuts, wire: &[u8]) -> Outcome {
    let mut decoder = decoder(choices);
    let mut bytes = wire.to_vec();
    let mut outcome = Outcome::default();
    for mut input in cuts.parts(&mut bytes) {
        loop {
            let before = input.len();
            match decoder.decode(&mut input) {
                Ok(Some(chunk)) => outcome.add(&chunk),
                Ok(None) => break assert!(input.is_empty(), "bytes were left"),
                Err(error) => return outcome.fail(decoder, error),
            }
            assert!(input.len() < before, "no progress");
        }
    }
    outcome
}

/// Leaves bytes that are not wanted yet, and continues with them after the next read.
fn decode_in_place(choices: Choices, cuts: Cuts, wire: &[u8]) -> Outcome {
    let mut decoder = decoder(choices);
    let most = if choices.has(2) { 7 } else { usize::MAX };
    let least = [1, 5, 4096, 0][usize::from(choices.has(3)) + 2 * usize::from(choices.has(7))];
    let mut bytes = wire.to_vec();
    let (mut outcome, mut done, mut end) = (Outcome::default(), 0, 0_usize);
    let ends = cuts.lengths().map_while(|len| {
        let before = end;
        end = wire.len().min(end.saturating_add(len));
        (before < wire.len()).then_some((end, least..=most))
    });
    // At the end come the bytes that were never enough.
    for (end, pieces) in ends.chain([(wire.len(), 1..=usize::MAX)]) {
        loop {
            let mut unread = &mut bytes[done..end];
            let (len, left) = (unread.len(), decoder.payload());
            match decoder.decode_in_place(unread, pieces.clone()) {
                Ok(Some(chunk)) => {
                    let chunk = chunk.split_off(&mut unread);
                    let (len, is_data) = (chunk.payload.len(), chunk.header.opcode.is_data());
                    assert!(!is_data || len <= (*pieces.end()).max(1), "more than was wanted");
                    outcome.add(&chunk);
                    let rest = unread.len();
                    assert_eq!(bytes[end - rest..], wire[end - rest..], "the rest is as it was read");
                    assert!(rest < end - done, "no progress");
                    done = end - rest;
                }
                Ok(None) => {
                    assert_eq!(bytes[done..], wire[done..], "what is left is as it was read");
                    if left.is_none() {
                        done = end;
                    }
                    break assert!(left.is_none_or(|(_, left)| (len as u64) < left), "the end is there");
                }
                Err(error) => return outcome.fail(decoder, error),
            }
        }
    }
    outcome
}

/// Encodes the decoded frames. The bytes must be the same, since each length has only one form.
fn assert_round_trip(choices: Choices, outcome: &Outcome, wire: &[u8]) {
    let mut encoder = FrameEncoder::new(role(choices).peer());
    let mut bytes = Vec::new();
    for Decoded { header, payload, finished } in &outcome.frames {
        let head = encoder.encode(header).expect("what was decoded can be sent");
        assert_eq!(*head, *header.encode(), "encoder and header disagree");
        bytes.extend_from_slice(&head);
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        if let Some(mut key) = header.mask {
            key.apply(&mut bytes[start..]);
        }
        assert_eq!(*finished, payload.len() as u64 == header.payload_len, "the end of a frame");
    }
    assert!(wire.starts_with(&bytes), "what was decoded is not what came");
    assert!(
        outcome.error.is_some() || wire.len() - bytes.len() < FrameHeader::MAX_LEN,
        "a frame was passed over"
    );
}
