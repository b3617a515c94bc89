//! The work per byte and per frame of wsproto-frame. The limits for the same bytes are beside it.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wsproto_benches::{limits, mixed};
use wsproto_frame::{FrameDecoder, FrameHeader, MaskingKey, Opcode, Role, TextCheck};

/// Payload lengths in bytes: a chat message, a document, a large message.
const LENGTHS: [usize; 4] = [16, 125, 4 << 10, 1 << 20];

const KEY: MaskingKey = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);

fn header(c: &mut Criterion) {
    let mut group = c.benchmark_group("header");
    for len in [16, 4 << 10, 1 << 20] {
        let header = FrameHeader::new(Opcode::Binary, len).with_mask(KEY);
        let encoded = header.encode();
        group.bench_function(BenchmarkId::new("parse", len), |b| {
            b.iter(|| FrameHeader::parse(black_box(&encoded)));
        });
        group.bench_function(BenchmarkId::new("encode", len), |b| b.iter(|| black_box(&header).encode()));
    }
    group.finish();
}

fn payload(c: &mut Criterion) {
    let mut group = c.benchmark_group("payload");
    for len in LENGTHS {
        group.throughput(Throughput::Bytes(len as u64));
        let bytes = mixed(len);
        group.bench_function(BenchmarkId::new("limit: UTF-8", len), |b| {
            b.iter(|| limits::text_check(&bytes));
        });
        let mut copy = bytes.clone();
        group.bench_function(BenchmarkId::new("limit: copy", len), |b| {
            b.iter(|| limits::copy(&bytes, &mut copy));
        });
        group.bench_function(BenchmarkId::new("limit: mask", len), |b| {
            b.iter(|| limits::mask(&mut copy));
        });
        group.bench_function(BenchmarkId::new("text check", len), |b| {
            b.iter(|| TextCheck::new().push(black_box(&bytes)).map(|(_, text)| text.len()));
        });
        let mut masked = bytes.clone();
        group.bench_function(BenchmarkId::new("mask", len), |b| {
            b.iter(|| KEY.clone().apply(black_box(&mut masked)));
        });
    }
    group.finish();
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for len in LENGTHS {
        group.throughput(Throughput::Bytes(len as u64));
        let mut frame = FrameHeader::new(Opcode::Binary, len as u64).with_mask(KEY).encode().to_vec();
        frame.resize(frame.len() + len, 0x55);
        let mut decoder = FrameDecoder::new(Role::Server);
        // The payload is unmasked in place, and masked again by the next run: the work is the same.
        group.bench_function(BenchmarkId::new("frame", len), |b| {
            b.iter(|| {
                let mut input = black_box(&mut frame[..]);
                decoder.decode(&mut input).map(|chunk| chunk.map(|chunk| chunk.payload.len()))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, header, payload, decode);
criterion_main!(benches);
