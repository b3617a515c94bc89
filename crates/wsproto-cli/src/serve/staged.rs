//! Connections of the server to itself, in memory: their client does what a browser can't.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWriteExt, DuplexStream, copy, duplex, sink, split},
    time::timeout,
};
use wsproto::{
    Config, DeflateConfig, Role, Settings,
    testing::{Needs, Violation},
};
use wsproto_tokio::{Connector, Error};

use super::{http1, sessions::Place, site::Site};

/// How much the client waits for the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key of the examples in RFC 6455 §5.7.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What is to be seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scene {
    /// A rule broken.
    Violation(Violation),
    /// A text in two frames, cut inside of a character: that is allowed (RFC 6455 §5.4, §8.1).
    SplitCharacter,
}

impl Scene {
    /// What the page calls it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Violation(violation) => violation.name(),
            Self::SplitCharacter => "split-character",
        }
    }

    fn config(self) -> Config {
        match self {
            Self::Violation(violation) if violation.needs() != Needs::NoCompression => {
                Config::default().with_extension(DeflateConfig::default())
            }
            _ => Config::default(),
        }
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Violation(violation) => violation.bytes(Role::Client),
            Self::SplitCharacter => {
                let (start, end) = "A crab \u{1f980} in two frames".as_bytes().split_at(9);
                let frames = [masked(0x01, start), masked(0x80, end), masked(0x88, b"\x03\xe8")];
                frames.concat()
            }
        }
    }

    const fn ends_stream(self) -> bool {
        matches!(self, Self::Violation(violation) if violation.ends_stream())
    }
}

/// Plays a scene to its end.
pub(super) async fn run(site: Arc<Site>, place: Place, scene: Scene) {
    let (client, server) = duplex(64 << 10);
    let opener = http1::Opener::Staged(place, scene);
    // How it ended, the page has seen.
    let _ = tokio::join!(http1::serve(&site, server, opener), timeout(PATIENCE, play(client, scene)));
}

/// The client: a sound handshake, then the bytes, and all that the server answers.
async fn play(io: DuplexStream, scene: Scene) -> Result<(), Error> {
    let connector = Connector::new().with_settings(Settings::new(scene.config()));
    let (ws, _) = connector.connect_over(io, "ws://localhost/echo").await?;
    let Ok((io, _)) = ws.into_parts() else { return Ok(()) };
    let (mut reader, mut writer) = split(io);
    let write = async {
        writer.write_all(&scene.bytes()).await?;
        if scene.ends_stream() { writer.shutdown().await } else { Ok(()) }
    };
    let read = async { copy(&mut reader, &mut sink()).await.map(drop) };
    // The server may end before it has read all.
    let _ = tokio::join!(write, read);
    Ok(())
}

/// A short frame of a client.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap_or(0) | 0x80;
    let masked = payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key);
    [first, len].into_iter().chain(KEY).chain(masked).collect()
}
