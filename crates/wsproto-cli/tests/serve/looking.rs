//! What a page is shown of its connections.

use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::time::timeout;
use wsproto::{CloseCode, Message};

use crate::server::{PATIENCE, Server, Wire, of_kind};

fn text(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_else(|| panic!("no {name} in {record}")).to_owned()
}

#[tokio::test]
async fn a_page_sees_its_own_echo_from_the_handshake_to_the_end() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    let mut echo = server.open(&format!("/echo?session={}", wire.session)).await;
    echo.send("Hello").await.unwrap();
    assert_eq!(echo.recv().await.unwrap(), Some(Message::text("Hello")));
    echo.close(CloseCode::new(4001).unwrap(), "bye").await.unwrap();
    let records = wire.until("over").await;

    assert_eq!((text(&records[0], "kind"), text(&records[0], "by")), ("connection".into(), "page".into()));
    let heads: Vec<_> = of_kind(&records, "handshake").map(|head| text(head, "text")).collect();
    assert!(heads[0].starts_with(&format!("GET /echo?session={} HTTP/1.1\r\n", wire.session)), "{heads:?}");
    assert!(heads[1].starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{heads:?}");
    let agreed = of_kind(&records, "agreed").next().unwrap();
    assert!(text(agreed, "extensions").starts_with("permessage-deflate"), "{agreed}");
    let frames: Vec<_> = of_kind(&records, "frame")
        .map(|frame| (text(frame, "from"), text(frame, "name"), frame["mask"].is_string()))
        .collect();
    let frame = |from: &str, name: &str, mask| (from.to_owned(), name.to_owned(), mask);
    let expected = [
        frame("client", "text", true),
        frame("server", "text", false),
        frame("client", "close", true),
        frame("server", "close", false),
    ];
    assert_eq!(frames, expected);
    let messages: Vec<_> =
        of_kind(&records, "message").map(|message| text(&message["payload"], "text")).collect();
    assert_eq!(messages, ["Hello", "Hello"]);
    let close = of_kind(&records, "frame").find(|frame| frame["close"].is_object()).unwrap();
    assert_eq!(
        (close["close"]["code"].as_u64(), text(&close["close"], "reason")),
        (Some(4001), "bye".into())
    );
    assert!(of_kind(&records, "end").all(|end| end["clean"] == true), "{records:?}");
    assert!(of_kind(&records, "broken").next().is_none());
}

