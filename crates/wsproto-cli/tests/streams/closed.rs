//! Closed streams, and pipes without a reader.

use std::{
    fs::OpenOptions,
    io::Write,
    process::{Command, Stdio},
    thread,
};

use crate::{ended, servers::echo, url, wsproto};

#[test]
fn a_closed_stream_is_as_good_as_an_empty_one() {
    let port = url(echo());
    #[rustfmt::skip]
    let table: [(&str, &str, i32, &str, &str); 9] = [
        // The command, its status, and its messages on the open streams.
        ("explain, no input",  "explain <&-",                                        8, "", "standard input is empty"),
        ("explain, no output", "explain --hex '83 00' >&-",                          1, "", ""),
        ("explain, no notes",  "explain /no/such/file 2>&-",                         8, "", ""),
        ("connect, no input",  "connect $URL <&-",                                   0, "", ""),
        ("connect, no output", "connect $URL --expect 1 >&-",                        0, "", ""),
        ("connect, no notes",  "connect $URL --wire --expect 1 2>&-",                0, "hello\n", ""),
        ("connect, nothing",   "connect $URL --wire --expect 1 >&- 2>&-",            0, "", ""),
        ("bench, no output",   "bench $URL --seconds 0.2 >&-",                       0, "", ""),
        ("bench, nothing",     "bench $URL --seconds 0.2 <&- >&- 2>&-",              0, "", ""),
    ];
    for (name, command, status, stdout, stderr) in table {
        let mut child = Command::new("sh")
            .args(["-c", &format!("exec \"$WSPROTO\" {command}")])
            .envs([("WSPROTO", env!("CARGO_BIN_EXE_wsproto")), ("URL", &port)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take().unwrap().write_all(b"hello\n"));
        let output = child.wait_with_output().unwrap();
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!((output.status.code(), &*out), (Some(status), stdout), "{name}: {err}");
        assert!(err.contains(stderr) && err.is_empty() == stderr.is_empty(), "{name}: {err}");
    }
}

/// A pipe whose reader has gone is no error: the reader has got everything that it wanted.
#[test]
fn a_reader_that_has_gone_is_no_fault() {
    let port = url(echo());
    #[rustfmt::skip]
    let table: [(&str, &[&str], i32); 5] = [
        ("explain",          &["explain", "--hex", "81 00"],                       0),
        ("explain, a fault", &["explain", "--json", "--hex", "83 00"],             1),
        ("connect",          &["connect", &port, "--wire", "--wait", "forever"],   0),
        ("bench",            &["bench", &port, "--seconds", "1.2"],                0),
        ("bench, JSON",      &["bench", &port, "--seconds", "0.2", "--json"],      0),
    ];
    for (name, arguments, status) in table {
        let mut child = wsproto(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let mut stdin = child.stdin.take().unwrap();
        let writing = thread::spawn(move || while stdin.write_all(b"hello\n").is_ok() {});
        assert_eq!(ended(child), status, "{name}");
        writing.join().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let port = url(echo());
    #[rustfmt::skip]
    let table: [(&str, &[&str]); 3] = [
        ("explain", &["explain", "--hex", "81 00"]),
        ("connect", &["connect", &port, "--wait", "forever"]),
        ("bench",   &["bench", &port, "--seconds", "0.2"]),
    ];
    for (name, arguments) in table {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut child =
            wsproto(arguments).stdin(Stdio::piped()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        drop(stdin.write_all(b"hello\n"));
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(8), "{name}: {stderr}");
        assert!(stderr.contains("can't write to standard output"), "{name}: {stderr}");
    }
}
