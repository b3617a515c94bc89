//! Standard input, read on a thread of its own: what is typed or piped, line by line, and what each asks for.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    thread,
};

use tokio::sync::mpsc;
use wsproto::CloseCode;

use crate::streams;

/// The longest line, and the longest file of `/binary`.
pub(super) const MOST: usize = 16 << 20;
/// So many lines wait to be sent.
const WAITING: usize = 16;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Close(CloseCode, String),
    Help,
    /// It can't be done, and why.
    Wrong(String),
}

/// Starts to read. The thread ends with the input, or with the program: nothing waits for it.
pub(super) fn start(commands: bool) -> io::Result<mpsc::Receiver<Asked>> {
    let (lines, received) = mpsc::channel(WAITING);
    let read = move || {
        let mut stdin = BufReader::new(streams::stdin());
        read_lines(&mut stdin, commands, |asked| lines.blocking_send(asked).is_ok());
    };
    thread::Builder::new().name("input".into()).spawn(read)?;
    Ok(received)
}

/// Reads to the end, or as long as `give` takes it.
fn read_lines(from: &mut impl BufRead, commands: bool, mut give: impl FnMut(Asked) -> bool) {
    let mut number = 0_u64;
    loop {
        number = number.saturating_add(1);
        let mut line = Vec::new();
        match read_line(from, &mut line) {
            Ok(()) if line.is_empty() => return,
            Ok(()) if line.len() > MOST && !line.ends_with(b"\n") => {
                give(Asked::Wrong(format!("line {number} has more than {} MiB", MOST >> 20)));
                return;
            }
            Ok(()) => {}
            Err(error) => {
                give(Asked::Wrong(format!("can't read standard input: {error}")));
                return;
            }
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let asked = match std::str::from_utf8(line) {
            Ok(line) if commands => parse(line),
            Ok(line) => Asked::Text(line.into()),
            Err(_) => Asked::Wrong(format!(
                "line {number} isn't UTF-8, as text must be; /binary FILE sends any bytes"
            )),
        };
        if !give(asked) {
            return;
        }
    }
}

/// Reads a line with its end, or as much as one may have and a byte.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
    let most = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most).read_until(b'\n', line).map(drop)
}

/// Tells what a line asks for.
fn parse(line: &str) -> Asked {
    let Some(command) = line.strip_prefix('/') else { return Asked::Text(line.into()) };
    if command.starts_with('/') {
        return Asked::Text(command.into());
    }
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    match name {
        "ping" if rest.len() > 125 => Asked::Wrong("a Ping has at most 125 bytes".into()),
        "ping" => Asked::Ping(rest.into()),
        "close" => close(rest.trim()),
        "binary" => binary(rest.trim()),
        "help" => Asked::Help,
        _ => Asked::Wrong(format!("/{name} is no command: /help shows them, and //{name} sends /{name}")),
    }
}

/// Reads `4001 bye`.
fn close(rest: &str) -> Asked {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let reason = reason.trim();
    if code.is_empty() {
        return Asked::Close(CloseCode::NORMAL, String::new());
    }
    if reason.len() > 123 {
        return Asked::Wrong("a reason has at most 123 bytes".into());
    }
    match code.parse().ok().and_then(CloseCode::new).filter(|code| code.may_be_sent()) {
        Some(code) => Asked::Close(code, reason.into()),
        None => Asked::Wrong(
            "a Close has a code that may be sent: 1000 to 1003, 1007 to 1014, or 3000 to 4999".into(),
        ),
    }
}

/// Reads a file.
fn binary(path: &str) -> Asked {
    let read = || {
        let mut bytes = Vec::new();
        let limit = u64::try_from(MOST).unwrap_or(u64::MAX).saturating_add(1);
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(bytes)
    };
    match read() {
        _ if path.is_empty() => Asked::Wrong("/binary needs the name of a file".into()),
        Ok(bytes) if bytes.len() > MOST => Asked::Wrong(format!("{path} has more than {} MiB", MOST >> 20)),
        Ok(bytes) => Asked::Binary(bytes),
        Err(error) => Asked::Wrong(format!("can't read {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], commands: bool) -> Vec<Asked> {
        let mut all = Vec::new();
        // Whatever the parts are in which it comes.
        read_lines(&mut io::BufReader::with_capacity(3, input), commands, |asked| {
            all.push(asked);
            true
        });
        all
    }

    #[test]
    fn a_line_is_a_message_or_a_command() {
        let text = |text: &str| Asked::Text(text.into());
        #[rustfmt::skip]
        let table = [
            ("hello",              text("hello")),
            ("",                   text("")),
            (" /ping",             text(" /ping")),
            ("//x",                text("/x")),
            ("///",                text("//")),
            ("/ping",              Asked::Ping(vec![])),
            ("/ping a b",          Asked::Ping(b"a b".into())),
            ("/close",             Asked::Close(CloseCode::NORMAL, String::new())),
            ("/close 4001",        Asked::Close(CloseCode::new(4001).unwrap(), String::new())),
            ("/close 4001 bye ye", Asked::Close(CloseCode::new(4001).unwrap(), "bye ye".into())),
            ("/help",              Asked::Help),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line), expected, "{line:?}");
        }
        let long = format!("/ping {}", "x".repeat(126));
        let reason = format!("/close 1000 {}", "x".repeat(124));
        for wrong in [
            "/",
            "/pin",
            "/Ping",
            "/close x",
            "/close 1005",
            "/close 999",
            "/close 70000",
            "/binary",
            "/binary /no/such",
            &long,
            &reason,
        ] {
            assert!(matches!(parse(wrong), Asked::Wrong(_)), "{wrong:?}");
        }
    }

    #[test]
    fn lines_end_with_lf_or_crlf_or_the_input() {
        let text = |text: &str| Asked::Text(text.into());
        #[rustfmt::skip]
        let table: [(&[u8], bool, Vec<Asked>); 7] = [
            (b"",             true,  vec![]),
            (b"\n",           true,  vec![text("")]),
            (b"a\nb",         true,  vec![text("a"), text("b")]),
            (b"a\r\n\r\n",    true,  vec![text("a"), text("")]),
            (b"a\rb\r\r\n",   true,  vec![text("a\rb\r")]),
            (b"/ping\n//x\n", false, vec![text("/ping"), text("//x")]),
            (b"/ping\n",      true,  vec![Asked::Ping(vec![])]),
        ];
        for (input, commands, expected) in table {
            assert_eq!(lines(input, commands), expected, "{input:?}");
        }
        assert!(matches!(&*lines(b"\xff\nb\n", true), [Asked::Wrong(_), Asked::Text(_)]));
    }

    #[test]
    fn a_line_is_bounded() {
        let fits = [vec![b'a'; MOST], b"\nb\n".to_vec()].concat();
        assert_eq!(lines(&fits, true).len(), 2);
        let long = [vec![b'a'; MOST + 1], b"\nb\n".to_vec()].concat();
        assert!(matches!(&*lines(&long, true), [Asked::Wrong(_)]));
    }
}
