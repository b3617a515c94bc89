//! Copies some pages of docs/ into wsproto, where they are modules: its package has no file from outside the crate.
//! Links to other pages become links that work where the crate's documentation is shown. The table of features of each
//! README is copied to the crate's front page. `--check` only compares.

use std::fs;

use crate::front;
use crate::process::root;

/// Each page and its copy.
const PAGES: [(&str, &str); 2] = [
    ("docs/guide.md", "crates/wsproto/src/guide/guide.md"),
    ("docs/from-wsproto.md", "crates/wsproto/src/guide/from_wsproto.md"),
];

/// What stands for each page in a link. None: the page is in the repository alone, and is named without a link.
const LINKS: [(&str, Option<&str>); 9] = [
    ("architecture.md", None),
    ("axum.md", Some("https://docs.rs/wsproto-axum")),
    ("blocking.md", Some("https://docs.rs/wsproto-blocking")),
    ("compression.md", Some("https://docs.rs/wsproto-extensions/latest/wsproto_extensions/deflate")),
    ("extensions.md", Some("https://docs.rs/wsproto-extensions")),
    ("from-wsproto.md", Some("crate::guide::from_wsproto")),
    ("guide.md", Some("crate::guide")),
    ("hyper.md", Some("https://docs.rs/wsproto-tokio/latest/wsproto_tokio/hyper")),
    ("tokio.md", Some("https://docs.rs/wsproto-tokio")),
];

/// Runs the job.
///
/// # Errors
///
/// The copies that differ, one a line; a link for which there is no other; what can't be read or written.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let only_checks = args == ["--check"];
    let mut problems = Vec::new();
    for (page, copy) in PAGES {
        let text = fs::read_to_string(root().join(page)).map_err(|error| format!("{page}: {error}"))?;
        let text = of_crate(&text).map_err(|link| format!("{page}: what stands for {link} in the crate?"))?;
        if fs::read_to_string(root().join(copy)).is_ok_and(|there| there == text) {
            continue;
        }
        if only_checks {
            problems.push(format!("{copy} is out of date: run cargo xtask manual"));
        } else {
            fs::write(root().join(copy), text).map_err(|error| format!("{copy}: {error}"))?;
        }
    }
    problems.extend(front::check(only_checks).err());
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Returns a page as the crate has it: without its title, which the module has, and with other links.
///
/// # Errors
///
/// The first link to a file for which the table has nothing.
fn of_crate(page: &str) -> Result<String, String> {
    let mut rest = page.split_once('\n').map_or("", |(_title, body)| body.trim_start());
    let mut text = String::new();
    while let Some((before, after)) = rest.split_once("](") {
        let (target, after) = after.split_once(')').ok_or("a link without an end")?;
        if let Some(target) = in_crate(target)? {
            text.extend([before, "](", &target, ")"]);
        } else {
            let (before, name) = before.rsplit_once('[').ok_or("a link without a name")?;
            text.extend([before, name]);
        }
        rest = after;
    }
    Ok(text + rest)
}

/// Returns what stands for the target of a link, if anything does.
fn in_crate(target: &str) -> Result<Option<String>, String> {
    let (file, fragment) = target.find('#').map_or((target, ""), |at| target.split_at(at));
    if file.is_empty() || file.contains("://") {
        return Ok(Some(target.to_owned()));
    }
    if let Some((name, path)) = file.strip_prefix("../crates/").and_then(|rest| rest.split_once('/')) {
        return Ok(Some(format!("https://docs.rs/crate/{name}/latest/source/{path}")));
    }
    let known = LINKS.iter().find(|(page, _)| *page == file).map(|(_, target)| *target).ok_or(file)?;
    // The headings of a page that is shown elsewhere are other ones.
    let fragment = if known.is_some_and(|known| known.contains("://")) { "" } else { fragment };
    Ok(known.map(|known| [known, fragment].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_to_work_in_the_crate() {
        let table = [
            ("# Title\n\nText.\n", Ok("Text.\n")),
            ("# T\n\n[a](#b) [c](https://d.e/f)", Ok("[a](#b) [c](https://d.e/f)")),
            (
                "# T\n\n[a](guide.md#limits), [b](from-wsproto.md).",
                Ok("[a](crate::guide#limits), [b](crate::guide::from_wsproto)."),
            ),
            ("# T\n\n[a](tokio.md#b)", Ok("[a](https://docs.rs/wsproto-tokio)")),
            ("# T\n\nSee [a](architecture.md#b).", Ok("See a.")),
            ("# T\n\n[a](../crates/b/c/d.rs)", Ok("[a](https://docs.rs/crate/b/latest/source/c/d.rs)")),
            ("# T\n\n[a](unknown.md#b)", Err("unknown.md")),
        ];
        for (page, expected) in table {
            assert_eq!(of_crate(page), expected.map(str::to_owned).map_err(str::to_owned), "{page}");
        }
    }
}
