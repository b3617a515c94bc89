//! Messages over real sockets.

use std::{task::Poll, thread};

use wsproto_blocking::{
    CloseCode, Config, DeflateConfig, Event, Message, PreparedMessage, Settings, TextMessage,
};

use crate::{echo, ms, pair};

#[test]
fn messages_of_every_length_come_back_plain_and_compressed() {
    let plain = Settings::default();
    let deflate = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    for (name, settings) in [("plain", plain), ("compressed", deflate)] {
        let (mut client, server) = pair(&settings, &settings);
        let server = echo(server);
        for len in [0, 1, 125, 126, 4096, 16_384, 65_535, 65_536, 300_000] {
            for message in [Message::text("é".repeat(len / 2)), Message::from(vec![7; len])] {
                client.send(message.clone()).unwrap();
                assert_eq!(client.read().unwrap(), Some(message), "{name}, {len} bytes");
            }
        }
        assert!(client.close(CloseCode::NORMAL, "").unwrap().clean, "{name}");
        let server = server.join().unwrap().unwrap();
        assert_eq!(server.counters().messages_received, 18, "{name}");
        assert_eq!(client.connection().extensions().count(), usize::from(name == "compressed"));
    }
}

#[test]
fn an_event_is_lent_and_one_prepared_for_many_comes() {
    let settings = Settings::default();
    let (mut client, mut server) = pair(&settings, &settings);
    server.send_prepared(&PreparedMessage::new(TextMessage::new("all")).unwrap()).unwrap();
    server.ping(b"1").unwrap();
    server.send_event(TextMessage::new("a").unfinished()).unwrap();
    server.send_event(TextMessage::new("b")).unwrap();
    assert_eq!(client.next().unwrap(), Some(TextMessage::new("all").into()));
    assert!(matches!(client.next().unwrap(), Some(Event::Ping(ping)) if &*ping.payload == b"1"));
    assert_eq!(client.next().unwrap(), Some(TextMessage::new("ab").into()));
    client.send("done").unwrap();
    assert!(matches!(server.next().unwrap(), Some(Event::Pong(_))));
    assert_eq!(server.read().unwrap(), Some("done".into()));
}

#[test]
fn a_read_with_a_limit_waits_so_long_and_loses_nothing() {
    let settings = Settings::default();
    let (mut client, mut server) = pair(&settings, &settings);
    for limit in [ms(0), ms(30)] {
        let started = std::time::Instant::now();
        assert_eq!(client.read_for(limit).unwrap(), Poll::Pending);
        assert!(started.elapsed() >= limit && started.elapsed() < limit + ms(500), "{limit:?}");
    }
    let message = Message::from(vec![7; 1 << 20]);
    let sent = message.clone();
    let sender = thread::spawn(move || {
        server.send(sent).unwrap();
        assert_eq!(server.read().unwrap(), Some("thanks".into()));
        server.close(CloseCode::NORMAL, "").unwrap();
    });
    let received = loop {
        match client.read_for(ms(1)).unwrap() {
            Poll::Ready(received) => break received,
            Poll::Pending => {}
        }
    };
    assert!(received == Some(message));
    client.feed("thanks").unwrap();
    assert_eq!(client.read_for(ms(5000)).unwrap(), Poll::Ready(None));
    sender.join().unwrap();
}

#[test]
fn after_a_limit_the_next_read_waits_as_long_as_it_takes() {
    let settings = Settings::default().without_timeouts();
    let (mut client, mut server) = pair(&settings, &settings);
    assert_eq!(client.read_for(ms(5)).unwrap(), Poll::Pending);
    let sender = thread::spawn(move || {
        thread::sleep(ms(50));
        server.send("late").unwrap();
    });
    assert_eq!(client.read().unwrap(), Some("late".into()));
    sender.join().unwrap();
}
