//! How much memory connections hold that wait, all of their tasks included.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    future::poll_fn,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use tokio::{runtime::Runtime, task::yield_now, time::sleep};
use wsproto_tokio::{KeepAlive, Settings, accept};

const CONNECTIONS: usize = 200;
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Connects so many clients, whose sockets are the system's; what they send is `sent`.
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

/// Heap of each of many tasks that wait, in bytes.
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
    // What the thread and the runtime keep for all.
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

/// The task of a server that echoes, as programs write it.
fn echo(stream: tokio::net::TcpStream, settings: &Arc<Settings>) -> impl Future<Output = ()> + Send + use<> {
    let settings = Arc::clone(settings);
    async move {
        let mut ws = accept(stream, &settings).await.unwrap();
        while let Some(message) = ws.recv().await.unwrap() {
            ws.feed(message).await.unwrap();
        }
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
    let shared = Arc::clone(&settings);
    let plain = heap_of_each(REQUEST, move |stream| echo(stream, &shared));
    let kept_alive = heap_of_each(REQUEST, move |stream| echo(stream, &with_keep_alive));
    let split = heap_of_each(REQUEST, move |stream| {
        let settings = Arc::clone(&settings);
        async move {
            let (sender, mut receiver) = accept(stream, &settings).await.unwrap().split();
            receiver.recv().await.unwrap();
            drop(sender);
        }
    });
    println!("bare {bare}, plain {plain}, kept alive {kept_alive}, split {split}");
    assert!(plain <= 1136, "{plain} bytes");
    assert!(kept_alive <= 1368, "{kept_alive} bytes");
    assert!(split <= 1200, "{split} bytes");
}
