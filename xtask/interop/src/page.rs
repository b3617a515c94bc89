//! Writes docs/interop.md: versions and verdicts, nothing that differs from one run to the next.

use std::{collections::BTreeMap, fmt::Write, fs, io};

use crate::{
    install,
    options::Deflate,
    report::{Ours, Row, Verdict},
    script::CHECKS,
};

const INTRODUCTION: &str = "# Interoperability

Written by `cargo xtask interop`, which runs WebSocket software of others on loopback against a server and a client made
from `wsproto`. Each cell has two verdicts: without and with permessage-deflate.

";

const COMBINATIONS: &str = "
## permessage-deflate, its parameters combined

Bits of the client's window / bits of the server's window; a star: that side takes no context over. Each cell stands for
all checks of the tables above. Where our client connects, it checks that the parameters were agreed to.

";

const PROXIES: &str = "\
Each check after the first was done 1 000 times, 16 at a time, with permessage-deflate off. A connection that a proxy
keeps although our server is closing it would come back as 502 to the client of the next request.
";

/// Writes the page.
///
/// # Errors
///
/// The file can't be written.
pub(crate) fn write(rows: &[Row]) -> io::Result<()> {
    fs::write(install::root().join("docs/interop.md"), page(rows))
}

fn page(rows: &[Row]) -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&table("Our server, their clients", rows, Ours::Server));
    page.push_str(&table("Our client, their servers", rows, Ours::Client));
    page.push_str(&notes(rows));
    page.push_str(&combinations(rows));
    page.push('\n');
    page.push_str(&table("Our client and our server, a proxy between them", rows, Ours::Both));
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

/// A table with a row for each check and a column for each peer.
fn table(title: &str, rows: &[Row], ours: Ours) -> String {
    let rows = rows.iter().filter(|row| row.ours == ours && row.deflate.parameters().is_none());
    let rows: Vec<&Row> = rows.collect();
    let mut peers: Vec<&str> = rows.iter().map(|row| row.peer).collect();
    peers.dedup();
    let version = |peer: &&str| rows.iter().find(|row| row.peer == *peer).map(|row| stable(&row.version));
    let heads: Vec<String> = peers.iter().filter_map(version).collect();
    let mut table =
        format!("## {title}\n\n| check | {} |\n|---|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for check in ours.checks() {
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
    let mut reasons: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.deflate == Deflate::Off) {
        for check in CHECKS {
            if let Verdict::NotPossible(why) = row.verdict(check.name) {
                reasons.entry((row.peer, why)).or_default().push(check.name);
            }
        }
    }
    let mut notes = String::from("A dash: the peer's API can't do it.\n\n");
    for ((peer, why), checks) in reasons {
        let _ = writeln!(notes, "- {peer}: {why} ({})", checks.join(", "));
    }
    notes
}

/// A version as the page has it: of a browser, that changes every week, the first number alone.
fn stable(version: &str) -> String {
    if version.starts_with("Chromium") {
        version.split('.').next().unwrap_or(version).to_owned()
    } else {
        version.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::Parameters, report::Finding};

    fn row(deflate: Deflate, verdict: Verdict) -> Row {
        let finding = Finding { check: "text".to_owned(), verdict };
        let version = "Chromium 150.1.2".to_owned();
        Row { peer: "chromium", version, ours: Ours::Server, deflate, findings: vec![finding] }
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
        let mut proxy = Row::new("nginx", Ours::Both, Deflate::Off);
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
        assert_eq!(row(Deflate::Off, Verdict::Ok).failures().len(), CHECKS.len() - 1);
    }
}
