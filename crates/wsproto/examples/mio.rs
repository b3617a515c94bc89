//! An echo server for many connections on one thread, with mio: `cargo run --release --example mio`
use std::io::{self, ErrorKind::Interrupted, ErrorKind::WouldBlock, Read, Write};
use std::{collections::HashMap, mem, net::Shutdown, time::Duration, time::Instant};

use mio::{Events, Interest, Poll, Token, event, net::TcpListener, net::TcpStream};
use wsproto::{AcceptConnection, AdapterError, Config, Connection, Driver, Event, ReadBuffer, Transport};

const TICK: Duration = Duration::from_secs(1);
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
struct Client(TcpStream, Driver, ReadBuffer);

/// Writes as much as possible, and reads once. Returns whether the connection continues. `WouldBlock` means that it
/// waits.
fn turn(Client(stream, ws, buffer): &mut Client, now: Duration) -> Result<bool, AdapterError> {
    while ws.queued() > 0 {
        match stream.write(ws.output().first()) {
            Ok(len) => ws.written(len, now),
            Err(error) if error.kind() == WouldBlock => break,
            Err(error) => return Err(error.into()),
        }
    }
    match ws.transport() {
        Transport::Close if ws.queued() == 0 => return Ok(false),
        Transport::ShutdownWrite if ws.queued() == 0 => drop(stream.shutdown(Shutdown::Write)),
        _ => {}
    }
    // A client that reads nothing isn't read from. Bytes that have come are read before a deadline counts.
    match if ws.queued() < 1 << 16 { stream.read(buffer.room()) } else { Err(WouldBlock.into()) } {
        Ok(0) => drop(ws.receive_eof(now)?),
        Ok(len) => {
            ws.filled(buffer, len, now);
            ws.handle_timeout(now).map_or(Ok(()), Err)?; // a peer that never stops has deadlines, too
        }
        Err(error) => return Err(ws.handle_timeout(now).map_or(error.into(), AdapterError::from)),
    }
    while ws.transport() == Transport::KeepOpen {
        match ws.receive_from(buffer, now) {
            Ok(Some(Event::Request(_))) => ws.send(AcceptConnection::new(), now)?,
            Ok(Some(event @ (Event::TextMessage(_) | Event::BytesMessage(_)))) => ws.send(event, now)?,
            Ok(Some(_)) => {} // answered already
            Ok(None) => return Ok(true),
            Err(error) => ws.reply_to_error(&error, now)?,
        }
    }
    buffer.clear(); // later bytes are ignored
    Ok(true)
}

pub(crate) fn serve(mut listener: TcpListener, timeouts: wsproto::Timeouts) -> io::Result<()> {
    let (mut poll, mut events, clock) = (Poll::new()?, Events::with_capacity(1024), Instant::now());
    let (mut clients, mut ready, mut last, mut tick) = (HashMap::new(), Vec::new(), Token(0), TICK);
    poll.registry().register(&mut listener, last, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, Some(if ready.is_empty() { TICK } else { Duration::ZERO })) {
            Err(error) if error.kind() != Interrupted => return Err(error),
            _ => ready.extend(events.iter().map(event::Event::token)),
        }
        let now = clock.elapsed();
        if now > tick {
            tick = now + TICK;
            ready.extend(clients.keys().chain([&Token(0)])); // deadlines; the listener
        }
        for token in mem::take(&mut ready) {
            if let Some(client) = clients.get_mut(&token) {
                match turn(client, now) {
                    Ok(true) => ready.push(token), // after all others
                    Err(AdapterError::Io(error)) if error.kind() == WouldBlock => client.2.shrink_to(0),
                    ended => drop((ended.inspect_err(|e| eprintln!("{e}")), clients.remove(&token))),
                }
            } else if let Ok((mut stream, _)) = listener.accept() {
                last.0 += 1;
                poll.registry().register(&mut stream, last, BOTH)?;
                let ws = Driver::new(Connection::server(Config::default())).with_timeouts(timeouts, now);
                clients.insert(last, Client(stream, ws, ReadBuffer::messages()));
                ready.push(Token(0));
            }
        }
    }
}

fn main() -> io::Result<()> {
    let timeouts = wsproto::Timeouts::default().with_handshake(TICK * 10).with_close(TICK * 5);
    serve(TcpListener::bind(([127, 0, 0, 1], 9001).into())?, timeouts.with_write(TICK * 30))
}
