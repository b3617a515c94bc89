use alloc::{vec, vec::Vec};
use core::{cell::Cell, time::Duration};

use wsproto_frame::CloseCode;

use super::*;
use crate::{
    CloseConnection, Config, ConnectionState, Event, KeepAlive, Message, Ping, ReadBuffer, TextMessage,
    Transport,
};

const NOW: Duration = Duration::ZERO;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A driver as one end, a bare connection as the other, and the read buffer of each.
struct Ends {
    driver: Driver,
    peer: Connection,
    buffer: ReadBuffer,
    peer_buffer: ReadBuffer,
    turn: usize,
}

impl Ends {
    fn server() -> Self {
        Self::of(Connection::open_server(Config::default()), client())
    }

    fn of(connection: Connection, peer: Connection) -> Self {
        Self {
            driver: Driver::new(connection),
            peer,
            buffer: ReadBuffer::messages(),
            peer_buffer: ReadBuffer::messages(),
            turn: 0,
        }
    }

    /// Sends an event from the peer, and returns the driver's events.
    fn receive(&mut self, event: impl Into<Event<'static>>, now: Duration) -> Vec<Event<'static>> {
        let mut wire = Vec::new();
        self.peer.send(event, &mut wire).unwrap();
        self.receive_bytes(&wire, now).unwrap()
    }

    /// Receives bytes, by each of the three methods in turn.
    fn receive_bytes(
        &mut self,
        wire: &[u8],
        now: Duration,
    ) -> Result<Vec<Event<'static>>, crate::RemoteProtocolError> {
        self.buffer.room()[..wire.len()].copy_from_slice(wire);
        self.driver.filled(&mut self.buffer, wire.len(), now);
        let mut events = Vec::new();
        loop {
            self.turn += 1;
            let event = match self.turn % 3 {
                0 if self.driver.advance(&mut self.buffer, now)? => self.buffer.take_event(),
                0 => None,
                1 => self.driver.receive_from(&mut self.buffer, now)?.map(Event::into_owned),
                _ => self.driver.receive_owned(&mut self.buffer, now)?,
            };
            match event {
                Some(event) => events.push(event),
                None => return Ok(events),
            }
        }
    }

    /// Writes the whole queue, and returns the peer's events.
    fn write(&mut self, now: Duration) -> Vec<Event<'static>> {
        while self.driver.queued() > 0 {
            let first = self.driver.output().first();
            let len = first.len();
            self.peer_buffer.extend_from_slice(first);
            self.driver.written(len, now);
        }
        let mut events = Vec::new();
        while self.peer.advance(&mut self.peer_buffer).unwrap() {
            events.extend(self.peer_buffer.take_event());
        }
        events
    }
}

fn client() -> Connection {
    Connection::open_client_with_entropy(Config::default(), |key: &mut [u8]| key.fill(7))
}

