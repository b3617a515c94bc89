//! Our client: runs the script's checks against a peer's server.

use std::{thread, time::Duration};

use crate::{
    options::Deflate,
    report::{Finding, Verdict},
    script,
    socket::{Failure, Message, Socket},
};

/// A client of the server at `port`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) port: u16,
    pub(crate) deflate: Deflate,
}

impl Client {
    /// Runs all checks, in order.
    pub(crate) fn run(self) -> Vec<Finding> {
        script::CHECKS
            .iter()
            .map(|check| {
                let verdict = match self.check(check.name) {
                    Ok(()) => Verdict::Ok,
                    Err(failure) => Verdict::Fail(failure.to_string()),
                };
                Finding { check: check.name.to_owned(), verdict }
            })
            .collect()
    }

    fn check(self, name: &str) -> Result<(), Failure> {
        match name {
            "handshake" => self.handshake(),
            "text" => self.echo(|size| Message::Text(script::text_of(size))),
            "binary" => self.echo(|size| Message::Binary(script::bytes_of(size))),
            "fragments sent" => self.fragments_sent(),
            "fragments received" => self.answer("/fragments", script::FRAGMENTED),
            "ping sent" => self.ping_sent(),
            "ping received" => self.answer("/ping", "pong"),
            "close by client" => self.close_by_client(),
            "close by server" => self.close_by_server(),
            "end by client" => self.end_by_client(),
            "end by server" => closed(&self.connect("/abort")?.until_closed(), script::ABNORMAL, None),
            violation => self.violated(violation),
        }
    }

    fn connect(self, target: &str) -> Result<Socket, Failure> {
        Ok(Socket::connect(self.port, target, self.deflate.config())?.0)
    }

    fn handshake(self) -> Result<(), Failure> {
        let (mut socket, accept) = Socket::connect(self.port, "/echo/handshake", self.deflate.config())?;
        expect("subprotocol", &accept.subprotocol.as_deref(), &Some(script::CHOSEN))?;
        let deflate = accept.extensions.iter().any(|agreed| agreed.starts_with("permessage-deflate"));
        expect("permessage-deflate", &deflate, &self.deflate.is_on())?;
        expect("parameters not agreed", &self.deflate.missing_from(&accept.extensions), &Vec::new())?;
        goodbye(&mut socket)
    }

    /// Has messages of all sizes echoed; where compression was agreed, it must show on the wire.
    fn echo(self, message_of: impl Fn(usize) -> Message) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/messages")?;
        for size in script::SIZES {
            let sent = message_of(size);
            socket.send_message(&sent)?;
            if socket.message()? != sent {
                return Err(Failure::Unexpected(format!("{size} bytes came back changed")));
            }
        }
        let both_ways = script::SIZES.iter().sum::<usize>().saturating_mul(2);
        expect("fewer bytes on the wire", &(socket.traffic() < both_ways), &self.deflate.is_on())?;
        goodbye(&mut socket)
    }

    fn fragments_sent(self) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/fragments")?;
        socket.send_fragments(script::FRAGMENTED)?;
        expect("echo", &socket.message()?, &Message::Text(script::FRAGMENTED.to_owned()))?;
        goodbye(&mut socket)
    }

    /// Connects, and expects one text.
    fn answer(self, target: &str, wanted: &str) -> Result<(), Failure> {
        let mut socket = self.connect(target)?;
        expect("message", &socket.message()?, &Message::Text(wanted.to_owned()))?;
        goodbye(&mut socket)
    }

    fn ping_sent(self) -> Result<(), Failure> {
        let mut socket = self.connect("/echo/ping")?;
        socket.ping(script::PING)?;
        goodbye(&mut socket)
    }

    fn close_by_client(self) -> Result<(), Failure> {
        let target = "/echo/close-by-client";
        let (code, reason) = script::CLOSE_BY_CLIENT;
        match self.connect(target)?.close(code, reason) {
            Failure::Closed { code, .. } if code != script::ABNORMAL => {}
            other => return Err(other),
        }
        self.seen(target, &format!("{code} {reason}"))
    }

    fn close_by_server(self) -> Result<(), Failure> {
        let (code, reason) = script::CLOSE_BY_SERVER;
        closed(&self.connect("/close")?.until_closed(), code, Some(reason))
    }

    fn end_by_client(self) -> Result<(), Failure> {
        let target = "/echo/end-by-client";
        drop(self.connect(target)?);
        self.seen(target, &format!("{} ", script::ABNORMAL))
    }

    /// Has the server break a rule, and asks it for the Close that it got.
    fn violated(self, name: &str) -> Result<(), Failure> {
        let Some((violation, code)) =
            script::VIOLATIONS.iter().find(|(violation, _)| name.starts_with(violation))
        else {
            return Err(Failure::Unexpected(format!("no check is called {name}")));
        };
        let target = format!("/violate/{violation}");
        match self.connect(&target)?.until_closed() {
            Failure::Violated(_) => self.seen(&target, &format!("{code} ")),
            other => Err(other),
        }
    }

    /// Asks the server how it saw a connection end, until it knows; it must begin with `wanted`.
    fn seen(self, target: &str, wanted: &str) -> Result<(), Failure> {
        for _ in 0..100 {
            let mut socket = self.connect(&format!("/saw{target}"))?;
            let answer = socket.message()?;
            goodbye(&mut socket)?;
            match answer {
                Message::Text(text) if text == " " => thread::sleep(Duration::from_millis(20)),
                Message::Text(text) if text.starts_with(wanted) => return Ok(()),
                other => {
                    return Err(Failure::Unexpected(format!("the server saw {other:?}, not {wanted:?}")));
                }
            }
        }
        Err(Failure::Unexpected("the server never saw the end".to_owned()))
    }
}

/// Ends a check in peace.
fn goodbye(socket: &mut Socket) -> Result<(), Failure> {
    closed(&socket.close(1000, ""), 1000, None)
}

fn closed(end: &Failure, code: u16, reason: Option<&str>) -> Result<(), Failure> {
    match end {
        Failure::Closed { code: got, reason: said }
            if *got == code && reason.is_none_or(|reason| reason == said) =>
        {
            Ok(())
        }
        other => Err(Failure::Unexpected(format!("{other}, instead of {code} {reason:?}"))),
    }
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, wanted: &T) -> Result<(), Failure> {
    if got == wanted {
        Ok(())
    } else {
        Err(Failure::Unexpected(format!("{what}: {got:?} instead of {wanted:?}")))
    }
}
