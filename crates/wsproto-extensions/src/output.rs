//! The output of an extension: append-only, and bounded.

use alloc::vec::Vec;
use core::fmt;

use bytes::BytesMut;

/// Memory to which an extension may append a bounded number of bytes.
///
/// Only bytes that the extension wrote come out: the only way is [`write`](Self::write), which copies. Bytes that
/// earlier messages left in the memory, perhaps of other connections, can't be read or passed on.
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
    memory: Memory<'a>,
    /// How much room there was when the extension swallowed the frame, if it did.
    swallowed: Option<usize>,
}

enum Memory<'a> {
    /// Grows from `start`, its length at the beginning, to `limit`.
    Growing { buffer: Buffer<'a>, start: usize, limit: usize },
    /// Written up to `written`, which is at most the length. The bytes after it may be of other connections.
    Fixed { bytes: &'a mut [u8], written: usize },
}

enum Buffer<'a> {
    Own(&'a mut Vec<u8>),
    Shared(&'a mut BytesMut),
}

impl Buffer<'_> {
    #[inline]
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Own(buffer) => buffer,
            Self::Shared(buffer) => buffer,
        }
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        match self {
            Self::Own(buffer) => buffer.extend_from_slice(bytes),
            Self::Shared(buffer) => buffer.extend_from_slice(bytes),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Own(buffer) => buffer.truncate(len),
            Self::Shared(buffer) => buffer.truncate(len),
        }
    }
}

impl<'a> Output<'a> {
    /// Allows `room` bytes to be appended to `buffer`.
    #[must_use]
    pub fn new(buffer: &'a mut Vec<u8>, room: usize) -> Self {
        let start = buffer.len();
        let limit = start.saturating_add(room);
        Self::to(Memory::Growing { buffer: Buffer::Own(buffer), start, limit })
    }

    /// Allows any number of bytes to be appended to `buffer`.
    pub(crate) fn to_shared(buffer: &'a mut BytesMut) -> Self {
        let start = buffer.len();
        Self::to(Memory::Growing { buffer: Buffer::Shared(buffer), start, limit: usize::MAX })
    }

    /// Allows `bytes` to be overwritten from its front.
    #[must_use]
    pub const fn over(bytes: &'a mut [u8]) -> Self {
        Self::to(Memory::Fixed { bytes, written: 0 })
    }

    const fn to(memory: Memory<'a>) -> Self {
        Self { memory, swallowed: None }
    }

    /// Swallows the frame: the program gets none of the bytes that were or will be written, and no event.
    ///
    /// To swallow a frame after writing a part of it is an error of the extension: the program may have that part
    /// already. Bytes that it writes later still go through the later extensions, whose state may depend on them, and
    /// are dropped. In [`outbound`](crate::Extension::outbound), this does the same as
    /// [`Outbound::SWALLOW`](crate::Outbound::SWALLOW).
    ///
    /// ```
    /// use wsproto_extensions::{Output, Refusal};
    ///
    /// /// A payload that begins with a zero is for the extension itself.
    /// fn inbound(first: &mut bool, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
    ///     if std::mem::replace(first, false) && input.starts_with(b"\0") {
    ///         output.swallow();
    ///     }
    ///     let written = output.write(input);
    ///     *input = &input[written..];
    ///     Ok(())
    /// }
    /// ```
    pub fn swallow(&mut self) {
        self.swallowed.get_or_insert(self.room());
    }

    /// Returns how much room there was when the frame was swallowed, if it was since the last call.
    pub(crate) const fn take_swallowed(&mut self) -> Option<usize> {
        self.swallowed.take()
    }

    /// Returns how many bytes may still be written.
    #[must_use]
    pub fn room(&self) -> usize {
        match &self.memory {
            Memory::Growing { buffer, limit, .. } => limit.saturating_sub(buffer.as_slice().len()),
            Memory::Fixed { bytes, written } => bytes.len().saturating_sub(*written),
        }
    }

    /// Returns the bytes that were written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        match &self.memory {
            Memory::Growing { buffer, start, .. } => buffer.as_slice().get(*start..),
            Memory::Fixed { bytes, written } => bytes.get(..*written),
        }
        .unwrap_or_default()
    }

    /// Appends as many of the bytes as fit, and returns their number.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let fitting = bytes.get(..self.room()).unwrap_or(bytes);
        match &mut self.memory {
            Memory::Growing { buffer, .. } => buffer.append(fitting),
            Memory::Fixed { bytes, written } => {
                let end = written.saturating_add(fitting.len());
                bytes.get_mut(*written..end).unwrap_or_default().copy_from_slice(fitting);
                *written = end;
            }
        }
        fitting.len()
    }

    /// Removes all written bytes except for the first `len`.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.memory {
            Memory::Growing { buffer, start, .. } => buffer.truncate(start.saturating_add(len)),
            Memory::Fixed { written, .. } => *written = len.min(*written),
        }
    }
}

/// Shows how many bytes were written and how much room is left, and no bytes.
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

    /// D21: bytes that were in the memory before are neither seen nor passed on, whatever is done to the output.
    #[test]
    fn d21_what_was_left_is_neither_seen_nor_handed_on() {
        const SECRET: &[u8] = b"of another connection";
        #[rustfmt::skip]
        let table: [(&str, fn(&mut Output<'_>), &[u8]); 7] = [
            ("nothing",               |_| (),                                                          b""),
            ("little",                |output| { output.write(b"mine"); },                             b"mine"),
            ("nothing, in a call",    |output| { output.write(b""); },                                 b""),
            ("kept beyond the end",   |output| { output.write(b"mine"); output.truncate(9); },         b"mine"),
            ("kept of nothing",       |output| output.truncate(usize::MAX),                            b""),
            ("taken back, then kept", |output| { output.write(b"mine"); output.truncate(2); output.truncate(4); }, b"mi"),
            ("all and more",          |output| { output.write(&[b'x'; 99]); },                         &[b'x'; SECRET.len()]),
        ];
        for (name, write, expected) in table {
            let mut fixed = SECRET.to_vec();
            let mut output = Output::over(&mut fixed);
            write(&mut output);
            assert_eq!(output.written(), expected, "{name}");
            assert_eq!(output.room(), SECRET.len() - expected.len(), "{name}");
            let mut grown = SECRET.to_vec();
            let mut output = Output::new(&mut grown, SECRET.len());
            write(&mut output);
            assert_eq!(output.written(), expected, "{name}");
            assert_eq!(grown, [SECRET, expected].concat(), "{name}");
        }
    }
}