fn pong(payload: &'static [u8]) -> Event<'static> {
    crate::Pong::new(payload).into()
}

#[test]
fn pings_are_answered_and_given() {
    let mut ends = Ends::server();
    assert_eq!(ends.receive(Ping::new(b"1"), NOW), [Ping::new(b"1").into()]);
    assert_eq!(ends.write(NOW), [pong(b"1")]);
}

/// A peer pings and doesn't read: one Pong is in the queue, the latest one waits.
#[test]
fn a_flood_of_pings_by_a_peer_that_does_not_read_leaves_the_queue_bounded_and_the_latest_pong_afterwards() {
    let mut ends = Ends::server();
    let most = 2 + 125;
    for n in 0..100_000_u32 {
        ends.receive(Ping::new(n.to_be_bytes().to_vec()), NOW);
        assert!(ends.driver.queued() <= most, "{n}: {} bytes", ends.driver.queued());
    }
    let last = crate::Pong::new(99_999_u32.to_be_bytes().to_vec()).into();
    assert_eq!(ends.write(NOW), [pong(&[0, 0, 0, 0]), last]);
}

#[test]
fn a_pong_that_waits_goes_once_the_one_before_it_is_written_though_the_queue_is_never_empty() {
    let mut ends = Ends::server();
    ends.receive(Ping::new(b"1"), NOW);
    ends.driver.send(TextMessage::new("between"), NOW).unwrap();
    ends.receive(Ping::new(b"2"), NOW);
    ends.receive(Ping::new(b"3"), NOW);
    assert_eq!(ends.driver.queued(), 3 + 9);
    ends.driver.written(2, NOW);
    assert_eq!(ends.driver.queued(), 1 + 9);
    ends.driver.written(1, NOW);
    assert_eq!(ends.driver.queued(), 9 + 3, "the latest follows what is queued");
}

#[test]
fn no_pong_follows_a_close() {
    let mut ends = Ends::server();
    for ping in [b"1", b"2"] {
        ends.receive(Ping::new(ping), NOW);
    }
    ends.receive(CloseConnection::new(CloseCode::NORMAL), NOW);
    assert_eq!(
        ends.write(NOW),
        [pong(b"1"), CloseConnection::new(CloseCode::NORMAL).into()],
        "the second Pong waited for the first, and a Close came before"
    );
}

#[test]
fn a_close_is_answered_with_its_code_and_reported() {
    let mut ends = Ends::server();
    let close = CloseConnection::new(CloseCode::new(4001).unwrap()).with_reason("bye");
    assert_eq!(ends.receive(close.clone(), NOW), [close.clone().into()]);
    assert_eq!(ends.write(NOW), [close.clone().into()]);
    assert_eq!(ends.driver.transport(), Transport::ShutdownWrite);
    ends.driver.write_ended();
    assert_eq!(ends.driver.transport(), Transport::AwaitEnd);
    assert_eq!(ends.driver.receive_eof(NOW), Ok(None));
    assert_eq!(ends.driver.transport(), Transport::Close);
    let report = ends.driver.close_report();
    assert_eq!(
        (report.sent, report.code()),
        (Some(CloseCode::new(4001).unwrap()), CloseCode::new(4001).unwrap())
    );
    assert_eq!((report.received, report.begun_by, report.clean), (Some(close), Some(Side::Remote), true));
}

#[test]
fn a_close_of_ours_is_reported_and_said_once() {
    let mut ends = Ends::server();
    ends.driver.close(CloseCode::GOING_AWAY, "restart", NOW).unwrap();
    ends.driver.close(CloseCode::NORMAL, "again", NOW).unwrap();
    assert_eq!(ends.write(NOW).len(), 1);
    assert_eq!(ends.driver.transport(), Transport::KeepOpen);
    let report = ends.driver.close_report();
    assert_eq!((report.sent, report.begun_by), (Some(CloseCode::GOING_AWAY), Some(Side::Local)));
    assert_eq!((report.code(), report.clean), (CloseCode::ABNORMAL, false));
    ends.receive(CloseConnection::new(CloseCode::GOING_AWAY), NOW);
    assert!(ends.driver.close_report().clean && !ends.driver.write_failed(NOW));
}

#[test]
fn a_code_that_no_close_carries_is_an_error_and_nothing_is_queued() {
    let mut ends = Ends::server();
    ends.driver.close(CloseCode::ABNORMAL, "", NOW).unwrap_err();
    assert_eq!((ends.driver.queued(), ends.driver.close_report().begun_by), (0, None));
}

#[test]
fn a_broken_rule_is_answered_with_its_code() {
    let mut ends = Ends::server();
    ends.receive_bytes(b"\x83\x80\0\0\0\0", NOW).unwrap_err();
    ends.receive_bytes(b"\x81\x80\0\0\0\0", NOW).unwrap_err();
    let [Event::CloseConnection(close)] = &ends.write(NOW)[..] else { panic!("one Close") };
    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
    let report = ends.driver.close_report();
    assert_eq!((report.sent, report.begun_by), (Some(CloseCode::PROTOCOL_ERROR), Some(Side::Remote)));
    assert!(!report.clean && ends.driver.write_failed(NOW));
    assert!(ends.driver.connection().failure().is_some());
}

#[test]
fn messages_are_counted() {
    let mut ends = Ends::server();
    ends.receive(TextMessage::new("four").unfinished(), NOW);
    ends.receive(TextMessage::new("five5"), NOW);
    ends.driver.send(TextMessage::new("two"), NOW).unwrap();
    ends.driver.send_message(&Message::from(vec![7; 20_000]), NOW).unwrap();
    ends.driver.send_prepared(&crate::PreparedMessage::new(TextMessage::new("all")).unwrap(), NOW).unwrap();
    assert_eq!(ends.write(NOW).len(), 3);
    ends.receive(Ping::new(b""), NOW);
    let counters = ends.driver.counters();
    assert_eq!((counters.messages_received, counters.message_bytes_received), (1, 9));
    assert_eq!((counters.messages_sent, counters.message_bytes_sent), (3, 20_006));
    assert_eq!((counters.wire_bytes_received, counters.wire_bytes_sent), (6 + 4 + 6 + 5 + 6, 5 + 20_004 + 5));
    assert_eq!((counters.pings_received, counters.pongs_received), (1, 0));
}

#[cfg(feature = "std")]
#[test]
fn a_long_payload_of_a_server_is_queued_without_a_copy_and_a_clients_is_masked() {
    for (name, connection, peer, copied) in [
        ("server", Connection::open_server(Config::default()), client(), false),
        ("client", client(), Connection::open_server(Config::default()), true),
    ] {
        let mut ends = Ends::of(connection, peer);
        for message in [Message::from(vec![7; 100_000]), Message::from("a".repeat(100_000))] {
            let place = message.as_bytes().as_ptr();
            ends.driver.send_message(&message, NOW).unwrap();
            let mut slices = [std::io::IoSlice::new(b""); 2];
            let count = ends.driver.output().slices(&mut slices);
            assert_eq!(slices[count - 1].as_ptr() != place, copied, "{name}");
            assert_eq!(ends.write(NOW), [Event::from(message)], "{name}");
        }
    }
}

#[test]
fn a_long_message_is_taken_with_its_memory_and_a_short_one_is_copied() {
    for (len, is_copied) in [(1000, true), (100_000, false)] {
        let mut ends = Ends::server();
        let mut wire = Vec::new();
        ends.peer.send(Message::from(vec![7; len]), &mut wire).unwrap();
        let mut buffer = ReadBuffer::messages();
        buffer.extend_from_slice(&wire);
        let place = buffer.unread().as_ptr_range();
        let event = ends.driver.receive_owned(&mut buffer, NOW).unwrap().unwrap();
        let Ok(Message::Binary(bytes)) = Message::try_from(event) else { panic!("a message") };
        assert_eq!(bytes.len(), len);
        assert_eq!(place.contains(&bytes.as_ptr()), !is_copied, "{len} bytes");
    }
}

#[test]
fn what_a_transport_owns_counts_as_written_and_none_of_it_is_lost() {
    let mut ends = Ends::server();
    ends.receive(Ping::new(b"1"), NOW);
    ends.driver.send(TextMessage::new("short"), NOW).unwrap();
    ends.driver.send_message(&Message::from(vec![7; 100_000]), NOW).unwrap();
    ends.driver.written(2, NOW); // a part of the first Pong
    ends.peer_buffer.extend_from_slice(b"\x8a\x01");
    ends.receive(Ping::new(b"2"), NOW);
    let mut wire = 2;
    while let Some(bytes) = ends.driver.take_output(NOW) {
        wire += bytes.len() as u64;
        ends.peer_buffer.extend_from_slice(&bytes);
    }
    let mut events = Vec::new();
    while ends.peer.advance(&mut ends.peer_buffer).unwrap() {
        events.extend(ends.peer_buffer.take_event());
    }
    let messages = [TextMessage::new("short").into(), Message::from(vec![7; 100_000]).into()];
    assert_eq!(events, [&[pong(b"1")], &messages[..], &[pong(b"2")]].concat());
    assert_eq!((ends.driver.counters().wire_bytes_sent, ends.driver.queued()), (wire, 0));
}

#[test]
fn bytes_that_the_adapter_is_handed_are_received_as_read_ones_are() {
    let mut ends = Ends::server();
    let keep_alive = KeepAlive { idle: s(10), patience: s(5) };
    ends.driver = ends.driver.with_timeouts(Timeouts::default().with_keep_alive(keep_alive), NOW);
    let (mut wire, long) = (Vec::new(), Message::from(vec![7; 100_000]));
    ends.peer.send(&long, &mut wire).unwrap();
    ends.driver.filled_from(&mut ends.buffer, &wire, s(3));
    assert!(ends.driver.advance(&mut ends.buffer, s(3)).unwrap());
    assert_eq!(ends.buffer.take_event(), Some(long.into()));
    assert_eq!(ends.driver.counters().wire_bytes_received, wire.len() as u64);
    assert_eq!(ends.driver.poll_timeout(), Some(s(13)));
}

#[test]
fn a_silent_peer_is_given_up_at_exactly_idle_and_patience_and_one_that_answers_lives() {
    let timeouts = Timeouts::default().with_keep_alive(KeepAlive { idle: s(20), patience: s(10) });
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(timeouts, s(0));
    for round in 0..5 {
        let due = s(20 + 21 * round);
        assert_eq!(ends.driver.poll_timeout(), Some(due), "round {round}");
        assert_eq!(ends.driver.handle_timeout(due), None);
        let [Event::Ping(ping)] = &ends.write(due)[..] else { panic!("a Ping") };
        ends.receive(ping.response(), due + s(1));
        assert_eq!(ends.driver.counters().round_trip, Some(s(1)));
    }
    let due = s(20 + 21 * 5);
    assert_eq!(ends.driver.handle_timeout(due), None);
    ends.write(due);
    assert_eq!(ends.driver.poll_timeout(), Some(due + s(10)));
    assert_eq!(ends.driver.handle_timeout(due + s(10)), Some(Deadline::KeepAlive));
    assert_eq!((ends.driver.transport(), ends.driver.poll_timeout()), (Transport::Close, None));
    assert_eq!(ends.driver.close_report().expired, Some(Deadline::KeepAlive));
    let too_late = ends.driver.send(TextMessage::new("too late"), due + s(10)).unwrap_err();
    assert_eq!(too_late, crate::LocalProtocolError::WrongState(ConnectionState::Closed));
}

#[test]
fn an_idle_connection_is_closed_and_the_close_has_a_deadline_of_its_own() {
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(Timeouts::default().with_idle(s(30)).with_close(s(5)), s(0));
    ends.receive(TextMessage::new(""), s(10));
    ends.receive(Ping::new(b""), s(20));
    ends.write(s(20));
    assert_eq!(ends.driver.handle_timeout(s(40)), None);
    assert_eq!(ends.write(s(40)), [CloseConnection::new(CloseCode::GOING_AWAY).with_reason("idle").into()]);
    assert_eq!(ends.driver.handle_timeout(s(45)), Some(Deadline::Close));
}

/// A message waits in the buffer, and the program was busy for longer than the limit.
#[test]
fn what_waits_in_the_buffer_is_looked_at_before_a_connection_counts_as_idle() {
    for (name, is_message) in [("a message", true), ("a Pong", false)] {
        let mut ends = Ends::server();
        ends.driver = ends.driver.with_timeouts(Timeouts::default().with_idle(s(30)), s(0));
        let event = if is_message { TextMessage::new("x").into() } else { pong(b"") };
        let mut wire = Vec::new();
        ends.peer.send(event, &mut wire).unwrap();
        ends.driver.filled_from(&mut ends.buffer, &wire, s(40));
        assert_eq!((ends.driver.handle_timeout(s(40)), ends.driver.queued()), (None, 0), "{name}");
        assert_eq!(
            (ends.driver.handle_timeout(s(40)), ends.driver.queued()),
            (None, 0),
            "{name}: nothing was read"
        );
        assert_eq!(ends.driver.poll_timeout(), None, "{name}: the program must take it first");
        assert_eq!(ends.receive_bytes(b"", s(40)).unwrap().len(), 1);
        let _ = ends.driver.handle_timeout(s(40)); // after a read that found nothing
        let _ = ends.driver.handle_timeout(s(40));
        assert_eq!(ends.driver.queued() > 0, !is_message, "{name}");
    }
}

/// Each read brings a Pong, but the deadline isn't postponed for ever.
#[test]
fn a_peer_that_never_stops_does_not_put_off_what_is_due() {
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(Timeouts::default().with_idle(s(30)), s(0));
    let reads = (0..100).find(|_| {
        ends.receive(pong(b""), s(40));
        let _ = ends.driver.handle_timeout(s(40));
        ends.driver.queued() > 0
    });
    assert_eq!(reads, Some(16));
}

/// A message was found, and the program is busy: nothing is read, not even the Pong.
#[test]
fn a_peer_is_not_given_up_while_nobody_reads() {
    let timeouts = Timeouts::default().with_keep_alive(KeepAlive { idle: s(20), patience: s(10) });
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(timeouts, s(0));
    let mut wire = Vec::new();
    ends.peer.send(TextMessage::new("x"), &mut wire).unwrap();
    ends.driver.filled_from(&mut ends.buffer, &wire, s(0));
    assert!(ends.driver.advance(&mut ends.buffer, s(0)).unwrap());
    ends.driver.reading_paused();
    assert_eq!(ends.driver.handle_timeout(s(20)), None);
    assert_eq!(ends.write(s(20)).len(), 1, "a Ping keeps proxies between them open");
    assert_eq!((ends.driver.handle_timeout(s(1000)), ends.driver.poll_timeout()), (None, None));
    assert!(!ends.driver.advance(&mut ends.buffer, s(1000)).unwrap());
    assert_eq!(ends.driver.poll_timeout(), Some(s(30)));
    ends.receive(pong(b""), s(1000));
    assert_eq!(ends.driver.handle_timeout(s(1000)), None);
    assert_eq!(ends.driver.poll_timeout(), Some(s(1020)));
}

#[test]
fn only_bytes_that_wait_start_the_deadline_of_writing() {
    let timeouts = Timeouts::default().with_write(s(10));
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(timeouts, s(0));
    ends.driver.send(TextMessage::new("waits"), s(1)).unwrap();
    assert_eq!(ends.driver.poll_timeout(), Some(s(11)));
    ends.write(s(2));
    ends.driver
        .reply_to_error(&crate::RemoteProtocolError::EndOfStream { received_any: true }, s(3))
        .unwrap();
    assert_eq!(ends.driver.poll_timeout(), None);
}

#[test]
fn a_close_that_answers_or_blames_starts_the_deadline_of_writing_and_a_failed_write_ends_it() {
    let close = b"\x88\x82\0\0\0\0\x03\xe8";
    for (name, wire) in [("a Close", &close[..]), ("a broken rule", b"\x83\x80\0\0\0\0")] {
        let mut ends = Ends::server();
        ends.driver = ends.driver.with_timeouts(Timeouts::default().with_write(s(10)), s(0));
        let _ = ends.receive_bytes(wire, s(1));
        assert!(ends.driver.queued() > 0, "{name}");
        assert_eq!(ends.driver.poll_timeout(), Some(s(11)), "{name}");
        let _ = ends.driver.write_failed(s(2));
        assert_eq!(
            ends.driver.poll_timeout(),
            None,
            "{name}: no deadline of writing after writing has ended"
        );
    }
}

/// As TLS does: the transport takes all bytes at once, and passes none on.
#[test]
fn what_the_transport_holds_back_has_the_deadline_of_writing() {
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(Timeouts::default().with_write(s(10)), s(0));
    ends.driver.send(TextMessage::new("one"), s(1)).unwrap();
    ends.driver.buffered(5, s(2));
    assert!(ends.driver.has_output());
    ends.driver.flushed(s(2));
    assert_eq!((ends.driver.has_output(), ends.driver.poll_timeout()), (false, None));

    ends.driver.send(TextMessage::new("two"), s(3)).unwrap();
    ends.driver.buffered(5, s(3));
    for now in 4..8 {
        ends.driver.flush_blocked(s(now));
    }
    assert_eq!(ends.driver.poll_timeout(), Some(s(14)), "the time starts with the blocked flush");
    ends.driver.send(TextMessage::new("three"), s(9)).unwrap();
    ends.driver.buffered(7, s(9));
    assert_eq!(
        ends.driver.poll_timeout(),
        Some(s(14)),
        "it had room for those bytes, so this is no progress"
    );
    ends.driver.send(TextMessage::new("four"), s(10)).unwrap();
    ends.driver.buffered(2, s(11));
    assert_eq!(ends.driver.poll_timeout(), Some(s(21)), "it had no room before, so this is progress");
    ends.driver.buffered(4, s(12));
    ends.driver.flush_blocked(s(12));
    assert_eq!(ends.driver.poll_timeout(), Some(s(21)));
    assert_eq!(ends.driver.handle_timeout(s(21)), Some(Deadline::Write));

    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(Timeouts::default().with_write(s(10)), s(0));
    ends.driver.flush_blocked(s(1));
    ends.driver.send(TextMessage::new("one"), s(2)).unwrap();
    ends.driver.flushed(s(5));
    assert_eq!(ends.driver.poll_timeout(), Some(s(15)), "progress, and more waits");
}

/// Lost output is reported: a program must not be told that it was sent. A Close that wasn't written counts as not
/// sent.
#[test]
fn what_is_lost_is_told_and_a_close_that_is_not_written_is_no_clean_one() {
    type Step = fn(&mut Driver);
    let failed: Step = |driver| assert!(!driver.write_failed(NOW));
    #[rustfmt::skip]
    let cases: [(&str, usize, Step, bool, bool); 9] = [
        // name                                    of our Close is written   then                                   lost
        // clean
        ("all written",                            4, |_| (),                                                       false, true),
        ("not all yet",                            3, |_| (),                                                       false, false),
        ("all written, then the end",              4, Driver::ended,                                                false, true),
        ("all flushed, then shutting down fails",  4, |driver| { driver.flushed(NOW); let _ = driver.write_failed(NOW); }, false, true),
        ("a failed write",                         0, failed,                      true,  false),
        ("a failed write of the rest",             3, failed,                      true,  false),
        ("a failed flush",                         4, failed,                      true,  false),
        ("the end while it waits",                 3, Driver::ended,                                                true,  false),
        ("the end while the transport holds it",   4, |driver| { driver.flush_blocked(NOW); driver.ended() },       true,  false),
    ];
    for (name, written, step, is_lost, is_clean) in cases {
        let mut ends = Ends::server();
        ends.receive(CloseConnection::new(CloseCode::NORMAL), NOW);
        if written > 0 {
            ends.driver.buffered(written, NOW);
        }
        step(&mut ends.driver);
        assert_eq!(
            (ends.driver.has_lost_output(), ends.driver.close_report().clean),
            (is_lost, is_clean),
            "{name}"
        );
    }
}

/// An adapter of a socket never flushes: its bytes are on their way, whatever fails after them.
#[test]
fn a_transport_that_holds_nothing_back_needs_no_flush() {
    let mut ends = Ends::server();
    ends.receive(CloseConnection::new(CloseCode::NORMAL), NOW);
    ends.driver.written(4, NOW);
    assert!(!ends.driver.has_output());
    assert!(!ends.driver.write_failed(NOW), "to shut down fails");
    assert!(ends.driver.close_report().clean && !ends.driver.has_lost_output());
}

/// Nothing is queued any more, for any reason. Bytes of the peer are still received.
#[test]
fn after_a_failed_write_the_queue_stays_empty() {
    let timeouts = Timeouts::default().with_close(s(5)).with_idle(s(60));
    let mut ends = Ends::server();
    ends.driver = ends.driver.with_timeouts(timeouts, s(0));
    ends.driver.send(TextMessage::new("lost"), s(1)).unwrap();
    assert!(ends.driver.write_failed(s(1)));
    assert_eq!(ends.driver.poll_timeout(), Some(s(6)), "the peer's bytes are waited for until then");
    let prepared = crate::PreparedMessage::new(TextMessage::new("x")).unwrap();
    let long = Message::from(vec![7; 100_000]);
    let too_late = Err(crate::LocalProtocolError::WrongState(ConnectionState::Closed));
    assert_eq!(ends.driver.send(TextMessage::new("x"), s(2)), too_late);
    assert_eq!(ends.driver.send_message(&long, s(2)), too_late);
    assert_eq!(ends.driver.send_prepared(&prepared, s(2)), too_late);
    assert_eq!(ends.driver.close(CloseCode::NORMAL, "", s(2)), Ok(()));
    for event in [Ping::new(b"1").into(), Ping::new(b"2").into(), Event::from(TextMessage::new("last"))] {
        assert_eq!(ends.receive(event.clone(), s(2)), [event]);
    }
    ends.receive(CloseConnection::new(CloseCode::NORMAL), s(2));
    let report = ends.driver.close_report();
    assert_eq!((report.sent, report.clean, ends.driver.queued()), (None, false, 0));
    assert_eq!(report.code(), CloseCode::NORMAL);

    let mut ends = Ends::server();
    let _ = ends.driver.write_failed(NOW);
    ends.receive_bytes(b"\x83\x80\0\0\0\0", NOW).unwrap_err();
    assert_eq!((ends.driver.queued(), ends.driver.close_report().sent), (0, None), "a broken rule");
}

/// A source of entropy that fails while the flag is set.
struct Failing(alloc::sync::Arc<core::sync::atomic::AtomicBool>);

impl crate::Entropy for Failing {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), crate::EntropyError> {
        if self.0.load(core::sync::atomic::Ordering::Relaxed) {
            return Err(crate::EntropyError);
        }
        bytes.fill(7);
        Ok(())
    }
}

