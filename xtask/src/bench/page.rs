//! Figures in docs/performance.md, between two markers: whatever stands around them is written by hand.

use std::fs;

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
    process::output("date -u +%F").map_or_else(|error| error, |(_, date)| date.trim().to_owned())
}
