//! A chat over several processes that Redis joins: every member hears each message, whatever process it is connected
//! to.
//!
//! `cargo run -p wsproto-tokio --example chat_redis -- 127.0.0.1:9001 redis://127.0.0.1/`

use std::{env, sync::Arc, time::Duration};

use futures_util::StreamExt;
use redis::{AsyncCommands, aio::MultiplexedConnection};
use tokio::sync::broadcast::{Receiver, channel, error::RecvError};
use tokio::{net::TcpListener, net::TcpStream, select, time::sleep};
use wsproto_tokio::{
    CloseCode, Config, DeflateConfig, Message, PreparedMessage, Settings, Shutdown, TextMessage, accept,
};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, redis] = &arguments[..] else { return Err("usage: chat_redis ADDRESS REDIS_URL".into()) };
    serve(TcpListener::bind(address).await?, redis).await
}

/// Serves until Redis is gone; then it closes all connections: the members may find another process.
pub(crate) async fn serve(listener: TcpListener, redis: &str) -> Result<(), AnyError> {
    let redis = redis::Client::open(redis)?;
    let mut subscription = redis.get_async_pubsub().await?;
    subscription.subscribe("chat").await?;
    let (mut heard, publisher) =
        (subscription.into_on_message(), redis.get_multiplexed_async_connection().await?);
    println!("listening on ws://{}/", listener.local_addr()?);

    // The members of this process share a channel: each message is read and compressed once.
    let (room, shutdown) = (channel(256).0, Shutdown::spawn());
    let deflate = DeflateConfig::default().with_server_no_context_takeover();
    let settings = Settings::new(Config::default().with_max_message_len(64 << 10).with_extension(deflate));
    loop {
        select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let member = member(stream, settings.clone(), shutdown.clone(), publisher.clone(), room.subscribe());
                    tokio::spawn(async { member.await.inspect_err(|error| eprintln!("{error}")) });
                }
                Err(_) => sleep(Duration::from_millis(50)).await, // for example too many open files
            },
            message = heard.next() => {
                let Some(message) = message else { break };
                let text = String::from_utf8_lossy(message.get_payload_bytes()).into_owned();
                drop(room.send(Arc::new(PreparedMessage::new(TextMessage::new(text))?)));
            }
        }
    }
    shutdown.close_all(Duration::from_secs(5)).await;
    Err("Redis is gone".into())
}

async fn member(
    stream: TcpStream,
    settings: Settings,
    shutdown: Shutdown,
    mut publisher: MultiplexedConnection,
    mut heard: Receiver<Arc<PreparedMessage>>,
) -> Result<(), AnyError> {
    let mut ws = shutdown.register(accept(stream, &settings).await?);
    loop {
        select! {
            said = ws.recv() => match said? {
                Some(Message::Text(text)) => publisher.publish("chat", text.as_str()).await?,
                Some(_) => return Ok(ws.close(CloseCode::UNSUPPORTED_DATA, "text only").await.map(drop)?),
                None => return Ok(()),
            },
            heard = heard.recv() => match heard {
                Ok(message) => ws.feed_prepared(&message).await?,
                Err(RecvError::Lagged(missed)) => ws.feed(format!("{missed} messages missed")).await?,
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}
