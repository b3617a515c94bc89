//! The port: takes connections, as many as there is room for, until it is told to stop.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{
    http1::{self, Opener},
    site::Site,
};

/// So many connections are served at a time.
const MOST_CONNECTIONS: usize = 128;
/// So many more are told, at a time, that there are too many.
const MOST_DISMISSED: usize = 16;
/// How long one of these may take.
const DISMISSING: Duration = Duration::from_secs(1);

/// What one gets who comes when there are too many.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\
                      Content-Type: text/plain; charset=utf-8\r\nContent-Length: 42\r\n\r\n\
                      Too many connections are open. Come again.";

/// How a connection begins.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// Takes connections, for ever.
pub(super) async fn run(listener: TcpListener, transport: Transport, site: Arc<Site>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let dismissing = Arc::new(Semaphore::new(MOST_DISMISSED));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await; // too many open files, say: that passes
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            // Beyond these few, nobody is told.
            if let Ok(place) = Arc::clone(&dismissing).try_acquire_owned() {
                tokio::spawn(async move {
                    dismiss(stream, BUSY).await;
                    drop(place);
                });
            }
            continue;
        };
        // It only makes messages faster: a stream that can't be told so is none the worse.
        let _ = stream.set_nodelay(true);
        let (site, transport) = (Arc::clone(&site), transport.clone());
        tokio::spawn(async move {
            serve(&site, stream, transport).await;
            drop(place);
        });
    }
}

async fn serve(site: &Arc<Site>, stream: TcpStream, transport: Transport) {
    match transport {
        // What a peer does wrong it is told; there is nobody else to tell.
        Transport::Plain => drop(http1::serve(site, stream, Opener::Client).await),
        #[cfg(feature = "tls")]
        Transport::Tls(acceptor) => super::tls::serve(site, stream, acceptor).await,
    }
}

/// Says something to a client whose request isn't looked at, and reads on for a moment: one that still sends when the
/// stream is closed would lose what it was told.
pub(super) async fn dismiss(mut stream: TcpStream, answer: &[u8]) {
    let exchange = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let mut ignored = [0; 4096];
        while stream.read(&mut ignored).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // It may be gone already.
    let _ = timeout(DISMISSING, exchange).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_busy_server_is_as_long_as_it_says() {
        let answer = str::from_utf8(BUSY).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    }
}
