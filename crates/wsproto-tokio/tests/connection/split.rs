//! Halves in two tasks, and each place where one half makes progress for the other.

use std::{
    fmt::Debug,
    io,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf},
    time::{sleep, timeout},
};
use wsproto_tokio::{
    CloseCode, Deadline, Error, Event, Message, Ping, Receiver, Settings, TextMessage, Timeouts,
};

use crate::ends::{client_bytes, client_events, open_server, pair, pair_with, server_and_stream};

const SOON: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn reader_and_writer_halves_in_two_tasks_both_wake() {
    for capacity in [1, 3, 64, 4096] {
        let (server, client) = pair(capacity);
        let count = 200;
        let exchange = |ws: wsproto_tokio::WebSocket<tokio::io::DuplexStream>| {
            let (mut sender, mut receiver) = ws.split();
            let sending = tokio::spawn(async move {
                for n in 0..count {
                    sender.send(format!("{n} {}", "x".repeat(n % 50))).await.unwrap();
                }
                sender
            });
            let receiving = tokio::spawn(async move {
                for n in 0..count {
                    let expected = format!("{n} {}", "x".repeat(n % 50));
                    assert_eq!(receiver.recv().await.unwrap(), Some(Message::from(expected)));
                }
                receiver
            });
            async move { receiving.await.unwrap().reunite(sending.await.unwrap()).unwrap() }
        };
        let both = async { tokio::join!(exchange(server), exchange(client)) };
        let (mut server, mut client) = timeout(SOON * 60, both).await.expect("no task sleeps for ever");
        let (one, other) =
            tokio::join!(server.close(CloseCode::NORMAL, ""), client.close(CloseCode::NORMAL, ""));
        assert!(one.unwrap().clean && other.unwrap().clean);
    }
}

/// The same with the `split` of futures, whose halves poll stream and sink from two tasks under its lock.
#[tokio::test(start_paused = true)]
async fn stream_and_sink_in_two_tasks_both_wake() {
    let (server, client) = pair(3);
    let exchange = |ws: wsproto_tokio::WebSocket<tokio::io::DuplexStream>| {
        let (mut sink, mut stream) = StreamExt::split(ws);
        let sending = tokio::spawn(async move {
            for n in 0..200 {
                sink.send(Message::from(format!("{n}"))).await.unwrap();
            }
            sink
        });
        let receiving = tokio::spawn(async move {
            for n in 0..200 {
                assert_eq!(stream.next().await.unwrap().unwrap(), Message::from(format!("{n}")));
            }
            stream
        });
        async move { (sending.await.unwrap(), receiving.await.unwrap()) }
    };
    let both = async { tokio::join!(exchange(server), exchange(client)) };
    let _ends = timeout(SOON * 60, both).await.expect("no task sleeps for ever");
}

#[tokio::test(start_paused = true)]
async fn both_ends_send_first_wait_for_each_other_and_split_solves_it() {
    let settings = Settings::default().with_timeouts(Timeouts::default().with_write(SOON));
    let long = Message::from(vec![7; 100_000]);
    let (mut server, mut client) = pair_with(64, &settings);
    let send_all = async |ws: &mut wsproto_tokio::WebSocket<_>| {
        for _ in 0..3 {
            ws.send(long.clone()).await?;
        }
        Ok::<(), Error>(())
    };
    let (one, other) = tokio::join!(send_all(&mut server), send_all(&mut client));
    assert!(matches!(one, Err(Error::TimedOut(Deadline::Write))), "{one:?}");
    assert!(other.is_err());

    let (server, client) = pair_with(64, &settings);
    let exchange = |ws: wsproto_tokio::WebSocket<tokio::io::DuplexStream>| {
        let (mut sender, mut receiver) = ws.split();
        let long = long.clone();
        tokio::spawn(async move {
            let receiving = async {
                for _ in 0..3 {
                    assert_eq!(receiver.recv().await.unwrap().unwrap().len(), 100_000);
                }
            };
            let sending = async {
                for _ in 0..3 {
                    sender.send(long.clone()).await.unwrap();
                }
            };
            tokio::join!(receiving, sending);
        })
    };
    let (one, other) = tokio::join!(exchange(server), exchange(client));
    one.unwrap();
    other.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_reads_a_message_wakes_the_receiver() {
    // The sender waits to write, and reads; the message that it finds belongs to the receiver.
    let (server, mut peer) = server_and_stream(64, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await.unwrap() });
    sleep(SOON).await;
    let sending = tokio::spawn(async move { sender.send(vec![7; 1000]).await.unwrap() });
    sleep(SOON).await;
    peer.write_all(&client_bytes([TextMessage::new("for the receiver").into()])).await.unwrap();
    let message = timeout(SOON, receiving).await.expect("woken").unwrap();
    assert_eq!(message, Some(Message::from("for the receiver")));
    let mut all = vec![0; 1004];
    peer.read_exact(&mut all).await.unwrap();
    sending.await.unwrap();
}

