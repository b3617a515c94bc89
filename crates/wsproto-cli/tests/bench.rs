//! Runs `wsproto bench` against servers made here.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

#[path = "against/servers.rs"]
mod servers;
#[path = "against/tool.rs"]
mod tool;

use std::{
    future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsproto::{CloseCode, Message};

use servers::{answer, echo, nobody, once, open, serve};
use tool::{Outcome, Tool};

fn bench(port: u16, options: &[&str]) -> Outcome {
    let url = format!("ws://127.0.0.1:{port}/");
    Tool::start("bench", &[&[&*url], options].concat()).finish(b"")
}

/// Runs with `--json`; returns the status and the result.
fn json(port: u16, options: &[&str]) -> (i32, Value) {
    let outcome = bench(port, &[options, &["--json"]].concat());
    let result = serde_json::from_str(outcome.text()).unwrap_or_else(|error| panic!("{error}: {outcome:?}"));
    (outcome.status, result)
}

#[test]
fn an_echo_is_measured() {
    let port = echo();
    #[rustfmt::skip]
    let table: [(&[&str], &str, u64); 6] = [
        (&["--size", "0"],                                              "text", 0),
        (&["--size", "1", "--window", "64"],                            "text", 1),
        (&["--size", "17", "--binary", "--connections", "3"],           "binary", 17),
        (&["--size", "1000", "--text", "--no-compression"],             "text", 1000),
        (&["--size", "1000000", "--window", "8", "--connections", "2", "--no-compression"], "text", 1_000_000),
        (&["--size", "300000", "--binary", "--rate", "50"],             "binary", 300_000),
    ];
    for (options, kind, size) in table {
        let (status, result) = json(port, &[options, &["--seconds", "0.5"]].concat());
        assert_eq!(status, 0, "{options:?}: {result}");
        assert_eq!((&result["kind"], &result["size"]), (&kind.into(), &size.into()), "{options:?}");
        let connections = &result["connections"];
        assert_eq!(connections["asked"], connections["opened"], "{options:?}: {result}");
        let (sent, answered) = (&result["messages"]["sent"], &result["messages"]["answered"]);
        assert!(sent.as_u64() >= answered.as_u64() && answered.as_u64() > Some(0), "{options:?}: {result}");
        let a_second = result["messages_per_second"].as_f64().unwrap();
        assert!((a_second - answered.as_f64().unwrap() / 0.5).abs() < 0.01, "{options:?}: {result}");
        let latency = ["min", "p50", "p90", "p99", "p99.9", "max"]
            .map(|name| result["latency_us"][name].as_f64().unwrap());
        assert!(latency.is_sorted() && latency[0] > 0.0, "{options:?}: {result}");
        assert_eq!(result["closed_loop"], !options.contains(&"--rate"));
        assert_eq!(
            result["extensions"].as_array().unwrap().is_empty(),
            options.contains(&"--no-compression")
        );
    }
}

#[test]
fn people_are_told_how_far_it_is_and_what_it_means() {
    let outcome = bench(echo(), &["--seconds", "2.5", "--connections", "2"]);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    let text = outcome.text();
    for part in [
        "2 asked, 2 opened, 0 failed, 0 lost",
        " messages/s, ",
        "99.9 % ",
        "A closed loop hides stalls",
        "####",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert!(
        lines.len() >= 2 && lines.iter().all(|line| line.contains(" messages/s, 0 connections lost")),
        "{lines:?}"
    );
    assert!(!outcome.stderr.contains(['\r', '\x1b']), "only a terminal has a line that is rewritten");

    let outcome = bench(echo(), &["--seconds", "0.5", "--rate", "100"]);
    assert!(outcome.text().contains("from the moment at which each message was due"), "{}", outcome.text());
}

#[test]
fn a_rate_is_kept_and_a_stall_is_seen_by_all_that_were_due() {
    let (status, result) = json(echo(), &["--rate", "500", "--seconds", "2", "--connections", "7"]);
    assert_eq!(status, 0);
    let messages = &result["messages"];
    assert_eq!(messages["sent"].as_u64().unwrap() + messages["unsent"].as_u64().unwrap(), 1000, "{result}");
    assert!(messages["answered"].as_u64() > Some(900), "{result}");

    // A second without an answer, after half a second.
    let stalling = || {
        serve(|stream| async {
            let mut ws = open(stream).await;
            let began = tokio::time::Instant::now();
            let mut has_stalled = false;
            while let Ok(Some(message)) = ws.recv().await {
                if began.elapsed() > Duration::from_millis(500) && !has_stalled {
                    has_stalled = true;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                if ws.send(message).await.is_err() {
                    break;
                }
            }
        })
    };
    let p90 = |options: &[&str]| {
        let (status, result) =
            json(stalling(), &[options, &["--seconds", "2", "--connections", "1"]].concat());
        assert_eq!(status, 0, "{result}");
        assert!(result["latency_us"]["max"].as_f64().unwrap() > 900e3, "{result}");
        result["latency_us"]["p90"].as_f64().unwrap()
    };
    assert!(p90(&[]) < 200e3, "a closed loop hides it");
    assert!(p90(&["--rate", "200"]) > 400e3, "at a rate all that were due have waited");
    assert!(p90(&["--rate", "200", "--window", "1000"]) > 400e3, "whether they were sent or not");
}

#[test]
fn what_goes_wrong_is_counted_and_told() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let wrong = serve(|stream| async {
        let mut ws = open(stream).await;
        while let Ok(Some(message)) = ws.recv().await {
            let mut text = message.as_text().unwrap().to_owned();
            text.pop();
            text.push('!');
            if ws.send(Message::text(text)).await.is_err() {
                break;
            }
        }
    });
    let every_other = serve(|stream| async {
        if COUNT.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            drop(stream);
        } else {
            drop(servers::echo_to_the_end(stream).await);
        }
    });
    let closing = serve(|stream| async {
        let mut ws = open(stream).await;
        for _ in 0..10 {
            let message = ws.recv().await.unwrap().unwrap();
            ws.send(message).await.unwrap();
        }
        drop(ws.close(CloseCode::SERVICE_RESTART, "").await);
    });
    let refusing = answer(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", true);
    let writing = |bytes: &'static [u8]| {
        serve(move |stream| async move {
            let mut ws = open(stream).await;
            drop(ws.recv().await);
            let Ok((mut stream, _)) = ws.into_parts() else { panic!("it is open") };
            stream.write_all(bytes).await.unwrap();
        })
    };
    let (without_code, without_close) = (writing(b"\x88\x00"), writing(b""));
    let too_long = serve(|stream| async {
        let mut ws = open(stream).await;
        while let Ok(Some(_)) = ws.recv().await {
            if ws.send("x".repeat(1 << 20)).await.is_err() {
                break;
            }
        }
    });
    // A body that is another one each time.
    let differing = serve(|mut stream| async move {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        drop(stream.read(&mut [0; 4096]).await);
        let body = format!("request {}", COUNT.fetch_add(1, Ordering::Relaxed));
        let head = format!("HTTP/1.1 503 x\r\nContent-Length: {}\r\n\r\n", body.len());
        drop(stream.write_all((head + &body).as_bytes()).await);
        drop(stream.read(&mut [0; 4096]).await);
    });
    #[rustfmt::skip]
    let table: [(&str, u16, i32, [u32; 3], &str); 14] = [
        ("wrong",       wrong,       1, [4, 0, 0], ""),
        ("nobody",      nobody(),    3, [0, 4, 0], "nothing listens there"),
        ("refused",     refusing,    3, [0, 4, 0], "refused: status 403"),
        ("every other", every_other, 3, [2, 2, 0], "ended the connection before it answered"),
        ("closing",     closing,     5, [4, 0, 4], "4 lost: closed by the server: 1012"),
        ("no code",     without_code, 5, [4, 0, 4], "4 lost: closed by the server, without a code"),
        ("no Close",    without_close, 5, [4, 0, 4], "4 lost: the connection ended without a Close"),
        ("too long",    too_long,    1, [4, 0, 0], ""),
        ("TLS",         answer(b"\x15\x03\x01\x00\x02\x02\x46", true), 3, [0, 4, 0], ": this port speaks TLS: use wss://"),
        ("SSH",         answer(b"SSH-2.0-OpenSSH_9.6\r\n", true), 3, [0, 4, 0], "doesn't speak HTTP: it began with \"SSH-2.0"),
        ("redirect",    answer(b"HTTP/1.1 301 x\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", true), 3, [0, 4, 0], "redirects (status 301) to ws://127.0.0.1:"),
        ("a page",      answer(b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nhi", true), 3, [0, 4, 0], "status 200 OK: an ordinary page"),
        ("each differs", differing,  3, [0, 4, 0], "4 127.0.0.1:PORT refused: status 503"),
        ("silence",     answer(b"", false), 3, [0, 4, 0], "4 127.0.0.1:PORT: the opening handshake took too long: more than 1 s"),
    ];
    for (name, port, expected, [opened, failed, lost], reason) in table {
        let timeout = if name == "silence" { "1" } else { "5" };
        let (status, result) =
            json(port, &["--seconds", "0.5", "--connections", "4", "--timeout", timeout, "--no-compression"]);
        let connections = &result["connections"];
        assert_eq!(status, expected, "{name}: {result}");
        assert_eq!(
            [&connections["opened"], &connections["failed"], &connections["lost"]],
            [opened, failed, lost],
            "{name}: {result}"
        );
        let reasons = result["reasons"].as_object().unwrap();
        let told: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let told = told.join("\n").replace(&format!(":{port}"), ":PORT");
        let told = told.replace("ws://127.0.0.1:PORT", "ws://127.0.0.1:");
        assert!(told.contains(reason), "{name}: {told}");
        assert_eq!(connections["wrong"] == 4, name == "wrong" || name == "too long", "{name}: {result}");
        assert_eq!(connections["unended"], 0, "{name}: {result}");
    }
}

#[test]
fn nothing_is_sent_before_all_are_open() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static OPEN: AtomicU32 = AtomicU32::new(0);
    static TOO_EARLY: AtomicU32 = AtomicU32::new(0);
    let port = serve(|stream| async {
        if COUNT.fetch_add(1, Ordering::Relaxed) == 2 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let mut ws = open(stream).await;
        OPEN.fetch_add(1, Ordering::Relaxed);
        while let Ok(Some(message)) = ws.recv().await {
            TOO_EARLY.fetch_add(u32::from(OPEN.load(Ordering::Relaxed) < 3), Ordering::Relaxed);
            if ws.send(message).await.is_err() {
                break;
            }
        }
    });
    for rate in [&[][..], &["--rate", "100"]] {
        for count in [&COUNT, &OPEN] {
            count.store(0, Ordering::Relaxed);
        }
        let (status, result) = json(port, &[rate, &["--seconds", "0.3", "--connections", "3"]].concat());
        assert_eq!((status, TOO_EARLY.load(Ordering::Relaxed)), (0, 0), "{rate:?}: {result}");
        assert!(result["messages"]["answered"].as_u64() > Some(0), "{rate:?}: {result}");
    }
}

#[test]
fn those_that_are_open_in_time_are_measured() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let port = serve(|stream| async {
        if COUNT.fetch_add(1, Ordering::Relaxed) == 0 {
            let _stream = stream;
            future::pending::<()>().await;
        } else {
            drop(servers::echo_to_the_end(stream).await);
        }
    });
    let (status, result) = json(port, &["--seconds", "0.5", "--connections", "3", "--timeout", "1"]);
    assert_eq!(status, 3, "{result}");
    assert_eq!(
        (&result["connections"]["opened"], &result["connections"]["failed"]),
        (&2.into(), &1.into()),
        "{result}"
    );
    assert!(result["messages"]["answered"].as_u64() > Some(0), "{result}");
    assert!(
        result["reasons"].to_string().contains("the opening handshake took too long: more than 1 s"),
        "{result}"
    );
}

#[test]
fn messages_without_an_answer_count_with_the_time_that_they_waited() {
    let silent = serve(|stream| async {
        let mut ws = open(stream).await;
        while let Ok(Some(_)) = ws.recv().await {}
    });
    let (status, result) = json(silent, &["--seconds", "0.5", "--connections", "1", "--rate", "10"]);
    assert_eq!(status, 7, "{result}");
    assert_eq!(
        (&result["messages"]["unanswered"], &result["messages"]["unsent"]),
        (&1.into(), &4.into()),
        "{result}"
    );
    assert!(result["latency_us"]["min"].as_f64().unwrap() > 4.9e6, "{result}");
}

#[test]
fn what_is_too_much_or_not_ones_own_is_refused() {
    #[rustfmt::skip]
    let table: [(&[&str], &str); 7] = [
        (&["ws://example.com/"],                                "--allow-remote-host"),
        (&["ws://localhost.example.com/"],                      "--allow-remote-host"),
        (&["ws://localhost/", "--connections", "10001"],        "10000"),
        (&["ws://localhost/", "--size", "16777217"],            "16777216"),
        (&["ws://localhost/", "--seconds", "3601"],             "at most an hour"),
        (&["ws://localhost/", "--size", "16777216", "--window", "7"], "more than 1 GiB"),
        (&["ws://localhost/", "--text", "--binary"],            "cannot be used with"),
    ];
    for (arguments, says) in table {
        let outcome = Tool::start("bench", arguments).finish(b"");
        assert_eq!(outcome.status, 2, "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{arguments:?}: {}", outcome.stderr);
    }
}

#[cfg(unix)]
#[test]
fn the_limit_on_files_is_told_beforehand() {
    let command = "ulimit -n 100; exec \"$0\" bench ws://localhost:1/ --connections 69";
    let output = std::process::Command::new("sh")
        .args(["-c", command, env!("CARGO_BIN_EXE_wsproto")])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("69 connections need 101 open files, and the limit is 100"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_tells_what_was_measured_until_then() {
    let url = format!("ws://127.0.0.1:{}/", echo());
    let tool = Tool::start("bench", &[&url, "--seconds", "600", "--json"]);
    std::thread::sleep(Duration::from_millis(1500));
    tool.signal("INT");
    let outcome = tool.end();
    assert_eq!(outcome.status, 130, "{}", outcome.stderr);
    let result: Value = serde_json::from_str(outcome.text()).unwrap();
    assert_eq!(result["interrupted"], true);
    let seconds = result["seconds"].as_f64().unwrap();
    assert!(0.1 < seconds && seconds < 5.0 && result["messages"]["answered"].as_u64() > Some(0), "{result}");
}

/// What was due on a connection that is lost counts, whether it was lost before the start or after.
#[test]
fn a_rate_is_kept_by_those_that_are_left() {
    static EARLY: AtomicU32 = AtomicU32::new(0);
    static LATE: AtomicU32 = AtomicU32::new(0);
    // The first connection ends before the last one is open.
    let early = serve(|stream| async {
        let number = EARLY.fetch_add(1, Ordering::Relaxed);
        if number == 3 {
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        if number == 0 {
            drop(open(stream).await);
        } else {
            drop(servers::echo_to_the_end(stream).await);
        }
    });
    // It ends after the start.
    let late = serve(|stream| async {
        let is_first = LATE.fetch_add(1, Ordering::Relaxed) == 0;
        if is_first {
            let mut ws = open(stream).await;
            drop(ws.recv().await);
        } else {
            drop(servers::echo_to_the_end(stream).await);
        }
    });
    for (name, port, missing) in [("early", early, 0), ("late", late, 49)] {
        let (status, result) = json(port, &["--seconds", "1", "--connections", "4", "--rate", "200"]);
        assert_eq!(status, 5, "{name}: {result}");
        let connections = &result["connections"];
        assert_eq!([&connections["opened"], &connections["lost"]], [4, 1], "{name}: {result}");
        let count = |of: &str| result["messages"][of].as_u64().unwrap();
        let all = count("sent") + count("unsent");
        assert_eq!(all, 200, "{name}: all that were due are sent or told: {result}");
        assert!(count("unsent") >= missing, "{name}: {result}");
        assert!(count("answered") >= 140, "{name}: {result}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_closes_with_1001_and_is_bounded() {
    // Both while it measures and while it still opens.
    for (name, connections, wait) in [("measuring", "1", 1000), ("opening", "2", 700)] {
        let (port, ended) = once(servers::echo_to_the_end);
        let url = format!("ws://127.0.0.1:{port}/");
        let tool = Tool::start("bench", &[&url, "--seconds", "600", "-c", connections]);
        std::thread::sleep(Duration::from_millis(wait));
        tool.signal("INT");
        assert_eq!(tool.end().status, 130, "{name}");
        let report = ended.recv_timeout(tool::PATIENCE).unwrap();
        assert_eq!(report.received.map(|close| close.code), Some(CloseCode::GOING_AWAY), "{name}");
    }
    // A server that doesn't close.
    let silent = serve(|stream| async {
        let mut ws = open(stream).await;
        drop(ws.recv().await);
        future::pending::<()>().await;
    });
    for (signals, most) in [(1, 12), (2, 3)] {
        let url = format!("ws://127.0.0.1:{silent}/");
        let tool = Tool::start("bench", &[&url, "--seconds", "600", "-c", "2"]);
        std::thread::sleep(Duration::from_secs(1));
        let began = std::time::Instant::now();
        for _ in 0..signals {
            tool.signal("INT");
            std::thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(tool.end().status, 130, "{signals} signals");
        assert!(began.elapsed() < Duration::from_secs(most), "{signals} signals: {:?}", began.elapsed());
    }
}
