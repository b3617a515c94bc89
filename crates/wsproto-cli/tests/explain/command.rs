//! The command line: options, messages, statuses.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{explain, of_kind, records};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn what_is_wrong_with_an_input_is_said() {
    let table: [(&str, &[&str], &[u8], i32, &str); 14] = [
        ("no such file", &["/nonexistent/file"], b"", 8, "can't read /nonexistent/file: "),
        ("a folder", &["/"], b"", 8, "can't read /: "),
        ("empty", &["-"], b"", 8, "standard input is empty: nothing to explain"),
        ("no digits", &["--hex", " "], b"", 2, "--hex: no digits"),
        ("odd digits", &["--hex", "81 8"], b"", 2, "--hex: the digit at character 4 has no second one"),
        ("no digit", &["--hex", "81 8g"], b"", 2, "--hex: 'g' at character 5 is no hexadecimal digit"),
        (
            "odd file",
            &["--format", "hex"],
            b"81 8",
            8,
            "standard input: the digit at character 4 has no second one",
        ),
        ("blank file", &["--format", "hex"], b"  ", 8, "standard input has no bytes: nothing to explain"),
        ("gzip", &[], b"\x1f\x8b\x08", 8, "is compressed: unpack it with gunzip first"),
        ("TLS", &[], b"\x16\x03\x01\x02\0", 8, "begins with TLS"),
        ("HTTP/2", &[], b"PRI * HTTP/2.0\r\n", 8, "begins with HTTP/2"),
        ("no session", &[], b"{\"a\":1}\n", 8, "standard input, line 1: no line of a session"),
        ("damaged pcap", &[], b"\xd4\xc3\xb2\xa1", 8, "is cut off"),
        (
            "bad extensions",
            &["--extensions", "permessage-deflate; x", "--hex", "81"],
            b"",
            2,
            "unknown parameter",
        ),
    ];
    for (name, arguments, input, status, message) in table {
        let output = explain(arguments, input);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{name}: {stderr}");
        assert!(stderr.contains(message), "{name}: {stderr}");
        assert!(output.stdout.is_empty(), "{name}: {}", text(&output.stdout));
    }
}

