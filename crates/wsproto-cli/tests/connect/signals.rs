//! Ctrl-C and SIGTERM.

use std::{
    future,
    io::{BufRead, BufReader},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Tool,
    servers::{echo_to_the_end, once, open, serve},
    ws,
};

/// Starts, and waits for the first line.
fn open_tool(port: u16, options: &[&str]) -> Tool {
    let mut tool = Tool::start("connect", &[&[&*ws(port)], options].concat());
    let mut line = String::new();
    BufReader::with_capacity(6, tool.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "hello\n");
    tool
}

#[test]
fn a_signal_closes_with_1001() {
    for name in ["INT", "TERM"] {
        let (port, ended) = once(|stream| async {
            let mut ws = open(stream).await;
            ws.send("hello").await.unwrap();
            while let Ok(Some(_)) = ws.recv().await {}
            ws.close_report()
        });
        let tool = open_tool(port, &[]);
        tool.signal(name);
        let outcome = tool.end();
        assert_eq!((outcome.status, &*outcome.stderr), (0, ""), "{name}");
        let report = ended.recv().unwrap();
        assert_eq!(report.received.map(|close| close.code.get()), Some(1001), "{name}");
        assert!(report.clean, "{name}");
    }
}

#[test]
fn a_second_signal_ends_at_once_and_one_is_bounded() {
    let silent = serve(|stream| async {
        let mut ws = open(stream).await;
        ws.send("hello").await.unwrap();
        future::pending::<()>().await;
    });
    let tool = open_tool(silent, &[]);
    tool.signal("INT");
    thread::sleep(Duration::from_millis(300));
    let before = Instant::now();
    tool.signal("INT");
    assert_eq!(tool.end().status, 130);
    assert!(before.elapsed() < Duration::from_secs(3));

    let tool = open_tool(silent, &[]);
    tool.signal("TERM");
    assert_eq!(tool.end().status, 7);
}

#[test]
fn a_signal_before_the_opening_ends_at_once() {
    let silent = serve(|stream| async move {
        let _stream = stream;
        future::pending::<()>().await;
    });
    let tool = Tool::start("connect", &[&ws(silent)]);
    thread::sleep(Duration::from_millis(500));
    tool.signal("INT");
    assert_eq!(tool.end().status, 130);
}

#[test]
fn a_signal_ends_what_waits_for_answers() {
    let (port, ended) = once(echo_to_the_end);
    let mut tool = Tool::start("connect", &[&ws(port), "--wait", "forever"]);
    std::io::Write::write_all(tool.stdin.as_mut().unwrap(), b"hello\n").unwrap();
    drop(tool.stdin.take());
    thread::sleep(Duration::from_millis(500));
    tool.signal("INT");
    assert_eq!(tool.end().status, 0);
    assert_eq!(ended.recv().unwrap().received.map(|close| close.code.get()), Some(1001));
}

#[test]
fn a_signal_is_bounded_also_while_nobody_reads_standard_output() {
    let flooding = serve(|stream| async {
        let mut ws = open(stream).await;
        ws.send("hello").await.unwrap();
        while ws.send("x".repeat(1 << 16)).await.is_ok() {}
    });
    for signals in [1, 2] {
        let mut tool = open_tool(flooding, &["--no-compression", "--wait", "forever"]);
        // More comes than may wait.
        thread::sleep(Duration::from_secs(1));
        let before = Instant::now();
        for _ in 0..signals {
            tool.signal("INT");
            thread::sleep(Duration::from_millis(300));
        }
        let status = tool.wait();
        assert_eq!(status, if signals == 1 { 7 } else { 130 });
        assert!(before.elapsed() < Duration::from_secs(if signals == 1 { 12 } else { 3 }));
    }
}
