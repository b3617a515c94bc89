//! The proxies before our server: which there are, and how each is started on a port of its own.
//!
//! All keep connections to our server for the next request; what they make of that is for proxied.rs to find.

use std::{
    fs,
    io::{self, ErrorKind},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    installed::{self, Installed, Runtime},
    process::Process,
    script::PATIENCE,
    stack::Stack::{self, Axum, Http2, Tcp},
};

/// An HTTP proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proxy {
    /// Its name on the command line and in the tables, and of the program where it is one.
    pub(crate) name: &'static str,
    kind: Kind,
    /// What our side can be made of.
    pub(crate) stacks: &'static [Stack],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A program of the system that reads a configuration.
    Program {
        template: &'static str,
        /// What stands before the configuration's path.
        arguments: &'static [&'static str],
    },
    /// A script in the folder peers, which chooses its port.
    Script(&'static str),
}

/// All proxies, in the order of the table.
pub(crate) const PROXIES: [Proxy; 3] = [
    Proxy {
        name: "nginx",
        kind: Kind::Program { template: include_str!("../proxies/nginx.conf"), arguments: &["-c"] },
        stacks: &[Tcp, Axum],
    },
    Proxy {
        name: "haproxy",
        kind: Kind::Program { template: include_str!("../proxies/haproxy.cfg"), arguments: &["-db", "-f"] },
        stacks: &[Tcp, Axum, Http2],
    },
    Proxy { name: "http-proxy", kind: Kind::Script("http_proxy.mjs"), stacks: &[Tcp, Axum] },
];

/// A proxy that is there.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Program { path: PathBuf, template: &'static str, arguments: &'static [&'static str] },
    Script { node: Installed, file: &'static str },
}

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) version: String,
    _process: Process,
}

impl Proxy {
    /// Finds the proxy.
    ///
    /// # Errors
    ///
    /// Why that can't be.
    pub(crate) fn find(&self) -> Result<Found, String> {
        Ok(match self.kind {
            Kind::Program { template, arguments } => {
                Found::Program { path: installed::program(self.name)?, template, arguments }
            }
            Kind::Script(file) => Found::Script { node: installed::find(Runtime::Node)?, file },
        })
    }

    /// Starts the proxy before the server at a port of loopback; what it prints as errors goes to a file.
    pub(crate) fn start(
        &self,
        found: &Found,
        stack: Stack,
        upstream: u16,
        errors: &Path,
    ) -> io::Result<Running> {
        match found {
            Found::Script { node, file } => {
                let process = Process::start(node.command(file).arg(upstream.to_string()), errors)?;
                let port = process.field("port")?.parse().map_err(io::Error::other)?;
                Ok(Running { port, version: process.field("version")?, _process: process })
            }
            Found::Program { path, template, arguments } => {
                let folder = installed::root().join("target/interop").join(self.name);
                fs::create_dir_all(&folder)?;
                let folder = folder.canonicalize()?;
                let port = free_port()?;
                let config = folder.join("config");
                fs::write(&config, configured(template, &folder, stack, port, upstream))?;
                let mut command = Command::new(path);
                let mut process = Process::start(command.args(*arguments).arg(&config), errors)?;
                wait_for(port, &mut process)?;
                let version = format!("{} {}", self.name, version(path)?);
                Ok(Running { port, version, _process: process })
            }
        }
    }
}

/// Returns a port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Fills in a configuration.
fn configured(template: &str, folder: &Path, stack: Stack, port: u16, upstream: u16) -> String {
    let certificate = format!(" ssl crt \"{}/../tls/server.pem\" alpn h2", folder.display());
    template
        .replace("{http2}", if stack == Http2 { &certificate } else { "" })
        .replace("{folder}", &folder.to_string_lossy())
        .replace("{port}", &port.to_string())
        .replace("{upstream}", &upstream.to_string())
}

/// Waits until a process takes connections at a port.
fn wait_for(port: u16, process: &mut Process) -> io::Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if process.has_ended()? {
            return Err(io::Error::other("it ended by itself"));
        }
        // A socket that is given the very port that it asks for connects to itself.
        if TcpStream::connect(("127.0.0.1", port))
            .is_ok_and(|stream| stream.local_addr().ok() != stream.peer_addr().ok())
        {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(ErrorKind::TimedOut.into())
}

/// Asks a program for its version.
fn version(path: &Path) -> io::Result<String> {
    let output = Command::new(path).arg("-v").output()?;
    // nginx says it where errors go.
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    version_in(&said).map_or_else(|| Err(io::Error::other("no version")), |version| Ok(version.to_owned()))
}

/// Finds a version of two numbers or more, without what a distribution adds to it.
fn version_in(said: &str) -> Option<&str> {
    let is_version = |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    said.split(|c: char| !c.is_ascii_digit() && c != '.').find(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found() {
        #[rustfmt::skip]
        let table = [
            ("nginx version: nginx/1.22.1\n",                                    Some("1.22.1")),
            ("nginx version: nginx/1.24.0 (Ubuntu)\n",                           Some("1.24.0")),
            ("HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", Some("2.6.12")),
            ("HA-Proxy version 2.2.9-2+deb11u6 2023/12/27",                      Some("2.2.9")),
            ("no such option",                                                   None),
        ];
        for (said, expected) in table {
            assert_eq!(version_in(said), expected, "{said}");
        }
    }

    #[test]
    fn configurations_are_filled_in() {
        for proxy in PROXIES {
            let Kind::Program { template, .. } = proxy.kind else { continue };
            let config = configured(
                template,
                Path::new("/some/where"),
                proxy.stacks[proxy.stacks.len() - 1],
                1234,
                5678,
            );
            for wanted in ["127.0.0.1:1234", "127.0.0.1:5678"] {
                assert_eq!(config.matches(wanted).count(), 1, "{}: {wanted}", proxy.name);
            }
            for name in ["{folder}", "{http2}", "{port}", "{upstream}"] {
                assert!(!config.contains(name), "{}: {name}", proxy.name);
            }
        }
    }
}
