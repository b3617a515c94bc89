//! The memory of waiting connections, including their tasks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    pin::pin,
    sync::{Arc, mpsc::Sender},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    runtime::Runtime,
    task::yield_now,
    time::sleep,
};
use wsproto_tokio::{
    BytesMessage, Config, KeepAlive, Settings, TextMessage, WebSocket, accept, wsproto::Connection,
};

const CONNECTIONS: usize = 200;
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Connects so many clients over system sockets; each sends `sent`.
fn clients(sent: &[u8], count: usize) -> (Vec<TcpStream>, Vec<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (0..count)
        .map(|_| {
            let mut client = TcpStream::connect(address).unwrap();
            client.write_all(sent).unwrap();
            let (server, _) = listener.accept().unwrap();
            server.set_nonblocking(true).unwrap();
            (client, server)
        })
        .unzip()
}

/// Returns the heap of each of many waiting tasks, in bytes.
fn heap_of_each<F: Future<Output = ()> + Send + 'static>(
    sent: &[u8],
    serve: impl Fn(tokio::net::TcpStream) -> F,
) -> usize {
    let runtime = runtime();
    let (mut clients, servers) = clients(sent, CONNECTIONS);
    let (first, rest) = servers.split_at(2);
    let settle = async {
        for _ in 0..50 {
            yield_now().await;
            sleep(Duration::from_millis(1)).await;
        }
    };
    // The memory that thread and runtime keep for all tasks.
    let mut tasks = Vec::with_capacity(CONNECTIONS);
    let mut spawn = |stream: &TcpStream| {
        let stream = tokio::net::TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
        tasks.push(tokio::spawn(serve(stream)));
    };
    runtime.block_on(async {
        first.iter().for_each(&mut spawn);
        settle.await;
    });
    let settle = async { sleep(Duration::from_millis(200)).await };
    let info = allocation_counter::measure(|| {
        runtime.block_on(async {
            rest.iter().for_each(&mut spawn);
            settle.await;
        });
    });
    for client in &mut clients {
        client.set_nonblocking(true).unwrap();
        assert!(sent.is_empty() || client.read(&mut [0; 500]).is_ok_and(|len| len > 0));
    }
    assert!(tasks.iter().all(|task| !task.is_finished()));
    usize::try_from(info.bytes_current).unwrap() / rest.len()
}

/// The task of an echo server, as programs write it.
fn echo(stream: tokio::net::TcpStream, settings: &Arc<Settings>) -> impl Future<Output = ()> + Send + use<> {
    let settings = Arc::clone(settings);
    async move {
        let mut ws = accept(stream, &settings).await.unwrap();
        while let Some(message) = ws.recv().await.unwrap() {
            ws.feed(message).await.unwrap();
        }
    }
}

fn echo_borrowed(
    stream: tokio::net::TcpStream,
    settings: &Arc<Settings>,
) -> impl Future<Output = ()> + Send + use<> {
    let settings = Arc::clone(settings);
    async move {
        let mut ws = accept(stream, &settings).await.unwrap();
        while ws.recv_with(|event, replies| replies.feed(event)).await.unwrap().is_some() {}
    }
}

#[test]
fn an_idle_connection_holds_little() {
    let bare = heap_of_each(b"", |stream| async move {
        poll_fn(|cx| stream.poll_read_ready(cx)).await.unwrap();
    });
    let settings = Settings::default();
    let keep_alive = KeepAlive { idle: Duration::from_secs(20), patience: Duration::from_secs(20) };
    let timeouts = settings.timeouts.with_keep_alive(keep_alive);
    let [settings, with_keep_alive] = [settings.clone(), settings.with_timeouts(timeouts)].map(Arc::new);
    let (shared, kept) = (Arc::clone(&settings), Arc::clone(&with_keep_alive));
    let plain = heap_of_each(REQUEST, move |stream| echo_borrowed(stream, &shared));
    // The task keeps room for a message, twice.
    let shared = Arc::clone(&settings);
    let owned = heap_of_each(REQUEST, move |stream| echo(stream, &shared));
    let kept_alive = heap_of_each(REQUEST, move |stream| echo_borrowed(stream, &kept));
    let kept_alive_owned = heap_of_each(REQUEST, move |stream| echo(stream, &with_keep_alive));
    let split = heap_of_each(REQUEST, move |stream| {
        let settings = Arc::clone(&settings);
        async move {
            let (sender, mut receiver) = accept(stream, &settings).await.unwrap().split();
            receiver.recv().await.unwrap();
            drop(sender);
        }
    });
    println!("bare {bare}, plain {plain}, owned {owned}, split {split}");
    println!("kept alive: plain {kept_alive}, owned {kept_alive_owned}");
    // The goals, for the task and its socket.
    for (name, bytes, most) in [
        ("recv_with", plain, 1000),
        ("recv and feed", owned, 1000),
        ("split", split, 1200),
        ("recv_with, keepalive", kept_alive, 1200),
        ("recv and feed, keepalive", kept_alive_owned, 1200),
    ] {
        assert!(bytes <= most, "{name}: {bytes} bytes");
    }
}

/// A client's frame of so many bytes.
fn frame(len: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut client = Connection::open_client(Config::default());
    client.send(BytesMessage::new(vec![7; len]), &mut wire).unwrap();
    wire
}

#[test]
fn half_a_frame_then_silence_a_thousand_times_holds_less_than_a_kibibyte_each() {
    let settings = Arc::new(Settings::default());
    let shared = Arc::clone(&settings);
    let idle = heap_of_each(REQUEST, move |stream| echo(stream, &shared));
    let sent = [REQUEST, &frame(1000)[..500]].concat();
    let half = heap_of_each(&sent, move |stream| echo(stream, &settings));
    println!("idle {idle}, with 500 bytes of a frame {half}");
    assert!(half - idle <= 1024, "{idle}, {half}");
}

