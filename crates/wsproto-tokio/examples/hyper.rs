//! An echo server on hyper, over HTTP/1.1 and HTTP/2: `ws://127.0.0.1:9001/`. Other requests get a page.

use http_body_util::Full;
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use wsproto_tokio::hyper::{CONNECTION_WINDOW, STREAM_WINDOW, Upgrade, Upgrading};
use wsproto_tokio::{AcceptConnection, Config, DeflateConfig, Error, Settings};

fn answer(request: &mut Request<Incoming>, settings: &Settings) -> Response<Vec<u8>> {
    let accepted =
        Upgrade::new(request, settings).and_then(|upgrade| upgrade.accept(AcceptConnection::new()));
    match accepted {
        Ok((response, upgrading)) => {
            tokio::spawn(echo(upgrading));
            response
        }
        Err(error) if error.is_ordinary() => Response::new("There is only an echo here.\n".into()),
        Err(error) => error.explained().into_response(),
    }
}

async fn echo(upgrading: Upgrading) -> Result<(), Error> {
    let mut ws = upgrading.await?;
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // All streams of HTTP/2 share the connection's window: an unread stream must not fill it.
    builder
        .http2()
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await; // for example too many open files
            continue;
        };
        let (builder, settings) = (builder.clone(), settings.clone());
        tokio::spawn(async move {
            let service = service_fn(|mut request| {
                let response = answer(&mut request, &settings).map(Full::<Bytes>::from);
                async { Ok::<_, std::io::Error>(response) }
            });
            // A client that leaves isn't worth a report.
            drop(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await);
        });
    }
}
