//! The search for the end of a head: it looks at each byte once, however the bytes arrive.

use crate::{HandshakeLimits, HeadError};

/// How many bytes the search for the end checks at once.
const BLOCK: usize = 64;

/// The lines of a head so far.
#[derive(Default)]
pub(super) struct LineCount {
    /// Complete lines, without the empty one.
    complete: usize,
    /// The next byte to search; the search never goes back.
    searched: usize,
}

impl LineCount {
    /// Returns the end of the head, after its empty line. `text` is the head so far.
    pub(super) fn find_end(
        &mut self,
        text: &[u8],
        limits: &HandshakeLimits,
    ) -> Result<Option<usize>, HeadError> {
        while let Some(rest @ [_, ..]) = text.get(self.searched..) {
            match rest.first_chunk() {
                Some(block) if self.skip_block(text, block) => {}
                _ if self.step(text, rest)? => return Ok(Some(self.searched)),
                _ => {}
            }
            if self.fields() as u64 > limits.max_headers {
                return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
            }
        }
        Ok(None)
    }

    /// Skips a block in which all lines end correctly and none is empty.
    ///
    /// Where a head comes in two pieces, this saves 16 % of the instructions of a server's whole handshake.
    #[inline]
    fn skip_block(&mut self, text: &[u8], block: &[u8; BLOCK]) -> bool {
        let earlier = |by| text.get(self.searched.checked_sub(by)?..)?.first_chunk::<BLOCK>();
        let (Some(before), Some(previous)) = (earlier(2), earlier(1)) else { return false };
        let (mut lines, mut events) = (0_u8, 0_u8);
        for ((before, previous), byte) in before.iter().zip(previous).zip(block) {
            let ends = u8::from(*byte == b'\n');
            lines = lines.wrapping_add(ends);
            events |= ends & (u8::from(*previous != b'\r') | u8::from(*before == b'\n'));
        }
        if events == 0 {
            self.complete = self.complete.saturating_add(usize::from(lines));
            self.searched = self.searched.saturating_add(BLOCK);
        }
        events == 0
    }

    /// Goes on to the next line feed, at most one block far; returns whether it ends the head.
    fn step(&mut self, text: &[u8], rest: &[u8]) -> Result<bool, HeadError> {
        let near = rest.get(..BLOCK).unwrap_or(rest);
        let Some(line_feed) = near.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.searched.saturating_add(near.len());
            return Ok(false);
        };
        let at = self.searched.saturating_add(line_feed);
        self.searched = at.saturating_add(1);
        match text.get(..at).unwrap_or_default() {
            b"\r" => return Err(HeadError::StartLine),
            [.., b'\n', b'\r'] => return Ok(true),
            [.., b'\r'] => self.complete = self.complete.saturating_add(1),
            _ => return Err(HeadError::BareLineFeed),
        }
        Ok(false)
    }

    /// Skips a byte that doesn't end a line.
    #[inline]
    pub(super) fn pass_byte(&mut self) {
        self.searched = self.searched.saturating_add(1);
    }

    pub(super) fn fields(&self) -> usize {
        self.complete.saturating_sub(1)
    }

    #[cold]
    pub(super) fn too_long(&self, limits: &HandshakeLimits) -> HeadError {
        let limit = limits.max_head_len;
        if self.complete == 0 { HeadError::StartLineTooLong { limit } } else { HeadError::TooLong { limit } }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// The result of [`LineCount`] by its definition.
    fn slow_find_end(text: &[u8]) -> Result<Option<usize>, HeadError> {
        for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            match &text[..at] {
                b"\r" => return Err(HeadError::StartLine),
                [.., b'\n', b'\r'] => return Ok(Some(at + 1)),
                [.., b'\r'] => {}
                _ => return Err(HeadError::BareLineFeed),
            }
        }
        Ok(None)
    }

    #[test]
    fn h3_h5_the_end_is_found_wherever_it_is() {
        let limits = HandshakeLimits::default();
        for len in 0..if cfg!(miri) { 5 } else { 200 } {
            for (at, end) in
                (0..=len).flat_map(|at| ["\r\n", "\n", "\r\n\r\n", "\r\n\n", "\r\r\n"].map(|end| (at, end)))
            {
                let mut text = vec![b'a'; len];
                text.splice(at..at, end.bytes());
                for lines in ["", "a\r\n", "a\r\nb\r\n"] {
                    let text = [lines.as_bytes(), &text].concat();
                    let found = LineCount::default().find_end(&text, &limits);
                    assert_eq!(found, slow_find_end(&text), "{lines:?}, {end:?} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn h3_h5_blocks_of_what_ends_lines_are_searched_too() {
        #[rustfmt::skip]
        let table = [
            // name                       two blocks
            ("carriage returns",          "\r".repeat(128)),
            ("bare line feeds",           "\r".repeat(124) + "X\n\n\n"),
            ("a bare one after a line",   "a".repeat(120) + "a\r\nX\n\r\na"),
            ("empty lines",               "a".repeat(64) + &"\r\n".repeat(32)),
        ];
        for (name, text) in table {
            let found = LineCount::default().find_end(text.as_bytes(), &HandshakeLimits::default());
            assert_eq!(found, slow_find_end(text.as_bytes()), "{name}");
        }
    }

    #[test]
    fn h3_search_never_goes_back() {
        let limits = HandshakeLimits::default();
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for shortcut in [false, true] {
            let mut lines = LineCount::default();
            for (fed, &byte) in (1..).zip(head) {
                if shortcut && byte != b'\n' {
                    lines.pass_byte();
                } else {
                    let found = lines.find_end(&head[..fed], &limits);
                    assert_eq!(found, Ok((fed == head.len()).then_some(fed)));
                }
                assert_eq!(lines.searched, fed, "all is searched");
            }
            // The search never looks at searched bytes again, except at the two before a line feed.
            let mut lines = LineCount::default();
            for (fed, &byte) in (1..).zip(head) {
                let mut text = head[..fed].to_vec();
                text[..fed.saturating_sub(4)].fill(b'\n');
                if shortcut && byte != b'\n' {
                    lines.pass_byte();
                } else {
                    let found = lines.find_end(&text, &limits);
                    assert_eq!(found, Ok((fed == head.len()).then_some(fed)), "once: {fed}");
                }
            }
        }
    }
}
