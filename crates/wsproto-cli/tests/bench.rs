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
use wsproto::{CloseCode, Message};

use servers::{answer, echo, nobody, open, serve};
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
    #[rustfmt::skip]
    let table: [(&str, u16, i32, [u32; 3], &str); 5] = [
        ("wrong",       wrong,       1, [4, 0, 0], ""),
        ("nobody",      nobody(),    3, [0, 4, 0], "nothing listens there"),
        ("refused",     refusing,    3, [0, 4, 0], "refused: status 403"),
        ("every other", every_other, 3, [2, 2, 0], "ended the connection before it answered"),
        ("closing",     closing,     5, [4, 0, 4], "1012"),
    ];
    for (name, port, expected, [opened, failed, lost], reason) in table {
        let (status, result) = json(port, &["--seconds", "0.5", "--connections", "4", "--timeout", "5"]);
        let connections = &result["connections"];
        assert_eq!(status, expected, "{name}: {result}");
        assert_eq!(
            [&connections["opened"], &connections["failed"], &connections["lost"]],
            [opened, failed, lost],
            "{name}: {result}"
        );
        assert!(result["reasons"].to_string().contains(reason), "{name}: {result}");
        assert_eq!(connections["wrong"] == 4, name == "wrong", "{name}: {result}");
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
    assert!(result["reasons"].to_string().contains("more than 1 s"), "{result}");
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
