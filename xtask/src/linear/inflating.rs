//! Inflating: whatever a peer sends, the work is bounded by its bytes and by those that come out.
//!
//! For each setting: instructions ≤ `a` · compressed bytes + `b` · bytes that come out. `a` is 20 times the cost of a
//! compressed byte of JSON, `b` twice the cost of a byte that comes out. A frame and a read have a cost of their own.

use std::collections::BTreeMap;

use crate::callgrind::{self, Counted};

/// How many times what JSON costs a compressed byte may cost, and one that comes out.
const COMPRESSED: u64 = 20;
const PRODUCED: u64 = 2;

/// How many more instructions a frame with a compressed payload, and a read, may cost. Without payload a frame costs
/// 1,200 to 1,400, and a read 1,000 to 1,200.
const FRAME: u64 = 1_300;
const READ: u64 = 1_000;

/// How many streams each round of a search measures, and how many of them the next one is made from.
const ROUND: usize = 40;
const KEPT: usize = 8;

/// What was measured once.
struct Case {
    setting: String,
    stream: String,
    way: String,
    compressed: u64,
    produced: u64,
    frames: u64,
    reads: u64,
    instructions: u64,
}

/// Measures all hostile streams, and returns what is wrong.
///
/// # Errors
///
/// What went wrong with measuring.
pub(super) fn check() -> Result<Vec<String>, String> {
    let cases = measure("--inflating")?;
    let mut worst: BTreeMap<(&str, &str), (u64, &Case)> = BTreeMap::new();
    let mut problems = Vec::new();
    for case in &cases {
        let share = case.share(json(&cases, case)?);
        let entry = worst.entry((&case.setting, &case.way)).or_insert((share, case));
        if share > entry.0 {
            *entry = (share, case);
        }
        if share > 100 {
            problems.push(format!("inflating, {}: {share} % of the bound", case.name()));
        }
    }
    for (share, case) in worst.values() {
        let each = case.instructions / case.compressed.max(1);
        println!("inflating, {}: {share} % of the bound, {each} for each compressed byte", case.name());
    }
    Ok(problems)
}

/// Looks for the worst stream that the generator makes, in so many rounds.
///
/// # Errors
///
/// What went wrong with measuring, or the bytes of a stream that takes too much.
pub(super) fn search(rounds: usize) -> Result<(), String> {
    let mut random = Random(0x9e37_79b9);
    let mut best: Vec<(u64, String)> = Vec::new();
    for round in 1..=rounds {
        let candidates: Vec<String> = (0..ROUND).map(|n| random.candidate(best.get(n % KEPT))).collect();
        let cases = measure(&format!("--inflating {}", candidates.join(" ")))?;
        for case in &cases {
            best.push((case.share(json(&cases, case)?), case.stream.clone()));
        }
        best.retain(|(_, stream)| stream != JSON);
        best.sort();
        best.dedup();
        best.reverse();
        best.truncate(KEPT);
        let [(share, stream), ..] = best.as_slice() else { continue };
        println!("round {round}: {share} % of the bound by {stream}");
    }
    match best.first() {
        Some((share @ 101.., stream)) => Err(format!("{stream}: {share} % of the bound")),
        _ => Ok(()),
    }
}

/// The name of what is compared with.
const JSON: &str = "JSON";

fn measure(args: &str) -> Result<Vec<Case>, String> {
    callgrind::count(args)?.into_iter().map(Case::read).collect()
}

/// What JSON costs with the same setting.
fn json<'a>(cases: &'a [Case], case: &Case) -> Result<&'a Case, String> {
    let found = cases.iter().find(|one| one.stream == JSON && one.setting == case.setting);
    found.ok_or_else(|| format!("no JSON for {}", case.setting))
}

impl Case {
    fn read((line, Counted { instructions, .. }): (String, Counted)) -> Result<Self, String> {
        let parts: Vec<&str> = line.split('|').collect();
        let [setting, stream, way, ref numbers @ ..] = parts[..] else {
            return Err(format!("not understood: {line}"));
        };
        let numbers: Result<Vec<u64>, _> = numbers.iter().map(|number| number.parse()).collect();
        let Ok(&[compressed, produced, frames, reads]) = numbers.as_deref() else {
            return Err(format!("not understood: {line}"));
        };
        let [setting, stream, way] = [setting, stream, way].map(str::to_owned);
        Ok(Self { setting, stream, way, compressed, produced, frames, reads, instructions })
    }

    fn name(&self) -> String {
        format!("{}, {}, {}", self.setting, self.way, self.stream)
    }

    /// How much of what it may take it takes, in percent.
    fn share(&self, json: &Self) -> u64 {
        let allowed = COMPRESSED * json.instructions * self.compressed / json.compressed
            + PRODUCED * json.instructions * self.produced / json.produced
            + FRAME * self.frames
            + READ * self.reads;
        (100 * self.instructions).div_ceil(allowed.max(1))
    }
}

/// The same numbers in each run.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 >> 4
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// Bytes in hexadecimal: new ones, or others with some of them changed, taken away or added.
    fn candidate(&mut self, parent: Option<&(u64, String)>) -> String {
        let mut bytes: Vec<String> = match parent {
            Some((_, parent)) if self.below(4) > 0 => {
                parent.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect()
            }
            _ => (0..2 + self.below(40)).map(|_| self.byte()).collect(),
        };
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let byte = self.byte();
            match self.below(4) {
                0 if bytes.len() > 2 => drop(bytes.remove(at)),
                1 if bytes.len() < 60 => bytes.insert(at, byte),
                _ => bytes[at] = byte,
            }
        }
        bytes.concat()
    }

    fn byte(&mut self) -> String {
        format!("{:02x}", self.next() & 0xff)
    }
}
