//! One message for many connections, through tokio's broadcast channel.

use std::{sync::Arc, time::Instant};

use tokio::{
    io::{DuplexStream, duplex},
    sync::broadcast::channel,
    task::JoinSet,
};
use wsproto_tokio::{
    Config, Connector, DeflateConfig, PreparedMessage, Settings, TextMessage, WebSocket, accept,
};

/// Opens a connection with compression; returns both ends.
async fn open(settings: &Settings) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (server, client) = duplex(64 << 10);
    let connector = Connector::new().with_settings(settings.clone());
    let (server, client) =
        tokio::join!(accept(server, settings), connector.connect_over(client, "ws://localhost/"));
    let (server, (client, _)) = (server.unwrap(), client.unwrap());
    assert!(server.extensions()[0].contains("server_no_context_takeover"));
    (server, client)
}

/// Compressing takes nearly all the time. So a thousand prepared messages take little more than one, and a message that
/// is not prepared takes that time again on each connection.
#[tokio::test]
async fn a_message_for_a_thousand_connections_is_compressed_once() {
    let (many, few) = (1000, 20);
    let deflate = DeflateConfig::default().with_server_no_context_takeover();
    let settings = Settings::new(Config::default().with_extension(deflate)).without_timeouts();
    let line = |n: u32| format!("{{\"id\":{},\"n\":{n}}},", n.wrapping_mul(40_503));
    let text = (0..4000).map(line).collect::<Vec<_>>().concat();
    let (mut servers, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..many {
        let (server, client) = open(&settings).await;
        servers.push(server);
        clients.push(client);
    }

    let begun = Instant::now();
    for ws in servers.iter_mut().take(few) {
        ws.send(text.as_str()).await.unwrap();
    }
    let each_by_itself = begun.elapsed();
    for ws in clients.iter_mut().take(few) {
        assert_eq!(ws.recv().await.unwrap().unwrap().len(), text.len());
    }

    let room = channel::<Arc<PreparedMessage>>(4).0;
    let mut members = JoinSet::new();
    for mut ws in servers {
        let mut heard = room.subscribe();
        members.spawn(async move {
            let message = heard.recv().await.unwrap();
            ws.send_prepared(&message).await.unwrap();
            ws
        });
    }
    let begun = Instant::now();
    assert_eq!(
        room.send(Arc::new(PreparedMessage::new(TextMessage::new(text.as_str())).unwrap())).unwrap(),
        many
    );
    let servers = members.join_all().await;
    let broadcast = begun.elapsed();
    for ws in &mut clients {
        assert_eq!(ws.recv().await.unwrap().unwrap().len(), text.len());
        assert!(ws.counters().wire_bytes_received < 64 << 10, "compressed");
    }
    drop(servers);
    println!("{few} by themselves: {each_by_itself:?}; {many} by one prepared message: {broadcast:?}");
    // By itself, each of a thousand would take fifty times as long as twenty do.
    assert!(broadcast < each_by_itself * 10, "{broadcast:?} for {many}, {each_by_itself:?} for {few}");
}
