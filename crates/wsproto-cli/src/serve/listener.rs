//! The port: takes connections, as many as there is room for, until it is told to stop.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{
    assets,
    http1::{self, Opener},
    site::Site,
};

/// So many more are told, at a time, that there are too many.
const MOST_DISMISSED: usize = 16;
/// How long one of these may take.
const DISMISSING: Duration = Duration::from_secs(1);

/// The answer when there is no place left.
pub(super) const BUSY: &str = "Too many connections are open. Come again.\n";

/// How a connection begins.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// Takes connections, for ever.
pub(super) async fn run(listener: TcpListener, transport: Transport, site: Arc<Site>) {
    let dismissing = Arc::new(Semaphore::new(MOST_DISMISSED));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await; // too many open files, say: that passes
            continue;
        };
        let Some(place) = site.place() else {
            // Beyond these few, nobody is told.
            if let Ok(place) = Arc::clone(&dismissing).try_acquire_owned() {
                tokio::spawn(async move {
                    dismiss(stream, &assets::unasked("503 Service Unavailable", BUSY)).await;
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
