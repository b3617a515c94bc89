//! What is to be done, within bounds.

use std::{net::IpAddr, time::Duration};

use wsproto::{Config, WebSocketUrl};
use wsproto_tokio::Connector;

use super::{Args, echo::Echo};
use crate::exit::{Failure, Status};

/// So long it runs at most.
const MOST_TIME: Duration = Duration::from_secs(3600);
/// So many bytes may be under way in all.
const MOST_UNDER_WAY: u64 = 1 << 30;

pub(super) struct Plan {
    pub(super) url: WebSocketUrl,
    pub(super) connector: Connector,
    /// How long opening may take.
    pub(super) opening: Duration,
    pub(super) connections: u32,
    /// How many messages of a connection may be under way.
    pub(super) window: usize,
    pub(super) time: Duration,
    /// How many messages are due in a second, of all connections.
    pub(super) rate: Option<u32>,
    pub(super) echo: Echo,
}

impl Plan {
    /// Reads the options.
    pub(super) fn new(args: &Args) -> Result<Self, Failure> {
        let usage = |why: &str| Err(Failure::new(Status::Usage, why));
        if !args.allow_remote_host && !is_loopback(args.url.host()) {
            return usage(
                "the host isn't this machine: a benchmark is more than others may want to take. With --allow-remote-host you say that it is yours to load",
            );
        }
        if args.seconds > MOST_TIME {
            return usage("--seconds is at most an hour");
        }
        let (size, window) = (u64::from(args.size), u64::from(args.window));
        let under_way = size.saturating_mul(window).saturating_mul(args.connections.into());
        if under_way > MOST_UNDER_WAY {
            return usage(
                "more than 1 GiB would be under way: take less of --connections, --window or --size",
            );
        }
        // An answer is as long as the message, and compressed a bit longer where it can't be compressed. A longer one
        // is wrong in any case, and is bounded, too.
        let limit = size.saturating_add(size >> 4).saturating_add(1 << 16);
        let config = Config::default().with_max_message_len(limit);
        // A message is never held back for one that waits to be written: what is under way is bounded by the window.
        let connector =
            args.client.connector(&args.url, config, |settings| settings.with_high_water(usize::MAX))?;
        Ok(Self {
            url: args.url.clone(),
            connector,
            opening: args.client.timeout,
            connections: args.connections,
            window: usize::try_from(args.window).unwrap_or(usize::MAX),
            time: args.seconds,
            rate: args.rate,
            echo: Echo::new(usize::try_from(args.size).unwrap_or(usize::MAX), args.binary && !args.text),
        })
    }
}

/// Returns whether a host is this machine, whatever a resolver says.
fn is_loopback(host: &str) -> bool {
    let is_name = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    is_name || host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        let table = [
            ("localhost", true),
            ("LocalHost", true),
            ("a.localhost", true),
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("localhost.example", false),
            ("notlocalhost", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("::2", false),
            ("example.com", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