/// Polls a future once.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn pair() -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (server, client) = duplex(1 << 16);
    let settings = Settings::default().without_timeouts();
    let server = WebSocket::from_upgraded(server, Connection::open_server(Config::default()), b"", &settings);
    (server, WebSocket::from_upgraded(client, Connection::open_client(Config::default()), b"", &settings))
}

fn exchange(server: &mut WebSocket<DuplexStream>, client: &mut WebSocket<DuplexStream>) -> bool {
    let sent = poll_once(client.send("hello"));
    let received = poll_once(server.recv());
    matches!((sent, received), (Poll::Ready(Ok(())), Poll::Ready(Ok(Some(message)))) if message.as_text() == Some("hello"))
}

#[test]
fn a_long_message_that_comes_slowly_is_not_moved_time_and_again() {
    let (io, mut peer) = duplex(1 << 16);
    let settings = Settings::default().without_timeouts();
    let mut server = WebSocket::from_upgraded(io, Connection::open_server(Config::default()), b"", &settings);
    let wire = frame(1 << 20);
    let info = allocation_counter::measure(|| {
        let mut received = None;
        for piece in wire.chunks(1000) {
            assert!(matches!(poll_once(peer.write_all(piece)), Poll::Ready(Ok(()))));
            if let Poll::Ready(message) = poll_once(server.recv()) {
                received = message.unwrap();
            }
        }
        assert_eq!(received.map(|message| message.len()), Some(1 << 20));
    });
    assert!(info.bytes_total <= 8 << 20, "{} bytes for 1 MiB", info.bytes_total);
}

#[test]
fn an_open_connection_allocates_nothing_for_short_messages() {
    let (mut server, mut client) = pair();
    let mut rounds = |count| {
        for _ in 0..count {
            let Poll::Ready(Ok(())) = poll_once(client.feed_event(TextMessage::new("hello"))) else {
                panic!()
            };
            assert!(matches!(poll_once(client.flush()), Poll::Ready(Ok(()))));
            let echoed = poll_once(server.recv_with(|event, replies| replies.feed(event)));
            assert!(matches!(echoed, Poll::Ready(Ok(Some(Ok(()))))));
            assert!(poll_once(server.recv()).is_pending());
            assert!(matches!(poll_once(client.recv_with(|_, _| ())), Poll::Ready(Ok(Some(())))));
        }
    };
    rounds(10);
    let info = allocation_counter::measure(|| rounds(100));
    assert_eq!(info.count_total, 0);
}

/// The memory of compression is given back by either half: to the pool of the configuration, which keeps little.
#[cfg(feature = "deflate")]
#[test]
fn halves_are_parked_by_either_of_them() {
    use wsproto_tokio::{Connector, DeflateConfig};

    const COUNT: usize = 2 * 25;
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    let (mut held, mut peers) = (Vec::new(), Vec::new());
    runtime().block_on(async {
        for n in 0..COUNT {
            let (server, client) = duplex(1 << 16);
            let connector = Connector::new().with_settings(settings.clone());
            let (server, client) =
                tokio::join!(accept(server, &settings), connector.connect_over(client, "ws://localhost/"));
            let (mut server, (mut client, _)) = (server.unwrap(), client.unwrap());
            client.send(format!("{n}, ").repeat(100)).await.unwrap();
            server.recv().await.unwrap();
            held.push(server.split());
            peers.push(client);
        }
        for park_sender in [true, false] {
            let info = allocation_counter::measure(|| {
                for (sender, receiver) in &mut held[if park_sender { 0..COUNT / 2 } else { COUNT / 2..COUNT }]
                {
                    if park_sender { sender.park() } else { receiver.park() }
                }
            });
            let each = -info.bytes_current / 25;
            println!("{each} bytes given back by each connection");
            assert!(each > 1000, "{park_sender}: {each} bytes");
        }
        // They still understand each other.
        for (client, (_, receiver)) in peers.iter_mut().zip(&mut held) {
            client.send("0, ".repeat(100)).await.unwrap();
            assert_eq!(receiver.recv().await.unwrap().unwrap().len(), 300);
        }
    });
}

#[test]
fn a_program_that_drops_the_websocket_in_the_middle_leaves_no_memory() {
    let half = frame(1000);
    let in_the_middle = || {
        let (mut server, mut client) = pair();
        assert!(exchange(&mut server, &mut client));
        let _ = poll_once(client.send(vec![7; 100_000]));
        assert!(poll_once(server.recv()).is_pending());
        let (mut sender, mut receiver) = server.split();
        let _ = (poll_once(sender.send(half.clone())), poll_once(receiver.recv()));
    };
    in_the_middle();
    let info = allocation_counter::measure(|| (0..100).for_each(|_| in_the_middle()));
    assert_eq!(info.count_current, 0, "{} bytes", info.bytes_current);
}

/// The last act of a thread: its pool may or may not be gone by then.
struct AtEnd(Sender<bool>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        let (mut server, mut client) = pair();
        self.0.send(exchange(&mut server, &mut client)).unwrap();
    }
}

#[test]
fn a_threads_destructor_may_use_the_pool() {
    thread_local! {
        static AT_END: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    }
    for pool_is_first in [true, false] {
        let (done, is_done) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let use_pool = || {
                let (mut server, mut client) = pair();
                assert!(exchange(&mut server, &mut client));
            };
            if pool_is_first {
                use_pool();
            }
            AT_END.set(Some(AtEnd(done)));
            use_pool();
        });
        thread.join().unwrap();
        assert_eq!(is_done.recv(), Ok(true), "{pool_is_first}");
    }
}
