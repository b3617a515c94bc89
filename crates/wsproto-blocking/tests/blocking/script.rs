//! A stream that follows a script.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
};

/// The result of the next call of a kind; after the last one, a read ends and a write takes everything.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    Bytes(Vec<u8>),
    /// A write takes so many bytes.
    Take(usize),
    Fail(ErrorKind),
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) reads: VecDeque<Do>,
    pub(crate) writes: VecDeque<Do>,
    pub(crate) written: Vec<u8>,
    /// How many writes took bytes.
    pub(crate) count: usize,
    /// Whether the stream was flushed after the last write.
    pub(crate) flushed: bool,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reads.pop_front() {
            None => Ok(0),
            Some(Do::Fail(kind)) => Err(kind.into()),
            Some(Do::Take(_)) => unreachable!("a read takes nothing"),
            Some(Do::Bytes(mut bytes)) => {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                bytes.drain(..len);
                if !bytes.is_empty() {
                    self.reads.push_front(Do::Bytes(bytes));
                }
                Ok(len)
            }
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = match self.writes.pop_front() {
            Some(Do::Fail(kind)) => return Err(kind.into()),
            Some(Do::Take(len)) => len.min(bytes.len()),
            _ => bytes.len(),
        };
        self.written.extend_from_slice(&bytes[..len]);
        self.count += 1;
        self.flushed = false;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}
