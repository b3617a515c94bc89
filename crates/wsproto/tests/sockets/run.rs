use std::{
    error::Error,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, Event, Ping, ReadBuffer, Request, TextMessage,
    Transport,
};

/// How long the peer may take to end its side once nothing more is to be said.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a side does about an event, besides what is owed for it.
type React<'a> = dyn FnMut(&mut Connection, Event<'_>, &mut Vec<u8>) -> Result<(), Box<dyn Error>> + 'a;

/// Takes events, lets `react` answer each, writes, reads; until the connection is over.
fn run(
    mut stream: TcpStream,
    mut ws: Connection,
    mut out: Vec<u8>,
    react: &mut React<'_>,
) -> Result<(), Box<dyn Error>> {
    let mut buffer = ReadBuffer::messages();
    let mut done = Ok(());
    loop {
        done = done.and_then(|()| take_events(&mut ws, &mut buffer, &mut out, react));
        stream.write_all(&out)?; // what was sent before a failure, too
        out.clear();
        match ws.transport() {
            Transport::KeepOpen if done.is_ok() => match stream.read(buffer.room())? {
                0 => {
                    if let Some(event) = ws.receive_eof()? {
                        done = react(&mut ws, event, &mut out);
                    }
                }
                n => buffer.filled(n),
            },
            // A program that answers later waits for its answer here, sends it, and goes on.
            Transport::PauseRead if done.is_ok() => return Err("the program has not answered".into()),
            transport => {
                end(&mut stream, transport);
                return done;
            }
        }
    }
}

fn take_events(
    ws: &mut Connection,
    buffer: &mut ReadBuffer,
    out: &mut Vec<u8>,
    react: &mut React<'_>,
) -> Result<(), Box<dyn Error>> {
    loop {
        match ws.receive_from(buffer) {
            Ok(Some(event)) => {
                ws.reply(&event, out)?;
                react(ws, event, out)?;
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                ws.reply_to_error(&error, out)?;
                return Err(error.into());
            }
        }
    }
}

/// Ends the stream so that the peer can read what we said last; whatever goes wrong here is the end, too.
fn end(stream: &mut TcpStream, transport: Transport) {
    if transport != Transport::AwaitEnd && stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let (end, mut ignored) = (Instant::now() + PATIENCE, [0; 4096]);
    if transport != Transport::Close && stream.set_read_timeout(Some(PATIENCE)).is_ok() {
        while Instant::now() < end && stream.read(&mut ignored).is_ok_and(|n| n > 0) {}
    }
}

fn serve(stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let ws = Connection::server(Config::default());
    run(stream, ws, Vec::new(), &mut |ws, event, out| {
        match event {
            Event::Request(_) => ws.send(AcceptConnection::new(), out)?,
            Event::TextMessage(message) => ws.send(message, out)?,
            Event::BytesMessage(message) => ws.send(message, out)?,
            _ => {}
        }
        Ok(())
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener.accept().unwrap().0).unwrap());

    let mut log = Vec::new();
    let (mut ws, mut out) = (Connection::client(Config::default()), Vec::new());
    ws.send(Request::new(address.to_string(), "/"), &mut out)?;
    run(TcpStream::connect(address)?, ws, out, &mut |ws, event, out| {
        match event {
            Event::AcceptConnection(_) => ws.send(TextMessage::new("wsproto, this time in Rust"), out)?,
            Event::TextMessage(echo) => {
                log.push(echo.data.to_string());
                ws.send(Ping::new(b"table tennis"), out)?;
            }
            Event::Pong(pong) => {
                log.push(String::from_utf8(pong.payload.to_vec())?);
                ws.send(CloseConnection::new(CloseCode::NORMAL).with_reason("enough"), out)?;
            }
            Event::CloseConnection(close) => log.push(close.reason.to_string()),
            _ => {}
        }
        Ok(())
    })?;
    assert_eq!(log, ["wsproto, this time in Rust", "table tennis", "enough"]);
    server.join().unwrap();
    Ok(())
}
