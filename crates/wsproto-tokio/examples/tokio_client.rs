//! A client: sends its arguments as messages, and prints the answers.
//!
//! ```text
//! cargo run -p wsproto-tokio --example tokio_client -- ws://localhost:9001 Hello again
//! ```

use std::{env, time::Duration};

use wsproto_tokio::{CloseCode, Connector, Error, KeepAlive, Message, Settings, Timeouts};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = env::args().skip(1);
    let Some(url) = arguments.next() else {
        eprintln!("usage: tokio_client URL [MESSAGE]...");
        return;
    };
    let messages: Vec<String> = arguments.collect();
    match talk(&url, &messages).await {
        Ok(answers) => answers.iter().for_each(|answer| println!("{answer}")),
        Err(Error::Rejected(answer)) => {
            eprintln!("refused with status {}: {}", answer.status, String::from_utf8_lossy(&answer.content));
        }
        Err(error) if error.may_pass() => eprintln!("{error}; try again later"),
        Err(error) => eprintln!("{error}"),
    }
}

/// Sends each message, and waits for an answer to each.
pub(crate) async fn talk(url: &str, messages: &[String]) -> Result<Vec<String>, Error> {
    // A Ping after 25 s of silence keeps the connection open through proxies and load balancers, and detects a dead
    // server.
    let keep_alive = KeepAlive { idle: Duration::from_secs(25), patience: Duration::from_secs(20) };
    let timeouts = Timeouts::default().with_close(Duration::from_secs(5)).with_keep_alive(keep_alive);
    let connector = Connector::new()
        .with_settings(Settings::default().with_timeouts(timeouts))
        .with_header("User-Agent", "wsproto-example/1.0")
        .with_timeout(Duration::from_secs(10));
    let (mut ws, accept) = connector.connect(url).await?;
    eprintln!("connected; the server is {:?}", accept.headers.get_str("Server").unwrap_or("unknown"));

    let mut answers = Vec::new();
    for message in messages {
        ws.send(Message::from(message.as_str())).await?;
        match ws.recv().await? {
            Some(Message::Text(answer)) => answers.push(answer.to_string()),
            Some(other) => answers.push(format!("{} bytes", other.len())),
            None => break, // the server has closed
        }
    }
    let report = ws.close(CloseCode::NORMAL, "").await?;
    eprintln!("closed {}, code {}", if report.clean { "cleanly" } else { "abruptly" }, report.code());
    Ok(answers)
}
