//! What our server looks like to clients that come through a proxy: rejections, health checks, short connections.
//!
//! A proxy that keeps a connection which our server is about to close sends the next request into it, and tells that
//! client 502. So each check is done many times, several at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, error::Elapsed, timeout_at},
};
use wsproto_tokio::{Error, Message};

use crate::{
    client::{expect, goodbye},
    report::{Finding, Verdict},
    script::{self, Check, check},
    socket::{Failure, Socket},
    stack::Stack,
    way::Way,
};

/// How many times each check is done.
const TIMES: usize = 1000;
/// How many of them at once.
const AT_ONCE: usize = 16;
/// How long all of one check may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many requests find out whether a proxy keeps connections, one after the other.
const REQUESTS: usize = 50;

/// All checks. The first needs a server that keeps connections, as ours in axum does: without such a proxy the others
/// would prove nothing.
pub(crate) const CHECKS: [Check; 6] = [
    check("pool", "pool", "the proxy keeps connections to a server that lets it, for the next request"),
    check("rejection", "403", "an upgrade request, rejected with 403 and no body"),
    check("rejection with body", "403+", "an upgrade request, rejected with 403 and a body"),
    check("post", "post", "a POST, rejected"),
    check(
        "health check",
        "health",
        "a health check, `GET /healthz` on the same port, answered with 200 and a text",
    ),
    check("short connections", "short", "a WebSocket connection: open, one message echoed, close with 1000"),
];

/// Runs some checks.
pub(crate) async fn run<W: Way>(way: &W, stack: Stack, checks: &[Check]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks {
        let verdict = match check.name {
            "pool" => pool(way).await,
            "health check" if stack == Stack::Tcp => {
                Verdict::NotPossible("`accept` answers requests for WebSockets alone".to_owned())
            }
            name => repeat(|| once(name, way.clone())).await,
        };
        findings.push(Finding { check: check.name.to_owned(), verdict });
    }
    findings
}

/// Sends requests whose answers name the connection that they came over.
async fn pool(way: &impl Way) -> Verdict {
    let mut connections = BTreeSet::new();
    for _ in 0..REQUESTS {
        match way.request("GET", script::CONNECTION).await {
            Ok((200, connection)) => connections.insert(connection),
            other => return Verdict::Fail(format!("{other:?} instead of 200")),
        };
    }
    match connections.len() {
        few if few < REQUESTS / 2 => Verdict::Ok,
        many => Verdict::Fail(format!("{many} connections for {REQUESTS} requests")),
    }
}

/// Does a check once.
///
/// # Errors
///
/// What came instead of what should have come.
async fn once<W: Way>(check: &'static str, way: W) -> Result<(), Failure> {
    match check {
        "rejection" => rejected(&way, script::FORBIDDEN, "").await,
        "rejection with body" => rejected(&way, script::FORBIDDEN_WITH_REASON, script::REASON).await,
        "post" => answered(&way, ("POST", "/echo"), 405, None).await,
        "health check" => answered(&way, ("GET", script::HEALTH_CHECK), 200, Some(script::HEALTHY)).await,
        "short connections" => echoed(&way).await,
        other => Err(Failure::Unexpected(format!("no check is called {other}"))),
    }
}

/// Our client sees the rejection as our server sent it.
async fn rejected<W: Way>(way: &W, target: &str, wanted: &str) -> Result<(), Failure> {
    match way.open(target).await {
        Err(Error::Rejected(reject)) => {
            let got = (reject.status, String::from_utf8_lossy(&reject.content));
            expect("rejection", &got, &(403, wanted.into()))
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err(Failure::Unexpected("it was accepted".to_owned())),
    }
}

/// A plain request gets its answer.
async fn answered<W: Way>(
    way: &W,
    (method, target): (&str, &str),
    status: u16,
    body: Option<&str>,
) -> Result<(), Failure> {
    let (got, text) = way.request(method, target).await?;
    expect("answer", &(got, &*text), &(status, body.unwrap_or(&text)))
}

/// A connection opens, echoes a message and ends with the Close of both sides.
async fn echoed<W: Way>(way: &W) -> Result<(), Failure> {
    let mut socket = Socket::new(way.open("/echo").await?);
    socket.send(script::FRAGMENTED).await?;
    expect("echo", &socket.message().await?, &Message::from(script::FRAGMENTED))?;
    goodbye(&mut socket).await
}

/// Does something [`TIMES`] times; the verdict counts the failures of each kind.
async fn repeat<F>(once: impl Fn() -> F) -> Verdict
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (end, mut under_way) = (Instant::now() + PATIENCE, JoinSet::new());
    let mut failures = BTreeMap::<String, usize>::new();
    let mut note = |outcome: Result<Result<_, Elapsed>, JoinError>| {
        let why = match outcome {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(failure))) => Failure::to_string(&failure),
            Ok(Err(_)) => "no time left".to_owned(),
            Err(panic) => panic.to_string(),
        };
        *failures.entry(why).or_default() += 1;
    };
    for _ in 0..TIMES {
        if under_way.len() == AT_ONCE
            && let Some(outcome) = under_way.join_next().await
        {
            note(outcome);
        }
        under_way.spawn(timeout_at(end, once()));
    }
    while let Some(outcome) = under_way.join_next().await {
        note(outcome);
    }
    if failures.is_empty() {
        return Verdict::Ok;
    }
    let counted: Vec<String> =
        failures.iter().map(|(why, count)| format!("{count} of {TIMES}: {why}")).collect();
    Verdict::Fail(counted.join("; "))
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Read, Write},
        net::TcpListener,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        thread,
    };

    use super::*;
    use crate::{options::Deflate, server, tls::Tls, way::Direct};

    /// A gateway that never reaches its server.
    fn bad_gateway() -> io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for mut stream in listener.incoming().filter_map(Result::ok) {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
            }
        });
        Ok(port)
    }

    #[tokio::test]
    async fn each_check_passes_before_our_server_and_fails_before_a_bad_gateway() {
        let tls = Tls::make().expect("certificates");
        let ours = server::start(Stack::Axum, Deflate::Off.settings(), &tls).await.expect("a server");
        let to = |port| Direct::new(Stack::Tcp, port, Deflate::Off.settings(), &tls.roots);
        let bad = bad_gateway().expect("a gateway");
        for check in CHECKS.iter().skip(1) {
            once(check.name, to(ours)).await.expect(check.name);
            let failure = once(check.name, to(bad)).await.expect_err(check.name).to_string();
            assert!(failure.contains("502"), "{}: {failure}", check.name);
        }
        // Without a proxy each request has a connection of its own.
        let no_pool = Verdict::Fail("50 connections for 50 requests".to_owned());
        assert_eq!(pool(&to(ours)).await, no_pool);
    }

    #[tokio::test]
    async fn failures_are_counted_by_kind() {
        let done = AtomicUsize::new(0);
        let verdict = repeat(|| {
            let outcome = match done.fetch_add(1, Relaxed) {
                0..7 => Err("502"),
                7..9 => Err("503"),
                _ => Ok(()),
            };
            async move { outcome.map_err(|why| Failure::Unexpected(why.to_owned())) }
        });
        assert_eq!(verdict.await, Verdict::Fail("7 of 1000: 502; 2 of 1000: 503".to_owned()));
        assert_eq!(done.into_inner(), TIMES);
        assert_eq!(repeat(|| async { Ok(()) }).await, Verdict::Ok);
    }
}
