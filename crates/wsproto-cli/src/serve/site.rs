//! What all connections of the server share.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use wsproto::{Config, DeflateConfig, KeepAlive, PreparedMessage, Settings, Timeouts};
use wsproto_tokio::Shutdown;

use super::{guard::Guard, sessions::Sessions};

/// The most connections at a time. Each WebSocket over HTTP/2 counts as one more.
const MOST_CONNECTIONS: usize = 128;

/// The number of messages of the chat that are kept for slow members.
const CHAT_KEPT: usize = 64;

/// The longest message that may come: twice the longest one of the page.
const LONGEST_MESSAGE: u64 = 2 << 20;
/// The most frames of a message: enough for each test suite, and few enough to be shown.
const MOST_FRAMES: u64 = 10_000;

/// What all connections of the server share.
pub(super) struct Site {
    pub(super) guard: Guard,
    pub(super) sessions: Sessions,
    pub(super) chat: broadcast::Sender<Arc<PreparedMessage>>,
    pub(super) shutdown: Shutdown,
    places: Arc<Semaphore>,
    settings: Settings,
}

impl Site {
    /// Makes it, inside of a runtime.
    pub(super) fn new(guard: Guard) -> Self {
        Self {
            guard,
            sessions: Sessions::default(),
            chat: broadcast::channel(CHAT_KEPT).0,
            shutdown: Shutdown::spawn(),
            places: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            settings: settings(),
        }
    }

    /// Takes a place for a connection, if one is free.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Returns the settings of all connections: they are needed before a request is read.
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }
}

fn settings() -> Settings {
    // With context takeover each member's messages of the chat would depend on those before, and be compressed for
    // each.
    let deflate = DeflateConfig::default().with_server_no_context_takeover();
    let config = Config::default()
        .with_explained_rejections()
        .with_max_message_len(LONGEST_MESSAGE)
        .with_max_fragments(MOST_FRAMES)
        .with_extension(deflate);
    let seconds = Duration::from_secs;
    let timeouts = Timeouts::default()
        .with_handshake(seconds(10))
        .with_close(seconds(5))
        .with_write(seconds(30))
        .with_keep_alive(KeepAlive { idle: seconds(45), patience: seconds(20) });
    Settings::new(config).with_timeouts(timeouts)
}
