//! Our server: answers the script's targets.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use wsproto_tokio::{AcceptConnection, Incoming, RejectConnection, Request, Settings, WebSocket};

use crate::{
    script,
    socket::{Failure, Socket},
    stack::Stack,
    tls::Tls,
    web,
};

/// How each target's last connection ended, as `/saw/TARGET` tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<HashMap<String, String>>>);

impl Seen {
    pub(crate) fn insert(&self, target: &str, how: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(target.to_owned(), how);
    }

    fn of(&self, target: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(target).cloned()
    }
}

/// Starts a server and returns its port; it ends with the program.
pub(crate) async fn start(stack: Stack, settings: Settings, tls: &Tls) -> io::Result<u16> {
    match stack {
        Stack::Axum => return web::start(settings, None).await,
        Stack::Http2 => return web::start(settings, Some(tls)).await,
        Stack::Tcp | Stack::Tls => {}
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let acceptor = (stack == Stack::Tls).then(|| tls.acceptor(&["http/1.1"]));
    let seen = Seen::default();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let (settings, seen, acceptor) = (settings.clone(), seen.clone(), acceptor.clone());
            tokio::spawn(async move {
                match acceptor {
                    None => serve(stream, &settings, &seen).await,
                    // A client that trusts somebody else sees so by itself.
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, &settings, &seen).await;
                        }
                    }
                }
            });
        }
    });
    Ok(port)
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, settings: &Settings, seen: &Seen) {
    // A client that breaks a rule of the handshake was told so; there is no target to remember it by.
    let Ok(incoming) = Incoming::receive(stream, settings).await else {
        return;
    };
    let target = incoming.request().target().to_owned();
    if let Some(reject) = rejection(&target) {
        // Its client sees how that ends, and nobody asks us.
        drop(incoming.reject(reject).await);
        return;
    }
    let accept = consent(incoming.request());
    let end = match incoming.accept(accept).await {
        Ok(ws) => answer(ws, &target, seen).await,
        Err(error) => error.into(),
    };
    seen.insert(&target, told(&end));
}

/// The answer to a request that is to be rejected.
fn rejection(target: &str) -> Option<RejectConnection> {
    match target {
        script::FORBIDDEN => Some(RejectConnection::new(403)),
        script::FORBIDDEN_WITH_REASON => Some(RejectConnection::new(403).with_text(script::REASON)),
        _ => None,
    }
}

fn consent(request: &Request) -> AcceptConnection {
    let accept = AcceptConnection::new();
    if request.subprotocols().any(|offered| offered == script::CHOSEN) {
        accept.with_subprotocol(script::CHOSEN)
    } else {
        accept
    }
}

/// An end as `/saw/TARGET` tells it.
pub(crate) fn told(end: &Failure) -> String {
    match end {
        Failure::Closed { code, reason } => format!("{code} {reason}"),
        other => format!("no Close: {other}"),
    }
}

/// Does what a target asks for, and returns how the connection ended.
pub(crate) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    ws: WebSocket<S>,
    target: &str,
    seen: &Seen,
) -> Failure {
    let mut socket = Socket::new(ws);
    let (task, rest) =
        target.trim_start_matches('/').split_once('/').unwrap_or((target.trim_start_matches('/'), ""));
    let done = match task {
        "echo" => return echo(&mut socket).await,
        "fragments" => socket.send_fragments(script::FRAGMENTED).await,
        "ping" => match socket.ping(script::PING).await {
            Ok(()) => socket.send("pong").await,
            Err(failure) => Err(failure),
        },
        "close" => return socket.close(script::CLOSE_BY_SERVER).await,
        "abort" => return Failure::Closed { code: script::ABNORMAL, reason: String::new() },
        "saw" => socket.send(seen.of(&format!("/{rest}")).unwrap_or_else(|| " ".to_owned())).await,
        _ => Ok(()),
    };
    match done {
        Ok(()) => socket.until_closed().await,
        Err(failure) => failure,
    }
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>) -> Failure {
    loop {
        let message = match socket.message().await {
            Ok(message) => message,
            Err(end) => return end,
        };
        if let Err(end) = socket.send(message).await {
            return end;
        }
    }
}
