//! One handle that closes all connections.

use std::time::Duration;

use tokio::{
    io::AsyncReadExt,
    time::{sleep, timeout},
};
use wsproto_tokio::{CloseCode, Event, Settings, Shutdown};

use crate::ends::{client_events, pair, server_and_stream};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn all_connections_are_closed_with_1001_and_waited_for() {
    let shutdown = Shutdown::spawn();
    let mut clients = Vec::new();
    for n in 0..20 {
        let (server, mut client) = pair(64);
        let mut server = shutdown.register(server);
        // Some programs receive, others are busy for a long time.
        tokio::spawn(async move {
            if n % 2 == 0 {
                while server.recv().await.unwrap().is_some() {}
            } else {
                sleep(SECOND * 3600).await;
            }
        });
        clients.push(tokio::spawn(async move {
            assert!(client.recv().await.unwrap().is_none());
            client.close_report()
        }));
    }
    assert_eq!(shutdown.len(), 20);
    sleep(SECOND).await;
    let report = shutdown.close_all(SECOND * 10).await;
    assert_eq!((report.closed, report.clean, report.cut), (20, 20, 0));
    for client in clients {
        let report = client.await.unwrap();
        assert_eq!((report.code(), report.clean), (CloseCode::GOING_AWAY, true));
    }
    let (late, mut client) = pair(64);
    let _late = shutdown.register(late);
    assert!(client.recv().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn those_that_do_not_end_are_cut_at_the_limit() {
    let shutdown = Shutdown::spawn();
    let (server, mut silent) = server_and_stream(64, &Settings::default().without_timeouts());
    let mut server = shutdown.register(server);
    let (other, mut client) = pair(64);
    let _other = shutdown.register(other);
    tokio::spawn(async move { client.recv().await });
    let started = tokio::time::Instant::now();
    let report = shutdown.close_all(SECOND * 2).await;
    assert_eq!(started.elapsed(), SECOND * 2);
    assert_eq!((report.closed, report.clean, report.cut), (1, 1, 1));
    assert!(shutdown.is_empty());
    // The peer gets the Close although the program keeps the connection.
    let mut all = Vec::new();
    timeout(SECOND, silent.read_to_end(&mut all)).await.unwrap().unwrap();
    assert!(server.recv().await.unwrap().is_none());
    let again = shutdown.close_all(SECOND).await;
    assert_eq!((again.closed, again.clean, again.cut), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_registered_connection_that_is_dropped_is_closed_to_the_end_by_the_handles_task() {
    let shutdown = Shutdown::spawn();
    for split in [false, true] {
        let (server, mut peer) = server_and_stream(64, &Settings::default());
        let mut server = shutdown.register(server);
        server.feed("last words").await.unwrap();
        if split {
            let (sender, receiver) = server.split();
            drop(receiver);
            sleep(SECOND).await;
            assert_eq!(shutdown.len(), 1);
            drop(sender);
        } else {
            drop(server);
        }
        let mut all = Vec::new();
        peer.read_to_end(&mut all).await.unwrap_or_default();
        let events = client_events(&all);
        let [Event::TextMessage(_), Event::CloseConnection(close)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(close.code, CloseCode::GOING_AWAY);
        drop(peer);
        sleep(SECOND).await;
        assert!(shutdown.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_over_or_taken_apart_is_forgotten() {
    let shutdown = Shutdown::spawn();
    let (server, client) = pair(64);
    let server = shutdown.register(server);
    drop(client);
    let mut server = server;
    server.recv().await.unwrap_err();
    drop(server);
    assert!(shutdown.is_empty());
    let (server, _client) = pair(64);
    assert!(shutdown.register(server).into_parts().is_ok());
    assert!(shutdown.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_task_of_a_handle_ends_with_it() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let shutdown = Shutdown::spawn();
    let another = shutdown.clone();
    drop(shutdown);
    sleep(SECOND).await;
    assert_eq!(metrics.num_alive_tasks(), before + 1);
    drop(another);
    sleep(SECOND).await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

/// The handle and a program that drops its connection may both ask for the end: one task closes it. Two tasks would
/// take each other's wake-ups, and one would never end.
#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_while_all_are_closed_is_closed_by_one_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let shutdown = Shutdown::spawn();
    let (server, mut client) = pair(64);
    let server = shutdown.register(server);
    let closing = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.close_all(SECOND * 60).await }
    });
    sleep(SECOND).await;
    // close_all, the handle's task, and the task that closes.
    assert_eq!(metrics.num_alive_tasks(), before + 3);
    drop(server);
    sleep(SECOND).await;
    assert_eq!(metrics.num_alive_tasks(), before + 3);
    assert!(client.recv().await.unwrap().is_none());
    let report = closing.await.unwrap();
    assert_eq!((report.closed, report.clean, report.cut), (1, 1, 0));
    drop(shutdown);
    sleep(SECOND).await;
    assert_eq!(metrics.num_alive_tasks(), before);
}

/// The report counts connections that ended in time and connections that were cut, and among the first those that
/// closed cleanly.
#[tokio::test(start_paused = true)]
async fn the_report_tells_clean_ends_from_others() {
    let shutdown = Shutdown::spawn();
    let mut kept = Vec::new();
    for client_ends in [true, false] {
        let (server, peer) = server_and_stream(64, &Settings::default().without_timeouts());
        kept.push(shutdown.register(server));
        tokio::spawn(async move {
            let mut peer = peer;
            sleep(if client_ends { SECOND } else { SECOND * 3600 }).await;
            peer.read_u8().await
        });
    }
    let (server, mut client) = pair(64);
    kept.push(shutdown.register(server));
    tokio::spawn(async move { client.recv().await });
    let report = shutdown.close_all(SECOND * 10).await;
    assert_eq!((report.closed, report.clean, report.cut), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_being_closed_and_cannot_be_taken_apart_stays_registered() {
    let shutdown = Shutdown::spawn();
    let (server, mut client) = pair(64);
    let server = shutdown.register(server);
    let closing = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.close_all(SECOND * 60).await }
    });
    sleep(SECOND).await;
    let server = server.into_parts().map(|_| ()).expect_err("it is being closed");
    assert_eq!(shutdown.len(), 1);
    assert!(!closing.is_finished());
    assert!(client.recv().await.unwrap().is_none());
    assert_eq!(closing.await.unwrap().clean, 1);
    drop(server);
}
