//! The peers: which there are, what each can be, and how it is started.

use std::{path::Path, process::Command};

use crate::{
    installed::{Installed, Runtime},
    options::Deflate,
    stack::Stack::{self, Axum, Http2, Tcp, Tls},
};

/// Software of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Its name on the command line and in the tables.
    pub(crate) name: &'static str,
    /// What runs it.
    pub(crate) runtime: Runtime,
    /// Its file in the folder peers.
    file: &'static str,
    /// What it can be a client of our server with.
    pub(crate) asks: &'static [Stack],
    /// What it can be the server of our client with.
    pub(crate) serves: &'static [Stack],
    /// Whether it takes every parameter of permessage-deflate, and so runs with each combination of them.
    pub(crate) combines: bool,
}

/// All peers, in the order of the tables.
pub(crate) const PEERS: [Peer; 7] = [
    Peer {
        name: "websockets",
        runtime: Runtime::Python,
        file: "websockets_peer.py",
        asks: &[Tcp, Tls, Axum],
        serves: &[Tcp, Tls],
        combines: true,
    },
    Peer {
        name: "wsproto",
        runtime: Runtime::Python,
        file: "wsproto_peer.py",
        asks: &[Tcp, Tls],
        serves: &[Tcp, Tls],
        combines: false,
    },
    Peer {
        name: "aiohttp",
        runtime: Runtime::Python,
        file: "aiohttp_peer.py",
        asks: &[Tcp, Tls, Axum],
        serves: &[Tcp, Tls],
        combines: false,
    },
    Peer {
        name: "ws",
        runtime: Runtime::Node,
        file: "ws_peer.mjs",
        asks: &[Tcp, Tls, Axum],
        serves: &[Tcp, Tls],
        combines: true,
    },
    Peer {
        name: "undici",
        runtime: Runtime::Node,
        file: "undici_peer.mjs",
        asks: &[Tcp, Tls, Axum],
        serves: &[],
        combines: false,
    },
    Peer {
        name: "chromium",
        runtime: Runtime::Browser,
        file: "chromium_peer.mjs",
        asks: &[Tcp, Http2],
        serves: &[],
        combines: false,
    },
    Peer {
        name: "http2",
        runtime: Runtime::Node,
        file: "http2_peer.mjs",
        asks: &[],
        serves: &[Http2],
        combines: false,
    },
];

impl Peer {
    /// The command that makes it a server, to be asked on a port that it prints. Certificates stand in a folder.
    pub(crate) fn server(
        &self,
        installed: &Installed,
        stack: Stack,
        deflate: Deflate,
        certificates: &Path,
    ) -> Command {
        let mut command = installed.command(self.file);
        command.arg("server").args(deflate.arguments());
        if stack.is_tls() {
            command.arg("--tls").arg(certificates);
        }
        command
    }

    /// The command that makes it a client of a server on loopback.
    pub(crate) fn client(
        &self,
        installed: &Installed,
        stack: Stack,
        deflate: Deflate,
        port: u16,
        certificates: &Path,
    ) -> Command {
        let mut command = installed.command(self.file);
        command.args(["client", &format!("{}://127.0.0.1:{port}", stack.scheme())]);
        command.args(deflate.arguments());
        if stack.is_tls() {
            command.arg("--tls").arg(certificates);
        }
        command
    }
}
