//! Sends each line of its input, and prints the answers: a reader and a writer in two threads.
//!
//! `cargo run --release -p wsproto-blocking --example blocking_echo_client -- ws://127.0.0.1:9001/`

use std::{
    env,
    io::{self, BufRead, Write},
    thread,
};

use wsproto_blocking::{CloseCode, CloseReport, Connector, Error, Message};

fn main() -> Result<(), Error> {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".into());
    let report = converse(&url, io::stdin().lock(), io::stdout())?;
    println!("closed with {}", report.code());
    Ok(())
}

/// Talks to a server until the input ends, or until the server closes the connection.
pub(crate) fn converse(
    url: &str,
    input: impl BufRead,
    mut output: impl Write + Send + 'static,
) -> Result<CloseReport, Error> {
    let (mut reader, writer) = Connector::new().with_compression().connect(url)?.split()?;
    let reading = thread::spawn(move || -> Result<(), Error> {
        while let Some(message) = reader.read()? {
            match message {
                Message::Text(text) => writeln!(output, "{text}")?,
                Message::Binary(bytes) => writeln!(output, "{} bytes", bytes.len())?,
            }
        }
        Ok(())
    });
    for line in input.lines() {
        match writer.send(line?) {
            Ok(()) => {}
            Err(Error::Closed) => break,
            Err(error) => return Err(error),
        }
    }
    let report = writer.close(CloseCode::NORMAL, "")?;
    match reading.join() {
        Ok(outcome) => outcome.map(|()| report),
        Err(_) => Err(io::Error::other("the thread that reads has panicked").into()),
    }
}
