//! Codes, compared with the tables of RFC 1951, and with a decoder that reads bit after bit.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::*;

/// The most bits of a code.
const LONGEST: usize = 15;

/// RFC 1951 §3.2.5: the least length or distance of each symbol, and its number of extra bits.
#[rustfmt::skip]
const LENGTH_SYMBOLS: [(usize, u32); 29] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1),
    (15, 1), (17, 1), (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3),
    (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0),
];
#[rustfmt::skip]
const DISTANCE_SYMBOLS: [(usize, u32); 30] = [
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3),
    (33, 4), (49, 4), (65, 5), (97, 5), (129, 6), (193, 6), (257, 7), (385, 7), (513, 8), (769, 8),
    (1025, 9), (1537, 9), (2049, 10), (3073, 10), (4097, 11), (6145, 11), (8193, 12), (12_289, 12),
    (16_385, 13), (24_577, 13),
];

#[test]
fn symbols_are_those_of_the_rfc() {
    const LEN: u32 = 15;
    let find = |symbols: &[u32], symbol: u16| entry(symbols, symbol, LEN);
    let kind = |entry: Entry| [entry.is_literal(), entry.is_special(), entry.is_second(), entry.is_end()];
    for byte in 0..=255 {
        let found = find(&LITERALS, u16::from(byte));
        assert_eq!((found.literal(), found.code_len(), found.len()), (byte, LEN, LEN), "literal {byte}");
        assert_eq!(kind(found), [true, false, false, false], "literal {byte}");
    }
    let end = find(&LITERALS, 256);
    assert_eq!((kind(end), end.code_len(), end.len()), ([false, true, false, true], LEN, LEN));
    let lengths = (257..).zip(LENGTH_SYMBOLS).map(|(symbol, row)| (&LITERALS[..], symbol, row));
    let distances = (0..).zip(DISTANCE_SYMBOLS).map(|(symbol, row)| (&DISTANCES[..], symbol, row));
    for (symbols, symbol, (least, extra)) in lengths.chain(distances) {
        let found = find(symbols, symbol);
        assert_eq!(kind(found), [false; 4], "symbol {symbol}");
        assert_eq!((found.code_len(), found.len()), (LEN, LEN + extra), "symbol {symbol}");
        // The bits before and after the extra bits have no effect.
        for more in [0, (1 << extra) - 1] {
            for around in [0, u64::MAX << (LEN + extra) | 0x7fff] {
                let value = found.value(more << LEN | around);
                assert_eq!(value as u64, least as u64 + more, "symbol {symbol}, {more} more");
            }
        }
    }
    for (symbols, symbol) in
        [(&LITERALS[..], 286), (&LITERALS, 287), (&LITERALS, 288), (&DISTANCES, 30), (&DISTANCES, 31)]
    {
        assert_eq!(kind(find(symbols, symbol)), [false, true, false, false], "symbol {symbol}");
    }
    // The first bit shows that there is no code.
    assert_eq!(kind(Entry::INVALID), [false, true, false, false]);
    assert_eq!((Entry::INVALID.code_len(), Entry::INVALID.len()), (1, 1));
    for symbol in 0..19 {
        let found = find(&LENGTHS, symbol);
        assert_eq!((found.value(u64::MAX), found.code_len(), found.len()), (symbol.into(), LEN, LEN));
    }
}

/// Returns the symbol with which the next fifteen bits begin, and the length of its code, for all values of the bits.
fn read(lengths: &[u8]) -> Vec<Option<(u16, u32)>> {
    let mut found = vec![None; 1 << LONGEST];
    let mut code = 0_u32;
    for len in 1..=15_u32 {
        code <<= 1;
        for (symbol, _) in (0_u16..).zip(lengths).filter(|(_, length)| u32::from(**length) == len) {
            // A code begins with its highest bit.
            let first = (code.reverse_bits() >> (32 - len)) as usize;
            found[first..].iter_mut().step_by(1 << len).for_each(|to| *to = Some((symbol, len)));
            code += 1;
        }
    }
    found
}

/// Returns the entry for the next bits, as [`Codes`] finds it.
fn find_in(table: &[Entry], root: u32, bits: usize) -> Entry {
    let first = table[bits & ((1 << root) - 1)];
    if first.is_second() { table[first.index(bits as u64)] } else { first }
}

