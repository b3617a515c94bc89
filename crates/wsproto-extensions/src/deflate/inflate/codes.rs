//! Prefix codes as tables (RFC 1951 §3.2.2): the next bits of the stream give the symbol and its number of bits.

use super::BadStream;

#[cfg(test)]
mod tests;

/// The meaning of some bits.
///
/// Bits 0 to 7 count the bits of the symbol with its extra bits, bits 8 to 11 those of its code alone. Bits 12 to 15
/// are flags. The other bits are the literal, the least length or distance, or the start of a second table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry(u32);

impl Entry {
    const LITERAL: u32 = 1 << 15;
    /// Neither a literal nor a length or distance.
    const SPECIAL: u32 = 1 << 14;
    const SECOND: u32 = 1 << 13;
    const END: u32 = 1 << 12;

    /// No symbol has this code. The first bit shows it.
    pub(super) const INVALID: Self = Self(Self::SPECIAL | 1 << 8 | 1);

    /// Makes an entry of a symbol of the constants below, with the length of its code.
    const fn with_code_len(symbol: u32, len: u32) -> Self {
        Self(symbol.wrapping_add(len << 8 | len))
    }

    /// Makes an entry for the first bits of longer codes, which `bits` more bits find in a second table.
    const fn second(root: u32, bits: u32, start: u32) -> Self {
        Self(start << 16 | Self::SPECIAL | Self::SECOND | root << 8 | bits)
    }

    pub(super) const fn is_literal(self) -> bool {
        self.0 & Self::LITERAL != 0
    }

    pub(super) const fn is_special(self) -> bool {
        self.0 & Self::SPECIAL != 0
    }

    pub(super) const fn is_second(self) -> bool {
        self.0 & Self::SECOND != 0
    }

    pub(super) const fn is_end(self) -> bool {
        self.0 & Self::END != 0
    }

    /// Returns the number of bits of the code.
    pub(super) const fn code_len(self) -> u32 {
        self.0 >> 8 & 15
    }

    /// Returns the number of bits of the code and its extra bits.
    pub(super) const fn len(self) -> u32 {
        self.0 & 63
    }

    pub(super) const fn literal(self) -> u8 {
        self.0.to_le_bytes()[2]
    }

    /// Returns the length, distance or number that the extra bits choose.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) fn value(self, bits: u64) -> usize {
        let extra = (bits & !(u64::MAX << self.len())) >> self.code_len();
        self.plus(extra)
    }

    /// Returns the index of the entry of a longer code.
    fn index(self, bits: u64) -> usize {
        self.plus(bits >> self.code_len() & !(u64::MAX << self.len()))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    fn plus(self, more: u64) -> usize {
        usize::try_from(u64::from(self.0 >> 16).wrapping_add(more)).unwrap_or_default()
    }
}

/// Makes a symbol whose code has no length yet: the number of extra bits, flags, and the least value.
const fn symbol(least: u32, extra: u32) -> u32 {
    least << 16 | extra
}

