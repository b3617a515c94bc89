//! Runs the commands of README.md: every line of its code blocks that are marked `sh`, but for those after `--except`.
//!
//! Programs that run until they are stopped stand in blocks marked `console`. The server among them is started, and must
//! answer its health check.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::process;

/// Runs the job.
///
/// # Errors
///
/// The commands that failed, one a line.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let known = if let [option, known @ ..] = args
        && option == "--except"
    {
        known
    } else {
        &[]
    };
    let text = fs::read_to_string(process::root().join("README.md"))
        .map_err(|error| format!("README.md: {error}"))?;
    let servers = commands(&text, "console");
    let Some(server) = servers.iter().find(|command| command.ends_with("-- serve")) else {
        return Err("README.md does not start the server".to_owned());
    };
    let commands = commands(&text, "sh");
    if commands.is_empty() {
        return Err("README.md has no commands".to_owned());
    }
    let mut problems: Vec<String> = serve(server).err().into_iter().collect();
    for command in commands {
        if known.iter().any(|known| known == command) {
            println!("$ {command} (a step of its own)");
        } else {
            problems.extend(process::run_shell(command).err());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Starts the server on a free port, and asks it whether it is well.
fn serve(command: &str) -> Result<(), String> {
    let line = format!("{command} --port 0");
    println!("$ {line}");
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(process::root()).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut server = command.spawn().map_err(|error| format!("{line}: {error}"))?;
    let healthy = is_healthy(&mut server).map_err(|error| format!("{line}: {error}"));
    // On Unix cargo has become the server; elsewhere it outlives it.
    server.kill().and_then(|()| server.wait()).map_err(|error| error.to_string())?;
    healthy
}

fn is_healthy(server: &mut Child) -> Result<(), String> {
    let mut said = String::new();
    for line in BufReader::new(server.stderr.take().ok_or("no standard error")?).lines() {
        let line = line.map_err(|error| error.to_string())?;
        let host = line
            .split_once("http://")
            .map(|(_, rest)| rest.trim_end_matches(|end: char| !end.is_ascii_digit()));
        let Some(host) = host else {
            said.push_str(&line);
            said.push('\n');
            continue;
        };
        let mut stream = TcpStream::connect(host).map_err(|error| format!("{host}: {error}"))?;
        let asked = write!(stream, "GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let mut answer = Vec::new();
        asked.and_then(|()| stream.read_to_end(&mut answer)).map_err(|error| error.to_string())?;
        if answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        return Err(format!("/healthz: {}", String::from_utf8_lossy(&answer)));
    }
    Err(format!("it printed no address: {said}"))
}

/// Returns the lines of the blocks with that mark.
fn commands<'a>(text: &'a str, wanted: &str) -> Vec<&'a str> {
    let mut commands = Vec::new();
    let mut block = None;
    for line in text.lines().map(str::trim) {
        match (block, line.strip_prefix("```")) {
            (None, Some(mark)) => block = Some(mark),
            (Some(_), Some(_)) => block = None,
            (Some(mark), None) if mark == wanted && !line.is_empty() && !line.starts_with('#') => {
                commands.push(line);
            }
            _ => {}
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_their_mark() {
        let text = "cargo a\n```sh\n# why\ncargo b\n\ncargo c\n```\n```rust\nlet d = 1;\n```\n```console\ncargo e\n```\n";
        assert_eq!(commands(text, "sh"), ["cargo b", "cargo c"]);
        assert_eq!(commands(text, "console"), ["cargo e"]);
    }
}
