//! Captures: segments that come twice, late or never; several connections; links of all kinds.

use serde_json::Value;

use super::{command::shows_at_once, explain, of_kind, packets::*, records};

const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const PLAIN: &[u8] = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
const HELLO: &[u8] = b"\x81\x85\0\0\0\0Hello";

/// Both ends of a connection, and the number of bytes that each has sent.
struct Conversation {
    client: &'static str,
    server: &'static str,
    sent: (u32, u32),
    packets: Vec<Vec<u8>>,
}

impl Conversation {
    fn new(client: &'static str, server: &'static str) -> Self {
        let mut new = Self { client, server, sent: (4_294_967_200, 7000), packets: Vec::new() };
        new.client(SYN, b"");
        new.server(SYN | ACK, b"");
        new
    }

    fn client(&mut self, flags: u8, payload: &[u8]) {
        let flags = if flags & SYN == 0 { flags | ACK } else { flags };
        let packet =
            ip(self.client.parse().unwrap(), self.server.parse().unwrap(), self.sent, flags, payload);
        self.sent.0 = passed(self.sent.0, flags, payload);
        self.packets.push(packet);
    }

    fn server(&mut self, flags: u8, payload: &[u8]) {
        let numbers = (self.sent.1, self.sent.0);
        let packet =
            ip(self.server.parse().unwrap(), self.client.parse().unwrap(), numbers, flags | ACK, payload);
        self.sent.1 = passed(self.sent.1, flags, payload);
        self.packets.push(packet);
    }

    /// Opens the WebSocket.
    fn open(mut self) -> Self {
        self.client(0, REQUEST);
        self.server(0, ANSWER);
        self
    }
}

fn passed(number: u32, flags: u8, payload: &[u8]) -> u32 {
    let counts = u32::from(flags & (SYN | FIN) != 0);
    number.wrapping_add(u32::try_from(payload.len()).unwrap() + counts)
}

/// Gives packets their times.
fn timed(packets: Vec<Vec<u8>>) -> Vec<(u32, Vec<u8>)> {
    (0..).map(|index| 1_000_000 + index * 1000).zip(packets).collect()
}

/// A connection that breaks no rule.
fn whole(client: &'static str, server: &'static str) -> Vec<Vec<u8>> {
    let mut whole = Conversation::new(client, server).open();
    whole.client(0, HELLO);
    whole.server(0, b"\x81\x05Hel");
    whole.server(0, b"lo");
    whole.client(0, b"\x88\x80\0\0\0\0");
    whole.server(FIN, b"\x88\x00");
    whole.client(FIN, b"");
    whole.packets
}

fn told(records: &[Value]) -> Vec<String> {
    records
        .iter()
        .filter_map(|record| {
            let from = record["from"].as_str().unwrap_or_default();
            match record["kind"].as_str()? {
                "frame" => Some(format!("{from} {} at {}", record["name"].as_str()?, record["offset"])),
                "message" => Some(format!("{from} message {}", record["payload"]["text"])),
                "gap" => Some(format!("{from} gap at {} of {}", record["offset"], record["missing"])),
                "end" => Some(format!("{from} end {}", record["clean"])),
                "broken" => Some(format!("{from} broke {} at {}", record["section"], record["offset"])),
                _ => None,
            }
        })
        .collect()
}

const WHOLE: [&str; 8] = [
    "client text at 154",
    "client message \"Hello\"",
    "server text at 129",
    "server message \"Hello\"",
    "client close at 165",
    "server close at 136",
    "server end true",
    "client end true",
];

#[test]
fn each_link_and_both_formats_give_the_same() {
    for link in [0, 1, 101, 113, 276] {
        for (client, server) in [("10.0.0.1:50000", "10.0.0.2:80"), ("[::1]:80", "[::2]:50000")] {
            let packets = timed(whole(client, server));
            for (name, file) in [("pcap", pcap(link, &packets)), ("pcapng", pcapng(link, &packets))] {
                let (records, status) = records(&[], &file);
                assert_eq!(
                    (told(&records), status),
                    (WHOLE.map(String::from).to_vec(), 0),
                    "{name}, link {link}"
                );
                let begun = &records[0];
                assert_eq!((&begun["client"], &begun["server"]), (&client.into(), &server.into()), "{name}");
                assert!(records.iter().all(|record| record["connection"] == 1), "{name}");
                // Times count from the connection's first packet.
                assert_eq!(of_kind(&records, "frame").next().unwrap()["at"], 4000, "{name}");
            }
        }
    }
}

