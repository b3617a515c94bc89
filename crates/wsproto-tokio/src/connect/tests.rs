//! All steps of connecting, over streams in memory and with paused time.

use std::{
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex},
    time::{Instant, sleep},
};

use super::*;
use crate::accept;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The steps of the other end, in order; after the last one it is silent. Each step waits first.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Peer {
    /// A proxy opens a tunnel.
    Tunnels,
    #[cfg(feature = "rustls")]
    AgreesTls,
    /// A server accepts, and sends a message.
    Accepts,
    /// A server rejects, and sends half of a body.
    HalfRefuses,
}

/// A network in memory; each step takes time.
struct Memory {
    step: Duration,
    looks_up: bool,
    dials: bool,
    peers: Vec<Peer>,
    /// How many of our ends are open.
    open: Arc<AtomicUsize>,
    #[cfg(feature = "rustls")]
    certificate: Arc<certificate::Certificate>,
}

impl Memory {
    fn new(step: Duration, peers: &[Peer]) -> Self {
        Self {
            step,
            looks_up: true,
            dials: true,
            peers: peers.to_vec(),
            open: Arc::default(),
            #[cfg(feature = "rustls")]
            certificate: Arc::new(certificate::Certificate::new("localhost")),
        }
    }

    fn connector(&self) -> Connector {
        let connector = Connector::new().with_timeout(s(10));
        #[cfg(feature = "rustls")]
        let connector = connector.with_roots(self.certificate.roots());
        let is_proxied = self.peers.is_empty() || self.peers[0] == Peer::Tunnels;
        if is_proxied { connector.with_proxy("http://proxy.example".parse().unwrap()) } else { connector }
    }
}

impl Network for Memory {
    type Stream = Counted;

    async fn look_up(&self, _host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        sleep(self.step).await;
        if !self.looks_up {
            future::pending::<()>().await;
        }
        Ok(vec![(Ipv4Addr::LOCALHOST, port).into()])
    }

    async fn dial(&self, _address: SocketAddr) -> io::Result<Counted> {
        let (ours, theirs) = duplex(64);
        let ours = Counted::new(ours, &self.open);
        sleep(self.step).await;
        if !self.dials {
            future::pending::<()>().await;
        }
        let (step, peers) = (self.step, self.peers.clone());
        #[cfg(feature = "rustls")]
        tokio::spawn(play(theirs, step, peers, Arc::clone(&self.certificate)));
        #[cfg(not(feature = "rustls"))]
        tokio::spawn(play(theirs, step, peers));
        Ok(ours)
    }
}

/// A stream that counts while it exists.
struct Counted(DuplexStream, Arc<AtomicUsize>);

impl Counted {
    fn new(io: DuplexStream, open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::SeqCst);
        Self(io, Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Plays the other end.
async fn play(
    io: DuplexStream,
    step: Duration,
    peers: Vec<Peer>,
    #[cfg(feature = "rustls")] certificate: Arc<certificate::Certificate>,
) -> Result<(), Error> {
    let mut io: Box<dyn Io> = Box::new(io);
    for peer in peers {
        sleep(step).await;
        match peer {
            Peer::Tunnels => {
                read_head(&mut io).await?;
                io.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            }
            #[cfg(feature = "rustls")]
            Peer::AgreesTls => io = Box::new(certificate.acceptor().accept(io).await?),
            Peer::Accepts => {
                let mut ws = accept(io, &Settings::default()).await?;
                ws.send("welcome").await?;
                while ws.recv().await?.is_some() {}
                return Ok(());
            }
            Peer::HalfRefuses => {
                read_head(&mut io).await?;
                io.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nhalf").await?;
            }
        }
    }
    // Silent, but still connected.
    let _ = io.read_to_end(&mut Vec::new()).await;
    Ok(())
}

async fn read_head(io: &mut Box<dyn Io>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await?);
    }
    Ok(())
}

fn url(secure: bool) -> WebSocketUrl {
    if secure { "wss://localhost/chat" } else { "ws://localhost/chat" }.parse().unwrap()
}

