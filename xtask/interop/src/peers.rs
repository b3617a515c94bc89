//! The peers: which there are, what each can be, and how it is started.

use std::process::Command;

use crate::{
    install::{Installed, Runtime},
    options::Deflate,
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
    /// Whether it can be the server of our client.
    pub(crate) serves: bool,
    /// Whether it takes every parameter of permessage-deflate, and so runs with each combination of them.
    pub(crate) combines: bool,
}

/// All peers, in the order of the tables.
pub(crate) const PEERS: [Peer; 5] = [
    Peer {
        name: "websockets",
        runtime: Runtime::Python,
        file: "websockets_peer.py",
        serves: true,
        combines: true,
    },
    Peer {
        name: "wsproto",
        runtime: Runtime::Python,
        file: "wsproto_peer.py",
        serves: true,
        combines: false,
    },
    Peer {
        name: "aiohttp",
        runtime: Runtime::Python,
        file: "aiohttp_peer.py",
        serves: true,
        combines: false,
    },
    Peer { name: "ws", runtime: Runtime::Node, file: "ws_peer.mjs", serves: true, combines: true },
    Peer {
        name: "chromium",
        runtime: Runtime::Browser,
        file: "chromium_peer.mjs",
        serves: false,
        combines: false,
    },
];

impl Peer {
    /// The command that makes it a server, to be asked on a port that it prints.
    pub(crate) fn server(&self, installed: &Installed, deflate: Deflate) -> Command {
        let mut command = installed.command(self.file);
        command.arg("server").args(deflate.arguments());
        command
    }

    /// The command that makes it a client of a server on loopback.
    pub(crate) fn client(&self, installed: &Installed, deflate: Deflate, port: u16) -> Command {
        let mut command = installed.command(self.file);
        command.args(["client", &format!("ws://127.0.0.1:{port}")]).args(deflate.arguments());
        command
    }
}
