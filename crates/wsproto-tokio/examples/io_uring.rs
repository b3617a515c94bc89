//! An echo server on `io_uring`, with tokio-uring: the kernel takes memory and gives it back, in both directions.

#[cfg(target_os = "linux")]
pub(crate) mod ring {
    use std::{net::Shutdown, time::Duration};

    use tokio::time::{Instant, sleep, sleep_until, timeout};
    use tokio_uring::net::{TcpListener, TcpStream};
    use wsproto::{
        AcceptConnection, AdapterError, Config, Connection, Deadline, Driver, Event, ReadBuffer, Timeouts,
        Transport::{Close, KeepOpen, ShutdownWrite},
    };

    pub(crate) async fn serve(listener: TcpListener) {
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                sleep(Duration::from_millis(50)).await; // for example too many open files
                continue;
            };
            tokio_uring::spawn(async move {
                let _ = echo(&stream).await.inspect_err(|error| eprintln!("{peer}: {error}"));
                let _ = stream.shutdown(Shutdown::Both); // ends a read that waits in the kernel
            });
        }
    }

    async fn echo(stream: &TcpStream) -> Result<(), AdapterError> {
        let start = Instant::now();
        let (now, seconds) = (|| start.elapsed(), Duration::from_secs);
        let timeouts = Timeouts::default().with_handshake(seconds(10)).with_close(seconds(5));
        let mut ws = Driver::new(Connection::server(Config::default())).with_timeouts(timeouts, now);
        let mut buffer = ReadBuffer::messages();
        let mut reading = Box::pin(stream.read(Vec::with_capacity(16 << 10)));
        while ws.queued() > 0 || ws.transport() != Close {
            while ws.transport() == KeepOpen {
                match ws.receive_from(&mut buffer, now) {
                    Ok(Some(Event::Request(_))) => ws.send(AcceptConnection::new(), now)?,
                    Ok(Some(message @ (Event::TextMessage(_) | Event::BytesMessage(_)))) => {
                        ws.send(message, now)?;
                    }
                    Ok(Some(_)) => {} // was answered before
                    Ok(None) => break,
                    Err(error) => ws.reply_to_error(&error, now)?,
                }
            }
            buffer.shrink_to(0); // holds no memory while nothing comes
            while let Some(bytes) = ws.take_output(now) {
                timeout(seconds(30), stream.write_all(bytes)).await.map_err(|_| Deadline::Write)?.0?;
            }
            if ws.transport() == ShutdownWrite {
                stream.shutdown(Shutdown::Write).map(|()| ws.write_ended())?;
            }
            let due = start + ws.poll_timeout().unwrap_or(seconds(1 << 30));
            tokio::select! {
                (read, memory) = &mut reading => {
                    match read? {
                        0 => drop(ws.receive_eof(now)?),
                        // Bytes after the end are dropped.
                        len if ws.transport() == KeepOpen => ws.filled_from(&mut buffer, &memory[..len], now),
                        _ => {}
                    }
                    reading.set(stream.read(memory));
                }
                () = sleep_until(due) => ws.handle_timeout(now).map_or(Ok(()), Err)?,
            }
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let runtime = tokio_uring::Runtime::new(&tokio_uring::builder());
    let Ok(runtime) = runtime.inspect_err(|error| println!("SKIP: io_uring: {error}")) else { return Ok(()) };
    runtime.block_on(ring::serve(tokio_uring::net::TcpListener::bind(([127, 0, 0, 1], 9001).into())?));
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {} // io_uring is Linux's