#[test]
fn a_bad_byte_is_marked() {
    let output = explain(&["--hex", "89 80 37fa213d 81 85 37fa213d 7f 9f b2 51 58"], b"");
    assert_eq!(output.status.code(), Some(1));
    let expected = "      00000000  89 80 37 fa 21 3d 81 85 37 fa 21 3d 7f 9f b2     ..7.!=..7.!=...\n\
        \u{20}                                                         ^^ RFC 6455 §8.1\n";
    let stdout = text(&output.stdout);
    assert!(stdout.contains(expected), "{stdout}");
    assert!(
        stdout.contains("broken at byte 14 (0xb2): text is not UTF-8 (RFC 6455 §8.1); answered with 1007"),
        "{stdout}"
    );
    assert!(!stdout.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn bits_are_shown_on_request() {
    let output = explain(&["--bits", "--hex", "c2 fe 0080 01020304"], b"");
    let stdout = text(&output.stdout);
    for line in [
        "c2                      1... ....  FIN: the last frame of its message",
        ".1.. ....  RSV1 set",
        ".... 0010  opcode 0x2: binary",
        "fe                      1... ....  MASK: as a client sends",
        ".111 1110  126: the length is in the next 2 bytes",
        "00 80                              length 128",
        "01 02 03 04                        masking key",
    ] {
        assert!(stdout.contains(line), "{line}:\n{stdout}");
    }
}

#[test]
fn the_sender_is_guessed_or_told() {
    let hello = b"\x81\x85\0\0\0\0Hello";
    let (client, status) = records(&[], hello);
    assert_eq!((&of_kind(&client, "message").next().unwrap()["from"], status), (&"client".into(), 0));
    let (server, status) = records(&["--from", "server"], hello);
    let broken = of_kind(&server, "broken").next().unwrap();
    assert_eq!((&broken["section"], &broken["offset"], status), (&"RFC 6455 §5.1".into(), &1.into(), 1));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wsproto"))
        .args(["explain", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(&b"\x8a\x00".repeat(1000)).unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    while stdin.write_all(&b"\x8a\x00".repeat(10_000)).is_ok() {}
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

/// Writes an input without ending it, and waits until the output has a text.
pub(crate) fn shows_at_once(arguments: &[&str], input: &[u8], wanted: &'static str) -> bool {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wsproto"))
        .arg("explain")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(input).unwrap();
    let (sender, seen) = mpsc::channel();
    thread::spawn(move || {
        let (mut all, mut part) = (String::new(), [0; 1024]);
        while !all.contains(wanted) {
            let len = stdout.read(&mut part).unwrap();
            if len == 0 {
                return;
            }
            all.push_str(&String::from_utf8_lossy(&part[..len]));
        }
        sender.send(()).unwrap();
    });
    let is_seen = seen.recv_timeout(Duration::from_secs(30)).is_ok();
    child.kill().unwrap();
    child.wait().unwrap();
    is_seen
}

#[test]
fn an_input_is_explained_as_it_comes() {
    assert!(shows_at_once(&["--from", "server"], b"\x81\x06first!", "first!"));
    assert!(shows_at_once(&[], b"\x8a\x00", "pong"));
    assert!(shows_at_once(&["--format", "hex"], b"8a 00", "pong"));
    let session = b"{\"kind\":\"session\",\"version\":1}\n{\"kind\":\"end\",\"at\":0,\"from\":\"client\"}\n";
    assert!(shows_at_once(&[], session, "without a Close"));
}

/// An endless input is read in bounded memory, until the explainer ignores the rest.
#[test]
fn an_endless_input_ends_with_its_fault() {
    let refused = b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[u8], i32); 4] = [
        ("a bad frame",   &[],                    b"\x82\x00\x83\x00",            1),
        ("no handshake",  &[],                    b"HTTP/1.1 101 x\r\n\r\n",      1),
        ("a refusal",     &["--json"],            refused,                        0),
        ("digits",        &["--format", "hex"],   b"82 00 83 00",                 1),
    ];
    for (name, arguments, first, status) in table {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wsproto"))
            .arg("explain")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(first).unwrap();
        let part = b"82 00 ".repeat(10_000);
        let began = std::time::Instant::now();
        while stdin.write_all(&part).is_ok() {
            assert!(began.elapsed() < Duration::from_secs(20), "{name}: it reads on and on");
        }
        assert_eq!(child.wait().unwrap().code(), Some(status), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_input_without_a_fault_takes_bounded_memory() {
    let session: &[u8] = b"{\"kind\":\"session\",\"version\":1}\n{\"kind\":\"open\",\"at\":0,\"extensions\":\"\",\"subprotocol\":null}\n";
    let line: &[u8] = b"{\"kind\":\"bytes\",\"at\":5,\"from\":\"server\",\"hex\":\"8a00\"}\n";
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[u8], &[u8]); 4] = [
        ("frames",          &["--json"],                            b"\x8a\x00", b"\x82\x03abc"),
        ("one long frame",  &[],                                    b"\x82\x7f\0\0\0\0\x03\xff\xff\xff", b"abcd"),
        ("not known",       &["--extensions", "x-foo"],             b"\xf2\x7f\x00\xff\xff\xff\xff\xff\xff\xff", b"abcd"),
        ("a session",       &["--json"],                            session, line),
    ];
    for (name, arguments, first, again) in table {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wsproto"))
            .arg("explain")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(first).unwrap();
        let part = again.repeat((1 << 20) / again.len());
        for _ in 0..4 {
            stdin.write_all(&part).unwrap();
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 16 << 10, "{name}: {line}");
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
}

#[test]
fn nothing_of_the_peer_reaches_the_terminal_raw() {
    let head = b"GET /\x1b]0;title\x07 HTTP/1.1\r\nX-\x9b: \xe2\x80\xae\r\n\r\n";
    let output = explain(&[], head);
    let stdout = text(&output.stdout);
    assert!(!stdout.chars().any(|character| character != '\n' && character.is_control()), "{stdout:?}");
    let output = explain(&[], b"\x81\x09\xe2\x80\xae\x1b[31m!");
    let stdout = text(&output.stdout);
    assert!(stdout.contains("\\u{202e}\\u{1b}[31m!"), "{stdout}");
}

#[test]
fn a_gap_and_an_unfinished_frame_are_no_fault() {
    let session = "{\"kind\":\"session\",\"version\":1}\n{\"kind\":\"open\",\"at\":0,\"extensions\":\"\",\"subprotocol\":null}\n\
        {\"kind\":\"bytes\",\"at\":5,\"from\":\"server\",\"hex\":\"8205aa\"}\n{\"kind\":\"gap\",\"at\":6,\"from\":\"server\",\"missing\":9}\n";
    let (records, status) = records(&[], session.as_bytes());
    assert_eq!(status, 0);
    assert_eq!(of_kind(&records, "frame").next().unwrap()["cut"]["received"], 1);
    assert_eq!(of_kind(&records, "gap").next().unwrap()["missing"], 9);
}
