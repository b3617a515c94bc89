//! The opening handshake of HTTP/1.1, and other requests on the same port.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};
use wsproto::{
    AcceptConnection, Connection, Deadline, Event, HttpRequest, RejectConnection, Request, Settings,
};
use wsproto_tokio::{Error, WebSocket};

/// What a client asks for.
pub(super) enum Asked<'a> {
    WebSocket(&'a Request),
    /// Something else, or it broke a rule: consent to that means the answer that the rule has.
    Other(&'a HttpRequest),
}

/// Accepts or answers.
pub(super) async fn accept_with<S>(
    io: S,
    settings: &Settings,
    choose: impl FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
) -> Result<WebSocket<S>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limit = settings.timeouts.handshake.unwrap_or(Duration::MAX);
    timeout(limit, open(io, settings, choose)).await.unwrap_or(Err(Error::TimedOut(Deadline::Handshake)))
}

async fn open<S>(
    mut io: S,
    settings: &Settings,
    choose: impl FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
) -> Result<WebSocket<S>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::server(Arc::clone(&settings.config));
    let (mut out, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let len = io.read(&mut buffer).await?;
        let Some(mut input) = buffer.get_mut(..len).filter(|input| !input.is_empty()) else {
            return Err(Error::Closed);
        };
        let answer = match connection.receive(&mut input) {
            Ok(Some(Event::Request(request))) => choose(Asked::WebSocket(&request)),
            Ok(_) => continue,
            Err(error) => {
                let answer = connection.refused_request().map(|request| choose(Asked::Other(request)));
                let Some(answer @ Err(_)) = answer else {
                    connection.reply_to_error(&error, &mut out)?;
                    end(&mut io, &out).await?;
                    return Err(error.into());
                };
                answer
            }
        };
        match answer {
            Ok(consent) => {
                connection.send(consent, &mut out)?;
                io.write_all(&out).await?;
                io.flush().await?;
                return Ok(WebSocket::from_upgraded(io, connection, &*input, settings));
            }
            Err(rejection) => {
                connection.send(rejection.clone(), &mut out)?;
                end(&mut io, &out).await?;
                return Err(Error::Rejected(Box::new(rejection)));
            }
        }
    }
}

/// Writes the last, and reads on until the client has it.
async fn end<S: AsyncRead + AsyncWrite + Unpin>(io: &mut S, answer: &[u8]) -> std::io::Result<()> {
    io.write_all(answer).await?;
    io.shutdown().await?;
    let mut ignored = [0; 4096];
    while io.read(&mut ignored).await.is_ok_and(|len| len > 0) {}
    Ok(())
}
