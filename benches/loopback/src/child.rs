//! A server in its own process, which reports its CPU time on request.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Server;

/// A running server. It ends when this is dropped.
pub(crate) struct Child {
    pub(crate) name: &'static str,
    process: std::process::Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) port: u16,
    /// Whether frames come back unchanged.
    pub(crate) returns_bytes: bool,
}

impl Child {
    pub(crate) fn start(server: &Server) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", server.name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        let (name, answers) = (server.name, BufReader::new(answers));
        let mut child =
            Self { name, process, questions, answers, port: 0, returns_bytes: name.starts_with("raw") };
        child.port = child.answer()? as u16;
        Ok(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the CPU time that the process has taken so far.
    pub(crate) fn cpu_time(&mut self) -> io::Result<Duration> {
        self.questions.write_all(b"\n")?;
        self.answer().map(Duration::from_nanos)
    }

    fn answer(&mut self) -> io::Result<u64> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.trim().parse().map_err(io::Error::other)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Runs as the child: prints the port, then the CPU time for each input line, and serves meanwhile.
pub(crate) fn serve(serve: fn(TcpListener) -> io::Result<()>) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    std::thread::spawn(move || {
        if let Err(error) = serve(listener) {
            eprintln!("{error}");
            std::process::exit(1);
        }
    });
    for line in io::stdin().lines() {
        line?;
        let now = clock_gettime(ClockId::ProcessCPUTime);
        println!("{}", now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64);
    }
    Ok(())
}