/// Returns lengths of codes for this many symbols of each length, with the symbols in no order.
fn lengths(counts: &[usize]) -> Vec<u8> {
    let each = (1_u8..).zip(counts).flat_map(|(len, &count)| core::iter::repeat_n(len, count));
    let sorted: Vec<u8> = each.collect();
    // Take every other one from the front, and the others from the back. Some symbols between them have no codes.
    let (front, back) = (sorted.iter().step_by(2), sorted.iter().skip(1).step_by(2).rev());
    front.copied().chain([0; 9]).chain(back.copied()).collect()
}

/// Returns how many entries tables need if the first one is for `root` bits. A second table is for the longest code in
/// it.
fn needed(counts: &[usize], root: usize) -> usize {
    let mut seconds = BTreeMap::new();
    let mut code = 0_usize;
    for (len, &count) in (1..).zip(counts) {
        code <<= 1;
        for one in code..code + count {
            if len > root {
                seconds.insert(one >> (len - root), 1_usize << (len - root));
            }
        }
        code += count;
    }
    (1 << root) + seconds.values().sum::<usize>()
}

/// Calls `each` with the number of codes of each length, for every complete code of at most `symbols` symbols.
fn every_code(
    counts: &mut Vec<usize>,
    symbols: usize,
    left: usize,
    longest: usize,
    each: &mut impl FnMut(&[usize]),
) {
    if left == 0 {
        return each(counts);
    }
    if counts.len() < longest && left <= symbols {
        for count in 0..=(left * 2).min(symbols) {
            counts.push(count);
            every_code(counts, symbols - count, left * 2 - count, longest, each);
            counts.pop();
        }
    }
}

/// Tests every code of few symbols, with a first table so small that most codes need second ones. The exact number of
/// entries is enough, and one less is an error.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn every_code_is_found_in_tables_that_are_just_large_enough() {
    const ROOT: u32 = 3;
    let mut codes = 0;
    every_code(&mut Vec::new(), 12, 1, 8, &mut |counts| {
        codes += 1;
        let lengths = lengths(counts);
        let expected = read(&lengths);
        // Entries of an earlier block are not found.
        let mut table = vec![Entry::INVALID; needed(counts, ROOT as usize)];
        assert!(make(&mut table, ROOT, &lengths, &DISTANCES).is_ok(), "{counts:?}");
        for (bits, expected) in expected.iter().enumerate().take(1 << 8) {
            let expected = expected.map(|(symbol, len)| entry(&DISTANCES, symbol, len));
            assert_eq!(Some(find_in(&table, ROOT, bits)), expected, "{counts:?}, {bits:#b}");
        }
        let len = table.len() - 1;
        assert!(make(&mut table[..len], ROOT, &lengths, &DISTANCES).is_err(), "{counts:?}");
    });
    assert_eq!(codes, 315, "all of 2 to 12 symbols and at most 8 bits");
}

/// Returns the most entries that tables for a code of at most `symbols` symbols need, and such a code.
///
/// Codes are assigned from the shortest on, so each second table has codes at least as long as all before it. A table
/// with codes of `least` to `most` bits (beyond those of the first table) has at least `2^least + most - least` codes:
/// all codes of `least` bits, with the last one grown to `most`. Fewer codes are better, so its shortest code is as
/// long as the longest one before. For the other places of the first table, a code for each power of two in their
/// number is enough.
fn largest(symbols: usize, root: usize) -> (usize, Vec<usize>) {
    let (mut largest, first) = ((0, Vec::new()), 1_usize << root);
    // The key is the longest code of the last table and the number of codes, the value the entries and the longest
    // codes of all tables.
    let mut best = BTreeMap::from([((1_usize, 0_usize), (0_usize, Vec::new()))]);
    for seconds in 0..=first {
        let mut next = BTreeMap::<_, (usize, Vec<usize>)>::new();
        for ((least, used), (entries, tables)) in best {
            let others = first - seconds;
            if used + others.count_ones() as usize <= symbols && first + entries > largest.0 {
                let mut counts = vec![0; LONGEST];
                (0..root).for_each(|bit| counts[root - bit - 1] = others >> bit & 1);
                let mut least = 1;
                for &most in &tables {
                    counts[root + least - 1] += 1 << least;
                    for len in least..most {
                        counts[root + len - 1] -= 1;
                        counts[root + len] += 2;
                    }
                    least = most;
                }
                largest = (first + entries, counts);
            }
            for most in least..=LONGEST - root {
                let used = used + (1 << least) + most - least;
                let entries = entries + (1 << most);
                if used <= symbols && next.get(&(most, used)).is_none_or(|(other, _)| *other < entries) {
                    next.insert((most, used), (entries, [&tables[..], &[most]].concat()));
                }
            }
        }
        best = next;
    }
    largest
}

