//! RFC 7692 §7: worked examples, round trips, bad streams.

use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::{CloseCode, Role};

use super::{DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};

fn pair(params: DeflateParams) -> (PermessageDeflate, PermessageDeflate) {
    let config = DeflateConfig::default().with_threshold(0);
    (
        PermessageDeflate::new(Role::Server, params, &config),
        PermessageDeflate::new(Role::Client, params, &config),
    )
}

fn receive(deflate: &mut PermessageDeflate, payload: &[u8]) -> Result<Vec<u8>, CloseCode> {
    let mut out = Vec::new();
    deflate.decompress(payload, &mut out, 1 << 20).map(|()| out).map_err(|refusal| refusal.code)
}

/// The examples of RFC 7692 §7.2.3, read in this order with one window.
#[test]
fn golden_vectors_are_read() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], &[u8]); 10] = [
        //= rfc7692#7.2.3.1-1
        ("7.2.3.1 one block",      &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],                                           b"Hello"),
        //= rfc7692#7.2.3.2-1
        ("7.2.3.2 shared window",  &[0xf2, 0x00, 0x11, 0x00, 0x00],                                                       b"Hello"),
        //= rfc7692#7.2.3.3-1
        ("7.2.3.3 stored",         &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],                   b"Hello"),
        //= rfc7692#7.2.3.4-1
        ("7.2.3.4 final block",    &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],                                     b"Hello"),
        ("window after the final", &[0xf2, 0x00, 0x11, 0x00, 0x00],                                                       b"Hello"),
        //= rfc7692#7.2.3.5-1
        ("7.2.3.5 two blocks",     &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],       b"Hello"),
        //= rfc7692#7.2.3.6-1
        ("7.2.3.6 empty",          &[0x00],                                                                               b""),
        ("no payload",             &[],                                                                                   b""),
        ("final stored block",     &[0x01],                                                                               b""),
        ("blocks after the final", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], b"HelloHello"),
    ];
    let (_, mut client) = pair(DeflateParams::default());
    for (name, payload, message) in table {
        assert_eq!(receive(&mut client, payload).as_deref(), Ok(message), "{name}");
    }
}

#[test]
fn golden_vectors_are_written() {
    let (mut server, _) = pair(DeflateParams::default());
    let text = b"Hello, Hello, Hello, Hello";
    let mut first = Vec::new();
    assert!(server.compress(text, &mut first).unwrap());
    let mut second = Vec::new();
    assert!(server.compress(text, &mut second).unwrap());
    assert!(second.len() < first.len(), "the second one refers to the first");
}

#[test]
fn every_window_round_trips() {
    let mut text: Vec<u8> = Vec::new();
    for number in 0u32..9000 {
        text.extend_from_slice(b"{\"id\": ");
        text.extend_from_slice(&(number.wrapping_mul(2_654_435_761) >> 7).to_be_bytes());
    }
    for bits in 8..=15 {
        for no_context_takeover in [false, true] {
            let bits = WindowBits::new(bits).unwrap();
            let params = DeflateParams {
                server_no_context_takeover: no_context_takeover,
                server_max_window_bits: bits,
                ..DeflateParams::default()
            };
            let (mut server, mut client) = pair(params);
            for len in [0, 1, 5, 255, 256, 257, 300, 4096, 32768, 70_000, 12, 12, 90_000] {
                let message = &text[..len];
                let mut payload = Vec::new();
                if server.compress(message, &mut payload).unwrap() {
                    assert_eq!(receive(&mut client, &payload).as_deref(), Ok(message), "{bits} {len}");
                }
            }
        }
    }
    let _ = vec![0u8; 0];
}
