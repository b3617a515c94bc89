//! What was seen, in the form that the page, `explain --json` and the lines of a terminal share.
//!
//! A record is one JSON object, `{"kind":"frame", …}`. Times (`at`) are microseconds since the connection began. Offsets
//! count the bytes of one direction from its first one. Whatever a peer chose is bounded here: a [`Preview`] has the
//! beginning of a payload only.

use serde::{Deserialize, Serialize, Serializer};

use super::Sender;

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Record {
    Handshake(Handshake),
    Agreed(Agreed),
    Frame(Frame),
    Message(Message),
    State(State),
    Broken(Broken),
    Gap(Gap),
    End(End),
}

impl Record {
    /// Counts its place from the beginning of a stream in which so many bytes came before.
    pub(crate) fn shift(&mut self, before: impl Fn(Sender) -> u64) {
        let shifted = |offset: &mut u64, from| *offset = offset.saturating_add(before(from));
        match self {
            Self::Frame(frame) => shifted(&mut frame.offset, frame.from),
            Self::Gap(gap) => shifted(&mut gap.offset, gap.from),
            Self::Broken(broken) => {
                shifted(&mut broken.offset, broken.from);
                shifted(&mut broken.context.offset, broken.from);
            }
            Self::Handshake(_) | Self::Agreed(_) | Self::Message(_) | Self::State(_) | Self::End(_) => {}
        }
    }
}

/// A request or its answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Handshake {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    /// `HTTP/1.1` or `HTTP/2`.
    pub(crate) version: &'static str,
    /// For HTTP/1.1 the head as it was sent, CRLFs included; what isn't UTF-8 is replaced.
    pub(crate) text: String,
    /// Each field, for HTTP/2 with the pseudo-header fields first.
    pub(crate) fields: Vec<Field>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// What both ends agreed on: the connection is open.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Agreed {
    pub(crate) at: u64,
    pub(crate) subprotocol: Option<String>,
    /// As in the answer's `Sec-WebSocket-Extensions`; empty for none.
    pub(crate) extensions: String,
    /// Of these one that isn't known here: its frames are shown, but neither judged nor put together.
    pub(crate) unknown: Option<String>,
}

/// A whole frame, or the beginning of one that never ended.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "they are the bits of the header")]
pub(crate) struct Frame {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    /// Its place among the frames of its direction, from 1.
    pub(crate) number: u64,
    /// Where its header begins.
    pub(crate) offset: u64,
    /// The header's bytes in hex, 4 to 28 digits (fewer where it was cut): bit fields, length, extended length, masking
    /// key.
    pub(crate) header: String,
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) rsv2: bool,
    pub(crate) rsv3: bool,
    /// The number and the RFC's name, as `1` and `text`.
    pub(crate) opcode: u8,
    pub(crate) name: &'static str,
    /// The masking key in hex, where there is one.
    pub(crate) mask: Option<String>,
    /// What the header says of the payload's length.
    pub(crate) length: u64,
    /// The payload, unmasked, still compressed where it is compressed.
    pub(crate) payload: Preview,
    /// Of a Close with a body.
    pub(crate) close: Option<CloseBody>,
    /// Whether it is a part of a compressed message.
    pub(crate) compressed: bool,
    /// Where the stream ended, or a rule was broken, before all of the payload had come.
    pub(crate) cut: Option<Cut>,
}

/// How many bytes of a frame's payload came.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cut {
    pub(crate) received: u64,
}

/// The body of a Close.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CloseBody {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// The beginning of a payload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Preview {
    /// At most the first 256 bytes, in hex.
    pub(crate) hex: String,
    /// The same bytes as text where they are UTF-8 (a code point that is cut by the end of the preview is left out).
    pub(crate) text: Option<String>,
    /// Whether there is more than `hex` shows.
    pub(crate) more: bool,
}

/// A whole message: what its frames make together, inflated.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    /// `text` or `binary`.
    pub(crate) name: &'static str,
    /// The numbers of its first and last frame.
    pub(crate) frames: (u64, u64),
    /// The lengths of its frames' payloads together.
    pub(crate) wire_length: u64,
    /// The length of the message itself.
    pub(crate) length: u64,
    pub(crate) compressed: bool,
    pub(crate) payload: Preview,
}

/// A change of one end's state.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct State {
    pub(crate) at: u64,
    /// The end whose state changed.
    pub(crate) side: Sender,
    /// The new state: `connecting`, `open`, `local_closing`, `remote_closing`, `closed`, `rejecting`.
    pub(crate) now: &'static str,
}

/// A rule that a sender broke.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Broken {
    pub(crate) at: u64,
    /// Who broke it.
    pub(crate) from: Sender,
    /// The frame's number; none for a handshake.
    pub(crate) frame: Option<u64>,
    /// Where the offending byte is: the first with which the rule is certainly broken.
    pub(crate) offset: u64,
    /// That byte, where it came.
    pub(crate) byte: Option<u8>,
    /// What is wrong, in the library's words.
    pub(crate) rule: String,
    /// The section, as `RFC 6455 §5.5`.
    pub(crate) section: String,
    /// What an endpoint answers it with; null where there is no number.
    pub(crate) answer: Answer,
    /// The bytes around the offending one.
    pub(crate) context: Context,
}

/// What an endpoint answers a broken rule with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A Close with this code, or a status of HTTP.
    Number(u16),
    /// A Close without a code: what was answered is a Close that has none.
    WithoutCode,
    /// Nothing: it ends the connection.
    Nothing,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u16(*number),
            // What stands for a Close without a code (RFC 6455 §7.1.5).
            Self::WithoutCode => serializer.serialize_u16(1005),
            Self::Nothing => serializer.serialize_none(),
        }
    }
}

/// Bytes of one direction as they came, still masked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Context {
    /// Where they begin.
    pub(crate) offset: u64,
    /// At most 32 bytes before the offending one, that one, and at most 15 after it.
    pub(crate) hex: String,
}

/// Bytes that are missing from a recording.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    pub(crate) offset: u64,
    /// How many, where that is known.
    pub(crate) missing: Option<u64>,
}

/// The end of one direction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct End {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    /// Whether a Close of this direction came before it.
    pub(crate) clean: bool,
}
