//! The cost of a connection: memory that it owns, allocations per message, and the most that a hostile peer can cause.

use allocation_counter::{AllocationInfo, measure};
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, Config, Connection, ConnectionState, Event, Ping, ReadBuffer,
    RemoteProtocolError, Request, Role, TextMessage,
};
use wsproto_frame::{FrameError, FrameHeader, Opcode};

use crate::pair::{ANSWER, REQUEST, claim_to, compressed, deflating, frame_to, last, more, open};
use crate::ways::{Reader, Steps, Way, fill_all};

const ROLES: [Role; 2] = [Role::Server, Role::Client];
/// The ways in which events borrow from a read buffer.
const BORROWING: [Way; 4] =
    [Way::Parts(Steps::One), Way::Parts(Steps::Two), Way::Whole(Steps::One), Way::Whole(Steps::Two)];

/// Receives all of `input`, sends the required answers, and returns the number of events.
fn receive_all(connection: &mut Connection, mut input: &mut [u8], out: &mut Vec<u8>) -> usize {
    let mut events = 0;
    while let Some(event) = connection.receive(&mut input).expect("the peer keeps the rules") {
        connection.reply(&event, out).expect("a reply can be sent");
        events += 1;
    }
    events
}

/// Feeds the same bytes again and again, in reads of `read` bytes, and returns how many events came, and the end.
fn flood(
    connection: &mut Connection,
    bytes: &[u8],
    read: usize,
    times: usize,
) -> (usize, AllocationInfo, Option<RemoteProtocolError>) {
    let mut buffer = vec![0; read];
    let (mut events, mut end) = (0, None);
    let info = measure(|| {
        'times: for _ in 0..times {
            for part in bytes.chunks(read) {
                let mut input = &mut buffer[..part.len()];
                input.copy_from_slice(part);
                loop {
                    match connection.receive(&mut input) {
                        Ok(Some(_)) => events += 1,
                        Ok(None) => break,
                        Err(error) => {
                            end = Some(error);
                            break 'times;
                        }
                    }
                }
            }
        }
    });
    (events, info, end)
}

fn close_code(error: &RemoteProtocolError) -> Option<CloseCode> {
    match error.event_hint() {
        Some(Event::CloseConnection(close)) => Some(close.code),
        _ => None,
    }
}

/// The memory for the broken rule, which is stored once.
const ERROR_LEN: u64 = size_of::<RemoteProtocolError>() as u64;

#[test]
fn f4_an_open_connection_owns_no_memory() {
    let mut out = Vec::with_capacity(4096);
    let mut server = None;
    let info = measure(|| {
        let mut ws = Connection::server(Config::default());
        let mut request = REQUEST.to_vec();
        assert!(matches!(ws.receive(&mut &mut request[..]), Ok(Some(Event::Request(_)))));
        ws.send(AcceptConnection::new(), &mut out).unwrap();
        server = Some(ws);
    });
    assert_eq!((info.bytes_current, info.count_current), (0, 0), "{info:?}");
    assert!(info.bytes_max < 8 << 10, "{info:?}");
    assert_eq!(server.map(|ws| ws.state()), Some(ConnectionState::Open));

    let mut client = None;
    let info = measure(|| {
        let mut ws = Connection::client(Config::default());
        ws.send(Request::new("server.example.com", "/chat"), &mut out).unwrap();
        let key =
            out.windows(19).position(|part| part == b"Sec-WebSocket-Key: ").expect("a key is sent") + 19;
        let key = str::from_utf8(&out[key..key + 24]).expect("a key is base64");
        let token = wsproto_handshake::accept_token(key);
        let answer = String::from_utf8_lossy(ANSWER).replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &token);
        let mut answer = answer.into_bytes();
        assert!(matches!(ws.receive(&mut &mut answer[..]), Ok(Some(Event::AcceptConnection(_)))));
        client = Some(ws);
    });
    assert_eq!((info.bytes_current, info.count_current), (0, 0), "{info:?}");
    assert_eq!(client.map(|ws| ws.state()), Some(ConnectionState::Open));
}

