//! What our server looks like to clients that come through a proxy: rejections, health checks, short connections.
//!
//! A proxy that keeps a connection which our server is about to close sends the next request into it, and tells that
//! client 502. So each check is done many times, several at once.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    http,
    options::Deflate,
    report::{Finding, Verdict},
    script::{self, Check, check},
    socket::{Failure, Message, Socket},
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

/// Runs all checks but that of the pool against what listens at a port of loopback.
pub(crate) fn run(port: u16) -> Vec<Finding> {
    let run =
        |check: &Check| Finding { check: check.name.to_owned(), verdict: repeat(|| once(check.name, port)) };
    CHECKS.iter().skip(1).map(run).collect()
}

/// Does a check once.
///
/// # Errors
///
/// What came instead of what should have come.
fn once(check: &str, port: u16) -> Result<(), String> {
    match check {
        "rejection" => rejected(port, script::FORBIDDEN, ""),
        "rejection with body" => rejected(port, script::FORBIDDEN_WITH_REASON, script::REASON),
        "post" => answered(port, "POST", "/echo", 405, ""),
        "health check" => answered(port, "GET", script::HEALTH_CHECK, 200, script::HEALTHY),
        "short connections" => echoed(port).map_err(|failure| failure.to_string()),
        other => Err(format!("no check is called {other}")),
    }
}

/// Our client sees the rejection as our server sent it.
fn rejected(port: u16, target: &str, wanted: &str) -> Result<(), String> {
    match Socket::connect(port, target, Deflate::Off.config()) {
        Err(Failure::Rejected { status: 403, body }) if body == wanted.as_bytes() => Ok(()),
        Err(other) => Err(other.to_string()),
        Ok(_) => Err("it was accepted".to_owned()),
    }
}

/// A plain request gets its answer.
fn answered(port: u16, method: &str, target: &str, status: u16, body: &str) -> Result<(), String> {
    match http::request(port, method, target) {
        Ok(response) if response.status == status && response.body == body.as_bytes() => Ok(()),
        Ok(other) => Err(Failure::Rejected { status: other.status, body: other.body }.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A connection opens, echoes a message and ends with the Close of both sides.
fn echoed(port: u16) -> Result<(), Failure> {
    let (mut socket, _) = Socket::connect(port, "/echo", Deflate::Off.config())?;
    let sent = Message::Text(script::FRAGMENTED.to_owned());
    socket.send_message(&sent)?;
    let received = socket.message()?;
    if received != sent {
        return Err(Failure::Unexpected(format!("{received:?} came back")));
    }
    match socket.close(1000, "") {
        Failure::Closed { code: 1000, .. } => Ok(()),
        other => Err(other),
    }
}

/// Does something [`TIMES`] times; the verdict counts the failures of each kind.
fn repeat(once: impl Fn() -> Result<(), String> + Sync) -> Verdict {
    let started = Instant::now();
    let (begun, failures) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<String, usize>::new()));
    let fail =
        |why: String| *failures.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while begun.fetch_add(1, Relaxed) < TIMES {
                    let outcome =
                        if started.elapsed() < PATIENCE { once() } else { Err("no time left".to_owned()) };
                    if let Err(why) = outcome {
                        fail(why);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
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
    };

    use super::*;
    use crate::server;

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

    #[test]
    fn each_check_passes_before_our_server_and_fails_before_a_bad_gateway() {
        let ours = server::start(Deflate::Off.config()).expect("a server");
        let bad = bad_gateway().expect("a gateway");
        for check in CHECKS.iter().skip(1) {
            assert_eq!(once(check.name, ours), Ok(()), "{}", check.name);
            let failure = once(check.name, bad).expect_err(check.name);
            assert!(failure.contains("502"), "{}: {failure}", check.name);
        }
    }

    #[test]
    fn failures_are_counted_by_kind() {
        let done = AtomicUsize::new(0);
        let verdict = repeat(|| match done.fetch_add(1, Relaxed) {
            0..7 => Err("502".to_owned()),
            7..9 => Err("503".to_owned()),
            _ => Ok(()),
        });
        assert_eq!(verdict, Verdict::Fail("7 of 1000: 502; 2 of 1000: 503".to_owned()));
        assert_eq!(done.into_inner(), TIMES);
        assert_eq!(repeat(|| Ok(())), Verdict::Ok);
    }
}
