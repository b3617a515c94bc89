//! A correct extension passes. A faulty one fails, and the message names the rule.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicU8, Ordering};

use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::message::noise;
use super::{Rule, check, check_memory};
use crate::mock::{Broken, Fault, Mock};
use crate::{
    Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Progress, Reason, Refusal,
};

/// The fault of [`Scramble`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Nothing,
    NameIsNoToken,
    OffersNothing,
    OffersNoToken,
    OffersAnother,
    DeclinesItself,
    PanicsAtStrangers,
    OwnsMore,
    ForgetsBetweenCalls,
    ForgetsAtControlFrames,
    ChangesControlFrames,
    RefusesPings,
    SharesState,
    LosesTheLastByte,
    PanicsAtGarbage,
    PanicsAtDamage,
    RefusesBadly,
    RefusesAtLength,
    RefusesAsLongAsMayBe,
    LiesAboutItsKey,
    TakesUnknownOffers,
    TakesUnknownAnswers,
    TakesRepeatedAnswers,
    PanicsAtVerbatim,
    LosesVerbatim,
    ForgetsTexts,
    RefusesOthersBits,
    TrustsTheLength,
    IgnoresDrops,
    DropsWhatWasSent,
    DropsTheFrameBefore,
    ExpectsTheDroppedAgain,
    SwallowsSomeSent,
    SwallowsSomeReceived,
    SwallowsAllReceived,
    SwallowsControlFrames,
    SwallowsLate,
    SwallowsPieces,
    SwallowsEnds,
    SwallowsCloses,
    SwallowsClosesSent,
    PassesTheRest,
    GarblesTheNext,
    WorksOnFrames,
    PassesUnseen,
    ForgetsWhenParked,
    PanicsWhenParked,
}

/// An extension that puts a mark before each message, and changes each byte by its place in the message.
#[derive(Clone, Debug)]
struct Scramble {
    flaw: Flaw,
    sent: u8,
    /// The value of `sent` before the last frame.
    before: u8,
    /// The payload of the last frame, and whether it was dropped.
    last: (Vec<u8>, bool),
    /// How many messages were sent.
    messages: u8,
    received: u8,
    /// How many bytes of the payload came, and how many it has.
    len: u64,
    payload_len: u64,
    marked: bool,
    garbles: bool,
    shared: Arc<AtomicU8>,
}

const MARK: u8 = 0x42;

impl Scramble {
    fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            sent: 0,
            before: 0,
            last: (Vec::new(), false),
            len: 0,
            payload_len: 0,
            messages: 0,
            received: 0,
            marked: false,
            garbles: false,
            shared: Arc::new(AtomicU8::new(0)),
        }
    }

    fn swallows(&self, frame: &OutboundFrame<'_>) -> bool {
        let first = frame.opcode != Opcode::Continuation;
        match self.flaw {
            Flaw::SwallowsSomeSent | Flaw::GarblesTheNext => first && frame.payload.starts_with(b"H"),
            Flaw::PassesTheRest => first && !frame.fin,
            Flaw::SwallowsEnds => !first && frame.fin,
            _ => false,
        }
    }

    /// Returns whether this is the middle of the message that consists of the letter a.
    fn is_halfway_through_a_long_message(&self) -> bool {
        self.flaw == Flaw::PanicsAtDamage && (self.payload_len, self.len) == (3001, 1500)
    }

    fn undo_if_it_comes_again(&mut self, payload: &[u8]) {
        if mem::take(&mut self.last.1) && self.last.0 == payload {
            self.sent = self.before;
        }
        self.last.0 = payload.to_vec();
    }
}

