//! What both sides agreed to in the opening handshake.

use alloc::{boxed::Box, string::String, vec::Vec};

use wsproto_handshake::AcceptConnection;

/// The subprotocol and the extensions in use (RFC 6455 §4.1). Without either it owns no memory.
#[derive(Default)]
pub(crate) struct Agreement(Option<Box<Agreed>>);

struct Agreed {
    subprotocol: Option<String>,
    extensions: Vec<String>,
}

impl Agreement {
    pub(crate) fn of(accept: &AcceptConnection) -> Self {
        if accept.subprotocol.is_none() && accept.extensions.is_empty() {
            return Self::default();
        }
        let AcceptConnection { subprotocol, extensions, .. } = accept;
        Self(Some(Box::new(Agreed { subprotocol: subprotocol.clone(), extensions: extensions.clone() })))
    }

    pub(crate) fn subprotocol(&self) -> Option<&str> {
        self.0.as_ref()?.subprotocol.as_deref()
    }

    pub(crate) fn extensions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|agreed| agreed.extensions.iter().map(String::as_str))
    }
}
