//! The agreement of the opening handshake, as both sides report it; a required subprotocol.

use std::sync::Arc;

use wsproto::extensions::deflate::{DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto::extensions::{Pipeline, parse};
use wsproto::handshake::ResponseError;
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, Request, Role,
    TextMessage, Transport,
};

use crate::pair::{ANSWER, deflating, feed, settled};

/// Returns the agreement that a connection reports.
fn agreed(connection: &Connection) -> (Option<&str>, Vec<&str>) {
    (connection.subprotocol(), connection.extensions().collect())
}

/// Performs the opening handshake. Before its end neither side reports anything.
fn shake(configs: [&Config; 2], request: Request, accept: AcceptConnection) -> [Connection; 2] {
    let mut client = Connection::client_with_entropy(configs[0].clone(), settled);
    let mut server = Connection::server(configs[1].clone());
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    client.send(request, &mut to_server).unwrap();
    server.receive(&mut &mut to_server[..]).unwrap();
    assert_eq!((agreed(&client), agreed(&server)), ((None, Vec::new()), (None, Vec::new())), "not yet");
    server.send(accept, &mut to_client).unwrap();
    assert_eq!(feed(&mut client, [&to_client[..]]).1, Ok(()));
    [client, server]
}

//= rfc6455#4.1-41
#[test]
fn both_sides_tell_what_was_agreed_until_the_end() {
    let plain = Config::default();
    let windows =
        Config::default().with_extension(DeflateConfig::default().with_client_no_context_takeover());
    let request = || Request::new("a", "/").with_subprotocol("chat").with_subprotocol("superchat");
    let accept = AcceptConnection::new;
    let chosen = || accept().with_subprotocol("superchat");
    #[rustfmt::skip]
    let table: [(&str, [&Config; 2], AcceptConnection, Option<&str>, &[&str]); 5] = [
        // name                    client's, server's          answer     subprotocol        extensions
        ("nothing",                [&plain, &plain],           accept(),  None,              &[]),
        ("a subprotocol",          [&plain, &plain],           chosen(),  Some("superchat"), &[]),
        ("an extension",           [&deflating(), &deflating()], accept(), None,             &["permessage-deflate"]),
        ("both, with a parameter", [&windows, &windows],       chosen(),  Some("superchat"), &["permessage-deflate; client_no_context_takeover"]),
        ("one that was declined",  [&deflating(), &plain],     chosen(),  Some("superchat"), &[]),
    ];
    for (name, configs, accept, subprotocol, extensions) in table {
        let [mut client, mut server] = shake(configs, request(), accept);
        let expected = (subprotocol, extensions.to_vec());
        assert_eq!((agreed(&client), agreed(&server)), (expected.clone(), expected.clone()), "{name}");

        let mut wire = Vec::new();
        client.send(CloseConnection::new(CloseCode::NORMAL), &mut wire).unwrap();
        let (events, _) = feed(&mut server, [&wire[..]]);
        wire.clear();
        server.reply(&events[0], &mut wire).unwrap();
        feed(&mut client, [&wire[..]]).1.unwrap();
        assert_eq!((client.state(), server.state()), (ConnectionState::Closed, ConnectionState::Closed));
        assert_eq!((agreed(&client), agreed(&server)), (expected.clone(), expected), "{name}: closed");
    }
}

#[test]
fn an_extension_that_was_agreed_can_be_cut_into_its_parts() {
    let config = deflating();
    let [client, _] = shake([&config, &config], Request::new("a", "/"), AcceptConnection::new());
    let texts: Vec<&str> = client.extensions().collect();
    let names: Vec<String> =
        texts.iter().flat_map(|text| parse(text).unwrap()).map(|params| params.name().to_owned()).collect();
    assert_eq!(names, ["permessage-deflate"]);
}

#[test]
fn what_a_handshake_elsewhere_agreed_is_told_too() {
    let accept = AcceptConnection::new().with_subprotocol("chat").with_extension("x-foo; a=1");
    for role in [Role::Client, Role::Server] {
        let connection = match role {
            Role::Client => Connection::open_client(Config::default()),
            Role::Server => Connection::open_server(Config::default()),
        };
        assert_eq!((connection.subprotocol(), connection.extensions().count()), (None, 0));
        let connection = connection.with_agreement(&accept);
        assert_eq!(connection.subprotocol(), Some("chat"));
        assert!(connection.extensions().eq(["x-foo; a=1"]));
    }
}

