//! Inflates what was sent, since each library may compress differently.

use wsproto::extensions::deflate::{Backend, DeflateConfig, PermessageDeflate};
use wsproto::frame::{FrameDecoder, Opcode, Role, Rsv};

use crate::outcome::digest;

pub(crate) struct Peer {
    decoder: FrameDecoder,
    inflater: PermessageDeflate,
    /// The message so far, compressed or not.
    message: Vec<u8>,
    compressed: bool,
}

impl Peer {
    /// Makes the peer of a server or client with the agreed parameters.
    pub(crate) fn new(of_server: bool, agreed: &str) -> Self {
        let config = DeflateConfig::default().with_backend(Backend::Miniz);
        let inflater = if of_server {
            config.conclude(agreed).expect("an answer").expect("permessage-deflate")
        } else {
            config.respond(agreed).expect("an offer").expect("permessage-deflate").1
        };
        let role = if of_server { Role::Client } else { Role::Server };
        Self {
            decoder: FrameDecoder::new(role).with_rsv(Rsv::RSV1),
            inflater,
            message: Vec::new(),
            compressed: false,
        }
    }

    /// Describes a frame: its first byte, whether it is masked, and the message that it ends.
    pub(crate) fn read(&mut self, mut frame: Vec<u8>) -> Vec<String> {
        let first = frame[0];
        let masked = if frame[1] & 0x80 == 0 { "" } else { " masked" };
        let mut input = &mut frame[..];
        let chunk = self.decoder.decode(&mut input).expect("we send good frames").expect("a whole frame");
        let header = chunk.header;
        if header.opcode.is_control() {
            return vec![format!("sent {first:02x}{masked}"), digest(chunk.payload)];
        }
        if header.opcode != Opcode::Continuation {
            self.compressed = header.rsv == Rsv::RSV1;
        }
        self.message.extend_from_slice(chunk.payload);
        if !header.fin {
            return vec![format!("sent {first:02x}{masked}")];
        }
        let mut message = std::mem::take(&mut self.message);
        if self.compressed {
            let mut inflated = Vec::new();
            self.inflater.decompress(&message, &mut inflated, 1 << 24).expect("we send good streams");
            message = inflated;
        }
        vec![format!("sent {first:02x}{masked}"), digest(&message)]
    }
}
