//! An echo server on threads. A slow handshake delays no other client, and a connection that can't be accepted ends
//! nothing.
//!
//! `cargo run --release -p wsproto-blocking --example blocking_echo_server -- [ADDRESS]`

use std::{
    env, io,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use wsproto_blocking::{
    AcceptConnection, Asked, Config, DeflateConfig, Error, KeepAlive, RejectConnection, Settings, Timeouts,
    accept_with,
};

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001"))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    serve(listener.incoming(), &settings());
    Ok(())
}

pub(crate) fn settings() -> Settings {
    let seconds = Duration::from_secs;
    let timeouts = Timeouts::default()
        .with_handshake(seconds(10))
        .with_close(seconds(5))
        .with_write(seconds(30))
        .with_keep_alive(KeepAlive { idle: seconds(25), patience: seconds(20) });
    let config = Config::default().with_explained_rejections().with_extension(DeflateConfig::default());
    Settings::new(config).with_timeouts(timeouts)
}

/// Accepts connections, and gives each a thread, which also does the opening handshake.
pub(crate) fn serve(connections: impl Iterator<Item = io::Result<TcpStream>>, settings: &Settings) {
    for connection in connections {
        let settings = settings.clone();
        let started = connection.and_then(|stream| {
            thread::Builder::new().spawn(move || {
                if let Err(error) = echo(stream, settings) {
                    eprintln!("client: {error}");
                }
            })
        });
        if let Err(error) = started {
            // For example too many files or threads: that passes, but an immediate retry would keep the processor busy.
            eprintln!("accept: {error}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn echo(stream: TcpStream, settings: Settings) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut ws = accept_with(stream, settings, |asked| match asked {
        Asked::Other(request, _) if request.path() == "/healthz" => {
            Err(RejectConnection::new(200).with_text("fine\n"))
        }
        _ => Ok(AcceptConnection::new()),
    })?;
    while let Some(message) = ws.read()? {
        ws.feed(message)?; // a read that would wait writes it: one write for each read
    }
    Ok(())
}
