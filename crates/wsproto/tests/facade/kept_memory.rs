//! An event that a program keeps costs at most twice its bytes and 64 more, however it came. Memory for long messages
//! and for broken connections is freed.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "lengths are far below 2^63"
)]

use std::thread;

use allocation_counter::measure;
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, Connection, Event, Ping, Pong, PreparedMessage,
    ReadBuffer, RemoteProtocolError, Request, Role, TextMessage,
};
use wsproto_frame::{FrameHeader, Opcode};

use crate::pair::{ANSWER, REQUEST, compressed, deflating, frame_to, last, more, open, settled};
use crate::two_extensions::{deflate_first, inverting};
use crate::ways::{Reader, STEPS, Steps, WAYS, Way, fill};

const ROLES: [Role; 2] = [Role::Server, Role::Client];
const NAMES: [&str; 8] = ["Ada", "Grace", "Edsger", "Barbara", "Donald K", "Margaret!", "é", ""];

fn configs() -> Vec<(&'static str, Config)> {
    let mut configs = vec![
        ("plain", Config::default()),
        ("deflate", deflating()),
        ("foreign", inverting()),
        ("deflate and foreign", deflate_first()),
        ("foreign and deflate", {
            let deflate = DeflateConfig::default().with_threshold(0);
            inverting().with_extension(deflate)
        }),
    ];
    if cfg!(feature = "zlib-rs") {
        #[cfg(feature = "zlib-rs")]
        configs.push(("zlib-rs", {
            let deflate = DeflateConfig::default().with_threshold(0);
            Config::default()
                .with_extension(deflate.with_backend(wsproto::extensions::deflate::Backend::ZlibRs))
        }));
    }
    configs
}

/// Returns names, each after a much longer message, whole and in fragments; and control frames.
fn stream(role: Role, config: &Config, long: usize) -> Vec<u8> {
    let mut sender = open(role.peer(), config);
    let mut out = Vec::new();
    let mut send = |event: Event<'_>| sender.send(event, &mut out).unwrap();
    let mut text: String =
        (0..long).map(|place| char::from(b'a' + ((place % 26) * (place % 26) % 26) as u8)).collect();
    for name in NAMES {
        text.push('x');
        let (start, end) = name.split_at(name.char_indices().nth(2).map_or(0, |(at, _)| at));
        send(BytesMessage::new(text.as_bytes()).into());
        send(TextMessage::new(name).into());
        send(BytesMessage::new(name.as_bytes()).into());
        send(TextMessage::new(&text[..long / 2]).unfinished().into());
        send(TextMessage::new(&text[long / 2..]).into());
        send(TextMessage::new(start).unfinished().into());
        send(Ping::new(name.as_bytes()).into());
        send(TextMessage::new(end).into());
        send(BytesMessage::new(start.as_bytes()).unfinished().into());
        send(Pong::new(name.as_bytes()).into());
        send(BytesMessage::new(end.as_bytes()).into());
    }
    send(CloseConnection::new(CloseCode::NORMAL).with_reason("bye").into());
    out
}

/// Returns how many bytes of the peer an event holds.
fn len(event: &Event<'_>) -> usize {
    match event {
        Event::TextMessage(message) => message.data.len(),
        Event::BytesMessage(message) => message.data.len(),
        Event::Ping(ping) => ping.payload.len(),
        Event::Pong(pong) => pong.payload.len(),
        Event::CloseConnection(close) => close.reason.len(),
        Event::RejectData(data) => data.data.len(),
        _ => 0,
    }
}

/// Receives all events, keeps the short ones, and drops the others.
fn keep(connection: &mut Connection, way: Way, bytes: &[u8], read: usize, kept: &mut Vec<Event<'static>>) {
    let mut reader = Reader::new(way);
    for part in bytes.chunks(read) {
        let note = |_: &mut Connection, event: Event<'_>| {
            if len(&event) < 100 {
                kept.push(event.into_owned());
            }
        };
        reader.read(connection, part, note).unwrap();
    }
}

