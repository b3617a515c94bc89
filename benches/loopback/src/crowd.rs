//! Ten thousand connections to the adapter for tokio, compressed, with mixed traffic and then none: the server's memory
//! over time.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use wsproto_tokio::{
    Config, Connector, DeflateConfig, Error, KeepAlive, Message, Settings, WebSocket, accept,
};

use crate::Server;
use crate::child::Child;
use crate::peers::serve_on;

pub(crate) const SERVER: Server = Server { name: "crowd", serve };

/// Files of a process that are no connections.
const OTHER_FILES: u64 = 64;
/// How many connections are opened at a time, and how many of them talk at a time.
const AT_A_TIME: usize = 100;
/// How long there is traffic, and how long there is none afterwards, in seconds.
const TALK: u64 = 10;
const SILENCE: u64 = 6;

fn settings() -> Settings {
    // A connection that is silent for this long is pinged and parked.
    let keep_alive = KeepAlive { idle: Duration::from_secs(2), patience: Duration::from_secs(30) };
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    let timeouts = settings.timeouts.with_keep_alive(keep_alive);
    settings.with_timeouts(timeouts)
}

/// An echo server.
fn serve(listener: TcpListener) -> io::Result<()> {
    raise_limit()?;
    let settings = Arc::new(settings());
    serve_on(tokio::runtime::Builder::new_current_thread().enable_time(), listener, |stream| {
        let settings = Arc::clone(&settings);
        async move {
            let echo = async {
                let mut ws = accept(stream, &settings).await?;
                while let Some(message) = ws.recv().await? {
                    ws.feed(message).await?;
                }
                Ok::<(), Error>(())
            };
            // The clients end without a Close. An earlier end is their error.
            let _ended = echo.await;
        }
    })
}

/// Opens so many connections, or as many as the file limit allows, and prints the server's memory each second.
pub(crate) fn run(wanted: usize) -> io::Result<()> {
    let limit = raise_limit()?.saturating_sub(OTHER_FILES);
    let count = wanted.min(usize::try_from(limit).unwrap_or(usize::MAX));
    let child = Child::start(&SERVER)?;
    let empty = resident(&child)?;
    println!(
        "{count} of {wanted} connections, permessage-deflate with context takeover; the server without: {empty} KiB"
    );
    println!("second  messages  resident KiB  bytes a connection");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut clients = Vec::new();
        while clients.len() < count {
            let batch = (clients.len()..count).take(AT_A_TIME).map(|_| open(child.port));
            for client in join_all(batch).await {
                clients.push(client?);
            }
        }
        // The clients answer Pings only while they are polled, so their tasks must read.
        let begun = Instant::now();
        for second in 0..TALK + SILENCE {
            let mut messages = 0;
            if second < TALK {
                // Each second another tenth talks; one in ten of them sends 16 KiB.
                let tenth = clients.iter_mut().skip(usize::try_from(second % 10).unwrap_or(0)).step_by(10);
                let mut talkers: Vec<_> = tenth.collect();
                for (place, group) in talkers.chunks_mut(AT_A_TIME).enumerate() {
                    let len = if place % 10 == 0 { 16 << 10 } else { 1 << 10 };
                    for outcome in join_all(group.iter_mut().map(|ws| exchange(ws, len))).await {
                        outcome?;
                        messages += 1;
                    }
                }
            }
            let end = begun + Duration::from_secs(second + 1);
            tokio::select! {
                () = sleep_until(end) => {}
                () = read_all(&mut clients) => {}
            }
            let now = resident(&child)?;
            let each = (now.saturating_sub(empty) << 10) / count.max(1) as u64;
            println!("{:>6} {messages:>9} {now:>13} {each:>19}", second + 1);
        }
        Ok(())
    })
}

async fn open(port: u16) -> io::Result<WebSocket<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    let connector = Connector::new().with_settings(settings.without_timeouts());
    let (ws, _) = connector.connect_over(stream, "ws://localhost/").await.map_err(io::Error::other)?;
    Ok(ws)
}

/// Sends a message, half of them text, and awaits its echo.
async fn exchange(ws: &mut WebSocket<TcpStream>, len: usize) -> io::Result<()> {
    let item = |n: usize| format!("{{\"id\":{n},\"name\":\"user {n}\"}},");
    let text = (0..len / 24).map(item).collect::<Vec<_>>().concat();
    let sent = if len > 1 << 10 { Message::binary(text.into_bytes()) } else { Message::from(text) };
    ws.send(sent.clone()).await.map_err(io::Error::other)?;
    match ws.recv().await.map_err(io::Error::other)? {
        Some(echo) if echo == sent => Ok(()),
        other => Err(io::Error::other(format!("{} bytes came back", other.map_or(0, |echo| echo.len())))),
    }
}

/// Answers Pings; it never ends, since no message comes.
async fn read_all(clients: &mut [WebSocket<TcpStream>]) {
    join_all(clients.iter_mut().map(WebSocket::recv)).await;
}

/// Sets the limit on open files as high as the system lets, and returns it.
fn raise_limit() -> io::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum.unwrap_or(u64::MAX))
}

/// Returns the memory of the server that is in use, in KiB.
fn resident(child: &Child) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().map_err(io::Error::other)
}
