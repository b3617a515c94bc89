//! Figures in docs/performance.md, between two markers: whatever stands around them is written by hand.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::process;

/// Puts figures between the markers of this name.
///
/// # Errors
///
/// What is missing, or why the page can't be written.
pub(crate) fn fill(name: &str, figures: &str) -> Result<(), String> {
    let path = process::root().join("docs/performance.md");
    let problem = |error| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(problem)?;
    let begin = format!("<!-- {name}: begin -->\n");
    let end = format!("<!-- {name}: end -->");
    let parts = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("no place for {name} in {}", path.display()))?;
    let figures = figures.trim_end();
    fs::write(&path, format!("{before}{begin}{figures}\n{end}{after}")).map_err(problem)
}

/// Says when and on what something was measured.
pub(crate) fn circumstances() -> String {
    format!("Measured on {} on {}", today(), cpu())
}

/// The name of the processor.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("an unknown processor", |(_, name)| name).to_owned()
}

/// The date in UTC as ISO 8601 has it.
fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let day = since.as_secs() / 86_400;
    // Years that begin in March, in eras of 400 years, so that a leap day is the last day of its year.
    let shifted = day + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day + year / 100 - 365 * year - year / 4;
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
