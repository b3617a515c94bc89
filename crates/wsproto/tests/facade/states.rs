//! Tables of each state and each event that is sent or received, every cell.

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event,
    LocalProtocolError, Ping, Pong, RejectConnection, RejectData, Request, Role, TextMessage, Transport,
};
use wsproto_frame::Opcode;

use crate::pair::{ANSWER, REQUEST, deflating, frame_to, last, more, settled, shaken};

/// Makes a connection in this state.
fn standing(name: &str, role: Role) -> Connection {
    let config = Config::default();
    let mut ws = match role {
        Role::Server => Connection::server(config),
        Role::Client => Connection::client_with_entropy(config, settled),
    };
    let mut out = Vec::new();
    let request = || Request::new("server.example.com", "/chat");
    let receive = |ws: &mut Connection, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        while let Ok(Some(_)) = ws.receive(&mut input) {}
    };
    if let Some(before) = name.strip_suffix(", end") {
        ws = standing(before, role);
        let _ = ws.receive_eof();
        return ws;
    }
    match (name, role) {
        ("server, nothing yet" | "client, nothing yet", _) => {}
        ("server, half a request", _) => receive(&mut ws, &REQUEST[..30]),
        ("server, request", _) => receive(&mut ws, REQUEST),
        ("server, bad request", _) => receive(&mut ws, b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("server, rejecting" | "server, rejected", _) => {
            receive(&mut ws, REQUEST);
            let rejection = RejectConnection::new(403);
            let rejection = if name == "server, rejecting" { rejection.with_body() } else { rejection };
            ws.send(rejection, &mut out).unwrap();
        }
        ("client, request", _) => ws.send(request(), &mut out).unwrap(),
        ("client, rejecting" | "client, rejected" | "client, bad answer", _) => {
            ws.send(request(), &mut out).unwrap();
            receive(
                &mut ws,
                match name {
                    "client, rejecting" => b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nnot",
                    "client, rejected" => b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                    _ => b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
                },
            );
        }
        (_, role) => {
            match role {
                Role::Server => {
                    receive(&mut ws, REQUEST);
                    ws.send(AcceptConnection::new(), &mut out).unwrap();
                }
                Role::Client => {
                    ws.send(request(), &mut out).unwrap();
                    receive(&mut ws, ANSWER);
                }
            }
            for step in match name {
                "close sent" => "c",
                "close received" => "C",
                "rule broken" => "!",
                "rule broken, told" => "!r",
                "rule broken after close" => "c!",
                "both closes" => "cC",
                "end" => "e",
                _ => "",
            }
            .chars()
            {
                match step {
                    'c' => ws.send(CloseConnection::new(CloseCode::NORMAL), &mut out).unwrap(),
                    'r' => {
                        let error = ws.failure().unwrap().clone();
                        ws.reply_to_error(&error, &mut out).unwrap();
                    }
                    'C' => receive(&mut ws, &frame_to(role, last(Opcode::Close), b"\x03\xe8")),
                    '!' => receive(&mut ws, &frame_to(role, last(Opcode::Continuation), b"")),
                    _ => assert!(matches!(ws.receive_eof(), Ok(Some(Event::CloseConnection(_))))),
                }
            }
        }
    }
    ws
}

/// All events, in the order of the columns.
fn events() -> [(&'static str, Event<'static>); 10] {
    [
        ("request", Request::new("server.example.com", "/chat").into()),
        ("accept", AcceptConnection::new().into()),
        ("reject", RejectConnection::new(403).into()),
        ("reject with body", RejectConnection::new(403).with_body().into()),
        ("reject data", RejectData::new(b"no").into()),
        ("text", TextMessage::new("x").into()),
        ("bytes", BytesMessage::new(b"x").unfinished().into()),
        ("close", CloseConnection::new(CloseCode::NORMAL).into()),
        ("ping", Ping::new(b"x").into()),
        ("pong", Pong::new(b"x").into()),
    ]
}

