//! A chat: every member hears each message. A message is compressed once, for all members.
//!
//! `cargo run --release -p wsproto-tokio --example chat -- [ADDRESS]`

use std::{env, io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    select,
    sync::broadcast::{Sender, channel, error::RecvError},
    time::sleep,
};
use wsproto_tokio::{
    CloseCode, Config, DeflateConfig, Error, KeepAlive, PreparedMessage, Settings, Timeouts, accept,
};

pub(crate) type Room = Sender<Arc<PreparedMessage>>;

/// How many messages are kept for slow members.
const KEPT: usize = 256;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let (room, settings) = (channel(KEPT).0, settings());
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await; // for example too many open files
            continue;
        };
        let (room, settings) = (room.clone(), settings.clone());
        tokio::spawn(async move {
            if let Err(error) = member(stream, &settings, &room).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

pub(crate) fn settings() -> Settings {
    // With context takeover, a member's messages would depend on earlier ones, and would be compressed for each member.
    let deflate = DeflateConfig::default().with_server_no_context_takeover();
    let seconds = Duration::from_secs;
    let timeouts = Timeouts::default()
        .with_handshake(seconds(10))
        .with_close(seconds(5))
        .with_write(seconds(30)) // drops a member that takes nothing for so long
        .with_keep_alive(KeepAlive { idle: seconds(25), patience: seconds(20) });
    let config = Config::default().with_max_message_len(64 << 10).with_extension(deflate);
    Settings::new(config).with_timeouts(timeouts)
}

/// One task serves both directions: `recv` writes what is queued, and loses nothing if the other branch is taken.
pub(crate) async fn member<S>(stream: S, settings: &Settings, room: &Room) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut ws = accept(stream, settings).await?;
    let mut heard = room.subscribe();
    loop {
        select! {
            said = ws.recv() => match said? {
                Some(message) => drop(room.send(Arc::new(PreparedMessage::new(message)?))),
                None => return Ok(()),
            },
            // Above the high-water mark, `feed` waits for the member; the room doesn't.
            heard = heard.recv() => match heard {
                Ok(message) => ws.feed_prepared(&message).await?,
                Err(RecvError::Lagged(missed)) => ws.feed(format!("{missed} messages missed")).await?,
                Err(RecvError::Closed) => return ws.close(CloseCode::GOING_AWAY, "").await.map(drop),
            },
        }
    }
}
