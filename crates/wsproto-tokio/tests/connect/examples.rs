//! Runs the examples to their end.

use wsproto_tokio::{AcceptConnection, Settings};

use crate::server::echo;

#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/tokio_client.rs"]
mod client;
#[cfg(feature = "rustls")]
#[allow(dead_code, reason = "the example's own main")]
#[path = "../../examples/tls.rs"]
mod tls;

#[tokio::test]
async fn the_client_gets_an_echo() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let messages = ["Hello".to_owned(), "again".to_owned()];
    let answers = client::talk(&format!("ws://127.0.0.1:{port}"), &messages).await.unwrap();
    assert_eq!(answers, messages);
    assert!(serving.await.unwrap().unwrap().1.clean);
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn the_example_of_tls_talks_to_itself() {
    assert_eq!(tls::run().await.unwrap(), "Hello over TLSv1_3");
}
