//! A server and its clients, over streams in memory.

use std::{
    convert::Infallible,
    future::Future,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use http_body_util::{Empty, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};
use wsproto_tokio::{
    AcceptConnection, CloseReport, Config, DeflateConfig, Error, Settings, WebSocket,
    hyper::{
        CONNECTION_WINDOW, ClientUpgrade, STREAM_WINDOW, Upgrade, UpgradeError, Upgraded, Upgrading,
        connect_enabled,
    },
    wsproto::check_same_host,
};

/// How many bytes the streams in memory hold.
pub(crate) const CAPACITY: usize = 1 << 16;

pub(crate) type Body = Full<Bytes>;
pub(crate) type Sender = conn::http2::SendRequest<Empty<Bytes>>;
/// The outcome of each WebSocket of a server.
pub(crate) type Ends = mpsc::UnboundedReceiver<Result<CloseReport, Error>>;

pub(crate) fn settings() -> Settings {
    Settings::new(Config::default().with_extension(DeflateConfig::default()).with_explained_rejections())
}

/// A server as the documentation shows it.
pub(crate) fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let mut http2 = builder.http2();
    http2
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}

/// Serves a connection; returns the client's end of the stream.
pub(crate) fn serve<F, Fut>(builder: auto::Builder<TokioExecutor>, answer: F) -> DuplexStream
where
    F: Fn(Request<Incoming>) -> Fut + Send + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    let (client, server) = duplex(CAPACITY);
    tokio::spawn(async move {
        let service = service_fn(move |request| {
            let answer = answer(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        // Clients may end in any way.
        drop(builder.serve_connection_with_upgrades(TokioIo::new(server), service).await);
    });
    client
}

/// Serves a connection of the program [`chat`]; also returns the outcomes of its WebSockets.
pub(crate) fn serve_chat(builder: auto::Builder<TokioExecutor>) -> (DuplexStream, Ends) {
    let (ended, ends) = mpsc::unbounded_channel();
    let stream = serve(builder, move |mut request| {
        let response = match chat(&mut request) {
            Ok((response, upgrading)) => {
                if let Some(upgrading) = upgrading {
                    let (path, ended) = (request.uri().path().to_owned(), ended.clone());
                    tokio::spawn(async move {
                        // The test may no longer listen.
                        drop(ended.send(run(&path, upgrading).await));
                    });
                }
                response
            }
            Err(error) => error.into_response(),
        };
        async move { response.map(Full::from) }
    });
    (stream, ends)
}

/// A page of the same host is accepted, and gets a subprotocol in the server's order.
fn chat(request: &mut Request<Incoming>) -> Result<(Response<Vec<u8>>, Option<Upgrading>), UpgradeError> {
    let upgrade = Upgrade::new(request, &settings())?;
    if upgrade.origin().is_some()
        && let Err(foreign) = check_same_host(&upgrade)
    {
        return Ok((upgrade.reject(&foreign.rejection())?, None));
    }
    let mut accept = AcceptConnection::new();
    accept.subprotocol = upgrade.choose_subprotocol(&["chat.v2", "chat.v1"]).map(String::from);
    let (response, upgrading) = upgrade.accept(accept)?;
    Ok((response, Some(upgrading)))
}

async fn run(path: &str, upgrading: Upgrading) -> Result<CloseReport, Error> {
    let mut ws = upgrading.await?;
    match path {
        "/stalled" => std::future::pending().await,
        "/left" => tokio::time::sleep(Duration::from_secs(3)).await,
        "/dropped" => drop(ws.recv().await?),
        "/flood" => loop {
            ws.send(noise(10_000)).await?;
        },
        _ => {
            while let Some(message) = ws.recv().await? {
                ws.feed(message).await?;
            }
        }
    }
    Ok(ws.close_report())
}

/// A client of HTTP/2 with a server that supports extended CONNECTs.
pub(crate) async fn http2_client(stream: DuplexStream) -> Sender {
    let builder = conn::http2::Builder::new(TokioExecutor::new());
    let (sender, mut connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    connect_enabled(&mut connection, &settings()).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Opens a WebSocket over HTTP/2.
pub(crate) async fn open(sender: &Sender, path: &str) -> WebSocket<Upgraded> {
    let asks = wsproto_tokio::Request::new("example.com", path);
    ask(sender, asks, &settings()).await.unwrap()
}

pub(crate) async fn ask(
    sender: &Sender,
    asks: wsproto_tokio::Request,
    settings: &Settings,
) -> Result<WebSocket<Upgraded>, Error> {
    let (request, upgrade) = ClientUpgrade::connect(settings, asks, "https")?;
    let response = sender.clone().send_request(request.map(|()| Empty::new())).await;
    upgrade.receive(response).await
}

/// Waits at most as long as any of this takes on a busy machine.
pub(crate) async fn soon<F: Future>(future: F) -> Option<F::Output> {
    tokio::time::timeout(Duration::from_secs(2), future).await.ok()
}

/// Bytes that can't be compressed, different each time.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    static STATE: AtomicU32 = AtomicU32::new(1);
    let mut state = STATE.fetch_add(0x9e37_79b9, Ordering::Relaxed);
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..len).map(step).collect()
}
