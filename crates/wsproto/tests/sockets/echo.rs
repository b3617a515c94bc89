use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};
use wsproto::{AcceptConnection, Config, Connection, Event, LocalProtocolError, ReadBuffer, Transport};

fn echo(mut stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    let mut ws = Connection::server(Config::default().with_explained_rejections());
    let (mut buffer, mut out) = (ReadBuffer::messages(), Vec::new());
    let mut answered = Ok(());
    while answered.is_ok() && ws.transport() == Transport::KeepOpen {
        match stream.read(buffer.room())? {
            0 => drop(ws.receive_eof()?),
            n => buffer.filled(n),
        }
        answered = answer(&mut ws, &mut buffer, &mut out);
        stream.write_all(&out)?; // what was sent before a failure, too
        out.clear();
    }
    // The peer may still be sending; to close before it has ended could lose what we said last.
    if stream.shutdown(Shutdown::Write).is_ok() {
        let patience = Duration::from_secs(5);
        let (end, mut ignored) = (Instant::now() + patience, [0; 4096]);
        stream.set_read_timeout(Some(patience))?;
        while Instant::now() < end && stream.read(&mut ignored).is_ok_and(|n| n > 0) {}
    }
    Ok(answered?)
}

fn answer(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
    loop {
        match ws.receive_from(buffer) {
            Ok(Some(Event::Request(_))) => ws.send(AcceptConnection::new(), out)?,
            Ok(Some(Event::TextMessage(message))) => ws.send(message, out)?,
            Ok(Some(Event::BytesMessage(message))) => ws.send(message, out)?,
            Ok(Some(event)) => ws.reply(&event, out)?, // a Pong for a Ping, a Close for a Close
            Ok(None) => return Ok(()),
            Err(error) => return ws.reply_to_error(&error, out), // a rejection or a Close: which rule was broken
        }
    }
}
