//! Writes docs/interop.md: versions and verdicts, nothing that differs from one run to the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs, io,
};

use crate::{
    installed,
    options::Deflate,
    report::{self, Ours, Row, Verdict},
    stack::Stack,
};

const INTRODUCTION: &str = "# Interoperability

`cargo xtask interop-all` writes this page. It runs WebSocket software of others on loopback against servers and clients
made from our adapters. Each cell has two verdicts: without and with permessage-deflate.

";

const COMBINATIONS: &str = "
## permessage-deflate, its parameters combined

Bits of the client's window / bits of the server's window; a star: that side has no context takeover. Each cell stands
for all checks of the tables above. Our client also checks that the parameters were agreed.

";

const PROXIES: &str = "\
Each check after the first was done 1 000 times, 16 at a time, with permessage-deflate off. If a proxy kept a connection
that our server is closing, the client of the next request would get 502. A dash: `accept` answers only requests for
WebSockets.
";

/// Writes the page.
///
/// # Errors
///
/// The file can't be written.
pub(crate) fn write(rows: &[Row]) -> io::Result<()> {
    fs::write(installed::root().join("docs/interop.md"), page(rows))
}

fn page(rows: &[Row]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for ours in [Ours::Server, Ours::Client] {
        for stack in Stack::ALL {
            page.push_str(&table(rows, ours, stack));
        }
    }
    page.push_str(&notes(rows));
    page.push_str(&combinations(rows));
    page.push('\n');
    for stack in Stack::ALL {
        page.push_str(&table(rows, Ours::Both, stack));
    }
    page.push_str(PROXIES);
    page
}

/// A table with a row for each combination of parameters, all checks in one cell.
fn combinations(rows: &[Row]) -> String {
    let mut table = COMBINATIONS.to_owned();
    let combined: Vec<&Row> = rows.iter().filter(|row| row.deflate.parameters().is_some()).collect();
    let mut columns: Vec<(&str, Ours)> = combined.iter().map(|row| (row.peer, row.ours)).collect();
    columns.dedup();
    let heads: Vec<String> = columns
        .iter()
        .map(|(peer, ours)| match ours {
            Ours::Server => format!("{peer} to our server"),
            Ours::Client | Ours::Both => format!("our client to {peer}"),
        })
        .collect();
    let _ = writeln!(table, "| windows | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()));
    let first = columns.first().copied();
    for row in combined.iter().filter(|row| Some((row.peer, row.ours)) == first) {
        let cells: Vec<&str> = columns
            .iter()
            .map(|column| {
                let same =
                    |other: &&&Row| (other.peer, other.ours) == *column && other.deflate == row.deflate;
                match combined.iter().find(same) {
                    Some(row) if row.failures().is_empty() => "ok",
                    _ => "FAIL",
                }
            })
            .collect();
        let windows = row.deflate.parameters().map(|parameters| parameters.to_string());
        let _ = writeln!(table, "| {} | {} |", windows.unwrap_or_default(), cells.join(" | "));
    }
    table
}

/// A table with a row for each check and a column for each peer, if there is any.
fn table(rows: &[Row], ours: Ours, stack: Stack) -> String {
    let is_here = |row: &&Row| row.ours == ours && row.stack == stack && row.deflate.parameters().is_none();
    let rows: Vec<&Row> = rows.iter().filter(is_here).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut peers: Vec<&str> = rows.iter().map(|row| row.peer).collect();
    peers.dedup();
    let version = |peer: &&str| rows.iter().find(|row| row.peer == *peer).map(|row| stable(&row.version));
    let heads: Vec<String> = peers.iter().filter_map(version).collect();
    let title = match ours {
        Ours::Server => format!("Our server ({}), their clients", stack.server()),
        Ours::Client => format!("Our client ({}), their servers", stack.client()),
        Ours::Both => format!("{}, a proxy between them", stack.both()),
    };
    let mut table =
        format!("## {title}\n\n| check | {} |\n|---|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for check in report::checks(ours, stack) {
        let cells = peers.iter().map(|peer| {
            let of_peer = rows.iter().filter(|row| row.peer == *peer);
            of_peer.map(|row| row.verdict(check.name).to_string()).collect::<Vec<_>>().join(" / ")
        });
        let cells: Vec<String> = cells.collect();
        // Writing to a String can't fail.
        let _ = writeln!(table, "| {} | {} |", check.meaning, cells.join(" | "));
    }
    table.push('\n');
    table
}

/// What each peer's API can't do.
fn notes(rows: &[Row]) -> String {
    let mut reasons: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.ours != Ours::Both && row.deflate == Deflate::Off) {
        for check in row.checks() {
            if let Verdict::NotPossible(why) = row.verdict(check.name) {
                reasons.entry((row.peer, why)).or_default().insert(check.name);
            }
        }
    }
    let mut notes = String::from("A dash: the peer's API can't do it.\n\n");
    for ((peer, why), checks) in reasons {
        let checks: Vec<&str> = checks.into_iter().collect();
        let _ = writeln!(notes, "- {peer}: {why} ({})", checks.join(", "));
    }
    notes
}

/// A version as the page has it: of a browser, that changes every week, the first number alone; of Node, none.
fn stable(version: &str) -> String {
    if version.starts_with("Chromium") {
        return version.split('.').next().unwrap_or(version).to_owned();
    }
    // Node is what the system has.
    if version.starts_with("Node") { "Node's http2".to_owned() } else { version.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Parameters, report::Finding};

    fn row(deflate: Deflate, verdict: Verdict) -> Row {
        let finding = Finding { check: "text".to_owned(), verdict };
        let version = "Chromium 150.1.2".to_owned();
        Row {
            peer: "chromium",
            version,
            ours: Ours::Server,
            stack: Stack::Tcp,
            deflate,
            findings: vec![finding],
        }
    }

    #[test]
    fn both_settings_share_a_cell() {
        let page = page(&[
            row(Deflate::Off, Verdict::Ok),
            row(Deflate::On(Parameters::default()), Verdict::NotPossible("no API".to_owned())),
        ]);
        assert!(page.contains("| check | Chromium 150 |"), "{page}");
        assert!(page.contains("echoed | ok / - |"), "{page}");
    }

    #[test]
    fn proxies_have_a_table_of_their_own() {
        let finding = |check: &str, verdict| Finding { check: check.to_owned(), verdict };
        let mut proxy = Row::new("nginx", Ours::Both, Stack::Tcp, Deflate::Off);
        proxy.version = "nginx 1.22.1".to_owned();
        proxy.findings = vec![
            finding("rejection", Verdict::Ok),
            finding("short connections", Verdict::Fail("1 of 1000: 502".to_owned())),
        ];
        let page = page(&[row(Deflate::Off, Verdict::Ok), proxy]);
        assert!(page.contains("| check | Chromium 150 |"), "{page}");
        assert!(page.contains("| check | nginx 1.22.1 |"), "{page}");
        assert!(page.contains("rejected with 403 and no body | ok |"), "{page}");
        assert!(page.contains("close with 1000 | FAIL |"), "{page}");
    }

    #[test]
    fn a_check_without_report_has_failed() {
        let page = page(&[row(Deflate::Off, Verdict::Ok)]);
        assert!(page.contains("binary messages of the same sizes, echoed | FAIL |"), "{page}");
        assert_eq!(row(Deflate::Off, Verdict::Ok).failures().len(), crate::script::CHECKS.len() - 1);
    }
}
