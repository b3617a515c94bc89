//! After a panic in an extension, none is called again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// The call in which [`Panicking`] panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum In {
    Header,
    Payload,
    End,
    Outbound,
}

#[derive(Debug)]
struct Panicking(In);

impl Panicking {
    fn enter(&self, call: In) {
        assert!(self.0 != call, "an intended panic of this test");
    }
}

impl Extension for Panicking {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        self.enter(In::Header);
        Ok(Handling::Transform)
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.enter(In::Payload);
        let written = output.write(input);
        *input = &input[written..];
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        self.enter(In::End);
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.enter(In::Outbound);
        Ok(Outbound::PASS)
    }
}

#[test]
fn an_extension_that_panicked_is_not_called_again() {
    let header = FrameHeader::new(Opcode::Binary, 3).with_rsv(Rsv::RSV3);
    let frame = OutboundFrame::new(Opcode::Binary, b"abc");
    for call in [In::Header, In::Payload, In::End, In::Outbound] {
        let config = Mock::brackets("panicking", Rsv::RSV3);
        let mut pipeline = Pipeline::new(vec![(config, Box::new(Panicking(call)) as _)]);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            receive(&mut pipeline, &header, b"abc", 2, 9).expect("nothing is refused");
            pipeline.outbound(&frame, &mut Vec::new()).expect("nothing is refused")
        }));
        assert!(outcome.is_err(), "{call:?} panics");
        let mut out = Vec::new();
        assert_eq!(pipeline.inbound_header(&header), Err(ExtensionError::Panicked), "{call:?}");
        let fed = pipeline.feed(b"abc", FrameEnd::Reached, &mut Output::new(&mut out, 9));
        assert_eq!(fed, Err(ExtensionError::Panicked), "{call:?}");
        let pulled = pipeline.pull(&mut Output::new(&mut out, 9));
        assert_eq!(pulled, Err(ExtensionError::Panicked), "{call:?}");
        assert_eq!(pipeline.outbound(&frame, &mut out), Err(ExtensionError::Panicked), "{call:?}");
        assert!(out.is_empty(), "{call:?}");
    }
}
