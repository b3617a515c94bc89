//! How the server begins and ends, and what it has room for.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Instant,
};

use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use wsproto::CloseCode;

use crate::server::{PATIENCE, Server, Wire, command};

#[tokio::test]
async fn a_port_that_is_taken_is_said_clearly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = command(&["--port", &port]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(8), "{said}");
    assert!(said.contains(&format!("port {port} is taken")) && said.contains("--port"), "{said}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn without_its_feature_tls_says_which_one_it_needs() {
    let output = command(&["--tls", "--port", "0"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("feature `tls`") && said.contains("--features tls"), "{said}");
}

#[test]
fn the_addresses_that_it_prints_can_be_opened() {
    let arguments =
        ["--port", "0", "--listen", "127.0.0.7", "--host", "Demo.Example:80", "--host", "2001:db8::1"];
    let mut child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let lines: Vec<String> = lines.take(3).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let port = lines[0].trim_end_matches('/').rsplit(':').next().unwrap();
    for (line, place) in lines.iter().zip(["127.0.0.7", "demo.example", "[2001:db8::1]"]) {
        assert_eq!(*line, format!("Open http://{place}:{port}/"));
    }
}

#[test]
fn help_says_what_a_person_needs() {
    let output = command(&["--help"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    for needed in
        ["/echo", "/chat", "--port", "--listen", "--host", "--tls", "[default: 9001]", "Ctrl-C", "1001"]
    {
        assert!(said.contains(needed), "{needed} is missing: {said}");
    }
}

/// Ends a server as a service manager does, or as Ctrl-C does.
#[cfg(unix)]
fn signal(server: &Server, name: &str) {
    let kill = std::process::Command::new("kill")
        .args([name, &server.child.id().to_string()])
        .stdin(Stdio::null())
        .status();
    assert!(kill.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn all_are_closed_with_1001_when_it_is_told_to_end() {
    for name in ["-INT", "-TERM"] {
        let mut server = Server::start(&[]);
        let mut wire = Wire::open(&server).await;
        let mut echo = server.open(&format!("/echo?session={}", wire.session)).await;
        let mut chat = server.open("/chat").await;
        // One that never says anything more: it is cut.
        let silent = if name == "-TERM" { Some(server.open("/echo").await) } else { None };
        echo.send("Hello").await.unwrap();
        echo.recv().await.unwrap();
        let began = Instant::now();
        signal(&server, name);
        for ws in [&mut echo, &mut chat] {
            let last = timeout(PATIENCE, ws.recv()).await.unwrap().unwrap();
            assert_eq!(last, None, "{name}");
            assert_eq!(ws.close_report().code(), CloseCode::GOING_AWAY, "{name}");
        }
        while let Some(_seen) = timeout(PATIENCE, wire.ws.recv()).await.unwrap().unwrap() {}
        assert_eq!(wire.ws.close_report().code(), CloseCode::GOING_AWAY, "{name}");
        let status = tokio::task::spawn_blocking(move || server.child.wait().unwrap()).await.unwrap();
        assert_eq!(status.code(), Some(0), "{name}");
        assert!(began.elapsed().as_secs() < 6, "{name}: {:?}", began.elapsed());
        drop(silent);
    }
}

#[tokio::test]
async fn pages_and_connections_are_limited() {
    let server = Server::start(&[]);
    let mut pages = Vec::new();
    for _ in 0..8 {
        pages.push(Wire::open(&server).await);
    }
    let mut ninth = server.open("/wire").await;
    assert_eq!(ninth.recv().await.unwrap(), None);
    assert_eq!(ninth.close_report().code(), CloseCode::TRY_AGAIN_LATER);

    let target = format!("/echo?session={}", pages[0].session);
    let mut echoes = Vec::new();
    for _ in 0..8 {
        echoes.push(server.open(&target).await);
    }
    let url = format!("ws://127.0.0.1:{}{target}", server.port);
    match wsproto_tokio::connect(url.as_str()).await {
        Err(wsproto_tokio::Error::Rejected(answer)) => assert_eq!(answer.status, 503),
        other => panic!("{other:?}"),
    }
    pages[0].ask(r#"{"do":"split"}"#).await;
    assert_eq!(pages[0].until("refused").await.pop().unwrap()["kind"], "refused");
}

#[tokio::test]
async fn a_full_server_says_so_and_has_room_again() {
    let server = Server::start(&[]);
    let mut idle = Vec::new();
    for _ in 0..128 {
        idle.push(TcpStream::connect(("127.0.0.1", server.port)).await.unwrap());
    }
    let told = async {
        loop {
            let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
            let mut answer = String::new();
            // The server may not have taken all of them yet: then this one waits, and another one is told.
            let read =
                timeout(std::time::Duration::from_millis(500), stream.read_to_string(&mut answer)).await;
            match read {
                Ok(Ok(_)) if answer.starts_with("HTTP/1.1 503 ") => {
                    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{answer}");
                    assert!(head.contains("X-Content-Type-Options: nosniff"), "{answer}");
                    break;
                }
                _ => idle.push(stream),
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap();
    drop(idle);
    let room = async {
        while !server
            .ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 200 ")
        {}
    };
    timeout(PATIENCE, room).await.unwrap();
}
