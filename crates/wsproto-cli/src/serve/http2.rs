//! Connections of HTTP/2, by hyper: a WebSocket is a stream of an extended CONNECT (RFC 8441).

use std::{convert::Infallible, io::Cursor, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, Response,
    header::{CONTENT_LENGTH, HOST},
};
use http_body_util::Full;
use hyper::{body::Incoming, ext::Protocol, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, join, split},
    time::timeout,
};
use wsproto::{AcceptConnection, Connection, RejectConnection, Upgrade};
use wsproto_tokio::{
    Error, WebSocket,
    hyper::{CONNECTION_WINDOW, STREAM_WINDOW},
};

use super::{
    assets,
    endpoints::{self, Shown},
    http1::looker,
    listener::BUSY,
    observer::{About, Observer},
    route::{self, Endpoint},
    sessions::Place,
    site::Site,
};
use crate::wire::{Field, Handshake, Sender};

/// So many requests of a connection are served at a time.
const MOST_STREAMS: u32 = 32;

/// How long a client may take to say what it says first, and hyper to hand out the stream of an answered request.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client says first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a connection to its end.
pub(super) async fn serve<S>(site: &Arc<Site>, mut io: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // hyper would wait for it for ever; once it has come, hyper asks a silent client whether it lives.
    let mut preface = [0; PREFACE.len()];
    let Ok(Ok(_)) = timeout(PATIENCE, io.read_exact(&mut preface)).await else { return };
    let (reader, writer) = split(io);
    let io = join(Cursor::new(preface).chain(reader), writer);
    let service = service_fn(|request| {
        let site = Arc::clone(site);
        async move { Ok::<_, Infallible>(answer(&site, request)) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(Duration::from_secs(45))
        .keep_alive_timeout(Duration::from_secs(20));
    // What a peer does wrong it is told; there is nobody else to tell.
    let _ = builder.serve_connection(TokioIo::new(io), service).await;
}

fn answer(site: &Arc<Site>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.extensions().get::<Protocol>().is_some() {
        let mut response = open(site, request).map(Full::from);
        if !response.status().is_success() {
            assets::add_safety(response.headers_mut());
        }
        return response;
    }
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = authority.or_else(|| request.headers().get(HOST)?.to_str().ok()).unwrap_or_default();
    let answer = route::plain(site, request.method().as_str(), request.uri().path(), host);
    plain_response(answer, request.method())
}

fn plain_response(answer: RejectConnection, method: &Method) -> Response<Full<Bytes>> {
    let len = answer.content.len();
    let body = if method == Method::HEAD { Full::default() } else { Full::from(answer.content) };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_LENGTH, len.into());
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in &answer.headers {
        // Those of an upgrade are of HTTP/1.1 only.
        if let (Ok(name), Ok(value)) =
            (http::HeaderName::try_from(name), http::HeaderValue::from_bytes(value))
            && name != http::header::UPGRADE
        {
            response.headers_mut().append(name, value);
        }
    }
    assets::add_safety(response.headers_mut());
    response
}

/// Answers a request for a WebSocket.
fn open(site: &Arc<Site>, mut request: Request<Incoming>) -> Response<Vec<u8>> {
    let settings = site.settings();
    let protocol = request.extensions().get::<Protocol>().map(|protocol| protocol.as_str().to_owned());
    let limits = &settings.config.handshake;
    let upgrade = match Upgrade::from_http_within(limits, &request, protocol.as_deref()) {
        Ok(upgrade) => upgrade,
        Err(error) => return error.explained().response.into_http(),
    };
    let decided =
        route::open(site, &upgrade).and_then(|endpoint| Ok((endpoint, looker(site, endpoint, &upgrade)?)));
    // Many WebSockets share a connection here: each takes a place, as a connection of HTTP/1.1 does.
    let taken = site.place().ok_or_else(|| RejectConnection::new(503).with_text(BUSY));
    let decided = decided.and_then(|decided| Ok((decided, taken?)));
    let ((endpoint, place), taken) = match decided {
        Ok(decided) => decided,
        Err(no) => {
            let refused = upgrade.reject(&no);
            return refused
                .map_or_else(|error| error.response.into_http(), wsproto::UpgradeResponse::into_http);
        }
    };
    let (response, connection) = match upgrade.accept(Arc::clone(&settings.config), AcceptConnection::new()) {
        Ok(accepted) => accepted,
        Err(error) => return error.explained().response.into_http(),
    };
    let response = response.into_http();
    let heads = [request_head(&request, protocol.as_deref()), response_head(&response)];
    let (observer, shown) = observe(site, endpoint, place, heads, &connection);
    let (site, stream) = (Arc::clone(site), hyper::upgrade::on(&mut request));
    tokio::spawn(async move {
        let Ok(Ok(stream)) = timeout(PATIENCE, stream).await else { return Err(Error::Closed) };
        let tap = observer.tap(TokioIo::new(stream));
        let ws = WebSocket::from_upgraded(tap, connection, b"", site.settings());
        let ended = endpoints::run(&site, endpoint, ws, shown).await;
        drop(taken);
        ended
    });
    response
}

fn observe(
    site: &Site,
    endpoint: Endpoint,
    place: Option<Place>,
    heads: [Handshake; 2],
    connection: &Connection,
) -> (Observer, Shown) {
    let observer = Observer::default();
    let Some(place) = place else {
        observer.hide();
        return (observer, Shown::default());
    };
    let shown = Shown::to_page(endpoint, &place);
    let extensions = connection.extensions().collect::<Vec<_>>().join(", ");
    observer.show_open(place, &About::of_page(endpoint), &site.settings().config, heads, &extensions);
    (observer, shown)
}

fn request_head(request: &Request<Incoming>, protocol: Option<&str>) -> Handshake {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let pseudo = [
        (":method", Some(request.method().as_str())),
        (":protocol", protocol),
        (":scheme", uri.scheme_str()),
        (":authority", uri.authority().map(http::uri::Authority::as_str)),
        (":path", Some(path)),
    ];
    head(Sender::Client, &pseudo, request.headers())
}

fn response_head(response: &Response<Vec<u8>>) -> Handshake {
    head(Sender::Server, &[(":status", Some(response.status().as_str()))], response.headers())
}

fn head(from: Sender, pseudo: &[(&str, Option<&str>)], headers: &HeaderMap) -> Handshake {
    let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
    let pseudo = pseudo.iter().filter_map(|(name, value)| Some(field(name, (*value)?)));
    let others =
        headers.iter().map(|(name, value)| field(name.as_str(), &String::from_utf8_lossy(value.as_bytes())));
    Handshake { at: 0, from, version: "HTTP/2", text: String::new(), fields: pseudo.chain(others).collect() }
}
