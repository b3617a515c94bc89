//! Our client: runs the script's checks against a peer's server.

use std::{fmt, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{sleep, timeout},
};
use wsproto_tokio::{Error, Message};

use crate::{
    options::Deflate,
    report::{Finding, Verdict},
    script,
    socket::{Failure, Socket},
    way::Way,
};

/// A client of a server.
#[derive(Clone, Debug)]
pub(crate) struct Client<W> {
    pub(crate) way: W,
    pub(crate) deflate: Deflate,
}

impl<W: Way> Client<W> {
    /// Runs all checks, in order.
    pub(crate) async fn run(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for check in script::CHECKS {
            let verdict = match timeout(script::PATIENCE, self.check(check.name)).await {
                Ok(Ok(())) => Verdict::Ok,
                Ok(Err(failure)) => Verdict::Fail(failure.to_string()),
                Err(_) => Verdict::Fail(format!("not done after {} s", script::PATIENCE.as_secs())),
            };
            findings.push(Finding { check: check.name.to_owned(), verdict });
        }
        findings
    }

    async fn check(&self, name: &str) -> Result<(), Failure> {
        match name {
            "handshake" => self.handshake().await,
            "text" => self.echo(|size| Message::from(script::text_of(size))).await,
            "binary" => self.echo(|size| Message::binary(script::bytes_of(size))).await,
            "fragments sent" => self.fragments_sent().await,
            "fragments received" => self.answer("/fragments", script::FRAGMENTED).await,
            "ping sent" => self.ping_sent().await,
            "ping received" => self.answer("/ping", "pong").await,
            "close by client" => self.close_by_client().await,
            "close by server" => self.ended("/close", script::CLOSE_BY_SERVER).await,
            "end by client" => self.end_by_client().await,
            "end by server" => self.ended("/abort", (script::ABNORMAL, "")).await,
            violation => self.violated(violation).await,
        }
    }

    async fn connect(&self, target: &str) -> Result<Socket<W::Stream>, Failure> {
        Ok(Socket::new(self.way.open(target).await?))
    }

    async fn handshake(&self) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/handshake").await?;
        expect("subprotocol", &socket.ws().subprotocol(), &Some(script::CHOSEN))?;
        let extensions = socket.ws().extensions();
        let deflate = extensions.iter().any(|agreed| agreed.starts_with("permessage-deflate"));
        expect("permessage-deflate", &deflate, &self.deflate.is_on())?;
        expect("parameters not agreed", &self.deflate.missing_from(&extensions), &Vec::new())?;
        goodbye(&mut socket).await
    }

    /// Has messages of all sizes echoed; where compression was agreed, it must show on the wire.
    async fn echo(&self, message_of: impl Fn(usize) -> Message) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/messages").await?;
        for size in script::SIZES {
            let sent = message_of(size);
            socket.send(sent.clone()).await?;
            if socket.message().await? != sent {
                return Err(Failure::Unexpected(format!("{size} bytes came back changed")));
            }
        }
        let both_ways = script::SIZES.iter().sum::<usize>().saturating_mul(2);
        let fewer = socket.traffic() < u64::try_from(both_ways).unwrap_or(u64::MAX);
        expect("fewer bytes on the wire", &fewer, &self.deflate.is_on())?;
        goodbye(&mut socket).await
    }

    async fn fragments_sent(&self) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/fragments").await?;
        socket.send_fragments(script::FRAGMENTED).await?;
        expect("echo", &socket.message().await?, &Message::from(script::FRAGMENTED))?;
        goodbye(&mut socket).await
    }

    /// Connects, and expects one text.
    async fn answer(&self, target: &str, wanted: &str) -> Result<(), Failure> {
        let mut socket = self.connect(target).await?;
        expect("message", &socket.message().await?, &Message::from(wanted))?;
        goodbye(&mut socket).await
    }

    async fn ping_sent(&self) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/ping").await?;
        socket.ping(script::PING).await?;
        goodbye(&mut socket).await
    }

    async fn close_by_client(&self) -> Result<(), Failure> {
        let target = "/echo/close-by-client";
        let (code, reason) = script::CLOSE_BY_CLIENT;
        match self.connect(target).await?.close((code, reason)).await {
            Failure::Closed { code, .. } if code != script::ABNORMAL => {}
            other => return Err(other),
        }
        self.seen(target, &format!("{code} {reason}")).await
    }

    /// Connects, and expects an end.
    async fn ended(&self, target: &str, end: (u16, &str)) -> Result<(), Failure> {
        closed(self.connect(target).await?.until_closed().await, end)
    }

    async fn end_by_client(&self) -> Result<(), Failure> {
        let target = "/echo/end-by-client";
        drop(self.connect(target).await?);
        self.seen(target, &format!("{} ", script::ABNORMAL)).await
    }

    /// Has the server break a rule, and asks it for the Close that it got.
    async fn violated(&self, name: &str) -> Result<(), Failure> {
        let Some((violation, code)) =
            script::VIOLATIONS.iter().find(|(violation, _)| name.starts_with(violation))
        else {
            return Err(Failure::Unexpected(format!("no check is called {name}")));
        };
        let target = format!("/violate/{violation}");
        match self.connect(&target).await?.until_closed().await {
            Failure::Failed(Error::Remote(_)) => self.seen(&target, &format!("{code} ")).await,
            other => Err(other),
        }
    }

    /// Asks the server how it saw a connection end, until it knows; it must begin with `wanted`.
    async fn seen(&self, target: &str, wanted: &str) -> Result<(), Failure> {
        loop {
            let mut socket = self.connect(&format!("/saw{target}")).await?;
            let answer = socket.message().await?;
            goodbye(&mut socket).await?;
            match answer.as_text() {
                Some(" ") => sleep(Duration::from_millis(20)).await,
                Some(text) if text.starts_with(wanted) => return Ok(()),
                other => {
                    return Err(Failure::Unexpected(format!("the server saw {other:?}, not {wanted:?}")));
                }
            }
        }
    }
}

/// Ends a check in peace.
pub(crate) async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
) -> Result<(), Failure> {
    closed(socket.close((1000, "")).await, (1000, ""))
}

fn closed(end: Failure, (code, reason): (u16, &str)) -> Result<(), Failure> {
    match end {
        Failure::Closed { code: got, reason: said } if got == code && reason == said => Ok(()),
        other => Err(Failure::Unexpected(format!("{other}, instead of {code} {reason:?}"))),
    }
}

/// Compares what was got with what should have come.
pub(crate) fn expect<T: PartialEq + fmt::Debug>(what: &str, got: &T, wanted: &T) -> Result<(), Failure> {
    if got == wanted {
        Ok(())
    } else {
        Err(Failure::Unexpected(format!("{what}: {got:?} instead of {wanted:?}")))
    }
}
