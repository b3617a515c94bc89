//! The line client of the command-line tool, against servers of others.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
    thread,
};

use crate::installed;

/// The peers whose servers it talks to.
pub(crate) const SERVERS: [&str; 2] = ["websockets", "ws"];

/// What is typed, and what is to come of it. The targets are those of peers/script.py.
struct Check {
    name: &'static str,
    target: &'static str,
    options: &'static [&'static str],
    input: &'static str,
    status: i32,
    /// All of standard output, and a part of standard error.
    stdout: &'static str,
    stderr: &'static str,
}

#[rustfmt::skip]
const CHECKS: [Check; 9] = [
    Check { name: "echo", target: "echo/tool", options: &["--expect", "2"], input: "zażółć 🧀\n//two\n", status: 0,
        stdout: "zażółć 🧀\n/two\n", stderr: "" },
    Check { name: "fragments", target: "fragments", options: &["--expect", "1"], input: "", status: 0,
        stdout: "zażółć gęślą jaźń, 芝士 🧀, done\n", stderr: "" },
    Check { name: "ping sent", target: "echo/tool", options: &["--wait", "1"], input: "/ping there?\n", status: 0,
        stdout: "", stderr: "pong \"there?\" after " },
    Check { name: "ping received", target: "ping", options: &["--expect", "1"], input: "", status: 0,
        stdout: "pong\n", stderr: "" },
    Check { name: "close by the tool", target: "echo/tool-close", options: &[], input: "/close 4002 żegnaj\n", status: 0,
        stdout: "", stderr: "" },
    Check { name: "that the server saw", target: "saw/echo/tool-close", options: &["--expect", "1"], input: "", status: 0,
        stdout: "4002 żegnaj\n", stderr: "" },
    Check { name: "close by the server", target: "close", options: &["--wait", "forever"], input: "", status: 6,
        stdout: "", stderr: "closed by the server: 4001 \"server says 再见\"" },
    Check { name: "end by the server", target: "abort", options: &["--wait", "forever"], input: "", status: 5,
        stdout: "", stderr: "the connection ended without a Close" },
    Check { name: "broken rule", target: "violate/reserved-opcode", options: &["--wait", "forever"], input: "", status: 1,
        stdout: "", stderr: "the server broke a rule: " },
];

/// Builds the tool, so that no check waits for that.
///
/// # Errors
///
/// Why it can't be.
pub(crate) fn build() -> Result<(), String> {
    match cargo("build").status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("wsproto-cli can't be built: {status}")),
        Err(error) => Err(format!("cargo: {error}")),
    }
}

/// Runs all checks against a server on loopback; returns what failed.
pub(crate) fn run(port: u16) -> Vec<String> {
    CHECKS
        .iter()
        .filter_map(|check| check.run(port).err().map(|why| format!("{}: {why}", check.name)))
        .collect()
}

impl Check {
    fn run(&self, port: u16) -> Result<(), String> {
        let (status, stdout, stderr) = self.talk(port).map_err(|error| error.to_string())?;
        if status == Some(self.status) && stdout == self.stdout && stderr.contains(self.stderr) {
            return Ok(());
        }
        Err(format!("status {status:?}, output {stdout:?}, errors {stderr:?}"))
    }

    fn talk(&self, port: u16) -> io::Result<(Option<i32>, String, String)> {
        let url = format!("ws://127.0.0.1:{port}/{}", self.target);
        let mut child = cargo("run")
            .args(["--", "connect", &url, "--subprotocol", "chat", "--timeout", "10", "--keepalive", "10"])
            .args(self.options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = self.input;
            thread::spawn(move || stdin.write_all(input.as_bytes()));
        }
        let output = child.wait_with_output()?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok((output.status.code(), text(&output.stdout), text(&output.stderr)))
    }
}

fn cargo(what: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(installed::root()).args([what, "--quiet", "--package", "wsproto-cli"]);
    // As this program is built.
    if cfg!(not(debug_assertions)) {
        command.arg("--release");
    }
    command
}
