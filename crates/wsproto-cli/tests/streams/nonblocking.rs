//! Streams that another program has made non-blocking: the commands wait for them, and lose no byte.

use std::{
    io::{ErrorKind, Read, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Stdio,
    thread,
    time::Duration,
};

use crate::{ended, servers::echo, url, wsproto};

/// A non-blocking stream for a command, and our end of it.
fn pair() -> (UnixStream, UnixStream) {
    let (theirs, ours) = UnixStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    (theirs, ours)
}

/// Makes a standard stream of it.
fn given(stream: UnixStream) -> Stdio {
    Stdio::from(OwnedFd::from(stream))
}

/// Fills the stream until it takes no more. Returns the number of bytes.
fn fill(stream: &mut UnixStream) -> usize {
    let mut count = 0;
    loop {
        match stream.write(&[b' '; 4096]) {
            Ok(written) => count += written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return count,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads everything slowly, after a while, without the blanks that filled it.
fn read(mut stream: UnixStream, filled: usize) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(400));
        let (mut all, mut part) = (Vec::new(), [0; 10_000]);
        loop {
            let len = stream.read(&mut part).unwrap();
            if len == 0 {
                return String::from_utf8(all.split_off(filled)).unwrap();
            }
            all.extend(&part[..len]);
            thread::sleep(Duration::from_millis(2));
        }
    })
}

#[test]
fn a_full_output_is_waited_for() {
    let (port, ports) = (url(echo()), url(echo()));
    let frames = "8a 00 ".repeat(20_000);
    #[rustfmt::skip]
    let table: [(&str, &[&str], &str, [usize; 2]); 4] = [
        // The command, its input, the lines on standard output, and the least number of lines on standard error.
        ("explain", &["explain", "--format", "hex"],                  &frames,   [20_003, 0]),
        ("connect", &["connect", &port, "--wire", "--expect", "500"], &"a line of text\n".repeat(500), [500, 1000]),
        ("bench",   &["bench", &ports, "--seconds", "1.5"],           "",        [15, 1]),
        ("a fault", &["explain", "/no/such/file"],                    "",        [0, 1]),
    ];
    for (name, arguments, input, [expected, noted]) in table {
        let ((mut out, our_out), (mut err, our_err)) = (pair(), pair());
        let (filled, filled_too) = (fill(&mut out), fill(&mut err));
        let mut child =
            wsproto(arguments).stdin(Stdio::piped()).stdout(given(out)).stderr(given(err)).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writing = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let (out, err) = (read(our_out, filled), read(our_err, filled_too));
        let status = ended(child);
        let (out, err) = (out.join().unwrap(), err.join().unwrap());
        writing.join().unwrap();
        let lines = out.lines().count();
        assert!(
            if name == "bench" { lines >= expected } else { lines == expected },
            "{name}: {lines} lines, {err}"
        );
        assert!(err.lines().count() >= noted && !err.contains("temporarily"), "{name}: {err}");
        assert_eq!(status, if name == "a fault" { 8 } else { 0 }, "{name}: {err}");
        // No half of a colour's escape sequence may remain.
        assert!(!out.contains('\x1b') && !err.contains('\x1b'), "{name}");
    }
}

#[test]
fn an_input_that_has_nothing_yet_is_waited_for() {
    let port = url(echo());
    let session: &[&[u8]] = &[
        b"{\"kind\":\"session\",",
        b"\"version\":1}\n{\"kind\":\"open\",\"at\":0,",
        b"\"extensions\":\"\",\"subprotocol\":null}\n",
    ];
    let pcap: &[&[u8]] = &[b"\xd4\xc3", b"\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04", b"\0\x01\0\0\0"];
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[&[u8]], &str); 5] = [
        ("bytes",   &["explain"],                            &[b"\x81", b"\x05He", b"llo"], "\"Hello\""),
        ("hex",     &["explain", "--format", "hex"],         &[b"81 0", b"5 48", b"656c6c6f"], "\"Hello\""),
        ("session", &["explain"],                            session, "open: extensions none"),
        ("capture", &["explain"],                            pcap, ""),
        ("connect", &["connect", &port, "--expect", "2"],    &[b"on", b"e\ntw", b"o\n"], "one\ntwo\n"),
    ];
    for (name, arguments, parts, expected) in table {
        let (stdin, mut ours) = pair();
        let child = wsproto(arguments)
            .stdin(given(stdin))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        for part in parts {
            thread::sleep(Duration::from_millis(100));
            ours.write_all(part).unwrap();
        }
        thread::sleep(Duration::from_millis(100));
        drop(ours);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {stderr}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(expected), "{name}");
    }
}
