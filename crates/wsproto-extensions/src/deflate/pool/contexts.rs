//! Which connections keep their compressor between messages: the busiest, as many as the pool has room for.
//!
//! A sender may begin a message with an empty window at any time: RFC 7692
//! [§7.1.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1) limits only how far references may reach. So a
//! compressor is memory that can be taken away. It stays with a connection by a [`Claim`] to a place. When all places
//! are taken, a connection gets the place of an owner that sends clearly less. Any other connection compresses its
//! message with a spare, and its context is dropped.
//!
//! The frequency of messages counts, not how recent the last one is. So a heartbeat on each of many connections takes
//! no place from a busy one. If one more connection than places send in rotation, the places stay with their owners.
//!
//! Counts are halved after [`USES_TO_HALVE`] messages for each connection that sends, so that a silent owner loses its
//! place. A flood of one connection hardly speeds that up: otherwise it would erase the counts of the others.

use alloc::vec::Vec;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::backend::{Compressor, Kind};
use super::Loan;

/// How many places are searched for an owner that sends less: the work per message is bounded.
const LOOKED_AT: usize = 16;

/// After this many messages per sending connection, and at least per place, all counts are halved. With a lower number,
/// heartbeats of many connections would outlast the count of a busy one.
const USES_TO_HALVE: u64 = 8;

/// This many messages of one connection count towards that number. Later ones count as one for each group of this size.
const USES_IN_FULL: u32 = 32;

/// The compressors of many connections.
pub(in super::super) struct Contexts {
    size: usize,
    /// Locked to find and to return compressors, never while compressing.
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    /// At most as many as the pool's size.
    places: Vec<Place>,
    /// The places without an owner.
    vacant: Vec<usize>,
    /// Compressors whose context is dropped, the last returned one last. They are emptied when they are taken.
    spare: Vec<Compressor>,
    /// Where the next search begins.
    next_search: usize,
    /// The last id of a connection; 0 is none.
    last_id: u64,
    epoch: u32,
    /// How many messages the epoch has had, counted as for [`USES_IN_FULL`].
    uses: u64,
    /// How many connections have sent in the epoch.
    senders: u64,
}

/// The place of a connection's compressor.
struct Place {
    owner: u64,
    frequency: Frequency,
    /// `None` while it is lent, and after it was lost in a panic.
    compressor: Option<Compressor>,
}

/// How often a connection sends: a count that is halved in each epoch.
#[derive(Clone, Copy, Default)]
struct Frequency {
    count: u32,
    epoch: u32,
}

impl Frequency {
    fn at(self, epoch: u32) -> u32 {
        self.count.checked_shr(epoch.wrapping_sub(self.epoch)).unwrap_or(0)
    }
}

/// A connection's share of the pool: it may have a place.
#[derive(Default)]
pub(in super::super) struct Claim {
    /// 0 before its first message.
    id: u64,
    place: Option<usize>,
    frequency: Frequency,
    /// How many messages of the epoch are from this connection.
    uses: u32,
}

impl Claim {
    /// Returns whether the connection had a place, which another one may have taken since.
    pub(in super::super) const fn has_place(&self) -> bool {
        self.place.is_some()
    }
}

impl Contexts {
    pub(super) const fn new(size: usize) -> Self {
        let shared = Shared {
            places: Vec::new(),
            vacant: Vec::new(),
            spare: Vec::new(),
            next_search: 0,
            last_id: 0,
            epoch: 0,
            uses: 0,
            senders: 0,
        };
        Self { size, shared: Mutex::new(shared) }
    }

    /// Lends a compressor for a message, or a part of one. `first` marks a message's first part.
    pub(super) fn lend(&self, claim: &mut Claim, kind: Kind, first: bool) -> Loan {
        let mut shared = self.lock();
        if first {
            shared.count(claim, self.size);
        }
        let (mut kept, mut other) = (None, None);
        if let Some(place) = shared.own(claim) {
            kept = place.compressor.take();
        } else {
            claim.place = shared.admit(claim, self.size);
            other = claim.place.and_then(|place| shared.places.get_mut(place)?.compressor.take());
        }
        let spare = match (&kept, &other) {
            (None, None) => shared.take_spare(kind),
            (None, Some(other)) if other.kind() != kind => shared.take_spare(kind),
            _ => None,
        };
        let surplus = shared.surplus(self.size);
        drop(shared);
        // Slow work is done without the lock: to make, empty, or drop a compressor.
        drop(surplus);
        let compressor = kept.unwrap_or_else(|| fresh(spare.or(other), kind));
        Loan { compressor, keeps_context: claim.has_place() }
    }

    /// Lends a compressor for a whole message whose context is not kept.
    pub(super) fn lend_spare(&self, kind: Kind) -> Compressor {
        let spare = self.lock().take_spare(kind);
        fresh(spare, kind)
    }

    /// Takes back a compressor that was lent to a connection.
    pub(super) fn put(&self, claim: &Claim, compressor: Compressor) {
        let mut shared = self.lock();
        let surplus = match shared.own(claim) {
            Some(place) => place.compressor.replace(compressor),
            None => shared.put_spare(compressor, self.size),
        };
        drop(shared);
        drop(surplus);
    }

