//! Both state machines, cell by cell.

use wsproto_handshake::{
    AcceptConnection, ClientHandshake, ClientState, HandshakeLimits, LocalError, RejectConnection,
    RejectData, Request, ServerHandshake, ServerState,
};

use super::feed::{REQUEST, RESPONSE, head};

fn server(state: ServerState) -> ServerHandshake {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    let mut out = Vec::new();
    let request = head(&REQUEST, &[]);
    if state == ServerState::Failed {
        server.receive(&mut &b"\n"[..]).unwrap_err();
    } else if state != ServerState::AwaitingRequest {
        server.receive(&mut &request[..]).unwrap();
    }
    match state {
        ServerState::Accepted => server.accept(&AcceptConnection::new(), &mut out).unwrap(),
        ServerState::Rejected => server.reject(&RejectConnection::new(403), &mut out).unwrap(),
        ServerState::Rejecting => server.reject(&RejectConnection::new(403).with_body(), &mut out).unwrap(),
        _ => {}
    }
    assert_eq!(server.state(), state);
    server
}

#[test]
fn the_servers_states_and_steps() {
    use ServerState::*;
    let step = |state, step: fn(&mut ServerHandshake, &mut Vec<u8>) -> Result<(), LocalError>| {
        let (mut server, mut out) = (server(state), Vec::new());
        let outcome = step(&mut server, &mut out);
        match outcome {
            Ok(()) => Some(server.state()),
            Err(error) => {
                assert_eq!((error, out.len(), server.state()), (LocalError::WrongState, 0, state));
                None
            }
        }
    };
    #[rustfmt::skip]
    let table = [
        // state          accept           reject           reject with body   more of a body     last of a body
        (AwaitingRequest, None,            Some(Rejected),  Some(Rejecting),   None,              None),
        (AwaitingAnswer,  Some(Accepted),  Some(Rejected),  Some(Rejecting),   None,              None),
        (Failed,          None,            Some(Rejected),  Some(Rejecting),   None,              None),
        (Rejecting,       None,            None,            None,              Some(Rejecting),   Some(Rejected)),
        (Accepted,        None,            None,            None,              None,              None),
        (Rejected,        None,            None,            None,              None,              None),
    ];
    for (state, accept, reject, reject_with_body, more, last) in table {
        assert_eq!(
            step(state, |server, out| server.accept(&AcceptConnection::new(), out)),
            accept,
            "{state:?}"
        );
        assert_eq!(
            step(state, |server, out| server.reject(&RejectConnection::new(403), out)),
            reject,
            "{state:?}"
        );
        let with_body =
            step(state, |server, out| server.reject(&RejectConnection::new(403).with_body(), out));
        assert_eq!(with_body, reject_with_body, "{state:?}");
        assert_eq!(
            step(state, |server, out| server.reject_data(&RejectData::new("x").unfinished(), out)),
            more,
            "{state:?}"
        );
        assert_eq!(
            step(state, |server, out| server.reject_data(&RejectData::new("x"), out)),
            last,
            "{state:?}"
        );
    }
}

#[test]
fn the_server_takes_no_bytes_behind_the_request() {
    use ServerState::*;
    for state in [AwaitingAnswer, Rejecting, Accepted, Rejected] {
        let mut server = server(state);
        let mut input = &b"bytes"[..];
        assert_eq!(server.receive(&mut input), Ok(None), "{state:?}");
        assert_eq!((input, server.receive_eof(), server.state()), (&b"bytes"[..], Ok(()), state));
    }
    let mut failed = server(Failed);
    let error = failed.receive(&mut &b""[..]).unwrap_err();
    failed.reject(&error.rejection(), &mut Vec::new()).unwrap();
    assert_eq!((failed.receive(&mut &b""[..]), failed.state()), (Err(error), Rejected));
}

fn client(state: ClientState) -> ClientHandshake {
    let mut client = ClientHandshake::new(HandshakeLimits::default());
    if state != ClientState::Idle {
        client.send_request(&Request::new("a", "/"), *b"the sample nonce", &mut Vec::new()).unwrap();
    }
    match state {
        ClientState::ReceivingBody => drop(client.receive(&mut &b"HTTP/1.1 403 X\r\n\r\n"[..])),
        ClientState::Rejected => {
            let mut input = &b"HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n"[..];
            client.receive(&mut input).unwrap().unwrap();
            client.receive(&mut input).unwrap().unwrap();
        }
        ClientState::Accepted => drop(client.receive(&mut &head(&RESPONSE, &[])[..])),
        ClientState::Failed => drop(client.receive(&mut &b"\r\n"[..])),
        _ => {}
    }
    assert_eq!(client.state(), state);
    client
}