#[test]
fn nothing_is_allocated_per_message_without_extensions() {
    for role in ROLES {
        let mut wire = Vec::new();
        wire.extend(frame_to(role, last(Opcode::Text), "grüezi".as_bytes()));
        wire.extend(frame_to(role, last(Opcode::Binary), &[7; 300]));
        wire.extend(frame_to(role, last(Opcode::Ping), b"12345"));
        wire.extend(frame_to(role, last(Opcode::Pong), &[1; 125]));
        wire.extend(frame_to(role, more(Opcode::Text), b"a\xe2"));
        wire.extend(frame_to(role, last(Opcode::Ping), b"between"));
        wire.extend(frame_to(role, more(Opcode::Continuation), b"\x82"));
        wire.extend(frame_to(role, last(Opcode::Continuation), b"\xacb"));
        wire.extend(frame_to(role, last(Opcode::Text), b""));
        let mut connection = match role {
            Role::Server => Connection::open_server(Config::default()),
            Role::Client => Connection::open_client(Config::default()),
        };
        let mut out = Vec::with_capacity(4096);
        let (mut buffer, text, bytes) = (wire.clone(), "x".repeat(200), [7; 1000]);
        let mut round = |connection: &mut Connection| {
            buffer.copy_from_slice(&wire);
            assert_eq!(receive_all(connection, &mut buffer, &mut out), 10);
            connection.send(TextMessage::new(&text), &mut out).unwrap();
            connection.send(TextMessage::new("part").unfinished(), &mut out).unwrap();
            connection.send(Ping::new(b"between"), &mut out).unwrap();
            connection.send(TextMessage::new("rest"), &mut out).unwrap();
            connection.send(BytesMessage::new(&bytes), &mut out).unwrap();
            out.clear();
        };
        round(&mut connection);
        let info = measure(|| (0..100).for_each(|_| round(&mut connection)));
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "{role:?}: {info:?}");
    }
}

#[test]
fn f16_reads_of_any_size_allocate_nothing_but_for_a_control_frame_in_pieces() {
    for role in ROLES {
        let mut data = frame_to(role, more(Opcode::Text), "aé€😀".as_bytes());
        data.extend(frame_to(role, last(Opcode::Continuation), "ß".repeat(200).as_bytes()));
        data.extend(frame_to(role, last(Opcode::Binary), &[7; 300]));
        let control = frame_to(role, last(Opcode::Ping), &[7; 100]);
        for read in 1..20 {
            let mut connection = open(role, &Config::default());
            let (_, info, end) = flood(&mut connection, &data, read, 10);
            assert_eq!((info.count_total, end), (0, None), "{role:?}, reads of {read}");
            let (events, info, end) = flood(&mut connection, &control, read, 10);
            assert_eq!(
                (events, info.bytes_current, end),
                (10, 0, None),
                "{role:?}, reads of {read}: {info:?}"
            );
            assert!(info.bytes_max < 256 && info.count_total <= 20, "{role:?}, reads of {read}: {info:?}");
        }
    }
}

#[test]
fn f4_a_claim_costs_nothing() {
    let longest = FrameHeader::new(Opcode::Binary, (1 << 63) - 1);
    for role in ROLES {
        for opcode in [Opcode::Text, Opcode::Binary] {
            let unlimited = Config::default().with_max_message_len(u64::MAX);
            let claim = claim_to(role, FrameHeader { opcode, ..longest });
            let mut bytes = claim.clone();
            bytes.resize(claim.len() + 100, b'x');
            let (_, info, end) = flood(&mut open(role, &unlimited), &bytes, 4096, 1);
            assert_eq!((info.count_total, end), (0, None), "{role:?}, {opcode:?}");
        }
        let deflate = deflating().with_max_message_len(u64::MAX);
        let claim = claim_to(role, compressed(longest));
        let (_, info, end) = flood(&mut open(role, &deflate), &claim, 4096, 1);
        assert_eq!(end, None);
        assert!(info.bytes_max <= 4096, "{role:?}: {info:?}");
    }
}

#[test]
fn f13_tiny_fragments() {
    const LIMIT: u64 = 131_072;
    for role in ROLES {
        let mut connection = open(role, &Config::default());
        let (_, _, end) = flood(&mut connection, &frame_to(role, more(Opcode::Binary), b"x"), 4096, 1);
        assert_eq!(end, None);
        let fragment = frame_to(role, more(Opcode::Continuation), b"x");
        let (events, info, end) = flood(&mut connection, &fragment, 4096, 400_000);
        let end = end.expect("there is a limit");
        assert_eq!(
            (events as u64, end.clone()),
            (LIMIT - 1, RemoteProtocolError::TooManyFragments { limit: LIMIT })
        );
        assert_eq!(close_code(&end), Some(CloseCode::POLICY_VIOLATION));
        assert!(info.count_total == 1 && info.bytes_total <= ERROR_LEN, "the error: {info:?}");
    }
}

