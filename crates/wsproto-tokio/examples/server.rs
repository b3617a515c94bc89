//! A server that echoes, with the needs of a server on the internet: limits, keepalive, compression, and an orderly
//! end.
//!
//! `cargo run -p wsproto-tokio --example server -- 127.0.0.1:9001`, and Ctrl-C to end it.

use std::{env, io, pin::pin, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use wsproto_tokio::{
    AcceptConnection, Asked, Config, DeflateConfig, Error, KeepAlive, RejectConnection, Settings, Shutdown,
    ShutdownReport, accept_with,
};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let report = serve(listener, async { drop(tokio::signal::ctrl_c().await) }).await;
    println!("{} connections closed, {} cut", report.closed, report.cut);
    Ok(())
}

/// Serves until it is stopped, and then closes all open connections.
pub(crate) async fn serve(listener: TcpListener, stop: impl Future<Output = ()>) -> ShutdownReport {
    let keep_alive = KeepAlive { idle: Duration::from_secs(25), patience: Duration::from_secs(20) };
    let settings = Settings::new(
        Config::default().with_max_message_len(16 << 20).with_extension(DeflateConfig::default()),
    );
    let timeouts = settings.timeouts.with_keep_alive(keep_alive).with_write(Duration::from_secs(30));
    let settings = settings.with_timeouts(timeouts);

    let (shutdown, mut stop) = (Shutdown::spawn(), pin!(stop));
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // For example too many open files; some will be closed again.
                    eprintln!("accepting TCP: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let (settings, shutdown) = (settings.clone(), shutdown.clone());
        // A slow or faulty client must stop no other.
        tokio::spawn(async move {
            if let Err(error) = echo(stream, &settings, &shutdown).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
    drop(listener);
    shutdown.close_all(Duration::from_secs(10)).await
}

async fn echo(stream: TcpStream, settings: &Settings, shutdown: &Shutdown) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let ws = accept_with(stream, settings, |asked| match asked {
        Asked::WebSocket(request) if request.path() != "/" => {
            Err(RejectConnection::new(404).with_text("There is an echo at /\n"))
        }
        Asked::Other(request, _) if request.path() == "/healthz" => {
            Err(RejectConnection::new(200).with_text("fine\n"))
        }
        _ => Ok(AcceptConnection::new()),
    })
    .await?;
    let mut ws = shutdown.register(ws);
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?; // a recv that would wait writes it: one write for each read
    }
    Ok(())
}
