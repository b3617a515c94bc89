//! Two halves in two threads: each place where one half makes progress for the other.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread::{self, JoinHandle},
    time::Instant,
};

use wsproto_blocking::{
    CloseCode, Deadline, Error, KeepAlive, Message, PreparedMessage, Reader, Settings, TextMessage, Writer,
};

use crate::{echo, is_end, ms, pair, server_of_bare, timeouts};

fn read_all(mut reader: Reader<TcpStream>) -> JoinHandle<(Vec<Message>, Option<Error>)> {
    thread::spawn(move || {
        let mut messages = Vec::new();
        loop {
            match reader.read() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => return (messages, None),
                Err(error) => {
                    assert_eq!(reader.read().unwrap(), None, "an error is returned once");
                    return (messages, Some(error));
                }
            }
        }
    })
}

fn bare(settings: &Settings) -> (Reader<TcpStream>, Writer<TcpStream>, TcpStream) {
    let (server, client) = server_of_bare(settings);
    let (reader, writer) = server.split().unwrap();
    (reader, writer, client)
}

const fn is_send<T: Send>() {}
const fn is_sync<T: Sync>() {}
const _: () = {
    is_send::<wsproto_blocking::WebSocket<TcpStream>>();
    is_send::<Reader<TcpStream>>();
    is_send::<Writer<TcpStream>>();
    is_sync::<Writer<TcpStream>>();
};

#[test]
fn both_halves_work_at_once_and_many_writers_send_whole_messages() {
    let settings = Settings::default();
    let (client, server) = pair(&settings, &settings);
    let server = echo(server);
    let (reader, writer) = client.split().unwrap();
    let reading = read_all(reader);
    let writers = [0_u8, 1, 2].map(|n| {
        let writer = writer.clone();
        thread::spawn(move || {
            for len in 0..200 {
                writer.send(vec![n; len * 100]).unwrap();
            }
        })
    });
    for writer in writers {
        writer.join().unwrap();
    }
    writer.send_prepared(&PreparedMessage::new(TextMessage::new("all")).unwrap()).unwrap();
    writer.feed("last").unwrap();
    writer.flush().unwrap();
    while writer.counters().messages_received < 602 {
        thread::sleep(ms(1));
    }
    let report = writer.close(CloseCode::NORMAL, "").unwrap();
    assert!(report.clean);
    let (messages, error) = reading.join().unwrap();
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages.len(), 602);
    for n in 0..3 {
        let lens = messages.iter().filter(|message| message.as_bytes().first() == Some(&n)).map(Message::len);
        assert!(lens.eq((1..200).map(|len| len * 100)), "writer {n}: all messages, once, in order");
    }
    assert!(server.join().unwrap().unwrap().close_report().clean);
}

#[test]
fn the_reader_answers_pings_and_close_while_the_writer_is_idle() {
    let (reader, writer, mut client) = bare(&Settings::default());
    let reading = read_all(reader);
    client.write_all(b"\x89\x81\0\0\0\0p").unwrap();
    let mut answer = [0; 3];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\x8a\x01p");
    client.write_all(b"\x88\x82\0\0\0\0\x0f\xa1").unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"\x88\x02\x0f\xa1");
    drop(client);
    assert!(reading.join().unwrap().1.is_none());
    assert!(writer.close_report().clean);
    assert!(matches!(writer.send("late"), Err(Error::Closed)));
}

/// The writer blocks, since the peer doesn't read: the reader still reads, and its Pong follows.
#[test]
fn a_reader_goes_on_while_a_send_blocks_and_its_pong_follows() {
    let (mut reader, writer, mut client) = bare(&Settings::default());
    let len = 16 << 20;
    let sending = thread::spawn(move || writer.send(vec![7; len]).map(|()| writer));
    let mut header = [0; 10];
    client.read_exact(&mut header).unwrap();
    client.write_all(b"\x89\x81\0\0\0\0p\x81\x81\0\0\0\0m").unwrap();
    assert_eq!(reader.read().unwrap(), Some("m".into()));
    assert!(!sending.is_finished(), "the send doesn't block");
    let reading = read_all(reader);
    let mut sent = vec![0; len + 3];
    client.read_exact(&mut sent).unwrap();
    assert_eq!(&sent[len..], b"\x8a\x01p");
    let writer = sending.join().unwrap().unwrap();
    drop(client);
    assert!(is_end(&reading.join().unwrap().1.unwrap()));
    assert!(!writer.close_report().clean);
}

