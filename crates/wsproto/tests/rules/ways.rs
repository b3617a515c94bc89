//! The ways in which a rule can be reached, and the check that all have the same result.

use crate::adapter;
use crate::wire::{self, Frame};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// The agreed extensions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Over {
    Nothing,
    Takeover,
    NoTakeover,
    /// A third-party extension, which owns RSV2.
    Foreign,
}

/// A way to receive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// Parts, out of the caller's own memory.
    OwnMemory,
    /// Parts, out of a read buffer.
    Parts(Steps),
    /// Whole messages, out of a read buffer.
    Whole(Steps),
}

/// The steps in which events come out of a read buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Steps {
    /// In one call.
    One,
    /// Found first, and then borrowed.
    Two,
    /// Found first, and then taken.
    Taken,
}

/// The connection on which a rule is tested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) side: Side,
    pub(crate) over: Over,
    pub(crate) limits: Limits,
}

/// The limits of a configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) frame: u64,
    pub(crate) message: u64,
    pub(crate) fragments: u64,
    pub(crate) empty_fragments: u64,
    pub(crate) control_frames: u64,
}

/// Limits that no test reaches.
pub(crate) const FREE: Limits = Limits {
    frame: 1 << 40,
    message: 1 << 40,
    fragments: 1 << 30,
    empty_fragments: 1 << 30,
    control_frames: 1 << 30,
};

/// An event for the program. A message counts once it is whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, String),
}

/// The reason why the connection failed: the code that the peer gets, and the error's words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: u16,
    pub(crate) words: String,
}

/// All results of some bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) seen: Vec<Seen>,
    pub(crate) fault: Option<Fault>,
}

/// A place in a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    First,
    AfterPing,
    AfterMessage,
    /// In a message, which has begun with a fragment.
    Within,
    WithinAfterPing,
}

pub(crate) const SIDES: [Side; 2] = [Side::Server, Side::Client];
pub(crate) const OVERS: [Over; 4] = [Over::Nothing, Over::Takeover, Over::NoTakeover, Over::Foreign];
const WAYS: [Way; 6] = [
    Way::OwnMemory,
    Way::Parts(Steps::One),
    Way::Parts(Steps::Two),
    Way::Whole(Steps::One),
    Way::Whole(Steps::Two),
    Way::Whole(Steps::Taken),
];
/// Bytes per read.
const PACES: [usize; 3] = [usize::MAX, 1, 3];
pub(crate) const PLACES: [Place; 5] =
    [Place::First, Place::AfterPing, Place::AfterMessage, Place::Within, Place::WithinAfterPing];

impl Over {
    pub(crate) const fn deflates(self) -> bool {
        matches!(self, Self::Takeover | Self::NoTakeover)
    }
}

impl Place {
    pub(crate) const fn is_within(self) -> bool {
        matches!(self, Self::Within | Self::WithinAfterPing)
    }

    /// Returns the opcode of a data frame that is valid there.
    pub(crate) const fn data_opcode(self) -> u8 {
        if self.is_within() { 0x0 } else { 0x2 }
    }

    /// Returns the frames before the place, and their events.
    pub(crate) fn before(self, over: Over) -> (Vec<Frame>, Vec<Seen>) {
        let ping = || (Frame::control(0x9, b"p"), Seen::Ping(b"p".to_vec()));
        let begun = || {
            let (bits, bytes) = wire::encoded(over, b"ab");
            // Not to its end: the message continues.
            let start = if over.deflates() { bytes.len() - 1 } else { bytes.len() };
            Frame::data(0x1, &bytes[..start]).unfinished().with_bits(bits)
        };
        match self {
            Self::First => (vec![], vec![]),
            Self::AfterPing => (vec![ping().0], vec![ping().1]),
            Self::AfterMessage => {
                (wire::message(over, 0x1, b"before", &[]), vec![Seen::Text("before".to_owned())])
            }
            Self::Within => (vec![begun()], vec![]),
            Self::WithinAfterPing => (vec![begun(), ping().0], vec![ping().1]),
        }
    }
}

/// Returns all connections with these limits.
pub(crate) fn subjects(limits: Limits) -> impl Iterator<Item = Subject> {
    SIDES.into_iter().flat_map(move |side| OVERS.into_iter().map(move |over| Subject { side, over, limits }))
}

/// Feeds bytes in every way and at every pace, checks that the results are the same, and returns them.
pub(crate) fn outcome(name: &str, subject: Subject, bytes: &[u8]) -> Outcome {
    let mut all = WAYS.into_iter().flat_map(|way| PACES.into_iter().map(move |pace| (way, pace)));
    let run = |(way, pace)| adapter::receive(subject, way, pace, bytes);
    let first = all.next().expect("a way");
    let outcome = run(first);
    for other in all {
        assert_eq!(run(other), outcome, "{name}: {subject:?}, {other:?} is not as {first:?}");
    }
    outcome
}

/// Checks that bytes end the connection, whatever follows them. Returns the events before, and the reason.
pub(crate) fn refused(name: &str, subject: Subject, bytes: &[u8]) -> (Vec<Seen>, Fault) {
    let alone = outcome(name, subject, bytes);
    // With more bytes, a shortcut of the code may run.
    for more in [[0x00; 32], [0xff; 32], *b"\x82\x06binary\x82\x06binary\x82\x06binary\x82\x06binary"] {
        let followed = outcome(name, subject, &[bytes, &more].concat());
        assert_eq!(followed, alone, "{name}: {subject:?}, followed by {more:02x?}");
    }
    let fault = alone.fault.unwrap_or_else(|| panic!("{name}: {subject:?}: taken"));
    (alone.seen, fault)
}

/// Checks that bytes are valid, and cause these events.
pub(crate) fn assert_taken(name: &str, subject: Subject, bytes: &[u8], seen: &[Seen]) {
    let outcome = outcome(name, subject, bytes);
    assert_eq!(outcome.fault, None, "{name}: {subject:?}");
    assert_eq!(outcome.seen, seen, "{name}: {subject:?}");
}

/// Checks that bytes end the connection with this code, by an error with these words.
pub(crate) fn assert_refused(
    name: &str,
    subject: Subject,
    bytes: &[u8],
    seen: &[Seen],
    (code, words): (u16, &str),
) {
    let (told, fault) = refused(name, subject, bytes);
    assert_eq!(fault.code, code, "{name}: {subject:?}: {}", fault.words);
    assert!(fault.words.contains(words), "{name}: {subject:?}: {:?} instead of {words:?}", fault.words);
    assert_eq!(told, seen, "{name}: {subject:?}");
}
