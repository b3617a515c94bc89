//! What the command line asks for.

use std::fmt;

use wsproto_tokio::{Config, DeflateConfig, Settings, wsproto::extensions::deflate::WindowBits};

use crate::{
    peers::{PEERS, Peer},
    proxies::PROXIES,
    script,
    stack::Stack,
};

const USAGE: &str = "cargo xtask interop [--only NAME,…] [--require NAME,…] [--deflate off|on] [--brief]
  --only      the peers and proxies to run; all by default
  --require   the peers and proxies without which the run fails; others are skipped where they are not installed
  --deflate   runs with this setting alone; both by default
  --brief     leaves out the combinations of parameters, and writes no page
peers and proxies: ";

/// The command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    only: Option<Vec<String>>,
    required: Vec<String>,
    deflate: Option<bool>,
    brief: bool,
}

/// The parameters of permessage-deflate, where they aren't the default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Parameters {
    client_window: Option<WindowBits>,
    server_window: Option<WindowBits>,
    client_no_context: bool,
    server_no_context: bool,
}

impl Parameters {
    /// Returns windows from 9 to 15 bits, a large one of one side with a small one of the other, each with and without
    /// context takeover of either side.
    fn combinations() -> impl Iterator<Item = Self> {
        (9..=15_u8).flat_map(|bits| {
            let (client_window, server_window) = (WindowBits::new(bits), WindowBits::new(24 - bits));
            [(false, false), (false, true), (true, false), (true, true)].map(
                |(client_no_context, server_no_context)| Self {
                    client_window,
                    server_window,
                    client_no_context,
                    server_no_context,
                },
            )
        })
    }
}

/// Bits of the client's and the server's window, `-` for the default; a star for a side without context takeover.
impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |window: Option<WindowBits>, no_context: bool| {
            let bits = window.map_or_else(|| "-".to_owned(), |bits| bits.get().to_string());
            bits + if no_context { "*" } else { "" }
        };
        let client = side(self.client_window, self.client_no_context);
        write!(f, "{client}/{}", side(self.server_window, self.server_no_context))
    }
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and how they are meant.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            options.take(&argument, &mut arguments).map_err(|problem| {
                format!("{argument}: {problem}\n{USAGE}{}", names_of_all().collect::<Vec<_>>().join(", "))
            })?;
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, rest: &mut impl Iterator<Item = String>) -> Result<(), &'static str> {
        let mut value = || rest.next().ok_or("a value is missing");
        match name {
            "--only" => self.only = Some(names(&value()?)?),
            "--require" => self.required = names(&value()?)?,
            "--deflate" => {
                self.deflate = Some(match &*value()? {
                    "on" => true,
                    "off" => false,
                    _ => return Err("on or off"),
                });
            }
            "--brief" => self.brief = true,
            _ => return Err("no such option"),
        }
        Ok(())
    }

    /// Whether a peer is to run.
    pub(crate) fn wants(&self, peer: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == peer))
    }

    /// Whether the run fails without a peer.
    pub(crate) fn requires(&self, peer: &str) -> bool {
        self.required.iter().any(|name| name == peer)
    }

    /// What each peer runs with: without and with permessage-deflate. A peer that takes parameters runs with each
    /// combination of them, unless the run is brief.
    pub(crate) fn settings(&self, peer: &Peer, stack: Stack) -> Vec<Deflate> {
        let mut settings = vec![Deflate::Off, Deflate::On(Parameters::default())];
        if peer.combines && stack == Stack::Tcp && !self.brief {
            settings.extend(Parameters::combinations().map(Deflate::On));
        }
        settings.retain(|each| self.deflate.is_none_or(|wanted| each.is_on() == wanted));
        settings
    }

    /// Whether this is the run that docs/interop.md tells of.
    pub(crate) fn is_default(&self) -> bool {
        self.only.is_none() && self.deflate.is_none() && !self.brief
    }
}

fn names_of_all() -> impl Iterator<Item = &'static str> {
    PEERS.iter().map(|peer| peer.name).chain(PROXIES.iter().map(|proxy| proxy.name))
}

fn names(list: &str) -> Result<Vec<String>, &'static str> {
    let known = |name: &str| names_of_all().any(|known| known == name);
    let names: Vec<String> = list.split(',').map(str::to_owned).collect();
    if names.iter().all(|name| known(name)) { Ok(names) } else { Err("no such peer") }
}

