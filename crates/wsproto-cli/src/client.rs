//! What `connect` and `bench` share: how a server is reached, and why it couldn't be.

mod ending;
mod failure;
mod heard;
#[cfg(feature = "tls")]
mod insecure;

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Config, DeflateConfig, Timeouts, WebSocketUrl};
use wsproto_tokio::{Connector, Error, Settings, WebSocket};

use self::heard::First;
pub(crate) use self::{
    ending::{WITHOUT_CLOSE, ending, limit, said},
    failure::BODY,
    heard::Heard,
};
use crate::exit::{Failure, Status};

/// How long the closing handshake may take, and the end of the stream after it.
pub(crate) const GOODBYE: Duration = Duration::from_secs(5);

/// The options of a client: its request, and how it connects.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A header field of the request; may be repeated.
    #[arg(long, short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// A subprotocol to propose; may be repeated.
    #[arg(long, short, value_name = "NAME")]
    subprotocol: Vec<String>,
    /// The value of Origin, as a browser sends it: the scheme, host and port of a page.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Doesn't offer permessage-deflate.
    #[arg(long)]
    no_compression: bool,
    /// Accepts any certificate for wss://. Anyone between you and the server can then read and change everything.
    #[arg(long)]
    insecure: bool,
    /// The longest time for connecting: name, TCP, TLS and opening handshake together.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

impl Options {
    /// Makes what connects. Of `config` the limits count.
    pub(crate) fn connector(
        &self,
        url: &WebSocketUrl,
        config: Config,
        change: impl FnOnce(Settings) -> Settings,
    ) -> Result<Connector, Failure> {
        if url.is_secure() && cfg!(not(feature = "tls")) {
            let why =
                "wss:// needs the feature `tls`: cargo run --release -p wsproto-cli --features tls -- …";
            return Err(Failure::new(Status::Usage, why));
        }
        let config =
            if self.no_compression { config } else { config.with_extension(DeflateConfig::default()) };
        let settings = Settings::new(config).with_timeouts(Timeouts::default().with_close(GOODBYE));
        let mut connector = Connector::new().with_settings(change(settings)).with_timeout(self.timeout);
        for (index, (name, value)) in self.header.iter().enumerate() {
            if self.header.iter().take(index).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                let why = format_args!("--header {name} stands there twice: put both values into one");
                return Err(Failure::new(Status::Usage, why));
            }
            connector = connector.with_header(name, value);
        }
        if let Some(origin) = &self.origin {
            connector = connector.with_origin(origin);
        }
        connector = self.subprotocol.iter().fold(connector, Connector::with_subprotocol);
        self.trusting(url, connector)
    }

    #[cfg(feature = "tls")]
    fn trusting(&self, url: &WebSocketUrl, connector: Connector) -> Result<Connector, Failure> {
        if !self.insecure || !url.is_secure() {
            return Ok(connector);
        }
        crate::streams::complain(format_args!(
            "wsproto: --insecure: the certificate isn't checked; anyone between you and the server can read and change everything"
        ));
        let config = insecure::config().map_err(|error| Failure::new(Status::Local, error))?;
        Ok(connector.with_rustls(config))
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unnecessary_wraps, reason = "with TLS it can fail")]
    fn trusting(&self, _: &WebSocketUrl, connector: Connector) -> Result<Connector, Failure> {
        // There is no TLS to be insecure.
        let _ = self.insecure;
        Ok(connector)
    }
}

/// A server, and how it is called.
pub(crate) struct Server<'a> {
    pub(crate) url: &'a WebSocketUrl,
    /// As people write it: a host and a port, or a path.
    pub(crate) place: String,
    /// How long connecting may take, all of it.
    pub(crate) limit: Duration,
}

impl Server<'_> {
    /// Opens a connection over a stream that `dial` gives and `over` may wrap; where there is none, says why.
    pub(crate) async fn open<D, S>(
        &self,
        connector: &Connector,
        dial: impl Future<Output = Result<D, Error>>,
        over: impl FnOnce(Heard<D>) -> S,
    ) -> Result<(WebSocket<S>, AcceptConnection), Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let began = Instant::now();
        let stream = dial.await.map_err(|error| failure::unreachable(self, &error))?;
        let first = First::default();
        let stream = over(Heard::new(stream, first.clone()));
        let left = self.limit.saturating_sub(began.elapsed());
        let opened = connector.clone().with_timeout(left).connect_over(stream, self.url.clone()).await;
        opened.map_err(|error| failure::refused(self, &error, &first.bytes()))
    }
}

/// Reads a URL; where it is none, says what was meant.
pub(crate) fn url(text: &str) -> Result<WebSocketUrl, String> {
    let meant = match text.split_once("://") {
        Some(("http", rest)) => format!("ws://{rest}"),
        Some(("https", rest)) => format!("wss://{rest}"),
        Some(_) => String::new(),
        None => format!("ws://{text}"),
    };
    text.parse().map_err(|error: wsproto::UrlError| match meant.parse::<WebSocketUrl>() {
        Ok(_) => format!("{error}: did you mean {meant}?"),
        Err(_) => error.to_string(),
    })
}

/// Names a server as people write it.
pub(crate) fn place(url: &WebSocketUrl) -> String {
    named(url.host(), url.port())
}

/// Names a host and a port.
pub(crate) fn named(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Reads a header field.
fn header(field: &str) -> Result<(String, String), String> {
    let (name, value) = field.split_once(':').ok_or("a header field is `Name: value`")?;
    Ok((name.trim().into(), value.trim().into()))
}

/// Reads a time, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is a number of seconds, 2.5 for one")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time > Duration::ZERO && time < Duration::from_secs(1 << 32) => Ok(time),
        _ => Err("it is more than 0 seconds, and less than 136 years".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_strictly() {
        let table = [
            ("1", Some(1000)),
            ("0.001", Some(1)),
            ("2.5", Some(2500)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e99", None),
            ("4294967296", None),
            ("", None),
            ("5s", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text).ok().map(|time| time.as_millis()), expected, "{text:?}");
        }
        assert_eq!(header("Cookie: a=b: c"), Ok(("Cookie".into(), "a=b: c".into())));
        assert_eq!(header("X:"), Ok(("X".into(), String::new())));
        assert!(header("Cookie").is_err());
    }

    #[test]
    fn a_url_that_is_none_is_answered_with_what_was_meant() {
        let table = [
            ("http://a/b", Some(": did you mean ws://a/b?")),
            ("https://a", Some(": did you mean wss://a?")),
            ("localhost:9001/echo", Some(": did you mean ws://localhost:9001/echo?")),
            ("ftp://a", None),
            ("http://a#b", None),
            ("", None),
        ];
        for (text, expected) in table {
            let why = url(text).unwrap_err();
            assert_eq!(why.find(": did").map(|place| &why[place..]), expected, "{text:?}: {why}");
        }
        assert!(url("ws://a/b").is_ok());
    }
}