#[test]
fn f13_joined_fragments_take_at_most_twice_their_bytes() {
    let config = Config::default().with_max_fragments(u64::MAX);
    let mut connection = open(Role::Client, &config);
    let mut messages = ReadBuffer::messages();
    let (first, next, end) = (
        frame_to(Role::Client, more(Opcode::Binary), b"x"),
        frame_to(Role::Client, more(Opcode::Continuation), b"x"),
        frame_to(Role::Client, last(Opcode::Continuation), b"x"),
    );
    let mut whole = 0;
    let info = measure(|| {
        for number in 0..400_000 {
            fill_all(
                &mut messages,
                match number {
                    0 => &first,
                    399_999 => &end,
                    _ => &next,
                },
            );
            if let Some(Event::BytesMessage(message)) = connection.receive_from(&mut messages).unwrap() {
                whole = message.data.len();
            }
        }
    });
    assert_eq!(whole, 400_000);
    // The joined message, and the bytes that were read.
    assert!(info.bytes_max <= 800_000 + (16 << 10) + 4096, "{info:?}");
}

#[test]
fn f14_empty_fragments() {
    let in_a_row = RemoteProtocolError::TooManyEmptyFragments { limit: 1024 };
    let in_all = RemoteProtocolError::TooManyFragments { limit: 131_072 };
    for config in [Config::default(), deflating()] {
        let unlimited = config.clone().with_max_empty_fragments(u64::MAX);
        for (config, most, error) in [(config, 1024, in_a_row.clone()), (unlimited, 131_072, in_all.clone())]
        {
            let mut connection = open(Role::Server, &config);
            let first = frame_to(Role::Server, more(Opcode::Text), b"");
            let (_, _, end) = flood(&mut connection, &first, 4096, 1);
            assert_eq!(end, None);
            let fragment = frame_to(Role::Server, more(Opcode::Continuation), b"");
            let (events, info, end) = flood(&mut connection, &fragment, 4096, 1_000_000);
            assert_eq!((events, end), (most - 1, Some(error)));
            assert!(info.count_total == 1 && info.bytes_total <= ERROR_LEN, "the error: {info:?}");
        }
    }
}

#[test]
fn f15_an_endless_message() {
    let config = Config::default().with_max_message_len(100_000);
    for role in ROLES {
        let mut connection = open(role, &config);
        let (_, _, end) = flood(&mut connection, &frame_to(role, more(Opcode::Text), b""), 4096, 1);
        assert_eq!(end, None);
        let fragment = frame_to(role, more(Opcode::Continuation), &[b'x'; 1000]);
        let (events, info, end) = flood(&mut connection, &fragment, 1 << 20, 1000);
        let end = end.expect("there is a limit");
        assert_eq!((events, end.clone()), (100, RemoteProtocolError::MessageTooLong { limit: 100_000 }));
        assert_eq!(close_code(&end), Some(CloseCode::MESSAGE_TOO_BIG));
        assert!(info.count_total == 1 && info.bytes_total <= ERROR_LEN, "the error: {info:?}");
    }
}

#[test]
fn f18_after_an_error_nothing_is_kept() {
    for role in ROLES {
        let mut connection = open(role, &Config::default());
        let (_, _, end) = flood(&mut connection, &frame_to(role, last(Opcode::Continuation), b""), 4096, 1);
        assert_eq!(end, Some(FrameError::ContinuationWithoutMessage.into()));
        let mut bytes = vec![b'x'; 1 << 20];
        let info = measure(|| {
            let mut input = &mut bytes[..];
            assert_eq!(connection.receive(&mut input), Err(FrameError::ContinuationWithoutMessage.into()));
            assert!(input.is_empty());
        });
        assert_eq!(info.count_total, 0, "{info:?}");
    }
}

#[test]
fn f19_f20_f21_floods_of_pings_and_pongs() {
    for config in [Config::default(), deflating()] {
        for role in ROLES {
            let mut connection = open(role, &config);
            let mut pings = frame_to(role, last(Opcode::Ping), &[7; 125]).repeat(10);
            pings.extend(frame_to(role, last(Opcode::Pong), &[7; 125]).repeat(10));
            // Only the caller answers, so an output that is not drained doesn't grow.
            let (events, info, end) = flood(&mut connection, &pings, 1 << 16, 10_000);
            assert_eq!((events, info.count_total, end), (200_000, 0, None), "{info:?}");
            let ping = frame_to(role, last(Opcode::Ping), &[7; 125]);
            let mut buffer = ping.clone();
            let mut out = Vec::with_capacity(256);
            let info = measure(|| {
                for _ in 0..10_000 {
                    buffer.copy_from_slice(&ping);
                    assert_eq!(receive_all(&mut connection, &mut buffer, &mut out), 1);
                    out.clear();
                }
            });
            assert_eq!(info.count_total, 0, "{info:?}");
        }
    }
}

