//! Prepared messages for many connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use wsproto::extensions::deflate::WindowBits;
use wsproto::extensions::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, Params, Progress,
    Reason, Refusal, Rsv,
};
use wsproto::frame::{FrameError, FrameHeader};
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, DeflateConfig, Event,
    LocalProtocolError, Ping, PreparedMessage, Role, TextMessage,
};

use crate::pair::{open, shaken};

const TEXT: &str = "To all of you, and to all of you, and to all of you";

/// Returns a configuration without context takeover, with a window of this size.
fn forgetful(window_bits: u8) -> Config {
    let deflate = DeflateConfig::default()
        .with_threshold(20)
        .with_server_no_context_takeover()
        .with_server_max_window_bits(WindowBits::new(window_bits).unwrap());
    Config::default().with_extension(deflate)
}

/// Receives all bytes, and returns the messages.
fn received(client: &mut Connection, wire: &mut [u8]) -> Vec<Event<'static>> {
    let mut input = wire;
    let mut events = Vec::new();
    while let Some(event) = client.receive(&mut input).unwrap() {
        events.push(event.into_owned());
    }
    events
}

//= rfc6455#5.2-1, rfc6455#6.1-4
#[test]
fn is_what_send_appends_whole_and_apart() {
    for (role, config) in [Role::Server, Role::Client]
        .into_iter()
        .flat_map(|role| [Config::default(), forgetful(15), forgetful(9)].map(|config| (role, config)))
    {
        for message in [Event::from(TextMessage::new(TEXT)), BytesMessage::new(b"short").into()] {
            let (mut sent, mut whole, mut apart) = (Vec::new(), Vec::new(), Vec::new());
            open(role, &config).send(message.clone(), &mut sent).unwrap();
            let prepared = PreparedMessage::new(message).unwrap();
            open(role, &config).send_prepared(&prepared, &mut whole).unwrap();
            assert_eq!(whole, sent, "{role:?}, {prepared:?}");

            let (header, payload) = open(role, &config).send_prepared_apart(&prepared).unwrap().unwrap();
            apart.extend_from_slice(&header.encode());
            let start = apart.len();
            apart.extend_from_slice(&payload);
            if let Some(mut key) = header.mask {
                key.apply(&mut apart[start..]);
            }
            assert_eq!(apart, sent, "{role:?}, {prepared:?}, apart");
        }
    }
}

#[test]
fn is_compressed_once_for_all_with_the_same_parameters() {
    let config = forgetful(15);
    let message = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
    let payload =
        |config: &Config| open(Role::Server, config).send_prepared_apart(&message).unwrap().unwrap().1;
    let first = payload(&config);
    assert!(first.len() < TEXT.len());
    for (name, config, is_the_same) in [
        ("the same configuration", config, true),
        ("an equal one", forgetful(15), true),
        ("a smaller window", forgetful(10), false),
        ("no extension", Config::default(), false),
    ] {
        assert_eq!(payload(&config).as_ptr() == first.as_ptr(), is_the_same, "{name}");
        assert_eq!(payload(&config).as_ptr(), payload(&config).as_ptr(), "{name}, and kept");
    }
    assert_eq!(format!("{message:?}"), "PreparedMessage { opcode: Text, payload: 51 bytes, forms: 2, .. }");
}