/// No code needs more entries than there are, and one code needs them all.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn no_code_needs_more_than_there_are() {
    let table = [
        ("literals", &LITERALS[..], 286, Codes::LITERAL_ROOT, Codes::LITERALS),
        ("distances", &DISTANCES, 30, Codes::DISTANCE_ROOT, Codes::DISTANCES),
    ];
    for (name, symbols, most, root, entries) in table {
        let (largest, counts) = largest(most, root as usize);
        assert_eq!((largest, needed(&counts, root as usize)), (entries, entries), "{name}: {counts:?}");
        let lengths: Vec<u8> = lengths(&counts).into_iter().filter(|&len| len > 0).collect();
        assert!(lengths.len() <= most, "{name}: {counts:?}");
        let mut table = vec![Entry::INVALID; entries];
        assert!(make(&mut table, root, &lengths, symbols).is_ok(), "{name}: {counts:?}");
        for (bits, expected) in read(&lengths).into_iter().enumerate() {
            let expected = expected.map(|(symbol, len)| entry(symbols, symbol, len));
            assert_eq!(Some(find_in(&table, root, bits)), expected, "{name}, {bits:#b}");
        }
    }
    // The same count gives the published numbers for zlib's tables, which have other sizes.
    assert_eq!([largest(30, 6).0, largest(286, 10).0], [592, 1332]);
}

/// A code that needs more entries than there are is an error, whatever an earlier code left in them.
#[test]
fn a_table_that_is_too_small_is_an_error() {
    let (most, counts) = largest(30, 8);
    let lengths = lengths(&counts);
    for entries in 256..most {
        let mut table = vec![Entry::with_code_len(DISTANCES[0], 1); entries];
        assert!(make(&mut table, 8, &lengths, &DISTANCES).is_err(), "{entries}");
    }
}

/// Places lengths of codes so that the last one is that of the end of a block, with symbols without codes around them.
fn literals(lengths: &[u8]) -> Vec<u8> {
    [&vec![0; 257 - lengths.len()], lengths, &[0; 3]].concat()
}

/// Codes that are short or of the greatest length, next to one another or far apart. None of an earlier code is left.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn codes_are_found() {
    let one_each: Vec<u8> = (1..=15).chain([15]).collect();
    let backwards: Vec<u8> = one_each.iter().rev().copied().collect();
    let flat = [vec![8; 226], vec![9; 60]].concat();
    let far_apart: Vec<u8> =
        (0..286).map(|symbol| if symbol % 32 == 0 && symbol > 0 { 3 } else { 0 }).collect();
    let literal_codes = [
        ("one of each length", literals(&one_each)),
        ("all there are", flat),
        ("one of each length, backwards", literals(&backwards)),
        ("far apart", far_apart),
        ("the end and one more", literals(&[1, 1])),
        ("the end alone", literals(&[1])),
    ];
    let distance_codes = [
        ("one of each length", one_each),
        ("two", vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("all there are", [[4; 2].as_slice(), &[5; 28]].concat()),
        ("one", vec![0, 0, 1]),
        ("one of each length, backwards", backwards),
        ("none", vec![0]),
    ];
    let mut codes = Codes::NONE;
    for ((literal_name, literals), (distance_name, distances)) in literal_codes.iter().zip(&distance_codes) {
        let name = format!("{literal_name}; {distance_name}");
        assert!(codes.make(literals, distances).is_ok(), "{name}");
        assert_finds(&codes, &read(literals), &read(distances), &name);
    }
}