#[tokio::test]
async fn each_violation_is_shown_with_its_rule_and_its_answer() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    assert_eq!(wire.violations.len(), 43);
    for violation in wire.violations.clone() {
        let name = text(&violation, "name");
        wire.ask(&format!(r#"{{"do":"violate","name":"{name}"}}"#)).await;
        let records = wire.until("over").await;
        assert_eq!(text(of_kind(&records, "connection").next().unwrap(), "label"), name);
        let close =
            of_kind(&records, "frame").find(|frame| frame["from"] == "server" && frame["name"] == "close");
        let answered = close.and_then(|close| close["close"]["code"].as_u64()).unwrap_or(1006);
        assert_eq!(Some(answered), violation["code"].as_u64(), "{name}: {records:?}");
        let broken = of_kind(&records, "broken").find(|broken| broken["from"] == "client");
        if let Some(broken) = broken {
            assert_eq!(broken["answer"].as_u64(), Some(answered), "{name}: {broken}");
            assert!(text(broken, "section").starts_with("RFC "), "{name}: {broken}");
        } else {
            // No byte breaks the rule, but the end of the stream.
            assert!(name.starts_with("end-"), "{name}: {records:?}");
            let end = of_kind(&records, "end").find(|end| end["from"] == "client").unwrap();
            assert_eq!(end["clean"], false, "{name}");
        }
    }
}

#[tokio::test]
async fn what_no_script_can_send_the_server_sends() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    wire.ask(r#"{"do":"split"}"#).await;
    let records = wire.until("over").await;
    let of_client: Vec<_> = of_kind(&records, "frame").filter(|frame| frame["from"] == "client").collect();
    assert_eq!(of_client[0]["fin"], false);
    assert_eq!(text(of_client[1], "name"), "continuation");
    let payload = |frame: &Value| text(&frame["payload"], "hex");
    assert!(
        payload(of_client[0]).ends_with("f09f") && payload(of_client[1]).starts_with("a680"),
        "{of_client:?}"
    );
    let message = of_kind(&records, "message").next().unwrap();
    assert_eq!(text(&message["payload"], "text"), "A crab \u{1f980} in two frames");

    let mut echo = server.open(&format!("/echo?session={}", wire.session)).await;
    let reading = tokio::spawn(async move { echo.recv().await });
    wire.until("agreed").await;
    wire.ask(r#"{"do":"ping"}"#).await;
    let (ping, answer) = loop {
        let frames = wire.until("frame").await;
        let ping = frames.last().unwrap().clone();
        if ping["name"] == "ping" {
            break (ping, wire.until("frame").await.pop().unwrap());
        }
    };
    assert_eq!((text(&ping, "from"), text(&answer, "from")), ("server".into(), "client".into()));
    assert_eq!(ping["payload"], answer["payload"]);
    reading.abort();
}

#[tokio::test]
async fn a_page_sees_no_other_page_and_never_its_own_wire() {
    let server = Server::start(&[]);
    let (mut one, mut other) = (Wire::open(&server).await, Wire::open(&server).await);
    assert_ne!(one.session, other.session);
    let mut echo = server.open(&format!("/echo?session={}", one.session)).await;
    let mut unseen = server.open("/echo").await;
    for ws in [&mut echo, &mut unseen] {
        ws.send("Hello").await.unwrap();
        ws.recv().await.unwrap();
        ws.close(CloseCode::NORMAL, "").await.unwrap();
    }
    let records = one.until("over").await;
    assert_eq!(of_kind(&records, "connection").count(), 1, "{records:?}");
    // Whatever the other one sees first is what it asks for now.
    other.ask(r#"{"do":"split"}"#).await;
    let records = other.until("over").await;
    assert_eq!(text(&records[0], "label"), "split-character", "{records:?}");
    // A session that is asked to look at itself doesn't.
    let mut third = server.open(&format!("/wire?session={}", one.session)).await;
    third.close(CloseCode::NORMAL, "").await.unwrap();
    one.ask(r#"{"do":"split"}"#).await;
    let records = one.until("over").await;
    assert_eq!(text(&records[0], "label"), "split-character", "{records:?}");
}

#[tokio::test]
async fn a_session_is_gone_with_its_page() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    let target = format!("/echo?session={}", wire.session);
    let mut echo = server.open(&target).await;
    wire.ws.close(CloseCode::NORMAL, "").await.unwrap();
    // It ends in a task of its own.
    let gone = async {
        loop {
            let url = format!("ws://127.0.0.1:{}{target}", server.port);
            if let Err(wsproto_tokio::Error::Rejected(answer)) = wsproto_tokio::connect(url.as_str()).await {
                break answer.status;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, gone).await.unwrap(), 404);
    // The echo goes on without anybody who looks, however much it says.
    for _ in 0..3 {
        echo.send(vec![0; 1 << 20]).await.unwrap();
        assert_eq!(echo.recv().await.unwrap().unwrap().len(), 1 << 20);
    }
}

#[tokio::test]
async fn what_a_page_asks_for_is_judged() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    for asked in [
        "nonsense",
        "{}",
        r#"{"do":"fly"}"#,
        r#"{"do":"violate","name":"nothing"}"#,
        r#"{"do":"file","connection":7}"#,
    ] {
        wire.ask(asked).await;
        let told = wire.next().await;
        assert_eq!(text(&told, "kind"), "refused", "{asked}: {told}");
        assert!(!text(&told, "why").is_empty());
    }
    wire.ws.send("x".repeat(1025)).await.unwrap();
    assert_eq!(wire.ws.recv().await.unwrap(), None);
    assert_eq!(wire.ws.close_report().code(), CloseCode::POLICY_VIOLATION);
}

#[tokio::test]
async fn the_file_of_a_connection_is_read_by_explain() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    for (name, expected) in [
        ("text-not-utf8", 1),
        ("compressed-text-not-utf8", 1),
        ("data-after-close", 1),
        ("end-without-close", 0),
    ] {
        wire.ask(&format!(r#"{{"do":"violate","name":"{name}"}}"#)).await;
        let connection = wire.until("over").await.pop().unwrap()["connection"].clone();
        wire.ask(&format!(r#"{{"do":"file","connection":{connection}}}"#)).await;
        let file = wire.ws.recv().await.unwrap();
        let Some(Message::Binary(file)) = file else { panic!("no file: {file:?}") };
        assert!(file.starts_with(br#"{"kind":"session""#));
        let path = std::env::temp_dir().join(format!("wsproto-{}-{name}.wsproto", std::process::id()));
        std::fs::write(&path, &file).unwrap();
        let explained = Command::new(env!("CARGO_BIN_EXE_wsproto"))
            .args(["explain".as_ref(), path.as_os_str()])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        let said = String::from_utf8_lossy(&explained.stdout).into_owned();
        assert_eq!(explained.status.code(), Some(expected), "{name}: {said}");
        assert!(said.contains("GET /echo HTTP/1.1"), "{name}: {said}");
    }
}

#[tokio::test]
async fn ten_thousand_frames_are_shown_whole() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    let echo = server.open(&format!("/echo?session={}", wire.session)).await;
    let (mut sender, mut receiver) = echo.split();
    let saying = tokio::spawn(async move {
        for number in 0..5000 {
            sender.feed(format!("text {number}")).await.unwrap();
        }
        sender.flush().await.unwrap();
        sender
    });
    let hearing = tokio::spawn(async move {
        for _ in 0..5000 {
            receiver.recv().await.unwrap().unwrap();
        }
        receiver
    });
    let mut frames = 0;
    while frames < 10_000 {
        let record = wire.next().await;
        assert_ne!(record["kind"], "dropped");
        frames += u32::from(record["kind"] == "frame");
    }
    drop((saying.await.unwrap(), hearing.await.unwrap()));
}

#[tokio::test]
async fn all_hear_what_one_says_in_the_chat_and_it_is_compressed_once() {
    let server = Server::start(&[]);
    let mut wire = Wire::open(&server).await;
    let target = format!("/chat?session={}", wire.session);
    let mut members = [server.open(&target).await, server.open(&target).await, server.open("/chat").await];
    // Each is a member once it hears itself.
    for member in &mut members {
        member.send("I").await.unwrap();
        while member.recv().await.unwrap() != Some(Message::text("I")) {}
    }
    let said = "Hello to all, to all, to all, to all";
    members[0].send(said).await.unwrap();
    for member in &mut members[..2] {
        while member.recv().await.unwrap() != Some(Message::text(said)) {}
    }
    let mut payloads = Vec::new();
    while payloads.len() < 2 {
        let frame = wire.until("frame").await.pop().unwrap();
        if frame["from"] == "server" && frame["length"].as_u64() > Some(14) && frame["compressed"] == true {
            payloads.push((text(&frame["payload"], "hex"), frame["length"].clone()));
        }
    }
    assert_eq!(payloads[0], payloads[1]);
    assert!(payloads[0].1.as_u64().unwrap() < said.len() as u64, "{payloads:?}");

    members[1].send(vec![1, 2, 3]).await.unwrap();
    members[2].send("x".repeat(4097)).await.unwrap();
    for (member, code) in [(1, CloseCode::UNSUPPORTED_DATA), (2, CloseCode::MESSAGE_TOO_BIG)] {
        while members[member].recv().await.unwrap().is_some() {}
        assert_eq!(members[member].close_report().code(), code);
    }
}
