//! Deadlines: one budget for a whole operation, however slowly the peer's bytes come.

use std::{
    io::{Read, Write},
    thread,
    time::Instant,
};

use wsproto_blocking::{Connector, Deadline, Error, KeepAlive, Message, Settings, Timeouts, accept};

use crate::{client_of_bare, echo, ms, pair, server_of_bare, tcp, timeouts};

/// Checks that it took as long as the limit, and not much longer: machines are busy.
fn assert_took(started: Instant, limit: std::time::Duration) {
    let took = started.elapsed();
    assert!(took >= limit && took < limit + ms(600), "{took:?} in place of {limit:?}");
}

#[test]
fn a_handshake_that_drips_ends_at_its_deadline_and_is_answered_so() {
    let (mut client, server) = tcp();
    let dripping = thread::spawn(move || {
        for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX: ".iter().chain(&[b'x'; 1000]) {
            thread::sleep(ms(10));
            if client.write_all(&[*byte]).is_err() {
                break;
            }
        }
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        answer
    });
    let (started, limit) = (Instant::now(), ms(150));
    let settings = Settings::default().with_timeouts(timeouts().with_handshake(limit));
    let outcome = accept(server, settings);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Handshake))));
    assert_took(started, limit);
    let _ = dripping.join().unwrap();
}

#[test]
fn a_client_that_says_nothing_is_told_that_it_took_too_long() {
    let (mut client, server) = tcp();
    let settings = Settings::default().with_timeouts(timeouts().with_handshake(ms(20)));
    assert!(matches!(accept(server, settings), Err(Error::TimedOut(Deadline::Handshake))));
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn a_server_that_does_not_answer_ends_at_the_handshakes_deadline() {
    let (client, _server) = tcp();
    let (started, limit) = (Instant::now(), ms(50));
    let settings = Settings::default().with_timeouts(timeouts().with_handshake(limit));
    let error = Connector::new().with_settings(settings).connect_over(client, "ws://a/").unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
    assert_took(started, limit);
}

#[test]
fn after_the_handshake_a_read_waits_as_long_as_it_takes() {
    let short = Settings::default().with_timeouts(timeouts().with_handshake(ms(500)));
    let (mut client, mut server) = pair(&short, &short);
    let sender = thread::spawn(move || {
        thread::sleep(ms(700));
        server.send("late").unwrap();
    });
    assert_eq!(client.read().unwrap(), Some("late".into()));
    sender.join().unwrap();
}

const KEEP_ALIVE: KeepAlive = KeepAlive { idle: ms(60), patience: ms(60) };

#[test]
fn a_silent_peer_is_given_up_at_idle_and_patience() {
    let started = Instant::now();
    let (mut server, mut client) =
        server_of_bare(&Settings::default().with_timeouts(timeouts().with_keep_alive(KEEP_ALIVE)));
    assert!(matches!(server.read(), Err(Error::TimedOut(Deadline::KeepAlive))));
    assert_took(started, ms(120));
    assert_eq!(server.read().unwrap(), None);
    drop(server);
    let mut sent = Vec::new();
    client.read_to_end(&mut sent).unwrap();
    assert_eq!(sent[..2], [0x89, 4], "one Ping");
}

#[test]
fn a_silent_peer_that_answers_lives() {
    let keep_alive = KeepAlive { patience: ms(2000), ..KEEP_ALIVE };
    let settings = Settings::default().with_timeouts(timeouts().with_keep_alive(keep_alive));
    let (mut client, mut server) = pair(&settings, &Settings::default());
    let other = thread::spawn(move || server.read().map(|message| (message, server)));
    assert_eq!(client.read_for(ms(400)).unwrap(), std::task::Poll::Pending);
    let counters = client.counters();
    assert!(counters.pongs_received >= 3 && counters.round_trip.is_some(), "{counters:?}");
    client.send("enough").unwrap();
    assert_eq!(other.join().unwrap().unwrap().0, Some("enough".into()));
}

/// The program's own delay isn't the peer's fault: waiting bytes are read before the time counts.
#[test]
fn a_busy_program_does_not_lose_a_peer_that_spoke() {
    let timeouts = timeouts().with_keep_alive(KEEP_ALIVE).with_idle(ms(100));
    let (mut server, mut client) = server_of_bare(&Settings::default().with_timeouts(timeouts));
    for _ in 0..3 {
        client.write_all(b"\x81\x80\0\0\0\0").unwrap();
        thread::sleep(ms(250));
        assert_eq!(server.read().unwrap(), Some("".into()));
        assert_eq!(server.close_report().sent, None, "the peer was wrongly taken for idle");
    }
}

#[test]
fn an_idle_connection_is_closed_and_its_peer_hears_why() {
    let settings = Settings::default().with_timeouts(timeouts().with_idle(ms(60)));
    let started = Instant::now();
    let (mut server, client) = pair_of(&settings);
    let client = echo(client);
    assert_eq!(server.read().unwrap(), None);
    assert_took(started, ms(60));
    let report = server.close_report();
    assert!(report.clean && report.sent == Some(wsproto_blocking::CloseCode::GOING_AWAY));
    client.join().unwrap().unwrap();
}

fn pair_of(
    server: &Settings,
) -> (wsproto_blocking::WebSocket<std::net::TcpStream>, wsproto_blocking::WebSocket<std::net::TcpStream>) {
    let (client, server) = pair(&Settings::default(), server);
    (server, client)
}

#[test]
fn a_peer_that_does_not_read_ends_a_send_at_the_deadline_of_writing() {
    let settings = Settings::default().with_timeouts(timeouts().with_write(ms(120)));
    let (mut client, _server) = client_of_bare(&settings);
    let started = Instant::now();
    let error = client.send(vec![7; 32 << 20]).unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Write)), "{error}");
    assert!(started.elapsed() >= ms(120) && started.elapsed() < ms(1000), "{:?}", started.elapsed());
    assert_eq!(client.read().unwrap(), None, "the error was returned before");
}

#[test]
fn a_slow_peer_that_takes_something_now_and_then_is_alive() {
    let settings = Settings::default().with_timeouts(timeouts().with_write(ms(400)));
    let (mut client, mut server) = client_of_bare(&settings);
    let len = 32 << 20;
    let reader = thread::spawn(move || {
        let (mut read, mut buffer) = (0, vec![0; 1 << 20]);
        while read < len {
            thread::sleep(ms(25));
            match server.read(&mut buffer).unwrap() {
                0 => break,
                n => read += n,
            }
        }
        read
    });
    let started = Instant::now();
    client.send(Message::from(vec![7; len])).unwrap();
    assert!(started.elapsed() > ms(400), "not slow: {:?}", started.elapsed());
    drop(client);
    assert!(reader.join().unwrap() >= len);
}

/// A send that waits longer than the keepalive: the peer answered the Ping, but we weren't reading.
#[test]
fn a_peer_that_speaks_lives_through_a_send_that_takes_long() {
    let timeouts = Timeouts::default().with_keep_alive(KeepAlive { idle: ms(50), patience: ms(100) });
    let (mut client, mut server) = client_of_bare(&Settings::default().with_timeouts(timeouts));
    let len = 24 << 20;
    let peer = thread::spawn(move || {
        for _ in 0..40 {
            server.write_all(b"\x8a\x00").unwrap();
            thread::sleep(ms(10));
        }
        let (mut read, mut buffer) = (0, vec![0; 1 << 20]);
        while read < len {
            read += server.read(&mut buffer).unwrap();
            server.write_all(b"\x8a\x00").unwrap();
        }
        server
    });
    client.send(vec![7; len]).unwrap();
    drop(peer.join().unwrap());
}