impl ExtensionConfig for Scramble {
    fn name(&self) -> &str {
        if self.flaw == Flaw::NameIsNoToken { "two words" } else { "x-scramble" }
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn offers(&self) -> Vec<Params<'static>> {
        match self.flaw {
            Flaw::OffersNothing => Vec::new(),
            Flaw::NameIsNoToken => vec![Params::new("two words")],
            Flaw::OffersNoToken => vec![Params::new("x-scramble").with_flag("two words")],
            Flaw::OffersAnother => vec![Params::new("x-another").with_flag("plain")],
            _ => vec![Params::new("x-scramble").with_flag("plain")],
        }
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        let flag = |(name, value): (&str, Option<&str>)| name == "plain" && value.is_none();
        let plain = answer.iter().filter(|&param| flag(param)).count();
        match (answer.iter().len().saturating_sub(plain), plain) {
            (0, 1) => Ok(Box::new(self.clone())),
            (0, 2..) if self.flaw == Flaw::TakesRepeatedAnswers => Ok(Box::new(self.clone())),
            (1.., 1) if self.flaw == Flaw::TakesUnknownAnswers => Ok(Box::new(self.clone())),
            _ => Err(Reason::new("parameters")),
        }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let strange = offer.iter().ne([("plain", None)]);
        assert!(!(strange && self.flaw == Flaw::PanicsAtStrangers), "on purpose");
        let taken =
            self.flaw == Flaw::TakesUnknownOffers && offer.iter().any(|(name, _)| name == "x-unknown");
        if strange && !taken || self.flaw == Flaw::DeclinesItself {
            return None;
        }
        Some((Params::new("x-scramble").with_flag("plain"), Box::new(self.clone())))
    }
}