/// Whether both sides of a connection are to use permessage-deflate, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Deflate {
    /// Neither side knows it.
    Off,
    /// Both sides use it.
    On(Parameters),
}

impl Deflate {
    pub(crate) const fn is_on(self) -> bool {
        matches!(self, Self::On(_))
    }

    /// The parameters, where they aren't the default.
    pub(crate) fn parameters(self) -> Option<Parameters> {
        match self {
            Self::On(parameters) if parameters != Parameters::default() => Some(parameters),
            Self::On(_) | Self::Off => None,
        }
    }

    /// The setting as a peer's script takes it.
    pub(crate) fn arguments(self) -> Vec<String> {
        let Self::On(parameters) = self else {
            return Vec::new();
        };
        let mut arguments = vec!["--deflate".to_owned()];
        for (name, window) in
            [("--client-window", parameters.client_window), ("--server-window", parameters.server_window)]
        {
            arguments.extend(window.into_iter().flat_map(|bits| [name.to_owned(), bits.get().to_string()]));
        }
        for (name, set) in [
            ("--client-no-context", parameters.client_no_context),
            ("--server-no-context", parameters.server_no_context),
        ] {
            arguments.extend(set.then(|| name.to_owned()));
        }
        arguments
    }

    /// The parameters that the agreed extensions lack: those that both sides were told must be among them.
    pub(crate) fn missing_from(self, agreed: &[String]) -> Vec<String> {
        let Self::On(parameters) = self else {
            return Vec::new();
        };
        let window = |side: &str, bits: Option<WindowBits>| {
            // 15 is the default, which needs no word.
            let bits = bits.filter(|bits| *bits != WindowBits::MAX)?;
            Some(format!("{side}_max_window_bits={}", bits.get()))
        };
        let context = |side: &str, set: bool| set.then(|| format!("{side}_no_context_takeover"));
        let wanted = [
            window("client", parameters.client_window),
            window("server", parameters.server_window),
            context("client", parameters.client_no_context),
            context("server", parameters.server_no_context),
        ];
        let lacks = |wanted: &String| !agreed.iter().any(|agreed| agreed.contains(&**wanted));
        wanted.into_iter().flatten().filter(lacks).collect()
    }

    /// The setting as our side takes it.
    pub(crate) fn settings(self) -> Settings {
        let config = Config::default().with_max_message_len(script::LIMIT);
        let Self::On(parameters) = self else {
            return config.into();
        };
        let mut deflate = DeflateConfig::default().with_threshold(0);
        deflate.params.client_no_context_takeover = parameters.client_no_context;
        deflate.params.server_no_context_takeover = parameters.server_no_context;
        if let Some(bits) = parameters.client_window {
            deflate = deflate.with_client_max_window_bits(bits);
        }
        if let Some(bits) = parameters.server_window {
            deflate = deflate.with_server_max_window_bits(bits);
        }
        config.with_extension(deflate).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn parameters_reach_the_scripts_and_are_missed() {
        let parameters = Parameters {
            client_window: WindowBits::new(9),
            server_window: WindowBits::new(15),
            server_no_context: true,
            ..Parameters::default()
        };
        let deflate = Deflate::On(parameters);
        let expected = "--deflate --client-window 9 --server-window 15 --server-no-context";
        assert_eq!(deflate.arguments().join(" "), expected);
        let missing = |agreed: &str| deflate.missing_from(&[agreed.to_owned()]).join(" ");
        assert_eq!(missing("permessage-deflate; client_max_window_bits=9; server_no_context_takeover"), "");
        assert_eq!(missing("permessage-deflate; client_max_window_bits=9"), "server_no_context_takeover");
    }

    #[test]
    fn a_brief_run_has_no_combinations() {
        let settings = |line: &str| {
            let options = parse(line).expect("valid");
            let peer = PEERS.iter().find(|peer| peer.combines).expect("one takes parameters");
            options.settings(peer, Stack::Tcp).len()
        };
        assert_eq!((settings("--brief"), settings("")), (2, 30));
        assert!(!parse("--brief").expect("valid").is_default());
    }

    #[test]
    fn mistakes_are_refused() {
        for line in ["--only nobody", "--deflate", "--deflate maybe", "--faster"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