    /// Takes back a compressor without an owner.
    pub(super) fn put_spare(&self, compressor: Compressor) {
        let surplus = self.lock().put_spare(compressor, self.size);
        drop(surplus);
    }

    /// Frees a connection's place for others, and drops its context.
    pub(super) fn release(&self, claim: &mut Claim) {
        let Some(index) = claim.place else { return };
        let (mut shared, mut surplus) = (self.lock(), None);
        if let Some(place) = shared.own(claim) {
            place.owner = 0;
            let compressor = place.compressor.take();
            shared.vacant.push(index);
            surplus = compressor.and_then(|compressor| shared.put_spare(compressor, self.size));
        }
        claim.place = None;
        drop(shared);
        drop(surplus);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the kinds of the spares.
    #[cfg(test)]
    pub(super) fn spares(&self) -> Vec<Kind> {
        self.lock().spare.iter().map(Compressor::kind).collect()
    }

    /// Returns how many compressors have an owner, and how many are spare.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        let shared = self.lock();
        (shared.places.iter().filter(|place| place.compressor.is_some()).count(), shared.spare.len())
    }
}

/// Makes a compressor of that kind with an empty window: of the found one if that fits, or a new one.
fn fresh(found: Option<Compressor>, kind: Kind) -> Compressor {
    match found {
        Some(mut compressor) if compressor.kind() == kind => {
            compressor.forget();
            compressor
        }
        _ => Compressor::new(kind),
    }
}

impl Shared {
    /// Counts a message of a connection.
    fn count(&mut self, claim: &mut Claim, size: usize) {
        if claim.id == 0 {
            self.last_id = self.last_id.wrapping_add(1);
            claim.id = self.last_id;
        }
        if claim.uses == 0 || claim.frequency.epoch != self.epoch {
            claim.uses = 0;
            self.senders = self.senders.saturating_add(1);
        }
        claim.uses = claim.uses.saturating_add(1);
        if claim.uses <= USES_IN_FULL || claim.uses.is_multiple_of(USES_IN_FULL) {
            self.uses = self.uses.saturating_add(1);
        }
        let count = claim.frequency.at(self.epoch).saturating_add(1);
        claim.frequency = Frequency { count, epoch: self.epoch };
        let frequency = claim.frequency;
        if let Some(place) = self.own(claim) {
            place.frequency = frequency;
        }
        let least = u64::try_from(size).unwrap_or(u64::MAX);
        if self.uses >= self.senders.max(least).saturating_mul(USES_TO_HALVE) {
            (self.uses, self.senders) = (0, 0);
            self.epoch = self.epoch.wrapping_add(1);
        }
    }

    /// Returns the place of a connection, unless it has none or another connection took it.
    fn own(&mut self, claim: &Claim) -> Option<&mut Place> {
        let place = self.places.get_mut(claim.place?)?;
        (place.owner == claim.id).then_some(place)
    }

    /// Gives a place to a connection without one, if one is available for it.
    fn admit(&mut self, claim: &Claim, size: usize) -> Option<usize> {
        let index = match self.vacant.pop() {
            Some(index) => index,
            None if self.places.len() < size => {
                self.places.push(Place { owner: 0, frequency: Frequency::default(), compressor: None });
                self.places.len().checked_sub(1)?
            }
            None => self.less_busy(claim)?,
        };
        let place = self.places.get_mut(index)?;
        (place.owner, place.frequency) = (claim.id, claim.frequency);
        Some(index)
    }

    /// Finds the owner that sends least among the searched ones, if the connection sends clearly more: by a quarter and
    /// two messages. Without that margin, connections that send equally often would take the place from each other with
    /// each message.
    fn less_busy(&mut self, claim: &Claim) -> Option<usize> {
        let len = self.places.len();
        let start = self.next_search;
        self.next_search = start.wrapping_add(LOOKED_AT).checked_rem(len)?;
        let looked_at = (start..).take(LOOKED_AT.min(len)).filter_map(|index| index.checked_rem(len));
        let idle = looked_at.filter_map(|index| {
            let place = self.places.get(index)?;
            place.compressor.is_some().then(|| (place.frequency.at(self.epoch), index))
        });
        let (least, index) = idle.min()?;
        let needed = least.saturating_add(least >> 2).saturating_add(2);
        (claim.frequency.count >= needed).then_some(index)
    }

    /// Takes the last returned spare that fits: its memory is most likely in the cache.
    fn take_spare(&mut self, kind: Kind) -> Option<Compressor> {
        let found = self.spare.iter().rposition(|idle| idle.kind() == kind)?;
        Some(self.spare.remove(found))
    }

    /// Keeps a spare, and returns the surplus one, which is the first returned: it may be of a kind that is no longer
    /// used.
    fn put_spare(&mut self, compressor: Compressor, size: usize) -> Option<Compressor> {
        self.spare.push(compressor);
        self.surplus(size)
    }

    /// Takes a spare out if there is one too many. There may be as many as places without an owner, and an eighth more
    /// for connections without a place.
    fn surplus(&mut self, size: usize) -> Option<Compressor> {
        let owned = self.places.len().saturating_sub(self.vacant.len());
        let most = size.saturating_sub(owned).max(size.div_ceil(8));
        (self.spare.len() > most).then(|| self.spare.remove(0))
    }
}
