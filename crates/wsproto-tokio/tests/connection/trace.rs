//! The events of the feature `tracing`, and the values that they never show.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tracing::{
    Event as Told, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};
use wsproto_tokio::{CloseCode, Event, PreparedMessage, Settings, TextMessage, accept};

use crate::ends::{client_bytes, server_and_stream};

/// The events so far, a line each: level, message, fields.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Runs a program in a runtime of its own, and returns the events of that time.
    fn of(program: impl Future<Output = ()>) -> Vec<String> {
        let lines = Self::default();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        with_default(lines.clone(), || runtime.block_on(program));
        lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("wsproto_tokio")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Told<'_>) {
        let mut line = Line(event.metadata().level().as_str().to_lowercase());
        event.record(&mut line);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        }
        .unwrap();
    }
}

/// Returns the lines of one level, without the level.
fn of_level<'a>(lines: &'a [String], level: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.strip_prefix(level)?.strip_prefix(' ')).collect()
}

#[test]
fn each_way_to_queue_a_message_is_told_with_its_length() {
    let lines = Lines::of(async {
        let (mut server, mut peer) = server_and_stream(1 << 16, &Settings::default());
        peer.write_all(&client_bytes([TextMessage::new("four").into(), TextMessage::new("five5").into()]))
            .await
            .unwrap();
        server.feed("").await.unwrap();
        server.feed("1").await.unwrap();
        server.send("22").await.unwrap();
        server.feed_event(TextMessage::new("333")).await.unwrap();
        server.ping(b"a Ping is no message").await.unwrap();
        server.recv_with(|event, replies| replies.feed(event)).await.unwrap().unwrap().unwrap();
        let prepared = PreparedMessage::new(TextMessage::new("12345")).unwrap();
        let answered = server.recv_with(|event, replies| {
            assert!(matches!(event, Event::TextMessage(_)), "{event:?}");
            replies.feed_prepared(&prepared)
        });
        answered.await.unwrap().unwrap().unwrap();
    });
    let expected = [
        "queued role=Server len=0",
        "queued role=Server len=1",
        "queued role=Server len=2",
        "queued role=Server len=3",
        "received role=Server opcode=\"text\" len=4",
        "queued role=Server len=4",
        "received role=Server opcode=\"text\" len=5",
        "queued role=Server len=5",
    ];
    assert_eq!(of_level(&lines, "trace"), expected);
}

#[test]
fn a_connection_tells_its_states_and_the_rule_that_was_broken() {
    let lines = Lines::of(async {
        let (mut server, mut peer) = server_and_stream(1 << 16, &Settings::default());
        peer.write_all(&[0x81, 0x00]).await.unwrap(); // a frame without a mask
        peer.shutdown().await.unwrap();
        assert!(server.recv().await.is_err());
    });
    let lines = of_level(&lines, "debug");
    assert!(lines.iter().any(|line| line.starts_with("state role=Server state=Open ")), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.starts_with("the peer broke a rule role=Server rule=")),
        "{lines:#?}"
    );
    let last = lines.iter().rfind(|line| line.starts_with("state ")).copied().unwrap_or_default();
    assert!(last.contains("state=Closed") && last.contains("code_sent=Some(CloseCode(1002))"), "{lines:#?}");
}

#[test]
fn neither_payloads_nor_targets_nor_fields_are_told() {
    let lines = Lines::of(async {
        let (io, mut peer) = duplex(1 << 16);
        let request = "GET /SECRET HTTP/1.1\r\nHost: SECRET\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Cookie: SECRET\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut server = accept(io, &Settings::default()).await.unwrap();
        peer.write_all(&client_bytes([TextMessage::new("SECRET").into()])).await.unwrap();
        let message = server.recv().await.unwrap().unwrap();
        server.send(message).await.unwrap();
        server.start_close(CloseCode::NORMAL, "SECRET").unwrap();
        peer.shutdown().await.unwrap();
        server.recv().await.unwrap_err();
        peer.read_to_end(&mut Vec::new()).await.unwrap();
    });
    assert!(lines.len() >= 4, "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("SECRET")), "{lines:#?}");
}
