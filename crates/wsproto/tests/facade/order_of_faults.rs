//! The order of two things in the same bytes: a fault after text that extensions made, our Close and a message.

use core::num::NonZeroU32;

use wsproto::extensions::{
    Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Progress, Reason, Refusal,
};
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, Connection, DeflateConfig, RemoteProtocolError, Role,
    TextMessage,
};
use wsproto_frame::{FrameError, FrameHeader, Opcode, Rsv};

use crate::pair::{compressed, deflating, feed, frame_to, last, more, open};
use crate::ways::{Joining, Reader, STEPS, Way};

#[test]
fn c2_bad_text_in_front_of_a_bad_stream_is_named_in_every_chunking() {
    // A stored block of one byte that is invalid UTF-8, then a block of the reserved type.
    let payload = [&b"\x00\x01\x00\xfe\xff\xff"[..], &[0x07]].concat();
    let frame = frame_to(Role::Server, compressed(last(Opcode::Text)), &payload);
    for size in 1..=frame.len() {
        let outcome = feed(&mut open(Role::Server, &deflating()), frame.chunks(size)).1;
        assert_eq!(outcome, Err(RemoteProtocolError::Frame(FrameError::TextNotUtf8)), "parts of {size}");
    }
}

#[test]
fn d9_the_ratio_is_judged_alike_in_every_chunking() {
    let ratio = NonZeroU32::new(10).unwrap();
    let config = Config::default().with_extension(DeflateConfig::default().with_max_ratio(ratio));
    let mut noise = 1_u32;
    let noise: Vec<u8> = core::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    })
    .take(6000)
    .collect();
    let mut refused = 0;
    for zeros in (0..4000).step_by(125).map(|more| (64 << 10) + more) {
        let mut frame = Vec::new();
        let message = [vec![0; zeros], noise.clone()].concat();
        open(Role::Client, &deflating()).send(BytesMessage::new(message), &mut frame).unwrap();
        let whole = feed(&mut open(Role::Server, &config), [&frame[..]]).1;
        refused += usize::from(whole.is_err());
        for size in [1, 7, 64, 100, 1000] {
            let parts = feed(&mut open(Role::Server, &config), frame.chunks(size)).1;
            assert_eq!(parts, whole, "{zeros} zeros in parts of {size}");
        }
    }
    assert!((1..32).contains(&refused), "both verdicts must occur");
}

#[test]
fn a_close_forgets_the_message_under_way() {
    let wire = [
        frame_to(Role::Server, more(Opcode::Text), b"old "),
        frame_to(Role::Server, last(Opcode::Close), b"\x03\xe8"),
    ];
    for steps in STEPS {
        let mut reader = Reader::new(Way::Whole(steps));
        let mut joining = Joining::default();
        let mut server = open(Role::Server, &Config::default());
        reader.read(&mut server, &wire.concat(), |_, event| joining.push(event)).unwrap();
        // The same buffer serves the next connection.
        let mut server = open(Role::Server, &Config::default());
        let new = frame_to(Role::Server, last(Opcode::Text), b"new");
        reader.read(&mut server, &new, |_, event| joining.push(event)).unwrap();
        let close = CloseConnection::new(CloseCode::NORMAL);
        assert_eq!(joining.events, [close.into(), TextMessage::new("new").into()], "{steps:?}");
    }
}

/// An extension that sets RSV3 on every frame, including control frames, and refuses a frame without it.
#[derive(Debug)]
struct Flag;

impl ExtensionConfig for Flag {
    fn name(&self) -> &'static str {
        "x-flag"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-flag")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(Self))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-flag"), Box::new(Self)))
    }
}

impl Extension for Flag {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        let flagged = header.rsv.contains(Rsv::RSV3);
        let unflagged = Refusal::new(CloseCode::PROTOCOL_ERROR, "frame without a flag");
        if flagged { Ok(Handling::Pass) } else { Err(unflagged) }
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(Outbound::flagged(Rsv::RSV3))
    }
}

#[test]
fn extensions_see_the_close_that_answers_a_close() {
    let config = Config::default().with_extension(Flag);
    let (mut client, mut server): (Connection, Connection) =
        (open(Role::Client, &config), open(Role::Server, &config));
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    client.send(CloseConnection::new(CloseCode::NORMAL), &mut to_server).unwrap();
    let (events, _) = feed(&mut server, [&to_server[..]]);
    server.reply(&events[0], &mut to_client).unwrap();
    assert_eq!(to_client[0], 0x98, "FIN, RSV3, Close");
    assert_eq!(feed(&mut client, [&to_client[..]]).1, Ok(()));
}
