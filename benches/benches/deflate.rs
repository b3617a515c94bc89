//! permessage-deflate with both backends, and each library by itself beside it.
#![allow(missing_docs, reason = "criterion makes the functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark that goes wrong is to stop")]

use std::{hint::black_box, sync::Arc};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wsproto::{
    Config, Connection, DeflateConfig, ReadBuffer, TextMessage,
    extensions::{self, ExtensionConfig, deflate::Backend},
};
use wsproto_benches::{
    Deflate, json,
    raw::{self, MinizDeflater, MinizInflater, ZlibRsDeflater, ZlibRsInflater},
    wire,
};

/// How many messages a series has.
const MESSAGES: usize = 16;

const KEY: u32 = 0x37fa_213d;

const BACKENDS: [(Backend, &str); 2] = [(Backend::Miniz, "miniz_oxide"), (Backend::ZlibRs, "zlib-rs")];

/// A series of messages, and the way in which they are compressed.
struct Case {
    name: String,
    deflate: Deflate,
    len: usize,
    messages: Vec<Vec<u8>>,
}

fn cases() -> impl Iterator<Item = Case> {
    [(1 << 10, "1 KiB"), (64 << 10, "64 KiB")].into_iter().flat_map(|(len, length)| {
        let ways = [(1, true), (6, true), (1, false), (6, false)];
        ways.into_iter().map(move |(level, takeover)| Case {
            name: format!("{length}, level {level}, {}", if takeover { "takeover" } else { "no takeover" }),
            deflate: Deflate { level, takeover },
            len,
            messages: (0..MESSAGES).map(|seed| json::text(len, seed)).collect(),
        })
    })
}

impl Case {
    fn server(&self, backend: Backend) -> Connection {
        let mut config = DeflateConfig::default().with_backend(backend).with_level(self.deflate.level);
        if !self.deflate.takeover {
            config = config.with_server_no_context_takeover().with_client_no_context_takeover();
        }
        let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config)];
        let offers = extensions::offers(&configs).unwrap();
        let (_, agreed) = extensions::respond(&configs, &offers).unwrap();
        Connection::open_server(Config::default()).with_extensions(agreed)
    }
}

fn inflate(c: &mut Criterion) {
    let mut group = c.benchmark_group("inflate");
    for case in cases() {
        group.throughput(Throughput::Bytes((case.len * MESSAGES) as u64));
        let compressed = raw::compressed(&case.messages, case.deflate);
        let mut wire = Vec::new();
        for payload in &compressed {
            wire::frame(0xc1, Some(KEY), payload, &mut wire);
        }
        for (backend, name) in BACKENDS {
            let (mut ours, mut buffer) = (case.server(backend), ReadBuffer::messages());
            group.bench_function(BenchmarkId::new(name, &case.name), |b| {
                b.iter(|| {
                    buffer.extend_from_slice(&wire);
                    while let Some(event) = ours.receive_from(&mut buffer).unwrap() {
                        black_box(event);
                    }
                });
            });
        }
        let whole = |payload: &Vec<u8>| [payload.as_slice(), &raw::TAIL].concat();
        let whole: Vec<Vec<u8>> = compressed.iter().map(whole).collect();
        let mut limit = MinizInflater::new(case.deflate, case.len);
        group.bench_function(BenchmarkId::new("limit: miniz_oxide", &case.name), |b| {
            b.iter(|| whole.iter().map(|payload| limit.inflate(payload).len()).sum::<usize>());
        });
        let mut limit = ZlibRsInflater::new(case.deflate, case.len);
        group.bench_function(BenchmarkId::new("limit: zlib-rs", &case.name), |b| {
            b.iter(|| whole.iter().map(|payload| limit.inflate(payload).len()).sum::<usize>());
        });
    }
    group.finish();
}

fn deflate(c: &mut Criterion) {
    let mut group = c.benchmark_group("deflate");
    let mut out = Vec::new();
    for case in cases() {
        group.throughput(Throughput::Bytes((case.len * MESSAGES) as u64));
        let texts: Vec<&str> = case.messages.iter().map(|text| str::from_utf8(text).unwrap()).collect();
        for (backend, name) in BACKENDS {
            let mut ours = case.server(backend);
            group.bench_function(BenchmarkId::new(name, &case.name), |b| {
                b.iter(|| {
                    out.clear();
                    for text in &texts {
                        ours.send(TextMessage::new(*text), &mut out).unwrap();
                    }
                });
            });
        }
        let mut limit = MinizDeflater::new(case.deflate, case.len);
        group.bench_function(BenchmarkId::new("limit: miniz_oxide", &case.name), |b| {
            b.iter(|| case.messages.iter().map(|message| limit.deflate(message).len()).sum::<usize>());
        });
        let mut limit = ZlibRsDeflater::new(case.deflate, case.len);
        group.bench_function(BenchmarkId::new("limit: zlib-rs", &case.name), |b| {
            b.iter(|| case.messages.iter().map(|message| limit.deflate(message).len()).sum::<usize>());
        });
    }
    group.finish();
}

criterion_group!(benches, inflate, deflate);
criterion_main!(benches);
