//! The order of data frames: which fragment may follow which.

use crate::{FrameError, FrameHeader, Opcode};

/// Returns the kind of message that a frame belongs to, and the message under way after it.
///
/// `message` is the message under way before the frame: Text, Binary, or `None`. A control frame belongs to no message
/// and may come at any time; the first value is then its own opcode.
///
/// RFC 6455 [§5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)
///
/// # Errors
///
/// [`FrameError::ContinuationWithoutMessage`] and [`FrameError::MessageInterrupted`].
#[inline]
pub(crate) const fn follow(
    message: Option<Opcode>,
    header: &FrameHeader,
) -> Result<(Opcode, Option<Opcode>), FrameError> {
    let kind = match (message, header.opcode) {
        //= rfc6455#5.4-4
        (_, Opcode::Close | Opcode::Ping | Opcode::Pong) => return Ok((header.opcode, message)),
        //= rfc6455#5.4-5, rfc6455#5.4-10, rfc6455#6.2-3, rfc6455#6.2-4
        (None, Opcode::Text | Opcode::Binary) => header.opcode,
        (Some(kind), Opcode::Continuation) => kind,
        //= rfc6455#5.4-11
        (None, Opcode::Continuation) => return Err(FrameError::ContinuationWithoutMessage),
        //= rfc6455#5.4-3
        (Some(_), Opcode::Text | Opcode::Binary) => return Err(FrameError::MessageInterrupted),
    };
    Ok((kind, if header.fin { None } else { Some(kind) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    //= rfc6455#5.4-3, rfc6455#5.4-4, rfc6455#5.4-10, rfc6455#5.4-11
    #[test]
    fn every_state_and_frame() {
        const TEXT: Option<Opcode> = Some(Opcode::Text);
        const BINARY: Option<Opcode> = Some(Opcode::Binary);
        use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
        let ok = Ok::<_, FrameError>;
        let orphan = Err(FrameError::ContinuationWithoutMessage);
        let interrupted = Err(FrameError::MessageInterrupted);
        #[rustfmt::skip]
        let table = [
            // frame                 none                 within a text        within a binary message
            ((Text, true),          [ok((Text, None)),    interrupted,         interrupted]),
            ((Text, false),         [ok((Text, TEXT)),    interrupted,         interrupted]),
            ((Binary, true),        [ok((Binary, None)),  interrupted,         interrupted]),
            ((Binary, false),       [ok((Binary, BINARY)), interrupted,        interrupted]),
            ((Continuation, true),  [orphan,              ok((Text, None)),    ok((Binary, None))]),
            ((Continuation, false), [orphan,              ok((Text, TEXT)),    ok((Binary, BINARY))]),
            ((Ping, true),          [ok((Ping, None)),    ok((Ping, TEXT)),    ok((Ping, BINARY))]),
            ((Pong, true),          [ok((Pong, None)),    ok((Pong, TEXT)),    ok((Pong, BINARY))]),
            ((Close, true),         [ok((Close, None)),   ok((Close, TEXT)),   ok((Close, BINARY))]),
        ];
        for ((opcode, fin), expected) in table {
            let header = FrameHeader { fin, ..FrameHeader::new(opcode, 0) };
            for (message, expected) in [None, TEXT, BINARY].into_iter().zip(expected) {
                assert_eq!(follow(message, &header), expected, "{header:?} within {message:?}");
            }
        }
    }
}