/// Returns the most memory that the kept events may cost.
fn most(events: &[Event<'_>]) -> usize {
    events.iter().map(|event| 2 * len(event) + 64).sum()
}

#[test]
fn f24_what_is_kept_costs_at_most_twice_its_bytes() {
    for (role, (name, config)) in
        ROLES.into_iter().flat_map(|role| configs().into_iter().map(move |one| (role, one)))
    {
        let (wire, shorter) = (stream(role, &config, 300_000), stream(role, &config, 20_000));
        for way in WAYS {
            for (wire, read) in [(&shorter, 7), (&wire, 4096), (&wire, wire.len())] {
                let case = format!("{name}, {role:?}, {way:?}, reads of {read}");
                let run = |kept: &mut Vec<Event<'static>>| {
                    let mut connection = open(role, &config);
                    keep(&mut connection, way, wire, read, kept);
                };
                // The memory that the thread lends and needs exists before.
                let mut kept = Vec::with_capacity(wire.len());
                run(&mut kept);
                assert!(kept.len() >= 5 * NAMES.len(), "{case}: {} events", kept.len());
                kept.clear();
                let held = measure(|| run(&mut kept)).bytes_current;
                let most = most(&kept);
                assert!(held <= most as i64, "{case}: {held} bytes, more than {most}");
                // As `Bytes`, too.
                let bytes = measure(|| {
                    for event in &mut kept {
                        let data = match event.clone() {
                            Event::TextMessage(message) => message.data.into_bytes(),
                            Event::BytesMessage(message) => message.data.into_bytes(),
                            _ => continue,
                        };
                        *event = BytesMessage::new(data).into();
                    }
                });
                assert!(held + bytes.bytes_current <= most as i64, "{case}: {held}, {bytes:?}");
                for event in kept {
                    let (most, shown) = (2 * len(&event) + 64, format!("{event:?}"));
                    let held = -measure(|| drop(event)).bytes_current;
                    assert!(held <= most as i64, "{case}: {shown} held {held} bytes, more than {most}");
                }
            }
        }
    }
}

/// Events that borrow only from the input may be kept, too.
#[test]
fn f24_what_is_kept_beside_its_input_holds_no_memory_of_others() {
    for (name, config) in configs() {
        let wire = stream(Role::Server, &config, 300_000);
        let (mut first, mut second) = (wire.clone(), wire);
        let run = |wire: &mut [u8]| {
            let mut connection = open(Role::Server, &config);
            let mut kept = Vec::with_capacity(1000);
            let mut input = &mut wire[..];
            let held = measure(|| {
                while let Some(event) = connection.receive(&mut input).unwrap() {
                    kept.extend(Some(event).filter(|event| len(event) < 100));
                }
                connection = open(Role::Server, &Config::default());
            });
            (held.bytes_current, most(&kept), kept.len())
        };
        // The memory that the thread lends exists before.
        run(&mut first);
        let (held, most, events) = run(&mut second);
        assert!(events >= 5 * NAMES.len(), "{name}: {events} events");
        assert!(held <= most as i64, "{name}: {held} bytes, more than {most}");
    }
}

/// Keeps many small pieces of an inflated message.
#[test]
fn f24_a_thread_lends_and_does_not_give() {
    let wire = thread::spawn(|| {
        let mut out = Vec::new();
        let mut client = open(Role::Client, &deflating());
        for number in 0..500 {
            client.send(BytesMessage::new(vec![7; 16_384]), &mut out).unwrap();
            client.send(TextMessage::new(format!("text {number:049}")), &mut out).unwrap();
        }
        out
    });
    let wire = wire.join().unwrap();
    let mut kept = Vec::with_capacity(1000);
    let held = measure(|| {
        keep(&mut open(Role::Server, &deflating()), Way::OwnMemory, &wire, 4096, &mut kept);
    });
    let texts = kept.iter().filter(|event| matches!(event, Event::TextMessage(_)));
    assert_eq!(texts.map(len).sum::<usize>(), 500 * "text ".len() + 500 * 49);
    // This includes the thread's own memory.
    let most = (most(&kept) + (64 << 10)) as i64;
    assert!(held.bytes_current <= most, "{held:?}");
}

#[test]
fn a_prepared_message_holds_no_more_than_what_was_made_of_it() {
    let mut server = open(Role::Server, &{
        let deflate = DeflateConfig::default().with_threshold(0).with_server_no_context_takeover();
        Config::default().with_extension(deflate)
    });
    let mut out = Vec::with_capacity(1 << 20);
    let payload = vec![7; 1 << 20];
    let message = PreparedMessage::new(BytesMessage::new(&payload)).unwrap();
    server.send_prepared(&PreparedMessage::new(BytesMessage::new(b"warm")).unwrap(), &mut out).unwrap();
    out.clear();
    let held = measure(|| server.send_prepared(&message, &mut out).unwrap());
    // The name of the extension and its key, besides.
    assert!(held.bytes_current <= 2 * out.len() as i64 + 512, "{held:?} for {} bytes", out.len());
}

