//! Starts other programs in the root of the workspace, having printed what it starts.
//!
//! A command is one line, cut at white space outside of double quotes; [`quoted`] puts these around a path. Variables
//! of the environment may stand before the program, as in a shell.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// A variable that makes glibc copy by vector instructions. With `rep movsb`, some copies take several times as long when
/// both ends lie a little apart within their pages, and each byte counts as an instruction. Addresses are luck.
pub(crate) const COPIES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=0x40000000");

/// The root of the workspace: by where cargo runs this program, since what it was built in may have been moved.
pub(crate) fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command to its end.
///
/// # Errors
///
/// The command line and its exit status, when that isn't success.
pub(crate) fn run(line: &str) -> Result<(), String> {
    run_with(line, &[])
}

/// Runs a command to its end with more environment variables.
pub(crate) fn run_with(line: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    let shown: Vec<String> = variables.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
    println!("$ {}{}", shown.concat(), line.trim_end());
    let mut command = command(line);
    command.envs(variables.iter().copied());
    judge(line, command.status())
}

/// Runs a line of shell to its end.
pub(crate) fn run_shell(line: &str) -> Result<(), String> {
    println!("$ {line}");
    let mut command = command("sh -e -c");
    judge(line, command.arg(line).status())
}

/// Runs a command that may hang, as those do that need a network, and ends it when its time is up.
pub(crate) fn run_within(line: &str, limit: Duration) -> Result<(), String> {
    println!("$ {line}");
    let mut child = command(line).stdin(Stdio::null()).spawn().map_err(|error| format!("{line}: {error}"))?;
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait().map_err(|error| format!("{line}: {error}"))? {
            return judge(line, Ok(status));
        }
        thread::sleep(Duration::from_millis(50));
    }
    let ended = child.kill().and_then(|()| child.wait());
    Err(format!("{line}: not done after {} s ({ended:?})", limit.as_secs()))
}

/// Runs a command to its end and returns what it printed; errors are shown as they come.
///
/// # Errors
///
/// The command line and its exit status, when that isn't success.
pub(crate) fn stdout(line: &str) -> Result<String, String> {
    println!("$ {line}");
    let output = command(line).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{line}: {error}"))?;
    judge(line, Ok(output.status))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to its end and returns whether it succeeded, and what it printed, errors last.
///
/// # Errors
///
/// Why it could not be started.
pub(crate) fn output(line: &str) -> Result<(bool, String), String> {
    println!("$ {line}");
    let output = command(line).stdin(Stdio::null()).output().map_err(|error| format!("{line}: {error}"))?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

/// Whether a command can be started and succeeds; what it prints is dropped.
pub(crate) fn succeeds(line: &str) -> bool {
    let mut command = command(line);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Writes a path as one word of a command line, whatever white space is in it.
pub(crate) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Prepares a command that runs in the root of the workspace.
pub(crate) fn command(line: &str) -> Command {
    let words = words(line);
    let is_variable = |word: &&String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let variables = words.iter().take_while(is_variable).filter_map(|word| word.split_once('='));
    let mut rest = words.iter().skip_while(is_variable);
    let program = rest.next().map_or("", String::as_str);
    let mut command = Command::new(find(program).unwrap_or_else(|| program.into()));
    command.args(rest).envs(variables).current_dir(root());
    // cargo finds its subcommands there.
    if let Ok(path) = env::join_paths(paths()) {
        command.env("PATH", path);
    }
    command
}

/// Where `cargo xtask setup` puts tools.
pub(crate) fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

/// Where programs are looked for: our own tools first, and servers last, which aren't in the PATH of every user.
fn paths() -> Vec<PathBuf> {
    let own = ["python/bin", "bin", "node_modules/.bin"].map(|folder| tools_dir().join(folder));
    let given = env::var_os("PATH").unwrap_or_default();
    own.into_iter().chain(env::split_paths(&given)).chain([PathBuf::from("/usr/sbin")]).collect()
}

/// Finds a program.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let is_there = |path: PathBuf| {
        let with_ending = path.with_extension(env::consts::EXE_EXTENSION);
        [path, with_ending].into_iter().find(|path| path.is_file())
    };
    paths().into_iter().find_map(|folder| is_there(folder.join(program)))
}

/// Cuts a line at white space outside of double quotes, and takes these away.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut quoted) = (Vec::new(), false);
    let mut word: Option<String> = None;
    for character in line.chars() {
        match character {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            _ if character.is_whitespace() && !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn judge(line: &str, status: std::io::Result<ExitStatus>) -> Result<(), String> {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", line.trim_end())),
        Err(error) => Err(format!("{}: {error}", line.trim_end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_within_quotes_stays() {
        let table: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("a  b ", &["a", "b"]),
            ("a \"b c\" d", &["a", "b c", "d"]),
            ("--dir=\"b c\"/d", &["--dir=b c/d"]),
            ("a \"\"", &["a", ""]),
        ];
        for (line, expected) in table {
            assert_eq!(words(line), expected, "{line}");
        }
        assert_eq!(words(&format!("x {}", quoted(Path::new("/a b/c")))), ["x", "/a b/c"]);
    }
}
