//! Masking keys and nonces must be unpredictable (RFC 6455 §4.1, §5.3, §10.3). A count of distinct values would miss
//! twelve zero bytes, so the tests check each byte, each bit, and what two consecutive values have in common.

use std::collections::BTreeSet;

use crate::adapter::{key_of_a_request, masking_keys};

/// Checks that each byte takes nearly all values, and that each bit is set half of the time.
fn assert_spread<const N: usize>(name: &str, values: &[[u8; N]]) {
    let count = values.len();
    assert!(count >= 4000, "{name}: {count} are too few");
    for place in 0..N {
        let seen: BTreeSet<u8> = values.iter().map(|value| value[place]).collect();
        assert!(seen.len() >= 250, "{name}: byte {place} took {} values", seen.len());
        for bit in 0..8 {
            let set = values.iter().filter(|value| value[place] >> bit & 1 == 1).count();
            // Eight standard deviations: once in 10^15 runs by chance.
            let off = set.abs_diff(count / 2);
            assert!(
                off * off < 16 * count,
                "{name}: bit {bit} of byte {place} is set {set} times of {count}"
            );
        }
    }
}

/// Checks that hardly any value occurs twice.
fn assert_different<const N: usize>(name: &str, values: &[[u8; N]]) {
    let different: BTreeSet<_> = values.iter().collect();
    assert!(different.len() + 8 > values.len(), "{name}: {} of {} differ", different.len(), values.len());
}

/// Checks that one value tells nothing about the next, and one byte nothing about its neighbour.
fn assert_unrelated<const N: usize>(name: &str, values: &[[u8; N]]) {
    // Combine each byte with each byte of the next value: a key may be the last one, shifted by a byte.
    for shift in 0..N {
        let combined: Vec<[u8; N]> = values
            .windows(2)
            .map(|pair| std::array::from_fn(|place| pair[0][place] ^ pair[1][(place + shift) % N]))
            .collect();
        assert_spread(&format!("{name}, each with the next, {shift} bytes on"), &combined);
        assert_different(&format!("{name}, each with the next, {shift} bytes on"), &combined);
    }
    let neighbours: Vec<[u8; N]> = values
        .iter()
        .map(|value| std::array::from_fn(|place| value[place] ^ value[(place + 1) % N]))
        .collect();
    assert_spread(&format!("{name}, each byte with its neighbour"), &neighbours);
    let sums: Vec<[u8; N]> = values
        .windows(2)
        .map(|pair| std::array::from_fn(|place| pair[1][place].wrapping_sub(pair[0][place])))
        .collect();
    assert_spread(&format!("{name}, how far to the next"), &sums);
    assert_different(&format!("{name}, how far to the next"), &sums);
}

//= rfc6455#5.3-2, rfc6455#5.3-3, rfc6455#5.3-4, rfc6455#10.3-1
#[test]
fn k2_every_bit_of_masking_keys() {
    let keys = masking_keys(16 * 1024);
    assert_spread("masking keys", &keys);
    assert_different("masking keys", &keys);
    assert_unrelated("masking keys", &keys);
    // The frames have eight kinds in turn. The keys of each kind must be spread, too.
    for kind in 0..8 {
        let keys: Vec<[u8; 4]> = keys.iter().skip(kind).step_by(8).copied().collect();
        let seen: BTreeSet<&[u8; 4]> = keys.iter().collect();
        assert!(seen.len() > keys.len() - 4, "kind {kind}: {} of {} keys", seen.len(), keys.len());
    }
}

//= rfc6455#4.1-28, rfc6455#4.1-29
#[test]
fn k1_every_bit_of_a_nonce() {
    let nonces: Vec<[u8; 16]> = (0..4096).map(|_| base64(&key_of_a_request())).collect();
    assert_spread("nonces", &nonces);
    assert_different("nonces", &nonces);
    assert_unrelated("nonces", &nonces);
}

/// Decodes 24 characters to 16 bytes.
fn base64(text: &[u8]) -> [u8; 16] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let [digits @ .., b'=', b'='] = text else { panic!("{text:?} is no key") };
    let value = |digit: &u8| alphabet.iter().position(|known| known == digit).expect("a digit");
    let bits: Vec<bool> =
        digits.iter().flat_map(|digit| (0..6).rev().map(move |bit| value(digit) >> bit & 1 == 1)).collect();
    assert!(bits[128..].iter().all(|bit| !bit), "the last bits are not zero");
    std::array::from_fn(|byte| {
        bits[8 * byte..8 * byte + 8].iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))
    })
}
