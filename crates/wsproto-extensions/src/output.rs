//! Where an extension writes: append only, and only so much.

use alloc::vec::Vec;
use core::fmt;

/// A buffer to which an extension may append a bounded number of bytes.
///
/// What stood in the buffer before is out of its reach.
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
pub struct Output<'a> {
    buffer: &'a mut Vec<u8>,
    /// The buffer's length at the beginning; never more than its length now.
    start: usize,
    /// The length that it may grow to; never less than its length now.
    limit: usize,
}

impl<'a> Output<'a> {
    /// Allows `room` bytes to be appended to `buffer`.
    #[must_use]
    pub fn new(buffer: &'a mut Vec<u8>, room: usize) -> Self {
        let start = buffer.len();
        Self { start, limit: start.saturating_add(room), buffer }
    }

    /// Returns how many bytes may still be written.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.buffer.len())
    }

    /// Returns the bytes that were written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Appends as many of the bytes as there is room for, and returns how many.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let fitting = bytes.get(..self.room()).unwrap_or(bytes);
        self.buffer.extend_from_slice(fitting);
        fitting.len()
    }

    /// Takes back all but the first `len` bytes that were written.
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(self.start.saturating_add(len));
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
