//! Checks an extension beside another one: before and after it, with its bits set, and when it refuses or swallows
//! frames.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::message::{Cut, Message, Received, messages};
use super::negotiation::pair_of;
use super::traffic::{outbound, passes, round_trip, taken};
use super::{Rule, Violation, catching_panics};
use crate::{
    Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Pipeline, Progress,
    Reason, Refusal,
};

/// The name of the other extension.
const NAME: &str = "x-conformance";

/// The bytes that it writes before each message, if it writes any.
const PREFIX: [u8; 3] = *b"<<<";

#[rustfmt::skip]
const CUTS: [Cut; 3] = [
    Cut { fragment: usize::MAX, piece: usize::MAX, room: 4096 },
    Cut { fragment: 700,        piece: 1,          room: 4096 },
    Cut { fragment: 64,         piece: 64,         room: 3 },
];

pub(super) fn check(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    for place in [Place::Before, Place::After] {
        others_bits(make, place)?;
        stacking(make, place)?;
        dropped(make, place)?;
        swallowed(make, place)?;
    }
    Ok(())
}

/// The place of the other extension in the order of the agreement.
#[derive(Clone, Copy, Debug)]
enum Place {
    Before,
    After,
}

/// Negotiates the extension and its neighbour.
fn beside(
    make: &impl Fn() -> Arc<dyn ExtensionConfig>,
    place: Place,
    neighbour: Neighbour,
) -> Result<(Pipeline, Pipeline), Violation> {
    let (one, other): (_, Arc<dyn ExtensionConfig>) = (make(), Arc::new(neighbour));
    let configs = match place {
        Place::Before => [other, one],
        Place::After => [one, other],
    };
    let (client, server) = pair_of(&configs)?;
    if client.names().count() != 2 {
        return Err(Violation::new(Rule::Stacking, "it is not agreed to beside another extension"));
    }
    Ok((client, server))
}

