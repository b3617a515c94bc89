//! HTTP before a WebSocket, cut into pieces of several lengths.

use Sender::{Client, Server};
use proptest::prelude::*;

use super::*;

const GET: &[u8] = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n";
const ASK: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const YES: &[u8] = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n";
const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

enum Step {
    Bytes(Sender, Vec<u8>),
    Gap(Sender, u64),
    End(Sender),
}

fn client(bytes: &[u8]) -> Step {
    Step::Bytes(Client, bytes.into())
}

fn server(bytes: &[u8]) -> Step {
    Step::Bytes(Server, bytes.into())
}

/// Runs the steps, cut into pieces of this length at most. Joins findings of bytes that follow each other.
fn run(steps: &[Step], piece: usize) -> Vec<Found> {
    let (mut http, mut all) = (Http::default(), Vec::<Found>::new());
    let mut is_open = false;
    for step in steps {
        let mut found = Vec::new();
        match step {
            Step::Bytes(from, bytes) => {
                for part in bytes.chunks(piece) {
                    if is_open {
                        let offset = http.offset(*from);
                        found.push(Found::Bytes { from: *from, offset, bytes: part.into() });
                        http.direction(*from).passed(part);
                    } else {
                        http.take(*from, part, &mut found);
                        is_open = found.contains(&Found::Open);
                        // Bytes that follow the opening in the same piece.
                        if let [.., Found::Open, Found::Bytes { bytes, .. }] = &*found {
                            http.direction(*from).passed(bytes);
                        }
                    }
                }
            }
            Step::Gap(from, missing) => http.gap(*from, *missing, &mut found),
            Step::End(from) => http.end(*from, &mut found),
        }
        is_open |= found.contains(&Found::Open);
        all.extend(found);
    }
    let mut joined: Vec<Found> = Vec::new();
    for found in all {
        match (joined.last_mut(), found) {
            (Some(Found::Bytes { from, bytes, .. }), Found::Bytes { from: again, bytes: more, .. })
                if *from == again =>
            {
                bytes.extend(more);
            }
            (_, found) => joined.push(found),
        }
    }
    joined
}

/// Each finding in a few words.
fn told(found: &[Found]) -> Vec<String> {
    let first = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
    found
        .iter()
        .map(|found| match found {
            Found::Ask => "ask".into(),
            Found::Bytes { from, offset, bytes } => {
                format!("{} {offset} {} {}", from.name(), bytes.len(), first(bytes))
            }
            Found::Gap { from, offset, missing } => format!("gap {} {offset} {missing:?}", from.name()),
            Found::Open => "open".into(),
            Found::GiveUp { from, offset, why } => format!("give up {} {offset}: {why}", from.name()),
        })
        .collect()
}

/// An ordinary request and its answer.
fn asked(request: &str, answer: &str) -> Vec<Step> {
    vec![client(request.as_bytes()), server(answer.as_bytes())]
}

