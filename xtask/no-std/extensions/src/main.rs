//! Uses wsproto-extensions without std; ends with 0 when all went as it should.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::c_int;

use no_std_runtime as _;
use wsproto_extensions::deflate::DeflateConfig;
use wsproto_extensions::{ExtensionConfig, conclude, offers, respond};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match (deflate_is_agreed(), message_is_compressed()) {
        (Some(true), Some(true)) => 0,
        _ => 1,
    }
}

/// A client's offers and a server's answer lead to the same extension on both sides.
fn deflate_is_agreed() -> Option<bool> {
    let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(DeflateConfig::default())];
    let (answers, server) = respond(&configs, &offers(&configs).ok()?).ok()?;
    let client = conclude(&configs, &answers).ok()?;
    Some(client.names().eq(["permessage-deflate"]) && server.names().eq(client.names()))
}

/// A message goes through the compressor of one side and the inflater of the other, and comes out shorter in between.
fn message_is_compressed() -> Option<bool> {
    let config = DeflateConfig::default();
    let (_, mut sender) = config.respond("permessage-deflate").ok()??;
    let (_, mut receiver) = config.respond("permessage-deflate").ok()??;
    let message = [b'a'; 10_000];
    let (mut wire, mut text) = (Vec::new(), Vec::new());
    let compressed = sender.compress(&message, &mut wire).ok()?;
    receiver.decompress(&wire, &mut text, 1 << 20).ok()?;
    Some(compressed && wire.len() < 100 && text == message)
}
