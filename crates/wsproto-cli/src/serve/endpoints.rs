//! What the WebSockets of this server do, once they are open.

use std::{future::pending, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::broadcast::{Receiver, error::RecvError},
};
use wsproto::{CloseCode, Message, PreparedMessage};
use wsproto_tokio::{Error, WebSocket};

use super::{
    looking,
    route::Endpoint,
    sessions::{Place, Session},
    site::Site,
};

/// The longest message of the chat, in bytes.
const LONGEST_SAID: usize = 4 << 10;

/// Who looks at a connection.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) session: Option<Arc<Session>>,
    /// Where its page asks for Pings.
    pub(super) pings: Option<Receiver<()>>,
}

impl Shown {
    /// Shows a page its own connection.
    pub(super) fn to_page(endpoint: Endpoint, place: &Place) -> Self {
        let pings = (endpoint == Endpoint::Echo).then(|| place.session.pings.subscribe());
        Self { session: Some(Arc::clone(&place.session)), pings }
    }
}

/// Runs an open WebSocket to its end.
pub(super) async fn run<S>(
    site: &Arc<Site>,
    endpoint: Endpoint,
    ws: WebSocket<S>,
    shown: Shown,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let ws = site.shutdown.register(ws);
    match endpoint {
        Endpoint::Echo => echo(ws, shown).await,
        Endpoint::Chat => chat(site, ws).await,
        Endpoint::Wire => looking::run(site, ws).await,
    }
}

/// Answers each message with itself.
async fn echo<S>(mut ws: WebSocket<S>, mut shown: Shown) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut count = 0_u64;
    loop {
        select! {
            said = ws.recv() => match said? {
                Some(message) => ws.feed(message).await?,
                None => return Ok(()),
            },
            () = asked(&mut shown.pings) => {
                count = count.saturating_add(1);
                ws.ping(format!("ping {count}").as_bytes()).await?;
            }
        }
        // The page sees all: the echo waits for it.
        if let Some(session) = &shown.session {
            session.queue.room().await;
        }
    }
}

/// Waits until the page asks for a Ping.
async fn asked(pings: &mut Option<Receiver<()>>) {
    let Some(receiver) = pings else { return pending().await };
    if receiver.recv().await == Err(RecvError::Closed) {
        *pings = None;
        pending::<()>().await;
    }
}

/// Tells all what one says; each message is compressed once.
async fn chat<S>(site: &Site, mut ws: WebSocket<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard = site.chat.subscribe();
    loop {
        select! {
            said = ws.recv() => match said? {
                Some(Message::Text(text)) if text.len() <= LONGEST_SAID => {
                    // There is one who hears at least: who said it.
                    drop(site.chat.send(Arc::new(PreparedMessage::new(Message::Text(text))?)));
                }
                Some(Message::Text(_)) => {
                    return ws.close(CloseCode::MESSAGE_TOO_BIG, "at most 4096 bytes").await.map(drop);
                }
                Some(_) => return ws.close(CloseCode::UNSUPPORTED_DATA, "text only").await.map(drop),
                None => return Ok(()),
            },
            heard = heard.recv() => match heard {
                Ok(message) => ws.feed_prepared(&message).await?,
                Err(RecvError::Lagged(missed)) => ws.feed(format!("({missed} messages missed)")).await?,
                Err(RecvError::Closed) => return ws.close(CloseCode::GOING_AWAY, "").await.map(drop),
            },
        }
    }
}
