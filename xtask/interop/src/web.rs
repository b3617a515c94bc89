//! Our server in axum: pages, and WebSockets that answer the script's targets, over HTTP/1.1 and HTTP/2.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use axum::{
    Extension, Router,
    http::{Method, StatusCode, Uri, Version, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use wsproto_axum::{Rejection, WebSocketUpgrade};
use wsproto_tokio::{
    Settings,
    hyper::{CONNECTION_WINDOW, STREAM_WINDOW},
};

use crate::{
    script,
    server::{Seen, answer, told},
    socket::{Failure, Socket},
    tls::Tls,
};

/// A connection of TCP, by its number.
#[derive(Clone, Copy, Debug)]
struct Number(usize);

/// Starts a server, over TLS if there are certificates, and returns its port; it ends with the program.
pub(crate) async fn start(settings: Settings, tls: Option<&Tls>) -> io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let acceptor = tls.map(|tls| tls.acceptor(&["h2", "http/1.1"]));
    let (app, numbers) = (app(settings), AtomicUsize::new(1));
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let app = app.clone().layer(Extension(Number(numbers.fetch_add(1, Relaxed))));
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                match acceptor {
                    None => serve(stream, app).await,
                    // A client that trusts somebody else sees so by itself.
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, app).await;
                        }
                    }
                }
            });
        }
    });
    Ok(port)
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, app: Router) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    // How it ends, its client sees.
    let service = TowerToHyperService::new(app);
    drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
}

fn app(settings: Settings) -> Router {
    let script = |text| get(async move || ([(CONTENT_TYPE, "text/javascript")], text));
    let page = || ([(CONTENT_TYPE, "text/html")], include_str!("../peers/page.html"));
    Router::new()
        .route("/", get(async move || page()))
        .route("/page.mjs", script(include_str!("../peers/page.mjs")))
        .route("/script.mjs", script(include_str!("../peers/script.mjs")))
        .route("/web_socket.mjs", script(include_str!("../peers/web_socket.mjs")))
        .route(script::HEALTH_CHECK, get(async || script::HEALTHY))
        .route(script::CONNECTION, any(tell_connection))
        .route(script::FORBIDDEN, any(StatusCode::FORBIDDEN))
        .route(script::FORBIDDEN_WITH_REASON, any((StatusCode::FORBIDDEN, script::REASON)))
        .fallback(upgrade)
        .layer(Extension(settings))
        .layer(Extension(Seen::default()))
}

/// Tells which connection the request came over, and how: a page, or a WebSocket.
async fn tell_connection(
    method: Method,
    version: Version,
    Extension(Number(number)): Extension<Number>,
    Extension(settings): Extension<Settings>,
    upgrade: Result<WebSocketUpgrade, Rejection>,
) -> Response {
    let told = format!("{version:?} {method} {number}");
    match upgrade {
        Err(_) => told.into_response(),
        Ok(upgrade) => upgrade.protocols([script::CHOSEN]).with_settings(settings).on_upgrade(async |ws| {
            let mut socket = Socket::new(ws);
            socket.send(told).await?;
            Err::<(), Failure>(socket.until_closed().await)
        }),
    }
}

/// Does what a target asks for.
async fn upgrade(
    uri: Uri,
    Extension(settings): Extension<Settings>,
    Extension(seen): Extension<Seen>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let target = uri.path().to_owned();
    upgrade.protocols([script::CHOSEN]).with_settings(settings).on_upgrade(async move |ws| {
        let end = answer(ws, &target, &seen).await;
        seen.insert(&target, told(&end));
    })
}