#[test]
fn segments_twice_and_out_of_order_change_nothing() {
    let packets = whole("10.0.0.1:50000", "10.0.0.2:80");
    // Each packet is repeated at each later place. Any two neighbours of one sender are swapped.
    for index in 2..packets.len() {
        for later in index + 1..=packets.len() {
            let mut again = packets.clone();
            again.insert(later, packets[index].clone());
            let (records, _) = records(&[], &pcap(1, &timed(again)));
            assert_eq!(told(&records), WHOLE, "packet {index} again at {later}");
        }
    }
    let mut swapped = packets.clone();
    swapped.swap(5, 6);
    let (records, _) = records(&[], &pcap(1, &timed(swapped)));
    assert_eq!(told(&records), WHOLE);
}

#[test]
fn a_gap_says_where() {
    let mut packets = whole("10.0.0.1:50000", "10.0.0.2:80");
    // The server's first segment of its message was never captured; the client has acknowledged it.
    packets.remove(5);
    let (records, status) = records(&[], &pcap(1, &timed(packets)));
    let expected = [
        "client text at 154",
        "client message \"Hello\"",
        "client close at 165",
        "server gap at 129 of 5",
        "server end false",
        "client end true",
    ];
    let mut found = told(&records);
    found.sort();
    let mut expected = expected.map(String::from).to_vec();
    expected.sort();
    assert_eq!((found, status), (expected, 0));
}

#[test]
fn a_packet_that_was_cut_is_a_gap() {
    let packets = timed(whole("10.0.0.1:50000", "10.0.0.2:80"));
    let mut file = pcap(1, &packets[..4]);
    let hello = on(1, &packets[4].1);
    let (len, cut) = (u32::try_from(hello.len()).unwrap(), 57);
    file.extend([0_u32, 0, cut, len].map(u32::to_le_bytes).concat());
    file.extend(&hello[..57]);
    file.extend(&pcap(1, &packets[5..])[24..]);
    let (records, _) = records(&[], &file);
    let found = told(&records);
    assert!(found.contains(&"client gap at 157 of 8".into()), "{found:?}");
    assert!(found.contains(&"server message \"Hello\"".into()), "{found:?}");
}

#[test]
fn several_connections_are_told_apart() {
    let one = whole("10.0.0.1:50000", "10.0.0.2:80");
    let mut two = Conversation::new("10.0.0.3:50000", "10.0.0.2:80").open();
    two.client(0, b"\xc1\x85\0\0\0\0Hello");
    two.server(RST, b"");
    let mut plain = Conversation::new("10.0.0.1:50001", "10.0.0.2:80");
    plain.client(0, PLAIN);
    plain.server(0, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut tls = Conversation::new("10.0.0.1:50002", "10.0.0.2:443");
    tls.client(0, b"\x16\x03\x01\x00\x05hello");
    // A second connection uses the same ports.
    let again = whole("10.0.0.1:50000", "10.0.0.2:80");
    let mut packets = Vec::new();
    let mut all = [one, two.packets, plain.packets, tls.packets].map(Vec::into_iter);
    // One packet of each in turn.
    for _ in 0..20 {
        packets.extend(all.iter_mut().filter_map(Iterator::next));
    }
    packets.extend(again);
    let (records, status) = records(&[], &pcap(1, &timed(packets.clone())));
    assert_eq!(status, 1);
    let of = |number: u64| -> Vec<Value> {
        records.iter().filter(|record| record["connection"] == number).cloned().collect()
    };
    assert_eq!(told(&of(1)), WHOLE);
    assert_eq!(
        told(&of(2)),
        [
            "client text at 154",
            "client broke \"RFC 6455 §5.2\" at 154",
            "client end false",
            "server end false"
        ]
    );
    assert_eq!(told(&of(3)), WHOLE);
    assert_eq!(of_kind(&records, "connection").count(), 3);
    let output = explain(&[], &pcap(1, &timed(packets)));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("not shown: 1 connection, HTTP without a WebSocket"), "{stderr}");
    assert!(stderr.contains("not shown: 1 connection, TLS"), "{stderr}");
}