impl Extension for Scramble {
    fn rsv(&self) -> Rsv {
        if self.flaw == Flaw::OwnsMore { Rsv::RSV2 | Rsv::RSV3 } else { Rsv::RSV2 }
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        if self.flaw == Flaw::RefusesOthersBits && !header.rsv.difference(Rsv::RSV2).is_empty() {
            return Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "bits of somebody else"));
        }
        if header.opcode.is_control() {
            if self.flaw == Flaw::ForgetsAtControlFrames {
                self.received = 0;
            }
            if self.flaw == Flaw::RefusesPings && header.opcode == Opcode::Ping {
                return Err(Refusal::new(CloseCode::POLICY_VIOLATION, "no Pings"));
            }
            return Ok(match (self.flaw, header.opcode) {
                (Flaw::SwallowsCloses, Opcode::Close)
                | (Flaw::SwallowsControlFrames, Opcode::Ping | Opcode::Pong) => Handling::Swallow,
                _ => Handling::Pass,
            });
        }
        self.len = 0;
        self.payload_len = header.payload_len;
        if self.flaw == Flaw::WorksOnFrames {
            self.received = 0;
        }
        if self.flaw == Flaw::ForgetsTexts && header.opcode == Opcode::Text {
            self.marked = false;
        } else if header.opcode != Opcode::Continuation {
            self.received = 0;
            self.shared.store(0, Ordering::Relaxed);
            self.marked = false;
        }
        Ok(if self.flaw == Flaw::SwallowsAllReceived { Handling::Swallow } else { Handling::Transform })
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        if self.flaw == Flaw::SwallowsPieces && input.len() == 1 && self.len == 0 {
            output.swallow();
        }
        if self.flaw == Flaw::ForgetsBetweenCalls {
            self.received = 0;
        }
        while let Some((&byte, rest)) = input.split_first() {
            if !self.marked {
                assert!(byte == MARK || self.flaw != Flaw::PanicsAtGarbage, "on purpose");
                if byte != MARK {
                    let code = match self.flaw {
                        Flaw::RefusesBadly => CloseCode::ABNORMAL,
                        _ => CloseCode::PROTOCOL_ERROR,
                    };
                    let reason = match self.flaw {
                        Flaw::RefusesAtLength => "x".repeat(124),
                        Flaw::RefusesAsLongAsMayBe => "x".repeat(123),
                        _ => "no mark".to_string(),
                    };
                    return Err(Refusal::with(code, reason));
                }
                self.marked = true;
            } else if self.received == 0 && byte == b'H' && self.flaw == Flaw::SwallowsSomeReceived {
                output.swallow();
                self.received = 1;
            } else if self.flaw == Flaw::SharesState {
                if output.write(&[byte ^ self.shared.load(Ordering::Relaxed)]) == 0 {
                    return Ok(());
                }
                self.shared.fetch_add(1, Ordering::Relaxed);
            } else {
                let is_damaged = byte ^ self.received != b'a';
                assert!(!(is_damaged && self.is_halfway_through_a_long_message()), "on purpose");
                if output.write(&[byte ^ self.received]) == 0 {
                    return Ok(());
                }
                self.received = self.received.wrapping_add(1);
            }
            self.len += 1;
            *input = rest;
        }
        Ok(())
    }

    fn inbound_end(&mut self, header: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal> {
        if self.flaw == Flaw::TrustsTheLength && self.len != header.payload_len {
            return Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "another length than the header says"));
        }
        if self.flaw == Flaw::SwallowsLate {
            output.swallow();
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if self.flaw == Flaw::ExpectsTheDroppedAgain {
            self.undo_if_it_comes_again(frame.payload);
        }
        if !(frame.opcode.is_control() && self.flaw == Flaw::DropsTheFrameBefore) {
            self.before = self.sent;
        }
        if self.flaw == Flaw::SwallowsClosesSent && frame.opcode == Opcode::Close {
            return Ok(Outbound::SWALLOW);
        }
        if frame.opcode.is_control() && self.flaw != Flaw::ChangesControlFrames {
            return Ok(Outbound::PASS);
        }
        if self.swallows(frame) {
            if self.flaw == Flaw::GarblesTheNext {
                self.garbles = true;
            }
            return Ok(Outbound::SWALLOW);
        }
        assert!(!(frame.verbatim && self.flaw == Flaw::PanicsAtVerbatim), "on purpose");
        if frame.opcode != Opcode::Continuation {
            self.sent = 0;
            self.messages = self.messages.wrapping_add(1);
            output.write(&[MARK]);
        }
        if self.flaw == Flaw::WorksOnFrames {
            self.sent = 0;
        }
        if mem::take(&mut self.garbles) {
            self.sent = 1;
        }
        for byte in frame.payload {
            output.write(&[byte ^ self.sent]);
            self.sent = self.sent.wrapping_add(1);
        }
        if frame.verbatim && self.flaw == Flaw::LosesVerbatim {
            output.truncate(1);
        }
        if self.flaw == Flaw::LosesTheLastByte && !frame.payload.is_empty() {
            let len = output.written().len() - 1;
            output.truncate(len);
        }
        let is_marked = self.flaw == Flaw::LiesAboutItsKey && self.messages > 3;
        Ok(Outbound::transformed(if is_marked { Rsv::RSV2 } else { Rsv::NONE }))
    }

    fn outbound_header(&mut self, _: &FrameHeader) -> Option<Rsv> {
        (self.flaw == Flaw::PassesUnseen).then_some(Rsv::NONE)
    }

    fn is_per_message(&self) -> bool {
        matches!(self.flaw, Flaw::Nothing | Flaw::WorksOnFrames)
    }

    fn outbound_key(&self) -> Option<u128> {
        Some(7)
    }

    fn park(&mut self) {
        assert!(self.flaw != Flaw::PanicsWhenParked, "parked");
        if self.flaw == Flaw::ForgetsWhenParked {
            self.sent = 0;
        }
    }

    fn outbound_dropped(&mut self) {
        match self.flaw {
            Flaw::IgnoresDrops => {}
            Flaw::DropsWhatWasSent => self.sent = 0,
            Flaw::ExpectsTheDroppedAgain => self.last.1 = true,
            _ => self.sent = self.before,
        }
    }
}

