//! All addresses of a name are tried, and the first that connects is used: "happy eyeballs" (RFC 8305).

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use tokio::time::{Sleep, sleep};

/// Dials the addresses until one has connected: the next one after this delay or, without it, and at once in any case,
/// when one has failed. Attempts that are under way then are dropped.
///
/// # Errors
///
/// The most telling one: the last, but for what the machine itself has no way to.
pub(super) async fn first<S, F: Future<Output = io::Result<S>>>(
    addresses: Vec<SocketAddr>,
    dial: impl Fn(SocketAddr) -> F,
    delay: Option<Duration>,
) -> io::Result<S> {
    let mut race = Race {
        waiting: take_turns(addresses).into_iter(),
        dial,
        delay,
        attempts: Vec::new(),
        pause: None,
        failure: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
    };
    race.start_next();
    poll_fn(|cx| race.poll(cx)).await
}

/// Has the families take turns, and begins with that of the first address; the order within each stays.
///
/// RFC 8305 [§4](https://www.rfc-editor.org/rfc/rfc8305#section-4)
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let len = addresses.len();
    let (one, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == is_first);
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let mut turns = Vec::with_capacity(len);
    while turns.len() < len {
        turns.extend(one.next());
        turns.extend(other.next());
    }
    turns
}

struct Race<F, D> {
    waiting: vec::IntoIter<SocketAddr>,
    dial: D,
    delay: Option<Duration>,
    attempts: Vec<Pin<Box<F>>>,
    /// Until the next one may start beside those that are under way; only while some wait.
    pause: Option<Pin<Box<Sleep>>>,
    failure: io::Error,
}

impl<S, F: Future<Output = io::Result<S>>, D: Fn(SocketAddr) -> F> Race<F, D> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<S>> {
        loop {
            match self.poll_attempts(cx) {
                Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                Poll::Ready(Err(error)) => {
                    self.note(error);
                    self.start_next();
                }
                Poll::Pending if self.attempts.is_empty() => {
                    let none = io::Error::from(io::ErrorKind::NotFound);
                    return Poll::Ready(Err(std::mem::replace(&mut self.failure, none)));
                }
                Poll::Pending => {
                    let Some(pause) = &mut self.pause else { return Poll::Pending };
                    ready!(pause.as_mut().poll(cx));
                    self.start_next();
                }
            }
        }
    }

    /// Waits for one of the attempts to end, and removes it.
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<S>> {
        for index in 0..self.attempts.len() {
            let Some(attempt) = self.attempts.get_mut(index) else { break };
            if let Poll::Ready(outcome) = attempt.as_mut().poll(cx) {
                drop(self.attempts.remove(index));
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    }

    fn start_next(&mut self) {
        self.attempts.extend(self.waiting.next().map(|address| Box::pin((self.dial)(address))));
        self.pause = match self.delay {
            Some(delay) if self.waiting.len() > 0 => Some(Box::pin(sleep(delay))),
            _ => None,
        };
    }

    /// Keeps the most telling error.
    fn note(&mut self, error: io::Error) {
        if tells(&error) >= tells(&self.failure) {
            self.failure = error;
        }
    }
}

/// How much an error tells: little where the machine itself has no way to the address, as without IPv6.
fn tells(error: &io::Error) -> u8 {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable, NotFound, Unsupported};
    match error.kind() {
        NotFound => 0,
        NetworkUnreachable | HostUnreachable | AddrNotAvailable | Unsupported => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
