//! Streams that another program may have made non-blocking: a terminal or a pipe is shared, and so is that.

use std::{
    io::{self, Read, Write},
    thread,
    time::Duration,
};

/// How long a stream that has nothing, or takes nothing, is left alone.
const PAUSE: Duration = Duration::from_millis(5);

/// A stream that waits where another one would say that it would block.
pub(crate) struct Patient<S>(pub(crate) S);

impl<S: Read> Read for Patient<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        patiently(|| self.0.read(buffer))
    }
}

impl<S: Write> Write for Patient<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        patiently(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(|| self.0.flush())
    }
}

/// Tries again until it is done, or fails.
fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Says each of these in turn.
    struct Moody(VecDeque<Result<usize, io::ErrorKind>>);

    impl Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.pop_front().unwrap_or(Ok(bytes.len())).map_err(Into::into)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.write(&[]).map(drop)
        }
    }

    #[test]
    fn only_what_passes_is_waited_for() {
        use io::ErrorKind::{BrokenPipe, Interrupted, StorageFull, WouldBlock};
        let table = [
            (vec![], Ok(5)),
            (vec![Err(WouldBlock), Err(Interrupted), Err(WouldBlock), Ok(3)], Ok(3)),
            (vec![Err(WouldBlock), Err(BrokenPipe)], Err(BrokenPipe)),
            (vec![Err(StorageFull)], Err(StorageFull)),
        ];
        for (moods, expected) in table {
            let mut stream = Patient(Moody(moods.clone().into()));
            assert_eq!(stream.write(b"hello").map_err(|error| error.kind()), expected, "{moods:?}");
        }
    }
}