#[test]
fn a_ping_that_cannot_be_queued_is_tried_again_and_the_peer_is_not_blamed() {
    let fails = alloc::sync::Arc::new(core::sync::atomic::AtomicBool::new(true));
    let connection = Connection::open_client_with_entropy(Config::default(), Failing(fails.clone()));
    let timeouts = Timeouts::default().with_keep_alive(KeepAlive { idle: s(20), patience: s(10) });
    let mut driver = Driver::new(connection).with_timeouts(timeouts, s(0));
    for round in 1..5 {
        assert_eq!(driver.poll_timeout(), Some(s(20 * round)));
        assert_eq!((driver.handle_timeout(s(20 * round)), driver.queued()), (None, 0));
    }
    fails.store(false, core::sync::atomic::Ordering::Relaxed);
    assert_eq!(driver.handle_timeout(s(100)), None);
    assert!(driver.queued() > 0);
}

/// The rule for all adapters: an end without both Closes is an error.
#[cfg(feature = "std")]
#[test]
fn the_end_of_reading_is_an_error_unless_both_said_close() {
    use std::io::ErrorKind;
    let close = || CloseConnection::new(CloseCode::NORMAL);
    let request = Connection::server(Config::default());
    #[rustfmt::skip]
    let cases = [
        // name                          connection                            they close, we close, error of reading,
        // is
        ("an end without a Close",       Connection::open_server(Config::default()), false, false, None, Some(ErrorKind::UnexpectedEof)),
        ("only ours",                    Connection::open_server(Config::default()), false, true,  None, Some(ErrorKind::UnexpectedEof)),
        ("an error without a Close",     Connection::open_server(Config::default()), false, false, Some(ErrorKind::ConnectionReset), Some(ErrorKind::ConnectionReset)),
        ("both",                         Connection::open_server(Config::default()), true,  true,  None, None),
        ("theirs, answered",             Connection::open_server(Config::default()), true,  false, None, None),
        ("both, then an error",          Connection::open_server(Config::default()), true,  true,  Some(ErrorKind::ConnectionReset), None),
        ("before the request",           request,                              false, false, None, Some(ErrorKind::UnexpectedEof)),
    ];
    for (name, connection, theirs, ours, error, expected) in cases {
        let mut ends = Ends::of(connection, client());
        if ours {
            ends.driver.close(CloseCode::NORMAL, "", NOW).unwrap();
        }
        if theirs {
            ends.receive(close(), NOW);
        }
        let outcome = ends.driver.read_ended(error.map(Into::into), NOW);
        let kind = outcome.err().map(|error| std::io::Error::from(error).kind());
        assert_eq!(kind, expected, "{name}");
        assert_eq!(ends.driver.transport(), Transport::Close, "{name}");
    }
}

