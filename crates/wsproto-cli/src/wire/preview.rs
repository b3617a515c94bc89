//! The beginning of a payload, and bytes as hex.

use super::Preview;

/// The bytes of a payload that are kept.
const LEN: usize = 256;

/// Keeps the beginning of a payload that comes in parts.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    kept: Vec<u8>,
    len: u64,
}

impl Beginning {
    /// Takes the next part.
    pub(super) fn push(&mut self, part: &[u8]) {
        let room = LEN.saturating_sub(self.kept.len());
        self.kept.extend(part.iter().take(room));
        self.len = self.len.saturating_add(len(part));
    }

    /// Returns the bytes that are kept, at most 256.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Returns the number of bytes that came.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Makes a preview of a payload of `whole` bytes. It has a text only if `may_be_text`.
    pub(super) fn preview(&self, whole: u64, may_be_text: bool) -> Preview {
        Preview {
            hex: hex(&self.kept),
            text: if may_be_text { text(&self.kept).map(String::from) } else { None },
            more: whole > len(&self.kept),
        }
    }
}

/// Returns bytes as text if they are UTF-8, without a code point that is cut at the end.
fn text(bytes: &[u8]) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
        }
        Err(_) => None,
    }
}

/// Returns a length in the type of offsets.
pub(super) fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Writes bytes as lower-case hex, without spaces.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |bits: u8| char::from_digit(u32::from(bits), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Reads pairs of hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_has_256_bytes_and_whole_code_points() {
        let table: [(&str, Vec<u8>, Option<&str>, bool); 6] = [
            ("empty", vec![], Some(""), false),
            ("256 bytes", vec![b'a'; 256], Some(&"a".repeat(256)), false),
            ("257 bytes", vec![b'a'; 257], Some(&"a".repeat(256)), true),
            ("cut code point", [vec![b'a'; 255], "é".into()].concat(), Some(&"a".repeat(255)), true),
            ("ends in a code point", b"a\xc3".to_vec(), Some("a"), false),
            ("not UTF-8", b"a\xffb".to_vec(), None, false),
        ];
        for (name, payload, expected, more) in table {
            for cut in 0..=payload.len() {
                let mut beginning = Beginning::default();
                beginning.push(&payload[..cut]);
                beginning.push(&payload[cut..]);
                let preview = beginning.preview(len(&payload), true);
                assert_eq!((preview.text.as_deref(), preview.more), (expected, more), "{name}, cut at {cut}");
                assert_eq!(preview.hex, hex(&payload[..payload.len().min(256)]), "{name}");
            }
        }
    }
}
