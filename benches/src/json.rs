//! Text as programs send it: records with names that repeat and values that don't.

use std::fmt::Write as _;

/// Returns a message of `len` bytes. Each seed gives another one.
#[must_use]
pub fn text(len: usize, seed: usize) -> Vec<u8> {
    let mut numbers = Numbers((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut text = format!("{{\"type\":\"update\",\"sequence\":{seed},\"orders\":[");
    while text.len() < len {
        record(&mut numbers, &mut text);
    }
    text.truncate(len.saturating_sub(2));
    text.push_str("]}");
    text.into_bytes()
}

fn record(numbers: &mut Numbers, text: &mut String) {
    const SYMBOLS: [&str; 6] = ["EUR-USD", "BTC-USD", "GOLD", "WHEAT", "CH10Y", "BRENT"];
    const WORDS: [&str; 8] = ["limit", "open", "partial", "retail", "hedge", "night", "algo", "desk 4"];
    let mut pick = |from: &[&'static str]| from[numbers.below(from.len() as u64) as usize];
    let (symbol, side, tags) = (pick(&SYMBOLS), pick(&["buy", "sell"]), [pick(&WORDS), pick(&WORDS)]);
    let (id, price, lots) = (numbers.below(1 << 32), numbers.below(9_000_000), numbers.below(500));
    let (minute, second, milli) = (numbers.below(60), numbers.below(60), numbers.below(1000));
    let _ = write!(
        text,
        "{{\"id\":\"{id:08x}\",\"symbol\":\"{symbol}\",\"side\":\"{side}\",\"price\":{}.{:02},\"size\":{lots},\
         \"time\":\"2026-11-22T18:{minute:02}:{second:02}.{milli:03}Z\",\"tags\":[\"{}\",\"{}\"]}},",
        price / 100,
        price % 100,
        tags[0],
        tags[1],
    );
}

/// Numbers that are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}
