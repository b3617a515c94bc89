//! Frames, cut anywhere: the same frames and the same fault, and what was decoded encodes to the bytes that came.

use wsproto_frame::{FrameChunk, FrameDecoder, FrameEncoder, FrameError, FrameHeader, Role, Rsv};

use crate::{Cuts, Source, source::Choices};

/// Decodes any bytes as the side, with the reserved bits and under the limit that the first byte chooses.
pub fn frame_decoder(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let cuts = Cuts::all(source.byte());
    let wire = source.rest();
    let [whole, others @ ..] = cuts.map(|cuts| decode(choices, cuts, decode_part, wire));
    for other in others {
        assert_eq!(whole, other, "cuts change the frames");
    }
    for cuts in cuts {
        assert_eq!(whole, decode(choices, cuts, shortcut, wire), "the shortcut changes the frames");
    }
    assert_round_trip(choices, &whole, wire);
}

/// A frame as far as it came.
#[derive(Debug, PartialEq)]
struct Decoded {
    header: FrameHeader,
    payload: Vec<u8>,
    finished: bool,
}

#[derive(Debug, PartialEq)]
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

fn decode_part<'a>(
    decoder: &mut FrameDecoder,
    input: &mut &'a mut [u8],
    most: usize,
) -> Result<Option<FrameChunk<'a>>, FrameError> {
    decoder.decode_at_most(input, most)
}

fn shortcut<'a>(
    decoder: &mut FrameDecoder,
    input: &mut &'a mut [u8],
    most: usize,
) -> Result<Option<FrameChunk<'a>>, FrameError> {
    match decoder.decode_whole_message(input).or_else(|| decoder.decode_data(input, usize::MAX)) {
        Some(part) => Ok(Some(part.split_off(input))),
        None => decoder.decode_at_most(input, most),
    }
}

fn decode(
    choices: Choices,
    cuts: Cuts,
    step: impl for<'a> Fn(
        &mut FrameDecoder,
        &mut &'a mut [u8],
        usize,
    ) -> Result<Option<FrameChunk<'a>>, FrameError>,
    wire: &[u8],
) -> Outcome {
    let mut decoder = decoder(choices);
    let most = if choices.has(2) { 7 } else { usize::MAX };
    let mut bytes = wire.to_vec();
    let mut frames: Vec<Decoded> = Vec::new();
    for mut input in cuts.parts(&mut bytes) {
        loop {
            let before = input.len();
            match step(&mut decoder, &mut input, most) {
                Ok(Some(chunk)) => {
                    if chunk.frame_started {
                        let (header, payload) = (chunk.header, Vec::new());
                        frames.push(Decoded { header, payload, finished: false });
                    }
                    let frame = frames.last_mut().expect("a frame has started");
                    assert!(!frame.finished, "a part of a frame that is over");
                    frame.payload.extend_from_slice(chunk.payload);
                    frame.finished = chunk.frame_finished;
                    assert!(input.len() < before, "no progress");
                }
                Ok(None) => break assert!(input.is_empty(), "bytes were left"),
                Err(error) => {
                    assert_eq!(decoder.decode(&mut &mut [0x81][..]).unwrap_err(), error, "an error is final");
                    return Outcome { frames, error: Some(error) };
                }
            }
        }
    }
    Outcome { frames, error: None }
}

/// Encodes what was decoded: the bytes must be those that came, as each length has one form only.
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
