//! Extensions for tests: [`Brackets`] puts each frame's payload between two bytes, and [`Broken`] breaks the contract.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::{CloseCode, FrameHeader, Rsv};

use crate::{
    Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Progress, Reason, Refusal,
};

/// A configuration with a name and bits, and a function that makes the extension.
#[derive(Clone, Debug)]
pub(crate) struct Mock {
    pub(crate) name: &'static str,
    pub(crate) rsv: Rsv,
    pub(crate) make: fn(Rsv) -> Box<dyn Extension>,
    pub(crate) offering: bool,
}

impl Mock {
    pub(crate) fn brackets(name: &'static str, rsv: Rsv) -> Arc<dyn ExtensionConfig> {
        let make: fn(Rsv) -> Box<dyn Extension> = match name {
            "bar" => |rsv| Box::new(Brackets::new(rsv, *b"[]")),
            "baz" => |rsv| Box::new(Brackets::new(rsv, *b"{}")),
            _ => |rsv| Box::new(Brackets::new(rsv, *b"()")),
        };
        Arc::new(Self { name, rsv, make, offering: true })
    }
}

impl ExtensionConfig for Mock {
    fn name(&self) -> &str {
        self.name
    }

    fn rsv(&self) -> Rsv {
        self.rsv
    }

    fn offers(&self) -> Vec<Params<'static>> {
        if !self.offering {
            return Vec::new();
        }
        vec![Params::new(self.name).with_value("mode", "1"), Params::new(self.name)]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        match answer.iter().collect::<Vec<_>>()[..] {
            [] | [("mode", Some("1" | "2"))] => Ok((self.make)(self.rsv)),
            _ => Err(Reason::new("a mode that was not offered")),
        }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let answer = match offer.iter().collect::<Vec<_>>()[..] {
            [] => Params::new(self.name),
            [("mode", Some(mode @ ("1" | "2")))] => {
                Params::new(self.name).with_value("mode", String::from(mode))
            }
            _ => return None,
        };
        Some((answer, (self.make)(self.rsv)))
    }
}

/// An extension that puts the payload of each data frame between two bytes, and sets its bits.
#[derive(Debug)]
pub(crate) struct Brackets {
    rsv: Rsv,
    pair: [u8; 2],
    opened: bool,
    /// The last byte that arrived. It may be the closing one.
    last: Option<u8>,
}

impl Brackets {
    pub(crate) fn new(rsv: Rsv, pair: [u8; 2]) -> Self {
        Self { rsv, pair, opened: false, last: None }
    }
}

const BAD: Refusal = Refusal::new(CloseCode::POLICY_VIOLATION, "brackets don't match");

impl Extension for Brackets {
    fn rsv(&self) -> Rsv {
        self.rsv
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        if header.opcode.is_control() {
            return Ok(Handling::Pass);
        }
        self.opened = false;
        self.last = None;
        Ok(if header.rsv.contains(self.rsv) { Handling::Transform } else { Handling::Pass })
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        while let Some((&byte, rest)) = input.split_first() {
            if self.opened {
                if let Some(last) = self.last
                    && output.write(&[last]) == 0
                {
                    return Ok(());
                }
                self.last = Some(byte);
            } else if byte == self.pair[0] {
                self.opened = true;
            } else {
                return Err(BAD);
            }
            *input = rest;
        }
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        if self.last == Some(self.pair[1]) { Ok(Progress::Done) } else { Err(BAD) }
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if frame.opcode.is_control() || frame.verbatim {
            return Ok(Outbound::PASS);
        }
        output.write(&self.pair[..1]);
        output.write(frame.payload);
        output.write(&self.pair[1..]);
        Ok(Outbound::transformed(self.rsv))
    }
}

/// The fault of [`Broken`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    RefusesHeaders,
    RefusesChunks,
    RefusesEnds,
    TransformsControl,
    Stalls,
    NeverEnds,
    SetsForeignBits,
    RefusesToSend,
}

/// An extension that breaks the contract, or refuses, in one place, and lets all other bytes pass.
#[derive(Debug)]
pub(crate) struct Broken(pub(crate) Fault);

pub(crate) const REFUSAL: Refusal = Refusal::new(CloseCode::POLICY_VIOLATION, "for a test");

impl Extension for Broken {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        match self.0 {
            Fault::RefusesHeaders => Err(REFUSAL),
            Fault::TransformsControl => Ok(Handling::Transform),
            _ if header.opcode.is_control() => Ok(Handling::Pass),
            _ => Ok(Handling::Transform),
        }
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        match self.0 {
            Fault::RefusesChunks => return Err(REFUSAL),
            Fault::Stalls => return Ok(()),
            _ => {}
        }
        let written = output.write(input);
        *input = &input[written..];
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        match self.0 {
            Fault::RefusesEnds => Err(REFUSAL),
            Fault::NeverEnds => Ok(Progress::More),
            _ => Ok(Progress::Done),
        }
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        output.write(b"written, whatever comes of it");
        match self.0 {
            Fault::RefusesToSend => Err(REFUSAL),
            Fault::SetsForeignBits => Ok(Outbound::flagged(Rsv::RSV2)),
            Fault::TransformsControl => Ok(Outbound::transformed(Rsv::RSV3)),
            _ if frame.opcode.is_control() => Ok(Outbound::PASS),
            _ => Ok(Outbound::flagged(Rsv::RSV3)),
        }
    }
}
