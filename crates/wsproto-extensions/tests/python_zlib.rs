//! Python's zlib reads our messages with exactly the agreed window, and we read its messages.
//!
//! Without `python3` the test says SKIP and passes.
#![cfg(feature = "deflate")]
#![allow(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

use std::io::Write;
use std::process::{Command, Stdio};

use wsproto_extensions::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto_extensions::{Extension, OutboundFrame, Output};
use wsproto_frame::{FrameHeader, Opcode, Role, Rsv};

const CHECK: &str = include_str!("python_zlib/check.py");

/// Written by `corpus.py` beside it.
const CORPUS: &str = include_str!("python_zlib/corpus.txt");

/// Honest senders flush after each fragment and message, some after each byte. All of it is read, for any level and any
/// strategy, whole and in parts.
#[test]
fn d20_every_flush_of_zlib_is_read() {
    let mut read = 0;
    for backend in backends() {
        let config = DeflateConfig::default().with_backend(backend);
        let [mut at_once, mut in_reads, mut in_frames] =
            [(); 3].map(|()| PermessageDeflate::new(Role::Client, DeflateParams::default(), &config));
        let mut text = Vec::new();
        for line in CORPUS.lines() {
            let (name, digits) = line.split_once(' ').expect("a name and bytes");
            let bytes = from_hex(digits);
            if name == "text" {
                text = bytes;
                continue;
            }
            let mut out = Vec::new();
            at_once.decompress(&bytes, &mut out, 1000).expect(name);
            assert!(out == text, "{name} by {backend:?}");
            for read in [1, 3] {
                assert!(receive(&mut in_reads, &bytes, usize::MAX, read) == text, "{name} by {backend:?}");
                assert!(receive(&mut in_frames, &bytes, read, read) == text, "{name} by {backend:?}");
            }
            read += 1;
        }
    }
    assert!(read >= 70 * backends().len(), "{read} messages");
}

fn from_hex(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| {
        u8::from_str_radix(str::from_utf8(pair).expect("digits"), 16).expect("a byte in hexadecimal")
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// Receives a message in frames of `frame` bytes, `read` bytes at a time.
fn receive(receiver: &mut PermessageDeflate, payload: &[u8], frame: usize, read: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut output = Output::new(&mut out, 1000);
    let mut header = FrameHeader::new(Opcode::Binary, 0).with_rsv(Rsv::RSV1);
    let mut frames = payload.chunks(frame).peekable();
    while let Some(frame) = frames.next() {
        header.payload_len = frame.len() as u64;
        header.fin = frames.peek().is_none();
        receiver.inbound_header(&header).expect("a good header");
        for mut part in frame.chunks(read) {
            receiver.inbound(&mut part, &mut output).expect("a stream");
        }
        receiver.inbound_end(&header, &mut output).expect("a stream");
        header = FrameHeader::new(Opcode::Continuation, 0);
    }
    out
}

#[test]
#[cfg_attr(miri, ignore = "starts another program")]
fn d6_zlib_reads_what_we_send_and_we_what_it_sends() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("SKIP: no python3 here");
        return;
    }
    let corpus = corpus();
    for backend in backends() {
        for bits in 8..=15 {
            for takeover in [false, true] {
                let window = WindowBits::new(bits).expect("a size of the RFC");
                check(&corpus, backend, window, takeover);
            }
        }
    }
}

fn backends() -> Vec<Backend> {
    vec![
        Backend::Miniz,
        #[cfg(feature = "zlib-rs")]
        Backend::ZlibRs,
    ]
}

/// Returns random bytes, text and JSON, with lengths close to the sizes of windows.
fn corpus() -> Vec<Vec<u8>> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let noise: Vec<u8> = (0..40_000).map(|_| random().to_be_bytes()[3]).collect();
    let words = ["window ", "frame ", "message ", "mask ", "fragment ", "close ", "ping ", "pong "];
    let text: String =
        (0..12_000).map(|_| words[usize::from(random().to_be_bytes()[4]) % words.len()]).collect();
    let json: Vec<_> =
        (0..3000).map(|id| format!(r#"{{"id":{id},"value":{},"ok":true}}"#, random() >> 40)).collect();
    let json = json.join(",");
    let mut messages = Vec::new();
    for source in [noise.as_slice(), text.as_bytes(), json.as_bytes()] {
        for len in [1, 256, 257, 4096, 32_769, 200, 200] {
            messages.push(source[..len].to_vec());
        }
        // This message could refer far back.
        messages.push([&source[..20_000], &source[..20_000]].concat());
    }
    messages
}

fn check(corpus: &[Vec<u8>], backend: Backend, window: WindowBits, takeover: bool) {
    let params = DeflateParams {
        server_no_context_takeover: !takeover,
        server_max_window_bits: window,
        ..DeflateParams::default()
    };
    let config = DeflateConfig::default().with_threshold(0).with_backend(backend);
    let mut server = PermessageDeflate::new(Role::Server, params, &config);
    let mut input = vec![window.get(), u8::from(takeover)];
    for message in corpus {
        push(&mut input, &compressed(&mut server, message));
        push(&mut input, message);
    }
    let output = python(&input, &format!("{backend:?} {window} {takeover}"));
    let mut client = PermessageDeflate::new(Role::Client, params, &config);
    let mut rest = output.get(2..).expect("two bytes first");
    for message in corpus {
        let payload = pop(&mut rest);
        let mut found = Vec::new();
        client.decompress(payload, &mut found, 1 << 20).expect("zlib writes good streams");
        assert!(
            &found == message && pop(&mut rest) == message,
            "{window} {takeover}: {} bytes",
            message.len()
        );
    }
    assert!(rest.is_empty());
}

/// Compresses in two fragments, so that no message is sent uncompressed.
fn compressed(deflate: &mut PermessageDeflate, message: &[u8]) -> Vec<u8> {
    let (first, last) = message.split_at(message.len() / 3);
    let mut payload = Vec::new();
    for frame in [
        OutboundFrame::new(Opcode::Binary, first).unfinished(),
        OutboundFrame::new(Opcode::Continuation, last),
    ] {
        deflate.outbound(&frame, &mut Output::new(&mut payload, usize::MAX)).expect("there is room");
    }
    payload
}

fn push(buffer: &mut Vec<u8>, field: &[u8]) {
    let len = u32::try_from(field.len()).expect("a short message");
    buffer.extend_from_slice(&len.to_be_bytes());
    buffer.extend_from_slice(field);
}

fn pop<'a>(buffer: &mut &'a [u8]) -> &'a [u8] {
    let (len, rest) = buffer.split_first_chunk().expect("a length");
    let len = usize::try_from(u32::from_be_bytes(*len)).expect("a short message");
    let (field, rest) = rest.split_at(len);
    *buffer = rest;
    field
}

fn python(input: &[u8], name: &str) -> Vec<u8> {
    let mut child = Command::new("python3")
        .args(["-c", CHECK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    // The script reads all of its input before it writes.
    child.stdin.take().expect("it is piped").write_all(input).expect("the script reads");
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "{name}");
    output.stdout
}