/// Events of the opening handshake hold their head, once.
#[test]
fn events_of_a_handshake_hold_their_head() {
    let more_fields = "User-Agent: a browser of our days, with all the names that it likes to have\r\n\
                       Accept-Language: de,en-US;q=0.7,en;q=0.3\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n";
    for fields in [String::new(), more_fields.to_owned(), more_fields.repeat(10)] {
        let with_fields = |head: &[u8]| [&head[..head.len() - 2], fields.as_bytes(), b"\r\n"].concat();
        let rejection = with_fields(b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n");
        let rejection = [rejection, b"never".to_vec()].concat();
        let table = [
            ("request", Role::Server, with_fields(REQUEST)),
            ("answer", Role::Client, with_fields(ANSWER)),
            ("rejection", Role::Client, rejection),
        ];
        for (name, role, mut bytes) in table {
            for read in [7, bytes.len()] {
                let mut kept = Vec::with_capacity(100);
                let held = measure(|| {
                    let mut connection = match role {
                        Role::Server => Connection::server(Config::default()),
                        Role::Client => {
                            let mut client = Connection::client_with_entropy(Config::default(), settled);
                            client
                                .send(Request::new("server.example.com", "/chat"), &mut Vec::new())
                                .unwrap();
                            client
                        }
                    };
                    for part in bytes.chunks_mut(read) {
                        let mut input = part;
                        while let Some(event) = connection.receive(&mut input).unwrap() {
                            kept.push(event.into_owned());
                        }
                    }
                });
                assert!(!kept.is_empty(), "{name}");
                // The event itself is boxed.
                let most = 2 * bytes.len() + 64 * kept.len() + size_of::<Request>();
                let held = held.bytes_current;
                assert!(held <= most as i64, "{name}, reads of {read}: {held} bytes, more than {most}");
            }
        }
    }
}

/// Receives all that can be received, and returns whether an error ended it.
fn receive_into(connection: &mut Connection, buffer: &mut ReadBuffer, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        bytes = &bytes[fill(buffer, bytes)..];
        if Steps::One.all(connection, buffer, |_, _| {}).is_err() {
            return true;
        }
    }
    false
}

/// A message in two fragments, so that it is joined.
fn long_message(config: &Config, len: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut client = open(Role::Client, config);
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let noise: Vec<u8> = noise.take(len).collect();
    client.send(BytesMessage::new(&noise[..len / 2]).unfinished(), &mut out).unwrap();
    client.send(BytesMessage::new(&noise[len / 2..]), &mut out).unwrap();
    out
}

#[test]
fn f24_a_buffer_gives_the_memory_of_one_long_message_back() {
    const LEN: usize = 4 << 20;
    for (name, config) in configs() {
        let long = long_message(&config, LEN);
        let mut server = open(Role::Server, &config);
        let mut buffer = ReadBuffer::messages();
        let held = measure(|| assert!(!receive_into(&mut server, &mut buffer, &long)));
        assert!(held.bytes_max >= LEN as u64, "{name}: {held:?}");
        // The program waits for the next read.
        let _room = buffer.room();
        assert!(buffer.capacity() <= 256 << 10, "{name}: {} bytes", buffer.capacity());
        // With context takeover the stream continues, so use another connection.
        let rounds = [(); 4].map(|()| {
            let mut server = open(Role::Server, &config);
            let held = measure(|| assert!(!receive_into(&mut server, &mut buffer, &long)));
            let _room = buffer.room();
            held.bytes_total
        });
        // From the second message on the memory stays, since long messages are frequent.
        assert!(buffer.capacity() >= LEN, "{name}: {} bytes", buffer.capacity());
        // The third-party extension copies each piece.
        let copies = if name.contains("foreign") { LEN as u64 } else { 0 };
        let [first, .., last] = rounds.map(|bytes| bytes - copies);
        assert!(last <= first / 4, "{name}: {rounds:?} bytes were allocated");
        for _ in 0..8 {
            let short = long_message(&config, 100);
            assert!(!receive_into(&mut open(Role::Server, &config), &mut buffer, &short));
            let _room = buffer.room();
        }
        assert!(buffer.capacity() <= 256 << 10, "{name}: {} bytes", buffer.capacity());
    }
}

