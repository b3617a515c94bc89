//! What each line does, and what comes of it.

use std::{fs, time::Duration};

use crate::{
    connect,
    servers::{self, echo, once, open},
    ws,
};

#[test]
fn lines_are_messages_and_messages_are_lines() {
    let url = ws(echo());
    #[rustfmt::skip]
    let table: [(&[u8], &[&str], &str); 8] = [
        (b"one\ntwo\n",      &["--expect", "2"], "one\ntwo\n"),
        (b"one\ntwo",        &["--expect", "2"], "one\ntwo\n"),
        (b"one\r\n",         &["--expect", "1"], "one\n"),
        (b"\n",              &["--expect", "1"], "\n"),
        (b"//x\n/help\ny\n", &["--expect", "2"], "/x\ny\n"),
        (b"/x\n//y\n",       &["--expect", "2", "--no-commands"], "/x\n//y\n"),
        // In a pipe stands what was sent.
        (b"\x1b[31m\xe2\x80\xae\n", &["--expect", "1"], "\x1b[31m\u{202e}\n"),
        (b"one\n",           &["--wait", "0.5"], "one\n"),
    ];
    for (input, options, expected) in table {
        let outcome = connect(&[&[&*url], options].concat(), input);
        assert_eq!((outcome.status, outcome.text()), (0, expected), "{input:?}: {}", outcome.stderr);
    }
}

#[test]
fn all_lines_are_sent_and_all_answers_are_read() {
    let lines: String =
        (0..50_000).flat_map(|number| ["line ".into(), number.to_string(), "\n".into()]).collect();
    let outcome = connect(&[&ws(echo()), "--expect", "50000", "--wait", "25"], lines.as_bytes());
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.text() == lines);
}

#[test]
fn a_ping_is_answered() {
    let outcome = connect(&[&ws(echo()), "--wait", "1"], b"/ping a b\n");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("pong \"a b\" after "), "{}", outcome.stderr);
}

#[test]
fn a_close_says_what_was_asked_for() {
    #[rustfmt::skip]
    let table: [(&[u8], u16, &str); 4] = [
        (b"",                       1000, ""),
        (b"/close\n",               1000, ""),
        (b"/close 1001\nmore\n",    1001, ""),
        (b"/close 4001 bye bye\n",  4001, "bye bye"),
    ];
    for (input, code, reason) in table {
        let (port, ended) = once(servers::echo_to_the_end);
        let outcome = connect(&[&ws(port)], input);
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{input:?}");
        let close = ended.recv().unwrap().received.unwrap();
        assert_eq!((close.code.get(), close.reason.as_str()), (code, reason), "{input:?}");
    }
}

#[test]
fn a_file_is_a_binary_message() {
    let folder = std::env::temp_dir().join(format!("wsproto-connect-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bytes");
    let bytes: Vec<u8> = (0..=255).collect();
    fs::write(&file, &bytes).unwrap();
    let url = ws(echo());
    let input = format!("/binary {}\n", file.display());

    let outcome = connect(&[&url, "--expect", "1"], input.as_bytes());
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    assert_eq!((outcome.status, outcome.text()), (0, ""));
    assert_eq!(outcome.stderr, format!("binary message, 256 bytes: {hex}…\n"));

    let outcome = connect(&[&url, "--expect", "1", "--raw"], input.as_bytes());
    assert_eq!((outcome.status, outcome.stdout, &*outcome.stderr), (0, bytes, ""));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_line_that_cannot_be_sent_ends_a_pipe() {
    let url = ws(echo());
    #[rustfmt::skip]
    let table: [(&[u8], &str); 5] = [
        (b"a\n\xff\nb\n",          "line 2 isn't UTF-8"),
        (b"a\n/nonsense\nb\n",     "/nonsense is no command"),
        (b"a\n/close 1005\n",      "a code that may be sent"),
        (b"a\n/binary /no/such\n", "can't read /no/such"),
        (b"a\n/binary /\n",        "can't read /: "),
    ];
    for (input, why) in table {
        let outcome = connect(&[&url], input);
        assert_eq!(outcome.status, 8, "{input:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(why), "{input:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_line_is_bounded() {
    let outcome = connect(&[&ws(echo())], &vec![b'a'; (16 << 20) + 1]);
    assert_eq!(outcome.status, 8);
    assert!(outcome.stderr.contains("line 1 has more than 16 MiB"), "{}", outcome.stderr);
}

#[test]
fn answers_that_do_not_come_are_told() {
    let url = ws(echo());
    let outcome = connect(&[&url, "--expect", "2", "--wait", "0.3"], b"one\n");
    assert_eq!((outcome.status, outcome.text()), (9, "one\n"));
    assert!(outcome.stderr.contains("1 of 2 messages came within 0.3 s"), "{}", outcome.stderr);

    // The server closes before.
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        ws.send("only one").await.unwrap();
        ws.close(wsproto::CloseCode::NORMAL, "that's it").await.unwrap();
    });
    let outcome = connect(&[&ws(port), "--expect", "2"], b"");
    assert_eq!((outcome.status, outcome.text()), (9, "only one\n"));
    assert!(outcome.stderr.contains("1000 \"that's it\"; 1 of 2 messages came"), "{}", outcome.stderr);
}

#[test]
fn lines_that_were_not_sent_are_told() {
    // The server takes nothing, and closes while a line waits to be written.
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        ws.close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    });
    let line = [vec![b'a'; 15 << 20], vec![b'\n']].concat();
    let outcome = connect(&[&ws(port), "--no-compression"], &line.repeat(3));
    assert_eq!(outcome.status, 9, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("before all lines were sent"), "{}", outcome.stderr);
}

#[test]
fn lines_that_wait_when_the_server_closes_are_told() {
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        let first = ws.recv().await.unwrap().unwrap();
        ws.send(first).await.unwrap();
        // It reads nothing until the client has seen its Close; more waits than the sockets hold.
        ws.start_close(wsproto::CloseCode::NORMAL, "").unwrap();
        ws.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        ws.close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    });
    let line = [vec![b'a'; 1023], vec![b'\n']].concat();
    let outcome =
        connect(&[&ws(port), "--no-compression"], &[b"one\n".to_vec(), line.repeat(30_000)].concat());
    assert_eq!((outcome.status, outcome.text()), (9, "one\n"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("before all lines were sent"), "{}", outcome.stderr);
}
