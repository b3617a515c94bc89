//! Uses wsproto-frame without std and without an allocator; ends with 0 when all went as it should.
#![no_std]
#![no_main]

use core::ffi::c_int;

use no_std_runtime as _;
use wsproto_frame::{
    CloseCode, ClosePayload, FrameDecoder, FrameEncoder, FrameError, FrameHeader, MaskingKey, Opcode, Role,
    TextCheck,
};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match text_arrives().and_then(|()| text_is_checked()).and_then(|()| close_is_read()) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(_) => 2,
    }
}

/// A client's frame, header and masked payload, is read by a server in two parts.
fn text_arrives() -> Result<(), FrameError> {
    let text = "a text that is longer than one hundred and twenty-five bytes, so that its length takes two more bytes \
                of header, and that is masked with a key";
    let mut key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let header = FrameHeader::new(Opcode::Text, text.len() as u64).with_mask(key);
    let header = FrameEncoder::new(Role::Client).encode(&header)?;
    let mut wire = [0; 256];
    let (head, payload) = wire.split_at_mut(header.len());
    head.copy_from_slice(&header);
    payload[..text.len()].copy_from_slice(text.as_bytes());
    key.apply(&mut payload[..text.len()]);

    let (mut first, rest) = wire.split_at_mut(50);
    let mut rest = &mut rest[..header.len() + text.len() - 50];
    let mut decoder = FrameDecoder::new(Role::Server);
    let mut check = TextCheck::new();
    for input in [&mut first, &mut rest] {
        while let Some(chunk) = decoder.decode(input)? {
            check.push(chunk.payload)?;
        }
    }
    check.finish()
}

/// Bytes that aren't UTF-8 fail, however long the good ones before them.
fn text_is_checked() -> Result<(), FrameError> {
    let mut text = [b'a'; 200];
    text[199] = 0xc0;
    match TextCheck::new().push(&text) {
        Err(FrameError::TextNotUtf8) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(FrameError::TextNotUtf8),
    }
}

/// A Close frame's payload gives code and reason.
fn close_is_read() -> Result<bool, FrameError> {
    let close = ClosePayload::parse(b"\x03\xe8bye")?;
    Ok(close.code == CloseCode::NORMAL && close.reason == "bye")
}
