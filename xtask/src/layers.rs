//! Checks that arrows between the crates point down only, that the lowest stands alone, and that what they use of
//! others is written down.

use crate::manifest::Manifest;
use crate::{ADAPTERS, CRATES, TOOL, dependencies};

/// Each crate and all that it may depend on.
///
/// The handshake and the extensions don't know each other: offers pass between them as text. The crates of others
/// are listed, too, so that a new one is a decision.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("wsproto-frame", &["fearless_simd", "simdutf8"]),
    ("wsproto-handshake", &["base64", "http", "httparse", "idna", "sha1", "sha1_smol", "smallvec"]),
    ("wsproto-extensions", &["bytes", "miniz_oxide", "wsproto-frame", "zlib-rs"]),
    (
        "wsproto",
        &[
            "bytes",
            "chacha20",
            "getrandom",
            "http",
            "wsproto-extensions",
            "wsproto-frame",
            "wsproto-handshake",
        ],
    ),
    ("wsproto-blocking", &["wsproto"]),
    (
        "wsproto-tokio",
        &[
            "futures-core",
            "futures-sink",
            "hyper",
            "tokio",
            "tokio-rustls",
            "tracing",
            "webpki-roots",
            "wsproto",
        ],
    ),
    ("wsproto-axum", &["axum-core", "http", "tokio", "wsproto-tokio"]),
    (
        "wsproto-cli",
        &[
            "anstream",
            "anstyle",
            "base64",
            "bytes",
            "clap",
            "etherparse",
            "getrandom",
            "hdrhistogram",
            "http",
            "http-body-util",
            "hyper",
            "hyper-util",
            "pcap-parser",
            "rcgen",
            "rustix",
            "serde",
            "serde_json",
            "tokio",
            "tokio-rustls",
            "wsproto",
            "wsproto-tokio",
        ],
    ),
];

/// Runs the job.
///
/// # Errors
///
/// Every arrow that may not be, and every dependency that isn't written down, one a line.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let mut problems = Vec::new();
    for name in CRATES.into_iter().chain(ADAPTERS).chain([TOOL]) {
        let dependencies = Manifest::read(name)?.dependencies;
        println!("{name} -> {{{}}}", dependencies.join(", "));
        problems.extend(forbidden(name, &dependencies));
    }
    problems.extend(dependencies::check().err());
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn forbidden(name: &str, dependencies: &[String]) -> Vec<String> {
    let allowed = ALLOWED.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, allowed)| allowed);
    let others = dependencies.iter().filter(|dependency| !allowed.contains(&dependency.as_str()));
    others.map(|dependency| format!("{name} may not depend on {dependency}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_up_or_across_is_reported() {
        let table = [
            ("wsproto-frame", "simdutf8", false),
            ("wsproto-frame", "wsproto", true),
            ("wsproto-handshake", "wsproto-extensions", true),
            ("wsproto-extensions", "wsproto-handshake", true),
            ("wsproto-extensions", "wsproto-frame", false),
            ("wsproto", "wsproto-handshake", false),
            ("wsproto-blocking", "wsproto", false),
            ("wsproto-blocking", "wsproto-frame", true),
            ("wsproto", "wsproto-blocking", true),
            ("wsproto", "tokio", true),
            ("wsproto-tokio", "wsproto", false),
            ("wsproto-tokio", "wsproto-frame", true),
            ("wsproto-tokio", "wsproto-axum", true),
            ("wsproto-axum", "wsproto-tokio", false),
            ("wsproto-axum", "axum", true),
            ("wsproto-cli", "wsproto-tokio", false),
            ("wsproto-cli", "wsproto-frame", true),
            ("wsproto-tokio", "wsproto-cli", true),
            ("unknown", "wsproto-frame", true),
        ];
        for (name, dependency, refused) in table {
            let problems = forbidden(name, &[dependency.to_owned()]);
            assert_eq!(!problems.is_empty(), refused, "{name} -> {dependency}");
        }
    }
}