#[test]
fn k10_a_subprotocol_may_be_required() {
    let plain = || Request::new("server.example.com", "/chat");
    let chosen = [&ANSWER[..ANSWER.len() - 2], b"Sec-WebSocket-Protocol: chat\r\n\r\n"].concat();
    let required = Config::default().with_required_subprotocol();
    let missing = Err(ResponseError::SubprotocolMissing.into());
    #[rustfmt::skip]
    let table = [
        // name                          configuration       request                            answer     outcome
        ("required and chosen",          &required,          plain().with_subprotocol("chat"),  &*chosen,  Ok(Some("chat"))),
        ("required and not chosen",      &required,          plain().with_subprotocol("chat"),  ANSWER,    missing),
        ("required, none proposed",      &required,          plain(),                           ANSWER,    Ok(None)),
        ("not required, not chosen",     &Config::default(), plain().with_subprotocol("chat"),  ANSWER,    Ok(None)),
    ];
    for (name, config, request, answer, expected) in table {
        for read in [answer.len(), 1] {
            let mut client = Connection::client_with_entropy(config.clone(), settled);
            client.send(request.clone(), &mut Vec::new()).unwrap();
            let (events, end) = feed(&mut client, answer.chunks(read));
            let opens = end.is_ok();
            assert_eq!(end.map(|()| client.subprotocol()).as_ref(), expected.as_ref(), "{name}");
            assert_eq!(matches!(events[..], [Event::AcceptConnection(_)]), opens, "{name}: {events:?}");
            let transport = if opens { Transport::KeepOpen } else { Transport::Close };
            assert_eq!(client.transport(), transport, "{name}");
        }
    }
}

/// A proxy, or an HTTP/2 server, has agreed for both sides.
#[test]
fn extensions_that_were_agreed_elsewhere_work_on_both_sides() {
    let windows = [8, 12, 15].map(|bits| WindowBits::new(bits).unwrap());
    let all = windows.into_iter().flat_map(|server_max_window_bits| {
        [false, true].map(|forgets| DeflateParams {
            server_max_window_bits,
            server_no_context_takeover: forgets,
            client_no_context_takeover: !forgets,
            ..DeflateParams::default()
        })
    });
    let config = DeflateConfig::default().with_threshold(0);
    for params in all {
        let agreed = |role| {
            let deflate = PermessageDeflate::new(role, params, &config);
            Pipeline::agreed([(Arc::new(config.clone()) as _, Box::new(deflate) as _)]).unwrap()
        };
        let mut server = Connection::open_server(Config::default()).with_extensions(agreed(Role::Server));
        let mut client = Connection::open_client(Config::default()).with_extensions(agreed(Role::Client));
        let message = "na na na na, hey hey, goodbye, ".repeat(100);
        for round in 0..3 {
            for to_server in [true, false] {
                let (sender, receiver) =
                    if to_server { (&mut client, &mut server) } else { (&mut server, &mut client) };
                let mut wire = Vec::new();
                sender.send(TextMessage::new(&message), &mut wire).unwrap();
                assert!(wire.len() < 1000, "{params:?}, round {round}: {} bytes", wire.len());
                let event = receiver.receive(&mut &mut wire[..]).unwrap();
                assert_eq!(event, Some(TextMessage::new(&message).into()), "{params:?}, round {round}");
            }
        }
    }
    let twice = || {
        let deflate = PermessageDeflate::new(Role::Server, DeflateParams::default(), &config);
        (Arc::new(config.clone()) as _, Box::new(deflate) as _)
    };
    assert!(Pipeline::agreed([twice(), twice()]).is_err(), "both own RSV1");
}

/// Extensions that were added before a handshake are not in use after it. Extensions that were replaced aren't either.
#[test]
fn what_is_agreed_last_is_in_use() {
    let agreed = || {
        let config = DeflateConfig::default().with_threshold(0);
        let deflate = PermessageDeflate::new(Role::Server, DeflateParams::default(), &config);
        Pipeline::agreed([(Arc::new(config) as _, Box::new(deflate) as _)]).unwrap()
    };
    let mut accepted = Connection::server(Config::default()).with_extensions(agreed());
    let mut request = Vec::new();
    let mut client = Connection::client(Config::default());
    client.send(Request::new("example.com", "/"), &mut request).unwrap();
    accepted.receive(&mut &mut request[..]).unwrap();
    accepted.send(AcceptConnection::new(), &mut Vec::new()).unwrap();
    let replaced = Connection::open_server(Config::default())
        .with_extensions(agreed())
        .with_extensions(Pipeline::default());
    for (name, mut server) in [("a handshake came after it", accepted), ("none came after it", replaced)] {
        let mut wire = Vec::new();
        server.send(TextMessage::new("na na na na"), &mut wire).unwrap();
        assert_eq!(wire, b"\x81\x0bna na na na", "{name}");
        // A compressed frame of the peer has a bit that belongs to no extension.
        let mut compressed = *b"\xc1\x80\0\0\0\0";
        assert!(server.receive(&mut &mut compressed[..]).is_err(), "{name}");
    }
}
