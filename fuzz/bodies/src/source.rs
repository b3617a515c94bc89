//! The bytes of a run, which are taken off the front as choices.

/// The bytes that decide a run. Once they are used up, zeros follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    rest: &'a [u8],
}

impl<'a> Source<'a> {
    /// Makes a source of the bytes of a run.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns whether all bytes are used up.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes a byte.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *byte
    }

    /// Takes a byte as eight choices.
    pub(crate) fn choices(&mut self) -> Choices {
        Choices(self.byte())
    }

    /// Takes two bytes as a number, the more significant one first.
    pub(crate) fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// Takes at most this many bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(most).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Takes the rest.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// Eight choices in a byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices(u8);

impl Choices {
    /// Returns whether a choice is made. The first choice is the lowest bit.
    pub(crate) const fn has(self, number: u32) -> bool {
        self.0 >> number & 1 == 1
    }

    /// Returns all of them as a number.
    pub(crate) const fn get(self) -> u8 {
        self.0
    }
}
