//! Runs the commands of README.md: every line of its code blocks that are marked `sh`.
//!
//! What is not to be run (a server that runs for ever, say) stands in a block marked otherwise, such as `console`.

use std::fs;

use crate::process;

/// Runs the job.
///
/// # Errors
///
/// The commands that failed, one a line.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    run_except(&[])
}

/// Runs the commands but for those that the caller runs anyway.
pub(crate) fn run_except(known: &[&str]) -> Result<(), String> {
    let text = fs::read_to_string(process::root().join("README.md"))
        .map_err(|error| format!("README.md: {error}"))?;
    let commands = commands(&text);
    if commands.is_empty() {
        return Err("README.md has no commands".to_owned());
    }
    let mut problems = Vec::new();
    for command in commands {
        if known.contains(&command) {
            println!("$ {command} (a step of its own)");
        } else {
            problems.extend(process::run_shell(command).err());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn commands(text: &str) -> Vec<&str> {
    let mut commands = Vec::new();
    let mut block = None;
    for line in text.lines().map(str::trim) {
        match (block, line.strip_prefix("```")) {
            (None, Some(mark)) => block = Some(mark),
            (Some(_), Some(_)) => block = None,
            (Some("sh"), None) if !line.is_empty() && !line.starts_with('#') => commands.push(line),
            _ => {}
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blocks_of_shell_count() {
        let text = "cargo a\n```sh\n# why\ncargo b\n\ncargo c\n```\n```rust\nlet d = 1;\n```\n```console\ncargo e\n```\n";
        assert_eq!(commands(text), ["cargo b", "cargo c"]);
    }
}
