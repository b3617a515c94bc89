//! The work of every program: accept, receive, send, close.

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use wsproto_tokio::{
    AcceptConnection, Asked, CloseCode, Deadline, Error, Event, Incoming, Message, RejectConnection,
    Settings, Side, TextMessage, accept, accept_with,
};

use crate::ends::{REQUEST, client_bytes, client_events, pair, pair_with, server_and_stream};

#[tokio::test(start_paused = true)]
async fn messages_go_both_ways_and_a_close_ends_both() {
    for capacity in [1, 2, 7, 64, 1 << 16] {
        let (mut server, mut client) = pair(capacity);
        let echo = tokio::spawn(async move {
            let mut count = 0;
            while let Some(message) = server.recv().await.unwrap() {
                server.feed(message).await.unwrap();
                count += 1;
            }
            (count, server.close_report())
        });
        for message in [Message::from("text"), Message::from(vec![7; 3000]), Message::from("")] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(client.recv().await.unwrap(), Some(message), "{capacity}");
        }
        let report = client.close(CloseCode::NORMAL, "bye").await.unwrap();
        assert!(report.clean && report.begun_by == Some(Side::Local), "{capacity}: {report:?}");
        assert_eq!((report.sent, report.code()), (Some(CloseCode::NORMAL), CloseCode::NORMAL));
        let (count, report) = echo.await.unwrap();
        assert!(report.clean && report.begun_by == Some(Side::Remote), "{capacity}: {report:?}");
        assert_eq!(count, 3);
        assert!(client.recv().await.unwrap().is_none());
        assert!(matches!(client.send("late").await, Err(Error::Closed)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_and_frames_behind_it_in_one_segment_the_last_one_cut_survive() {
    let frames = client_bytes([TextMessage::new("one").into(), TextMessage::new("two").into()]);
    for cut in 0..=frames.len() {
        let (io, mut peer) = duplex(1 << 16);
        let first = [REQUEST, &frames[..cut]].concat();
        peer.write_all(&first).await.unwrap();
        let mut server = accept(io, &Settings::default()).await.unwrap();
        peer.write_all(&frames[cut..]).await.unwrap();
        for expected in ["one", "two"] {
            assert_eq!(server.recv().await.unwrap(), Some(Message::from(expected)), "cut at {cut}");
        }
        let mut answer = [0; 12];
        peer.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
    }
}

#[tokio::test(start_paused = true)]
async fn the_program_sees_the_request_and_chooses() {
    let choose = |path: &'static str| {
        move |asked: Asked<'_>| match asked {
            Asked::WebSocket(request) if request.target() == path => {
                Ok(AcceptConnection::new().with_header("X-A", "1"))
            }
            _ => Err(RejectConnection::new(404).with_text("no such chat\n")),
        }
    };
    for (path, status) in [("/chat", "101"), ("/other", "404")] {
        let (io, mut peer) = duplex(1 << 16);
        peer.write_all(REQUEST).await.unwrap();
        let server = tokio::spawn(async move { accept_with(io, &Settings::default(), choose(path)).await });
        let mut answer = vec![0; 500];
        let len = peer.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..len]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        drop(peer);
        match server.await.unwrap() {
            Ok(_) => assert_eq!(status, "101"),
            Err(Error::Rejected(rejection)) => assert_eq!(rejection.status.to_string(), status),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_a_rule_is_told_so_and_its_stream_read_to_the_end() {
    let (io, mut peer) = duplex(1 << 16);
    peer.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nand a body that nobody asked for").await.unwrap();
    let server = tokio::spawn(async move { accept(io, &Settings::default()).await.map(|_| ()) });
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 426 "), "{}", String::from_utf8_lossy(&answer));
    drop(peer);
    assert!(matches!(server.await.unwrap(), Err(Error::Remote(_))));
}

/// A health check, a page, and an unreadable request: after each, the server reads the stream to its end.
#[tokio::test(start_paused = true)]
async fn what_asks_for_no_websocket_is_answered_as_the_program_says() {
    let answer = |asked: Asked<'_>| match asked {
        Asked::Other(request, _) if request.path() == "/healthz" => {
            Err(RejectConnection::new(200).with_text("fine\n"))
        }
        Asked::Other(request, _) if request.path() == "/wrong" => Err(RejectConnection::new(99)),
        _ => Ok(AcceptConnection::new()),
    };
    let cases: [(&str, &str, &str, &str, fn(&Error) -> bool); 4] = [
        (
            "a health check",
            "GET /healthz HTTP/1.1",
            "200 OK",
            "fine\n",
            |error| matches!(error, Error::Rejected(rejection) if rejection.status == 200),
        ),
        ("a page", "GET / HTTP/1.1", "426 Upgrade Required", "", |error| matches!(error, Error::Remote(_))),
        ("an answer that can't be sent", "GET /wrong HTTP/1.1", "500 Internal Server Error", "", |error| {
            matches!(error, Error::Local(_))
        }),
        ("no request", "GET", "400 Bad Request", "", |error| matches!(error, Error::Remote(_))),
    ];
    for (name, line, status, body, check) in cases {
        let (io, mut peer) = duplex(1 << 16);
        peer.write_all(format!("{line}\r\nHost: a\r\n\r\nand more").as_bytes()).await.unwrap();
        let server =
            tokio::spawn(async move { accept_with(io, &Settings::default(), answer).await.map(|_| ()) });
        let mut said = String::new();
        peer.read_to_string(&mut said).await.unwrap();
        assert!(said.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{name}: {said}");
        assert!(said.ends_with(&format!("\r\n\r\n{body}")), "{name}: {said}");
        assert!(!server.is_finished(), "{name}: the peer's stream is read to its end");
        drop(peer);
        let error = server.await.unwrap().unwrap_err();
        assert!(check(&error), "{name}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn accept_has_a_limit_for_all_of_it() {
    // One byte each second: no single step takes long.
    let (io, mut peer) = duplex(1);
    let slow = tokio::spawn(async move {
        for byte in REQUEST {
            if peer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    });
    let started = tokio::time::Instant::now();
    let error = accept(io, &Settings::default()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
    assert_eq!(started.elapsed().as_secs(), 10);
    slow.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_against_a_silent_peer_ends_at_the_deadline() {
    let (mut server, _peer) = server_and_stream(1 << 16, &Settings::default());
    let started = tokio::time::Instant::now();
    let report = server.close(CloseCode::GOING_AWAY, "").await.unwrap();
    assert_eq!(started.elapsed(), std::time::Duration::from_secs(5));
    assert_eq!((report.clean, report.expired, report.received), (false, Some(Deadline::Close), None));
    // recv doesn't wait longer either.
    let (mut server, _peer) = server_and_stream(1 << 16, &Settings::default());
    server.start_close(CloseCode::GOING_AWAY, "").unwrap();
    let started = tokio::time::Instant::now();
    assert!(matches!(server.recv().await, Err(Error::TimedOut(Deadline::Close))));
    assert_eq!(started.elapsed(), std::time::Duration::from_secs(5));
    assert!(server.recv().await.unwrap().is_none(), "an error is returned once");
}

#[tokio::test(start_paused = true)]
async fn the_peer_of_a_broken_rule_reads_our_close_with_its_code_then_the_end() {
    let (mut server, mut peer) = server_and_stream(1 << 16, &Settings::default());
    let ended = tokio::spawn(async move { (server.recv().await.unwrap_err(), server.recv().await.unwrap()) });
    peer.write_all(b"\xff\xffnothing that is a frame").await.unwrap();
    let mut said = Vec::new();
    peer.read_to_end(&mut said).await.unwrap();
    let [Event::CloseConnection(close)] = &client_events(&said)[..] else { panic!("{said:?}") };
    assert_eq!(close.code, CloseCode::PROTOCOL_ERROR);
    assert!(!ended.is_finished(), "the peer's stream is read to its end");
    drop(peer);
    let (error, end) = ended.await.unwrap();
    assert!(matches!(error, Error::Remote(_)), "{error}");
    assert!(end.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_close_is_an_error_once() {
    let (mut server, peer) = server_and_stream(1 << 16, &Settings::default());
    drop(peer);
    let error = server.recv().await.unwrap_err();
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof),
        "{error}"
    );
    assert!(error.may_pass());
    assert!(server.recv().await.unwrap().is_none());
    assert_eq!(server.close_report().code(), CloseCode::ABNORMAL);
}

#[tokio::test(start_paused = true)]
async fn a_naive_echo_loop_that_meets_close_4001_answers_with_4001_clean() {
    let (mut server, mut client) = pair_with(1 << 16, &Settings::default());
    let echo = tokio::spawn(async move {
        while let Some(message) = server.recv().await.unwrap() {
            server.feed(message).await.unwrap();
        }
        server.close_report()
    });
    client.send("hello").await.unwrap();
    let code = CloseCode::try_from(4001).unwrap();
    let report = client.close(code, "gone").await.unwrap();
    assert_eq!((report.code(), report.clean), (code, true));
    let report = echo.await.unwrap();
    assert_eq!((report.sent, report.code(), report.clean), (Some(code), code, true));
}

#[tokio::test(start_paused = true)]
async fn a_loop_of_recv_and_feed_makes_one_write_for_each_read() {
    let (mut server, mut peer) = server_and_stream(1 << 16, &Settings::default());
    let events = (0..100).map(|_| Event::from(TextMessage::new("hello")));
    peer.write_all(&client_bytes(events)).await.unwrap();
    let echo = tokio::spawn(async move {
        while let Some(message) = server.recv().await? {
            server.feed(message).await?;
        }
        Ok::<(), Error>(())
    });
    let mut all = vec![0; 4096];
    let len = peer.read(&mut all).await.unwrap();
    assert_eq!(client_events(&all[..len]).len(), 100, "all of them in one write");
    echo.abort();
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_the_handshake_counts_while_the_program_thinks() {
    for (thinks, is_late) in [(9, false), (10, true), (3600, true)] {
        let (io, mut peer) = duplex(1 << 16);
        peer.write_all(REQUEST).await.unwrap();
        let incoming = Incoming::receive(io, &Settings::default()).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(thinks)).await;
        let outcome = incoming.accept(AcceptConnection::new()).await;
        let mut answer = [0; 12];
        peer.read_exact(&mut answer).await.unwrap();
        if is_late {
            assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Handshake))), "{thinks} s: {outcome:?}");
            assert_eq!(&answer, b"HTTP/1.1 408");
        } else {
            assert!(outcome.is_ok(), "{thinks} s: {outcome:?}");
            assert_eq!(&answer, b"HTTP/1.1 101");
        }
    }
}

/// The client reads the rejection and stays: the time limit ends the connection, and the error is the rejection.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_error_however_the_client_ends() {
    let (io, mut peer) = duplex(1 << 16);
    peer.write_all(REQUEST).await.unwrap();
    let incoming = Incoming::receive(io, &Settings::default()).await.unwrap();
    let started = tokio::time::Instant::now();
    let error = incoming.reject(RejectConnection::new(403)).await;
    assert!(matches!(&error, Error::Rejected(rejection) if rejection.status == 403), "{error}");
    assert_eq!(started.elapsed().as_secs(), 10);
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 403 "));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_sent_is_the_programs_mistake_and_500_to_the_client() {
    let answers: [(&str, fn() -> Result<AcceptConnection, RejectConnection>); 4] = [
        ("a subprotocol that wasn't proposed", || Ok(AcceptConnection::new().with_subprotocol("chat"))),
        ("a field of the handshake", || Ok(AcceptConnection::new().with_header("Upgrade", "h2c"))),
        ("no status", || Err(RejectConnection::new(99))),
        ("a body that doesn't follow", || Err(RejectConnection::new(403).with_header("Content-Length", "5"))),
    ];
    for (name, answer) in answers {
        for in_two_steps in [false, true] {
            let (io, mut peer) = duplex(1 << 16);
            peer.write_all(REQUEST).await.unwrap();
            let server = tokio::spawn(async move {
                if !in_two_steps {
                    return accept_with(io, &Settings::default(), |_| answer()).await.unwrap_err();
                }
                let incoming = Incoming::receive(io, &Settings::default()).await.unwrap();
                match answer() {
                    Ok(accept) => incoming.accept(accept).await.unwrap_err(),
                    Err(reject) => incoming.reject(reject).await,
                }
            });
            let mut said = Vec::new();
            peer.read_to_end(&mut said).await.unwrap();
            assert!(said.starts_with(b"HTTP/1.1 500 "), "{name}: {}", String::from_utf8_lossy(&said));
            drop(peer);
            let error = server.await.unwrap();
            assert!(matches!(error, Error::Local(_)), "{name}: {error}");
        }
    }
}

/// A forwarded rejection may announce parts of a body; here only its own content follows.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_whole_whatever_it_says_of_its_body() {
    let refusals = [
        ("no body", RejectConnection::new(403).with_body(), ""),
        ("some body", RejectConnection::new(403).with_text("members only\n").with_body(), "members only\n"),
    ];
    for (name, refusal, body) in refusals {
        let (io, mut peer) = duplex(1 << 16);
        peer.write_all(REQUEST).await.unwrap();
        let server = tokio::spawn(accept_with(io, &Settings::default().without_timeouts(), |_| Err(refusal)));
        let mut said = String::new();
        let read = peer.read_to_string(&mut said);
        tokio::time::timeout(std::time::Duration::from_secs(1), read).await.expect(name).unwrap();
        assert!(said.starts_with("HTTP/1.1 403 "), "{name}: {said}");
        assert!(
            said.ends_with(&format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len())),
            "{name}: {said}"
        );
        drop(peer);
        let error = server.await.unwrap().unwrap_err();
        assert!(matches!(&error, Error::Rejected(_)), "{name}: {error}");
    }
}