/// A fragmented message counts as one long message, whichever of its fragments are long.
#[test]
fn f24_fragments_of_one_long_message_do_not_count_as_many() {
    const LEN: usize = 1 << 20;
    for lens in
        [vec![LEN], vec![LEN, LEN], vec![LEN, 1], vec![1, LEN], vec![1, LEN, LEN, 1], vec![LEN / 4; 9]]
    {
        let mut wire = frame_to(Role::Server, more(Opcode::Binary), b"");
        for len in &lens {
            wire.extend(frame_to(Role::Server, more(Opcode::Continuation), &vec![7; *len]));
        }
        wire.extend(frame_to(Role::Server, last(Opcode::Continuation), b""));
        for read in [1460, 100_000, usize::MAX] {
            let case = format!("fragments of {lens:?}, reads of {read}");
            let (mut server, mut buffer) = (open(Role::Server, &Config::default()), ReadBuffer::messages());
            let mut message = || {
                let held = measure(|| {
                    for part in wire.chunks(read.min(wire.len())) {
                        assert!(!receive_into(&mut server, &mut buffer, part));
                    }
                    let _room = buffer.room();
                });
                (held.bytes_total, buffer.capacity())
            };
            let (first, kept) = message();
            assert!(kept <= 256 << 10, "{case}: {kept} bytes are kept after one");
            let (last, kept) = [(); 4].map(|()| message())[3];
            assert!(kept >= LEN, "{case}: {kept} bytes are kept where all are long");
            assert!(last <= first / 4, "{case}: {last} bytes were allocated, {first} for the first");
        }
    }
}

#[test]
fn memory_is_given_back_when_asked() {
    for (name, config) in configs() {
        let long = long_message(&config, 1 << 20);
        let mut buffer = ReadBuffer::messages();
        assert_eq!(buffer.capacity(), 0);
        let mut server = open(Role::Server, &config);
        // Half of a message waits. It is not freed, and the message continues.
        assert!(!receive_into(&mut server, &mut buffer, &long[..600_000]));
        buffer.shrink_to(0);
        assert!((100_000..1_400_000).contains(&buffer.capacity()), "{name}: {} bytes", buffer.capacity());
        assert!(!receive_into(&mut server, &mut buffer, &long[600_000..]));
        assert!(buffer.is_empty());
        buffer.shrink_to(100_000);
        assert!(buffer.capacity() <= 100_000, "{name}: {} bytes", buffer.capacity());
        buffer.shrink_to(0);
        assert_eq!(buffer.capacity(), 0, "{name}");
        // The buffer can serve a new connection.
        let mut next = open(Role::Server, &config);
        assert!(!receive_into(&mut next, &mut buffer, &long_message(&config, 1000)));
        assert!(buffer.is_empty(), "{name}");
    }
}

/// Returns ways to end a connection within a long message, or within a control frame.
fn ends(config: &Config) -> Vec<(&'static str, Vec<u8>)> {
    const LEN: usize = 1 << 20;
    let frame = |header, payload: &[u8]| frame_to(Role::Server, header, payload);
    let mut start = Vec::new();
    open(Role::Client, config).send(TextMessage::new("x".repeat(LEN)).unfinished(), &mut start).unwrap();
    let (ping, close) = (last(Opcode::Ping), last(Opcode::Close));
    let cut_off = |header: FrameHeader, len| {
        let mut frame = frame(header, &[7; 100]);
        frame.truncate(len);
        frame
    };
    let with = |end: Vec<u8>| [&start[..], &end].concat();
    vec![
        ("another message", with(frame(last(Opcode::Text), b""))),
        ("bad text", with(frame(last(Opcode::Continuation), b"\xff"))),
        ("bad stream", with(frame(last(Opcode::Continuation), &[0xff; 100]))),
        ("reserved bits", with(frame(compressed(last(Opcode::Continuation)), b""))),
        ("too long", with(frame(last(Opcode::Continuation), &[b'x'; 2000]))),
        ("a bad close", with(frame(close, b"1"))),
        ("a close with bad text", with(frame(close, b"\x03\xe8\xff"))),
        ("a close", with(frame(close, b"\x03\xe8bye"))),
        ("bad text in one frame", frame(last(Opcode::Text), &[&[b'x'; LEN][..], b"\xff"].concat())),
        ("half a ping", with(cut_off(ping, 50))),
        ("half a close", with(cut_off(close, 20))),
    ]
}