/// Lets a neighbour set all bits that the extension doesn't own, in every frame.
fn others_bits(make: &impl Fn() -> Arc<dyn ExtensionConfig>, place: Place) -> Result<(), Violation> {
    let all = Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3;
    let flags = Neighbour { rsv: all.difference(make().rsv()), ..Neighbour::default() };
    if flags.rsv.is_empty() {
        return Ok(());
    }
    for cut in CUTS {
        let (mut client, mut server) = beside(make, place, flags.clone())?;
        for message in messages() {
            round_trip(&mut client, &mut server, &message, cut)
                .and_then(|_| round_trip(&mut server, &mut client, &message, cut))
                .map_err(|violation| violation.of(Rule::OthersBits, format!("{place:?}")))?;
            for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
                let control = outbound(&mut client, &OutboundFrame::new(opcode, b"\x03\xe8"))?;
                let found = taken(&mut server, &control, cut, Rule::OthersBits)?;
                if !passes(&found, b"\x03\xe8") {
                    return Err(Violation::new(
                        Rule::OthersBits,
                        format!("{opcode:?}: {found:?}, {place:?}"),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Lets a neighbour change the payloads and their lengths.
fn stacking(make: &impl Fn() -> Arc<dyn ExtensionConfig>, place: Place) -> Result<(), Violation> {
    for cut in CUTS {
        let (mut client, mut server) =
            beside(make, place, Neighbour { wraps: true, ..Neighbour::default() })?;
        for message in messages() {
            round_trip(&mut client, &mut server, &message, cut)
                .and_then(|_| round_trip(&mut server, &mut client, &message, cut))
                .map_err(|violation| violation.of(Rule::Stacking, format!("{place:?}")))?;
        }
    }
    Ok(())
}

/// Lets a neighbour refuse each frame once, or a Ping before each. The frame itself and all later ones must then
/// arrive.
fn dropped(make: &impl Fn() -> Arc<dyn ExtensionConfig>, place: Place) -> Result<(), Violation> {
    let ping = OutboundFrame::new(Opcode::Ping, b"ping");
    for (cut, pings) in CUTS.into_iter().flat_map(|cut| [(cut, false), (cut, true)]) {
        let refusing = Arc::new(AtomicBool::new(false));
        let neighbour = Neighbour { refusing: Some(Arc::clone(&refusing)), ..Neighbour::default() };
        let (mut client, mut server) = beside(make, place, neighbour)?;
        let blame = |found| Violation::new(Rule::Dropped, found);
        for message in messages().into_iter().chain(messages()) {
            let mut received = Received::default();
            for frame in message.frames(cut) {
                refuse(&mut client, &refusing, if pings { &ping } else { &frame })?;
                let frame = outbound(&mut client, &frame)?;
                received.add(taken(&mut server, &frame, cut, Rule::Dropped)?.map_err(|error| {
                    blame(format!("a frame after one that was not sent: {error}, {place:?}, {cut:?}"))
                })?);
            }
            if received.fate(&message.payload).is_none() {
                return Err(blame(format!(
                    "a different message arrives after a frame that was not sent: {}, {place:?}",
                    message.name(cut)
                )));
            }
        }
        // A message that is dropped as a whole is not sent again.
        for message in messages() {
            refuse(&mut client, &refusing, &OutboundFrame::new(message.opcode, &message.payload))?;
            let next = Message { opcode: Opcode::Text, payload: b"what comes after it".repeat(9) };
            round_trip(&mut client, &mut server, &next, cut)
                .map_err(|violation| violation.of(Rule::Dropped, format!("{place:?}")))?;
        }
    }
    Ok(())
}

/// Lets a neighbour swallow every second fragment between the first and the last. It is not sent again.
fn swallowed(make: &impl Fn() -> Arc<dyn ExtensionConfig>, place: Place) -> Result<(), Violation> {
    for cut in CUTS {
        let swallowing = Arc::new(AtomicBool::new(false));
        let neighbour = Neighbour { swallowing: Some(Arc::clone(&swallowing)), ..Neighbour::default() };
        let (mut client, mut server) = beside(make, place, neighbour)?;
        for message in messages() {
            let (mut received, mut left) = (Received::default(), Vec::new());
            let mut swallows = true;
            for frame in message.frames(cut) {
                swallows = !swallows && !frame.fin;
                swallowing.store(swallows, Ordering::Relaxed);
                let sent = outbound(&mut client, &frame)?;
                if !swallows {
                    left.extend_from_slice(frame.payload);
                    received.add(taken(&mut server, &sent, cut, Rule::Dropped)?.map_err(|error| {
                        let found = format!("a fragment after one that was swallowed: {error}, {place:?}");
                        Violation::new(Rule::Dropped, found)
                    })?);
                }
            }
            if received.fate(&left).is_none() {
                let found = format!("{}, of which fragments are swallowed, {place:?}", message.name(cut));
                return Err(Violation::new(Rule::Dropped, found));
            }
        }
    }
    Ok(())
}

/// Lets the neighbour refuse a frame.
fn refuse(client: &mut Pipeline, refusing: &AtomicBool, frame: &OutboundFrame<'_>) -> Result<(), Violation> {
    refusing.store(true, Ordering::Relaxed);
    let what = "a frame that another extension refuses";
    let outcome = catching_panics(Rule::Dropped, what, || client.outbound(frame, &mut Vec::new()))?;
    refusing.store(false, Ordering::Relaxed);
    match outcome {
        // The other extension never sees a swallowed frame.
        Err(_) | Ok(Outbound { handling: Handling::Swallow, .. }) => Ok(()),
        Ok(_) => Err(Violation::new(Rule::Dropped, "another extension's refusal was lost")),
    }
}

/// The other extension: it sets its bits in all frames, may write before each message, and may refuse or swallow
/// frames.
#[derive(Clone, Debug, Default)]
struct Neighbour {
    rsv: Rsv,
    wraps: bool,
    refusing: Option<Arc<AtomicBool>>,
    swallowing: Option<Arc<AtomicBool>>,
    /// How many bytes of the prefix are still expected.
    prefix: usize,
}

impl ExtensionConfig for Neighbour {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        self.rsv
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new(NAME)]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(self.clone()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new(NAME), Box::new(self.clone())))
    }
}

impl Extension for Neighbour {
    fn rsv(&self) -> Rsv {
        self.rsv
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        if header.opcode.is_control() || !self.wraps {
            return Ok(Handling::Pass);
        }
        // Once per message, not per frame: the other extension may hold back bytes until the next frame.
        if header.opcode != Opcode::Continuation {
            self.prefix = PREFIX.len();
        }
        Ok(Handling::Transform)
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        let prefix = self.prefix.min(input.len());
        self.prefix = self.prefix.saturating_sub(prefix);
        let payload = input.get(prefix..).unwrap_or_default();
        let written = output.write(payload);
        *input = payload.get(written..).unwrap_or_default();
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if self.refusing.as_ref().is_some_and(|refusing| refusing.load(Ordering::Relaxed)) {
            return Err(Refusal::new(CloseCode::POLICY_VIOLATION, "another extension refuses"));
        }
        if self.swallowing.as_ref().is_some_and(|swallowing| swallowing.load(Ordering::Relaxed)) {
            return Ok(Outbound::SWALLOW);
        }
        if frame.opcode.is_control() || !self.wraps {
            return Ok(Outbound::flagged(self.rsv));
        }
        if frame.opcode != Opcode::Continuation {
            output.write(&PREFIX);
        }
        output.write(frame.payload);
        Ok(Outbound::transformed(self.rsv))
    }
}
