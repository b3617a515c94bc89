//! Two processes of the chat, joined by one Redis. Needs `redis-server` (Debian has it), otherwise SKIP.

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use wsproto_tokio::{CloseCode, Message, WebSocket};

use crate::peer;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/chat_redis.rs"]
mod example;

/// The environment variable with the address of Redis, for a process of the chat.
const REDIS: &str = "WSPROTO_EXAMPLE_REDIS";

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// Starts Redis, if it is installed.
async fn redis() -> Option<(Process, String)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port]);
    match command.stdout(Stdio::null()).spawn() {
        Ok(process) => {
            let process = Process(process);
            while TcpStream::connect(("127.0.0.1", port.parse().unwrap())).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
            Some((process, format!("redis://127.0.0.1:{port}/")))
        }
        Err(error) => {
            println!("SKIP: redis-server: {error}");
            None
        }
    }
}

/// The program of a process of the chat; the test below starts it. Run alone, it does nothing.
#[tokio::test]
async fn process() {
    let Ok(redis) = env::var(REDIS) else { return };
    let (listener, _) = peer::listen().await;
    println!();
    let _ = example::serve(listener, &redis).await;
}

/// Starts a process of the chat; returns the address that it listens on.
fn start(redis: &str) -> (Process, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "chat_redis::process", "--nocapture"]).env(REDIS, redis);
    let mut process = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().expect("the process prints its address").unwrap();
        if let Some(address) = line.strip_prefix("listening on ws://") {
            break address.trim_end_matches('/').to_owned();
        }
    };
    // Its later output is read, too, so that it never blocks.
    std::thread::spawn(move || lines.for_each(drop));
    (process, address)
}

async fn hear(ws: &mut WebSocket<TcpStream>) -> Option<Message> {
    timeout(Duration::from_secs(20), ws.recv()).await.expect("a message comes in time").unwrap()
}

#[tokio::test]
async fn members_of_two_processes_hear_each_other_and_are_told_to_go_when_redis_is_gone() {
    let Some((server, redis)) = redis().await else { return };
    let processes = [start(&redis), start(&redis)];
    let mut members = Vec::new();
    for (_, address) in &processes {
        members.push(peer::connect(TcpStream::connect(address).await.unwrap()).await);
    }
    for speaker in 0..2 {
        let text = "hello from ".repeat(100) + &speaker.to_string();
        members[speaker].send(text.as_str()).await.unwrap();
        for ws in &mut members {
            assert_eq!(hear(ws).await, Some(Message::from(text.as_str())), "from {speaker}");
        }
    }
    drop(server);
    for ws in &mut members {
        assert_eq!(hear(ws).await, None);
        assert_eq!(ws.close_report().code(), CloseCode::GOING_AWAY);
    }
}
