//! `x-checksum`: each message ends with a checksum, and its bytes are disguised by a key that both sides agree on.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_extensions::{
    CloseCode, Extension, ExtensionConfig, FrameHeader, Handling, Opcode, Outbound, OutboundFrame, Output,
    Params, Progress, Reason, Refusal, Rsv,
};

const NAME: &str = "x-checksum";

/// The bytes of the checksum at the end of a message.
const TRAILER: usize = 4;

/// Negotiates `x-checksum; key=K`, K from 1 to 255: the client proposes, and the server repeats it.
#[derive(Clone, Debug)]
pub struct Checksum {
    /// What a client proposes.
    pub key: u8,
    /// How many bytes a received message may have, the checksum not counted.
    pub max_len: usize,
}

impl Checksum {
    fn params(key: u8) -> Params<'static> {
        Params::new(NAME).with_value("key", key.to_string())
    }

    fn agreed(&self, key: u8) -> Box<dyn Extension> {
        Box::new(Agreed {
            key,
            max_len: self.max_len,
            sending: Sum::default(),
            before: Sum::default(),
            receiving: Sum::default(),
            received: 0,
            under_way: Handling::Pass,
            held: Held::default(),
        })
    }
}

/// Reads the only parameter there is.
fn read(params: &Params<'_>) -> Option<u8> {
    let mut params = params.iter();
    let (Some(("key", Some(value))), None) = (params.next(), params.next()) else { return None };
    let key: u8 = value.parse().ok().filter(|&key| key > 0)?;
    // One spelling for each number: no sign, no leading zero.
    (key.to_string() == value).then_some(key)
}

impl ExtensionConfig for Checksum {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Self::params(self.key)]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        match read(answer) {
            Some(key) if key == self.key => Ok(self.agreed(key)),
            _ => Err(Reason::new("another key than the one proposed")),
        }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let key = read(offer)?;
        Some((Self::params(key), self.agreed(key)))
    }
}

#[derive(Debug)]
struct Agreed {
    key: u8,
    max_len: usize,
    sending: Sum,
    /// The sum before the last frame, which may yet not be sent.
    before: Sum,
    receiving: Sum,
    /// How many bytes of the message came out.
    received: usize,
    /// What is done with the message that is being received.
    under_way: Handling,
    held: Held,
}

impl Extension for Agreed {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        let marked = header.rsv.contains(Rsv::RSV2);
        match header.opcode {
            Opcode::Text | Opcode::Binary => {
                self.under_way = if marked { Handling::Transform } else { Handling::Pass };
                self.receiving = Sum::default();
                self.held = Held::default();
                self.received = 0;
                Ok(self.under_way)
            }
            _ if marked => {
                Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "RSV2 is set where no message begins"))
            }
            Opcode::Continuation => Ok(self.under_way),
            Opcode::Close | Opcode::Ping | Opcode::Pong => Ok(Handling::Pass),
        }
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        while let Some((&byte, rest)) = input.split_first() {
            // The last four bytes so far may be the checksum: a byte comes out when the fourth after it is there.
            if let Some(oldest) = self.held.oldest() {
                if output.room() == 0 {
                    return Ok(());
                }
                if self.received >= self.max_len {
                    return Err(Refusal::new(
                        CloseCode::MESSAGE_TOO_BIG,
                        "a message is too long for its checksum",
                    ));
                }
                let plain = oldest ^ self.key;
                self.receiving.add(plain);
                output.write(&[plain]);
                self.received = self.received.saturating_add(1);
            }
            self.held.push(byte);
            *input = rest;
        }
        Ok(())
    }

    fn inbound_end(&mut self, header: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        if header.fin && self.held.bytes() != Some(self.receiving.0.to_be_bytes()) {
            return Err(Refusal::new(CloseCode::INVALID_PAYLOAD, "the checksum is wrong"));
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.before = self.sending;
        if frame.opcode.is_control() {
            return Ok(Outbound::PASS);
        }
        let first = frame.opcode != Opcode::Continuation;
        if first {
            self.sending = Sum::default();
        }
        for &byte in frame.payload {
            self.sending.add(byte);
            output.write(&[byte ^ self.key]);
        }
        if frame.fin {
            output.write(&self.sending.0.to_be_bytes());
        }
        Ok(Outbound::transformed(if first { Rsv::RSV2 } else { Rsv::NONE }))
    }

    fn outbound_dropped(&mut self) {
        self.sending = self.before;
    }

    fn keeps_memory(&self) -> bool {
        false
    }
}

/// FNV-1a, 32 bits.
#[derive(Clone, Copy, Debug)]
struct Sum(u32);

impl Default for Sum {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Sum {
    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
}

/// The last bytes that arrived, at most four.
#[derive(Debug, Default)]
struct Held {
    ring: [u8; TRAILER],
    len: usize,
}

impl Held {
    /// Returns the byte that the next one pushes out.
    fn oldest(&self) -> Option<u8> {
        if self.len < TRAILER { None } else { self.ring.first().copied() }
    }

    fn push(&mut self, byte: u8) {
        self.ring.rotate_left(1);
        self.ring[TRAILER - 1] = byte;
        self.len = TRAILER.min(self.len.saturating_add(1));
    }

    /// Returns the four bytes, if so many arrived.
    fn bytes(&self) -> Option<[u8; TRAILER]> {
        (self.len == TRAILER).then_some(self.ring)
    }
}