/// A stream with a message that can be read once its gate is open; opening the gate wakes no task.
struct Locked {
    is_open: Arc<AtomicBool>,
    message: Vec<u8>,
}

impl AsyncRead for Locked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_open.load(Ordering::Relaxed) || self.message.is_empty() {
            return Poll::Pending;
        }
        buf.put_slice(&std::mem::take(&mut self.message));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Locked {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_wakes_the_receiver_though_the_stream_wakes_nobody() {
    let message = client_bytes([TextMessage::new("for the receiver").into()]);
    let is_open = Arc::<AtomicBool>::default();
    let server = open_server(Locked { is_open: Arc::clone(&is_open), message }, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    sender.feed("never written").await.unwrap();
    let receiving = tokio::spawn(async move { receiver.recv().await.unwrap() });
    sleep(SOON).await;
    is_open.store(true, Ordering::Relaxed);
    let sending = tokio::spawn(async move { sender.flush().await });
    let message = timeout(SOON, receiving).await.expect("woken").unwrap();
    assert_eq!(message, Some(Message::from("for the receiver")));
    sending.abort();
}

#[tokio::test(start_paused = true)]
async fn what_a_sender_queued_is_written_by_a_receiver_that_waits() {
    let (server, mut peer) = server_and_stream(64, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    sleep(SOON).await;
    sender.feed("queued").await.unwrap();
    let mut all = [0; 8];
    timeout(SOON, peer.read_exact(&mut all)).await.expect("written").unwrap();
    assert_eq!(&all, b"\x81\x06queued");
    receiving.abort();
}

#[tokio::test(start_paused = true)]
async fn a_receiver_writes_what_a_sender_gave_up_and_the_next_sender_wakes() {
    let (server, mut peer) = server_and_stream(8, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    assert!(timeout(SOON, sender.send("longer than what the stream holds")).await.is_err());
    let flushing = tokio::spawn(async move { sender.flush().await });
    sleep(SOON).await;
    let mut all = [0; 35];
    timeout(SOON, peer.read_exact(&mut all)).await.expect("written").unwrap();
    timeout(SOON, flushing).await.expect("woken").unwrap().unwrap();
    receiving.abort();
}

#[tokio::test(start_paused = true)]
async fn pings_and_closes_are_answered_while_only_one_half_is_polled() {
    // Only the receiver is polled.
    let (server, mut peer) = server_and_stream(64, &Settings::default());
    let (_sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    peer.write_all(&client_bytes([Ping::new(b"1").into()])).await.unwrap();
    let mut pong = [0; 3];
    timeout(SOON, peer.read_exact(&mut pong)).await.expect("answered").unwrap();
    assert_eq!(&pong, b"\x8a\x011");
    receiving.abort();

    // Only the sender is polled, and waits to write.
    let (server, mut peer) = server_and_stream(64, &Settings::default());
    let (mut sender, _receiver) = server.split();
    let sending = tokio::spawn(async move {
        let sent = sender.send(vec![7; 1000]).await;
        (sent, sender.send("late").await, sender.close_report())
    });
    sleep(SOON).await;
    let close = wsproto_tokio::CloseConnection::new(CloseCode::NORMAL);
    peer.write_all(&client_bytes([Ping::new(b"1").into(), close.into()])).await.unwrap();
    sleep(SOON).await;
    let mut all = vec![0; 1004 + 3 + 4];
    timeout(SOON, peer.read_exact(&mut all)).await.expect("answered").unwrap();
    let events = client_events(&all);
    let [Event::BytesMessage(_), Event::Pong(_), Event::CloseConnection(close)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(close.code, CloseCode::NORMAL);
    drop(peer);
    let (sent, late, report) = timeout(SOON, sending).await.expect("done").unwrap();
    sent.unwrap();
    assert!(matches!(late, Err(Error::Closed)), "{late:?}");
    assert!(report.clean);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_closes_ends_a_receiver_that_waits() {
    let (server, mut client) = pair(64);
    let (mut sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await.unwrap() });
    let peer = tokio::spawn(async move { client.recv().await.unwrap() });
    assert!(sender.close(CloseCode::NORMAL, "").await.unwrap().clean);
    assert_eq!(timeout(SOON, receiving).await.expect("woken").unwrap(), None);
    assert_eq!(peer.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_meets_the_end_wakes_a_sender_that_waits() {
    let (server, peer) = server_and_stream(8, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    let sending = tokio::spawn(async move { sender.send(vec![7; 1000]).await });
    let receiving = tokio::spawn(async move { receiver.recv().await });
    sleep(SOON).await;
    drop(peer);
    assert!(timeout(SOON, sending).await.expect("woken").unwrap().is_err());
    assert!(timeout(SOON, receiving).await.expect("woken").unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_half_that_is_dropped_leaves_the_other_at_work() {
    let (server, mut client) = pair(64);
    let (sender, mut receiver) = server.split();
    drop(sender);
    client.send("to the receiver").await.unwrap();
    assert_eq!(receiver.recv().await.unwrap(), Some(Message::from("to the receiver")));
    let (server, mut client) = pair(64);
    let (mut sender, receiver) = server.split();
    drop(receiver);
    sender.send("from the sender").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("from the sender")));
}

#[tokio::test(start_paused = true)]
async fn halves_of_different_connections_are_not_put_together() {
    let ((one, _a), (other, _b)) = (pair(64), pair(64));
    let ((sender, receiver), (other_sender, other_receiver)) = (one.split(), other.split());
    let (receiver, other_sender) = receiver.reunite(other_sender).unwrap_err();
    assert!(receiver.reunite(sender).is_ok() && other_receiver.reunite(other_sender).is_ok());
}

/// The receiver waits without a deadline. The sender's Close has one, although something was queued before it.
#[tokio::test(start_paused = true)]
async fn a_close_that_one_half_starts_has_its_deadline_though_only_the_other_half_waits() {
    let settings = Settings::default().with_timeouts(Timeouts::default().with_close(SOON));
    let (server, _peer) = server_and_stream(8, &settings);
    let (mut sender, mut receiver) = server.split();
    sender.feed("more than the stream takes, so that something is queued all the time").await.unwrap();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    sleep(SOON).await;
    sender.start_close(CloseCode::NORMAL, "").unwrap();
    let outcome = timeout(SOON * 2, receiving).await.expect("the deadline ends it").unwrap();
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Close))), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_program_while_it_looks_at_an_event_leaves_the_other_half_at_work() {
    let (server, mut peer) = server_and_stream(8, &Settings::default());
    let (mut sender, mut receiver) = server.split();
    let sending = tokio::spawn(async move { sender.send(vec![7; 100]).await });
    sleep(SOON).await;
    peer.write_all(&client_bytes([Message::from("x").into()])).await.unwrap();
    let receiving = tokio::spawn(async move {
        let looking = receiver.recv_with(|_, _| panic!("of the program"));
        assert!(AssertUnwindSafe(looking).catch_unwind().await.is_err());
        receiver.recv().await
    });
    sleep(SOON).await;
    let mut all = [0; 102];
    timeout(SOON, peer.read_exact(&mut all)).await.expect("written").unwrap();
    timeout(SOON, sending).await.expect("woken").unwrap().unwrap();
    receiving.abort();
}

/// The program's code in a waker that is woken or dropped: it looks at a half of the connection that it waits for.
struct Looks<H: Debug>(Mutex<Option<H>>);

impl<H: Debug> Looks<H> {
    fn look(&self) {
        drop(format!("{:?}", self.0.lock().unwrap()));
    }
}

impl<H: Debug + Send + 'static> Wake for Looks<H> {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl<H: Debug> Drop for Looks<H> {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn no_lock_is_held_while_a_waker_is_woken_or_dropped() {
    let (done, wait) = mpsc::channel();
    let work = move || {
        let settings = Settings::default().without_timeouts();
        let receive = |receiver: &mut Receiver<DuplexStream>, waker: &Waker| {
            assert!(receiver.poll_next_unpin(&mut Context::from_waker(waker)).is_pending());
        };
        // The sender wakes it.
        let (server, _peer) = server_and_stream(64, &settings);
        let (mut sender, mut receiver) = server.split();
        let looks = Arc::new(Looks(Mutex::new(None)));
        receive(&mut receiver, &Waker::from(Arc::clone(&looks)));
        *looks.0.lock().unwrap() = Some(receiver);
        drop(looks);
        sender.start_close(CloseCode::NORMAL, "").unwrap();
        // Another waker replaces it.
        let (server, _peer) = server_and_stream(64, &settings);
        let (sender, mut receiver) = server.split();
        receive(&mut receiver, &Waker::from(Arc::new(Looks(Mutex::new(Some(sender))))));
        receive(&mut receiver, Waker::noop());
        done.send(()).unwrap();
    };
    std::thread::spawn(work);
    wait.recv_timeout(SOON * 20).expect("no deadlock");
}
