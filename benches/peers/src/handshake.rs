//! The opening handshake of a server: a browser's request in, the answer out, a connection ready.

use std::sync::Arc;

use wsproto::{AcceptConnection, Config, Connection, Event};

use crate::{
    Runner,
    transport::{Transport, run},
    work::Work,
};

/// Starts an entrant that answers a request with `answer`.
fn start(work: &Work, mut answer: impl FnMut(&mut Transport) + 'static) -> Option<Runner> {
    let mut transport = Transport::of(work);
    let round = move |count: usize, _: &mut _| (0..count).for_each(|_| answer(&mut transport));
    Some(Runner::new(round))
}

pub(crate) fn ours(work: &Work) -> Option<Runner> {
    let (mut buf, mut out, config) = (vec![0; 64 << 10], Vec::new(), Arc::new(Config::default()));
    start(work, move |transport| {
        let mut server = Connection::server(config.clone());
        let n = transport.take(&mut buf);
        let mut input = &mut buf[..n];
        let event = server.receive(&mut input).unwrap();
        assert!(matches!(event, Some(Event::Request(_))));
        server.send(AcceptConnection::new(), &mut out).unwrap();
        transport.put(&out);
        out.clear();
    })
}

pub(crate) fn tungstenite(work: &Work) -> Option<Runner> {
    start(work, |transport| drop(tungstenite::accept(transport).unwrap()))
}

pub(crate) fn tokio_websockets(work: &Work) -> Option<Runner> {
    start(work, |transport| {
        let builder = tokio_websockets::ServerBuilder::new();
        drop(run(builder.accept(transport)).unwrap());
    })
}

pub(crate) fn soketto(work: &Work) -> Option<Runner> {
    use soketto::handshake::server::{Response, Server};
    start(work, |transport| {
        let mut server = Server::new(transport);
        let key = run(server.receive_request()).unwrap().key();
        run(server.send_response(&Response::Accept { key, protocol: None })).unwrap();
        drop(server.into_builder().finish());
    })
}

pub(crate) fn sockudo(work: &Work) -> Option<Runner> {
    start(work, |mut transport| drop(run(sockudo_ws::handshake::server_handshake(&mut transport)).unwrap()))
}

pub(crate) fn nago(work: &Work) -> Option<Runner> {
    use nago_wss::proto::handshake::{build_response, head_end, parse_request};
    let mut buf = vec![0; 64 << 10];
    start(work, move |transport| {
        let n = transport.take(&mut buf);
        let end = head_end(&buf[..n]).unwrap();
        let request = parse_request(&buf[..end], 16 << 10).unwrap().into_request();
        transport.put(&build_response(&request.key, None, &[]));
    })
}

/// It reads no request: its own server reads one with httparse.
pub(crate) fn websocket_codec(work: &Work) -> Option<Runner> {
    let mut buf = vec![0; 64 << 10];
    start(work, move |transport| {
        let n = transport.take(&mut buf);
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        assert!(request.parse(&buf[..n]).unwrap().is_complete());
        let header = |name: &str| {
            let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            str::from_utf8(header.value).ok()
        };
        let accept = ::websocket_codec::ClientRequest::parse(header).unwrap().ws_accept();
        transport.put(
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            )
            .as_bytes(),
        );
    })
}

pub(crate) fn wtx(work: &Work) -> Option<Runner> {
    start(work, |transport| {
        let acceptor = wtx::web_socket::WebSocketAcceptor::default().no_masking(false);
        drop(run(acceptor.accept(transport)).unwrap());
    })
}
