//! A whole connection: receive, send, echo, fragments, small reads, broadcast. The limits of the same work are beside
//! it.
#![allow(missing_docs, reason = "criterion makes the functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark that goes wrong is to stop")]

use std::hint::black_box;

use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use wsproto::{BytesMessage, Config, Connection, Event, PreparedMessage, ReadBuffer, Role, TextMessage};
use wsproto_benches::{ascii, binary, limits, mixed, wire};

const KIB: usize = 1 << 10;

/// The most bytes of a read.
const READ: usize = 64 * KIB;

const KEY: u32 = 0x37fa_213d;

/// A message of some length and kind.
struct Case {
    name: &'static str,
    is_text: bool,
    payload: Vec<u8>,
}

fn cases() -> [Case; 7] {
    let case = |name, is_text, payload| Case { name, is_text, payload };
    [
        case("16 B", true, ascii(16)),
        case("125 B", true, ascii(125)),
        case("1 KiB", true, ascii(KIB)),
        case("1 KiB mixed", true, mixed(KIB)),
        case("16 KiB binary", false, binary(16 * KIB)),
        case("64 KiB", true, ascii(64 * KIB)),
        case("1 MiB binary", false, binary(KIB * KIB)),
    ]
}

impl Case {
    /// Returns the message as the peer of `role` sends it.
    fn wire(&self, role: Role) -> Vec<u8> {
        let mut wire = Vec::new();
        let first = if self.is_text { 0x81 } else { 0x82 };
        wire::frame(first, (role == Role::Server).then_some(KEY), &self.payload, &mut wire);
        wire
    }

    fn event(&self) -> Event<'_> {
        match str::from_utf8(&self.payload) {
            Ok(text) if self.is_text => TextMessage::new(text).into(),
            _ => BytesMessage::new(&self.payload).into(),
        }
    }
}

const ROLES: [(Role, &str); 2] = [(Role::Server, "server"), (Role::Client, "client")];

fn connection(role: Role) -> Connection {
    match role {
        Role::Server => Connection::open_server(Config::default()),
        Role::Client => Connection::open_client(Config::default()),
    }
}

/// Receives in reads of at most `read_len` bytes. Each read is copied to a buffer, as a kernel does.
fn read(wire: &[u8], read_len: usize, buf: &mut [u8], mut take: impl FnMut(&mut [u8])) {
    for part in black_box(wire).chunks(read_len) {
        let buf = buf.get_mut(..part.len()).unwrap_or_default();
        buf.copy_from_slice(part);
        take(buf);
    }
}

fn receive_all(connection: &mut Connection, mut input: &mut [u8]) {
    while let Some(event) = connection.receive(&mut input).unwrap() {
        black_box(event);
    }
}

/// Receives in reads of at most `read_len` bytes into a buffer, and takes whole messages out of it.
fn receive_messages(connection: &mut Connection, buffer: &mut ReadBuffer, wire: &[u8], read_len: usize) {
    let mut rest = black_box(wire);
    while !rest.is_empty() {
        let room = buffer.room();
        let (part, later) = rest.split_at(rest.len().min(read_len).min(room.len()));
        room[..part.len()].copy_from_slice(part);
        buffer.filled(part.len());
        rest = later;
        while let Some(event) = connection.receive_from(buffer).unwrap() {
            black_box(event);
        }
    }
}

fn limits_of(group: &mut BenchmarkGroup<'_, WallTime>, case: &Case, role: Role) {
    let mut buf = case.payload.clone();
    group.bench_function(BenchmarkId::new("limit: copy", case.name), |b| {
        b.iter(|| limits::copy(&case.payload, &mut buf));
    });
    if role == Role::Server {
        group.bench_function(BenchmarkId::new("limit: mask", case.name), |b| {
            b.iter(|| limits::mask(&mut buf));
        });
    }
    if case.is_text {
        group.bench_function(BenchmarkId::new("limit: UTF-8", case.name), |b| {
            b.iter(|| limits::text_check(&case.payload));
        });
    }
}

fn receive(c: &mut Criterion) {
    let mut buf = vec![0; READ];
    for (role, name) in ROLES {
        let mut group = c.benchmark_group(format!("receive as a {name}"));
        for case in cases() {
            let wire = case.wire(role);
            group.throughput(Throughput::Bytes(case.payload.len() as u64));
            let mut ours = connection(role);
            group.bench_function(BenchmarkId::new("events", case.name), |b| {
                b.iter(|| read(&wire, READ, &mut buf, |input| receive_all(&mut ours, input)));
            });
            let (mut ours, mut buffer) = (connection(role), ReadBuffer::messages());
            group.bench_function(BenchmarkId::new("messages", case.name), |b| {
                b.iter(|| receive_messages(&mut ours, &mut buffer, &wire, READ));
            });
            limits_of(&mut group, &case, role);
        }
        group.finish();
    }
}

