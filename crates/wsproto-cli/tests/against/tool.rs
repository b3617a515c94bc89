//! The command as a process: what goes in, what comes out, and how it ends. It never outlives its test.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a command may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A running command.
pub(crate) struct Tool {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    stderr: Receiver<Vec<u8>>,
    reading: Option<JoinHandle<()>>,
}

/// How a command ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit status; -1 for the end by a signal.
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

impl Tool {
    pub(crate) fn start(command: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wsproto"))
            .arg(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut from = child.stderr.take().unwrap();
        let (to, stderr) = channel();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            drop(from.read_to_end(&mut all));
            drop(to.send(all));
        });
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        Self { child, stdin, stdout, stderr, reading: Some(reading) }
    }

    /// Gives all of the input, ends it, and waits for the end.
    pub(crate) fn finish(mut self, input: &[u8]) -> Outcome {
        let mut stdin = self.stdin.take().unwrap();
        let input = input.to_vec();
        // It may end without reading all.
        let writing = thread::spawn(move || drop(stdin.write_all(&input)));
        let outcome = self.end();
        writing.join().unwrap();
        outcome
    }

    /// Waits for the end, and reads all that was not read yet; the input stays as it is.
    pub(crate) fn end(mut self) -> Outcome {
        let stdout = self.stdout.take().map(|mut stdout| {
            thread::spawn(move || {
                let mut all = Vec::new();
                stdout.read_to_end(&mut all).unwrap();
                all
            })
        });
        let status = self.wait();
        let stdout = stdout.map(|reading| reading.join().unwrap()).unwrap_or_default();
        self.reading.take().unwrap().join().unwrap();
        let stderr = String::from_utf8(self.stderr.recv().unwrap()).unwrap();
        Outcome { status, stdout, stderr }
    }

    /// Waits for the end, and reads nothing.
    pub(crate) fn wait(&mut self) -> i32 {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("it has not ended after {PATIENCE:?}");
    }

    /// Sends a signal by its name.
    #[cfg(unix)]
    #[allow(dead_code, reason = "not every test does")]
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