/// Returns a compressed message of zeros, as the peer of `role` sends it.
fn bomb_to(role: Role, len: usize) -> Vec<u8> {
    let mut bomb = Vec::new();
    open(role.peer(), &deflating()).send(BytesMessage::new(vec![0; len]), &mut bomb).unwrap();
    bomb
}

#[test]
fn d8_a_bomb() {
    const LIMIT: u64 = 1 << 20;
    for role in ROLES {
        let bomb = bomb_to(role, 32 << 20);
        assert!(bomb.len() < 40 << 10, "{} bytes", bomb.len());
        // Memory that the thread lends for inflating exists before.
        flood(&mut open(role, &deflating()), &bomb, 1000, 1);
        for read in [1, 1000, 1 << 20] {
            let mut connection = open(role, &deflating().with_max_message_len(LIMIT));
            let (events, info, end) = flood(&mut connection, &bomb, read, 1);
            let end = end.expect("there is a limit");
            assert_eq!(
                end,
                RemoteProtocolError::MessageTooLong { limit: LIMIT },
                "{role:?}, reads of {read}"
            );
            assert_eq!(close_code(&end), Some(CloseCode::MESSAGE_TOO_BIG));
            assert!(events >= 64, "the pieces are larger than 16 KiB: {events}");
            assert!(info.bytes_max < 160 << 10, "{role:?}, reads of {read}: {info:?}");
            assert!(info.bytes_current <= 0, "the inflater's memory is kept after the end: {info:?}");
        }
    }
}

#[test]
fn d8_d9_bombs_within_the_limit_come_in_bounded_pieces() {
    let bomb = bomb_to(Role::Server, 32 << 20);
    let mut connection = open(Role::Server, &deflating());
    let mut bytes = bomb.clone();
    let mut received = 0;
    let info = measure(|| {
        let mut input = &mut bytes[..];
        while let Some(event) = connection.receive(&mut input).unwrap() {
            let Event::BytesMessage(part) = event else { panic!("no message") };
            assert!(part.data.len() <= 16 << 10);
            received += part.data.len();
        }
    });
    assert_eq!(received, 32 << 20);
    assert!(info.bytes_max < 160 << 10, "{info:?}");
}

/// If the program receives into its own memory, each part that extensions made is an allocation of its own. The
/// connection keeps nothing between them, and sending allocates nothing.
#[test]
fn d16_a_warm_connection_with_deflate_allocates_the_parts_alone() {
    let forgetful =
        DeflateConfig::default().with_server_no_context_takeover().with_client_no_context_takeover();
    let configs = [("keeping", deflating()), ("forgetting", Config::default().with_extension(forgetful))];
    for (name, config) in configs {
        let (mut client, mut server) = (open(Role::Client, &config), open(Role::Server, &config));
        let text = "The same words again and again; the same words again and again. ".repeat(20);
        let bytes = vec![7; 50_000];
        let mut wire = Vec::with_capacity(1 << 16);
        let mut parts = 0;
        let mut one_way = |from: &mut Connection, to: &mut Connection| {
            let sending = measure(|| {
                from.send(TextMessage::new(&text), &mut wire).unwrap();
                from.send(BytesMessage::new(&bytes), &mut wire).unwrap();
                from.send(TextMessage::new("short"), &mut wire).unwrap();
            });
            let mut input = &mut wire[..];
            while let Some(event) = to.receive(&mut input).unwrap() {
                parts += 1;
                drop(event);
            }
            wire.clear();
            sending.count_total
        };
        let mut round = || one_way(&mut client, &mut server) + one_way(&mut server, &mut client);
        let _warm: u64 = (0..10).map(|_| round()).sum();
        let mut sending = 0;
        let info = measure(|| (0..20).for_each(|_| sending += round()));
        assert_eq!((sending, info.bytes_current), (0, 0), "{name}: {info:?}");
        // 30 rounds in both directions. A part is made, and then kept in memory of exactly its bytes.
        let most = 3 * parts * 20 / 30;
        assert!(info.count_total <= most, "{name}: {info:?}, more than {most}");
    }
}