fn send(c: &mut Criterion) {
    let mut out = Vec::new();
    for (role, name) in ROLES {
        let mut group = c.benchmark_group(format!("send as a {name}"));
        for case in cases() {
            group.throughput(Throughput::Bytes(case.payload.len() as u64));
            let mut ours = connection(role);
            group.bench_function(BenchmarkId::new("send", case.name), |b| {
                b.iter(|| {
                    out.clear();
                    ours.send(black_box(&case).event(), &mut out)
                });
            });
            if role == Role::Server {
                let mut ours = connection(role);
                group.bench_function(BenchmarkId::new("send_apart", case.name), |b| {
                    b.iter(|| ours.send_apart(black_box(&case).event()).map(|header| header.encode()));
                });
            }
            let mut buf = case.payload.clone();
            group.bench_function(BenchmarkId::new("limit: copy", case.name), |b| {
                b.iter(|| limits::copy(&case.payload, &mut buf));
            });
        }
        group.finish();
    }
}

fn echo(c: &mut Criterion) {
    let (mut buf, mut out) = (vec![0; READ], Vec::new());
    for (role, name) in ROLES {
        let mut group = c.benchmark_group(format!("echo as a {name}"));
        for case in cases() {
            let wire = case.wire(role);
            group.throughput(Throughput::Bytes(case.payload.len() as u64));
            let mut ours = connection(role);
            group.bench_function(BenchmarkId::new("events", case.name), |b| {
                b.iter(|| {
                    out.clear();
                    read(&wire, READ, &mut buf, |mut input| {
                        while let Some(event) = ours.receive(&mut input).unwrap() {
                            ours.send(event, &mut out).unwrap();
                        }
                    });
                });
            });
            limits_of(&mut group, &case, role);
        }
        group.finish();
    }
}

/// Four fragments, as parts and joined.
fn fragments(c: &mut Criterion) {
    let (payload, mut wire, mut buf) = (ascii(125), Vec::new(), vec![0; READ]);
    for first in [0x01, 0x00, 0x00, 0x80] {
        wire::frame(first, Some(KEY), &payload, &mut wire);
    }
    let mut group = c.benchmark_group("four fragments of 125 B as a server");
    let mut ours = connection(Role::Server);
    group.bench_function("events", |b| {
        b.iter(|| read(&wire, READ, &mut buf, |input| receive_all(&mut ours, input)));
    });
    let (mut ours, mut buffer) = (connection(Role::Server), ReadBuffer::messages());
    group.bench_function("joined", |b| {
        b.iter(|| receive_messages(&mut ours, &mut buffer, &wire, READ));
    });
    limits_of(&mut group, &Case { name: "500 B", is_text: true, payload: ascii(500) }, Role::Server);
    group.finish();
}

fn reads(c: &mut Criterion) {
    let mut buf = vec![0; READ];
    let mut group = c.benchmark_group("reads as a server");
    for (case_len, read_lens) in [(125, &[1, 7][..]), (16 * KIB, &[1460, READ])] {
        let case = Case { name: "", is_text: false, payload: binary(case_len) };
        let wire = case.wire(Role::Server);
        group.throughput(Throughput::Bytes(case_len as u64));
        for read_len in read_lens {
            let mut ours = connection(Role::Server);
            group.bench_function(BenchmarkId::new(format!("{case_len} B in reads of"), read_len), |b| {
                b.iter(|| read(&wire, *read_len, &mut buf, |input| receive_all(&mut ours, input)));
            });
            let (mut ours, mut buffer) = (connection(Role::Server), ReadBuffer::messages());
            group.bench_function(
                BenchmarkId::new(format!("{case_len} B whole in reads of"), read_len),
                |b| {
                    b.iter(|| receive_messages(&mut ours, &mut buffer, &wire, *read_len));
                },
            );
            group.bench_function(BenchmarkId::new(format!("limit: copy {case_len} B by"), read_len), |b| {
                b.iter(|| read(&wire, *read_len, &mut buf, |input| _ = black_box(input)));
            });
        }
    }
    group.finish();
}

/// One message to a hundred clients.
fn broadcast(c: &mut Criterion) {
    const CLIENTS: usize = 100;
    let text = String::from_utf8(ascii(KIB)).unwrap();
    let mut connections: Vec<Connection> = (0..CLIENTS).map(|_| connection(Role::Server)).collect();
    let mut outs = vec![Vec::new(); CLIENTS];
    let mut group = c.benchmark_group("broadcast 1 KiB to 100 clients");
    group.bench_function("send", |b| {
        b.iter(|| {
            for (connection, out) in connections.iter_mut().zip(&mut outs) {
                out.clear();
                connection.send(TextMessage::new(&text), out).unwrap();
            }
        });
    });
    group.bench_function("send_apart", |b| {
        b.iter(|| {
            for connection in &mut connections {
                black_box(connection.send_apart(TextMessage::new(&text)).unwrap().encode());
            }
        });
    });
    group.bench_function("send_prepared, made anew", |b| {
        b.iter(|| {
            let message = PreparedMessage::new(TextMessage::new(&text)).unwrap();
            for (connection, out) in connections.iter_mut().zip(&mut outs) {
                out.clear();
                connection.send_prepared(&message, out).unwrap();
            }
        });
    });
    group.bench_function("limit: copy", |b| {
        b.iter(|| outs.iter_mut().for_each(|out| limits::copy(text.as_bytes(), &mut out[..KIB])));
    });
    group.finish();
}

criterion_group!(benches, receive, send, echo, fragments, reads, broadcast);
criterion_main!(benches);
