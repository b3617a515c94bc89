//! A peer's process: its lines are waited for with a limit, and it ends when it is dropped.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// How long a process may take to print its next line: longer than a check may.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that prints fields separated by tabs.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a command; what it prints as errors goes to a file.
    pub(crate) fn start(command: &mut Command, errors: &Path) -> io::Result<Self> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(errors)?).spawn()?;
        let (sender, lines) = channel();
        if let Some(output) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self { child, lines })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> io::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Returns the fields of the next line, or `None` once there are no more.
    ///
    /// # Errors
    ///
    /// Nothing came in time.
    pub(crate) fn line(&self) -> io::Result<Option<Vec<String>>> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(Some(line.split('\t').map(str::to_owned).collect())),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Returns the second field of the next line, whose first must be `name`.
    pub(crate) fn field(&self, name: &str) -> io::Result<String> {
        match self.line()?.as_deref() {
            Some([first, second, ..]) if first == name => Ok(second.clone()),
            other => Err(io::Error::other(format!("expected {name}, got {other:?}"))),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it must not outlive us, nor stay as a zombie.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
