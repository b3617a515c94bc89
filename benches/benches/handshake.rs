//! The opening handshake of both sides, with the tokeniser and the hash that both need.
#![allow(missing_docs, reason = "criterion makes the functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark that goes wrong is to stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use wsproto::{AcceptConnection, Config, Connection, Request, Upgrade};
use wsproto_benches::{limits, wire};

/// A client with a fixed key, so that its answer is fixed, too.
fn client() -> Connection {
    Connection::client_with_entropy(Config::default(), |bytes: &mut [u8]| bytes.fill(7))
}

fn request() -> Request {
    Request::new("server.example.com", "/chat?room=42")
}

/// The same request as an HTTP server passes it on.
fn parsed() -> http::Request<()> {
    let mut lines = wire::REQUEST.trim_end().split("\r\n");
    let target = lines.next().unwrap().split(' ').nth(1).unwrap();
    let fields = lines.map(|line| line.split_once(": ").unwrap());
    let request = http::Request::get(target);
    fields.fold(request, |request, (name, value)| request.header(name, value)).body(()).unwrap()
}

fn server_side(c: &mut Criterion) {
    let (mut buf, mut out) = (wire::REQUEST.as_bytes().to_vec(), Vec::new());
    let mut group = c.benchmark_group("handshake as a server");
    group.bench_function("receive and accept", |b| {
        b.iter(|| {
            buf.copy_from_slice(wire::REQUEST.as_bytes());
            out.clear();
            let mut server = Connection::server(Config::default());
            let mut input = &mut buf[..];
            assert!(server.receive(&mut input).unwrap().is_some(), "a request");
            server.send(AcceptConnection::new(), &mut out).unwrap();
            server
        });
    });
    let parsed = parsed();
    group.bench_function("from http::HeaderMap and accept", |b| {
        b.iter(|| {
            let upgrade = Upgrade::from_http(&parsed, None).unwrap();
            upgrade.accept(Config::default(), AcceptConnection::new()).unwrap()
        });
    });
    group.bench_function("from http::HeaderMap and accept, to http::Response", |b| {
        b.iter(|| {
            let upgrade = Upgrade::from_http(&parsed, None).unwrap();
            let (response, server) = upgrade.accept(Config::default(), AcceptConnection::new()).unwrap();
            (response.into_http(), server)
        });
    });
    group.bench_function("limit: httparse", |b| {
        b.iter(|| limits::parse_request(wire::REQUEST.as_bytes()));
    });
    group.bench_function("limit: SHA-1", |b| {
        b.iter(|| wire::accept(black_box("dGhlIHNhbXBsZSBub25jZQ==")));
    });
    group.finish();
}

fn client_side(c: &mut Criterion) {
    let (mut out, mut answer) = (Vec::new(), Vec::new());
    client().send(request(), &mut out).unwrap();
    wire::answer(&out, &mut answer);
    let mut buf = answer.clone();
    let mut group = c.benchmark_group("handshake as a client");
    group.bench_function("ask and receive", |b| {
        b.iter(|| {
            buf.copy_from_slice(&answer);
            out.clear();
            let mut client = client();
            client.send(request(), &mut out).unwrap();
            let mut input = &mut buf[..];
            assert!(client.receive(&mut input).unwrap().is_some(), "an answer");
            client
        });
    });
    group.bench_function("limit: httparse", |b| b.iter(|| limits::parse_response(&answer)));
    group.finish();
}

criterion_group!(benches, server_side, client_side);
criterion_main!(benches);
