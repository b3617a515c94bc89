//! Where an extension writes: append only, and only so much.

use alloc::vec::Vec;
use core::fmt;

/// Memory to which an extension may append a bounded number of bytes.
///
/// What stood in it before is out of its reach, but for what is left in the [place](Self::place) that it is to write to.
///
/// ```
/// use wsproto_extensions::Output;
///
/// let mut buffer = b"before ".to_vec();
/// let mut output = Output::new(&mut buffer, 3);
/// assert_eq!(output.write(b"12345"), 3);
/// assert_eq!((output.room(), output.written()), (0, &b"123"[..]));
/// assert_eq!(buffer, b"before 123");
/// ```
pub struct Output<'a>(Memory<'a>);

enum Memory<'a> {
    /// Grows from `start`, its length at the beginning, to `limit`.
    Growing { buffer: &'a mut Vec<u8>, start: usize, limit: usize },
    /// Is written up to `written`, at most its length.
    Fixed { bytes: &'a mut [u8], written: usize },
}

impl<'a> Output<'a> {
    /// Allows `room` bytes to be appended to `buffer`.
    #[must_use]
    pub fn new(buffer: &'a mut Vec<u8>, room: usize) -> Self {
        let start = buffer.len();
        Self(Memory::Growing { limit: start.saturating_add(room), start, buffer })
    }

    /// Allows `bytes` to be written from its front, in [place](Self::place), too.
    #[must_use]
    pub const fn over(bytes: &'a mut [u8]) -> Self {
        Self(Memory::Fixed { bytes, written: 0 })
    }

    /// Returns how many bytes may still be written.
    #[must_use]
    pub fn room(&self) -> usize {
        match &self.0 {
            Memory::Growing { buffer, limit, .. } => limit.saturating_sub(buffer.len()),
            Memory::Fixed { bytes, written } => bytes.len().saturating_sub(*written),
        }
    }

    /// Returns the bytes that were written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        match &self.0 {
            Memory::Growing { buffer, start, .. } => buffer.get(*start..),
            Memory::Fixed { bytes, written } => bytes.get(..*written),
        }
        .unwrap_or_default()
    }

    /// Appends as many of the bytes as there is room for, and returns how many.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let fitting = bytes.get(..self.room()).unwrap_or(bytes);
        match &mut self.0 {
            Memory::Growing { buffer, .. } => buffer.extend_from_slice(fitting),
            Memory::Fixed { .. } => {
                let place = self.place().get_mut(..fitting.len()).unwrap_or_default();
                place.copy_from_slice(fitting);
                self.advance(fitting.len());
            }
        }
        fitting.len()
    }

    /// Returns the room itself, to be written in place before [`advance`](Self::advance) is called; nothing where there
    /// is no memory yet, and bytes can only be appended: [`room`](Self::room) tells how many.
    ///
    /// What stands in it is left of earlier messages, perhaps of other connections: it must not be given out.
    ///
    /// ```
    /// use wsproto_extensions::Output;
    ///
    /// let mut memory = [0; 5];
    /// let mut output = Output::over(&mut memory);
    /// output.place()[..2].copy_from_slice(b"ab");
    /// output.advance(2);
    /// assert_eq!((output.write(b"cdefg"), output.written()), (3, &b"abcde"[..]));
    /// ```
    #[must_use]
    pub fn place(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Memory::Growing { .. } => &mut [],
            Memory::Fixed { bytes, written } => bytes.get_mut(*written..).unwrap_or_default(),
        }
    }

    /// Says that so many bytes were written in [place](Self::place), every one of them; more than its length don't count.
    pub fn advance(&mut self, len: usize) {
        if let Memory::Fixed { bytes, written } = &mut self.0 {
            *written = written.saturating_add(len).min(bytes.len());
        }
    }

    /// Takes back all but the first `len` bytes that were written.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.0 {
            Memory::Growing { buffer, start, .. } => buffer.truncate(start.saturating_add(len)),
            Memory::Fixed { written, .. } => *written = len.min(*written),
        }
    }
}

/// Shows how much was written and how much room is left, and no byte of it.
impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("written", &self.written().len())
            .field("room", &self.room())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn both_kinds_of_memory_take_what_fits() {
        let (mut buffer, mut bytes) = (b"before ".to_vec(), *b".....");
        for mut output in [Output::new(&mut buffer, 5), Output::over(&mut bytes)] {
            assert_eq!((output.write(b"abc"), output.room(), output.written()), (3, 2, &b"abc"[..]));
            output.truncate(4);
            assert_eq!(output.written(), b"abc");
            output.truncate(1);
            assert_eq!((output.write(b"12345"), output.room(), output.written()), (4, 0, &b"a1234"[..]));
            assert_eq!(format!("{output:?}"), "Output { written: 5, room: 0, .. }");
        }
        assert_eq!((buffer.as_slice(), &bytes), (&b"before a1234"[..], b"a1234"));
    }

    #[test]
    fn only_memory_that_is_there_is_written_in_place() {
        let (mut buffer, mut bytes) = (Vec::with_capacity(10), [0; 3]);
        let mut output = Output::new(&mut buffer, 10);
        output.advance(1);
        assert_eq!((output.place().len(), output.written().len()), (0, 0));
        let mut output = Output::over(&mut bytes);
        output.place().copy_from_slice(b"abc");
        output.advance(2);
        assert_eq!((output.place().len(), output.written()), (1, &b"ab"[..]));
        output.advance(2);
        assert_eq!((output.place().len(), output.written()), (0, &b"abc"[..]));
    }
}