#[test]
fn arrives_among_other_messages() {
    let keeping = Config::default().with_extension(DeflateConfig::default().with_threshold(0));
    for config in [Config::default(), forgetful(15), forgetful(8), keeping] {
        let prepared = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
        let mut pairs = [0; 3].map(|_| (open(Role::Server, &config), open(Role::Client, &config)));
        for round in 0..4 {
            for (at, (server, client)) in pairs.iter_mut().enumerate() {
                let own = format!("{TEXT}; this is for {at}, who got {round}");
                let mut wire = Vec::new();
                server.send(TextMessage::new(&own), &mut wire).unwrap();
                server.send_prepared(&prepared, &mut wire).unwrap();
                server.send_prepared(&prepared.clone(), &mut wire).unwrap();
                let texts: String = received(client, &mut wire)
                    .into_iter()
                    .map(|event| match event {
                        Event::TextMessage(message) => message.data.as_str().to_owned(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                assert_eq!(texts, format!("{own}{TEXT}{TEXT}"));
            }
        }
    }
}

#[test]
fn verbatim_and_short_ones_are_sent_as_they_are() {
    for message in [TextMessage::new(TEXT).verbatim(), TextMessage::new("nineteen characters")] {
        let plain = message.data.as_bytes().to_vec();
        let prepared = PreparedMessage::new(message).unwrap();
        let (header, payload) =
            open(Role::Server, &forgetful(15)).send_prepared_apart(&prepared).unwrap().unwrap();
        assert!(header.rsv.is_empty());
        assert_eq!(payload, plain);
    }
}

#[test]
fn only_whole_messages_can_be_prepared() {
    for event in [
        Event::from(TextMessage::new("a").unfinished()),
        BytesMessage::new(b"a").unfinished().into(),
        Ping::new(b"a").into(),
        CloseConnection::new(CloseCode::NORMAL).into(),
    ] {
        assert_eq!(
            PreparedMessage::new(event.clone()).err(),
            Some(LocalProtocolError::WrongEvent),
            "{event:?}"
        );
    }
}

#[test]
fn what_cannot_be_sent_changes_nothing() {
    let message = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
    let keeping = Config::default().with_extension(DeflateConfig::default().with_threshold(0));
    for config in [Config::default(), forgetful(15), keeping] {
        let (mut server, mut client) = (open(Role::Server, &config), open(Role::Client, &config));
        let mut out = Vec::new();
        server.send(TextMessage::new("a").unfinished(), &mut out).unwrap();
        let before = out.clone();
        let interrupts = LocalProtocolError::Frame(FrameError::MessageInterrupted);
        assert_eq!(server.send_prepared(&message, &mut out), Err(interrupts.clone()));
        assert_eq!(server.send_prepared_apart(&message).err(), Some(interrupts));
        assert_eq!(out, before);
        server.send(TextMessage::new("b"), &mut out).unwrap();
        server.send_prepared(&message, &mut out).unwrap();
        assert_eq!(received(&mut client, &mut out).len(), 3);

        server.send(CloseConnection::new(CloseCode::NORMAL), &mut out).unwrap();
        let closed = LocalProtocolError::WrongState(ConnectionState::LocalClosing);
        assert_eq!(server.send_prepared(&message, &mut out), Err(closed));
    }
}

#[test]
fn needs_an_open_connection() {
    let message = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
    let (_, mut server) = shaken(&forgetful(15));
    let mut out = Vec::new();
    server.send_prepared(&message, &mut out).unwrap();
    assert_eq!(server.send_prepared_apart(&message).unwrap().unwrap().0.encode().as_ref(), &out[..2]);

    let mut server = Connection::server(Config::default());
    let connecting = LocalProtocolError::WrongState(ConnectionState::Connecting);
    assert_eq!(server.send_prepared(&message, &mut out), Err(connecting.clone()));
    assert_eq!(server.send_prepared_apart(&message).err(), Some(connecting));
}

/// An extension that replaces each message by `made by N`, and refuses the first `refused` messages.
#[derive(Clone, Debug)]
struct Counting {
    key: u128,
    made: Arc<AtomicUsize>,
    refused: usize,
}

impl ExtensionConfig for Counting {
    fn name(&self) -> &'static str {
        "x-counting"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-counting")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(self.clone()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-counting"), Box::new(self.clone())))
    }
}

impl Extension for Counting {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        if nth < self.refused {
            return Err(Refusal::new(CloseCode::INTERNAL_ERROR, "not yet"));
        }
        thread::yield_now(); // lets other threads run
        output.write(format!("made by {}", self.key).as_bytes());
        Ok(Outbound::transformed(Rsv::RSV3))
    }

    fn outbound_key(&self) -> Option<u128> {
        Some(self.key)
    }
}

#[test]
fn threads_share_a_message_and_each_form_is_made_once() {
    const THREADS: usize = 8;
    let made: [Arc<AtomicUsize>; 3] = Default::default();
    let message = Arc::new(PreparedMessage::new(TextMessage::new(TEXT)).unwrap());
    let start = Arc::new(Barrier::new(THREADS));
    let threads = (0..THREADS).map(|nth| {
        let (message, made, start) = (Arc::clone(&message), made.clone(), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            for round in 0..30 {
                let at = (nth + round) % made.len();
                let extension = Counting { key: at as u128, made: Arc::clone(&made[at]), refused: 0 };
                let mut server = open(Role::Server, &Config::default().with_extension(extension));
                let mut out = Vec::new();
                server.send_prepared(&message, &mut out).unwrap();
                assert_eq!(out, [b"\x91\x09", format!("made by {at}").as_bytes()].concat());
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    assert_eq!(made.map(|made| made.load(Ordering::Relaxed)), [1; 3]);
}

#[test]
fn a_form_that_was_refused_is_made_when_it_is_asked_for_again() {
    let extension = Counting { key: 7, made: Arc::default(), refused: 1 };
    let config = Config::default().with_extension(extension);
    let message = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
    let mut out = Vec::new();
    let mut server = open(Role::Server, &config);
    let refused = server.send_prepared(&message, &mut out);
    assert!(matches!(refused, Err(LocalProtocolError::Extension(ExtensionError::Refused(_)))), "{refused:?}");
    assert!(out.is_empty());
    server.send_prepared(&message, &mut out).unwrap();
    assert_eq!(out, b"\x91\x09made by 7");
}
