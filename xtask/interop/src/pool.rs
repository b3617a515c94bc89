//! A server that keeps its connections. It shows that a proxy keeps them, too: otherwise the checks that go through the
//! proxy would prove nothing.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use crate::{report::Verdict, way::Way};

/// How many requests go through the proxy, one after the other.
const REQUESTS: usize = 50;

/// A server that answers every request with 200, and counts connections.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
}

impl Keeping {
    /// Starts it; it ends with the program.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let keeping = Self { port: listener.local_addr()?.port(), connections: Arc::default() };
        let connections = Arc::clone(&keeping.connections);
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                connections.fetch_add(1, Relaxed);
                thread::spawn(move || answer_all(stream));
            }
        });
        Ok(keeping)
    }

    /// Sends requests to the proxy before it, and returns whether they shared connections.
    pub(crate) async fn verdict(&self, proxy: &impl Way) -> Verdict {
        for _ in 0..REQUESTS {
            match proxy.request("GET", "/").await {
                Ok(response) if response.status == 200 => {}
                other => return Verdict::Fail(format!("{other:?} instead of 200")),
            }
        }
        match self.connections.load(Relaxed) {
            few if few < REQUESTS / 2 => Verdict::Ok,
            many => Verdict::Fail(format!("{many} connections for {REQUESTS} requests")),
        }
    }
}

/// Answers every request of a connection; none has a body.
fn answer_all(mut stream: TcpStream) -> io::Result<()> {
    let (mut head, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Deflate, stack::Stack, tls::Tls, way::Direct};

    #[tokio::test]
    async fn a_connection_for_each_request_is_no_pool() {
        let keeping = Keeping::start().expect("a server");
        let tls = Tls::make().expect("certificates");
        let way = Direct::new(Stack::Tcp, keeping.port, Deflate::Off.settings(), &tls.roots);
        let verdict = keeping.verdict(&way).await;
        assert_eq!(verdict, Verdict::Fail("50 connections for 50 requests".to_owned()));
    }
}
