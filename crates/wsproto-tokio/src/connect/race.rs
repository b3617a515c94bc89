//! Tries all addresses of a name, and uses the first that connects: "happy eyeballs" (RFC 8305).

use std::{
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
    vec,
};

use tokio::time::{Sleep, sleep};

/// How many addresses an error names at most.
const MOST_TOLD: usize = 8;

/// Dials the addresses until one has connected, and drops the other attempts.
///
/// The next address is dialled when one has failed, and also after `delay`, if there is one.
///
/// # Errors
///
/// The kind is that of the last error, except that errors of this machine's own network count less. The text names each
/// address that was tried, and why it failed.
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
        failures: Failures::default(),
    };
    race.start_next();
    poll_fn(|cx| race.poll(cx)).await
}

/// Lets the families take turns, that of the first address first; the order within each family stays.
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
    attempts: Vec<(SocketAddr, Pin<Box<F>>)>,
    /// The delay before the next attempt, while others are under way; only while addresses wait.
    pause: Option<Pin<Box<Sleep>>>,
    failures: Failures,
}

impl<S, F: Future<Output = io::Result<S>>, D: Fn(SocketAddr) -> F> Race<F, D> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<S>> {
        loop {
            match self.poll_attempts(cx) {
                Poll::Ready((_, Ok(stream))) => return Poll::Ready(Ok(stream)),
                Poll::Ready((address, Err(error))) => {
                    self.failures.0.push((address, error));
                    self.start_next();
                }
                Poll::Pending if self.attempts.is_empty() => {
                    return Poll::Ready(Err(std::mem::take(&mut self.failures).into()));
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
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Poll<(SocketAddr, io::Result<S>)> {
        for index in 0..self.attempts.len() {
            let Some((address, attempt)) = self.attempts.get_mut(index) else { break };
            if let Poll::Ready(outcome) = attempt.as_mut().poll(cx) {
                let address = *address;
                drop(self.attempts.remove(index));
                return Poll::Ready((address, outcome));
            }
        }
        Poll::Pending
    }

    fn start_next(&mut self) {
        let next = self.waiting.next();
        self.attempts.extend(next.map(|address| (address, Box::pin((self.dial)(address)))));
        self.pause = match self.delay {
            Some(delay) if self.waiting.len() > 0 => Some(Box::pin(sleep(delay))),
            _ => None,
        };
    }
}

/// The addresses that were tried, each with its error.
#[derive(Debug, Default)]
struct Failures(Vec<(SocketAddr, io::Error)>);

impl From<Failures> for io::Error {
    fn from(failures: Failures) -> Self {
        let kinds = failures.0.iter().map(|(_, error)| error.kind());
        let kind = kinds.max_by_key(|kind| tells(*kind)).unwrap_or(io::ErrorKind::NotFound);
        Self::new(kind, failures)
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the name has no address");
        }
        for (index, (address, error)) in self.0.iter().take(MOST_TOLD).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{address}: {error}")?;
        }
        match self.0.len().saturating_sub(MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Failures {}

/// How much an error says: little if this machine has no route to the address, for example without IPv6.
const fn tells(kind: io::ErrorKind) -> u8 {
    use io::ErrorKind::{AddrNotAvailable, HostUnreachable, NetworkUnreachable, NotFound, Unsupported};
    match kind {
        NotFound => 0,
        NetworkUnreachable | HostUnreachable | AddrNotAvailable | Unsupported => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
