//! Checks that a connection may be parked at any time.

use alloc::format;
use alloc::sync::Arc;

use super::message::{Cut, Received, messages};
use super::negotiation::pair;
use super::traffic::{WHOLE, outbound, taken};
use super::{Rule, Violation, catching_panics};
use crate::{ExtensionConfig, Pipeline};

/// Sends messages, and parks both ends before and after each frame.
pub(super) fn check(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    for cut in [WHOLE, Cut { fragment: 7, piece: 100, room: 3 }] {
        let (mut client, mut server) = pair(make)?;
        for message in messages() {
            let mut received = Received::default();
            for frame in &message.frames(cut) {
                park(&mut client)?;
                let sent = outbound(&mut client, frame)?;
                park(&mut server)?;
                received.add(taken(&mut server, &sent, cut, Rule::Parking)?.map_err(|error| {
                    Violation::new(Rule::Parking, format!("{error}: {}", message.name(cut)))
                })?);
            }
            if received.fate(&message.payload).is_none() {
                let found = format!("a different message arrives: {}", message.name(cut));
                return Err(Violation::new(Rule::Parking, found));
            }
        }
    }
    Ok(())
}

fn park(pipeline: &mut Pipeline) -> Result<(), Violation> {
    catching_panics(Rule::Parking, "parking", || pipeline.park())
}
