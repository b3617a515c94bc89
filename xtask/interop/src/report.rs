//! What was found, and the table of it for the terminal.

use std::fmt;

use crate::{
    options::Deflate,
    proxied,
    script::{self, Check},
    stack::Stack,
};

/// Which side is ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ours {
    Server,
    Client,
    /// Both, and the other is a proxy between them.
    Both,
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
    pub(crate) stack: Stack,
    pub(crate) deflate: Deflate,
    pub(crate) findings: Vec<Finding>,
}

/// The checks of tables with rows for this side and stack, in their order.
pub(crate) fn checks(ours: Ours, stack: Stack) -> impl Iterator<Item = &'static Check> {
    let checks: &[Check] = if ours == Ours::Both { &proxied::CHECKS } else { &script::CHECKS };
    checks.iter().chain((ours == Ours::Server && stack == Stack::Http2).then_some(&script::ONE_CONNECTION))
}

impl Row {
    /// Creates a row without findings.
    pub(crate) const fn new(peer: &'static str, ours: Ours, stack: Stack, deflate: Deflate) -> Self {
        Self { peer, version: String::new(), ours, stack, deflate, findings: Vec::new() }
    }

    /// Its checks, in their order.
    pub(crate) fn checks(&self) -> impl Iterator<Item = &'static Check> {
        checks(self.ours, self.stack)
    }

    /// The verdict of a check; one that was not reported has failed.
    pub(crate) fn verdict(&self, check: &str) -> Verdict {
        let found = self.findings.iter().find(|finding| finding.check == check);
        found.map_or_else(|| Verdict::Fail("no report".to_owned()), |finding| finding.verdict.clone())
    }

    /// The failures, those included that belong to no check.
    pub(crate) fn failures(&self) -> Vec<String> {
        let of_checks = self.checks().map(|check| (check.name, self.verdict(check.name)));
        let others =
            self.findings.iter().filter(|finding| self.checks().all(|check| check.name != finding.check));
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
            Ours::Both => "between ours ",
        };
        let parameters = self.deflate.parameters().map(|parameters| format!(" {parameters}"));
        let deflate = match self.deflate {
            Deflate::Off => "plain".to_owned(),
            Deflate::On(_) => "deflate".to_owned() + &parameters.unwrap_or_default(),
        };
        write!(f, "{:10} {ours}  {:5}  {deflate:15}", self.peer, self.stack)
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
pub(crate) fn print_head(ours: Ours) {
    let heads: Vec<String> = checks(ours, Stack::Http2).map(|check| format!("{:>6}", check.short)).collect();
    let first = if ours == Ours::Both { "proxy" } else { "peer" };
    println!("{first:48} {}", heads.join(" "));
}

/// Prints a row.
pub(crate) fn print_row(row: &Row) {
    let cells: Vec<String> = row.checks().map(|check| format!("{:>6}", row.verdict(check.name))).collect();
    println!("{row} {}", cells.join(" "));
}