/// Borrowed events out of a read buffer: whole or in parts, for any reads, in one step or two.
#[test]
fn d16_a_warm_read_buffer_allocates_nothing_per_message() {
    let text = "The same words again and again; gr\u{fc}ezi mitenand. ".repeat(20);
    let long = text.repeat(40);
    for (name, config) in [("plain", Config::default()), ("deflate", deflating())] {
        for (role, way) in ROLES.into_iter().flat_map(|role| BORROWING.map(|way| (role, way))) {
            for read in [7, 1460, 1 << 20] {
                let (mut sender, mut receiver) = (open(role.peer(), &config), open(role, &config));
                let mut wire = Vec::with_capacity(1 << 18);
                let mut reader = Reader::new(way);
                let mut round = || {
                    wire.clear();
                    let mut send = |event: Event<'_>| sender.send(event, &mut wire).unwrap();
                    send(TextMessage::new(&text).into());
                    send(BytesMessage::new(text.as_bytes()).into());
                    send(Ping::new(b"in one frame").into());
                    send(TextMessage::new(&text).unfinished().into());
                    send(Ping::new(b"between").into());
                    send(TextMessage::new(&text).into());
                    send(BytesMessage::new(text.as_bytes()).unfinished().into());
                    send(BytesMessage::new(b"").into());
                    send(TextMessage::new("").into());
                    send(BytesMessage::new(long.as_bytes()).into());
                    send(TextMessage::new(&long).into());
                    let mut messages = 0;
                    for part in wire.chunks(read) {
                        let note = |_: &mut Connection, event: Event<'_>| {
                            messages += usize::from(match event {
                                Event::TextMessage(part) => part.message_finished,
                                Event::BytesMessage(part) => part.message_finished,
                                _ => false,
                            });
                        };
                        reader.read(&mut receiver, part, note).unwrap();
                    }
                    assert_eq!(messages, 7);
                };
                (0..10).for_each(|_| round());
                let info = measure(|| (0..10).for_each(|_| round()));
                let case = format!("{name}, {role:?}, {way:?}, reads of {read}");
                assert_eq!((info.count_total, info.bytes_current), (0, 0), "{case}: {info:?}");
            }
        }
    }
}

#[test]
fn d16_what_deflate_costs_is_taken_when_needed_and_given_back() {
    let forgetful =
        DeflateConfig::default().with_server_no_context_takeover().with_client_no_context_takeover();
    let mut server = None;
    let config = Config::default().with_extension(forgetful);
    let info = measure(|| server = Some(open(Role::Server, &config)));
    let mut server = server.expect("it was just made");
    assert!(info.bytes_current < 4 << 10, "before the first message: {info:?}");
    let mut message = Vec::new();
    open(Role::Client, &deflating()).send(BytesMessage::new(vec![7; 1000]), &mut message).unwrap();
    let mut out = Vec::with_capacity(1 << 12);
    let info = measure(|| {
        let mut input = &mut message[..];
        while server.receive(&mut input).unwrap().is_some() {}
        server.send(BytesMessage::new(&[7; 1000]), &mut out).unwrap();
        // Memory that the pool lent is freed with it.
        drop(config);
    });
    assert!(info.bytes_max < 512 << 10, "{info:?}");
}