#[test]
fn closing_waits_for_the_reader_and_no_longer_than_the_deadline() {
    for reads in [true, false] {
        let settings = Settings::default().with_timeouts(timeouts().with_close(ms(100)));
        let (reader, writer, _client) = bare(&settings);
        let (reading, idle) = if reads { (Some(read_all(reader)), None) } else { (None, Some(reader)) };
        thread::sleep(ms(20));
        let started = Instant::now();
        let report = writer.close(CloseCode::NORMAL, "").unwrap();
        assert!(started.elapsed() >= ms(100) && started.elapsed() < ms(700), "{:?}", started.elapsed());
        assert_eq!(report.expired, Some(Deadline::Close));
        if let Some(reading) = reading {
            assert!(matches!(reading.join().unwrap().1, Some(Error::TimedOut(Deadline::Close))));
        }
        drop(idle);
    }
}

#[test]
fn closing_reads_to_the_end_itself_where_the_reader_is_dropped() {
    let settings = Settings::default();
    let (client, server) = pair(&settings, &settings);
    let server = echo(server);
    let (reader, writer) = client.split().unwrap();
    writer.send("dropped").unwrap();
    drop(reader);
    assert!(writer.close(CloseCode::NORMAL, "").unwrap().clean);
    server.join().unwrap().unwrap();
}

#[test]
fn a_send_that_stalls_ends_both_halves_at_the_deadline_of_writing() {
    let settings = Settings::default().with_timeouts(timeouts().with_write(ms(120)));
    let (reader, writer, _client) = bare(&settings);
    let reading = read_all(reader);
    let started = Instant::now();
    let outcome = writer.send(vec![7; 32 << 20]);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Write))), "{outcome:?}");
    assert!(started.elapsed() >= ms(120) && started.elapsed() < ms(1000), "{:?}", started.elapsed());
    assert!(matches!(reading.join().unwrap().1, Some(Error::TimedOut(Deadline::Write))));
    assert!(matches!(writer.send("late"), Err(Error::Closed)));
}

#[test]
fn a_dead_peer_ends_both_halves_though_a_send_blocks() {
    let keep_alive = KeepAlive { idle: ms(50), patience: ms(500) };
    let settings = Settings::default().with_timeouts(timeouts().with_keep_alive(keep_alive));
    let (reader, writer, _client) = bare(&settings);
    let reading = read_all(reader);
    thread::sleep(ms(70)); // the Ping goes out, then the send
    let outcome = writer.send(vec![7; 32 << 20]);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::KeepAlive))), "{outcome:?}");
    assert!(matches!(reading.join().unwrap().1, Some(Error::TimedOut(Deadline::KeepAlive))));
}

#[test]
fn a_broken_rule_is_answered_after_what_is_being_sent() {
    let (reader, writer, mut client) = bare(&Settings::default());
    let reading = read_all(reader);
    let len = 8 << 20;
    let sending = thread::spawn(move || (writer.send(vec![7; len]), writer));
    let mut header = [0; 10];
    client.read_exact(&mut header).unwrap();
    client.write_all(b"\x83\x80\0\0\0\0").unwrap();
    let mut sent = Vec::new();
    client.read_to_end(&mut sent).unwrap();
    let close = &sent[len..];
    assert_eq!((close[0], &close[2..4]), (0x88, &[0x03, 0xea][..]));
    drop(client);
    assert!(matches!(reading.join().unwrap().1, Some(Error::Remote(_))));
    let (outcome, writer) = sending.join().unwrap();
    outcome.unwrap();
    assert_eq!(writer.close_report().sent, Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn a_read_with_a_limit_leaves_the_writer_alone() {
    let settings = Settings::default();
    let (client, server) = pair(&settings, &settings);
    let server = echo(server);
    let (mut reader, writer) = client.split().unwrap();
    assert_eq!(reader.read_for(ms(5)).unwrap(), std::task::Poll::Pending);
    writer.send("x").unwrap();
    assert_eq!(reader.read().unwrap(), Some("x".into()));
    drop((reader, writer));
    assert!(is_end(&server.join().unwrap().unwrap_err()));
}
