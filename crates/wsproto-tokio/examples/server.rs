//! A server that echoes, with what a server on the internet needs: limits, keepalive, compression, and an orderly end.
//!
//! `cargo run -p wsproto-tokio --example server -- 127.0.0.1:9001`, and Ctrl-C to end it.

use std::{sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use wsproto_tokio::{
    AcceptConnection, Config, DeflateConfig, Error, KeepAlive, RejectConnection, Settings, Shutdown,
    accept_with,
};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);

    let keep_alive = KeepAlive { idle: Duration::from_secs(25), patience: Duration::from_secs(20) };
    let settings = Settings::new(
        Config::default().with_max_message_len(16 << 20).with_extension(DeflateConfig::default()),
    );
    let timeouts = settings.timeouts.with_keep_alive(keep_alive).with_write(Duration::from_secs(30));
    let settings = Arc::new(settings.with_timeouts(timeouts));

    let shutdown = Shutdown::spawn();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // No file descriptors, for example: others will be given back.
                    eprintln!("accepting TCP: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            _ = tokio::signal::ctrl_c() => break,
        };
        let (settings, shutdown) = (Arc::clone(&settings), shutdown.clone());
        // A client that is slow or wrong stops nobody else.
        tokio::spawn(async move {
            if let Err(error) = serve(stream, &settings, &shutdown).await {
                eprintln!("{error}");
            }
        });
    }
    let report = shutdown.close_all(Duration::from_secs(10)).await;
    println!("{} connections closed, {} cut", report.closed, report.cut);
    Ok(())
}

async fn serve(stream: TcpStream, settings: &Settings, shutdown: &Shutdown) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let ws = accept_with(stream, settings, |request| match request.path() {
        "/" => Ok(AcceptConnection::new()),
        _ => Err(RejectConnection::new(404).with_text("There is an echo at /\n")),
    })
    .await?;
    let mut ws = shutdown.register(ws);
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}