#[test]
fn a_connection_that_begins_in_the_middle() {
    let packets = whole("10.0.0.1:50000", "10.0.0.2:80").split_off(4);
    let file = pcap(1, &timed(packets));
    let output = explain(&[], &file);
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().contains("--extensions"));
    let (records, status) = records(&["--extensions", ""], &file);
    let expected = WHOLE.map(|line| {
        let places = [("154", "0"), ("129", "0"), ("165", "11"), ("136", "7")];
        places.into_iter().fold(line.to_owned(), |line, (from, to)| {
            line.replace(&format!("at {from}"), &format!("at {to}"))
        })
    });
    assert_eq!((told(&records), status), (expected.to_vec(), 0));
}

#[test]
fn a_capture_that_is_cut_or_damaged_tells_what_it_has() {
    let packets = timed(whole("10.0.0.1:50000", "10.0.0.2:80"));
    for (name, file) in [("pcap", pcap(1, &packets)), ("pcapng", pcapng(1, &packets))] {
        for len in (4..file.len()).step_by(3) {
            let output = explain(&[], &file[..len]);
            let stderr = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code();
            // A cut between two packets is no fault.
            assert!(
                code == Some(0) || (code == Some(8) && stderr.contains("is cut off")),
                "{name}, {len}: {stderr}"
            );
        }
    }
}

#[test]
fn a_capture_is_explained_as_it_comes() {
    let packets = timed(whole("10.0.0.1:50000", "10.0.0.2:80"));
    assert!(shows_at_once(&[], &pcap(1, &packets[..5]), "Hello"), "pcap");
    assert!(shows_at_once(&[], &pcapng(1, &packets[..5]), "Hello"), "pcapng");
}

