//! Two libraries, one verdict: whatever a peer sends, both read the same or neither reads it.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{json, noise, pair, receive, send};
use crate::deflate::{Backend, DeflateParams};

/// Reads messages one after the other with one window, up to the first that is bad.
fn read(backend: Backend, payloads: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    let (_, mut client) = pair(backend, DeflateParams::default());
    let mut found = Vec::new();
    for payload in payloads {
        found.push(receive(&mut client, payload).ok());
        if found.last() == Some(&None) {
            break;
        }
    }
    found
}

fn assert_same(payloads: &[Vec<u8>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(read(Backend::Miniz, payloads), read(Backend::ZlibRs, payloads), "{:02x?}", payloads);
    Ok(())
}

/// Messages as one of the libraries writes them.
fn written(backend: Backend, level: u8) -> Vec<Vec<u8>> {
    let config = super::DeflateConfig::default().with_backend(backend).with_level(level).with_threshold(0);
    let mut server =
        super::PermessageDeflate::new(wsproto_frame::Role::Server, DeflateParams::default(), &config);
    let texts = [json(300), json(1000), noise(20), vec![7; 600], json(2000)];
    texts.iter().filter_map(|text| send(&mut server, text)).collect()
}

proptest! {
    /// D14: any bytes.
    #[test]
    fn d14_garbage_has_one_verdict(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_same(&[payload])?;
    }

    /// D14: bytes that begin as each kind of block does.
    #[test]
    fn d14_blocks_have_one_verdict(first in 0u8..8, rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut payload = rest;
        if let Some(byte) = payload.first_mut() {
            *byte = *byte & !7 | first;
        }
        assert_same(&[payload])?;
    }

    /// D12, D14: good messages, one of them damaged, cut or lengthened.
    #[test]
    fn d14_damage_has_one_verdict(
        level in 1u8..=9,
        zlib in any::<bool>(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        damage in 0u8..4,
        byte in any::<u8>(),
    ) {
        let mut payloads = written(if zlib { Backend::ZlibRs } else { Backend::Miniz }, level);
        let payload = which.get_mut(&mut payloads);
        let at = at.index(payload.len());
        match damage {
            0 => payload[at] = byte,
            1 => payload[at] ^= 1 << (byte & 7),
            2 => payload.truncate(at),
            _ => payload.insert(at, byte),
        }
        assert_same(&payloads)?;
    }
}
