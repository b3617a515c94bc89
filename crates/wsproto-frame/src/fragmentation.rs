//! The order of data frames: which fragment may follow which.

use crate::{FrameError, FrameHeader, Opcode};

/// Which message is under way in one direction.
///
/// RFC 6455 [§5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fragmentation {
    /// None: the next data frame begins a message.
    #[default]
    Idle,
    /// A text message, with more fragments to come.
    Text,
    /// A binary message, with more fragments to come.
    Binary,
}

impl Fragmentation {
    /// Returns what is under way after a frame with this header.
    ///
    /// Control frames may come at any time and change nothing.
    ///
    /// # Errors
    ///
    /// [`FrameError::ContinuationWithoutMessage`] and [`FrameError::MessageInterrupted`].
    ///
    /// ```
    /// use wsproto_frame::{Fragmentation, FrameError, FrameHeader, Opcode};
    ///
    /// let text = FrameHeader::new(Opcode::Text, 3).unfinished();
    /// let state = Fragmentation::Idle.after(&text)?;
    /// assert_eq!(state, Fragmentation::Text);
    /// assert_eq!(state.after(&text), Err(FrameError::MessageInterrupted));
    /// assert_eq!(state.after(&FrameHeader::new(Opcode::Continuation, 0))?, Fragmentation::Idle);
    /// # Ok::<(), FrameError>(())
    /// ```
    #[inline]
    pub const fn after(self, header: &FrameHeader) -> Result<Self, FrameError> {
        let open = match (self, header.opcode) {
            //= rfc6455#5.4-4
            (_, Opcode::Close | Opcode::Ping | Opcode::Pong) => return Ok(self),
            //= rfc6455#5.4-5, rfc6455#5.4-10
            (Self::Idle, Opcode::Text) | (Self::Text, Opcode::Continuation) => Self::Text,
            (Self::Idle, Opcode::Binary) | (Self::Binary, Opcode::Continuation) => Self::Binary,
            //= rfc6455#5.4-11
            (Self::Idle, Opcode::Continuation) => return Err(FrameError::ContinuationWithoutMessage),
            //= rfc6455#5.4-3
            (Self::Text | Self::Binary, Opcode::Text | Opcode::Binary) => {
                return Err(FrameError::MessageInterrupted);
            }
        };
        Ok(if header.fin { Self::Idle } else { open })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= rfc6455#5.4-3, rfc6455#5.4-4, rfc6455#5.4-10, rfc6455#5.4-11
    #[test]
    fn every_state_and_frame() {
        use Fragmentation::{Binary, Idle, Text};
        let (ok, orphan, interrupted) = (
            Ok::<_, FrameError>,
            Err(FrameError::ContinuationWithoutMessage),
            Err(FrameError::MessageInterrupted),
        );
        #[rustfmt::skip]
        let table = [
            // frame                         Idle         Text          Binary
            ((Opcode::Text, true),           [ok(Idle),   interrupted,  interrupted]),
            ((Opcode::Text, false),          [ok(Text),   interrupted,  interrupted]),
            ((Opcode::Binary, true),         [ok(Idle),   interrupted,  interrupted]),
            ((Opcode::Binary, false),        [ok(Binary), interrupted,  interrupted]),
            ((Opcode::Continuation, true),   [orphan,     ok(Idle),     ok(Idle)]),
            ((Opcode::Continuation, false),  [orphan,     ok(Text),     ok(Binary)]),
            ((Opcode::Ping, true),           [ok(Idle),   ok(Text),     ok(Binary)]),
            ((Opcode::Pong, true),           [ok(Idle),   ok(Text),     ok(Binary)]),
            ((Opcode::Close, true),          [ok(Idle),   ok(Text),     ok(Binary)]),
        ];
        for ((opcode, fin), expected) in table {
            let header = FrameHeader { fin, ..FrameHeader::new(opcode, 0) };
            for (state, expected) in [Idle, Text, Binary].into_iter().zip(expected) {
                assert_eq!(state.after(&header), expected, "{state:?}, {header:?}");
            }
        }
    }
}
