//! Records, in the form that the page, `explain --json` and the lines of a terminal share.
//!
//! A record is one JSON object, `{"kind":"frame", …}`. Times (`at`) are microseconds since the connection began.
//! Offsets count the bytes of one direction from its first byte. The parts that a peer chose are bounded: a
//! [`Preview`] has only the beginning of a payload.

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
    /// Moves its offsets by the number of bytes that came before in the stream.
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
    /// The head of HTTP/1.1 as it was sent, with CRLFs. Bytes that aren't UTF-8 are replaced.
    pub(crate) text: String,
    /// The fields. With HTTP/2, the pseudo-header fields come first.
    pub(crate) fields: Vec<Field>,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// The agreement of both ends: the connection is open.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Agreed {
    pub(crate) at: u64,
    pub(crate) subprotocol: Option<String>,
    /// The value of the answer's `Sec-WebSocket-Extensions`; empty for none.
    pub(crate) extensions: String,
    /// An extension in use that this program doesn't know. Frames are shown, but neither judged nor assembled.
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
    /// The header in hex, 4 to 28 digits (fewer if it was cut): bit fields, length, extended length, masking key.
    pub(crate) header: String,
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) rsv2: bool,
    pub(crate) rsv3: bool,
    /// The number and the RFC's name, such as `1` and `text`.
    pub(crate) opcode: u8,
    pub(crate) name: &'static str,
    /// The masking key in hex, if there is one.
    pub(crate) mask: Option<String>,
    /// The length of the payload that the header states.
    pub(crate) length: u64,
    /// The payload, unmasked but not inflated.
    pub(crate) payload: Preview,
    /// The body of a Close that has one.
    pub(crate) close: Option<CloseBody>,
    /// Whether it is a part of a compressed message.
    pub(crate) compressed: bool,
    /// Present if the stream ended, or a rule was broken, before the whole payload had come.
    pub(crate) cut: Option<Cut>,
}

/// The number of bytes of a frame's payload that came.
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
    /// The same bytes as text, if they are UTF-8. A code point that the end of the preview cuts is left out.
    pub(crate) text: Option<String>,
    /// Whether there is more than `hex` shows.
    pub(crate) more: bool,
}

/// A whole message: the payloads of its frames, joined and inflated.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    /// `text` or `binary`.
    pub(crate) name: &'static str,
    /// The numbers of its first and last frame.
    pub(crate) frames: (u64, u64),
    /// The sum of the lengths of its frames' payloads.
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
    /// The sender that broke it.
    pub(crate) from: Sender,
    /// The frame's number; none for a handshake.
    pub(crate) frame: Option<u64>,
    /// The offset of the offending byte: the first at which the rule is certainly broken.
    pub(crate) offset: u64,
    /// That byte, if it came.
    pub(crate) byte: Option<u8>,
    /// The library's error message.
    pub(crate) rule: String,
    /// The section, such as `RFC 6455 §5.5`.
    pub(crate) section: String,
    /// The answer of an endpoint; null if it has no number.
    pub(crate) answer: Answer,
    /// The bytes around the offending byte.
    pub(crate) context: Context,
}

/// The answer of an endpoint to a broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A Close with this code, or a status of HTTP.
    Number(u16),
    /// A Close without a code: the answer to a Close that has none.
    WithoutCode,
    /// None: the endpoint ends the connection.
    Nothing,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u16(*number),
            // 1005 stands for a Close without a code (RFC 6455 §7.1.5).
            Self::WithoutCode => serializer.serialize_u16(1005),
            Self::Nothing => serializer.serialize_none(),
        }
    }
}

/// Bytes of one direction as they came, still masked.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Context {
    /// The offset of the first byte.
    pub(crate) offset: u64,
    /// At most 32 bytes before the offending byte, that byte, and at most 15 after it.
    pub(crate) hex: String,
}

/// Bytes that are missing from a recording.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Gap {
    pub(crate) at: u64,
    pub(crate) from: Sender,
    pub(crate) offset: u64,
    /// Their number, if it is known.
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
