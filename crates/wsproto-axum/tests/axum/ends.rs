//! A server with axum's router, and clients, over streams in memory.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http_body_util::Empty;
use hyper::{body::Bytes, client::conn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::io::{DuplexStream, duplex};
use wsproto_axum::{
    CloseReport, Config, DeflateConfig, Error, Rejection, Settings, Shutdown, Upgraded, WebSocket,
    WebSocketUpgrade,
    wsproto_tokio::{
        Request,
        hyper::{CONNECTION_WINDOW, ClientUpgrade, STREAM_WINDOW, connect_enabled},
    },
};

/// The outcomes of a server's WebSockets, or the reasons why they didn't open.
pub(crate) type Ends = Arc<Mutex<Vec<Result<CloseReport, Error>>>>;

/// A server's program, with records for the test.
#[derive(Clone, Default)]
pub(crate) struct Program {
    pub(crate) ends: Ends,
    pub(crate) shutdown: Option<Shutdown>,
}

impl Program {
    pub(crate) fn router(&self) -> Router {
        let [echo, fields, failing, own, shutdown] = [(); 5].map(|()| self.clone());
        Router::new()
            .route("/echo", any(move |ws: WebSocketUpgrade| async move { echo.echo(ws) }))
            .route(
                "/fields",
                any(move |ws: WebSocketUpgrade| async move { fields.echo(ws.with_header("X-A", "1")) }),
            )
            .route(
                "/failing",
                any(move |ws: WebSocketUpgrade| async move { failing.echo(ws.with_header("Upgrade", "a")) }),
            )
            .route("/own", any(move |ws: WebSocketUpgrade| async move { own.only_own(ws) }))
            .route("/closed", any(move |ws: WebSocketUpgrade| async move { shutdown.closable(ws) }))
            .route(
                "/dropped",
                any(|ws: WebSocketUpgrade| async { ws.on_upgrade(async |mut ws| drop(ws.recv().await)) }),
            )
            .route(
                "/changed",
                any(|ws: WebSocketUpgrade| async {
                    (axum::http::StatusCode::OK, ws.on_upgrade(async |_| {}))
                }),
            )
            .route("/only-get", get(|ws: WebSocketUpgrade| async { ws.on_upgrade(async |_| {}) }))
            .route("/page", any(page))
    }

    /// Echoes with compression, and records the outcome.
    fn echo(self, ws: WebSocketUpgrade) -> Response {
        let (ends, failed) = (Arc::clone(&self.ends), self.ends);
        ws.with_deflate(DeflateConfig::default())
            .protocols(["chat.v2", "chat.v1"])
            .on_failed_upgrade(move |error| failed.lock().unwrap().push(Err(error)))
            .on_upgrade(async move |ws| {
                let end = echo(ws).await;
                ends.lock().unwrap().push(end);
            })
    }

    fn only_own(self, ws: WebSocketUpgrade) -> Result<Response, Rejection> {
        if ws.request().path() == "/own" {
            Ok(self.echo(ws.allow_same_host()?))
        } else {
            Ok("another page".into_response())
        }
    }

    fn closable(self, ws: WebSocketUpgrade) -> Response {
        let shutdown = self.shutdown.clone().unwrap();
        self.echo(ws.with_shutdown(&shutdown))
    }
}

/// A page and a WebSocket at the same path.
async fn page(ws: Option<WebSocketUpgrade>) -> Response {
    match ws {
        Some(ws) => ws.on_upgrade(echo),
        None => "a page\n".into_response(),
    }
}

/// The loop of most programs.
async fn echo(mut ws: WebSocket<Upgraded>) -> Result<CloseReport, Error> {
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(ws.close_report())
}

/// Serves a connection; returns the client's end of the stream.
pub(crate) fn serve(router: Router) -> DuplexStream {
    let (client, server) = duplex(1 << 16);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    tokio::spawn(async move {
        let service = TowerToHyperService::new(router);
        // Clients may end in any way.
        drop(builder.serve_connection_with_upgrades(TokioIo::new(server), service).await);
    });
    client
}

pub(crate) fn settings() -> Settings {
    Settings::new(Config::default().with_extension(DeflateConfig::default()))
}

/// Opens a WebSocket over HTTP/1.1.
pub(crate) async fn over_http1(stream: DuplexStream, asks: Request) -> Result<WebSocket<Upgraded>, Error> {
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let (request, upgrade) = ClientUpgrade::http1(&settings(), asks)?;
    upgrade.receive(sender.send_request(request.map(|()| Empty::<Bytes>::new())).await).await
}

pub(crate) type Sender = conn::http2::SendRequest<Empty<Bytes>>;

pub(crate) async fn http2_client(stream: DuplexStream) -> Sender {
    let builder = conn::http2::Builder::new(TokioExecutor::new());
    let (sender, mut connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    connect_enabled(&mut connection, &settings()).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Opens a WebSocket over HTTP/2.
pub(crate) async fn over_http2(sender: &Sender, asks: Request) -> Result<WebSocket<Upgraded>, Error> {
    let (request, upgrade) = ClientUpgrade::connect(&settings(), asks, "https")?;
    upgrade.receive(sender.clone().send_request(request.map(|()| Empty::new())).await).await
}

/// Waits until a condition holds, at most as long as a busy machine needs.
pub(crate) async fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    tokio::time::timeout(Duration::from_secs(20), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .is_ok()
}

/// Lets an endless future run for a while.
pub(crate) async fn soon<F: Future>(future: F) -> Option<F::Output> {
    tokio::time::timeout(Duration::from_secs(2), future).await.ok()
}
