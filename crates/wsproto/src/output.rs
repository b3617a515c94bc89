//! The output queue: bytes wait here until the transport takes them.

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::{fmt, mem};

use bytes::Bytes;

/// Fewer written bytes than this stay before the waiting ones: it isn't worth moving the waiting ones to the front.
const LEAST_MOVED: usize = 4 << 10;
/// Up to this many bytes of memory are not freed while bytes wait.
const KEPT_CAPACITY: usize = 64 << 10;

/// The bytes that wait to be written, in order: copied bytes, and long payloads that are not copied.
///
/// [`Connection::send`](crate::Connection::send) sends into it. The transport takes some of the bytes, and
/// [`advance`](Self::advance) removes them; [`write_to`](Self::write_to) does both for a stream of the standard
/// library. Memory of written bytes is freed even if the queue is never empty. Use [`len`](Self::len) for
/// back-pressure: a program that stops sending above some length holds at most that length and one message.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{BytesMessage, Config, Connection, OutputQueue, TextMessage};
///
/// let mut server = Connection::open_server(Config::default());
/// let mut queue = OutputQueue::new();
/// server.send(TextMessage::new("Hello"), &mut queue)?;
/// server.send(BytesMessage::new(vec![7; 1 << 20]), &mut queue)?; // not copied
/// assert_eq!(queue.len(), 7 + 10 + (1 << 20));
///
/// assert_eq!(queue.first().len(), 17); // or queue.slices(…), for a vectored write
/// queue.advance(17);
/// assert_eq!(queue.first().len(), 1 << 20);
/// # Ok::<(), wsproto::LocalProtocolError>(())
/// ```
#[derive(Default)]
pub struct OutputQueue {
    /// The copied bytes; `written <= copied.len()`.
    copied: Vec<u8>,
    /// How many bytes at the front of `copied` are written.
    written: usize,
    /// The payloads that are not copied. Most queues never have any.
    apart: Option<Box<Queued>>,
}

/// Payloads that are not copied.
#[derive(Default)]
struct Queued {
    /// From one to the next, `at` never decreases; `written <= at <= copied.len()`.
    pieces: VecDeque<Apart>,
    /// How many bytes all of them have.
    len: usize,
}

/// A payload that is not copied. It is never empty.
struct Apart {
    /// Its place between the bytes of `copied`.
    at: usize,
    bytes: Bytes,
}

