//! Each transcript with a disturbance at every place: the stream ends, we close, control frames come between two
//! frames, our output goes out a byte at a time. Nothing panics, earlier events stay the same, and each connection ends
//! closed.

use wsproto::{CloseCode, CloseConnection, ConnectionState, Transport};
use wsproto_frame::{FrameHeader, MaskingKey, Opcode};

use crate::conversations;
use crate::run::{Runner, frames, is_part};
use crate::script::{Command, Conversation, End, Outcome, Said, Setting, What};

/// A disturbance.
#[derive(Clone, Copy, Debug)]
enum Twist {
    /// None, but bytes are received one at a time.
    Nothing,
    /// A disturbance at a place of the received bytes.
    At(Place, Event),
    /// Our output goes out a byte after each step.
    Trickle,
}

/// A byte of a received line.
#[derive(Clone, Copy, Debug)]
struct Place {
    step: usize,
    at: usize,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// The peer's stream ends.
    End,
    /// We send a Close, or try to.
    Close,
    /// A Ping and a Pong come.
    Control,
}

/// The result.
struct Played {
    runner: Runner,
    written: Vec<u8>,
    /// How many events had come before the stream ended.
    before_end: Option<usize>,
    /// Whether frames were received when the disturbance came.
    was_listening: bool,
}

const PING: &[u8] = b"twist";

fn play(conversation: &Conversation, twist: Twist) -> Result<Played, String> {
    let runner = Runner::new(&conversation.setting);
    let mut played = Played { runner, written: Vec::new(), before_end: None, was_listening: false };
    for (number, step) in conversation.steps.iter().enumerate() {
        match &step.what {
            What::Receive(bytes) => {
                for at in 0..=bytes.len() {
                    if let Twist::At(place, event) = twist
                        && (place.step, place.at) == (number, at)
                    {
                        played.twist(event, &conversation.setting)?;
                    }
                    if let Some(byte) = bytes.get(at).filter(|_| played.before_end.is_none()) {
                        played.runner.read(vec![*byte])?;
                    }
                }
            }
            What::ReceiveEof if played.before_end.is_none() => played.runner.take_eof(),
            What::Send(command, _) => {
                let _ = played.runner.attempt(command)?;
                played.runner.read(Vec::new())?;
            }
            What::ReceiveEof | What::Writes(_) | What::Is(..) | What::Happens(_) => {}
        }
        if matches!(twist, Twist::Trickle) && !played.runner.out.is_empty() {
            played.written.push(played.runner.out.remove(0));
        }
    }
    Ok(played)
}

impl Played {
    fn twist(&mut self, event: Event, setting: &Setting) -> Result<(), String> {
        let state = self.runner.connection.state();
        self.was_listening = matches!(state, ConnectionState::Open | ConnectionState::LocalClosing);
        match event {
            Event::End => {
                self.before_end = Some(self.runner.happened.len());
                self.runner.take_eof();
            }
            Event::Close => {
                let close = CloseConnection::new(CloseCode::GOING_AWAY).with_reason("enough");
                let sent = self.runner.connection.send(close, &mut self.runner.out).is_ok();
                let may = matches!(state, ConnectionState::Open | ConnectionState::RemoteClosing);
                if sent != may {
                    return Err(format!("a Close in {state:?}: {sent}"));
                }
            }
            Event::Control => {
                let opcodes = [Opcode::Ping, Opcode::Pong];
                for header in opcodes.map(|opcode| FrameHeader::new(opcode, PING.len() as u64)) {
                    let header =
                        if setting.server { header.with_mask(MaskingKey::new([0; 4])) } else { header };
                    self.runner.read([&header.encode(), PING].concat())?;
                }
            }
        }
        Ok(())
    }

    /// Ends the conversation: sends the required answer, and ends the peer's stream.
    fn end(&mut self) -> Result<(), String> {
        let _ = self.runner.attempt(&Command::Reply)?;
        self.runner.take_eof();
        self.runner.read(Vec::new())?;
        let _ = self.runner.attempt(&Command::Reply)?;
        self.written.append(&mut self.runner.out);
        let (state, transport) = (self.runner.connection.state(), self.runner.connection.transport());
        let owes_a_body = state == ConnectionState::Rejecting;
        if owes_a_body || (state, transport) == (ConnectionState::Closed, Transport::Close) {
            return Ok(());
        }
        Err(format!("{state:?} and {transport:?} at the end"))
    }

    fn heard(&self) -> Vec<Outcome> {
        frames(self.runner.happened.clone())
    }
}

/// Returns all places of a conversation where bytes are received, including those before the first and after the last
/// byte of a line.
fn places(conversation: &Conversation) -> impl Iterator<Item = Place> {
    let lines = conversation.steps.iter().enumerate().filter_map(|(step, line)| match &line.what {
        What::Receive(bytes) => Some((step, bytes.len())),
        _ => None,
    });
    lines.flat_map(|(step, len)| (0..=len).map(move |at| Place { step, at }))
}

/// Returns the places on an open connection where a frame begins, or where the last one ends.
fn between_frames(conversation: &Conversation) -> Vec<Place> {
    let mut found = Vec::new();
    let (mut frame, mut left) = (Vec::new(), 0);
    for place in places(conversation) {
        if left == 0 && frame.is_empty() {
            found.push(place);
        }
        let What::Receive(bytes) = &conversation.steps[place.step].what else { continue };
        let Some(byte) = bytes.get(place.at) else { continue };
        if left > 0 {
            left -= 1;
            continue;
        }
        frame.push(*byte);
        match FrameHeader::parse(&frame) {
            Ok(None) => {}
            Ok(Some((header, _))) => {
                left = header.payload_len;
                frame.clear();
            }
            Err(_) => return found,
        }
    }
    found
}