#[test]
fn an_answer_that_cannot_be_sent_is_an_error_and_500() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let accept = crate::AcceptConnection::new;
    let cases = [
        ("a consent", Ok(accept()), true, &b"HTTP/1.1 101 "[..]),
        ("an invalid consent", Ok(accept().with_subprotocol("never proposed")), false, b"HTTP/1.1 500 "),
        ("a rejection", Err(crate::RejectConnection::new(403)), true, b"HTTP/1.1 403 "),
        (
            "a rejection that says a body follows",
            Err(crate::RejectConnection::new(404).with_body()),
            true,
            b"HTTP/1.1 404 ",
        ),
        ("an invalid rejection", Err(crate::RejectConnection::new(99)), false, b"HTTP/1.1 500 "),
    ];
    for (name, answer, is_sent, wire) in cases {
        let mut ends = Ends::of(Connection::server(Config::default()), client());
        ends.receive_bytes(request, NOW).unwrap();
        assert_eq!(ends.driver.answer(answer, NOW).is_ok(), is_sent, "{name}");
        assert!(ends.driver.output().first().starts_with(wire), "{name}");
        let is_open = ends.driver.connection().state() == ConnectionState::Open;
        assert!(
            is_open || ends.driver.transport() == Transport::ShutdownWrite,
            "{name}: the answer is whole"
        );
    }
}

