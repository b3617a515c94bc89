use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn open(timeouts: Timeouts) -> Timers {
    let mut timers = Timers::new(timeouts, s(0));
    timers.opened(s(0));
    timers
}

fn keep_alive() -> Timeouts {
    Timeouts::default().with_keep_alive(KeepAlive { idle: s(20), patience: s(10) })
}

#[test]
fn without_limits_nothing_is_ever_due() {
    let mut timers = Timers::new(Timeouts::default(), s(5));
    for step in [Timers::opened, Timers::received, Timers::queued, Timers::closing] {
        step(&mut timers, s(6));
        assert_eq!((timers.poll_timeout(), timers.handle_timeout(Duration::MAX)), (None, None));
    }
}

/// Each limit passes exactly at its time, once, and not a nanosecond earlier.
#[test]
fn deadlines_are_exact() {
    type Begin = fn(&mut Timers);
    let opened: Begin = |timers| timers.opened(s(3));
    let cases: [(&str, Timeouts, Begin, u64, Deadline); 5] = [
        (
            "handshake",
            Timeouts::default().with_handshake(s(10)),
            |t| t.received(s(9)),
            10,
            Deadline::Handshake,
        ),
        ("idle", Timeouts::default().with_idle(s(10)), opened, 13, Deadline::Idle),
        (
            "idle after a message",
            Timeouts::default().with_idle(s(10)),
            |t| {
                t.opened(s(3));
                t.used(s(7));
                t.received(s(8));
            },
            17,
            Deadline::Idle,
        ),
        (
            "close",
            Timeouts::default().with_close(s(10)),
            |t| {
                t.opened(s(3));
                t.closing(s(4));
                t.closing(s(9));
            },
            14,
            Deadline::Close,
        ),
        (
            "write",
            Timeouts::default().with_write(s(10)),
            |t| {
                t.opened(s(3));
                t.queued(s(4));
                t.queued(s(5));
                t.written(true, s(6));
            },
            16,
            Deadline::Write,
        ),
    ];
    for (name, timeouts, begin, at, deadline) in cases {
        let mut timers = Timers::new(timeouts, s(0));
        begin(&mut timers);
        assert_eq!(timers.poll_timeout(), Some(s(at)), "{name}");
        assert_eq!(timers.handle_timeout(s(at).saturating_sub(Duration::from_nanos(1))), None, "{name}");
        assert_eq!(timers.handle_timeout(s(at)), Some(Due::Expired(deadline)), "{name}");
        assert_eq!(timers.handle_timeout(s(at)), None, "{name}: once");
    }
}

#[test]
fn the_first_of_several_deadlines_comes_first() {
    let mut timers = open(keep_alive().with_idle(s(25)).with_write(s(30)).with_close(s(1)));
    timers.queued(s(0));
    let Some(Due::Ping(_)) = timers.handle_timeout(s(100)) else { panic!("20 s") };
    assert_eq!(timers.handle_timeout(s(100)), Some(Due::Expired(Deadline::Idle)));
    assert_eq!(timers.handle_timeout(s(100)), Some(Due::Expired(Deadline::Write)));
    assert_eq!(timers.poll_timeout(), None);
}

#[test]
fn what_is_written_stops_the_deadline_of_writing() {
    let mut timers = open(Timeouts::default().with_write(s(10)));
    timers.queued(s(1));
    timers.written(false, s(2));
    assert_eq!(timers.poll_timeout(), None);
    timers.queued(s(50));
    assert_eq!(timers.poll_timeout(), Some(s(60)));
}

#[test]
fn a_silent_peer_is_given_up_at_exactly_idle_and_patience() {
    let mut timers = open(keep_alive());
    timers.received(s(5));
    assert_eq!(timers.poll_timeout(), Some(s(25)));
    assert!(matches!(timers.handle_timeout(s(25)), Some(Due::Ping(_))));
    timers.ping_written(s(25));
    assert_eq!(timers.poll_timeout(), Some(s(35)));
    assert_eq!(timers.handle_timeout(s(35)), Some(Due::Expired(Deadline::KeepAlive)));
}

#[test]
fn a_silent_peer_that_answers_lives() {
    let mut timers = open(keep_alive());
    for round in 0..100 {
        let at = s(20 + 21 * round);
        let Some(Due::Ping(payload)) = timers.handle_timeout(at) else { panic!("round {round}") };
        timers.ping_written(at);
        timers.received(at + s(1));
        timers.pong(&payload, at + s(1));
        assert_eq!(timers.round_trip(), Some(s(1)));
    }
}

#[test]
fn any_byte_is_a_sign_of_life_and_a_late_pong_still_tells_the_round_trip() {
    let mut timers = open(keep_alive());
    let Some(Due::Ping(payload)) = timers.handle_timeout(s(20)) else { panic!() };
    timers.ping_written(s(20));
    timers.received(s(29)); // the middle of a long message
    assert_eq!((timers.poll_timeout(), timers.handle_timeout(s(30))), (Some(s(49)), None));
    timers.received(s(40));
    timers.pong(&payload, s(40));
    assert_eq!(timers.round_trip(), Some(s(20)));
    assert_eq!(timers.poll_timeout(), Some(s(60)));
}

