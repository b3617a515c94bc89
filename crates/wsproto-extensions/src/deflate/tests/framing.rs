//! RFC 7692 §6: the bit, fragments, and control frames between them, through the pipeline.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::{DeflateConfig, json, noise};
use crate::{
    ExtensionConfig, ExtensionError, FrameEnd, Handling, OutboundFrame, Output, Pipeline, Pulled, conclude,
    offers, respond,
};

fn pipelines() -> (Pipeline, Pipeline) {
    let configs: Vec<Arc<dyn ExtensionConfig>> = vec![Arc::new(DeflateConfig::default().with_threshold(0))];
    let (answer, server) = respond(&configs, &offers(&configs).unwrap()).unwrap();
    (server, conclude(&configs, &answer).unwrap())
}

/// Receives a whole frame.
fn receive(pipeline: &mut Pipeline, header: FrameHeader, payload: &[u8]) -> Result<Vec<u8>, ExtensionError> {
    if pipeline.inbound_header(&header)? == Handling::Pass {
        return Ok(payload.to_vec());
    }
    let mut out = Vec::new();
    let mut pulled = pipeline.feed(payload, FrameEnd::Reached, &mut Output::new(&mut out, 1000))?;
    while pulled == Pulled::More {
        pulled = pipeline.pull(&mut Output::new(&mut out, 1000))?;
    }
    assert_eq!(pulled, Pulled::Finished);
    Ok(out)
}

//= rfc7692#6-1
//= rfc7692#6-2
#[test]
fn d7_the_bit_where_it_does_not_belong() {
    for opcode in [Opcode::Continuation, Opcode::Close, Opcode::Ping, Opcode::Pong] {
        for first in [Rsv::NONE, Rsv::RSV1] {
            let (mut server, _) = pipelines();
            let start = FrameHeader::new(Opcode::Text, 1).unfinished().with_rsv(first);
            receive(&mut server, start, &[0x00]).unwrap();
            let bad = FrameHeader::new(opcode, 0).with_rsv(Rsv::RSV1);
            let found = server.inbound_header(&bad).unwrap_err();
            assert_eq!(found.close_code(), CloseCode::PROTOCOL_ERROR, "{opcode:?} after {first:?}");
        }
    }
    for rsv in [Rsv::RSV2, Rsv::RSV3, Rsv::RSV1 | Rsv::RSV2] {
        let (mut server, _) = pipelines();
        let found = server.inbound_header(&FrameHeader::new(Opcode::Text, 0).with_rsv(rsv)).unwrap_err();
        assert_eq!(found, ExtensionError::UnownedRsv(rsv.difference(Rsv::RSV1)));
    }
}

/// A compressed message cut anywhere into three fragments, with a control frame at each gap.
//= rfc7692#6.2-1
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn f12_control_frames_between_fragments() {
    let message = json(150);
    let (mut server, mut client) = pipelines();
    let mut payload = Vec::new();
    client.outbound(&OutboundFrame::new(Opcode::Text, &message), &mut payload).unwrap();
    let controls = [Opcode::Ping, Opcode::Pong, Opcode::Close].map(|opcode| FrameHeader::new(opcode, 5));
    for first in 0..=payload.len() {
        for second in first..=payload.len() {
            let mut joined = Vec::new();
            let parts = [&payload[..first], &payload[first..second], &payload[second..]];
            for (number, part) in parts.into_iter().enumerate() {
                let mut header = FrameHeader::new(Opcode::Continuation, 0);
                if number == 0 {
                    header = FrameHeader::new(Opcode::Text, 0).with_rsv(Rsv::RSV1);
                }
                header.fin = number == 2;
                joined.extend(receive(&mut server, header, part).unwrap());
                let control = controls[(first + number) % 3];
                assert_eq!(receive(&mut server, control, b"Hello").as_deref(), Ok(&b"Hello"[..]));
            }
            assert_eq!(joined, message, "{first} {second}");
            // Each round begins with a message that refers to nothing.
            (server, _) = pipelines();
        }
    }
}

//= rfc7692#6-3
#[test]
fn d18_plain_messages_between_compressed_ones() {
    let (mut server, mut client) = pipelines();
    for round in 0..if cfg!(miri) { 1 } else { 4 } {
        for (message, compressed) in [(json(1000), true), (noise(1000), false), (json(1001), true)] {
            let mut payload = Vec::new();
            let frame = OutboundFrame::new(Opcode::Binary, &message);
            let frame = if compressed { frame } else { frame.verbatim() };
            let sent = client.outbound(&frame, &mut payload).unwrap();
            assert_eq!(sent.rsv == Rsv::RSV1, compressed, "{round}");
            let payload = if compressed { &payload } else { &message };
            let header = FrameHeader::new(Opcode::Binary, 0).with_rsv(sent.rsv);
            assert_eq!(receive(&mut server, header, payload), Ok(message), "{round}");
        }
        // Uncompressed fragments of a peer don't change the window.
        let plain = FrameHeader::new(Opcode::Text, 3);
        assert_eq!(receive(&mut server, plain.unfinished(), b"abc").as_deref(), Ok(&b"abc"[..]));
        let rest = FrameHeader::new(Opcode::Continuation, 3);
        assert_eq!(receive(&mut server, rest, b"def").as_deref(), Ok(&b"def"[..]));
    }
}

/// A bomb goes through the pipeline. Each pull returns at most its room, and little memory is held.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d8_bounded_pieces() {
    let (mut server, mut client) = pipelines();
    let message = vec![b'a'; 3_000_000];
    let mut payload = Vec::new();
    client.outbound(&OutboundFrame::new(Opcode::Binary, &message), &mut payload).unwrap();
    assert!(payload.len() < 5000);
    server.inbound_header(&FrameHeader::new(Opcode::Binary, 0).with_rsv(Rsv::RSV1)).unwrap();
    let (mut out, mut total) = (Vec::with_capacity(16_384), 0);
    let mut pulled = server.feed(&payload, FrameEnd::Reached, &mut Output::new(&mut out, 16_384)).unwrap();
    loop {
        assert!(out.len() <= 16_384 && out.iter().all(|&byte| byte == b'a'));
        total += out.len();
        out.clear();
        if pulled == Pulled::Finished {
            break;
        }
        assert_eq!(pulled, Pulled::More);
        pulled = server.pull(&mut Output::new(&mut out, 16_384)).unwrap();
    }
    assert_eq!((total, out.capacity()), (message.len(), 16_384));
}
