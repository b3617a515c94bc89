//! A server that runs for a test.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use wsproto::{Config, DeflateConfig, Message, Settings};
use wsproto_tokio::{Connector, MaybeTls, WebSocket};

/// Nothing here takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a port of its own; it is ended with this.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child =
            command(&[&["--port", "0"], arguments].concat()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let port = line.trim_end_matches('/').rsplit(':').next().unwrap().parse();
        let port = port.unwrap_or_else(|_| panic!("no address: {line}"));
        // What it says besides is read, so that it doesn't wait.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// Sends these bytes, and reads to the end.
    pub(crate) async fn ask(&self, bytes: &str) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            String::from_utf8(answer).unwrap()
        };
        timeout(PATIENCE, exchange).await.unwrap()
    }

    /// Opens a WebSocket.
    pub(crate) async fn open(&self, target: &str) -> WebSocket<MaybeTls> {
        let config = Config::default().with_extension(DeflateConfig::default());
        let connector = Connector::new().with_settings(Settings::new(config));
        connector.connect(format!("ws://127.0.0.1:{}{target}", self.port).as_str()).await.unwrap().0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsproto"));
    command.arg("serve").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// A page's `/wire`.
pub(crate) struct Wire<S = MaybeTls> {
    pub(crate) ws: WebSocket<S>,
    pub(crate) session: String,
    pub(crate) violations: Vec<Value>,
    /// What came and was not looked at yet.
    waiting: VecDeque<Value>,
}

impl Wire {
    pub(crate) async fn open(server: &Server) -> Self {
        Self::of(server.open("/wire").await).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Takes an open WebSocket.
    pub(crate) async fn of(ws: WebSocket<S>) -> Self {
        let mut wire = Self { ws, session: String::new(), violations: Vec::new(), waiting: VecDeque::new() };
        let first = wire.next().await;
        assert_eq!(first["kind"], "session", "{first}");
        let (session, violations) = (first["id"].as_str().unwrap(), first["violations"].as_array().unwrap());
        Self { session: session.to_owned(), violations: violations.clone(), ..wire }
    }

    pub(crate) async fn ask(&mut self, what: &str) {
        self.ws.send(what).await.unwrap();
    }

    /// The next record.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                return record;
            }
            let message = timeout(PATIENCE, self.ws.recv()).await.unwrap().unwrap();
            let Some(Message::Text(text)) = message else { panic!("no text: {message:?}") };
            self.waiting = serde_json::from_str(&text).unwrap();
        }
    }

    /// All records up to the first of this kind.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let record = self.next().await;
            let is_last = record["kind"] == kind;
            records.push(record);
            if is_last {
                return records;
            }
        }
    }
}

/// Those of a kind.
pub(crate) fn of_kind<'a>(records: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |record| record["kind"] == kind)
}
