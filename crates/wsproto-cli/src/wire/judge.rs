//! The judge of one direction: a connection in the role of the receiver.

use std::{slice, sync::Arc};

use wsproto::{Config, Connection, Event, RemoteProtocolError, Role};

use super::agreement::Agreement;

/// Receives the bytes of a direction, and finds the byte at which a rule is certainly broken.
///
/// A connection doesn't report which byte of a piece broke the rule. So a second connection gets each piece once the
/// first has accepted it. When the first fails, the second gets the same piece byte by byte. That costs twice the work,
/// and memory for two windows of DEFLATE. Without a broken rule, no piece is received byte by byte.
pub(super) struct Judge {
    ahead: Connection,
    behind: Connection,
    /// A copy of the piece: payloads are unmasked in place.
    piece: Vec<u8>,
}

/// A broken rule, and the place of the offending byte in the piece.
pub(super) struct Fault {
    pub(super) index: usize,
    pub(super) error: RemoteProtocolError,
}

impl Judge {
    /// Makes the judge of the bytes that `receiver` gets once the connection is open.
    pub(super) fn new(receiver: Role, config: &Arc<Config>, agreement: &Agreement) -> Self {
        let open = || match receiver {
            Role::Server => Connection::open_server(Arc::clone(config)),
            Role::Client => Connection::open_client(Arc::clone(config)),
        };
        let open = || open().with_extensions(agreement.pipeline(receiver));
        Self { ahead: open(), behind: open(), piece: Vec::new() }
    }

    /// Receives the next piece, and passes each event to `see`.
    pub(super) fn receive(&mut self, piece: &[u8], see: impl FnMut(Event<'_>)) -> Result<(), Fault> {
        let Err(error) = drain(&mut self.ahead, &mut self.piece, piece, see) else {
            let outcome = drain(&mut self.behind, &mut self.piece, piece, |_| ());
            debug_assert!(outcome.is_ok(), "both connections are the same");
            return Ok(());
        };
        let fails = |byte| drain(&mut self.behind, &mut self.piece, slice::from_ref(byte), |_| ()).is_err();
        let index = piece.iter().position(fails);
        debug_assert!(index.is_some(), "both connections are the same");
        Err(Fault { index: index.unwrap_or_else(|| piece.len().saturating_sub(1)), error })
    }
}

fn drain(
    connection: &mut Connection,
    copy: &mut Vec<u8>,
    piece: &[u8],
    mut see: impl FnMut(Event<'_>),
) -> Result<(), RemoteProtocolError> {
    copy.clear();
    copy.extend_from_slice(piece);
    let mut rest = &mut copy[..];
    while let Some(event) = connection.receive(&mut rest)? {
        see(event);
    }
    Ok(())
}
