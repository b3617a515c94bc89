//! The connection that a transcript is about: whole, or after its opening handshake.

use wsproto::extensions::{self, Pipeline, deflate::DeflateConfig};
use wsproto::{
    Config, Connection, ConnectionState, Event, LocalProtocolError, RemoteProtocolError, Transport,
    WsConnection,
};

use crate::script::Setting;

pub(crate) enum Side {
    Connecting(WsConnection),
    Open(Connection),
}

impl Side {
    pub(crate) fn new(setting: &Setting) -> Self {
        let config = config(setting);
        match (setting.open, setting.server) {
            (false, true) => Self::Connecting(WsConnection::server(config)),
            (false, false) => Self::Connecting(WsConnection::client_with_entropy(config, settled)),
            (true, true) => Self::Open(Connection::server(&config).with_extensions(agreed(&config).0)),
            (true, false) => {
                let connection = Connection::client_with_entropy(&config, settled);
                Self::Open(connection.with_extensions(agreed(&config).1))
            }
        }
    }

    pub(crate) fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        match self {
            Self::Connecting(connection) => connection.receive(input),
            Self::Open(connection) => connection.receive(input),
        }
    }

    pub(crate) fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        match self {
            Self::Connecting(connection) => connection.receive_eof(),
            Self::Open(connection) => Ok(connection.receive_eof()),
        }
    }

    pub(crate) fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        match self {
            Self::Connecting(connection) => connection.send(event, out),
            Self::Open(connection) => connection.send(event, out),
        }
    }

    pub(crate) fn reply(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        match self {
            Self::Connecting(connection) => connection.reply(event, out),
            Self::Open(connection) => connection.reply(event, out),
        }
    }

    pub(crate) fn reply_to_error(
        &mut self,
        error: &RemoteProtocolError,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match self {
            Self::Connecting(connection) => connection.reply_to_error(error, out),
            Self::Open(connection) => connection.reply_to_error(error, out),
        }
    }

    pub(crate) fn state(&self) -> ConnectionState {
        match self {
            Self::Connecting(connection) => connection.state(),
            Self::Open(connection) => connection.state(),
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Connecting(connection) => connection.transport(),
            Self::Open(connection) => connection.transport(),
        }
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

/// What a server and a client with this configuration agree on.
fn agreed(config: &Config) -> (Pipeline, Pipeline) {
    let offers = extensions::offers(&config.extensions).expect("our offers are sound");
    let (answer, server) = extensions::respond(&config.extensions, &offers).expect("and understood");
    let client = extensions::conclude(&config.extensions, &answer).expect("and so is the answer");
    (server, client)
}
