//! The bytes around the offending byte, as a hex dump with a mark.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::wire::{Broken, hex, unhex};

const ROW_LEN: usize = 16;
const MARK: Style = AnsiColor::Red.on_default().bold();

/// Shows the bytes, and marks the offending byte.
pub(super) fn write(broken: &Broken, text: &mut String) -> fmt::Result {
    let bytes = unhex(&broken.context.hex).unwrap_or_default();
    let mut offset = broken.context.offset;
    for row in bytes.chunks(ROW_LEN) {
        let place = broken.offset.checked_sub(offset).and_then(|place| usize::try_from(place).ok());
        let place = place.filter(|place| *place < row.len());
        let hex = spaced(row);
        let seen = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let shown: String = row.iter().map(seen).collect();
        writeln!(text, "      {offset:08x}  {hex:<48} {shown}")?;
        if let Some(place) = place {
            let before = " ".repeat(place.saturating_mul(3));
            writeln!(text, "                {before}{MARK}^^{MARK:#} {}", broken.section)?;
        }
        offset = offset.saturating_add(u64::try_from(row.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// Writes bytes as hex with blanks between.
pub(super) fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| hex(&[*byte])).collect::<Vec<_>>().join(" ")
}
