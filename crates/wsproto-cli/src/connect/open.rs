//! From the command line to an open connection.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Config, KeepAlive};
use wsproto_tokio::{Connector, Error, WebSocket};

use super::{Args, watch::watch};
use crate::{
    client::{Heard, Server},
    exit::{Failure, Status},
    streams::Output,
    wire::{Sender, Tap, Tapped},
};

/// TCP, TLS, or a socket of Unix.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What a connection goes over: all that passes is seen.
pub(super) type Stream = Tap<Heard<Box<dyn Io>>, Box<dyn FnMut(Tapped) + Send>>;

/// Makes what connects.
pub(super) fn connector(args: &Args) -> Result<Connector, Failure> {
    let connector = args.client.connector(&args.url, config(args), |settings| {
        let timeouts = *settings.timeouts;
        match args.keepalive {
            Some(idle) => {
                settings.with_timeouts(timeouts.with_keep_alive(KeepAlive { idle, patience: idle }))
            }
            None => settings,
        }
    })?;
    Ok(match &args.proxy {
        Some(proxy) => connector.with_proxy(proxy.clone()),
        None => connector,
    })
}

fn config(args: &Args) -> Config {
    Config::default().with_max_message_len(args.max_message)
}

/// Connects, and does the opening handshake.
pub(super) async fn open(
    args: &Args,
    connector: Connector,
    output: &Output,
) -> Result<(WebSocket<Stream>, AcceptConnection), Failure> {
    let server = Server { url: &args.url, place: args.place(), limit: args.client.timeout };
    let dial = async {
        match args.unix() {
            Some(path) => dial_unix(path, server.limit).await,
            None => connector.dial(&args.url).await.map(|stream| Box::new(stream) as Box<dyn Io>),
        }
    };
    let wire = args.wire.then(|| (output.clone(), config(args)));
    let see: Box<dyn FnMut(Tapped) + Send> = Box::new(watch(wire));
    let tap = |stream| Tap::new(stream, Sender::Client, Instant::now(), see);
    server.open(&connector, dial, tap).await
}

#[cfg(unix)]
async fn dial_unix(path: &Path, limit: Duration) -> Result<Box<dyn Io>, Error> {
    match tokio::time::timeout(limit, tokio::net::UnixStream::connect(path)).await {
        Ok(stream) => Ok(Box::new(stream?)),
        Err(_) => Err(wsproto::Deadline::Connect.into()),
    }
}

#[cfg(not(unix))]
async fn dial_unix(_: &Path, _: Duration) -> Result<Box<dyn Io>, Error> {
    let why = "--unix needs an operating system that has such sockets";
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, why).into())
}

/// Refuses what doesn't fit together.
pub(super) fn check(args: &Args) -> Result<(), Failure> {
    if args.unix().is_some() && args.url.is_secure() {
        return Err(Failure::new(Status::Usage, "--unix goes without TLS: use ws:// in place of wss://"));
    }
    Ok(())
}
