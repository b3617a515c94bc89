//! Text with any cuts, compared with the standard library.

use wsproto_frame::TextCheck;

use crate::{Cuts, Source};

/// Checks any bytes as the text of a message.
pub fn text_check(data: &[u8]) {
    let mut source = Source::new(data);
    let seed = source.byte();
    let cuts = Cuts::all(seed);
    let text = source.rest();
    let oracle = std::str::from_utf8(text).ok();
    for cuts in cuts {
        let checked = check(cuts, text);
        for seen in [u8::MAX, seed, !seed] {
            look(cuts, text, seen, checked.as_ref().map(|_| ()).map_err(|fault| fault.read));
        }
        assert_eq!(checked.as_deref().ok(), oracle, "{cuts:?}");
        let Err(Fault { read, text: before }) = checked else { continue };
        // All accepted bytes are valid text, and invalid ones were refused as early as possible.
        assert!(text.starts_with(before.as_bytes()), "other text");
        let may_go_on = std::str::from_utf8(&text[..read]).map_or_else(|e| e.error_len().is_none(), |_| true);
        assert!(may_go_on, "the fault came too late");
        if let (Cuts::Each, false) = (cuts, read == text.len()) {
            let hopeless = std::str::from_utf8(&text[..=read]).is_err_and(|e| e.error_len().is_some());
            assert!(hopeless, "the fault came too early");
        }
    }
}

/// The place where a check failed.
#[derive(Debug, PartialEq)]
struct Fault {
    /// How many bytes the earlier reads had.
    read: usize,
    /// The text of the earlier reads.
    text: String,
}

fn check(cuts: Cuts, text: &[u8]) -> Result<String, Fault> {
    let mut bytes = text.to_vec();
    let mut check = TextCheck::new();
    let (mut read, mut found) = (0, String::new());
    for part in cuts.parts(&mut bytes) {
        let Ok((code_point, rest)) = check.push(part) else { return Err(Fault { read, text: found }) };
        found.extend(code_point);
        found.push_str(rest);
        read += part.len();
        let missing = check.missing();
        assert!(missing <= 3, "no code point lacks {missing} bytes");
        assert_eq!(missing == 0, found.len() == read, "what is missing");
    }
    match check.finish() {
        Ok(()) => Ok(found),
        Err(_) => Err(Fault { read, text: found }),
    }
}

/// Checks ahead the parts whose bit of `seen` is set, and pushes the others. The verdict must come at the same part.
fn look(cuts: Cuts, text: &[u8], seen: u8, expected: Result<(), usize>) {
    let mut bytes = text.to_vec();
    let (mut check, mut pushed) = (TextCheck::new(), TextCheck::new());
    let mut read = 0;
    for (number, part) in cuts.parts(&mut bytes).into_iter().enumerate() {
        let by_push = pushed.push(part);
        if seen >> (number % 8) & 1 == 1 {
            assert_eq!(check.check(part), by_push.map(|_| ()), "{cuts:?}, {seen:b}: a look");
        } else {
            assert_eq!(check.push(part), by_push, "{cuts:?}, {seen:b}: a push after a look");
        }
        if by_push.is_err() {
            return assert_eq!(expected, Err(read), "{cuts:?}");
        }
        assert_eq!(check.missing(), pushed.missing(), "{cuts:?}, {seen:b}: what is missing");
        read += part.len();
    }
    assert_eq!(check.finish().map_err(|_| read), expected, "{cuts:?}, {seen:b}: the end");
}
