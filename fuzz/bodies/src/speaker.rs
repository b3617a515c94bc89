//! Payloads of all lengths, which compress well or not at all, made from few bytes of a run.

use crate::Source;

/// Makes a payload of at most `most` bytes.
pub(crate) fn bytes(source: &mut Source<'_>, most: usize) -> Vec<u8> {
    let mut said = Vec::new();
    for _ in 0..=source.byte() % 4 {
        let kind = source.byte();
        // Most payloads are short, so that runs are quick.
        let len = usize::from(source.number()) >> (kind >> 5 << 1);
        match kind % 4 {
            0 => said.extend_from_slice(source.bytes(len % 64)),
            1 => {
                let pattern = source.bytes(1 + usize::from(kind >> 2 & 7));
                said.extend(pattern.iter().cycle().take(len));
            }
            2 => said.extend(noise(u32::from(kind) + 1).take(len)),
            _ => said.extend_from_within(said.len().saturating_sub(len)..),
        }
        said.truncate(most);
    }
    said
}

/// Makes a text of at most `most` bytes.
pub(crate) fn text(source: &mut Source<'_>, most: usize) -> String {
    let mut text = String::from_utf8_lossy(&bytes(source, most)).into_owned();
    let end = (0..=text.len().min(most)).rev().find(|end| text.is_char_boundary(*end));
    text.truncate(end.unwrap_or_default());
    text
}

/// Returns bytes that don't compress.
fn noise(mut state: u32) -> impl Iterator<Item = u8> {
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
}
