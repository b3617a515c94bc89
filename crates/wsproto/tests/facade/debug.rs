//! `Debug` output shows states, and no bytes of peers.

use core::fmt::Debug;

use wsproto::extensions::deflate::{DeflateParams, PermessageDeflate};
use wsproto::extensions::{self, FrameEnd, OutboundFrame, Output};
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState,
    DeflateConfig, Event, LocalProtocolError, Ping, Pong, ReadBuffer, RejectConnection, RejectData,
    RemoteProtocolError, Request, Role, TextMessage,
};
use wsproto_frame::{FrameDecoder, Opcode, Rsv, TextCheck};

use crate::pair::{REQUEST, claim_to, deflating, feed, frame_to, last, more, open};

/// Must not be shown, as text or as numbers of its bytes.
const SECRET: &str = "zqjxk42";

fn assert_silent(what: &str, shown: &impl Debug) {
    for shown in
        [format!("{shown:?}"), format!("{shown:#?}").split_whitespace().collect::<Vec<_>>().join(" ")]
    {
        let numbers = SECRET.bytes().take(3).map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
        assert!(!shown.contains(&SECRET[..3]) && !shown.contains(&numbers), "{what}: {shown}");
        assert!(!shown.contains("dGhlIHNhbXBsZSBub25jZQ"), "{what} shows a key: {shown}");
    }
}

#[test]
fn events_show_no_payload() {
    let cookie = |name| Request::new("example.com", "/").with_header(name, SECRET);
    let events: [Event<'_>; 15] = [
        Request::new("example.com", format!("/path?token={SECRET}")).into(),
        Request::new("example.com", "/").with_subprotocol("chat").with_subprotocol(SECRET).into(),
        cookie("Cookie").into(),
        cookie("authorization").into(),
        cookie("Proxy-Authorization").into(),
        cookie("Sec-WebSocket-Key").into(),
        AcceptConnection::new().with_header("Set-Cookie", SECRET).into(),
        RejectConnection::new(403).with_header("Set-Cookie", SECRET).into(),
        RejectData::new(SECRET).into(),
        TextMessage::new(SECRET).into(),
        BytesMessage::new(SECRET.as_bytes()).into(),
        BytesMessage::new(SECRET.as_bytes()).into_owned().into(),
        CloseConnection::new(CloseCode::NORMAL).with_reason(SECRET).into(),
        Ping::new(SECRET.as_bytes()).into(),
        Pong::new(SECRET.as_bytes()).into(),
    ];
    for event in events {
        assert_silent("event", &event);
        assert_silent("event, owned", &event.into_owned());
    }
}

#[test]
fn connections_show_nothing_that_waits_in_them() {
    for config in [Config::default(), deflating()] {
        for role in [Role::Server, Role::Client] {
            let mut part_of_ping = claim_to(role, wsproto_frame::FrameHeader::new(Opcode::Ping, 9));
            part_of_ping.extend(SECRET.bytes());
            let mut connection = open(role, &config);
            let _ = feed(
                &mut connection,
                [&frame_to(role, more(Opcode::Text), b"zqj\xc3")[..], &part_of_ping[..]],
            );
            assert_eq!(connection.state(), ConnectionState::Open);
            assert_silent("connection", &connection);
        }
        let mut server = Connection::server(config.clone());
        let target = format!("/chat?{SECRET}");
        let mut bytes = String::from_utf8_lossy(REQUEST).replace("/chat", &target).into_bytes();
        bytes.extend(frame_to(Role::Server, last(Opcode::Text), SECRET.as_bytes()));
        let (request, _) = feed(&mut server, [&bytes[..]]);
        assert_silent("server with early bytes", &server);
        assert_silent("request", &request);
        let mut client = Connection::client(config);
        let request =
            Request::new("example.com", target).with_header("Cookie", SECRET).with_subprotocol(SECRET);
        client.send(request, &mut Vec::new()).unwrap();
        assert_silent("client", &client);
    }
    for mut buffer in [ReadBuffer::messages(), ReadBuffer::parts()] {
        buffer.extend_from_slice(&frame_to(Role::Server, more(Opcode::Text), SECRET.as_bytes()));
        assert_silent("unread bytes", &buffer);
        while open(Role::Server, &Config::default()).advance(&mut buffer).unwrap() {
            assert_silent("a part that was found", &buffer);
        }
        assert_silent("a message under way", &buffer);
    }
}

#[test]
fn the_codec_shows_no_byte_of_the_peer() {
    let mut decoder = FrameDecoder::new(Role::Server);
    let mut header = *b"\x82\x87zqj";
    assert!(matches!(decoder.decode(&mut &mut header[..]), Ok(None)));
    assert_silent("decoder with half a key", &decoder);
    let mut whole = frame_to(Role::Server, last(Opcode::Binary), SECRET.as_bytes());
    let chunk = FrameDecoder::new(Role::Server).decode(&mut &mut whole[..]).map(|chunk| format!("{chunk:?}"));
    assert_silent("chunk", &chunk);
    let mut check = TextCheck::new();
    check.push(b"\xf0\x9f").unwrap();
    assert!(!format!("{check:?}").contains("159"));
}

#[test]
fn extensions_show_no_byte_on_its_way() {
    let config = deflating();
    let offers = extensions::offers(&config.extensions).unwrap();
    let (_, mut pipeline) = extensions::respond(&config.extensions, &offers).unwrap();
    let header = wsproto_frame::FrameHeader::new(Opcode::Text, 20).with_rsv(Rsv::RSV1);
    pipeline.inbound_header(&header).unwrap();
    // Without room for output, the input waits inside.
    pipeline.feed(SECRET.as_bytes(), FrameEnd::Pending, &mut Output::new(&mut Vec::new(), 0)).unwrap();
    assert_silent("pipeline", &pipeline);
    let mut deflate =
        PermessageDeflate::new(Role::Client, DeflateParams::default(), &DeflateConfig::default());
    deflate.compress(SECRET.repeat(100).as_bytes(), &mut Vec::new()).unwrap();
    assert_silent("permessage-deflate", &deflate);
    assert_silent("outbound frame", &OutboundFrame::new(Opcode::Text, SECRET.as_bytes()));
    let mut buffer = Vec::new();
    let mut output = Output::new(&mut buffer, 100);
    output.write(SECRET.as_bytes());
    assert_silent("output", &output);
}

#[test]
fn errors_name_rules_and_not_what_broke_them() {
    let mut server = Connection::server(Config::default());
    let bad = format!("GET / HTTP/1.1\r\nHost: {SECRET} {SECRET}\r\nCookie: {SECRET}\r\n\r\n");
    let (_, end) = feed(&mut server, [bad.as_bytes()]);
    let error: RemoteProtocolError = end.unwrap_err();
    assert_silent("error", &error);
    assert_silent("hint", &error.event_hint());
    assert_silent("displayed", &error.to_string());
    let request = Request::new("example.com", "/").with_header("Bad Name", SECRET);
    let error: LocalProtocolError =
        Connection::client(Config::default()).send(request, &mut Vec::new()).unwrap_err();
    assert_silent("local error", &(error.clone(), error.to_string()));
}

#[test]
fn connections_move_between_threads() {
    const fn is_send<T: Send>() {}
    const fn is_sync<T: Sync>() {}
    const {
        is_send::<Connection>();
        is_send::<ReadBuffer>();
        is_sync::<ReadBuffer>();
        is_send::<Event<'static>>();
        is_sync::<Event<'static>>();
        is_send::<Config>();
        is_sync::<Config>();
        is_send::<RemoteProtocolError>();
        is_sync::<LocalProtocolError>();
    }
}