#[test]
fn f17_an_end_gives_back_all_that_a_connection_keeps() {
    type End = fn(&mut Connection, &mut Vec<u8>);
    let ends: [(&str, End); 5] = [
        ("the stream ends", |connection, _| drop(connection.receive_eof())),
        ("a rule is broken", |connection, _| {
            let mut bad = [0xff; 200];
            while connection.receive(&mut &mut bad[..]).is_ok() {}
        }),
        ("a message is refused after our Close", |connection, out| {
            connection.send(wsproto::CloseConnection::new(CloseCode::NORMAL), out).unwrap();
            connection.reply_to_error(&RemoteProtocolError::MessageTooLong { limit: 1 }, out).unwrap();
        }),
        ("both close", |connection, out| {
            let mut close = frame_to(connection.role(), last(Opcode::Close), b"");
            let event = connection.receive(&mut &mut close[..]).unwrap().unwrap();
            connection.reply(&event, out).unwrap();
        }),
        ("the stream ends before our Close", |connection, out| {
            let mut close = frame_to(connection.role(), last(Opcode::Close), b"");
            let event = connection.receive(&mut &mut close[..]).unwrap().unwrap();
            assert_eq!(connection.receive_eof(), Ok(None));
            connection.reply(&event, out).unwrap();
        }),
    ];
    for role in ROLES {
        let mut wire = Vec::new();
        open(role.peer(), &deflating()).send(BytesMessage::new(&[7; 3000]), &mut wire).unwrap();
        let inside_a_ping = [&wire[..], &frame_to(role, last(Opcode::Ping), &[7; 9])[..8]].concat();
        for (end_name, end) in ends {
            for (name, bytes) in [
                ("inside a message", &wire[..wire.len() / 2]),
                ("after one", &wire),
                ("inside a Ping", &inside_a_ping),
            ] {
                // A Close comes between two frames.
                if ["both close", "the stream ends before our Close"].contains(&end_name)
                    && name != "after one"
                {
                    continue;
                }
                let mut out = Vec::with_capacity(4096);
                let mut connection = open(role, &deflating());
                connection.send(BytesMessage::new(&[7; 3000]), &mut out).unwrap();
                let mut bytes = bytes.to_vec();
                let mut input = &mut bytes[..];
                while connection.receive(&mut input).unwrap().is_some() {}
                end(&mut connection, &mut out);
                // The error, and a client's own source of keys.
                let error = if connection.failure().is_some() { ERROR_LEN.cast_signed() } else { 0 };
                let source = if role == Role::Client { 16 } else { 0 };
                let kept = -(error + source);
                let info = measure(|| drop(connection));
                assert!(info.bytes_current >= kept, "{role:?}, {name}, {end_name}: held until it is dropped");
            }
        }
    }
}

#[test]
fn an_end_of_the_opening_handshake_gives_back_all_that_it_keeps() {
    let half = &REQUEST[..REQUEST.len() - 4];
    for way in ["end", "reject"] {
        let mut server = Connection::server(Config::default());
        let info = measure(|| assert_eq!(server.receive(&mut &mut half.to_vec()[..]), Ok(None)));
        assert!(info.bytes_current > 100, "{info:?}");
        let mut out = Vec::with_capacity(4096);
        let freed = measure(|| match way {
            "end" => assert!(server.receive_eof().is_err()),
            _ => server.send(wsproto::RejectConnection::new(408), &mut out).unwrap(),
        });
        assert_eq!(info.bytes_current + freed.bytes_current, 0, "{way}");
    }
    let mut client = Connection::client(Config::default());
    client.send(Request::new("example.com", "/"), &mut Vec::new()).unwrap();
    let info = measure(|| assert_eq!(client.receive(&mut &mut ANSWER[..60].to_vec()[..]), Ok(None)));
    let freed = measure(|| assert!(client.receive_eof().is_err()));
    assert!(info.bytes_current > 50 && info.bytes_current + freed.bytes_current <= 0, "{info:?}, {freed:?}");

    // The agreement for a connection that then isn't opened.
    let request =
        [&REQUEST[..REQUEST.len() - 2], b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"].concat();
    let mut server = Connection::server(deflating());
    let info = measure(|| drop(server.receive(&mut &mut request.clone()[..]).unwrap()));
    let mut out = Vec::with_capacity(4096);
    let freed = measure(|| server.send(wsproto::RejectConnection::new(403), &mut out).unwrap());
    assert!(info.bytes_current > 0, "{info:?}");
    assert_eq!(info.bytes_current + freed.bytes_current, 0, "{freed:?}");
}

#[test]
fn h21_nothing_behind_a_request_is_kept() {
    let mut server = Connection::server(Config::default());
    let mut request = REQUEST.to_vec();
    assert!(matches!(server.receive(&mut &mut request[..]), Ok(Some(Event::Request(_)))));
    let mut buffer = [b'x'; 1024];
    let info = measure(|| {
        for _ in 0..1000 {
            let mut input = &mut buffer[..];
            assert_eq!((server.receive(&mut input), input.len()), (Ok(None), 1024));
        }
    });
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn h1_an_endless_head_is_bounded() {
    let mut server = Connection::server(Config::default());
    let mut start = b"GET / HTTP/1.1\r\nX: ".to_vec();
    assert_eq!(server.receive(&mut &mut start[..]), Ok(None));
    let mut error = None;
    let info = measure(|| {
        for _ in 0..100_000 {
            if let Err(found) = server.receive(&mut &mut [b'x'; 100][..]) {
                error = Some(found);
            }
        }
    });
    assert!(error.is_some());
    assert!(info.bytes_max <= 64 << 10, "{info:?}");
}
