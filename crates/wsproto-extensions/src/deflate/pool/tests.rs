//! Which connections keep a compressor.

use alloc::vec::Vec;

use super::super::Backend;
use super::super::backend::Flush;
use super::*;
use crate::Output;

const KIND: Kind = Kind { backend: Backend::Miniz, level: 1, memory_level: 8, window: WindowBits::MAX };

/// A connection as the pool sees it.
struct Connection {
    claim: Claim,
    pool: Pool,
    /// How many bytes its compressor must remember.
    sent: usize,
}

impl Connection {
    fn new(pool: &Pool) -> Self {
        Self { claim: Claim::default(), pool: pool.clone(), sent: 0 }
    }

    /// Sends a message of one byte, and returns whether its compressor still knew all earlier messages.
    fn send(&mut self) -> bool {
        let Loan { mut compressor, keeps_context } = self.pool.lend(&mut self.claim, KIND, true);
        let kept = compressor.reach() == self.sent;
        assert!(
            kept || compressor.reach() == 0,
            "it knows bytes of another connection: {}",
            compressor.reach()
        );
        let flush = if keeps_context { Flush::Keep } else { Flush::Forget };
        compressor.compress(b"x", flush, &mut Output::new(&mut Vec::new(), 100)).unwrap();
        self.sent = if keeps_context { compressor.reach() } else { 0 };
        self.pool.put(&mut self.claim, compressor);
        kept
    }

    /// Returns whether the next message can refer to the last one.
    fn keeps_context(&self) -> bool {
        self.sent > 0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.pool.release(&mut self.claim);
    }
}

fn connections(pool: &Pool, count: usize) -> Vec<Connection> {
    (0..count).map(|_| Connection::new(pool)).collect()
}

fn send_all(all: &mut [Connection]) {
    for connection in all {
        connection.send();
    }
}

/// Returns how many compressors have an owner, and how many are spare.
fn waiting(pool: &Pool) -> (usize, usize) {
    pool.shared.contexts.len()
}

#[test]
fn d16_the_pool_is_bounded() {
    #[rustfmt::skip]
    let table = [
        // size  kept  spare while all places have owners  spare without any
        (0,      0,    0,                                  0),
        (1,      1,    1,                                  1),
        (3,      3,    1,                                  3),
        (16,     16,   2,                                  16),
    ];
    for (size, kept, beside, idle) in table {
        let pool = Pool::new(size);
        let mut all = connections(&pool, size + 5);
        for _ in 0..3 {
            send_all(&mut all);
        }
        // This is as if many had been in use at the same time.
        let lent: Vec<_> = (0..size + 5).map(|_| pool.lend_spare(KIND)).collect();
        for one in lent {
            pool.put_spare(one);
        }
        assert_eq!(waiting(&pool), (kept, beside), "size {size}");
        drop(all);
        assert_eq!(waiting(&pool), (0, idle), "size {size}, all gone");
        for _ in 0..size + 5 {
            pool.put_decompressor(Box::new(Decompressor::new(WindowBits::MIN)));
        }
        assert_eq!(pool.shared.decompressors.len(), size, "size {size}");
    }
}

#[test]
fn a_pool_that_has_room_lets_each_connection_keep_its_context() {
    let pool = Pool::new(3);
    let mut all = connections(&pool, 3);
    for round in 0..100 {
        for (number, connection) in all.iter_mut().enumerate() {
            assert!(connection.send() && connection.keeps_context(), "{number} in round {round}");
        }
    }
}

/// Very many connections send a little each, and some send much. The latter keep their context throughout.
#[test]
#[cfg_attr(miri, ignore = "many messages")]
fn d16_heartbeats_take_no_place_from_busy_connections() {
    const PLACES: usize = 8;
    let pool = Pool::new(PLACES);
    let mut idle = connections(&pool, 100_000);
    let mut busy = connections(&pool, PLACES);
    let mut lost = 0;
    for (number, heartbeat) in idle.iter_mut().enumerate() {
        heartbeat.send();
        if number % 100 == 0 {
            lost += busy.iter_mut().filter_map(|one| (!one.send()).then_some(())).count();
        }
    }
    assert!(busy.iter().all(Connection::keeps_context));
    assert!(lost <= PLACES, "the busy ones began afresh {lost} times");
    // Heartbeats alone take no place either, all at once, while the busy connections are silent for a while.
    send_all(&mut idle);
    assert!(busy.iter_mut().all(Connection::send), "a busy one lost its place");
}

#[test]
fn d16_one_connection_more_than_places_in_rotation_costs_one_context() {
    for places in [1, 2, 8, 20] {
        for first in 0..=places {
            let pool = Pool::new(places);
            let mut all = connections(&pool, places + 1);
            let mut afresh = 0;
            for round in 0..200 {
                for number in 0..=places {
                    // The rotation begins anywhere, even with the connection that has no place.
                    let connection = &mut all[(first + number) % (places + 1)];
                    let kept = connection.send() && (round == 0 || connection.sent > 1);
                    afresh += usize::from(!kept);
                }
            }
            assert!(afresh <= 200 + places, "{places} places: {afresh} of {} afresh", 200 * (places + 1));
        }
    }
}

/// One connection takes only one place, however much it sends.
#[test]
fn a_connection_takes_no_more_than_one_place() {
    let pool = Pool::new(4);
    let mut others = connections(&pool, 4);
    for _ in 0..5 {
        send_all(&mut others);
    }
    let mut greedy = Connection::new(&pool);
    for _ in 0..10_000 {
        greedy.send();
    }
    let kept = others.iter_mut().filter_map(|one| one.send().then_some(())).count();
    assert_eq!(kept, 3);
}