#[test]
fn each_flaw_is_named() {
    #[rustfmt::skip]
    let table = [
        (Flaw::Nothing,                None),
        (Flaw::NameIsNoToken,          Some(Rule::Grammar)),
        (Flaw::OffersNothing,          Some(Rule::AgreesWithItself)),
        (Flaw::OffersNoToken,          Some(Rule::Grammar)),
        (Flaw::OffersAnother,          Some(Rule::Grammar)),
        (Flaw::DeclinesItself,         Some(Rule::AgreesWithItself)),
        (Flaw::PanicsAtStrangers,      Some(Rule::JudgesStrangers)),
        (Flaw::OwnsMore,               Some(Rule::OwnBits)),
        (Flaw::ForgetsBetweenCalls,    Some(Rule::Chunking)),
        (Flaw::ForgetsAtControlFrames, Some(Rule::ControlFrames)),
        (Flaw::ChangesControlFrames,   Some(Rule::ControlFrames)),
        (Flaw::RefusesPings,           Some(Rule::ControlFrames)),
        (Flaw::SharesState,            Some(Rule::Independence)),
        (Flaw::LosesTheLastByte,       Some(Rule::RoundTrip)),
        (Flaw::PanicsAtGarbage,        Some(Rule::Garbage)),
        (Flaw::PanicsAtDamage,         Some(Rule::Garbage)),
        (Flaw::RefusesBadly,           Some(Rule::Refusals)),
        (Flaw::RefusesAtLength,        Some(Rule::Refusals)),
        (Flaw::RefusesAsLongAsMayBe,  None),
        (Flaw::LiesAboutItsKey,        Some(Rule::OutboundKey)),
        (Flaw::TakesUnknownOffers,     Some(Rule::JudgesStrangers)),
        (Flaw::TakesUnknownAnswers,    Some(Rule::JudgesStrangers)),
        (Flaw::TakesRepeatedAnswers,   Some(Rule::JudgesStrangers)),
        (Flaw::PanicsAtVerbatim,       Some(Rule::Verbatim)),
        (Flaw::LosesVerbatim,          Some(Rule::Verbatim)),
        (Flaw::ForgetsTexts,           Some(Rule::RoundTrip)),
        (Flaw::RefusesOthersBits,      Some(Rule::OthersBits)),
        (Flaw::TrustsTheLength,        Some(Rule::Stacking)),
        (Flaw::IgnoresDrops,           Some(Rule::Dropped)),
        (Flaw::DropsWhatWasSent,       Some(Rule::Dropped)),
        (Flaw::DropsTheFrameBefore,    Some(Rule::Dropped)),
        (Flaw::ExpectsTheDroppedAgain, Some(Rule::Dropped)),
        (Flaw::SwallowsSomeSent,       None),
        (Flaw::SwallowsSomeReceived,   None),
        (Flaw::SwallowsAllReceived,    None),
        (Flaw::SwallowsControlFrames,  None),
        (Flaw::SwallowsLate,           Some(Rule::Swallowing)),
        (Flaw::SwallowsPieces,         Some(Rule::Chunking)),
        (Flaw::SwallowsEnds,           Some(Rule::Swallowing)),
        (Flaw::SwallowsCloses,         Some(Rule::Swallowing)),
        (Flaw::SwallowsClosesSent,     Some(Rule::Swallowing)),
        // The pipeline swallows the rest.
        (Flaw::PassesTheRest,          None),
        (Flaw::GarblesTheNext,         Some(Rule::RoundTrip)),
        (Flaw::WorksOnFrames,          Some(Rule::PerMessage)),
        (Flaw::PassesUnseen,           Some(Rule::HeaderAlone)),
        (Flaw::ForgetsWhenParked,      Some(Rule::Parking)),
        (Flaw::PanicsWhenParked,       Some(Rule::Parking)),
    ];
    let mut texts = BTreeMap::new();
    for (flaw, rule) in table {
        let found = check(|| Arc::new(Scramble::new(flaw)));
        assert_eq!(found.as_ref().err().map(|violation| violation.rule), rule, "{flaw:?}: {found:?}");
        if let Err(violation) = found {
            assert_eq!(*texts.entry(violation.rule.to_string()).or_insert(violation.rule), violation.rule);
        }
    }
}