/// Plays each conversation with each of its disturbances, and reports all failures.
fn try_all(
    twists: impl Fn(&Conversation) -> Vec<Twist>,
    check: impl Fn(&Conversation, &mut Played, &Played) -> Result<(), String>,
) {
    let (mut problems, mut tried) = (Vec::new(), 0);
    for conversation in conversations() {
        let plain = play(&conversation, Twist::Nothing).expect("the transcript is right");
        for twist in twists(&conversation) {
            tried += 1;
            let checked = play(&conversation, twist).and_then(|mut played| {
                check(&conversation, &mut played, &plain)?;
                played.end()
            });
            if let Err(problem) = checked {
                problems.push(format!("{}, {twist:?}: {problem}", conversation.place));
                break;
            }
        }
    }
    assert!(tried > 100, "{tried} are too few to be all");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn at_each_place(conversation: &Conversation, event: Event) -> Vec<Twist> {
    places(conversation).map(|place| Twist::At(place, event)).collect()
}

#[test]
fn f17_the_stream_ends_after_every_byte() {
    try_all(
        |conversation| at_each_place(conversation, Event::End),
        |_, played, plain| {
            let before = played.before_end.ok_or("the end was not reached")?;
            let (before, after) = played.runner.happened.split_at(before);
            starts(&frames(before.to_vec()), &plain.heard())?;
            // Events of bytes that a client sent before it was answered may follow.
            let after: Vec<Outcome> = after.iter().filter(|outcome| !is_end(outcome)).cloned().collect();
            starts(&frames([before, &after].concat()), &plain.heard())
        },
    );
}

#[test]
fn c12_we_close_at_every_byte() {
    try_all(
        |conversation| at_each_place(conversation, Event::Close),
        |conversation, played, plain| {
            same("heard", &played.heard(), &plain.heard())?;
            played.written.append(&mut played.runner.out);
            if conversation.setting.open { one_close(conversation, &played.written) } else { Ok(()) }
        },
    );
}

#[test]
fn f12_control_frames_between_any_two_frames() {
    try_all(
        |conversation| {
            let counted = conversation.setting.limits.iter().any(|(name, _)| name == "max-control");
            if counted || !conversation.setting.open {
                return Vec::new();
            }
            between_frames(conversation).into_iter().map(|place| Twist::At(place, Event::Control)).collect()
        },
        |_, played, plain| {
            let mut heard = played.heard();
            let all = heard.len();
            heard.retain(|outcome| match outcome {
                Outcome::Event(Said::Ping(payload) | Said::Pong(payload)) => payload != PING,
                _ => true,
            });
            let expected = if played.was_listening { 2 } else { 0 };
            same("control frames", &(all - heard.len()), &expected)?;
            same("heard", &heard, &plain.heard())
        },
    );
}

#[test]
fn f21_what_is_written_goes_out_a_byte_at_a_time() {
    try_all(
        |_| vec![Twist::Trickle],
        |_, played, plain| {
            same("heard", &played.heard(), &plain.heard())?;
            let written = [&played.written[..], &played.runner.out].concat();
            same("written", &written, &plain.runner.out)
        },
    );
}

/// Returns whether the end of the stream causes this: an abnormal close, a handshake that fails, a complete body.
fn is_end(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Event(Said::Close { code, .. }) => *code == Some(1006),
        Outcome::Event(Said::RejectData { end, .. }) => *end == End::Last,
        Outcome::Event(_) => false,
        Outcome::Broken(blame, _) => blame == "fail",
    }
}

/// Checks that `start` is the beginning of `whole`. Its last frame may be incomplete.
fn starts(start: &[Outcome], whole: &[Outcome]) -> Result<(), String> {
    let differs = || format!("{start:?} is no start of {whole:?}");
    let Some((last, before)) = start.split_last() else { return Ok(()) };
    let counterpart = whole.get(before.len()).ok_or_else(differs)?;
    let in_part = match (last, counterpart) {
        (Outcome::Event(part), Outcome::Event(all)) => match (part, all) {
            (Said::Text { data, .. }, Said::Text { data: all, .. }) => is_part(part) && all.starts_with(data),
            (Said::Binary { data, .. }, Said::Binary { data: all, .. }) => {
                is_part(part) && all.starts_with(data)
            }
            (Said::RejectData { data, end }, Said::RejectData { data: all, .. }) => {
                *end == End::More && all.starts_with(data)
            }
            _ => false,
        },
        _ => false,
    };
    let whole_before = &whole[..before.len()];
    if before == whole_before && (in_part || last == counterpart) { Ok(()) } else { Err(differs()) }
}

/// Lets a peer read all bytes that were written on an open connection: valid frames, and at most one Close, as the
/// last.
fn one_close(conversation: &Conversation, written: &[u8]) -> Result<(), String> {
    let setting = &conversation.setting;
    let peer = Setting { server: !setting.server, limits: Vec::new(), ..setting.clone() };
    let mut peer = Runner::new(&peer);
    peer.read(written.to_vec())?;
    let closes = peer.happened.iter().filter(|outcome| matches!(outcome, Outcome::Event(Said::Close { .. })));
    match (closes.count(), peer.happened.last()) {
        (_, Some(Outcome::Broken(..))) => Err(format!("the peer heard {:?}", peer.happened)),
        (0, _) | (1, Some(Outcome::Event(Said::Close { .. }))) => Ok(()),
        _ => Err(format!("the peer heard {:?}", peer.happened)),
    }
}

fn same<T: std::fmt::Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}
