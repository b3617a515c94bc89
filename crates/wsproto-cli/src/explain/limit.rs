//! `--limit NAME=NUMBER`.

use std::str::FromStr;

use wsproto::Config;

/// A limit of the receiver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    set: fn(Config, u64) -> Config,
    number: u64,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = text.split_once('=').ok_or("a limit is NAME=NUMBER")?;
        let set: fn(Config, u64) -> Config = match name {
            "message" => Config::with_max_message_len,
            "frame" => Config::with_max_frame_len,
            "fragments" => Config::with_max_fragments,
            "empty" => Config::with_max_empty_fragments,
            "control" => Config::with_max_control_frames,
            "head" => |config, number| {
                let limits = config.handshake.with_max_head_len(number);
                config.with_handshake(limits)
            },
            _ => return Err("no such limit: message, frame, fragments, empty, control or head".into()),
        };
        let number = number.parse().map_err(|error| format!("{number}: {error}"))?;
        Ok(Self { set, number })
    }
}

/// Makes the receiver's configuration.
pub(super) fn config(limits: &[Limit]) -> Config {
    limits.iter().fold(Config::default(), |config, limit| (limit.set)(config, limit.number))
}