/// A violation names the broken rule, the message, and its cuts.
#[test]
fn what_was_done_is_told() {
    let cut = "Text of 1720 bytes, Cut { fragment: 700, piece: 1, room: 4096 }";
    let dropped = "broken rule: a frame that is not sent has no effect on later ones;";
    #[rustfmt::skip]
    let table = [
        (Flaw::NameIsNoToken,          r#"broken rule: a name and its parameters are tokens; the name is "two words""#.to_string()),
        (Flaw::DropsWhatWasSent,       format!("{dropped} a different message arrives after a frame that was not sent: {cut}, After")),
        (Flaw::ExpectsTheDroppedAgain, format!("{dropped} {cut}, of which fragments are swallowed, After")),
    ];
    for (flaw, text) in table {
        let violation = check(|| Arc::new(Scramble::new(flaw))).unwrap_err();
        assert_eq!(violation.to_string(), text, "{flaw:?}");
    }
}

#[test]
fn noise_holds_every_byte_and_is_its_own_for_each_seed() {
    for seed in 1..=60 {
        let bytes = noise(8192, seed);
        let distinct: BTreeSet<u8> = bytes.iter().copied().collect();
        assert_eq!((bytes.len(), distinct.len()), (8192, 256), "{seed}");
        assert_ne!(bytes, noise(8192, seed + 1), "{seed}");
    }
}

/// A failed negotiation is reported before any memory is measured.
#[test]
fn memory_is_held_by_what_was_agreed_to() {
    #[rustfmt::skip]
    let table = [
        (Flaw::Nothing,        None),
        (Flaw::NameIsNoToken,  Some(Rule::Grammar)),
        (Flaw::OffersNoToken,  Some(Rule::Grammar)),
        (Flaw::OffersAnother,  Some(Rule::AgreesWithItself)),
        (Flaw::DeclinesItself, Some(Rule::AgreesWithItself)),
    ];
    for (flaw, rule) in table {
        let measure = |work: &mut dyn FnMut()| {
            work();
            0
        };
        let found = check_memory(|| Arc::new(Scramble::new(flaw)), measure);
        assert_eq!(found.as_ref().err().map(|violation| violation.rule), rule, "{flaw:?}: {found:?}");
    }
}

#[test]
fn faults_that_the_pipeline_sees_are_named() {
    #[rustfmt::skip]
    let table: [(Fault, fn(Rsv) -> Box<dyn Extension>, Rule); 6] = [
        (Fault::Stalls,            |_| Box::new(Broken(Fault::Stalls)),            Rule::Progress),
        (Fault::NeverEnds,         |_| Box::new(Broken(Fault::NeverEnds)),         Rule::Progress),
        (Fault::SetsForeignBits,   |_| Box::new(Broken(Fault::SetsForeignBits)),   Rule::ForeignBits),
        (Fault::RefusesChunks,     |_| Box::new(Broken(Fault::RefusesChunks)),     Rule::RoundTrip),
        (Fault::RefusesToSend,     |_| Box::new(Broken(Fault::RefusesToSend)),     Rule::RoundTrip),
        (Fault::TransformsControl, |_| Box::new(Broken(Fault::TransformsControl)), Rule::RoundTrip),
    ];
    for (fault, make, rule) in table {
        let found = check(|| Arc::new(Mock { name: "broken", rsv: Rsv::RSV3, make, offering: true }));
        assert_eq!(found.as_ref().err().map(|violation| violation.rule), Some(rule), "{fault:?}: {found:?}");
    }
}

#[test]
fn brackets_pass() {
    assert_eq!(check(|| Mock::brackets("foo", Rsv::RSV1)), Ok(()));
}

#[cfg(feature = "deflate")]
#[test]
fn deflate_passes() {
    use crate::deflate::{Backend, DeflateConfig, WindowBits};

    let plain = || DeflateConfig::default().with_threshold(0);
    let configs = [
        DeflateConfig::default(),
        plain(),
        plain().with_server_no_context_takeover().with_client_no_context_takeover(),
        plain().with_server_max_window_bits(WindowBits::MIN).with_client_max_window_bits(WindowBits::MIN),
    ];
    let backends = [
        Backend::Miniz,
        #[cfg(feature = "zlib-rs")]
        Backend::ZlibRs,
    ];
    for config in configs {
        for backend in backends {
            assert_eq!(check(|| Arc::new(config.clone().with_backend(backend))), Ok(()), "{config:?}");
        }
    }
}
