//! The bytes of a session's connections, for its file: the last ones, in bounded memory.

use std::collections::VecDeque;

#[cfg(feature = "tls")]
use crate::wire::Handshake;
use crate::wire::{Tapped, session::Recorder};

/// So long is the file of one connection at most, in bytes.
const MOST_OF_ONE: usize = 6 << 20;
/// So long are the files of all connections of a session together.
const MOST_OF_ALL: usize = 12 << 20;
/// So many connections are kept.
const MOST_CONNECTIONS: usize = 32;
/// What an entry of a file has besides its bytes, about.
const PER_ENTRY: usize = 48;

/// The last connections of a session.
#[derive(Default)]
pub(super) struct Recordings {
    of: VecDeque<Recording>,
    /// How many there were.
    count: u32,
    closed: bool,
}

struct Recording {
    number: u32,
    recorder: Recorder,
    /// How long its file is, about.
    len: usize,
}

impl Recordings {
    /// Begins a connection; returns its number, from 1.
    pub(super) fn begin(&mut self) -> u32 {
        self.count = self.count.saturating_add(1);
        if !self.closed {
            let recorder = Recorder::new(MOST_OF_ONE);
            self.of.push_back(Recording { number: self.count, recorder, len: 0 });
            self.make_room();
        }
        self.count
    }

    /// Keeps what has passed.
    pub(super) fn keep(&mut self, number: u32, tapped: &Tapped) {
        let Some(recording) = self.of.iter_mut().find(|recording| recording.number == number) else { return };
        if let Tapped::Bytes(chunk) = tapped {
            let len = chunk.bytes.len().saturating_mul(2).saturating_add(PER_ENTRY);
            recording.len = recording.len.saturating_add(len).min(MOST_OF_ONE);
        }
        recording.recorder.record(tapped);
        self.make_room();
    }

    /// Keeps a handshake that isn't among the bytes.
    #[cfg(feature = "tls")]
    pub(super) fn opened(&mut self, number: u32, heads: &[Handshake; 2], extensions: &str) {
        let Some(recording) = self.of.iter_mut().find(|recording| recording.number == number) else { return };
        for head in heads {
            recording.recorder.handshake(head);
        }
        recording.recorder.open(std::time::Duration::ZERO, extensions, None);
    }

    /// Returns what is kept of a connection as a file that `explain` reads.
    pub(super) fn file(&self, number: u32) -> Option<Vec<u8>> {
        let recording = self.of.iter().find(|recording| recording.number == number)?;
        let mut file = Vec::new();
        recording.recorder.write(&mut file).ok()?;
        Some(file)
    }

    /// Forgets all, and keeps nothing more.
    pub(super) fn close(&mut self) {
        *self = Self { closed: true, ..Self::default() };
    }

    fn make_room(&mut self) {
        let total = |of: &VecDeque<Recording>| of.iter().map(|recording| recording.len).sum::<usize>();
        while self.of.len() > MOST_CONNECTIONS || total(&self.of) > MOST_OF_ALL {
            self.of.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::wire::{Chunk, Sender};

    fn chunk(len: usize) -> Tapped {
        Tapped::Bytes(Chunk { at: Duration::ZERO, from: Sender::Client, bytes: Bytes::from(vec![0; len]) })
    }

    #[test]
    fn one_connection_is_cut_where_it_is_too_long() {
        let mut recordings = Recordings::default();
        let number = recordings.begin();
        for _ in 0..40 {
            recordings.keep(number, &chunk(100 << 10));
        }
        let file = recordings.file(number).unwrap();
        assert!(file.len() < MOST_OF_ONE + (MOST_OF_ONE >> 3), "{}", file.len());
        assert!(String::from_utf8(file).unwrap().contains(r#""kind":"gap""#));
    }

    #[test]
    fn the_oldest_connections_go_first() {
        let mut recordings = Recordings::default();
        for number in 1..=3 {
            assert_eq!(recordings.begin(), number);
            for _ in 0..50 {
                recordings.keep(number, &chunk(50 << 10));
            }
        }
        let kept = |recordings: &Recordings, number| recordings.file(number).is_some();
        assert!(!kept(&recordings, 1) && kept(&recordings, 2) && kept(&recordings, 3));
        for _ in 0..MOST_CONNECTIONS {
            recordings.begin();
        }
        assert!(!kept(&recordings, 3) && kept(&recordings, 4));
        recordings.close();
        let number = recordings.begin();
        recordings.keep(number, &chunk(1));
        assert!(!kept(&recordings, number));
    }
}