#[test]
fn bodies_of_all_kinds_are_passed_over() {
    let decoy = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    let length = decoy.len();
    let post = format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{decoy}");
    let chunked = format!(
        "Transfer-Encoding: gzip, chunked\r\n\r\n{length:x};a=b\r\n{decoy}\r\n1\r\n\n\r\n0\r\nTrailer: x\r\n\r\n"
    );
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let get = "GET / HTTP/1.1\r\n\r\n";
    #[rustfmt::skip]
    let table: [(&str, Vec<Step>); 13] = [
        ("none",                vec![]),
        ("empty",               asked(get, ok)),
        ("request's length",    asked(&post, ok)),
        ("request's chunks",    asked(&format!("POST / HTTP/1.1\r\n{chunked}"), ok)),
        ("answer's length",     asked(get, &format!("HTTP/1.1 200 OK\r\ncontent-length: {length}, {length}\r\n\r\n{decoy}"))),
        ("answer's chunks",     asked(get, &format!("HTTP/1.1 200 OK\r\n{chunked}"))),
        ("both, chunks win",    asked(get, &format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{chunked}"))),
        ("no content",          asked(get, "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n")),
        ("not modified",        asked(get, "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n")),
        ("HEAD",                asked("HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")),
        ("CONNECT",             asked("CONNECT a:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")),
        ("interim",             asked(&post, &format!("HTTP/1.1 100 Continue\r\n\r\n{ok}"))),
        ("empty lines",         asked(&format!("{get}\r\n"), &format!("{ok}\r\n\n"))),
    ];
    for (name, mut steps) in table {
        let before = |of: Sender| -> usize {
            let bytes = steps.iter().map(|step| match step {
                Step::Bytes(from, bytes) if *from == of => bytes.len(),
                _ => 0,
            });
            bytes.sum()
        };
        let (client_before, server_before) = (before(Client), before(Server));
        steps.extend([client(ASK), server(YES), server(b"\x81\x02hi"), client(b"\x8a\x80abcd")]);
        for piece in [1, 2, 3, 5, 8, 1000] {
            let found = told(&run(&steps, piece));
            let expected = [
                "ask".into(),
                format!("client {client_before} {} GET /ws HTTP/1.1", ASK.len()),
                format!("server {server_before} {} HTTP/1.1 101 Yes", YES.len()),
                "open".into(),
                format!("server {} 4 \u{fffd}\u{2}hi", server_before + YES.len()),
                format!("client {} 6 \u{fffd}\u{fffd}abcd", client_before + ASK.len()),
            ];
            assert_eq!(found, expected, "{name}, in pieces of {piece}");
        }
    }
}

#[test]
fn a_client_may_pipeline_and_ask_again() {
    let refused = b"HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\nauth";
    let steps = [
        client(&[GET, GET, ASK].concat()),
        server(&[EMPTY, EMPTY].concat()),
        // The bytes are held until the answer comes.
        client(&[GET, ASK].concat()),
        server(refused),
        server(EMPTY),
        server(YES),
        client(b"\x8a\x80abcd"),
    ];
    for piece in [1, 2, 3, 7, 1000] {
        let found = told(&run(&steps, piece));
        assert_eq!(
            found,
            [
                "ask",
                "client 62 40 GET /ws HTTP/1.1",
                "server 76 42 HTTP/1.1 401 No",
                "ask",
                "client 133 40 GET /ws HTTP/1.1",
                "server 156 40 HTTP/1.1 101 Yes",
                "open",
                "client 173 6 \u{fffd}\u{fffd}abcd",
            ],
            "in pieces of {piece}"
        );
    }
}

#[test]
fn where_it_gives_up_is_told() {
    let answered = |head: &str| vec![client(GET), server(format!("HTTP/1.1 {head}\r\n\r\nxyz").as_bytes())];
    let posted = |field: &str| vec![client(format!("POST / HTTP/1.1\r\n{field}\r\n\r\n").as_bytes())];
    let long = vec![b'a'; MOST];
    #[rustfmt::skip]
    let table: [(&str, Vec<Step>, &str); 15] = [
        ("no number",       answered("200 x\r\nContent-Length: 1x"),    "server 0: Content-Length is no number"),
        ("signed",          answered("200 x\r\nContent-Length: +1"),    "server 0: Content-Length is no number"),
        ("two numbers",     answered("200 x\r\nContent-Length: 1, 2"),  "server 0: Content-Length has several values"),
        ("bad chunk",       answered("200 x\r\nTransfer-Encoding: chunked\r\n\r\nx"), "server 49: the size of a chunk is no number"),
        ("chunk too long",  answered("200 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab"), "server 51: a chunk is longer than its size"),
        ("signed size",     answered("200 x\r\nTransfer-Encoding: chunked\r\n\r\n-1"), "server 50: the size of a chunk is no number"),
        ("other coding",    posted("Transfer-Encoding: gzip"),          "client 0: the last transfer coding of a request isn't chunked"),
        ("other protocol",  answered("101 x\r\nUpgrade: h2c"),          "server 0: it goes on with another protocol"),
        ("after a body",    vec![client(GET), client(b"\x00\x01"), server(EMPTY)], "client 31: what follows isn't HTTP/1.1"),
        ("TLS in a tunnel", vec![client(b"CONNECT a HTTP/1.1\r\n\r\n"), server(b"HTTP/1.1 200 x\r\n\r\n"), client(b"\x16\x03\x01")], "client 22: TLS follows"),
        ("looks like a head", vec![client(GET), server(EMPTY), client(b"\x00\n\n"), client(ASK)], "client 31: what follows isn't HTTP/1.1"),
        ("no answer",       vec![client(GET), server(b"SSH-2.0")],      "server 0: what follows isn't HTTP/1.1"),
        ("long head",       vec![client(b"GET /"), client(&long)],      "client 0: a head is longer than 64 KiB"),
        ("gap in both",     vec![client(GET), Step::Gap(Client, 5), Step::Gap(Server, 5)], "server 0: bytes are missing"),
        ("many requests",   vec![client(&GET.repeat(MOST_ASKED + 1))],  "client 31744: too many requests wait for answers"),
    ];
    for (name, steps, expected) in table {
        let pieces: &[usize] =
            if name == "long head" || name == "many requests" { &[1000] } else { &[1, 2, 1000] };
        for piece in pieces {
            let found = told(&run(&steps, *piece));
            let is_right = matches!(&*found, [told] if told.starts_with(&format!("give up {expected}")));
            assert!(is_right, "{name}, in pieces of {piece}: {found:?}");
        }
    }
}

#[test]
fn missing_bytes_of_a_body_are_passed_over_and_others_are_told() {
    let posted = client(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc");
    let chunked = server(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc");
    let ask = "client 0 40 GET /ws HTTP/1.1";
    #[rustfmt::skip]
    let table: [(&str, Vec<Step>, &[&str]); 7] = [
        ("of a length",     vec![posted, Step::Gap(Client, 6), server(EMPTY), client(ASK)], &["ask", "client 47 40 GET /ws HTTP/1.1"]),
        ("of a chunk",      vec![client(GET), chunked, Step::Gap(Server, 6), server(b"\r\n0\r\n\r\n"), client(ASK), server(YES)],
            &["ask", "client 31 40 GET /ws HTTP/1.1", "server 65 40 HTTP/1.1 101 Yes", "open"]),
        ("of the answer",   vec![client(ASK), Step::Gap(Server, 5), client(b"\x81\x80")], &["ask", ask, "open", "gap server 0 Some(5)", "client 40 2 \u{fffd}\u{fffd}"]),
        ("before it asks",  vec![Step::Gap(Server, 5), client(ASK)], &["ask", ask, "gap server 5 None", "open"]),
        ("of the request",  vec![Step::Gap(Client, 5), server(YES)], &["ask", "gap client 5 None", "server 0 40 HTTP/1.1 101 Yes", "open"]),
        ("no answer",       vec![client(ASK), client(b"\x81\x80"), Step::End(Server)], &["ask", "client 0 42 GET /ws HTTP/1.1", "open"]),
        ("half a request",  vec![client(ASK.split_last_chunk::<2>().unwrap().0), Step::End(Client)], &["ask", "client 0 38 GET /ws HTTP/1.1", "open"]),
    ];
    for (name, steps, expected) in table {
        for piece in [1, 3, 1000] {
            assert_eq!(told(&run(&steps, piece)), expected, "{name}, in pieces of {piece}");
        }
    }
}

#[test]
fn an_answer_that_was_captured_before_its_request_waits_for_it() {
    let ask = "client 0 40 GET /ws HTTP/1.1";
    let yes = "server 0 40 HTTP/1.1 101 Yes";
    let long: &'static [u8] = Box::leak(vec![7; MOST].into_boxed_slice());
    #[rustfmt::skip]
    let table: [(&str, Vec<(Sender, &[u8])>, Option<Sender>, &[&str]); 5] = [
        ("the request",     vec![(Server, YES), (Client, ASK)],           None,         &["ask", ask, yes, "open"]),
        ("all of it first", vec![(Server, YES), (Server, b"x"), (Client, ASK)], None,   &["ask", ask, yes, "open", "server 40 1 x"]),
        ("no request",      vec![(Server, YES)],                          Some(Client), &["ask", yes, "open"]),
        ("too long",        vec![(Server, YES), (Server, long)],          None,         &["ask", yes, "open", "server 40 65536 "]),
        ("another one",     vec![(Server, EMPTY), (Client, GET), (Client, ASK)], None,  &["ask", "client 31 40 GET /ws HTTP/1.1"]),
    ];
    for (name, steps, end, expected) in table {
        let (mut http, mut found) = (Http::default(), Vec::new());
        http.await_client();
        for (from, bytes) in steps {
            http.take(from, bytes, &mut found);
        }
        if let Some(from) = end {
            http.end(from, &mut found);
        }
        let found: Vec<String> = told(&found).into_iter().map(|line| line.replace('\u{7}', "")).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let endless = b"x".repeat(1 << 20);
    for first in [&b"GET /"[..], ASK, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"] {
        let (mut http, mut out) = (Http::default(), Vec::new());
        http.take(Client, first, &mut out);
        for _ in 0..20 {
            http.take(Client, &endless, &mut out);
            out.clear();
            assert!(http.kept() <= 2 * MOST, "{}", http.kept());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_found_is_the_same_in_any_pieces(
        steps in prop::collection::vec((any::<bool>(), prop::sample::select(vec![
            GET, ASK, YES, EMPTY, b"\r\n", b"\x81\x02hi", b"HTTP/1.1 401 No\r\nContent-Length: 3\r\n\r\nabc",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"HTTP/1.1 100 x\r\n\r\n",
            b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 x\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\n",
        ]), 0..20_u64), 0..8),
        piece in 1..9_usize,
    ) {
        let mut all: Vec<Step> = Vec::new();
        for (is_client, bytes, gap) in steps {
            let from = if is_client { Client } else { Server };
            all.push(Step::Bytes(from, bytes.to_vec()));
            if gap < 3 {
                all.push(Step::Gap(from, gap + 1));
            }
        }
        all.extend([Step::End(Client), Step::End(Server)]);
        prop_assert_eq!(told(&run(&all, 1000)), told(&run(&all, piece)));
    }
}
