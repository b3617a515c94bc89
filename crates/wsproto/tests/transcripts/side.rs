//! The connection of a transcript: from the first byte of HTTP, or after its opening handshake.

use wsproto::extensions::{self, Pipeline, deflate::DeflateConfig};
use wsproto::{Config, Connection};

use crate::script::Setting;

pub(crate) fn connection(setting: &Setting) -> Connection {
    let config = config(setting);
    let (server, client) = agreed(&config);
    match (setting.open, setting.server) {
        (false, true) => Connection::server(config),
        (false, false) => Connection::client_with_entropy(config, settled),
        (true, true) => Connection::open_server(config).with_extensions(server),
        (true, false) => Connection::open_client_with_entropy(config, settled).with_extensions(client),
    }
}

/// The masking key and the nonce of the RFC's examples.
fn settled(bytes: &mut [u8]) {
    match bytes.len() {
        16 => bytes.copy_from_slice(b"the sample nonce"),
        _ => bytes.iter_mut().zip([0x37, 0xfa, 0x21, 0x3d]).for_each(|(to, from)| *to = from),
    }
}

fn config(setting: &Setting) -> Config {
    let mut config = Config::default();
    if setting.deflate {
        config = config.with_extension(DeflateConfig::default());
    }
    for (name, limit) in &setting.limits {
        match name.as_str() {
            "max-message" => config.max_message_len = *limit,
            "max-frame" => config.max_frame_len = Some(*limit),
            "max-fragments" => config.max_fragments = Some(*limit),
            "max-empty" => config.max_empty_fragments = *limit,
            "max-control" => config.max_control_frames = *limit,
            "max-head" => config.handshake.max_head_len = *limit,
            _ => panic!("{name} is no limit"),
        }
    }
    config
}

/// Returns the agreement of a server and a client with this configuration.
fn agreed(config: &Config) -> (Pipeline, Pipeline) {
    let offers = extensions::offers(&config.extensions).expect("our offers are sound");
    let (answer, server) = extensions::respond(&config.extensions, &offers).expect("and understood");
    let client = extensions::conclude(&config.extensions, &answer).expect("and so is the answer");
    (server, client)
}
