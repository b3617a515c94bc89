//! `x-tally`: counts what goes by and changes nothing.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use wsproto_extensions::{
    Extension, ExtensionConfig, FrameHeader, Handling, Outbound, OutboundFrame, Output, Params, Progress,
    Reason, Refusal, Rsv,
};

const NAME: &str = "x-tally";

/// Negotiates `x-tally`, which has no parameters.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What was counted on all connections of this configuration.
    pub counts: Arc<Counts>,
}

/// How much went by.
#[derive(Debug, Default)]
pub struct Counts {
    /// Frames received, control frames too.
    pub frames_received: AtomicU64,
    /// Bytes of payload on the wire, received.
    pub bytes_received: AtomicU64,
    /// Frames sent, control frames too.
    pub frames_sent: AtomicU64,
}

impl ExtensionConfig for Tally {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new(NAME)]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        match answer.iter().len() {
            0 => Ok(Box::new(Agreed { counts: Arc::clone(&self.counts) })),
            _ => Err(Reason::new("it has no parameters")),
        }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        self.agree(offer).ok().map(|agreed| (Params::new(NAME), agreed))
    }
}

#[derive(Debug)]
struct Agreed {
    counts: Arc<Counts>,
}

impl Extension for Agreed {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        self.counts.frames_received.fetch_add(1, Ordering::Relaxed);
        self.counts.bytes_received.fetch_add(header.payload_len, Ordering::Relaxed);
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.counts.frames_sent.fetch_add(1, Ordering::Relaxed);
        Ok(Outbound::PASS)
    }

    fn keeps_memory(&self) -> bool {
        false
    }
}