/// RFC 1951 §3.2.6: the codes of blocks without their own.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn fixed_codes_are_those_of_the_rfc() {
    let literals = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
    assert_finds(&FIXED, &read(&literals), &read(&[5; 32]), "fixed");
}

fn assert_finds(
    codes: &Codes,
    literals: &[Option<(u16, u32)>],
    distances: &[Option<(u16, u32)>],
    name: &str,
) {
    let expected = |symbols: &[u32], found: Option<(u16, u32)>| {
        found.map_or(Entry::INVALID, |(symbol, len)| entry(symbols, symbol, len))
    };
    for (bits, (&literal, &distance)) in (0_u64..).zip(literals.iter().zip(distances)) {
        // The bits after the longest code have no effect.
        let number = bits | 0xaaaa_0000;
        let any = codes.any_literal(number);
        assert_eq!(any, expected(&LITERALS, literal), "{name}, {bits:#b}");
        let short = codes.literal(number);
        let long = short.is_special() && short.is_second() && !short.is_literal();
        assert!(if any.code_len() > 9 { long } else { short == any }, "{name}, {bits:#b}");
        assert_eq!(codes.distance(number), expected(&DISTANCES, distance), "{name}, {bits:#b}");
    }
}

/// D14: codes that leave room for others, or that don't fit.
#[test]
fn d14_codes_that_do_not_fit() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], bool, bool); 14] = [
        // What                     lengths            as any code  as one for lengths
        ("one of 1 bit",            &[1],                   true,   false),
        ("one of 2 bits",           &[2],                   false,  false),
        ("two of 1 bit",            &[1, 1],                true,   true),
        ("three of 1 bit",          &[1, 1, 1],             false,  false),
        ("1 and 2 bits",            &[1, 2],                false,  false),
        ("two of 2 bits",           &[2, 2],                false,  false),
        ("1, 2 and 2 bits",         &[1, 2, 2],             true,   true),
        ("1, 2, 2 and 2 bits",      &[1, 2, 2, 2],          false,  false),
        ("two of 1 bit, one of 7",  &[1, 1, 7],             false,  false),
        ("two of 1 bit, one of 15", &[1, 1, 15],            false,  false),
        ("1 and 15 bits",           &[1, 15],               false,  false),
        ("three of 2 bits",         &[2, 2, 2],             false,  false),
        ("four of 2 bits",          &[2, 2, 2, 2],          true,   true),
        ("five of 2 bits",          &[2, 2, 2, 2, 2],       false,  false),
    ];
    let (mut codes, mut length_code) = (Codes::NONE, LengthCode::NONE);
    for (name, lengths, any, complete) in table {
        assert_eq!(codes.make(&literals(lengths), &[1, 1]).is_ok(), any, "{name}");
        assert_eq!(codes.make(&literals(&[1, 1]), lengths).is_ok(), any, "{name}, distances");
        if lengths.iter().all(|&len| len < 8) {
            let mut all = [0; 19];
            all[..lengths.len()].copy_from_slice(lengths);
            assert_eq!(length_code.make(&all).is_ok(), complete, "{name}, lengths");
        }
    }
    assert!(codes.make(&literals(&[1, 1]), &[0, 0]).is_ok(), "no distance");
    assert!(length_code.make(&[0; 19]).is_err(), "no length");
    // Without a code for the end of the block.
    let mut endless = literals(&[1, 1, 0]);
    assert!(codes.make(&endless, &[1, 1]).is_err());
    endless.truncate(256);
    assert!(codes.make(&endless, &[1, 1]).is_err());
}

/// The code for lengths has at most seven bits, so it is found at once.
#[test]
fn the_code_for_lengths_is_found() {
    let lengths = [1, 0, 2, 0, 0, 3, 0, 4, 0, 0, 0, 5, 0, 0, 6, 0, 0, 7, 7];
    let mut code = LengthCode::NONE;
    assert!(code.make(&lengths).is_ok());
    let expected = read(&lengths);
    for (bits, expected) in (0_u64..).zip(expected) {
        let found = code.symbol(bits | 0xaaaa_0000);
        let (symbol, len) = expected.unwrap();
        assert_eq!((found.value(0), found.code_len(), found.len()), (symbol.into(), len, len), "{bits:#b}");
    }
}