fn short(state: ConnectionState, transport: Transport) -> String {
    let transport = match transport {
        Transport::KeepOpen => "",
        Transport::PauseRead => ", pause",
        Transport::ShutdownWrite => ", shut",
        Transport::AwaitEnd => ", await",
        Transport::Close => ", close",
    };
    format!("{state:?}{transport}")
}

/// Returns the result of sending an event: the state and transport after it, `.` for the wrong state, `w` for the wrong
/// event.
fn sent(name: &str, role: Role, event: Event<'static>) -> String {
    let mut ws = standing(name, role);
    let before = (ws.state(), ws.transport());
    let mut out = b"before".to_vec();
    match ws.send(event, &mut out) {
        Ok(()) => {
            assert!(out.len() > 6, "{name}: sent, and nothing written");
            short(ws.state(), ws.transport())
        }
        Err(error) => {
            assert_eq!((ws.state(), ws.transport()), before, "{name}: a failed send changed something");
            assert_eq!(out, b"before", "{name}: a failed send wrote something");
            match error {
                LocalProtocolError::WrongEvent => "w".into(),
                LocalProtocolError::WrongState(state) if state == before.0 => ".".into(),
                other => format!("{other:?}"),
            }
        }
    }
}

#[test]
fn every_state_and_event_sent() {
    use ConnectionState::{Closed, Connecting, LocalClosing, Open, Rejecting, RemoteClosing};
    use Role::{Client, Server};
    #[rustfmt::skip]
    let table = [
        // stand                      role    state            request       accept  reject          with body    reject
        // data     text    bytes   close            ping    pong
        ("server, nothing yet",        Server, Connecting,    ["w",          ".",    "Closed, shut", "Rejecting, pause", ".",        ".",    ".",    ".",             ".",    "."]),
        ("server, half a request",     Server, Connecting,    ["w",          ".",    "Closed, shut", "Rejecting, pause", ".",        ".",    ".",    ".",             ".",    "."]),
        ("server, request",            Server, Connecting,    ["w",          "Open", "Closed, shut", "Rejecting, pause", ".",        ".",    ".",    ".",             ".",    "."]),
        ("server, bad request",        Server, Connecting,    ["w",          ".",    "Closed, shut", "Rejecting, pause", ".",        ".",    ".",    ".",             ".",    "."]),
        ("server, rejecting",          Server, Rejecting,     ["w",          ".",    ".",            ".",         "Closed, shut", ".",    ".",    ".",             ".",    "."]),
        ("server, rejected",           Server, Closed,        [".",          ".",    ".",            ".",         ".",            ".",    ".",    ".",             ".",    "."]),
        ("server, nothing yet, end",   Server, Closed,        [".",          ".",    ".",            ".",         ".",            ".",    ".",    ".",             ".",    "."]),
        ("client, nothing yet",        Client, Connecting,    ["Connecting", "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("client, request",            Client, Connecting,    [".",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("client, nothing yet, end",   Client, Closed,        [".",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("client, rejecting",          Client, Rejecting,     [".",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("client, rejected",           Client, Closed,        [".",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("client, bad answer",         Client, Closed,        [".",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("open",                       Server, Open,          ["w",          "w",    "w",            "w",         "w",            "Open", "Open", "LocalClosing",  "Open", "Open"]),
        ("open",                       Client, Open,          ["w",          "w",    "w",            "w",         "w",            "Open", "Open", "LocalClosing",  "Open", "Open"]),
        ("close sent",                 Server, LocalClosing,  ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "LocalClosing"]),
        ("close sent",                 Client, LocalClosing,  ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "LocalClosing"]),
        ("close received",             Server, RemoteClosing, ["w",          "w",    "w",            "w",         "w",            ".",    ".",    "Closed, shut",  ".",    "."]),
        ("close received",             Client, RemoteClosing, ["w",          "w",    "w",            "w",         "w",            ".",    ".",    "Closed, await", ".",    "."]),
        ("rule broken",                Server, RemoteClosing, ["w",          "w",    "w",            "w",         "w",            ".",    ".",    "Closed, shut",  ".",    "."]),
        ("rule broken",                Client, RemoteClosing, ["w",          "w",    "w",            "w",         "w",            ".",    ".",    "Closed, shut",  ".",    "."]),
        ("rule broken after close",    Server, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("rule broken after close",    Client, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("both closes",                Server, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("both closes",                Client, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("end",                        Server, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
        ("end",                        Client, Closed,        ["w",          "w",    "w",            "w",         "w",            ".",    ".",    ".",             ".",    "."]),
    ];
    for (name, role, state, expected) in table {
        assert_eq!((standing(name, role).state(), standing(name, role).role()), (state, role), "{name}");
        for ((column, event), expected) in events().into_iter().zip(expected) {
            assert_eq!(sent(name, role, event), expected, "{name}, {role:?}, {column}");
        }
    }
}

/// Returns the result of receiving: the event, and the state and transport after it; `-` for nothing.
fn received(name: &str, role: Role, bytes: Option<Vec<u8>>) -> String {
    let mut ws = standing(name, role);
    let before = (ws.state(), ws.transport());
    let got = match bytes {
        Some(mut bytes) => {
            let mut input = &mut bytes[..];
            let got = ws.receive(&mut input).map(|event| event.map(Event::into_owned));
            assert_eq!(!input.is_empty() && got.is_ok(), name == "server, request", "{name}: what is left");
            got
        }
        None => ws.receive_eof(),
    };
    let got = match got {
        Ok(None) => "-".into(),
        Ok(Some(Event::TextMessage(_))) => "text".into(),
        Ok(Some(Event::Ping(_))) => "ping".into(),
        Ok(Some(Event::RejectData(_))) => "data".into(),
        Ok(Some(Event::CloseConnection(close))) => format!("close {}", close.code),
        Ok(Some(other)) => panic!("{name}: {other:?}"),
        Err(error) => {
            let mut bytes = frame_to(role, last(Opcode::Text), b"x");
            assert_eq!(ws.receive(&mut &mut bytes[..]), Err(error), "{name}: not the same again");
            "error".into()
        }
    };
    match (ws.state(), ws.transport()) {
        after if after == before => got,
        (state, transport) => format!("{got}, {}", short(state, transport)),
    }
}

#[test]
fn every_state_and_thing_received() {
    use Role::{Client, Server};
    #[rustfmt::skip]
    let table = [
        // stand                      role     text     ping     close                               bad
        // end
        ("server, nothing yet",        Server, ["error, Connecting, pause", "error, Connecting, pause", "error, Connecting, pause", "error, Connecting, pause", "error, Closed, close"]),
        ("server, half a request",     Server, ["-",     "-",     "-",                                "-",                           "error, Closed, close"]),
        ("server, request",            Server, ["-",     "-",     "-",                                "-",                           "-"]),
        ("server, bad request",        Server, ["error", "error", "error",                            "error",                       "-"]),
        ("server, rejecting",          Server, ["-",     "-",     "-",                                "-",                           "-"]),
        ("server, rejected",           Server, ["-",     "-",     "-",                                "-",                           "-, Closed, close"]),
        ("server, nothing yet, end",   Server, ["error", "error", "error",                            "error",                       "-"]),
        ("client, nothing yet",        Client, ["error, Closed, close", "error, Closed, close", "error, Closed, close", "error, Closed, close", "error, Closed, close"]),
        ("client, request",            Client, ["error, Closed, close", "error, Closed, close", "error, Closed, close", "error, Closed, close", "error, Closed, close"]),
        ("client, nothing yet, end",   Client, ["error", "error", "error",                            "error",                       "-"]),
        ("client, rejecting",          Client, ["data",  "data",  "data",                             "data",                        "error, Closed, close"]),
        ("client, rejected",           Client, ["-",     "-",     "-",                                "-",                           "-"]),
        ("client, bad answer",         Client, ["error", "error", "error",                            "error",                       "-"]),
        ("open",                       Server, ["text",  "ping",  "close 1001, RemoteClosing, pause", "error, RemoteClosing, pause", "close 1006, Closed, close"]),
        ("open",                       Client, ["text",  "ping",  "close 1001, RemoteClosing, pause", "error, RemoteClosing, pause", "close 1006, Closed, close"]),
        ("close sent",                 Server, ["text",  "ping",  "close 1001, Closed, shut",         "error, Closed, shut",         "close 1006, Closed, close"]),
        ("close sent",                 Client, ["text",  "ping",  "close 1001, Closed, await",        "error, Closed, shut",         "close 1006, Closed, close"]),
        ("close received",             Server, ["-",     "-",     "-",                                "-",                           "-"]),
        ("close received",             Client, ["-",     "-",     "-",                                "-",                           "-"]),
        ("rule broken",                Server, ["error", "error", "error",                            "error",                       "close 1006"]),
        ("rule broken",                Client, ["error", "error", "error",                            "error",                       "close 1006"]),
        ("rule broken, end",           Server, ["error", "error", "error",                            "error",                       "-"]),
        ("rule broken, told",          Server, ["error", "error", "error",                            "error",                       "close 1006, Closed, close"]),
        ("rule broken, told",          Client, ["error", "error", "error",                            "error",                       "close 1006, Closed, close"]),
        ("rule broken after close",    Server, ["error", "error", "error",                            "error",                       "close 1006, Closed, close"]),
        ("rule broken after close",    Client, ["error", "error", "error",                            "error",                       "close 1006, Closed, close"]),
        ("both closes",                Server, ["-",     "-",     "-",                                "-",                           "-, Closed, close"]),
        ("both closes",                Client, ["-",     "-",     "-",                                "-",                           "-, Closed, close"]),
        ("both closes, end",           Server, ["-",     "-",     "-",                                "-",                           "-"]),
        ("end",                        Server, ["-",     "-",     "-",                                "-",                           "-"]),
        ("end",                        Client, ["-",     "-",     "-",                                "-",                           "-"]),
    ];
    for (name, role, expected) in table {
        let text = frame_to(role, more(Opcode::Text), b"x");
        let ping = frame_to(role, last(Opcode::Ping), b"x");
        let close = frame_to(role, last(Opcode::Close), b"\x03\xe9");
        let bad = frame_to(role, last(Opcode::Continuation), b"x");
        let columns = [
            ("text", Some(text)),
            ("ping", Some(ping)),
            ("close", Some(close)),
            ("bad", Some(bad)),
            ("end", None),
        ];
        for ((column, bytes), expected) in columns.into_iter().zip(expected) {
            assert_eq!(received(name, role, bytes), expected, "{name}, {role:?}, {column}");
        }
    }
}

//= rfc6455#5.5.1-6, rfc6455#5.5.1-7, rfc6455#5.5.1-8, rfc6455#7.1.1-2, rfc6455#7.1.1-3, rfc6455#7.1.1-4, rfc6455#7.1.2-2
//= rfc6455#7.1.4-1, rfc6455#7.1.7-1, rfc6455#7.1.7-2, rfc6455#7.2.2-1
#[test]
fn c14_the_transport_of_every_state_and_its_end() {
    use Role::{Client, Server};
    use Transport::{AwaitEnd, Close, KeepOpen, PauseRead, ShutdownWrite};
    #[rustfmt::skip]
    let table = [
        // stand                      role    transport      once the peer's stream has ended    closed cleanly
        ("server, nothing yet",       Server, KeepOpen,      Close,                              false),
        ("server, half a request",    Server, KeepOpen,      Close,                              false),
        ("server, request",           Server, PauseRead,     PauseRead,                          false),
        ("server, bad request",       Server, PauseRead,     PauseRead,                          false),
        ("server, rejecting",         Server, PauseRead,     PauseRead,                          false),
        ("server, rejected",          Server, ShutdownWrite, Close,                              false),
        ("client, nothing yet",       Client, PauseRead,     Close,                              false),
        ("client, request",           Client, KeepOpen,      Close,                              false),
        ("client, rejecting",         Client, KeepOpen,      Close,                              false),
        ("client, rejected",          Client, Close,         Close,                              false),
        ("client, bad answer",        Client, Close,         Close,                              false),
        ("open",                      Server, KeepOpen,      Close,                              false),
        ("open",                      Client, KeepOpen,      Close,                              false),
        ("close sent",                Server, KeepOpen,      Close,                              false),
        ("close sent",                Client, KeepOpen,      Close,                              false),
        ("close received",            Server, PauseRead,     PauseRead,                          false),
        ("close received",            Client, PauseRead,     PauseRead,                          false),
        ("rule broken",               Server, PauseRead,     PauseRead,                          false),
        ("rule broken",               Client, PauseRead,     PauseRead,                          false),
        ("rule broken, told",         Server, ShutdownWrite, Close,                              false),
        ("rule broken, told",         Client, ShutdownWrite, Close,                              false),
        ("rule broken after close",   Server, ShutdownWrite, Close,                              false),
        ("rule broken after close",   Client, ShutdownWrite, Close,                              false),
        ("both closes",               Server, ShutdownWrite, Close,                              true),
        ("both closes",               Client, AwaitEnd,      Close,                              true),
    ];
    for (name, role, before, after, clean) in table {
        let mut ws = standing(name, role);
        assert_eq!((ws.transport(), ws.closed_cleanly()), (before, clean), "{name}, {role:?}");
        let broken = matches!(ws.receive(&mut &mut [][..]), Err(error) if ws.failure() == Some(&error));
        assert_eq!(broken, ws.failure().is_some(), "{name}, {role:?}");
        let _ = ws.receive_eof();
        assert_eq!((ws.transport(), ws.closed_cleanly()), (after, clean), "{name}, {role:?}, at the end");
    }
}

#[test]
fn what_is_owed_is_sent_after_the_end_too() {
    use Transport::{AwaitEnd, Close, ShutdownWrite};
    let close = || Event::from(CloseConnection::new(CloseCode::NORMAL));
    let reject = || Event::from(RejectConnection::new(403));
    let server = Role::Server;
    #[rustfmt::skip]
    let table = [
        // stand                role          what is owed                  then           with the peer's stream ended
        ("server, request",     server,       reject(),                     ShutdownWrite, Close),
        ("server, bad request", server,       reject(),                     ShutdownWrite, Close),
        ("server, rejecting",   server,       RejectData::new(b"").into(),  ShutdownWrite, Close),
        ("close received",      server,       close(),                      ShutdownWrite, Close),
        ("close received",      Role::Client, close(),                      AwaitEnd,      Close),
        ("rule broken",         server,       close(),                      ShutdownWrite, Close),
        ("rule broken",         Role::Client, close(),                      ShutdownWrite, Close),
    ];
    for (name, role, owed, then, ended) in table {
        for (name, expected) in [(name.to_owned(), then), (format!("{name}, end"), ended)] {
            let mut ws = standing(&name, role);
            assert_eq!(ws.transport(), Transport::PauseRead, "{name}, {role:?}");
            let mut out = Vec::new();
            ws.send(owed.clone(), &mut out).unwrap();
            assert_eq!((ws.state(), ws.transport()), (ConnectionState::Closed, expected), "{name}, {role:?}");
            assert!(!out.is_empty());
        }
    }
}

//= rfc6455#7.1.5-3, rfc6455#7.2.1-2
#[test]
fn nothing_is_owed_for_a_close_that_nobody_sent() {
    for role in [Role::Server, Role::Client] {
        for name in ["open", "close sent", "rule broken", "rule broken, told", "rule broken after close"] {
            let mut ws = standing(name, role);
            let event = ws.receive_eof().unwrap().expect("no Close has come");
            assert_eq!(event, Event::from(CloseConnection::new(CloseCode::ABNORMAL)), "{name}");
            let mut out = Vec::new();
            ws.reply(&event, &mut out).unwrap();
            assert!(out.is_empty(), "{name}, {role:?}: {out:02x?}");
        }
    }
}

#[test]
fn what_is_written() {
    #[rustfmt::skip]
    let table: [(&str, Role, Event<'_>, &[u8]); 10] = [
        // state           role          event                                               bytes
        ("open",           Role::Server, TextMessage::new("x").into(),                       &[0x81, 1, b'x']),
        ("open",           Role::Server, BytesMessage::new(b"x").unfinished().into(),        &[0x02, 1, b'x']),
        ("open",           Role::Server, Ping::new(b"x").into(),                             &[0x89, 1, b'x']),
        ("open",           Role::Server, Pong::new(b"x").into(),                             &[0x8a, 1, b'x']),
        ("open",           Role::Server, CloseConnection::new(CloseCode::NO_STATUS).into(),  &[0x88, 0]),
        ("close received", Role::Server, CloseConnection::new(CloseCode::NORMAL).into(),     &[0x88, 2, 0x03, 0xe8]),
        ("open",           Role::Client, TextMessage::new("x").into(),                       &[0x81, 0x81, 0x37, 0xfa, 0x21, 0x3d, b'x' ^ 0x37]),
        ("open",           Role::Client, Pong::new(b"").into(),                              &[0x8a, 0x80, 0x37, 0xfa, 0x21, 0x3d]),
        ("open",           Role::Client, CloseConnection::new(CloseCode::NORMAL).into(),     &[0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x03 ^ 0x37, 0xe8 ^ 0xfa]),
        ("server, rejecting", Role::Server, RejectData::new(b"no").into(),                   b"2\r\nno\r\n0\r\n\r\n"),
    ];
    for (name, role, event, expected) in table {
        let mut out = b"before".to_vec();
        assert_eq!(standing(name, role).send(event.clone(), &mut out), Ok(()), "{name}, {event:?}");
        assert_eq!(&out[6..], expected, "{name}, {event:?}");
    }
}

#[test]
fn a_header_apart_stands_before_what_the_caller_writes() {
    let (mut client, mut server) = shaken(&Config::default());
    let mut wire = server.send_apart(BytesMessage::new(b"Hello")).unwrap().encode().to_vec();
    wire.extend(b"Hello");
    let mut input = &mut wire[..];
    assert_eq!(client.receive(&mut input), Ok(Some(BytesMessage::new(b"Hello").into())));
    assert_eq!(server.send_apart(Ping::new(b"")), Err(LocalProtocolError::WrongEvent));

    let mut connecting = Connection::server(Config::default());
    let wrong = LocalProtocolError::WrongState(ConnectionState::Connecting);
    assert_eq!(connecting.send_apart(TextMessage::new("a")), Err(wrong));
    let (mut squeezing, _) = shaken(&deflating());
    assert_eq!(squeezing.send_apart(TextMessage::new("a")), Err(LocalProtocolError::PayloadApart));
}

#[test]
fn extensions_are_not_set_in_events() {
    let mut server = Connection::server(Config::default());
    assert!(matches!(server.receive(&mut &mut REQUEST.to_vec()[..]), Ok(Some(Event::Request(_)))));
    let accept = AcceptConnection::new().with_extension("x");
    assert_eq!(server.send(accept, &mut Vec::new()), Err(LocalProtocolError::ExtensionsInEvent));
    let request = Request::new("example.com", "/").with_extension("x");
    let sent = Connection::client(Config::default()).send(request, &mut Vec::new());
    assert_eq!(sent, Err(LocalProtocolError::ExtensionsInEvent));
}
