//! Memory for bytes to send.

use alloc::vec::Vec;
use core::ops::{DerefMut, Range};

use bytes::BytesMut;

use crate::Output;

/// Memory to which bytes to send are appended: a `Vec<u8>`, or a [`BytesMut`], as the codecs of tokio-util use it.
///
/// Only these two types implement it. Its methods are for authors of other WebSocket stacks.
///
/// ```
/// use bytes::BytesMut;
/// use wsproto_extensions::WriteBuffer;
///
/// fn hello(out: &mut impl WriteBuffer) {
///     out.append(b"Hello");
/// }
///
/// let (mut vec, mut bytes) = (Vec::new(), BytesMut::new());
/// hello(&mut vec);
/// hello(&mut bytes);
/// assert_eq!(vec, bytes);
/// ```
pub trait WriteBuffer: DerefMut<Target = [u8]> + sealed::Sealed {
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]);

    /// Appends a copy of bytes that it holds already. A range beyond them appends nothing.
    fn append_from_within(&mut self, range: Range<usize>);

    /// Appends the bytes that `write` appends to a vector: to this one if it is a vector, or to another one.
    fn append_with<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R;

    /// Reserves memory for this many more bytes.
    fn reserve(&mut self, additional: usize);

    /// Removes all bytes except for the first `len`.
    fn truncate(&mut self, len: usize);

    /// Returns an output for an extension.
    fn output(&mut self) -> Output<'_>;

    /// Removes bytes. Later bytes move up.
    fn remove(&mut self, range: Range<usize>) {
        let end = range.end.min(self.len());
        let kept = self.len().saturating_sub(end.saturating_sub(range.start));
        if range.start < end {
            self.copy_within(end.., range.start);
            self.truncate(kept);
        }
    }
}

impl WriteBuffer for Vec<u8> {
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn append_from_within(&mut self, range: Range<usize>) {
        if self.get(range.clone()).is_some() {
            self.extend_from_within(range);
        }
    }

    #[inline]
    fn append_with<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        write(self)
    }

    #[inline]
    fn reserve(&mut self, additional: usize) {
        Self::reserve(self, additional);
    }

    #[inline]
    fn truncate(&mut self, len: usize) {
        Self::truncate(self, len);
    }

    #[inline]
    fn output(&mut self) -> Output<'_> {
        Output::new(self, usize::MAX)
    }
}

impl WriteBuffer for BytesMut {
    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn append_from_within(&mut self, range: Range<usize>) {
        let len = self.len();
        if self.get(range.clone()).is_some() {
            self.resize(len.saturating_add(range.len()), 0);
            self.copy_within(range, len);
        }
    }

    fn append_with<R>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let mut bytes = Vec::new();
        let outcome = write(&mut bytes);
        self.extend_from_slice(&bytes);
        outcome
    }

    #[inline]
    fn reserve(&mut self, additional: usize) {
        Self::reserve(self, additional);
    }

    #[inline]
    fn truncate(&mut self, len: usize) {
        Self::truncate(self, len);
    }

    #[inline]
    fn output(&mut self) -> Output<'_> {
        Output::to_shared(self)
    }
}

mod sealed {
    use alloc::vec::Vec;

    use bytes::BytesMut;

    pub trait Sealed {}

    impl Sealed for Vec<u8> {}
    impl Sealed for BytesMut {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the result of a change to `abcdef`.
    fn left(mut start: impl WriteBuffer, change: &dyn Fn(&mut dyn Changes)) -> Vec<u8> {
        start.append(b"abcdef");
        change(&mut start);
        start.to_vec()
    }

    /// The methods of both types that the table tests.
    trait Changes {
        fn within(&mut self, range: Range<usize>);
        fn with(&mut self, bytes: &[u8]);
        fn without(&mut self, range: Range<usize>);
        fn written(&mut self, bytes: &[u8]);
    }

    impl<B: WriteBuffer> Changes for B {
        fn within(&mut self, range: Range<usize>) {
            self.append_from_within(range);
        }
        fn with(&mut self, bytes: &[u8]) {
            self.reserve(bytes.len());
            self.append_with(|out| out.extend_from_slice(bytes));
        }
        fn without(&mut self, range: Range<usize>) {
            self.remove(range);
        }
        fn written(&mut self, bytes: &[u8]) {
            let mut output = self.output();
            assert_eq!((output.room(), output.write(bytes)), (usize::MAX - 6, bytes.len()));
            assert_eq!(output.written(), bytes);
            output.truncate(1);
        }
    }

    #[test]
    fn both_kinds_do_the_same() {
        #[rustfmt::skip]
        let table: [(&str, &dyn Fn(&mut dyn Changes), &[u8]); 12] = [
            ("within",            &|out| out.within(1..3),  b"abcdefbc"),
            ("all of it",         &|out| out.within(0..6),  b"abcdefabcdef"),
            ("nothing of it",     &|out| out.within(6..6),  b"abcdef"),
            ("beyond it",         &|out| out.within(5..7),  b"abcdef"),
            ("with",              &|out| out.with(b"gh"),   b"abcdefgh"),
            ("without the first", &|out| out.without(0..2), b"cdef"),
            ("without the last",  &|out| out.without(4..6), b"abcd"),
            ("without any",       &|out| out.without(0..6), b""),
            ("without none",      &|out| out.without(3..3), b"abcdef"),
            ("without beyond",    &|out| out.without(5..9), b"abcde"),
            ("without far away",  &|out| out.without(8..9), b"abcdef"),
            ("written",           &|out| out.written(b"gh"), b"abcdefg"),
        ];
        for (name, change, expected) in table {
            assert_eq!(left(Vec::new(), change), expected, "{name}");
            assert_eq!(left(BytesMut::new(), change), expected, "{name}, BytesMut");
        }
    }

    #[test]
    fn both_make_room_before_they_are_written_to() {
        let (mut vec, mut bytes) = (Vec::new(), BytesMut::new());
        WriteBuffer::reserve(&mut vec, 1000);
        WriteBuffer::reserve(&mut bytes, 1000);
        assert!(vec.capacity() >= 1000 && bytes.capacity() >= 1000);
    }
}