/// Each step takes 1.9 s, so several fit into 10 s, and the error then names the silent one.
#[tokio::test(start_paused = true)]
async fn one_budget_covers_all_steps_and_its_error_names_the_one_that_was_under_way() {
    use Peer::*;
    type Row<'a> = (&'a str, bool, bool, bool, &'a [Peer], Deadline);
    #[rustfmt::skip]
    let table: [Row<'_>; 6] = [
        // name                            looks up  dials  TLS    peers                   step
        ("lookup",                         false,    true,  false, &[Accepts],             Deadline::Connect),
        ("address",                        true,     false, false, &[Accepts],             Deadline::Connect),
        ("lookup of a proxy",              false,    true,  false, &[],                    Deadline::Connect),
        ("address of a proxy",             true,     false, false, &[],                    Deadline::Connect),
        ("proxy",                          true,     true,  false, &[],                    Deadline::Proxy),
        ("handshake after the tunnel",     true,     true,  false, &[Tunnels],             Deadline::Handshake),
    ];
    #[cfg(feature = "rustls")]
    #[rustfmt::skip]
    let with_tls: [Row<'_>; 3] = [
        ("TLS in a tunnel",                true,     true,  true,  &[Tunnels],             Deadline::Tls),
        ("handshake over TLS",             true,     true,  true,  &[AgreesTls],           Deadline::Handshake),
        ("handshake over TLS in a tunnel", true,     true,  true,  &[Tunnels, AgreesTls],  Deadline::Handshake),
    ];
    #[cfg(not(feature = "rustls"))]
    let with_tls = [];
    for (name, looks_up, dials, secure, peers, step) in table.into_iter().chain(with_tls) {
        let network = Memory { looks_up, dials, ..Memory::new(Duration::from_millis(1900), peers) };
        let start = Instant::now();
        let outcome = network.connector().connect_through(&url(secure), &network).await.map(drop);
        assert!(matches!(&outcome, Err(Error::TimedOut(late)) if *late == step), "{name}: {outcome:?}");
        // Timers are exact to the millisecond.
        let took = start.elapsed();
        assert!(took >= s(10) && took < s(10) + Duration::from_millis(2), "{name}: {took:?}");
        assert_eq!(network.open.load(Ordering::SeqCst), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_takes_too_long_is_told_as_far_as_it_came() {
    let network = Memory::new(s(1), &[Peer::HalfRefuses]);
    let outcome = network.connector().connect_through(&url(false), &network).await.map(drop);
    let Err(Error::Rejected(rejection)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((rejection.status, &rejection.content[..], rejection.has_body), (503, &b"half"[..], false));
}

#[tokio::test(start_paused = true)]
async fn without_a_time_out_there_is_none() {
    let network = Memory::new(s(3600), &[Peer::Accepts]);
    let connector = network.connector().without_timeout();
    let (mut ws, _) = connector.connect_through(&url(false), &network).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("welcome".into()));
}

/// This runtime has no timer and no I/O.
#[test]
fn without_deadlines_no_timer_is_needed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (ours, theirs) = duplex(1024);
        let settings = Settings::default().without_timeouts();
        let server = {
            let settings = settings.clone();
            tokio::spawn(async move { accept(theirs, &settings).await.unwrap().recv().await.unwrap() })
        };
        let connector = Connector::new().with_settings(settings).without_timeout();
        let (mut ws, _) = connector.connect_over(ours, "ws://a/").await.unwrap();
        ws.send("Hello").await.unwrap();
        assert_eq!(server.await.unwrap(), Some("Hello".into()));
    });
}

/// The future is polled once more in each round, then dropped: everything that it has opened must be closed.
#[tokio::test(start_paused = true)]
async fn connecting_that_is_dropped_at_any_await_leaves_nothing_open() {
    #[cfg(feature = "rustls")]
    let (secure, peers) = (true, [Peer::Tunnels, Peer::AgreesTls, Peer::Accepts]);
    #[cfg(not(feature = "rustls"))]
    let (secure, peers) = (false, [Peer::Tunnels, Peer::Accepts]);
    let network = Memory::new(Duration::from_millis(3), &peers);
    let (connector, url) = (network.connector(), url(secure));
    for polls in 0.. {
        let mut connecting = Box::pin(connector.connect_through(&url, &network));
        let mut outcome = None;
        for _ in 0..polls {
            outcome = future::poll_fn(|cx| match connecting.as_mut().poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending => Poll::Ready(None),
            })
            .await;
            if outcome.is_some() {
                break;
            }
            sleep(Duration::from_millis(1)).await;
        }
        drop(connecting);
        if let Some(outcome) = outcome {
            assert!(outcome.is_ok(), "{polls} polls: {:?}", outcome.map(drop));
            assert_eq!(network.open.load(Ordering::SeqCst), 1);
            let (mut ws, _) = outcome.unwrap();
            assert_eq!(ws.recv().await.unwrap(), Some("welcome".into()));
            assert!(polls > 10, "{polls} polls");
            return;
        }
        assert_eq!(network.open.load(Ordering::SeqCst), 0, "{polls} polls");
    }
}

