//! What our side of a connection is made of.

use std::fmt;

/// What our side is made of; each has tables of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stack {
    /// The adapter for tokio over TCP.
    Tcp,
    /// The adapter for tokio over TLS.
    Tls,
    /// A server of axum over HTTP/1.1; clients are those of `Tcp`.
    Axum,
    /// HTTP/2 over TLS: a server of axum, and a client of hyper.
    Http2,
}

impl Stack {
    /// All, in the order of the tables.
    pub(crate) const ALL: [Self; 4] = [Self::Tcp, Self::Tls, Self::Axum, Self::Http2];

    /// A server as titles have it.
    pub(crate) const fn server(self) -> &'static str {
        match self {
            Self::Tcp => "`wsproto-tokio`",
            Self::Tls => "`wsproto-tokio` over TLS",
            Self::Axum => "`wsproto-axum`",
            Self::Http2 => "`wsproto-axum` over TLS and HTTP/2",
        }
    }

    /// A client as titles have it.
    pub(crate) const fn client(self) -> &'static str {
        match self {
            Self::Tcp | Self::Axum => "`wsproto-tokio`",
            Self::Tls => "`wsproto-tokio` over TLS",
            Self::Http2 => "`wsproto-tokio` over TLS and HTTP/2",
        }
    }

    /// Both, with a proxy between them, as titles have it.
    pub(crate) const fn both(self) -> &'static str {
        match self {
            Self::Tcp => "Our client (`wsproto-tokio`) and server (`wsproto-tokio`)",
            Self::Tls => "Our client (`wsproto-tokio` over TLS) and server (`wsproto-tokio`)",
            Self::Axum => "Our client (`wsproto-tokio`) and server (`wsproto-axum`)",
            Self::Http2 => "Our client (`wsproto-tokio` over TLS and HTTP/2) and server (`wsproto-axum`)",
        }
    }

    /// The scheme of a WebSocket's URL.
    pub(crate) const fn scheme(self) -> &'static str {
        if self.is_tls() { "wss" } else { "ws" }
    }

    /// Whether it goes over TLS.
    pub(crate) const fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::Http2)
    }
}

/// As the terminal's table has it.
impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Axum => "axum",
            Self::Http2 => "http2",
        })
    }
}
