//! What our server looks like to clients that come through a proxy: rejections, health checks, short connections.
//!
//! A proxy that keeps a connection which our server is about to close sends the next request into it, and tells that
//! client 502. So each check is done many times, several at once.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, error::Elapsed, timeout_at},
};
use wsproto_tokio::{Error, Message};

use crate::{
    client::{expect, goodbye},
    pool::Keeping,
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

/// Whether the proxy is of the kind that the other checks are about; pool.rs finds out.
pub(crate) const POOL: Check =
    check("pool", "pool", "the proxy keeps connections to a server that lets it, for the next request");

/// All checks.
pub(crate) const CHECKS: [Check; 6] = [
    POOL,
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

/// Runs the check of the pool before a server that keeps connections, or all others before ours.
pub(crate) async fn run<W: Way>(way: &W, stack: Stack, keeping: Option<&Keeping>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(keeping) = keeping {
        return vec![Finding { check: POOL.name.to_owned(), verdict: keeping.verdict(way).await }];
    }
    for check in CHECKS.iter().skip(1) {
        let verdict = if check.name == "health check" && stack == Stack::Tcp {
            Verdict::NotPossible("`accept` answers requests for WebSockets alone".to_owned())
        } else {
            repeat(|| once(check.name, way.clone())).await
        };
        findings.push(Finding { check: check.name.to_owned(), verdict });
    }
    findings
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
    let response = way.request(method, target).await?;
    let got = String::from_utf8_lossy(&response.body);
    expect("answer", &(response.status, &*got), &(status, body.unwrap_or(&got)))
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
