//! Properties of any sequence of events, any bytes and any cuts.

use std::mem;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wsproto::extensions::deflate::{DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, LocalProtocolError,
    Ping, Pong, RemoteProtocolError, Role, TextMessage, Transport,
};
use wsproto_frame::{FrameHeader, Opcode, Rsv};

use crate::pair::{ANSWER, REQUEST, Receive, compressed, feed, frame_to, last, more, open, parts, shaken};
use crate::seen::{Seen, Stand, is_prefix, merged, messages};
use crate::ways::{Joining, Reader, WAYS, Way};

/// An event that a side may send.
#[derive(Clone, Debug)]
enum Op {
    Text(String, Stand),
    Bytes(Vec<u8>, Stand),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

impl Op {
    fn event(&self) -> Event<'_> {
        let last = |stand: &Stand| *stand == Stand::MessageDone;
        match self {
            Self::Text(text, stand) if last(stand) => TextMessage::new(text).into(),
            Self::Text(text, _) => TextMessage::new(text).unfinished().into(),
            Self::Bytes(bytes, stand) if last(stand) => BytesMessage::new(bytes).into(),
            Self::Bytes(bytes, _) => BytesMessage::new(bytes).unfinished().into(),
            Self::Ping(payload) => Ping::new(payload).into(),
            Self::Pong(payload) => Pong::new(payload).into(),
        }
    }

    fn seen(self) -> Seen {
        match self {
            Self::Text(text, stand) => Seen::Text(text.into(), stand),
            Self::Bytes(bytes, stand) => Seen::Bytes(bytes, stand),
            Self::Ping(payload) => Seen::Ping(payload),
            Self::Pong(payload) => Seen::Pong(payload),
        }
    }
}

fn stand() -> impl Strategy<Value = Stand> {
    prop_oneof![Just(Stand::FrameDone), Just(Stand::MessageDone)]
}

/// Short, long and repetitive data.
fn data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 100..400usize).prop_map(|(byte, len)| vec![byte; len]),
        1 => (vec(any::<u8>(), 1..40), 1..2000usize).prop_map(|(bytes, times)| bytes.repeat(times)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => any::<String>(), 1 => ("[a-é€😀]{1,9}", 1..6000usize).prop_map(|(text, times)| text.repeat(times))]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (text(), stand()).prop_map(|(text, stand)| Op::Text(text, stand)),
        3 => (data(), stand()).prop_map(|(bytes, stand)| Op::Bytes(bytes, stand)),
        1 => vec(any::<u8>(), 0..=125).prop_map(Op::Ping),
        1 => vec(any::<u8>(), 0..=125).prop_map(Op::Pong),
    ]
}

fn window() -> impl Strategy<Value = WindowBits> {
    (8..=15u8).prop_map(|bits| WindowBits::new(bits).unwrap())
}

/// No extension, or permessage-deflate with any parameters.
pub(crate) fn config() -> impl Strategy<Value = Config> {
    let deflate = (window(), window(), any::<(bool, bool)>(), prop_oneof![Just(0), Just(32)]).prop_map(
        |(server, client, (server_forgets, client_forgets), threshold)| {
            let mut deflate = DeflateConfig::default()
                .with_threshold(threshold)
                .with_server_max_window_bits(server)
                .with_client_max_window_bits(client);
            deflate.params.server_no_context_takeover = server_forgets;
            deflate.params.client_no_context_takeover = client_forgets;
            deflate
        },
    );
    prop_oneof![
        1 => Just(Config::default()),
        2 => deflate.prop_map(|deflate| Config::default().with_extension(deflate)),
    ]
}

pub(crate) fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Server), Just(Role::Client)]
}

/// Sends the events that can be sent. Returns the bytes, and the events that the other side must see.
fn send_all(sender: &mut Connection, ops: Vec<Op>) -> (Vec<u8>, Vec<Seen>) {
    let (mut wire, mut expected) = (Vec::new(), Vec::new());
    let mut interrupted = None;
    for op in ops {
        let before = wire.len();
        match sender.send(op.event(), &mut wire) {
            Ok(()) => expected.push(op.seen()),
            Err(error) => {
                assert!(matches!(error, LocalProtocolError::Frame(_)), "{error:?} for {op:?}");
                assert_eq!(wire.len(), before, "a failed send wrote something");
                interrupted = Some(error);
            }
        }
    }
    if interrupted.is_some() {
        assert_eq!(sender.state(), ConnectionState::Open);
    }
    (wire, expected)
}