/// The peer reads nothing, so the Ping waits. The peer may be dead as well.
#[test]
fn a_ping_that_waits_to_be_written_expires_after_the_last_sign_of_life() {
    let steps: [(&str, fn(&mut Timers), u64); 4] = [
        ("nothing", |_| (), 30),
        ("bytes came", |timers| timers.received(s(25)), 55),
        ("bytes were taken", |timers| timers.written(true, s(26)), 56),
        ("the Ping was taken", |timers| timers.ping_written(s(27)), 37),
    ];
    for (name, step, at) in steps {
        let mut timers = open(keep_alive());
        assert!(matches!(timers.handle_timeout(s(20)), Some(Due::Ping(_))));
        step(&mut timers);
        assert_eq!(timers.poll_timeout(), Some(s(at)), "{name}");
        assert_eq!(timers.handle_timeout(s(at - 1)), None, "{name}");
        assert_eq!(timers.handle_timeout(s(at)), Some(Due::Expired(Deadline::KeepAlive)), "{name}");
    }
}

#[test]
fn a_ping_that_could_not_be_sent_is_not_held_against_the_peer_and_tried_again() {
    let mut timers = open(keep_alive());
    assert!(matches!(timers.handle_timeout(s(20)), Some(Due::Ping(_))));
    timers.ping_failed(s(20));
    assert_eq!((timers.poll_timeout(), timers.handle_timeout(s(39))), (Some(s(40)), None));
    assert!(matches!(timers.handle_timeout(s(40)), Some(Due::Ping(_))));
}

#[test]
fn pongs_that_answer_nothing_of_ours_are_passed_over() {
    let mut timers = open(keep_alive());
    timers.pong(&[0; 4], s(1));
    let Some(Due::Ping(_)) = timers.handle_timeout(s(20)) else { panic!() };
    timers.ping_written(s(20));
    timers.pong(b"another", s(21));
    assert_eq!(timers.round_trip(), None);
}

#[test]
fn nothing_but_the_end_is_due_once_it_is_closing_and_nothing_after_it() {
    let mut timers = open(keep_alive().with_idle(s(10)).with_close(s(5)));
    timers.closing(s(1));
    assert_eq!(timers.poll_timeout(), Some(s(6)));
    timers.ended();
    assert_eq!((timers.poll_timeout(), timers.handle_timeout(s(100))), (None, None));
}

#[test]
fn a_read_that_finds_something_too_late_puts_off_what_is_due_and_no_more_than_16_do() {
    let cases = [
        ("idle", Timeouts::default().with_idle(s(10)), Deadline::Idle),
        ("close", Timeouts::default().with_close(s(10)), Deadline::Close),
    ];
    for (name, timeouts, deadline) in cases {
        for (reads, looks) in [(0, 0), (1, 1), (15, 15), (16, 16), (17, 16), (100, 16)] {
            let mut timers = open(timeouts);
            timers.received(s(5)); // in time, and no reason to look again
            if deadline == Deadline::Close {
                timers.closing(s(0));
            }
            let due = (0..200).find_map(|n| {
                if n < reads {
                    timers.received(s(20));
                }
                timers.handle_timeout(s(20)).map(|due| (n, due))
            });
            assert_eq!(due, Some((looks, Due::Expired(deadline))), "{name}: {reads} reads");
        }
    }
}

#[test]
fn each_deadline_has_looks_of_its_own() {
    let mut timers = open(Timeouts::default().with_idle(s(10)));
    for round in 1..50 {
        for _ in 0..10 {
            timers.received(s(20 * round));
            assert_eq!(timers.handle_timeout(s(20 * round)), None, "round {round}");
        }
        timers.used(s(20 * round));
    }
}

#[test]
fn what_nobody_has_looked_at_is_no_idleness_and_what_is_not_read_no_silence() {
    let mut timers = open(keep_alive().with_idle(s(60)));
    timers.unseen(); // of the bytes that came before the connection was open
    assert!(matches!(timers.handle_timeout(s(100)), Some(Due::Ping(_))));
    timers.ping_written(s(100));
    assert_eq!(timers.poll_timeout(), Some(s(110)), "reading continues: the Pong can come");
    timers.paused();
    assert_eq!((timers.poll_timeout(), timers.handle_timeout(s(1000))), (None, None));
    assert!(timers.seen() && !timers.seen());
    assert_eq!(timers.poll_timeout(), Some(s(60)));
    timers.used(s(1000));
    timers.received(s(1000));
    assert_eq!(timers.poll_timeout(), Some(s(1020)));
}

#[test]
fn time_never_goes_back() {
    let mut timers = open(Timeouts::default().with_idle(s(10)));
    timers.used(s(7));
    timers.used(s(2));
    assert_eq!(timers.poll_timeout(), Some(s(17)));
    assert_eq!(
        Timers::new(Timeouts::default().with_handshake(Duration::MAX), Duration::MAX).poll_timeout(),
        Some(Duration::from_nanos(u64::MAX))
    );
}

#[test]
fn timers_are_small() {
    assert!(size_of::<Timers>() <= 112, "{}", size_of::<Timers>());
}