/// Ordinary requests and a refusal come on the connection before the request for the WebSocket.
#[test]
fn a_websocket_after_other_requests_is_found() {
    let mut kept = Conversation::new("10.0.0.1:50000", "10.0.0.2:80");
    // A first segment of one byte, a chunked body, a body with a length, and a challenge.
    kept.client(0, &PLAIN[..1]);
    kept.client(0, &PLAIN[1..]);
    kept.server(0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0");
    kept.server(0, b"\r\n\r\n");
    kept.client(0, b"POST / HTTP/1.1\r\nContent-Length: 8\r\n\r\n\x81\x85");
    kept.client(0, b"abcdef");
    kept.server(0, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let sent = (kept.sent.0.wrapping_sub(4_294_967_201), kept.sent.1 - 7001);
    kept.client(0, REQUEST);
    kept.server(0, b"HTTP/1.1 401 No\r\nContent-Length: 5\r\n\r\nlogin");
    let refused = (REQUEST.len(), 43);
    let mut kept = kept.open();
    kept.client(0, HELLO);
    kept.server(0, b"\x83\x00");
    let packets = timed(kept.packets);
    let (records, status) = records(&[], &pcap(1, &packets));
    let place = |before: u32, more: usize| usize::try_from(before).unwrap() + more;
    let client = place(sent.0, refused.0 + REQUEST.len());
    let server = place(sent.1, refused.1 + ANSWER.len());
    assert_eq!(
        told(&records),
        [
            format!("client text at {client}"),
            "client message \"Hello\"".into(),
            format!("server reserved at {server}"),
            format!("server broke \"RFC 6455 §5.2\" at {server}"),
        ]
    );
    assert_eq!(status, 1);
    let lines: Vec<&str> = of_kind(&records, "handshake")
        .map(|head| head["text"].as_str().unwrap().lines().next().unwrap())
        .collect();
    assert_eq!(
        lines,
        ["GET /chat HTTP/1.1", "HTTP/1.1 401 No", "GET /chat HTTP/1.1", "HTTP/1.1 101 Switching Protocols"]
    );
    let broken = of_kind(&records, "broken").next().unwrap();
    assert_eq!(broken["context"]["offset"], server, "{broken}");
    // The lines for people mark the same byte.
    let output = explain(&[], &pcap(1, &packets));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains(&format!("      {server:08x}  83 00")), "{stdout}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn where_http_cannot_be_followed_is_told() {
    let mut unclear = Conversation::new("10.0.0.1:50000", "10.0.0.2:80");
    unclear.client(0, PLAIN);
    unclear.server(0, b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n");
    let output = explain(&[], &pcap(1, &timed(unclear.open().packets)));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty() && output.status.code() == Some(0), "{stderr}");
    assert!(
        stderr.contains(
            "10.0.0.1:50000 → 10.0.0.2:80: Content-Length is no number at byte 0 of the server; what comes after it \
             isn't looked at"
        ),
        "{stderr}"
    );
    assert!(
        stderr.contains("not shown: 1 connection, HTTP that could not be followed to its end"),
        "{stderr}"
    );
}

#[test]
fn a_missing_part_of_a_body_hides_no_websocket() {
    let mut kept = Conversation::new("10.0.0.1:50000", "10.0.0.2:80");
    kept.client(0, PLAIN);
    kept.server(0, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
    kept.server(0, b"cde");
    kept.server(0, b"fghi");
    let mut kept = kept.open();
    kept.client(0, HELLO);
    let mut packets = kept.packets;
    packets.remove(4);
    let (records, _) = records(&[], &pcap(1, &timed(packets)));
    assert!(told(&records).contains(&"client message \"Hello\"".into()), "{:?}", told(&records));
}

/// Connections that are never closed, and aren't shown, leave room for others.
#[test]
fn those_that_are_not_shown_give_their_room_to_others() {
    let mut packets = Vec::new();
    for number in 0..1030_u16 {
        let from = std::net::SocketAddr::from(([10, 0, 0, 3], 1000 + number));
        packets.push(ip(from, "10.0.0.2:443".parse().unwrap(), (1, 1), ACK, b"\x16\x03\x01\x00\x05hello"));
    }
    packets.extend(whole("10.0.0.1:50000", "10.0.0.2:80"));
    let file = pcap(1, &timed(packets));
    assert_eq!(told(&records(&[], &file).0), WHOLE);
    let stderr = String::from_utf8(explain(&[], &file).stderr).unwrap();
    assert!(stderr.contains("not shown: 1030 connections, TLS"), "{stderr}");
}

#[test]
fn interfaces_and_tags_of_a_capture() {
    // Each packet has one or two VLAN tags.
    for tags in [&b"\x81\x00\x00\x07"[..], b"\x88\xa8\x00\x07\x81\x00\x00\x08"] {
        let tagged = whole("10.0.0.1:50000", "10.0.0.2:80").into_iter().map(|packet| {
            let packet = on(1, &packet);
            [&packet[..12], tags, &packet[12..]].concat()
        });
        assert_eq!(told(&records(&[], &raw_pcap(1, &timed(tagged.collect()))).0), WHOLE, "{tags:?}");
    }
    // Two interfaces with different links, and one with an unknown link.
    let links = [101, 1, 9999].into_iter().cycle();
    let packets: Vec<_> = links
        .zip(timed(whole("10.0.0.1:50000", "10.0.0.2:80")))
        .flat_map(|(link, (at, packet))| {
            let known = if link == 9999 {
                vec![(at, 1, packet), (at, 2, vec![1, 2, 3])]
            } else {
                vec![(at, u32::from(link == 1), packet)]
            };
            known.into_iter()
        })
        .collect();
    let file = several(&[101, 1, 9999], &packets);
    let output = explain(&["--json"], &file);
    assert_eq!(told(&records(&[], &file).0), WHOLE);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("packets are of link type 9999, which isn't known"), "{stderr}");
}

#[test]
fn a_segment_that_comes_again_with_other_bytes_is_as_it_came_first() {
    let mut packets = whole("10.0.0.1:50000", "10.0.0.2:80");
    let mut other = packets[4].clone();
    let end = other.len() - 1;
    other[end] = b'!';
    packets.insert(5, other);
    assert_eq!(told(&records(&[], &pcap(1, &timed(packets))).0), WHOLE);
    // Any order after the handshake: acknowledgements before the bytes that they acknowledge, FINs first.
    let mut packets = whole("10.0.0.1:50000", "10.0.0.2:80");
    packets[4..].reverse();
    assert_in_some_order(packets);
    // An answer before its request, as in a merge of two captures whose clocks differ.
    let mut packets = whole("10.0.0.1:50000", "10.0.0.2:80");
    packets[2..].reverse();
    assert_in_some_order(packets);
}

fn assert_in_some_order(packets: Vec<Vec<u8>>) {
    let mut found = told(&records(&[], &pcap(1, &timed(packets))).0);
    found.sort();
    let mut expected = WHOLE;
    expected.sort_unstable();
    assert_eq!(found, expected);
}