pub(crate) fn cut_at(bytes: &[u8], cuts: &[Index]) -> Vec<usize> {
    cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect()
}

/// A frame of a peer, mostly valid.
pub(crate) fn peer_frame() -> impl Strategy<Value = (FrameHeader, Vec<u8>)> {
    let opcode = prop_oneof![
        3 => Just(Opcode::Text),
        3 => Just(Opcode::Binary),
        6 => Just(Opcode::Continuation),
        2 => Just(Opcode::Ping),
        1 => Just(Opcode::Pong),
        1 => Just(Opcode::Close),
    ];
    let payload = prop_oneof![
        2 => any::<String>().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..130),
        1 => Just(b"\x03\xe8bye".to_vec()),
        1 => Just(vec![0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
    ];
    (opcode, prop::bool::weighted(0.6), prop::bool::weighted(0.3), payload).prop_map(
        |(opcode, fin, rsv1, payload)| {
            let rsv = if rsv1 && opcode.is_data() && opcode != Opcode::Continuation {
                Rsv::RSV1
            } else {
                Rsv::NONE
            };
            (FrameHeader { fin: fin || opcode.is_control(), rsv, ..FrameHeader::new(opcode, 0) }, payload)
        },
    )
}

pub(crate) fn stream_to(role: Role, frames: &[(FrameHeader, Vec<u8>)]) -> Vec<u8> {
    frames.iter().flat_map(|(header, payload)| frame_to(role, *header, payload)).collect()
}

/// Reduces an error to its answer: where two faults are in the bytes, an extension may report the first or the second.
pub(crate) fn verdict(end: Result<(), RemoteProtocolError>) -> Result<(), Option<CloseCode>> {
    end.map_err(|error| match error.event_hint() {
        Some(Event::CloseConnection(close)) => Some(close.code),
        _ => None,
    })
}

/// Checks that two connections of the same kind report the same events for the same bytes with other cuts.
fn compare(mut one: impl Receive, mut other: impl Receive, bytes: &[u8], cuts: &[Index]) {
    let (by_byte, by_byte_end) = feed(&mut one, bytes.chunks(1));
    let (by_byte, by_cuts_given) = (merged(&by_byte), parts(bytes, &cut_at(bytes, cuts)));
    let (by_cuts, by_cuts_end) = feed(&mut other, by_cuts_given);
    let by_cuts = merged(&by_cuts);
    assert_eq!(
        verdict(by_byte_end.clone()),
        verdict(by_cuts_end.clone()),
        "{by_byte_end:?}, {by_cuts_end:?}"
    );
    if by_byte_end.is_ok() {
        assert_eq!(by_cuts, by_byte);
    } else {
        assert!(is_prefix(&by_cuts, &by_byte), "{by_cuts:?} and by byte {by_byte:?}");
    }
    for (connection, end) in [(&mut one as &mut dyn Object, by_byte_end), (&mut other, by_cuts_end)] {
        if let Err(error) = end {
            for again in [&b"\x81\x01x"[..], b"", b"\x81\x81\0\0\0\0x"] {
                assert_eq!(connection.feed_one(again), Err(error.clone()), "after an error");
            }
        }
    }
}

trait Object {
    fn feed_one(&mut self, bytes: &[u8]) -> Result<(), RemoteProtocolError>;
}

impl<R: Receive> Object for R {
    fn feed_one(&mut self, bytes: &[u8]) -> Result<(), RemoteProtocolError> {
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        let event = self.take(&mut input)?;
        assert!(event.is_none(), "an event after the end");
        assert!(input.is_empty(), "bytes are not taken after the end");
        Ok(())
    }
}

/// The result of receiving a stream in one way.
pub(crate) struct Received {
    /// The events, with the parts of each frame joined.
    pub(crate) frames: Vec<Seen>,
    /// Whole messages, and other events.
    pub(crate) messages: Vec<Event<'static>>,
    pub(crate) is_fine: bool,
    /// How many reads came before a fault was found.
    pub(crate) failed_at: Option<usize>,
    /// The verdict, the answers, and the state of the connection.
    pub(crate) stand: (Result<(), Option<CloseCode>>, Vec<u8>, ConnectionState, Transport, bool),
}

/// Receives a stream in one way, sends the required answers, and lets it end.
pub(crate) fn received(mut connection: Connection, way: Way, reads: &[&[u8]], ends: bool) -> Received {
    let (mut reader, mut joining) = (Reader::new(way), Joining::default());
    let (mut events, mut out, mut done) = (Vec::new(), Vec::new(), 0);
    let mut read = |read: &&[u8]| {
        done += 1;
        reader.read(&mut connection, read, |connection: &mut Connection, event| {
            connection.reply(&event, &mut out).expect("a reply can always be sent");
            events.push(event.clone().into_owned());
            joining.push(event);
        })
    };
    let outcome = reads.iter().try_for_each(&mut read);
    if let Err(error) = &outcome {
        connection.reply_to_error(error, &mut out).expect("an error can be told");
        for _ in 0..2 {
            let again =
                reader.read(&mut connection, b"\x81\x01x", |_, event| panic!("{event:?} after the end"));
            assert_eq!(again.as_ref(), Err(error), "{way:?}: the error is not final");
            assert!(reader.buffer.is_empty(), "{way:?}: something waits after {error:?}");
        }
    }
    if ends {
        let event = connection.receive_eof().expect("the handshake is over");
        joining.events.extend(event);
    }
    let verdict = verdict(outcome);
    let (state, transport) = (connection.state(), connection.transport());
    let is_fine = verdict.is_ok();
    let stand = (verdict, out, state, transport, connection.closed_cleanly());
    let failed_at = (!is_fine).then_some(done);
    Received { frames: merged(&events), messages: joining.events, is_fine, failed_at, stand }
}

proptest! {
    #[test]
    fn what_is_sent_is_received(ops in vec(op(), 0..12), config in config(), from in role(), cuts: Vec<Index>) {
        let mut receiver = open(from.peer(), &config);
        let (wire, expected) = send_all(&mut open(from, &config), ops);
        let (events, end) = feed(&mut receiver, parts(&wire, &cut_at(&wire, &cuts)));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(merged(&events), expected);
    }

    #[test]
    fn f16_byte_by_byte_gives_the_same(ops in vec(op(), 0..4), config in config(), from in role()) {
        let (wire, expected) = send_all(&mut open(from, &config), ops);
        // Not prop_assume: with many cases it gives up after 1024 of these.
        if wire.len() >= 5000 {
            return Ok(());
        }
        let (events, end) = feed(&mut open(from.peer(), &config), wire.chunks(1));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(merged(&events), expected);
    }

    #[test]
    fn f12_c2_text_cut_anywhere_into_frames_with_pings_between(
        text in text(), cuts in vec(any::<Index>(), 0..5), reads: Vec<Index>, pings in vec(vec(any::<u8>(), 0..9), 6), role in role(),
        squeeze: bool, config in config(),
    ) {
        let mut payload = Vec::new();
        let has_deflate = !config.extensions.is_empty();
        let squeezed = squeeze && has_deflate
            && PermessageDeflate::new(role.peer(), squeezing(), &DeflateConfig::default().with_threshold(0))
                .compress(text.as_bytes(), &mut payload)
                .unwrap();
        if !squeezed {
            payload = text.clone().into_bytes();
        }
        let frames = parts(&payload, &cut_at(&payload, &cuts));
        let mut wire = Vec::new();
        for (number, part) in frames.iter().enumerate() {
            let opcode = if number == 0 { Opcode::Text } else { Opcode::Continuation };
            let header = if number + 1 == frames.len() { last(opcode) } else { more(opcode) };
            let header = if squeezed && number == 0 { compressed(header) } else { header };
            wire.extend(frame_to(role, header, part));
            wire.extend(frame_to(role, last(Opcode::Ping), &pings[number]));
        }
        let (events, end) = feed(&mut open(role, &config), parts(&wire, &cut_at(&wire, &reads)));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(messages(&events), [Seen::Text(text.into(), Stand::MessageDone)]);
        let received: Vec<Seen> = merged(&events).into_iter().filter(|seen| matches!(seen, Seen::Ping(_))).collect();
        let sent: Vec<Seen> = pings.into_iter().take(frames.len()).map(Seen::Ping).collect();
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn frames_good_and_bad_in_any_chunking(
        frames in vec(peer_frame(), 0..8), config in config(), role in role(), cuts: Vec<Index>, small: bool,
        noise in vec(any::<(Index, u8)>(), 0..2),
    ) {
        let mut bytes = stream_to(role, &frames);
        for (at, byte) in noise {
            if !bytes.is_empty() {
                *at.get_mut(&mut bytes) = byte;
            }
        }
        let config = if small { config.with_max_message_len(100).with_max_fragments(3) } else { config };
        compare(open(role, &config), open(role, &config), &bytes, &cuts);
    }

    /// Parts and whole messages, out of the program's own memory or out of a buffer, in one step, in two, and taken.
    #[test]
    fn f16_every_way_to_receive_gives_the_same(
        frames in vec(peer_frame(), 0..8), config in config(), role in role(), cuts: Vec<Index>, small: bool,
        noise in vec(any::<(Index, u8)>(), 0..2), ends: bool,
    ) {
        let mut bytes = stream_to(role, &frames);
        for (at, byte) in noise {
            if !bytes.is_empty() {
                *at.get_mut(&mut bytes) = byte;
            }
        }
        let config = if small { config.with_max_message_len(100).with_max_fragments(3) } else { config };
        let reads = parts(&bytes, &cut_at(&bytes, &cuts));
        let [oracle, others @ ..] = WAYS.map(|way| received(open(role, &config), way, &reads, ends));
        for (way, other) in WAYS[1..].iter().zip(others) {
            prop_assert_eq!(&other.messages, &oracle.messages, "{:?}", way);
            prop_assert_eq!(&other.stand, &oracle.stand, "{:?}", way);
            prop_assert_eq!(other.failed_at, oracle.failed_at, "{:?}: found with another read", way);
            if let Way::Parts(_) = way {
                // How much of a frame is reported before a fault in it may differ.
                let alike = other.frames == oracle.frames
                    || !oracle.is_fine
                        && (is_prefix(&other.frames, &oracle.frames) || is_prefix(&oracle.frames, &other.frames));
                prop_assert!(alike, "{:?}: {:?} and {:?}", way, other.frames, oracle.frames);
            }
        }
    }

    #[test]
    fn f16_what_is_sent_is_received_in_every_way(
        ops in vec(op(), 0..12), config in config(), from in role(), cuts: Vec<Index>,
    ) {
        let (wire, _) = send_all(&mut open(from, &config), ops);
        let reads = parts(&wire, &cut_at(&wire, &cuts));
        let [oracle, others @ ..] = WAYS.map(|way| received(open(from.peer(), &config), way, &reads, true));
        prop_assert!(oracle.is_fine);
        for (way, other) in WAYS[1..].iter().zip(others) {
            prop_assert_eq!(&other.messages, &oracle.messages, "{:?}", way);
            prop_assert_eq!(&other.stand, &oracle.stand, "{:?}", way);
            if let Way::Parts(_) = way {
                prop_assert_eq!(&other.frames, &oracle.frames, "{:?}", way);
            }
        }
    }

    #[test]
    fn any_bytes_after_the_handshake(bytes in vec(any::<u8>(), 0..80), config in config(), role in role(), cuts: Vec<Index>) {
        compare(open(role, &config), open(role, &config), &bytes, &cuts);
    }

    #[test]
    fn any_bytes_from_the_first(
        bytes in vec(any::<u8>(), 0..80), keep: Index, config in config(), cuts: Vec<Index>, role in role(),
        noise in vec(any::<(Index, u8)>(), 0..2),
    ) {
        let start = match role { Role::Server => REQUEST, Role::Client => ANSWER };
        let mut whole = start[..keep.index(start.len() + 1)].to_vec();
        whole.extend(bytes);
        for (at, byte) in noise {
            if !whole.is_empty() {
                *at.get_mut(&mut whole) = byte;
            }
        }
        let fresh = || match role {
            Role::Server => Connection::server(config.clone()),
            Role::Client => {
                let mut client = Connection::client_with_entropy(config.clone(), |bytes: &mut [u8]| {
                    // The key of the RFC's example, so that its answer is valid.
                    let nonce = b"the sample nonce";
                    bytes.copy_from_slice(&nonce[..bytes.len()]);
                });
                client.send(wsproto::Request::new("server.example.com", "/chat"), &mut Vec::new()).unwrap();
                client
            }
        };
        compare(fresh(), fresh(), &whole, &cuts);
    }

    #[test]
    fn events_of_a_prefix_are_a_prefix_of_the_events(frames in vec(peer_frame(), 0..8), config in config(), role in role(), cut: Index) {
        let bytes = stream_to(role, &frames);
        let (whole, _) = feed(&mut open(role, &config), [&bytes[..]]);
        let mut connection = open(role, &config);
        let (start, end) = feed(&mut connection, [&bytes[..cut.index(bytes.len() + 1)]]);
        if end.is_ok() {
            // A part of a frame may come up to the end of its valid text, before a later byte is invalid.
            let (fine, _) = feed(&mut open(role, &config), bytes.chunks(1));
            let (start, whole, fine) = (merged(&start), merged(&whole), merged(&fine));
            prop_assert!(is_prefix(&start, &fine), "{start:?}, {fine:?}");
            prop_assert!(is_prefix(&whole, &fine), "{whole:?}, {fine:?}");
        }
    }

    #[test]
    fn f17_an_end_anywhere_is_abnormal_and_never_a_message(ops in vec(op(), 1..5), config in config(), from in role(), cut: Index) {
        let (wire, expected) = send_all(&mut open(from, &config), ops);
        let mut receiver = open(from.peer(), &config);
        let (events, end) = feed(&mut receiver, [&wire[..cut.index(wire.len() + 1)]]);
        prop_assert_eq!(end, Ok(()));
        prop_assert!(is_prefix(&merged(&events), &expected));
        let abnormal = Event::CloseConnection(CloseConnection::new(CloseCode::ABNORMAL));
        prop_assert_eq!(receiver.receive_eof(), Ok(Some(abnormal)));
        prop_assert_eq!((receiver.state(), receiver.transport()), (ConnectionState::Closed, Transport::Close));
        prop_assert_eq!(receiver.receive_eof(), Ok(None));
    }

    #[test]
    fn c12_both_ends_agree_and_close(config in config(), steps in vec(step(), 0..60)) {
        let mut talk = Talk::new(&config);
        for step in steps {
            talk.step(step);
        }
        talk.end();
    }
}

/// Returns parameters that both sides of any configuration can read: no context takeover, the smallest window.
fn squeezing() -> DeflateParams {
    let small = WindowBits::new(8).unwrap();
    DeflateParams {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: small,
        client_max_window_bits: small,
    }
}

/// One step of a conversation between two ends.
#[derive(Clone, Debug)]
enum Step {
    Send(Role, Op),
    Close(Role),
    Deliver(Role, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (role(), op()).prop_map(|(role, op)| Step::Send(role, op)),
        1 => role().prop_map(Step::Close),
        10 => (role(), 0..200usize).prop_map(|(role, len)| Step::Deliver(role, len)),
    ]
}

/// One end, the bytes on their way to it, and the events that it has seen and sent.
struct End {
    connection: Connection,
    inbox: Vec<u8>,
    sent: Vec<Seen>,
    received: Vec<Event<'static>>,
}

struct Talk {
    client: End,
    server: End,
}

impl Talk {
    fn new(config: &Config) -> Self {
        let (client, server) = shaken(config);
        let end = |connection| End { connection, inbox: Vec::new(), sent: Vec::new(), received: Vec::new() };
        Self { client: end(client), server: end(server) }
    }

    /// The end that acts and its peer.
    fn ends(&mut self, role: Role) -> (&mut End, &mut End) {
        match role {
            Role::Client => (&mut self.client, &mut self.server),
            Role::Server => (&mut self.server, &mut self.client),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send(role, op) => {
                let (from, to) = self.ends(role);
                let (state, before) = (from.connection.state(), to.inbox.len());
                match from.connection.send(op.event(), &mut to.inbox) {
                    Ok(()) => {
                        let is_owed = matches!(op, Op::Pong(_)) && state == ConnectionState::LocalClosing;
                        assert!(is_owed || state == ConnectionState::Open, "{op:?} in {state:?}");
                        from.sent.push(op.seen());
                    }
                    Err(LocalProtocolError::WrongState(at)) => {
                        assert_eq!((at, to.inbox.len()), (state, before));
                        assert_ne!(state, ConnectionState::Open);
                    }
                    Err(error) => {
                        assert!(matches!(error, LocalProtocolError::Frame(_)), "{error:?}");
                        assert_eq!(to.inbox.len(), before);
                    }
                }
            }
            Step::Close(role) => {
                let (from, to) = self.ends(role);
                let state = from.connection.state();
                let close = CloseConnection::new(CloseCode::GOING_AWAY).with_reason("enough");
                let sent = from.connection.send(close, &mut to.inbox);
                assert_eq!(sent.is_ok(), state == ConnectionState::Open, "{sent:?} in {state:?}");
            }
            Step::Deliver(role, len) => self.deliver(role, len),
        }
    }

    /// Delivers some waiting bytes to an end, which answers at once.
    fn deliver(&mut self, role: Role, len: usize) {
        let (to, from) = self.ends(role);
        let rest = to.inbox.split_off(len.min(to.inbox.len()));
        let mut bytes = mem::replace(&mut to.inbox, rest);
        let mut input = &mut bytes[..];
        while let Some(event) = to.connection.receive(&mut input).expect("our own bytes are right") {
            to.connection.reply(&event, &mut from.inbox).expect("a reply can always be sent");
            to.received.push(event.into_owned());
        }
        assert!(input.is_empty());
    }

    /// Lets both ends close, and compares the events that one sent with those that the other received.
    fn end(mut self) {
        let open = [&self.client, &self.server].map(|end| end.connection.state() == ConnectionState::Open);
        if open == [true, true] {
            self.step(Step::Close(Role::Client));
        }
        for _ in 0..4 {
            self.deliver(Role::Server, usize::MAX);
            self.deliver(Role::Client, usize::MAX);
        }
        let Self { mut client, mut server } = self;
        for end in [&client, &server] {
            assert_eq!(end.connection.state(), ConnectionState::Closed);
            let closes = merged(&end.received).iter().filter(|seen| matches!(seen, Seen::Close(..))).count();
            assert_eq!(closes, 1);
        }
        assert_eq!(without_replies(&server.received), without_pongs(mem::take(&mut client.sent)));
        assert_eq!(without_replies(&client.received), without_pongs(mem::take(&mut server.sent)));
        assert_eq!(server.connection.transport(), Transport::ShutdownWrite);
        assert_eq!(client.connection.transport(), Transport::AwaitEnd);
        for end in [&mut client, &mut server] {
            assert!(end.connection.closed_cleanly());
            assert_eq!(end.connection.receive_eof(), Ok(None));
            assert_eq!(end.connection.transport(), Transport::Close);
        }
    }
}

/// Returns the received events except for Pongs (some of them are replies) and the Close.
fn without_replies(received: &[Event<'_>]) -> Vec<Seen> {
    without_pongs(merged(received)).into_iter().filter(|seen| !matches!(seen, Seen::Close(..))).collect()
}

fn without_pongs(seen: Vec<Seen>) -> Vec<Seen> {
    seen.into_iter().filter(|seen| !matches!(seen, Seen::Pong(_))).collect()
}