/// Literals, the end of a block, and lengths (RFC 1951 §3.2.5). Two symbols have no meaning.
pub(super) const LITERALS: [u32; 288] = literals();
/// Distances. Two symbols have no meaning.
pub(super) const DISTANCES: [u32; 32] = distances();
/// Lengths of codes, and repetitions (RFC 1951 §3.2.7). The least value is the symbol.
pub(super) const LENGTHS: [u32; 19] = lengths();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler")]
const fn literals() -> [u32; 288] {
    let mut symbols = [Entry::SPECIAL; 288];
    let mut n = 0;
    while n < 286 {
        symbols[n as usize] = match n {
            0..256 => symbol(n, 0) | Entry::LITERAL,
            256 => Entry::SPECIAL | Entry::END,
            257..265 => symbol(n - 254, 0),
            285 => symbol(258, 0),
            _ => symbol(((4 + (n - 265) % 4) << ((n - 261) / 4)) + 3, (n - 261) / 4),
        };
        n += 1;
    }
    symbols
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler")]
const fn distances() -> [u32; 32] {
    let mut symbols = [Entry::SPECIAL; 32];
    let mut n = 0;
    while n < 30 {
        symbols[n as usize] = match n {
            0..4 => symbol(n + 1, 0),
            _ => symbol(((2 + n % 2) << (n / 2 - 1)) + 1, n / 2 - 1),
        };
        n += 1;
    }
    symbols
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler")]
const fn lengths() -> [u32; 19] {
    let mut symbols = [0; 19];
    let mut n = 0;
    while n < 19 {
        // The bits with the number of repetitions are read separately.
        symbols[n as usize] = symbol(n, 0);
        n += 1;
    }
    symbols
}

/// The codes of a block: its literals and lengths, and its distances.
pub(super) struct Codes {
    literals: [Entry; Self::LITERALS],
    distances: [Entry; Self::DISTANCES],
}

impl Codes {
    /// The number of bits that find a symbol at once, if its code isn't longer.
    const LITERAL_ROOT: u32 = 9;
    const DISTANCE_ROOT: u32 = 8;
    /// The most entries for 286 codes of at most 15 bits with a first table for 9 bits, and for 30 codes with one for
    /// 8.
    const LITERALS: usize = 852;
    const DISTANCES: usize = 400;

    /// Codes without a valid one.
    pub(super) const NONE: Self =
        Self { literals: [Entry::INVALID; Self::LITERALS], distances: [Entry::INVALID; Self::DISTANCES] };

    /// Finds the next literal, length or end, if its code is not long.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) fn literal(&self, bits: u64) -> Entry {
        self.literals.get((bits & 0x1ff) as usize).copied().unwrap_or(Entry::INVALID)
    }

    /// Finds the same, even if the code is longer than the bits that [`literal`](Self::literal) uses.
    pub(super) fn any_literal(&self, bits: u64) -> Entry {
        let entry = self.literal(bits);
        if entry.is_second() {
            return self.literals.get(entry.index(bits)).copied().unwrap_or(Entry::INVALID);
        }
        entry
    }

    /// Finds the next distance.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) fn distance(&self, bits: u64) -> Entry {
        let entry = self.distances.get((bits & 0xff) as usize).copied().unwrap_or(Entry::INVALID);
        if entry.is_second() {
            return self.distances.get(entry.index(bits)).copied().unwrap_or(Entry::INVALID);
        }
        entry
    }

    /// Makes the codes that have these lengths.
    ///
    /// A block must have an end. A code that leaves room for others is invalid, except for a single one of one bit, and
    /// for unused distances.
    pub(super) fn make(&mut self, literals: &[u8], distances: &[u8]) -> Result<(), BadStream> {
        if literals.get(256).is_none_or(|&len| len == 0) {
            return Err(BadStream);
        }
        for (table, root, lengths, symbols) in [
            (&mut self.literals[..], Self::LITERAL_ROOT, literals, &LITERALS[..]),
            (&mut self.distances[..], Self::DISTANCE_ROOT, distances, &DISTANCES[..]),
        ] {
            make(table, root, lengths, symbols)?;
        }
        Ok(())
    }
}

/// The codes of blocks without their own codes (RFC 1951 §3.2.6).
pub(super) static FIXED: Codes = fixed();

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler")]
const fn fixed() -> Codes {
    let mut codes = Codes::NONE;
    let mut n: u16 = 0;
    while n < 1 << Codes::LITERAL_ROOT {
        // A code begins with its highest bit.
        let code = n.reverse_bits() >> 7;
        let (symbol, len) = match code {
            0..0x060 => (256 + (code >> 2), 7),
            0x060..0x180 => ((code >> 1) - 0x30, 8),
            0x180..0x190 => (280 + (code >> 1) - 0xc0, 8),
            _ => (144 + code - 0x190, 9),
        };
        codes.literals[n as usize] = Entry::with_code_len(LITERALS[symbol as usize], len);
        n += 1;
    }
    n = 0;
    while n < 1 << Codes::DISTANCE_ROOT {
        let symbol = n.reverse_bits() >> 11;
        codes.distances[n as usize] = Entry::with_code_len(DISTANCES[symbol as usize], 5);
        n += 1;
    }
    codes
}