/// A connection that was busy and is silent now makes room for a busy one.
#[test]
fn d16_an_owner_that_fell_silent_loses_its_place() {
    let pool = Pool::new(1);
    let (mut before, mut now) = (Connection::new(&pool), Connection::new(&pool));
    for _ in 0..10_000 {
        before.send();
    }
    let needed = (1..1000).position(|_| now.send() && now.keeps_context());
    assert!(needed.is_some_and(|needed| needed < 300), "{needed:?}");
    assert!(!before.send());
}

#[test]
fn a_connection_that_ends_leaves_its_place_to_others() {
    let pool = Pool::new(2);
    for number in 0..100 {
        let mut all = connections(&pool, 2);
        for connection in &mut all {
            connection.send();
            assert!(connection.send() && connection.keeps_context(), "{number}");
        }
    }
    assert_eq!(waiting(&pool), (0, 2));
}

/// If a compressor is lost in a panic, or fails, its owner loses the context, and nothing else happens.
#[test]
fn d16_a_lost_compressor_is_made_anew() {
    let pool = Pool::new(1);
    let mut connection = Connection::new(&pool);
    connection.send();
    drop(pool.lend(&mut connection.claim, KIND, true));
    connection.sent = 0;
    assert!(connection.send() && connection.send() && connection.keeps_context());
    drop(pool.lend(&mut connection.claim, KIND, true));
    drop(connection);
    let mut other = Connection::new(&pool);
    assert!(other.send() && other.send() && other.keeps_context(), "the place is free");
}

/// A compressor for other settings is never lent, and is dropped when its place is needed.
#[test]
fn only_what_fits_is_lent() {
    let pool = Pool::new(2);
    let other = [
        Kind { level: 6, ..KIND },
        Kind { window: WindowBits::MIN, ..KIND },
        Kind { memory_level: 1, ..KIND },
    ];
    pool.put_spare(Compressor::new(KIND));
    for kind in other {
        assert_eq!(pool.lend_spare(kind).kind(), kind);
    }
    assert_eq!(waiting(&pool), (0, 1));
    assert_eq!(pool.lend_spare(KIND).kind(), KIND);
    assert_eq!(waiting(&pool), (0, 0));

    let pool = Pool::new(1);
    let mut quiet = Connection::new(&pool);
    quiet.send();
    let mut busy = Claim::default();
    for _ in 0..10 {
        let Loan { compressor, .. } = pool.lend(&mut busy, other[0], true);
        assert_eq!((compressor.kind(), compressor.reach()), (other[0], 0));
        pool.put(&mut busy, compressor);
    }
    assert!(!quiet.send(), "its place went to the busy one");

    let window = WindowBits::MIN;
    pool.put_decompressor(Box::new(Decompressor::new(window)));
    assert!(pool.decompressor(WindowBits::MAX).fits(WindowBits::MAX));
    assert_eq!(pool.shared.decompressors.len(), 1);
    assert!(pool.decompressor(window).fits(window));
    assert_eq!(pool.shared.decompressors.len(), 0);
}

/// Spares of kinds that are no longer used make way for others: the bound applies to all kinds together.
#[test]
fn d16_spares_of_other_kinds_make_way() {
    let pool = Pool::new(16);
    let kind = |bits| Kind { window: WindowBits::new(bits).unwrap(), ..KIND };
    let lent: Vec<_> = (0..16).map(|_| pool.lend_spare(kind(9))).collect();
    for one in lent {
        pool.put_spare(one);
    }
    assert_eq!(waiting(&pool), (0, 16));
    let mut all = connections(&pool, 20);
    for _ in 0..3 {
        send_all(&mut all);
    }
    assert_eq!(waiting(&pool), (16, 2), "16 of the kind in use, and an eighth for those that have no place");
    let is_kept = |bits| pool.shared.contexts.spares().contains(&kind(bits));
    for bits in 8..15 {
        pool.put_spare(pool.lend_spare(kind(bits)));
        assert_eq!(waiting(&pool), (16, 2), "window {bits}");
        assert!(is_kept(bits), "window {bits}");
    }
    pool.put_spare(pool.lend_spare(KIND));
    assert!(is_kept(15), "what is asked for is there again");

    let window = |bits| WindowBits::new(bits).unwrap();
    let pool = Pool::new(2);
    for bits in 8..=12 {
        pool.put_decompressor(pool.decompressor(window(bits)));
    }
    assert_eq!(pool.shared.decompressors.len(), 2);
    let spare = pool.decompressor(window(12));
    assert_eq!(pool.shared.decompressors.len(), 1, "the last one is there");
    drop(spare);
}

/// A flood of one connection doesn't erase the counts of the others, whatever frames it uses.
#[test]
fn d16_a_flood_takes_no_place_from_steady_connections() {
    const PLACES: usize = 8;
    let pool = Pool::new(PLACES);
    let mut steady = connections(&pool, PLACES);
    let mut flood = Connection::new(&pool);
    for _ in 0..50 {
        send_all(&mut steady);
    }
    let mut burst = Connection::new(&pool);
    for round in 0..20 {
        for _ in 0..1000 {
            flood.send();
        }
        for _ in 0..3 {
            burst.send();
        }
        let kept = steady.iter_mut().filter_map(|one| one.send().then_some(())).count();
        assert!(kept >= PLACES - 1 - usize::from(round < 2), "{kept} in round {round}");
    }
    // The parts of a message are one message.
    let pool = Pool::new(1);
    let (mut owner, mut parts) = (Connection::new(&pool), Connection::new(&pool));
    for _ in 0..8 {
        owner.send();
    }
    for number in 0..1000 {
        let Loan { compressor, .. } = pool.lend(&mut parts.claim, KIND, number == 0);
        pool.put(&mut parts.claim, compressor);
    }
    assert!(owner.send(), "the owner of the place");
}