impl OutputQueue {
    /// Makes an empty queue, which holds no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { copied: Vec::new(), written: 0, apart: None }
    }

    /// Makes an empty queue that uses the memory of a vector.
    #[must_use]
    pub fn with_memory(mut memory: Vec<u8>) -> Self {
        memory.clear();
        Self { copied: memory, ..Self::new() }
    }

    /// Returns the vector to which [`Connection::send`](crate::Connection::send) and others append bytes. The bytes in
    /// it belong to the queue: don't change them.
    #[inline]
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.copied
    }

    /// Appends bytes without a copy: the payload of a long message.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            let apart = self.apart.get_or_insert_default();
            apart.len = apart.len.saturating_add(bytes.len());
            apart.pieces.push_back(Apart { at: self.copied.len(), bytes });
        }
    }

    /// Returns how many bytes wait.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        let apart = self.apart.as_deref().map_or(0, |apart| apart.len);
        self.copied.len().saturating_sub(self.written).saturating_add(apart)
    }

    /// Returns whether no bytes wait.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether all waiting bytes are copied ones.
    #[inline]
    fn is_in_one_piece(&self) -> bool {
        self.apart.as_deref().is_none_or(|apart| apart.pieces.is_empty())
    }

    /// Returns how many bytes of memory the queue holds, except for payloads that are not copied.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.copied.capacity()
    }

    /// Returns the next bytes to write, up to the end of a contiguous piece; empty where no bytes wait.
    #[inline]
    #[must_use]
    pub fn first(&self) -> &[u8] {
        if self.is_in_one_piece() {
            return self.copied.get(self.written..).unwrap_or_default();
        }
        self.pieces().next().unwrap_or_default()
    }

    /// Fills in slices for a vectored write, as many as there are and fit, and returns their number.
    #[cfg(feature = "std")]
    pub fn slices<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let mut count = 0_usize;
        for (slice, piece) in slices.iter_mut().zip(self.pieces()) {
            *slice = std::io::IoSlice::new(piece);
            count = count.saturating_add(1);
        }
        count
    }

    /// Writes until no bytes wait.
    ///
    /// ```
    /// use wsproto::{Bytes, OutputQueue};
    ///
    /// let mut queue = OutputQueue::new();
    /// queue.buffer().extend_from_slice(b"Hel");
    /// queue.push(Bytes::from_static(b"lo"));
    /// let mut stream = Vec::new();
    /// queue.write_to(&mut stream)?;
    /// assert_eq!((&stream[..], queue.is_empty()), (&b"Hello"[..], true));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of the stream except for [`Interrupted`](std::io::ErrorKind::Interrupted), after which it tries again;
    /// [`WriteZero`](std::io::ErrorKind::WriteZero) where the stream takes no bytes. Unwritten bytes still wait: after
    /// [`WouldBlock`](std::io::ErrorKind::WouldBlock), call it again.
    #[cfg(feature = "std")]
    pub fn write_to(&mut self, stream: &mut impl std::io::Write) -> std::io::Result<()> {
        while !self.is_empty() {
            let outcome = if self.is_in_one_piece() {
                stream.write(self.first())
            } else {
                let mut slices = [std::io::IoSlice::new(&[]); 16];
                let count = self.slices(&mut slices);
                stream.write_vectored(slices.get(..count).unwrap_or_default())
            };
            match outcome {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(len) => self.advance(len),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Returns all waiting bytes, piece by piece.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut from = self.written;
        let apart = self.apart.as_deref();
        let before = apart.into_iter().flat_map(|apart| &apart.pieces).flat_map(move |apart| {
            let copied = self.copied.get(from..apart.at).unwrap_or_default();
            from = apart.at;
            [copied, &apart.bytes[..]]
        });
        let last = apart.and_then(|apart| apart.pieces.back()).map_or(self.written, |apart| apart.at);
        let rest = self.copied.get(last..).unwrap_or_default();
        before.chain([rest]).filter(|piece| !piece.is_empty())
    }

    /// Removes this many written bytes. A number beyond [`len`](Self::len) removes all.
    #[inline]
    pub fn advance(&mut self, len: usize) {
        if self.is_in_one_piece() {
            self.written = self.written.saturating_add(len).min(self.copied.len());
        } else {
            self.advance_over_pieces(len);
        }
        self.give_back();
    }

    fn advance_over_pieces(&mut self, mut len: usize) {
        let Some(queued) = self.apart.as_deref_mut() else { return };
        while let Some(apart) = queued.pieces.front_mut() {
            let copied = apart.at.saturating_sub(self.written).min(len);
            self.written = self.written.saturating_add(copied);
            len = len.saturating_sub(copied);
            if self.written < apart.at {
                return;
            }
            let taken = len.min(apart.bytes.len());
            bytes::Buf::advance(&mut apart.bytes, taken);
            queued.len = queued.len.saturating_sub(taken);
            len = len.saturating_sub(taken);
            if !apart.bytes.is_empty() {
                return;
            }
            queued.pieces.pop_front();
        }
        queued.pieces.shrink_to(4);
        self.written = self.written.saturating_add(len).min(self.copied.len());
    }

    /// Frees memory of written bytes: at once if all are written, otherwise once they are as many as the waiting bytes,
    /// which have to be moved.
    #[inline]
    fn give_back(&mut self) {
        if self.written == self.copied.len() && self.is_in_one_piece() {
            self.copied.clear();
            self.written = 0;
            // The memory for one long message isn't kept for the next, short one.
            if self.copied.capacity() > KEPT_CAPACITY {
                self.copied = Vec::new();
            }
        } else if self.written >= LEAST_MOVED.max(self.copied.len() / 2) {
            self.move_to_front();
        }
    }

    #[cold]
    fn move_to_front(&mut self) {
        self.copied.drain(..self.written);
        for apart in self.apart.iter_mut().flat_map(|queued| &mut queued.pieces) {
            apart.at = apart.at.saturating_sub(self.written);
        }
        self.written = 0;
        if self.copied.capacity() > KEPT_CAPACITY.max(self.copied.len().saturating_mul(4)) {
            self.copied.shrink_to(self.copied.len().saturating_mul(2));
        }
    }

    /// Takes out the next bytes to write, up to the end of a contiguous piece.
    ///
    /// This is for a transport that needs to own its bytes: HTTP/2, `io_uring`. Nothing is copied if the queue is one
    /// piece and none of it was written before.
    ///
    /// ```
    /// use wsproto::OutputQueue;
    ///
    /// let mut queue = OutputQueue::new();
    /// queue.buffer().extend_from_slice(b"Hello");
    /// assert_eq!(queue.take_first().as_deref(), Some(&b"Hello"[..]));
    /// assert_eq!(queue.take_first(), None);
    /// ```
    pub fn take_first(&mut self) -> Option<Bytes> {
        if self.is_empty() {
            return None;
        }
        if self.is_in_one_piece() && self.written == 0 {
            return Some(mem::take(&mut self.copied).into());
        }
        let first = match self.apart.as_deref().and_then(|queued| queued.pieces.front()) {
            Some(apart) if apart.at == self.written => apart.bytes.clone(),
            _ => Bytes::copy_from_slice(self.first()),
        };
        self.advance(first.len());
        Some(first)
    }

    /// Takes the memory out of an empty queue, for another queue to use.
    pub fn take_memory(&mut self) -> Vec<u8> {
        if !self.is_empty() {
            return Vec::new();
        }
        self.apart = None;
        mem::take(&mut self.copied)
    }

    /// Drops the waiting bytes, and frees the memory.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

/// Shows how many bytes wait, and none of them.
impl fmt::Debug for OutputQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutputQueue({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// All waiting bytes, in one piece.
    fn joined(queue: &OutputQueue) -> Vec<u8> {
        queue.pieces().flatten().copied().collect()
    }

    #[test]
    fn bytes_come_out_in_order_however_much_is_written_at_a_time() {
        let pieces: [(&[u8], &'static [u8]); 4] =
            [(b"abc", b"DEFGH"), (b"", b"I"), (b"jk", b""), (b"lmnop", b"QRSTUVW")];
        let mut all = Vec::new();
        for step in 1..30 {
            let mut queue = OutputQueue::new();
            all.clear();
            for (copied, apart) in pieces {
                queue.buffer().extend_from_slice(copied);
                queue.push(Bytes::from_static(apart));
                all.extend_from_slice(copied);
                all.extend_from_slice(apart);
            }
            let mut written = 0;
            while !queue.is_empty() {
                assert_eq!(joined(&queue), &all[written..], "{step} at a time");
                assert!(all[written..].starts_with(queue.first()) && !queue.first().is_empty());
                written = (written + step).min(all.len());
                queue.advance(step);
            }
            assert_eq!((written, queue.first()), (all.len(), &b""[..]), "{step} at a time");
        }
    }

    #[test]
    fn what_is_taken_out_is_what_would_be_written() {
        for written in 0..12 {
            let mut queue = OutputQueue::new();
            queue.buffer().extend_from_slice(b"abc");
            queue.push(Bytes::from_static(b"DEFGH"));
            queue.buffer().extend_from_slice(b"ij");
            queue.advance(written);
            let mut taken = Vec::new();
            while let Some(bytes) = queue.take_first() {
                taken.extend_from_slice(&bytes);
            }
            assert_eq!(taken, b"abcDEFGHij".get(written..).unwrap_or_default(), "after {written}");
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn memory_is_given_back_though_the_queue_is_never_empty() {
        let (mut queue, mut most) = (OutputQueue::new(), 0);
        for _ in 0..1000 {
            queue.buffer().extend_from_slice(&vec![7; 33 << 10]);
            while queue.len() > 32 << 10 {
                queue.advance(1000);
            }
            most = most.max(queue.capacity());
        }
        assert!(!queue.is_empty() && most <= 256 << 10, "{most} bytes");
    }

    #[test]
    fn the_memory_of_a_long_message_is_given_back_and_that_of_short_ones_kept() {
        let mut queue = OutputQueue::new();
        queue.buffer().extend_from_slice(&[7; 1000]);
        queue.advance(1000);
        let kept = queue.capacity();
        assert!(kept >= 1000);
        queue.buffer().extend_from_slice(&vec![7; 1 << 20]);
        queue.advance(1 << 20);
        assert_eq!(queue.capacity(), 0);
    }

    #[test]
    fn to_move_what_waits_costs_no_more_than_what_was_written() {
        // 1 MiB waits all the time. If it were moved for each write, the test would copy 64 GiB and take forever.
        let mut queue = OutputQueue::new();
        queue.buffer().extend_from_slice(&vec![7; 1 << 20]);
        for _ in 0..1 << 16 {
            queue.buffer().extend_from_slice(&[7; 100]);
            queue.advance(100);
        }
        assert_eq!(queue.len(), 1 << 20);
        assert!(queue.capacity() <= 5 << 20);
    }

    #[test]
    fn memory_goes_from_one_queue_to_another_only_where_nothing_waits() {
        let mut queue = OutputQueue::with_memory(Vec::with_capacity(500));
        queue.buffer().push(7);
        assert_eq!(queue.take_memory().capacity(), 0);
        assert_eq!(joined(&queue), [7]);
        queue.advance(1);
        assert!(queue.take_memory().capacity() >= 500);
    }

    /// Takes so many bytes a write, over all slices, or fails as it is told.
    #[cfg(feature = "std")]
    struct Stream {
        most: usize,
        outcomes: Vec<Option<std::io::ErrorKind>>,
        taken: Vec<u8>,
    }

    #[cfg(feature = "std")]
    impl std::io::Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.write_vectored(&[std::io::IoSlice::new(bytes)])
        }

        fn write_vectored(&mut self, slices: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            if let Some(Some(kind)) = self.outcomes.pop() {
                return Err(kind.into());
            }
            let before = self.taken.len();
            self.taken.extend(slices.iter().flat_map(|slice| slice.iter().copied()).take(self.most));
            Ok(self.taken.len() - before)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn all_is_written_however_the_stream_takes_it() {
        use std::io::ErrorKind::{BrokenPipe, Interrupted, WouldBlock, WriteZero};
        for most in 0..20 {
            for outcomes in
                [&[][..], &[None, Some(Interrupted)], &[Some(WouldBlock), None], &[Some(BrokenPipe)]]
            {
                let mut queue = OutputQueue::new();
                for (copied, apart) in [(&b"ab"[..], &b"CDE"[..]), (b"", b"F"), (b"ghi", b"")] {
                    queue.buffer().extend_from_slice(copied);
                    queue.push(Bytes::from_static(apart));
                }
                let mut stream = Stream { most, outcomes: outcomes.to_vec(), taken: Vec::new() };
                let mut outcome = queue.write_to(&mut stream).map_err(|error| error.kind());
                let expected = match (most, outcomes) {
                    (_, [Some(BrokenPipe)]) => Err(BrokenPipe),
                    (0, _) => Err(WriteZero),
                    (9.., [Some(WouldBlock), _]) => Ok(()),
                    (_, [Some(WouldBlock), _]) => Err(WouldBlock),
                    _ => Ok(()),
                };
                assert_eq!(outcome, expected, "{most} at a time, {outcomes:?}");
                if outcome.is_err() && most > 0 {
                    outcome = queue.write_to(&mut stream).map_err(|error| error.kind());
                }
                let done = most > 0;
                assert_eq!((outcome.is_ok(), queue.is_empty()), (done, done), "{most}, {outcomes:?}");
                assert_eq!(stream.taken, if done { &b"abCDEFghi"[..] } else { b"" }, "{most}, {outcomes:?}");
            }
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn slices_are_as_many_as_fit() {
        let mut queue = OutputQueue::new();
        for _ in 0..3 {
            queue.buffer().push(b'a');
            queue.push(Bytes::from_static(b"bc"));
        }
        let mut slices = [std::io::IoSlice::new(b""); 4];
        assert_eq!(queue.slices(&mut slices), 4);
        assert_eq!(slices.iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<_>>(), b"abcabc");
        queue.advance(8);
        let mut slices = [std::io::IoSlice::new(b""); 4];
        assert_eq!((queue.slices(&mut slices), &slices[0][..]), (1, &b"c"[..]));
    }
}