#[test]
fn the_clients_states_and_steps() {
    use ClientState::*;
    let request = Request::new("a", "/");
    let bytes = [&head(&RESPONSE, &[])[..], b"f"].concat();
    #[rustfmt::skip]
    let table = [
        // state          send                   receive a 101   end of stream   left of the bytes
        (Idle,            Some(AwaitingAnswer),  Failed,         Idle,           bytes.len()),
        (AwaitingAnswer,  None,                  Accepted,       Failed,         1),
        (ReceivingBody,   None,                  ReceivingBody,  Rejected,       0),
        (Accepted,        None,                  Accepted,       Accepted,       bytes.len()),
        (Rejected,        None,                  Rejected,       Rejected,       bytes.len()),
        (Failed,          None,                  Failed,         Failed,         bytes.len()),
    ];
    for (state, after_send, after_answer, after_end, left) in table {
        let mut sender = client(state);
        let sent = sender.send_request(&request, [7; 16], &mut Vec::new());
        assert_eq!(sent, after_send.map(|_| ()).ok_or(LocalError::WrongState), "{state:?}");
        assert_eq!(sender.state(), after_send.unwrap_or(state), "{state:?}");

        let mut receiver = client(state);
        let mut input = &bytes[..];
        assert_eq!(receiver.receive(&mut &b""[..]).is_err(), state == Failed, "{state:?}, no bytes");
        assert_eq!(receiver.receive(&mut input).is_err(), after_answer == Failed, "{state:?}");
        assert_eq!((receiver.state(), input.len()), (after_answer, left), "{state:?}");

        let mut ended = client(state);
        assert_eq!(ended.receive_eof().is_err(), after_end == Failed, "{state:?}");
        assert_eq!(ended.state(), after_end, "{state:?}");
    }
}

#[test]
fn debug_shows_no_key_and_no_bytes() {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    let bytes = head(&REQUEST, &[("+", b"Cookie: secret")]);
    server.receive(&mut &bytes[..bytes.len() - 1]).unwrap();
    let kept = format!("{server:?}");
    server.receive(&mut &bytes[bytes.len() - 1..]).unwrap().unwrap();
    let asked = format!("{server:?}");
    let awaiting = format!("{:?}", client(ClientState::AwaitingAnswer));
    for (text, state) in [(kept, "AwaitingRequest"), (asked, "AwaitingAnswer"), (awaiting, "AwaitingAnswer")]
    {
        assert!(text.contains(state) && !text.contains("secret") && !text.contains("dGhl"), "{text}");
    }
}

#[test]
fn a_client_that_has_not_said_its_version_gets_no_chunks() {
    let body = RejectConnection::new(503).with_body();
    #[rustfmt::skip]
    let table = [
        // state                       expectation
        (ServerState::AwaitingRequest, "Connection: close\r\n"),
        (ServerState::AwaitingAnswer,  "Connection: close\r\nTransfer-Encoding: chunked\r\n"),
        (ServerState::Failed,          "Connection: close\r\n"),
    ];
    for (state, expected) in table {
        let (mut server, mut out) = (server(state), Vec::new());
        server.reject(&body, &mut out).unwrap();
        assert_eq!(
            out,
            format!("HTTP/1.1 503 Service Unavailable\r\n{expected}\r\n").into_bytes(),
            "{state:?}"
        );
        server.reject_data(&RejectData::new(b"later"), &mut out).unwrap();
        assert_eq!(out.ends_with(b"later"), !expected.contains("chunked"), "{state:?}");
    }
    let chunked = body.with_header("Transfer-Encoding", "chunked");
    let (mut server, mut out) = (server(ServerState::AwaitingRequest), Vec::new());
    assert_eq!(server.reject(&chunked, &mut out), Err(LocalError::BodyFraming));
    assert!(out.is_empty());
}