#[test]
fn futures_are_send() {
    fn is_send<T: Send>(value: T) {
        drop(value);
    }
    let connector = Connector::new();
    is_send(connect("ws://a"));
    is_send(connector.connect("ws://a".to_owned()));
    is_send(connector.connect_over(duplex(1).0, url(false)));
    is_send(connector.connect_with("ws://a", future::ready(Ok(duplex(1).0))));
    is_send(connector);
}

#[test]
fn a_connector_is_shown_without_secrets() {
    let shown = format!(
        "{:?}",
        Connector::new()
            .with_subprotocol("hunter2")
            .with_header("Authorization", "hunter2")
            .with_header("Cookie", "hunter2")
            .with_proxy("http://a:hunter2@b".parse().unwrap())
    );
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMg") && shown.contains("1 proposed"),
        "{shown}"
    );
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn wss_without_the_feature_names_it_and_connects_nowhere() {
    let network = Memory::new(s(0), &[Peer::Accepts]);
    let outcome = network.connector().connect_through(&url(true), &network).await.map(drop);
    let Err(Error::Io(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(error.to_string().contains("the feature `rustls`"), "{error}");
    assert!(!Error::Io(error).may_pass());
}

/// The server's TLS sends more than the stream holds, while our request is longer than the stream holds.
#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn the_handshake_reads_while_it_writes() {
    let network = Memory::new(Duration::ZERO, &[Peer::AgreesTls, Peer::Accepts]);
    let (mut ws, _) = network.connector().connect_through(&url(true), &network).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("welcome".into()));
}

/// A request that can't be sent is an error before any connection.
#[tokio::test(start_paused = true)]
async fn mistakes_are_told_before_anything_is_connected() {
    let network = Memory { looks_up: false, ..Memory::new(s(0), &[Peer::Accepts]) };
    let start = Instant::now();
    #[rustfmt::skip]
    let table = [
        ("subprotocol",     network.connector().with_subprotocol("a b")),
        ("subprotocols",    network.connector().with_subprotocol("a").with_subprotocol("a")),
        ("name of a field", network.connector().with_header("A b", "c")),
        ("line in a field", network.connector().with_header("A", "b\r\nC: d")),
        ("field of ours",   network.connector().with_header("Upgrade", "h2c")),
        ("line in Origin",  network.connector().with_origin("https://a\r\nB: c")),
        ("field for the proxy", network.connector().with_proxy("http://b".parse::<Proxy>().unwrap().with_header("A", "b\n"))),
    ];
    for (name, connector) in table {
        let outcome = connector.connect_through(&url(false), &network).await.map(drop);
        assert!(matches!(outcome, Err(Error::Local(_))), "{name}: {outcome:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{name}");
    }
    for url in ["", "example.com", "http://a", "ws://", "ws://a#b", "ws://a b"] {
        let outcome = connect(url).await.map(drop);
        assert!(matches!(outcome, Err(Error::Url(_))), "{url:?}: {outcome:?}");
    }
}

#[cfg(feature = "rustls")]
mod certificate {
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A self-signed certificate.
    pub(super) struct Certificate(rcgen::CertifiedKey<rcgen::KeyPair>);

    impl Certificate {
        pub(super) fn new(name: &str) -> Self {
            Self(rcgen::generate_simple_self_signed([name.to_owned()]).unwrap())
        }

        pub(super) fn roots(&self) -> RootCertStore {
            let mut roots = RootCertStore::empty();
            roots.add(self.0.cert.der().clone()).unwrap();
            roots
        }

        pub(super) fn acceptor(&self) -> TlsAcceptor {
            let key = PrivateKeyDer::try_from(self.0.signing_key.serialize_der()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![self.0.cert.der().clone()], key)
                .unwrap();
            TlsAcceptor::from(Arc::new(config))
        }
    }
}
