//! What was found, and the table of it for the terminal.

use std::fmt;

use crate::{options::Deflate, script::CHECKS};

/// Which side is ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ours {
    Server,
    Client,
}

/// What became of one check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Ok,
    /// The peer's API can't do it; says why.
    NotPossible(String),
    Fail(String),
}

/// One line of a client's report.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) check: String,
    pub(crate) verdict: Verdict,
}

/// All checks of one peer in one direction with one setting.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) peer: &'static str,
    pub(crate) version: String,
    pub(crate) ours: Ours,
    pub(crate) deflate: Deflate,
    pub(crate) findings: Vec<Finding>,
}

impl Row {
    /// The verdict of a check; one that was not reported has failed.
    pub(crate) fn verdict(&self, check: &str) -> Verdict {
        let found = self.findings.iter().find(|finding| finding.check == check);
        found.map_or_else(|| Verdict::Fail("no report".to_owned()), |finding| finding.verdict.clone())
    }

    /// The failures, those included that belong to no check.
    pub(crate) fn failures(&self) -> Vec<String> {
        let of_checks = CHECKS.iter().map(|check| (check.name, self.verdict(check.name)));
        let others =
            self.findings.iter().filter(|finding| CHECKS.iter().all(|check| check.name != finding.check));
        let others = others.map(|finding| (&*finding.check, finding.verdict.clone()));
        of_checks
            .chain(others)
            .filter_map(|(check, verdict)| match verdict {
                Verdict::Fail(why) => Some(format!("{self}: {check}: {why}")),
                Verdict::Ok | Verdict::NotPossible(_) => None,
            })
            .collect()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = match self.ours {
            Ours::Server => "to our server",
            Ours::Client => "to our client",
        };
        let parameters = self.deflate.parameters().map(|parameters| format!(" {parameters}"));
        let deflate = match self.deflate {
            Deflate::Off => "plain".to_owned(),
            Deflate::On(_) => "deflate".to_owned() + &parameters.unwrap_or_default(),
        };
        write!(f, "{:10} {ours}  {deflate:15}", self.peer)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::NotPossible(_) => "-",
            Self::Fail(_) => "FAIL",
        })
    }
}

/// Prints the heads of the columns.
pub(crate) fn print_head() {
    let heads: Vec<String> = CHECKS.iter().map(|check| format!("{:>6}", check.short)).collect();
    println!("{:41} {}", "peer", heads.join(" "));
}

/// Prints a row.
pub(crate) fn print_row(row: &Row) {
    let cells: Vec<String> = CHECKS.iter().map(|check| format!("{:>6}", row.verdict(check.name))).collect();
    println!("{row} {}", cells.join(" "));
}