/// After the end of a connection, no memory is held for a message, or by an extension. The end may be both Closes, an
/// error, or the end of the stream, in every way of receiving.
#[test]
fn f24_what_a_connection_held_is_given_back_at_its_end() {
    for (name, config) in configs() {
        let config = config.with_max_message_len((1 << 20) + 1000);
        for ((end, wire), read) in
            ends(&config).into_iter().flat_map(|one| [13, 4096, usize::MAX].map(|read| (one.clone(), read)))
        {
            let read = read.min(wire.len());
            for way in WAYS {
                let case = format!("{name}, {end}, {way:?}, reads of {read}");
                let drive = |connection: &mut Connection, reader: &mut Reader, out: &mut Vec<u8>| {
                    let mut read_one = |part| {
                        reader.read(connection, part, |connection: &mut Connection, event| {
                            connection.reply(&event, out).unwrap();
                        })
                    };
                    let failed = wire.chunks(read).try_for_each(&mut read_one).is_err();
                    let _event = connection.receive_eof().unwrap();
                    failed
                };
                let mut out = Vec::with_capacity(1000);
                // The memory that the thread lends exists before.
                drive(&mut open(Role::Server, &config), &mut Reader::new(way), &mut out);
                let (mut connection, mut reader) = (None, Reader::new(way));
                let mut failed = false;
                let held = measure(|| {
                    let mut one = open(Role::Server, &config);
                    failed = drive(&mut one, &mut reader, &mut out);
                    connection = Some(one);
                });
                if failed {
                    // The rest in the buffer is freed by the next call at the latest.
                    assert!(reader.read(connection.as_mut().unwrap(), b"", |_, _| {}).is_err(), "{case}");
                } else if end != "a close" {
                    // The buffer doesn't know of the end of the stream.
                    reader.buffer.clear();
                }
                assert!(reader.buffer.is_empty(), "{case}");
                // If the buffer wasn't told of the end, it keeps the memory that messages usually need.
                let most = if failed || end == "a close" { 16 << 10 } else { (128 << 10) + (16 << 10) };
                let buffered = reader.buffer.capacity();
                assert!(buffered <= most, "{case}: {buffered} bytes in the buffer");
                drop(reader);
                let extensions = open(Role::Server, &config);
                let fixed = -measure(|| drop(extensions)).bytes_current;
                let freed = measure(|| drop(connection)).bytes_current;
                let noted = if failed { size_of::<RemoteProtocolError>().cast_signed() as i64 } else { 0 };
                assert!(-freed <= fixed + noted, "{case}: {freed} of {held:?}, {fixed} without a message");
            }
        }
    }
}

#[test]
fn an_error_that_others_found_gives_back_half_a_control_frame() {
    let mut ping = frame_to(Role::Server, last(Opcode::Ping), &[7; 100]);
    let mut server = open(Role::Server, &Config::default());
    let mut out = Vec::with_capacity(1000);
    let held = measure(|| {
        assert_eq!(server.receive(&mut &mut ping[..50]), Ok(None));
        server.reply_to_error(&RemoteProtocolError::MessageTooLong { limit: 1 }, &mut out).unwrap();
    });
    assert!(held.bytes_total > 100, "{held:?}");
    assert_eq!(
        held.bytes_current,
        size_of::<RemoteProtocolError>().cast_signed() as i64,
        "the error: {held:?}"
    );
}

/// A cleared buffer keeps at most the memory that messages usually need.
#[test]
fn a_buffer_gives_back_what_was_joined() {
    let fragment = frame_to(Role::Server, more(Opcode::Binary), &vec![7; 1 << 20]);
    let joined = frame_to(Role::Server, more(Opcode::Text), &vec![b'x'; 1 << 20]);
    let whole = frame_to(Role::Server, last(Opcode::Binary), &vec![7; 2 << 20]);
    for (name, wire) in
        [("a fragment", &fragment[..]), ("a text", &joined), ("half a frame", &whole[..1 << 20])]
    {
        for steps in STEPS {
            let mut buffer = ReadBuffer::messages();
            let mut server = open(Role::Server, &Config::default());
            assert!(!receive_into(&mut server, &mut buffer, wire), "{name}");
            assert!(buffer.capacity() >= 1 << 20 && !buffer.is_empty(), "{name}");
            buffer.clear();
            assert!(buffer.is_empty(), "{name}");
            assert!(buffer.capacity() <= 144 << 10, "{name}: {} bytes", buffer.capacity());
            let next = frame_to(Role::Server, last(Opcode::Text), b"next");
            assert_eq!(fill(&mut buffer, &next), next.len());
            let event = steps.next(&mut open(Role::Server, &Config::default()), &mut buffer);
            assert_eq!(event, Ok(Some(TextMessage::new("next").into())), "{name}, {steps:?}");
        }
    }
}