/// The code for the lengths of a block's codes.
pub(super) struct LengthCode([Entry; 1 << Self::ROOT]);

impl LengthCode {
    const ROOT: u32 = 7;

    pub(super) const NONE: Self = Self([Entry::INVALID; 1 << Self::ROOT]);

    pub(super) fn make(&mut self, lengths: &[u8; 19]) -> Result<(), BadStream> {
        match make(&mut self.0, Self::ROOT, lengths, &LENGTHS)? {
            Filled::All => Ok(()),
            Filled::Part => Err(BadStream),
        }
    }

    pub(super) fn symbol(&self, bits: u64) -> Entry {
        self.0.get((bits & 0x7f) as usize).copied().unwrap_or(Entry::INVALID)
    }
}

/// Whether all codes have a meaning.
enum Filled {
    All,
    Part,
}

/// Makes the tables of a code: the first one for codes of at most `root` bits, and after it one for each beginning of
/// longer ones.
///
/// Shorter codes come first, and codes of the same length in the order of their symbols. The tables are indexed by
/// the bits in the order in which they come, from the highest bit of a code on. If the tables don't fit into `table`,
/// that is an error. Entries that an earlier block has left in it have no meaning.
fn make(table: &mut [Entry], root: u32, lengths: &[u8], symbols: &[u32]) -> Result<Filled, BadStream> {
    let (mut used, mut sorted) = ([Used(0); 288], [0_u16; 288]);
    let (codes, counts) = find(lengths, &mut used);
    let used = used.get(..codes).unwrap_or_default();
    let filled = check(&counts)?;
    if matches!(filled, Filled::Part) {
        // The only code is 0, if there is one.
        let entry = used.first().map_or(Entry::INVALID, |only| entry(symbols, only.symbol(), 1));
        let first = table.get_mut(..1 << root).unwrap_or_default();
        for pair in first.as_chunks_mut().0 {
            *pair = [entry, Entry::INVALID];
        }
        return Ok(filled);
    }
    sort(used, &counts, &mut sorted);
    let mut sorted = sorted.get(..codes).unwrap_or_default().iter();
    let mut code = 0_usize;
    let mut filled_to = 1_usize;
    for (len, &count) in (1..=root).zip(counts.iter().skip(1)) {
        // An entry for fewer bits is an entry for one more bit, whatever that bit is.
        let both = table.get_mut(..filled_to.wrapping_mul(2)).ok_or(BadStream)?;
        both.copy_within(..filled_to, filled_to);
        filled_to = filled_to.wrapping_mul(2);
        for &symbol in sorted.by_ref().take(count.into()) {
            if let Some(to) = table.get_mut(code) {
                *to = entry(symbols, symbol, len);
            }
            code = after(code, len);
        }
    }
    make_second(table, root, &counts, sorted, symbols, code)?;
    Ok(filled)
}

/// Makes the tables of codes that are longer than `root`, of which `code` is the first.
fn make_second<'a>(
    table: &mut [Entry],
    root: u32,
    counts: &[u16; 16],
    mut sorted: impl Iterator<Item = &'a u16>,
    symbols: &[u32],
    mut code: usize,
) -> Result<(), BadStream> {
    let first = 1_usize << root;
    let (mut beginning, mut start, mut end) = (usize::MAX, first, first);
    for (len, &count) in (1_u32..).zip(counts.iter().skip(1)).skip(root as usize) {
        let further = len.wrapping_sub(root);
        let mut left = count;
        for &symbol in sorted.by_ref().take(count.into()) {
            if code & first.wrapping_sub(1) != beginning {
                beginning = code & first.wrapping_sub(1);
                let bits = second_bits(counts, len, left, root);
                start = end;
                end = start.wrapping_add(1 << bits);
                if let Some(to) = table.get_mut(beginning) {
                    *to = Entry::second(root, bits, u32::try_from(start).unwrap_or_default());
                }
            }
            let entry = entry(symbols, symbol, len);
            let from = start.wrapping_add(code >> root);
            let places = table.get_mut(from..end).ok_or(BadStream)?;
            places.iter_mut().step_by(1 << further).for_each(|to| *to = entry);
            code = after(code, len);
            left = left.wrapping_sub(1);
        }
    }
    Ok(())
}

