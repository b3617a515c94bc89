//! The connections of a capture.

mod flow;
mod http;
mod skipped;
mod watch;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use self::{flow::Flow, skipped::Skipped};
use super::{
    Options,
    packet::Segment,
    show::{Show, Stop},
};

/// The most connections that are followed at once, and the most bytes of all of them that wait for missing bytes.
const MOST: usize = 1024;
const MOST_WAITING: usize = 32 << 20;

/// Follows the connections of a capture.
pub(super) struct Flows<'a> {
    options: &'a Options,
    /// The connections by both addresses, the lower address first.
    open: HashMap<(SocketAddr, SocketAddr), Flow>,
    /// The number of connections that were shown.
    shown: u64,
    /// The number of bytes that wait for missing bytes.
    waiting: usize,
    /// The number of connections that weren't shown, by reason; and of those above the limit.
    skipped: Vec<(Skipped, u64)>,
    too_many: u64,
}

impl<'a> Flows<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self { options, open: HashMap::new(), shown: 0, waiting: 0, skipped: Vec::new(), too_many: 0 }
    }

    /// Takes a segment.
    pub(super) fn segment(
        &mut self,
        at: Duration,
        segment: &Segment<'_>,
        show: &mut Show,
    ) -> Result<(), Stop> {
        let key = (segment.from.min(segment.to), segment.from.max(segment.to));
        if let Some(flow) = self.open.get_mut(&key)
            && segment.syn
            && !flow.begin(segment)
        {
            // A new connection uses the same ports.
            self.end(key, show)?;
        }
        if !self.open.contains_key(&key) {
            if self.open.len() >= MOST {
                self.make_room(show)?;
            }
            if self.open.len() >= MOST {
                self.too_many = self.too_many.saturating_add(u64::from(segment.syn));
                return Ok(());
            }
            let mut flow = Flow::new(at, segment);
            flow.begin(segment);
            self.open.insert(key, flow);
        }
        let Some(flow) = self.open.get_mut(&key) else { return Ok(()) };
        let others = self.waiting.saturating_sub(flow.waiting());
        flow.segment(at, segment, self.options);
        if others.saturating_add(flow.waiting()) > MOST_WAITING {
            flow.give_up(self.options);
        }
        self.waiting = others.saturating_add(flow.waiting());
        flow.show(&mut self.shown, show)?;
        if flow.is_over() { self.end(key, show) } else { Ok(()) }
    }

    /// Ends the idle connection that was silent for the longest time.
    fn make_room(&mut self, show: &mut Show) -> Result<(), Stop> {
        let idle = self.open.iter().filter(|(_, flow)| flow.is_idle());
        let oldest = idle.min_by_key(|(_, flow)| flow.last).map(|(key, _)| *key);
        oldest.map_or(Ok(()), |key| self.end(key, show))
    }

    /// Ends a connection.
    fn end(&mut self, key: (SocketAddr, SocketAddr), show: &mut Show) -> Result<(), Stop> {
        let Some(mut flow) = self.open.remove(&key) else { return Ok(()) };
        self.waiting = self.waiting.saturating_sub(flow.waiting());
        flow.finish(self.options, &mut self.shown, show)?;
        if let Some(skipped) = flow.skipped() {
            match self.skipped.iter_mut().find(|(reason, _)| *reason == skipped) {
                Some((_, count)) => *count = count.saturating_add(1),
                None => self.skipped.push((skipped, 1)),
            }
        }
        Ok(())
    }

    /// Ends all connections, and notes what wasn't shown.
    pub(super) fn finish(&mut self, show: &mut Show) -> Result<(), Stop> {
        let mut keys: Vec<_> = self.open.iter().map(|(key, flow)| (flow.began, *key)).collect();
        keys.sort_unstable();
        for (_, key) in keys {
            self.end(key, show)?;
        }
        if self.shown == 0 && self.skipped.is_empty() {
            show.note(format_args!("no TCP connection with a payload was found"));
        }
        for (reason, count) in &self.skipped {
            let connections =
                if *count == 1 { "1 connection".into() } else { format!("{count} connections") };
            show.note(format_args!("not shown: {connections}, {reason}"));
        }
        if self.too_many > 0 {
            show.note(format_args!("not shown: {} connections, more than {MOST} at once", self.too_many));
        }
        Ok(())
    }
}
