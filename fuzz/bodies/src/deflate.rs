//! permessage-deflate from one side to the other: any parameters, messages, fragments and pieces.

use wsproto_extensions::{
    Extension, FrameHeader, Handling, Opcode, Outbound, OutboundFrame, Output, Progress,
    deflate::{Backend, DeflateConfig, PermessageDeflate, Pool, WindowBits},
};

use crate::{Cuts, Source, speaker};

/// The longest fragment.
const MOST: usize = 50_000;

/// Negotiates, and sends messages in both directions.
pub fn deflate_round_trip(data: &[u8]) {
    let mut source = Source::new(data);
    let (client, server) = (config(&mut source), config(&mut source));
    let [mut client, mut server] = negotiate(&client, &server);
    for _ in 0..8 {
        if source.is_empty() {
            break;
        }
        if source.choices().has(0) {
            send(&mut source, &mut client, &mut server);
        } else {
            send(&mut source, &mut server, &mut client);
        }
    }
}

/// Makes any configuration. Zero bytes make the default one.
pub(crate) fn config(source: &mut Source<'_>) -> DeflateConfig {
    let (choices, windows) = (source.choices(), source.byte());
    let window = |bits: u8| WindowBits::new(15 - bits % 8).expect("8 to 15");
    let mut config = DeflateConfig::default()
        .with_backend(if choices.has(2) { Backend::ZlibRs } else { Backend::Miniz })
        .with_threshold(if choices.has(3) { 0 } else { 32 })
        .with_level(choices.get() >> 4)
        .with_server_max_window_bits(window(windows))
        .with_client_max_window_bits(window(windows >> 4))
        .with_pool(Pool::new(1));
    config.params.server_no_context_takeover = choices.has(0);
    config.params.client_no_context_takeover = choices.has(1);
    config
}

fn negotiate(client: &DeflateConfig, server: &DeflateConfig) -> [PermessageDeflate; 2] {
    let responded = server.respond(&client.offer()).expect("an offer of ours keeps the grammar");
    let (answer, server) = responded.expect("an offer of ours can be honoured");
    let client = client.conclude(&answer).expect("an answer of ours can be honoured").expect("it agreed");
    let (ours, theirs) = (client.params(), server.params());
    assert_eq!(ours.server_max_window_bits, theirs.server_max_window_bits);
    assert_eq!(ours.server_no_context_takeover, theirs.server_no_context_takeover);
    // A client needn't announce its wishes for its own side.
    assert!(ours.client_max_window_bits <= theirs.client_max_window_bits, "the client's window");
    assert!(ours.client_no_context_takeover >= theirs.client_no_context_takeover, "the client's context");
    [client, server]
}

/// Sends a message in one to four fragments, with a Ping between any two.
fn send(source: &mut Source<'_>, from: &mut PermessageDeflate, to: &mut PermessageDeflate) {
    let choices = source.choices();
    let fragments = 1 + choices.get() % 4;
    let mut opcode = if choices.has(2) { Opcode::Text } else { Opcode::Binary };
    for n in 1..=fragments {
        let payload = speaker::bytes(source, MOST);
        let frame = OutboundFrame::new(opcode, &payload);
        let frame = if choices.has(3) { frame.verbatim() } else { frame };
        let frame = if n == fragments { frame } else { frame.unfinished() };
        let (header, wire) = outbound(from, &frame);
        assert_eq!(inbound(source, to, &header, &wire), payload, "another payload: {header:?}");
        opcode = Opcode::Continuation;
        ping(from, to);
    }
}

fn ping(from: &mut PermessageDeflate, to: &mut PermessageDeflate) {
    let sent =
        from.outbound(&OutboundFrame::new(Opcode::Ping, b"ping"), &mut Output::new(&mut Vec::new(), 9));
    assert_eq!(sent, Ok(Outbound::PASS), "a Ping sent");
    let received = to.inbound_header(&FrameHeader::new(Opcode::Ping, 4));
    assert_eq!(received, Ok(Handling::Pass), "a Ping received");
}

fn outbound(from: &mut PermessageDeflate, frame: &OutboundFrame<'_>) -> (FrameHeader, Vec<u8>) {
    let mut out = Vec::new();
    let sent = from.outbound(frame, &mut Output::new(&mut out, usize::MAX)).expect("there is room");
    if sent.handling == Handling::Pass {
        out = frame.payload.to_vec();
    }
    let header = FrameHeader::new(frame.opcode, out.len() as u64).with_rsv(sent.rsv);
    (FrameHeader { fin: frame.fin, ..header }, out)
}

/// Receives a frame in any pieces, with any room.
fn inbound(
    source: &mut Source<'_>,
    to: &mut PermessageDeflate,
    header: &FrameHeader,
    wire: &[u8],
) -> Vec<u8> {
    if to.inbound_header(header).expect("a good header") == Handling::Pass {
        return wire.to_vec();
    }
    let seed = source.byte();
    let (cuts, mut rooms) = (Cuts::Seeded(seed), Cuts::Seeded(seed ^ 0xff).lengths());
    let (mut bytes, mut out) = (wire.to_vec(), Vec::new());
    for part in cuts.parts(&mut bytes) {
        let mut input = &*part;
        loop {
            let room = rooms.next().expect("endless");
            let mut output = Output::new(&mut out, room);
            let before = input.len();
            to.inbound(&mut input, &mut output).expect("a good stream");
            if output.room() > 0 {
                break assert!(input.is_empty(), "there was room");
            }
            assert!(before > input.len() || room > 0, "no progress");
        }
    }
    let end = to.inbound_end(header, &mut Output::new(&mut out, 1)).expect("a good end");
    assert_eq!(end, Progress::Done);
    out
}