/// Returns how many more bits find all codes with the same beginning. The first of them has `len`, and `left` codes
/// have that length.
fn second_bits(counts: &[u16; 16], len: u32, left: u16, root: u32) -> u32 {
    let mut bits = len.wrapping_sub(root);
    let mut used = u32::from(left);
    for &count in counts.iter().skip(len as usize).skip(1) {
        if used >= 1 << bits {
            break;
        }
        bits = bits.wrapping_add(1);
        used = used.wrapping_mul(2).wrapping_add(count.into());
    }
    bits
}

fn entry(symbols: &[u32], symbol: u16, len: u32) -> Entry {
    symbols.get(usize::from(symbol)).map_or(Entry::INVALID, |&symbol| Entry::with_code_len(symbol, len))
}

/// Returns the code after one of the same length, both with their highest bit lowest. After the last one the result
/// doesn't matter.
const fn after(code: usize, len: u32) -> usize {
    // The highest clear bit is the lowest of the number.
    let zeros = code ^ (1_usize << len).wrapping_sub(1);
    let Some(bit) = zeros.checked_ilog2() else { return 0 };
    code & (1_usize << bit).wrapping_sub(1) | 1 << bit
}

/// A symbol with a code: the lowest nine bits are the symbol, the others the length of its code.
#[derive(Clone, Copy)]
struct Used(u16);

impl Used {
    const fn symbol(self) -> u16 {
        self.0 & 0x1ff
    }

    fn len(self) -> usize {
        usize::from(self.0 >> 9 & 15)
    }
}

/// Finds the symbols that have codes. Returns their number, and the number of codes of each length.
///
/// Most symbols of most blocks have no code: eight of these are skipped at once.
fn find(lengths: &[u8], used: &mut [Used; 288]) -> (usize, [u16; 16]) {
    let mut counts = [0_u16; 16];
    let mut found = 0_usize;
    for (start, lengths) in (0_u16..).step_by(8).zip(lengths.chunks(8)) {
        if lengths.first_chunk().is_some_and(|eight| u64::from_le_bytes(*eight) == 0) {
            continue;
        }
        for (symbol, &len) in (start..).zip(lengths) {
            let one = Used(symbol | u16::from(len) << 9);
            if let (Some(to), Some(count)) = (used.get_mut(found), counts.get_mut(one.len())) {
                *to = one;
                *count = count.wrapping_add(1);
            }
            found = found.wrapping_add(usize::from(len != 0));
        }
    }
    let [none, ..] = &mut counts;
    *none = 0;
    (found, counts)
}

/// Checks that there are enough codes, and not too many.
fn check(counts: &[u16; 16]) -> Result<Filled, BadStream> {
    let mut left = 1_u32;
    for &count in counts.iter().skip(1) {
        left = left.wrapping_mul(2).checked_sub(count.into()).ok_or(BadStream)?;
    }
    let [_, ones, longer @ ..] = counts;
    match left {
        0 => Ok(Filled::All),
        _ if *ones <= 1 && longer.iter().all(|&count| count == 0) => Ok(Filled::Part),
        _ => Err(BadStream),
    }
}

/// Sorts the symbols with codes by their codes.
fn sort(used: &[Used], counts: &[u16; 16], sorted: &mut [u16; 288]) {
    let mut places = [0_u16; 16];
    let mut place = 0_u16;
    for (to, count) in places.iter_mut().zip(counts) {
        *to = place;
        place = place.wrapping_add(*count);
    }
    for one in used {
        if let Some(place) = places.get_mut(one.len()) {
            if let Some(to) = sorted.get_mut(usize::from(*place)) {
                *to = one.symbol();
            }
            *place = place.wrapping_add(1);
        }
    }
}
