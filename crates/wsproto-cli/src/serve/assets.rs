//! The files of the page, which are a part of the program.

use wsproto::RejectConnection;

/// A file of the page.
struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($path:literal, $file:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            content: include_str!(concat!("../../page/", $file)),
        }
    };
}

const ASSETS: &[Asset] = &[
    asset!("/", "index.html", "text/html; charset=utf-8"),
    asset!("/page/page.css", "page.css", "text/css; charset=utf-8"),
    asset!("/page/table.css", "table.css", "text/css; charset=utf-8"),
    asset!("/page/icon.svg", "icon.svg", "image/svg+xml"),
    asset!("/page/main.js", "main.js", "text/javascript; charset=utf-8"),
    asset!("/page/actions.js", "actions.js", "text/javascript; charset=utf-8"),
    asset!("/page/bits.js", "bits.js", "text/javascript; charset=utf-8"),
    asset!("/page/chat.js", "chat.js", "text/javascript; charset=utf-8"),
    asset!("/page/detail.js", "detail.js", "text/javascript; charset=utf-8"),
    asset!("/page/dom.js", "dom.js", "text/javascript; charset=utf-8"),
    asset!("/page/rows.js", "rows.js", "text/javascript; charset=utf-8"),
    asset!("/page/table.js", "table.js", "text/javascript; charset=utf-8"),
    asset!("/page/wire.js", "wire.js", "text/javascript; charset=utf-8"),
];

/// Nothing but what this server itself has: no inline code, no frames, no forms, no other host.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// What every answer to a request has, whatever it is.
const SAFETY: [(&str, &str); 7] = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-cache"),
];

/// Returns a file of the page.
pub(super) fn find(path: &str) -> Option<RejectConnection> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    Some(RejectConnection::new(200).with_content(asset.content_type, asset.content))
}

/// Adds what makes browsers careful with an answer.
pub(super) fn with_safety(answer: RejectConnection) -> RejectConnection {
    SAFETY.iter().fold(answer, |answer, (name, value)| answer.with_header(name, value))
}

/// Adds the same to an answer over HTTP/2.
#[cfg(feature = "tls")]
pub(super) fn add_safety(headers: &mut http::HeaderMap) {
    for (name, value) in SAFETY {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
}

/// Returns an answer of HTTP/1.1 in bytes, for a client whose request isn't read.
pub(super) fn unasked(status: &str, text: &str) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    let (kind, len) = ("text/plain; charset=utf-8".to_owned(), text.len().to_string());
    let own = [("Content-Type", kind.as_str()), ("Content-Length", len.as_str())];
    for (name, value) in own.into_iter().chain(SAFETY) {
        answer.extend([name, ": ", value, "\r\n"]);
    }
    answer.extend(["\r\n", text]);
    answer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_inline_code_and_names_only_files_that_are_there() {
        let page = include_str!("../../page/index.html");
        for attribute in ["src=\"", "href=\""] {
            for (at, _) in page.match_indices(attribute) {
                let value = page[at + attribute.len()..].split('"').next().unwrap();
                let is_here =
                    value.starts_with('#') || value.starts_with("https://") || find(value).is_some();
                assert!(is_here, "{value}");
            }
        }
        for inline in ["style=", "onclick", "onload", "<style", "javascript:"] {
            assert!(!page.contains(inline), "{inline}");
        }
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=\"").count());
    }

    #[test]
    fn modules_import_only_files_that_are_there() {
        for asset in ASSETS.iter().filter(|asset| asset.content_type.contains("javascript")) {
            for line in asset.content.lines().filter(|line| line.starts_with("import ")) {
                let file = line.rsplit('"').nth(1).and_then(|path| path.strip_prefix("./")).unwrap();
                assert!(find(&format!("/page/{file}")).is_some(), "{line}");
            }
        }
    }

    #[test]
    fn files_are_short_enough_to_read() {
        for asset in ASSETS {
            assert!(asset.content.lines().count() <= 400, "{}", asset.path);
        }
    }
}
