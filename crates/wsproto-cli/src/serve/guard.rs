//! Who may ask: the defence against pages of other sites, and against names that lead to this machine.
//!
//! A browser runs pages of strangers on the same machine as this server. Such a page can open a WebSocket to loopback,
//! but says in Origin where it is from. It can also come from a host whose name leads to loopback (DNS rebinding): then
//! its Origin agrees with Host, and Host is not one of ours.

use std::net::{IpAddr, Ipv6Addr};

use wsproto::{OriginError, RejectConnection, Request, check_same_host};

/// The hosts that this server answers for.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// Where it listens, which is an address that people type.
    listen: IpAddr,
    /// Names and addresses of the command line, without a port, in lower case.
    hosts: Vec<String>,
}

impl Guard {
    pub(super) fn new(listen: IpAddr, hosts: &[String]) -> Self {
        Self { listen, hosts: hosts.iter().map(|host| named(host)).collect() }
    }

    /// Checks the value of Host, or `:authority`; a refusal is 421 (RFC 9110 §15.5.20).
    pub(super) fn check_host(&self, authority: &str) -> Result<(), RejectConnection> {
        if host_of(authority).is_some_and(|host| self.knows(&host)) {
            return Ok(());
        }
        let why = format!(
            "This server does not answer for the host {authority:?}. To allow it, start the server with --host NAME.\n"
        );
        Err(RejectConnection::new(421).with_text(why))
    }

    fn knows(&self, host: &str) -> bool {
        let is_named = self.hosts.iter().any(|known| known == host);
        if is_named || host == "localhost" || host.ends_with(".localhost") {
            return true;
        }
        host.parse::<IpAddr>().is_ok_and(|address| {
            address.is_loopback() || (address == self.listen && !address.is_unspecified())
        })
    }
}

/// Checks Origin: the page's own, or none, as of a program that is no browser.
pub(super) fn check_origin(request: &Request) -> Result<(), RejectConnection> {
    match check_same_host(request) {
        Ok(()) | Err(OriginError::Missing) => Ok(()),
        Err(error) => {
            let why = format!(
                "{error}: only this server's own page may open a WebSocket to it, and programs that send none.\n"
            );
            Err(error.rejection().with_text(why))
        }
    }
}

/// Returns the host that `--host` names: in lower case, without port, brackets and a final dot. An address of IPv6 may
/// stand there without brackets.
pub(super) fn named(argument: &str) -> String {
    match argument.parse::<Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => host_of(argument).unwrap_or_else(|| argument.to_ascii_lowercase()),
    }
}

/// Reads `host`, `host:port` or `[address]:port`; returns the host in lower case, without brackets and a final dot.
fn host_of(authority: &str) -> Option<String> {
    let (host, rest) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        (address.to_string(), rest)
    } else {
        let (name, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if !name.split('.').all(is_label) {
            return None;
        }
        (name.to_ascii_lowercase(), rest)
    };
    let port = if rest.is_empty() { rest } else { rest.strip_prefix(':')? };
    (port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_of_loopback_or_named() {
        let guard = |listen: &str| {
            Guard::new(
                listen.parse().unwrap(),
                &["Demo.Example:80".into(), "[2001:db8::1]".into(), "2001:DB8::5".into()],
            )
        };
        let table = [
            // listen       Host                        allowed
            ("127.0.0.1", "localhost", true),
            ("127.0.0.1", "LOCALHOST:9001", true),
            ("127.0.0.1", "localhost.", true),
            ("127.0.0.1", "app.localhost:1", true),
            ("127.0.0.1", "127.0.0.1:9001", true),
            ("127.0.0.1", "127.8.9.10", true),
            ("127.0.0.1", "[::1]:9001", true),
            ("127.0.0.1", "demo.example", true),
            ("127.0.0.1", "DEMO.example:9001", true),
            ("127.0.0.1", "[2001:db8::1]:9001", true),
            ("127.0.0.1", "[2001:db8::2]:9001", false),
            ("127.0.0.1", "evil.example", false),
            ("127.0.0.1", "localhost.evil.example", false),
            ("127.0.0.1", "evillocalhost", false),
            ("127.0.0.1", "127.0.0.1.evil.example", false),
            ("127.0.0.1", "192.168.1.5", false),
            ("192.168.1.5", "192.168.1.5:9001", true),
            ("192.168.1.5", "192.168.1.6:9001", false),
            ("0.0.0.0", "0.0.0.0:9001", false),
            ("0.0.0.0", "192.168.1.5:9001", false),
            ("127.0.0.1", "", false),
            ("127.0.0.1", "[2001:db8:0:0::1]:9001", true),
            ("127.0.0.1", "[2001:db8::5]", true),
            ("127.0.0.1", "localhost:", true),
            ("127.0.0.1", "demo.example.:9001", true),
            ("127.0.0.1", "[::1].evil", false),
            ("127.0.0.1", "[::1]evil", false),
            ("127.0.0.1", "[::1]:9001:1", false),
            ("127.0.0.1", "[::1]:port", false),
            ("127.0.0.1", "[localhost]", false),
            ("127.0.0.1", "[127.0.0.1]", false),
            ("127.0.0.1", "::1", false),
            ("127.0.0.1", "localhost:9001@evil.example", false),
            ("127.0.0.1", "evil@localhost", false),
            ("127.0.0.1", "localhost:port", false),
            ("127.0.0.1", "localhost:123456", false),
            ("127.0.0.1", "localhost:-1", false),
            ("127.0.0.1", "localhost..", false),
            ("127.0.0.1", ".localhost", false),
            ("127.0.0.1", "evil/.localhost", false),
            ("127.0.0.1", "evil\\.localhost", false),
            ("127.0.0.1", "evil .localhost", false),
            ("127.0.0.1", "localhost ", false),
        ];
        for (listen, host, allowed) in table {
            let outcome = guard(listen).check_host(host);
            assert_eq!(outcome.is_ok(), allowed, "{host} at {listen}");
            assert!(outcome.map_or_else(|no| no.status == 421, |()| true), "{host}");
        }
    }

    #[test]
    fn origin_is_the_same_host_or_none() {
        let request = |origin: Option<&str>| {
            let request = Request::new("localhost:9001", "/echo");
            origin.map_or(request.clone(), |origin| request.with_header("Origin", origin))
        };
        let table = [
            (None, true),
            (Some("http://localhost:9001"), true),
            (Some("https://localhost:9001"), true),
            (Some("http://localhost:9002"), false),
            (Some("http://127.0.0.1:9001"), false),
            (Some("http://evil.example"), false),
            (Some("null"), false),
            (Some("file://"), false),
        ];
        for (origin, allowed) in table {
            let outcome = check_origin(&request(origin));
            assert_eq!(outcome.is_ok(), allowed, "{origin:?}");
            assert!(outcome.map_or_else(|no| no.status == 403, |()| true), "{origin:?}");
        }
        let twice = request(Some("http://localhost:9001")).with_header("Origin", "http://localhost:9001");
        assert!(check_origin(&twice).is_err());
    }
}
