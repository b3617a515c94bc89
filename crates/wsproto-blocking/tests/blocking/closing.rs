//! The closing handshake to the end of the stream, in order and after a broken rule.

use std::{
    io::{Read, Write},
    net::Shutdown,
    thread,
    time::Instant,
};

use wsproto::{
    Role, Side,
    testing::{Needs, Violation},
};
use wsproto_blocking::{CloseCode, Deadline, Error, Settings};

use crate::{client_of_bare, echo, is_end, ms, pair, server_of_bare, timeouts};

#[test]
fn a_naive_echo_loop_that_meets_close_4001_ends_clean_with_4001_on_both_sides() {
    let settings = Settings::default();
    let (mut client, server) = pair(&settings, &settings);
    let server = echo(server);
    client.send("hello").unwrap();
    let code = CloseCode::new(4001).unwrap();
    let report = client.close(code, "bye").unwrap();
    assert_eq!((report.sent, report.code(), report.clean), (Some(code), code, true));
    assert_eq!(report.begun_by, Some(Side::Local));
    let mut server = server.join().unwrap().unwrap();
    let report = server.close_report();
    assert_eq!((report.sent, report.code(), report.clean), (Some(code), code, true));
    assert_eq!(report.begun_by, Some(Side::Remote));
    assert_eq!(report.received.unwrap().reason.as_str(), "bye");

    assert!(matches!(server.send("late"), Err(Error::Closed)));
    assert_eq!(server.read().unwrap(), None);
    assert!(server.close(CloseCode::NORMAL, "").unwrap().clean, "closed already");
}

#[test]
fn closing_drops_what_still_comes_and_reads_to_the_end() {
    let settings = Settings::default();
    let (mut client, mut server) = pair(&settings, &settings);
    let server = thread::spawn(move || {
        for _ in 0..100 {
            server.send(vec![7; 10_000]).unwrap();
        }
        while server.read().unwrap().is_some() {}
        server.close_report()
    });
    client.read().unwrap().unwrap();
    let report = client.close(CloseCode::GOING_AWAY, "").unwrap();
    assert!(report.clean && server.join().unwrap().clean);
    assert_eq!(client.get_mut().read(&mut [0; 8]).unwrap(), 0, "the server has ended");
}

#[test]
fn closing_against_a_silent_peer_ends_at_the_deadline() {
    for idle_bytes in [false, true] {
        let (mut server, mut client) =
            server_of_bare(&Settings::default().with_timeouts(timeouts().with_close(ms(150))));
        // A peer that sends messages for ever, but never a Close, is as bad as a silent one.
        let sender = thread::spawn(move || {
            while idle_bytes && client.write_all(b"\x81\x80\0\0\0\0").is_ok() {
                thread::sleep(ms(1));
            }
            client
        });
        let started = Instant::now();
        let report = server.close(CloseCode::NORMAL, "").unwrap();
        let took = started.elapsed();
        assert!(took >= ms(150) && took < ms(750), "{took:?}");
        assert_eq!((report.clean, report.expired), (false, Some(Deadline::Close)));
        drop(server);
        sender.join().unwrap();
    }
}

#[test]
fn the_end_of_the_stream_after_both_closes_is_awaited_no_longer_than_the_deadline() {
    let (mut server, mut client) =
        server_of_bare(&Settings::default().with_timeouts(timeouts().with_close(ms(100))));
    client.write_all(b"\x88\x82\0\0\0\0\x03\xe8").unwrap();
    let started = Instant::now();
    assert_eq!(server.read().unwrap(), None);
    assert!(started.elapsed() >= ms(100) && started.elapsed() < ms(700), "{:?}", started.elapsed());
    let report = server.close_report();
    assert!(report.clean && report.expired == Some(Deadline::Close));
}

/// The peer sends more data that stays unread: a reset would drop our Close.
#[test]
fn the_peer_of_a_broken_rule_reads_our_close_with_its_code_then_the_end_no_reset() {
    let is_plain = |violation: &&Violation| {
        violation.needs() != Needs::Compression
            && violation.violator() != Some(Role::Server)
            && !violation.ends_stream()
            && **violation != Violation::DataAfterClose // dropped, as all that follows a Close
    };
    for violation in Violation::ALL.iter().filter(is_plain) {
        let (mut server, mut client) = server_of_bare(&Settings::default());
        client.write_all(&violation.bytes(Role::Client)).unwrap();
        client.write_all(&vec![0; 300_000]).unwrap();
        let peer = thread::spawn(move || {
            let mut answer = Vec::new();
            thread::sleep(ms(1));
            // Reads to the end; a reset would be an error.
            while let Ok(len @ 1..) = client.read(&mut [0; 1]).inspect_err(|error| panic!("{error}")) {
                answer.push(len);
            }
            client.write_all(&vec![0; 100_000]).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            answer.len()
        });
        let error = loop {
            match server.read() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{violation}: no error"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Remote(_)), "{violation}: {error}");
        assert_eq!(server.close_report().sent, Some(violation.close_code()), "{violation}");
        assert!(peer.join().unwrap() >= 4, "{violation}");
        assert_eq!(server.read().unwrap(), None, "{violation}: once");
        assert!(matches!(server.send("late"), Err(Error::Closed)), "{violation}");
    }
}

#[test]
fn a_client_answers_a_broken_rule_too() {
    let (mut client, mut server) = client_of_bare(&Settings::default());
    let peer = thread::spawn(move || {
        server.write_all(b"\x83\x00").unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        answer[0]
    });
    assert!(matches!(client.read(), Err(Error::Remote(_))));
    assert_eq!(client.close_report().sent, Some(CloseCode::PROTOCOL_ERROR));
    assert_eq!(peer.join().unwrap(), 0x88);
}

#[test]
fn an_end_without_a_close_is_an_error_and_no_clean_one() {
    for half in [false, true] {
        let (mut server, client) = server_of_bare(&Settings::default());
        client.shutdown(if half { Shutdown::Write } else { Shutdown::Both }).unwrap();
        let error = server.read().unwrap_err();
        assert!(is_end(&error), "{half}: {error}");
        assert_eq!(server.read().unwrap(), None, "{half}: once");
        let report = server.close_report();
        assert_eq!((report.clean, report.code()), (false, CloseCode::ABNORMAL), "{half}");
        assert!(matches!(server.send("late"), Err(Error::Closed)));
    }
}

#[test]
fn a_code_that_no_close_carries_is_an_error_and_the_connection_goes_on() {
    let settings = Settings::default();
    let (mut client, server) = pair(&settings, &settings);
    let server = echo(server);
    assert!(matches!(client.close(CloseCode::ABNORMAL, ""), Err(Error::Local(_))));
    client.send("still").unwrap();
    assert_eq!(client.read().unwrap(), Some("still".into()));
    assert!(client.close(CloseCode::NO_STATUS, "").unwrap().clean);
    server.join().unwrap().unwrap();
}
