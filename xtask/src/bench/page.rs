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