#[test]
fn what_asks_for_no_websocket_gets_the_answer_that_the_program_has_or_the_one_it_is_owed() {
    type Answer = Result<crate::AcceptConnection, crate::RejectConnection>;
    let reject = |status| move || Err(crate::RejectConnection::new(status));
    let cases: [(&str, &[u8], &dyn Fn() -> Answer, Option<u16>, &[u8]); 4] = [
        ("a page", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &reject(200), Some(200), b"HTTP/1.1 200 "),
        (
            "none",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            &|| Ok(crate::AcceptConnection::new()),
            None,
            b"HTTP/1.1 426 ",
        ),
        ("an invalid rejection", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", &reject(99), None, b"HTTP/1.1 500 "),
        ("not a request", b"GET\r\n\r\n", &reject(200), None, b"HTTP/1.1 400 "),
    ];
    for (name, request, answer, expected, wire) in cases {
        let mut ends = Ends::of(Connection::server(Config::default()), client());
        let error = ends.receive_bytes(request, NOW).unwrap_err();
        let outcome = ends.driver.answer_other(&error, |_| answer(), NOW);
        assert_eq!(outcome.is_err(), name == "an invalid rejection", "{name}");
        let status = outcome.ok().flatten().map(|rejection| rejection.status);
        assert_eq!(status, expected, "{name}");
        assert!(ends.driver.output().first().starts_with(wire), "{name}");
    }
}

#[test]
fn of_a_rejection_16_kib_of_the_body_are_kept_and_no_more_is_waited_for() {
    let part = |len: usize, body_finished| {
        let mut part = crate::RejectData::from(vec![7; len]);
        part.body_finished = body_finished;
        Event::RejectData(part)
    };
    #[rustfmt::skip]
    let cases = [
        ("no body",              false, vec![],                                             Some(0)),
        ("no end yet",           true,  vec![part(5, false)],                               None),
        ("the end",              true,  vec![part(5, false), part(6, true)],                Some(11)),
        ("one byte is left",     true,  vec![part((16 << 10) - 1, false)],                  None),
        ("16 KiB",               true,  vec![part(16 << 10, false)],                        Some(16 << 10)),
        ("more",                 true,  vec![part(5, false), part(1 << 20, false)],         Some(16 << 10)),
    ];
    for (name, has_body, parts, whole) in cases {
        let mut answer = crate::ServerAnswer::new();
        assert!(answer.end().is_none());
        let mut rejection = crate::RejectConnection::new(403);
        rejection.has_body = has_body;
        let mut events = [Event::RejectConnection(rejection.into())].into_iter().chain(parts);
        let found = events.find_map(|event| answer.receive(event)).map(|answer| {
            let rejection = answer.unwrap_err();
            assert!(!rejection.has_body, "{name}");
            rejection.content.len()
        });
        assert_eq!(found, whole, "{name}");
        assert_eq!(
            answer.end().is_some(),
            whole.is_none(),
            "{name}: an early end returns the part that came"
        );
    }
}

#[test]
fn a_connection_that_is_closing_when_it_is_driven_has_the_deadline_of_closing() {
    let mut connection = Connection::open_server(Config::default());
    connection.send(CloseConnection::new(CloseCode::NORMAL), &mut Vec::new()).unwrap();
    let timeouts = Timeouts::default().with_handshake(s(1)).with_close(s(10));
    let driver = Driver::new(connection).with_timeouts(timeouts, s(3));
    assert_eq!(driver.poll_timeout(), Some(s(13)));
}

#[test]
fn an_end_without_a_close_is_reported_as_no_close_that_came() {
    let mut server = Ends::of(Connection::server(Config::default()), client());
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    server.receive_bytes(request, NOW).unwrap();
    assert_eq!(server.driver.receive_eof(NOW), Ok(None), "the request can still be answered");
    server.driver.send(crate::AcceptConnection::new(), NOW).unwrap();
    let end = CloseConnection::new(CloseCode::ABNORMAL);
    assert_eq!(server.receive_bytes(b"", NOW).unwrap(), [end.into()]);
    let report = server.driver.close_report();
    assert_eq!((report.received, report.begun_by, report.clean), (None, None, false));
}

#[test]
fn a_request_that_takes_too_long_is_answered_so() {
    let connection = Connection::server(Config::default());
    let mut driver = Driver::new(connection).with_timeouts(Timeouts::default().with_handshake(s(10)), s(0));
    assert_eq!(driver.handle_timeout(s(10)), Some(Deadline::Handshake));
    assert!(driver.output().first().starts_with(b"HTTP/1.1 408 "));
    assert_eq!(driver.transport(), Transport::Close);
}

#[test]
fn the_handshakes_deadline_ends_when_the_connection_opens() {
    let timeouts = Timeouts::default().with_handshake(s(10));
    let mut server = Ends::of(Connection::server(Config::default()), client());
    server.driver = server.driver.with_timeouts(timeouts, s(0));
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let events = server.receive_bytes(request, s(9)).unwrap();
    assert!(matches!(events[..], [Event::Request(_)]));
    assert_eq!(server.driver.poll_timeout(), Some(s(10)));
    server.driver.send(crate::AcceptConnection::new(), s(9)).unwrap();
    assert_eq!(server.driver.poll_timeout(), None);
}

#[test]
fn a_driver_is_small() {
    assert!(size_of::<Driver>() <= 248 + 232, "{}", size_of::<Driver>());
}

/// With limits only for the two handshakes, the clock is not read between them. The limit for closing starts with it.
#[test]
fn time_is_asked_for_only_where_it_counts() {
    let timeouts = Timeouts::default().with_handshake(s(10)).with_close(s(5));
    let asked = Cell::new(0);
    let clock = || {
        asked.set(asked.get() + 1);
        s(100)
    };
    let cases: [(&str, Timeouts, bool); 4] = [
        ("none", Timeouts::default(), false),
        ("both handshakes", timeouts, false),
        ("idle", timeouts.with_idle(s(60)), true),
        ("write", timeouts.with_write(s(60)), true),
    ];
    for (name, timeouts, is_asked) in cases {
        let mut ends = Ends::server();
        ends.driver = ends.driver.with_timeouts(timeouts, s(1));
        assert_eq!(ends.driver.keeps_time(), is_asked, "{name}");
        asked.set(0);
        let mut wire = Vec::new();
        ends.peer.send(TextMessage::new("hello"), &mut wire).unwrap();
        for ping in [b"1", b"2"] {
            ends.peer.send(Ping::new(ping), &mut wire).unwrap();
        }
        ends.peer.send(crate::Pong::new(b"3"), &mut wire).unwrap();
        ends.buffer.extend_from_slice(&wire);
        ends.driver.filled(&mut ends.buffer, 0, clock);
        for is_found in [true, true, true, true, false] {
            assert_eq!(ends.driver.advance(&mut ends.buffer, clock).unwrap(), is_found);
        }
        ends.driver.written(3, clock);
        ends.driver.send(TextMessage::new("hello"), clock).unwrap();
        ends.driver.send_message(&Message::from("hello"), clock).unwrap();
        ends.driver.written(14, clock);
        assert_eq!(asked.get() > 0, is_asked, "{name}");
        ends.driver.close(CloseCode::NORMAL, "", clock).unwrap();
        let expected = timeouts.close.map(|close| s(100) + close);
        let at = [expected, timeouts.write.map(|write| s(100) + write)].into_iter().flatten().min();
        assert_eq!(ends.driver.poll_timeout(), at, "{name}");
        if let Some(at) = at {
            assert_eq!(ends.driver.handle_timeout(at), Some(Deadline::Close), "{name}");
            assert_eq!(ends.driver.poll_timeout(), None, "{name}");
        }
    }
}

/// After a keepalive Ping, messages refer to nothing before it, so that memory could be freed. This happens only if
/// nothing was sent since the Ping before.
#[cfg(feature = "deflate")]
#[test]
fn a_ping_of_keepalive_parks_the_connection() {
    let config = Config::default().with_extension(crate::DeflateConfig::default());
    let offers = wsproto_extensions::offers(&config.extensions).unwrap();
    let (answer, at_server) = wsproto_extensions::respond(&config.extensions, &offers).unwrap();
    let at_client = wsproto_extensions::conclude(&config.extensions, &answer).unwrap();
    let mut ends = Ends::of(
        Connection::open_server(config.clone()).with_extensions(at_server),
        Connection::open_client_with_entropy(config, |key: &mut [u8]| key.fill(7)).with_extensions(at_client),
    );
    let timeouts = Timeouts::default().with_keep_alive(KeepAlive { idle: s(20), patience: s(10) });
    ends.driver = ends.driver.with_timeouts(timeouts, NOW);
    let numbers = (0..200_u32).map(|number| alloc::format!("{},", number.wrapping_mul(0x9e37_79b9)));
    let text = numbers.collect::<Vec<_>>().concat();
    let send = |ends: &mut Ends, now| {
        ends.driver.send(TextMessage::new(&text), now).unwrap();
        let len = ends.driver.queued();
        assert_eq!(ends.write(now), [TextMessage::new(text.clone()).into()]);
        len
    };
    let (first, second) = (send(&mut ends, s(1)), send(&mut ends, s(2)));
    assert!(second < first / 4, "{first}, {second}");
    let ping = |ends: &mut Ends, now| {
        assert_eq!(ends.driver.handle_timeout(now), None);
        assert!(matches!(ends.write(now)[..], [Event::Ping(_)]));
        ends.receive(crate::Pong::new(b""), now + s(1));
    };
    // A connection that sends isn't idle, even if nothing comes.
    ping(&mut ends, s(20));
    let still = send(&mut ends, s(22));
    assert!(still < first / 4, "{first}, {still}");
    ping(&mut ends, s(41));
    ping(&mut ends, s(62));
    let (afresh, next) = (send(&mut ends, s(64)), send(&mut ends, s(65)));
    assert!(afresh > first / 2 && next < first / 4, "{first}, {afresh}, {next}");
}
