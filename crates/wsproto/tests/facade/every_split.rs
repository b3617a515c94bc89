//! Whole conversations from the first byte of HTTP to the last Close: whole, at every split, and a byte at a time.

use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event,
    Ping, RejectConnection, RejectData, Request, Role, TextMessage, Transport,
};

use crate::pair::{Receive, feed, parts, settled};
use crate::seen::{Seen, Stand, merged};

/// A server that accepts or rejects each request at once, and sends the required answers.
struct Answering {
    ws: Connection,
    out: Vec<u8>,
}

impl Receive for Answering {
    fn take<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, wsproto::RemoteProtocolError> {
        let event = self.ws.receive(input)?;
        match &event {
            Some(Event::Request(request)) if request.target() == "/chat" => {
                let accept = AcceptConnection::new().with_subprotocol("chat");
                self.ws.send(accept, &mut self.out).expect("it was proposed");
            }
            Some(Event::Request(_)) => {
                let reject = RejectConnection::new(404).with_body();
                self.ws.send(reject, &mut self.out).expect("a request can be rejected");
                self.ws
                    .send(RejectData::new("no such").unfinished(), &mut self.out)
                    .expect("the body follows");
                self.ws.send(RejectData::new(" room"), &mut self.out).expect("and ends");
            }
            Some(event) => self.ws.reply(event, &mut self.out).expect("a reply can always be sent"),
            None => {}
        }
        Ok(event)
    }

    fn transport(&self) -> Transport {
        self.ws.transport()
    }
}

fn answering(config: &Config) -> Answering {
    Answering { ws: Connection::server(config.clone()), out: Vec::new() }
}

fn asking(config: &Config, target: &str) -> (Answering, Vec<u8>) {
    let mut ws = Connection::client_with_entropy(config.clone(), settled);
    let mut out = Vec::new();
    let request = Request::new("server.example.com", target).with_subprotocol("chat");
    ws.send(request, &mut out).expect("the request is sound");
    (Answering { ws, out: Vec::new() }, out)
}

fn configs() -> [(&'static str, Config); 3] {
    let small = DeflateConfig::default().with_threshold(0).with_client_no_context_takeover();
    [
        ("plain", Config::default()),
        ("deflate", Config::default().with_extension(DeflateConfig::default())),
        ("deflate all", Config::default().with_extension(small)),
    ]
}

/// Sends events on an open connection, and returns them as the other side must see them.
fn talk(ws: &mut Connection, out: &mut Vec<u8>) -> Vec<Seen> {
    let long = "naïve café 😀 ".repeat(12);
    let events: [Event<'_>; 7] = [
        TextMessage::new("é").into(),
        TextMessage::new(&long).unfinished().into(),
        Ping::new(b"between").into(),
        TextMessage::new("the end").into(),
        BytesMessage::new(&[7; 130]).into(),
        BytesMessage::new(b"").into(),
        CloseConnection::new(CloseCode::GOING_AWAY).with_reason("bye").into(),
    ];
    let seen = merged(&events);
    for event in events {
        ws.send(event, out).expect("the connection is open");
    }
    let Some(Seen::Text(_, stand)) = seen.get(1) else { panic!("the order has changed") };
    assert_eq!(*stand, Stand::FrameDone);
    seen
}

/// Feeds the stream with all cuts. The events and the answers must be the same each time.
fn all_ways(
    name: &str,
    fresh: impl Fn() -> Answering,
    stream: &[u8],
    expected: &[Seen],
    end: ConnectionState,
) {
    let check = |way: &str, parts: Vec<&[u8]>, answer: &[u8]| {
        let mut side = fresh();
        let (events, result) = feed(&mut side, parts);
        assert_eq!(result, Ok(()), "{name}, {way}");
        assert_eq!(merged(&events), expected, "{name}, {way}");
        assert_eq!((side.ws.state(), &side.out[..]), (end, answer), "{name}, {way}");
    };
    let mut whole = fresh();
    let _ = feed(&mut whole, [stream]);
    check("whole", vec![stream], &whole.out);
    check("byte by byte", stream.chunks(1).collect(), &whole.out);
    for at in 0..=stream.len() {
        check(&format!("cut at {at}"), parts(stream, &[at]), &whole.out);
    }
    for step in [2, 3, 7, 14] {
        check(&format!("reads of {step}"), stream.chunks(step).collect(), &whole.out);
    }
}

#[test]
fn a_client_that_talks_to_a_server_and_back() {
    for (name, config) in configs() {
        // First both sides complete the handshake, so that their bytes are known.
        let (mut client, mut to_server) = asking(&config, "/chat");
        let mut server = answering(&config);
        let (request, _) = feed(&mut server, [&to_server[..]]);
        let (accept, _) = feed(&mut client, [&server.out[..]]);
        let mut to_client = server.out.clone();

        let mut to_client_seen = merged(&accept);
        to_client_seen.extend(talk(&mut server.ws, &mut to_client));
        let (fresh_config, request_bytes) = (config.clone(), to_server.clone());
        all_ways(
            &format!("client, {name}"),
            || {
                let (client, request) = asking(&fresh_config, "/chat");
                assert_eq!(request, request_bytes);
                client
            },
            &to_client,
            &to_client_seen,
            ConnectionState::Closed,
        );

        let mut to_server_seen = merged(&request);
        to_server_seen.extend(talk(&mut client.ws, &mut to_server));
        let ends = format!("server, {name}");
        all_ways(&ends, || answering(&config), &to_server, &to_server_seen, ConnectionState::Closed);
    }
}

#[test]
fn a_rejection_with_a_body() {
    let config = Config::default();
    let (_, to_server) = asking(&config, "/other");
    let mut server = answering(&config);
    let (request, _) = feed(&mut server, [&to_server[..]]);
    all_ways("rejecting", || answering(&config), &to_server, &merged(&request), ConnectionState::Closed);
    assert_eq!(server.ws.transport(), Transport::ShutdownWrite);
    let body = |part: &str| Seen::Body(part.into(), Stand::MessageDone);
    let expected = [Seen::Reject(404), body("no such room")];
    all_ways("rejected", || asking(&config, "/other").0, &server.out, &expected, ConnectionState::Closed);
    assert_eq!(server.ws.role(), Role::Server);
}
