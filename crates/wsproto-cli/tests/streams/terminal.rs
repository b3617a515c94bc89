//! Terminals: colours, typed input, the line that is rewritten, Ctrl-C and Ctrl-D.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::{
    ended,
    servers::{echo, echo_to_the_end, once},
    tool::PATIENCE,
    url,
};

/// A command on a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
}

impl Terminal {
    /// Starts the command with its three streams on its own terminal. Returns none if `setsid` is missing.
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Option<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let stream = || Stdio::from(File::options().read(true).write(true).open(&path).unwrap());
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_wsproto")]).args(arguments);
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color").envs(environment.iter().copied());
        let Ok(child) = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn() else {
            eprintln!("SKIP: there is no `setsid`");
            return None;
        };
        drop(command);
        let keyboard = File::from(master);
        let mut reading = keyboard.try_clone().unwrap();
        let (to, screen) = channel();
        thread::spawn(move || {
            let mut part = [0; 4096];
            // Linux reports an error to the reader of a terminal whose other end is closed.
            while let Ok(len @ 1..) = reading.read(&mut part) {
                drop(to.send(part[..len].to_vec()));
            }
        });
        Some(Self { child, keyboard, screen, shown: String::new() })
    }

    fn types(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    /// Waits until the screen shows a text after the one of the last wait.
    fn shows(&mut self, wanted: &str) {
        let began = Instant::now();
        loop {
            if let Some(place) = self.shown.find(wanted) {
                self.shown.drain(..place + wanted.len());
                return;
            }
            match self.screen.recv_timeout(Duration::from_millis(100)) {
                Ok(part) => self.shown += &String::from_utf8_lossy(&part),
                Err(_) => assert!(began.elapsed() < PATIENCE, "{wanted:?} isn't shown: {:?}", self.shown),
            }
        }
    }

    /// Waits for the end of the command. Returns its status, and the output since the last wait.
    fn end(mut self) -> (i32, String) {
        let status = ended(self.child);
        while let Ok(part) = self.screen.recv_timeout(Duration::from_millis(500)) {
            self.shown += &String::from_utf8_lossy(&part);
        }
        (status, self.shown)
    }
}

#[test]
fn colours_are_for_terminals_that_are_not_told_otherwise() {
    let port = url(echo());
    let fault: &[&str] = &["explain", "--hex", "83 00"];
    let wire: &[&str] = &["connect", &port, "--wire"];
    #[rustfmt::skip]
    let table: [(&str, &[&str], &[(&str, &str)], bool); 8] = [
        ("a terminal",           fault, &[],                                            true),
        ("connect",              wire,  &[],                                            true),
        ("NO_COLOR",             fault, &[("NO_COLOR", "1")],                           false),
        ("NO_COLOR of connect",  wire,  &[("NO_COLOR", "1")],                           false),
        // https://no-color.org: NO_COLOR counts if it is present and not empty.
        ("an empty NO_COLOR",    fault, &[("NO_COLOR", "")],                            true),
        ("NO_COLOR of any text", fault, &[("NO_COLOR", "0")],                           false),
        ("NO_COLOR comes first", fault, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],  false),
        ("a dumb terminal",      fault, &[("TERM", "dumb")],                            false),
    ];
    for (name, arguments, environment, expected) in table {
        let Some(mut terminal) = Terminal::start(arguments, environment) else { return };
        if arguments[0] == "connect" {
            terminal.shows("connected to ");
            terminal.types(b"\x04");
        }
        let (status, shown) = terminal.end();
        assert_eq!(status, i32::from(arguments[0] == "explain"), "{name}: {shown:?}");
        assert_eq!(shown.contains('\x1b'), expected, "{name}: {shown:?}");
        assert!(shown.contains("broken") || shown.contains("close"), "{name}: {shown:?}");
    }
}

#[test]
fn somebody_types() {
    let port = url(echo());
    let Some(mut terminal) = Terminal::start(&["connect", &port], &[]) else { return };
    terminal.shows("extensions permessage-deflate, subprotocol none. /help shows the commands");
    terminal.types("hello, ünïcode\n".as_bytes());
    terminal.shows("< hello, ünïcode");
    // Each mistake is reported, and the command goes on.
    for (line, says) in [
        ("/nonsense", "/nonsense is no command"),
        ("/close 1005", "a code that may be sent"),
        ("/close 99999", "a code that may be sent"),
        ("/binary /no/such/file", "can't read /no/such/file: "),
        ("/binary", "/binary needs the name of a file"),
        ("/ping there?", "pong \"there?\" after "),
        ("//slash", "< /slash"),
        ("/help", "sends a Ping; its Pong is shown"),
    ] {
        terminal.types(format!("{line}\n").as_bytes());
        terminal.shows(says);
    }
    terminal.types(b"/close 4001 bye\n");
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown:?}");
    assert!(shown.contains("closed: 4001 \"bye\""), "{shown:?}");
}

#[test]
fn the_end_of_what_is_typed_closes_with_1000_and_ctrl_c_with_1001() {
    for (key, code) in [(b"\x04", 1000), (b"\x03", 1001)] {
        let (port, ended) = once(echo_to_the_end);
        let Some(mut terminal) = Terminal::start(&["connect", &url(port)], &[]) else { return };
        terminal.shows("/help shows the commands");
        terminal.types(key);
        let (status, shown) = terminal.end();
        assert_eq!(status, 0, "{key:?}: {shown:?}");
        assert!(shown.contains(&format!("closed: {code}")), "{key:?}: {shown:?}");
        let report = ended.recv_timeout(PATIENCE).unwrap();
        assert_eq!(report.received.map(|close| close.code.get()), Some(code), "{key:?}");
    }
}

#[test]
fn the_progress_of_bench_is_one_line() {
    let port = url(echo());
    let Some(mut terminal) = Terminal::start(&["bench", &port, "--seconds", "600", "-c", "2"], &[]) else {
        return;
    };
    terminal.shows("1 s: ");
    terminal.shows(" messages/s, 0 connections lost");
    terminal.shows("\r2 s: ");
    assert!(!terminal.shown.contains('\n'), "{:?}", terminal.shown);
    terminal.types(b"\x03");
    terminal.shows("2 asked, 2 opened, 0 failed, 0 lost");
    let (status, shown) = terminal.end();
    assert_eq!(status, 130, "{shown:?}");
}

#[test]
fn what_would_read_from_a_terminal_by_mistake_says_what_it_wants() {
    let Some(terminal) = Terminal::start(&["explain"], &[]) else { return };
    let (status, shown) = terminal.end();
    assert_eq!(status, 2, "{shown:?}");
    assert!(shown.contains("no file: name one, or --hex DIGITS"), "{shown:?}");
    let Some(terminal) = Terminal::start(&["connect", "ws://localhost:1/", "--raw"], &[]) else { return };
    let (status, shown) = terminal.end();
    assert_eq!(status, 2, "{shown:?}");
    assert!(shown.contains("--raw is for pipes and files"), "{shown:?}");
}
