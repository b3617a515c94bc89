//! Standard streams that block, or end.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::timeout;
use wsproto::{Event, Message};

use crate::{
    Tool, connect,
    servers::{once, open},
    ws,
};

#[test]
fn pings_are_answered_while_nobody_reads_and_memory_is_bounded() {
    const LINE: usize = 1 << 16;
    let (port, done) = once(|stream| async {
        let mut ws = open(stream).await;
        // More than a pipe takes, and less than what may wait.
        for _ in 0..32 {
            ws.send("x".repeat(LINE)).await.unwrap();
        }
        ws.ping(b"there?").await.unwrap();
        let pong = timeout(Duration::from_secs(10), async {
            loop {
                let event = ws.recv_with(|event, _| matches!(event, Event::Pong(_))).await.unwrap();
                if event.unwrap() {
                    break;
                }
            }
        });
        let answered = pong.await.is_ok();
        // More than may wait: it is taken slowly, and all of it comes.
        let mut sent = 32;
        let stalled = loop {
            let noise: String = (0..LINE)
                .map(|byte| char::from(b'a' + u8::try_from((byte * byte + sent) % 23).unwrap()))
                .collect();
            match timeout(Duration::from_secs(1), ws.send(Message::from(&*noise))).await {
                Ok(outcome) => outcome.unwrap(),
                // It is queued already.
                Err(_) => break true,
            }
            sent += 1;
            if sent > 2000 {
                break false;
            }
        };
        (answered, stalled, ws)
    });
    let mut tool = Tool::start("connect", &[&ws(port), "--no-compression", "--wait", "forever"]);
    let (answered, stalled, mut ws) = done.recv().unwrap();
    assert!(answered, "the Ping was answered though nobody reads standard output");
    assert!(stalled, "the server was slowed down in the end");
    let pid = tool.child.id();
    if let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) {
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kib < 64 << 10, "{line}");
    }
    let stdout = tool.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        BufReader::new(stdout).lines().map(|line| line.unwrap().len()).collect::<Vec<_>>()
    });
    crate::servers::on(async move { ws.close(wsproto::CloseCode::NORMAL, "").await.unwrap() });
    assert_eq!(tool.end().status, 0);
    let lines = reading.join().unwrap();
    assert!(lines.len() > 32 && lines.iter().all(|len| *len == LINE), "{} lines", lines.len());
}

/// Shows the frames of a connection on a standard error that is not read yet.
fn show_frames(port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wsproto"))
        .args(["connect", "--wire", "--wait", "forever", &ws(port)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Frames are left out then, Pings are answered, and the end is no later.
#[cfg(unix)]
#[test]
fn frames_that_nobody_reads_hold_nothing_up() {
    let (to, answered) = std::sync::mpsc::channel();
    let (port, closed) = once(move |stream| async move {
        let mut ws = open(stream).await;
        for _ in 0..100_000 {
            ws.feed("x").await.unwrap();
        }
        ws.ping(b"there?").await.unwrap();
        let mut is_pong = false;
        while !is_pong {
            is_pong = ws.recv_with(|event, _| matches!(event, Event::Pong(_))).await.unwrap().unwrap();
        }
        to.send(()).unwrap();
        while let Ok(Some(_)) = ws.recv().await {}
        ws.close_report().code()
    });
    let mut child = show_frames(port);
    answered.recv_timeout(crate::tool::PATIENCE).unwrap();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(closed.recv_timeout(crate::tool::PATIENCE).unwrap(), wsproto::CloseCode::GOING_AWAY);
    let start = std::time::Instant::now();
    let status = child.wait().unwrap();
    assert!(status.success() && start.elapsed() < Duration::from_secs(10), "{status}, {:?}", start.elapsed());
}

/// A slow reader sees each frame, and the end.
#[test]
fn each_frame_is_shown_to_whoever_reads() {
    const FRAMES: usize = 100_000;
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        for _ in 0..FRAMES {
            ws.feed("x").await.unwrap();
        }
        ws.close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    });
    let mut child = show_frames(port);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut frames = lines.by_ref().take(1000).filter(|line| line.contains("← #")).count();
    // Longer than output waits for those who don't read, where nothing has ended.
    std::thread::sleep(Duration::from_millis(700));
    frames += lines.filter(|line| line.contains("← #")).count();
    assert_eq!(frames, FRAMES + 1);
    assert!(child.wait().unwrap().success());
}

#[test]
fn standard_output_that_is_closed_ends_it_quietly() {
    let (port, ended) = once(|stream| async {
        let mut ws = open(stream).await;
        loop {
            if ws.send("hello").await.is_err() {
                break;
            }
            if !matches!(timeout(Duration::from_millis(1), ws.recv()).await, Err(_) | Ok(Ok(Some(_)))) {
                break;
            }
        }
        ws.close_report()
    });
    let mut tool = Tool::start("connect", &[&ws(port), "--wait", "forever"]);
    let mut stdout = tool.stdout.take().unwrap();
    let mut line = [0; 6];
    stdout.read_exact(&mut line).unwrap();
    drop(stdout);
    let outcome = tool.end();
    assert_eq!((outcome.status, &*outcome.stderr), (0, ""));
    assert_eq!(ended.recv().unwrap().received.map(|close| close.code.get()), Some(1001));
}

#[cfg(unix)]
#[test]
fn what_a_terminal_would_obey_is_shown_as_escapes() {
    // `script` gives a terminal; it is not everywhere.
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        ws.send("\x1b]0;title\x07\u{202e}{\"a\": 1}").await.unwrap();
        ws.close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    });
    let command = format!("{} connect {} --wait forever", env!("CARGO_BIN_EXE_wsproto"), ws(port));
    let Ok(output) =
        Command::new("script").args(["-qec", &command, "/dev/null"]).stdin(Stdio::null()).output()
    else {
        eprintln!("SKIP: there is no `script`");
        return;
    };
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("< \\u{1b}]0;title\\u{7}\\u{202e}{\"a\": 1}"), "{shown:?}");
    assert!(!shown.contains(['\u{202e}', '\x07']), "{shown:?}");
}

#[test]
fn standard_error_that_is_closed_is_no_reason_to_fail() {
    let port = crate::servers::echo();
    let output = Command::new("sh")
        .args([
            "-c",
            "printf 'hello\\n' | \"$0\" connect \"$1\" --wire --expect 1 2>&-",
            env!("CARGO_BIN_EXE_wsproto"),
            &ws(port),
        ])
        .output()
        .unwrap();
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"hello\n"[..]));
    // With more than may wait.
    let lines = "hello, hello\n".repeat(20_000);
    let outcome = connect(&[&ws(port), "--wire", "--expect", "20000"], lines.as_bytes());
    assert_eq!(outcome.status, 0);
    assert!(outcome.text() == lines);
}
