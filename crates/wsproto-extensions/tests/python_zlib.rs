//! What we send is read by Python's zlib with exactly the agreed window, and what it sends is read by us.
//!
//! Without `python3` the test says SKIP and passes.
#![cfg(feature = "deflate")]
#![allow(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

use std::io::Write;
use std::process::{Command, Stdio};

use wsproto_extensions::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto_extensions::{Extension, OutboundFrame, Output};
use wsproto_frame::{Opcode, Role};

const CHECK: &str = include_str!("python_zlib/check.py");

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

/// Random bytes, text and JSON, of lengths about the sizes of windows.
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
        // It could refer far back.
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

/// Compresses in two fragments, so that nothing is sent as it is.
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
    // The script reads everything before it writes.
    child.stdin.take().expect("it is piped").write_all(input).expect("the script reads");
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "{name}");
    output.stdout
}
