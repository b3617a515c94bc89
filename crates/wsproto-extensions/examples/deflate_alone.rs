//! permessage-deflate alone: frames of another stack (here of the frame codec) and header texts go in and out.
//!
//! `cargo run -p wsproto-extensions --example deflate_alone`

use std::error::Error;

use wsproto_extensions::deflate::DeflateConfig;
use wsproto_frame::{FrameDecoder, FrameHeader, MaskingKey, Opcode, Role, Rsv};

fn main() -> Result<(), Box<dyn Error>> {
    // Another stack performs the handshake, in which these Sec-WebSocket-Extensions fields go.
    let config = DeflateConfig::default();
    let offer = config.offer();
    let (answer, mut server) = config.respond(&offer)?.ok_or("the server declined")?;
    let mut client = config.conclude(&answer)?.ok_or("the server declined")?;
    println!("offer:  {offer}\nanswer: {answer}");

    for text in
        ["Hello, hello, hello, hello, hello, hello!", "Hello, hello, hello, hello, hello again!", "short"]
    {
        // The client compresses a message, sets RSV1 if it was worth it, and masks the frame.
        let mut payload = Vec::new();
        let compressed = client.compress(text.as_bytes(), &mut payload)?;
        if !compressed {
            payload.extend_from_slice(text.as_bytes());
        }
        let mut key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
        let header = FrameHeader::new(Opcode::Text, payload.len().try_into()?)
            .with_rsv(if compressed { Rsv::RSV1 } else { Rsv::NONE })
            .with_mask(key);
        key.apply(&mut payload);
        let mut wire = header.encode().to_vec();
        wire.extend_from_slice(&payload);
        println!("{} bytes of text, {} bytes on the wire: {wire:02x?}", text.len(), wire.len());

        // The server reads the frame and decompresses the message, under a limit.
        let mut input = &mut wire[..];
        let mut decoder = FrameDecoder::new(Role::Server).with_rsv(Rsv::RSV1);
        let chunk = decoder.decode(&mut input)?.ok_or("the frame is complete")?;
        let mut message = Vec::new();
        if chunk.header.rsv.contains(Rsv::RSV1) {
            server.decompress(chunk.payload, &mut message, 1 << 20)?;
        } else {
            message.extend_from_slice(chunk.payload);
        }
        assert_eq!(message, text.as_bytes());
    }
    Ok(())
}
