//! What both sides say, as peers/script.py and peers/script.mjs have it: constants and payloads.

use std::{iter, time::Duration};

/// How long a check may take, and a wait for a process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How many bytes a message may have; the violation `too-big` announces more.
pub(crate) const LIMIT: u64 = 2 << 20;
/// How many bytes the messages have that are echoed.
pub(crate) const SIZES: [usize; 7] = [0, 1, 125, 126, 65_535, 65_536, 1 << 20];
/// What a client offers; a server takes the second.
pub(crate) const OFFERED: [&str; 2] = ["superchat", CHOSEN];
/// The subprotocol of a server.
pub(crate) const CHOSEN: &str = "chat";
/// A text with characters of one to four bytes, sent in many frames.
pub(crate) const FRAGMENTED: &str = "zażółć gęślą jaźń, 芝士 🧀, done";
/// The code and reason of a client's Close.
pub(crate) const CLOSE_BY_CLIENT: (u16, &str) = (4002, "client says żegnaj");
/// The code and reason of a server's Close.
pub(crate) const CLOSE_BY_SERVER: (u16, &str) = (4001, "server says 再见");
/// The code of an end without a Close (RFC 6455 §7.4.1).
pub(crate) const ABNORMAL: u16 = 1006;
/// The payload of each Ping.
pub(crate) const PING: &[u8] = b"are you there?";
/// The target that is rejected with 403 and no body.
pub(crate) const FORBIDDEN: &str = "/forbidden";
/// The target that is rejected with 403 and [`REASON`].
pub(crate) const FORBIDDEN_WITH_REASON: &str = "/forbidden/reason";
/// The body of a rejection.
pub(crate) const REASON: &str = "nobody may have this\n";
/// The path that returns which connection a request came over.
pub(crate) const CONNECTION: &str = "/connection";
/// The path of a health check, which is no WebSocket's.
pub(crate) const HEALTH_CHECK: &str = "/healthz";
/// The body of the answer to a health check.
pub(crate) const HEALTHY: &str = "all is well\n";
/// The violations that a peer commits, and the code of the Close that it must get.
pub(crate) const VIOLATIONS: [(&str, u16); 3] =
    [("reserved-opcode", 1002), ("invalid-utf8", 1007), ("too-big", 1009)];

/// A check, in the order in which each client runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// Its name in a client's report.
    pub(crate) name: &'static str,
    /// The head of its column; `>` is from client to server.
    pub(crate) short: &'static str,
    /// What it shows.
    pub(crate) meaning: &'static str,
}

/// All checks.
pub(crate) const CHECKS: [Check; 14] = [
    check("handshake", "hello", "opening handshake with a subprotocol, permessage-deflate agreed or not"),
    check("text", "text", "text of 0, 1, 125, 126, 65 535, 65 536 bytes and 1 MiB, echoed"),
    check("binary", "binary", "binary messages of the same sizes, echoed"),
    check("fragments sent", "parts>", "text in many frames from the client, echoed"),
    check("fragments received", "parts<", "text in many frames from the server"),
    check("ping sent", "ping>", "Ping of the client, its Pong"),
    check("ping received", "ping<", "Ping of the server, its Pong"),
    check("close by client", "close>", "Close with code and reason from the client, as the server saw it"),
    check("close by server", "close<", "Close with code and reason from the server, as the client saw it"),
    check("end by client", "end>", "the client's stream ends without a Close: 1006"),
    check("end by server", "end<", "the server's stream ends without a Close: 1006"),
    check("reserved-opcode 1002", "1002", "a reserved opcode from the peer; it gets a Close with 1002"),
    check("invalid-utf8 1007", "1007", "text that is not UTF-8 from the peer; it gets a Close with 1007"),
    check("too-big 1009", "1009", "a message over our limit from the peer; it gets a Close with 1009"),
];

/// What a page over HTTP/2 shows besides.
pub(crate) const ONE_CONNECTION: Check = check(
    "one connection",
    "one",
    "the WebSocket comes over the connection of its page, by extended CONNECT",
);

/// Makes a check.
pub(crate) const fn check(name: &'static str, short: &'static str, meaning: &'static str) -> Check {
    Check { name, short, meaning }
}

/// Makes a text of `size` bytes, with characters of one to four bytes.
pub(crate) fn text_of(size: usize) -> String {
    let mut text = String::new();
    for piece in (0_u32..).map(|i| format!("{i} żółw 芝 🧀 ")) {
        for character in piece.chars() {
            if text.len().saturating_add(character.len_utf8()) > size {
                text.extend(iter::repeat_n('x', size.saturating_sub(text.len())));
                return text;
            }
            text.push(character);
        }
    }
    text
}

/// Makes `size` bytes that repeat at distances below, inside and beyond the usual windows of DEFLATE.
pub(crate) fn bytes_of(size: usize) -> Vec<u8> {
    let random = iter::successors(Some(1_u32), |state| {
        Some(state.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff)
    });
    let block: Vec<u8> = random.skip(1).take(40_000).map(|state| state.to_be_bytes()[1]).collect();
    let third = size.div_ceil(3);
    let repeated = |period: usize| block.iter().copied().take(period).cycle().take(third);
    [700, 5_000, 40_000].into_iter().flat_map(repeated).take(size).collect()
}

/// Cuts a text every 3 characters.
pub(crate) fn cut(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(3).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_the_sizes_that_are_asked_for() {
        for size in SIZES {
            assert_eq!(text_of(size).len(), size);
            assert_eq!(bytes_of(size).len(), size);
        }
    }

    #[test]
    fn binary_payloads_repeat_at_the_distances_that_tell_windows_apart() {
        let bytes = bytes_of(1 << 20);
        for (start, distance) in [(0, 700), (400_000, 5_000), (800_000, 40_000)] {
            assert_eq!(bytes[start..start + 1000], bytes[start + distance..start + distance + 1000]);
        }
        assert_ne!(bytes[..512], bytes[512..1024]);
    }

    #[test]
    fn every_violation_has_its_check() {
        for (name, code) in VIOLATIONS {
            assert!(CHECKS.iter().any(|check| check.name == format!("{name} {code}")), "{name}");
        }
    }
}
