//! The memory that extensions hold between messages, counted by the allocator: extensions that keep memory are named.
#![cfg(all(feature = "conformance", feature = "deflate"))]

use std::sync::Arc;

use wsproto_extensions::conformance::{Rule, check, check_memory};
use wsproto_extensions::deflate::DeflateConfig;
use wsproto_extensions::{
    Extension, ExtensionConfig, FrameHeader, Handling, Outbound, OutboundFrame, Output, Params, Progress,
    Reason, Refusal, Rsv,
};

/// Whether `keeps_memory` of an extension returns true.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Says {
    #[default]
    No,
    Yes,
    AsServer,
}

/// An extension that lets everything pass, and may keep the payloads that it sees.
#[derive(Clone, Debug, Default)]
struct Hoarder {
    /// Whether it adds each payload to the earlier ones.
    hoards: bool,
    /// Whether it holds the last payload.
    holds: bool,
    /// The result of `keeps_memory`.
    says: Says,
    held: Vec<u8>,
}

impl ExtensionConfig for Hoarder {
    fn name(&self) -> &'static str {
        "x-hoarder"
    }

    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-hoarder")]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        if answer.iter().len() == 0 { Ok(Box::new(self.clone())) } else { Err("parameters".into()) }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let says = if self.says == Says::AsServer { Says::Yes } else { self.says };
        let server = Self { says, ..self.clone() };
        Some((Params::new("x-hoarder"), server.agree(offer).ok()?))
    }
}

impl Extension for Hoarder {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if self.holds {
            self.held.clear();
        }
        if self.holds || self.hoards {
            self.held.extend_from_slice(frame.payload);
        }
        Ok(Outbound::PASS)
    }

    fn keeps_memory(&self) -> bool {
        self.says == Says::Yes
    }
}

#[test]
fn who_keeps_memory_is_named() {
    let plain = Hoarder::default();
    let deflate = || DeflateConfig::default().with_threshold(0);
    let forgetful = || deflate().with_server_no_context_takeover().with_client_no_context_takeover();
    #[rustfmt::skip]
    let table: [(&str, Arc<dyn ExtensionConfig>, Option<Rule>); 7] = [
        ("keeps nothing, and says so",  Arc::new(plain.clone()),                                                             None),
        ("holds one, and says so",      Arc::new(Hoarder { holds: true, says: Says::Yes, ..plain.clone() }),                 None),
        ("and says so as a server",     Arc::new(Hoarder { holds: true, says: Says::AsServer, ..plain.clone() }),            None),
        ("holds one, and denies it",    Arc::new(Hoarder { holds: true, ..plain.clone() }),                                  Some(Rule::KeptMemory)),
        ("hoards, and says so",         Arc::new(Hoarder { hoards: true, says: Says::Yes, ..plain }),                        Some(Rule::KeptMemory)),
        ("deflate",                     Arc::new(deflate()),                                                                 None),
        ("deflate without context",     Arc::new(forgetful()),                                                               None),
    ];
    for (name, config, rule) in table {
        let measure = |work: &mut dyn FnMut()| allocation_counter::measure(work).bytes_current;
        let found = check_memory(|| Arc::clone(&config), measure);
        assert_eq!(found.as_ref().err().map(|violation| violation.rule), rule, "{name}: {found:?}");
        assert_eq!(check(|| Arc::clone(&config)), Ok(()), "{name}");
    }
}
