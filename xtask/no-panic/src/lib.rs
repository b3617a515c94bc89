//! Links only if no panic can be reached from any function of this file, for whatever arguments.
//!
//! The panic handler calls a symbol that nobody defines, and so does the allocator: the functions need no memory
//! but the stack's. What optimised code can't reach is gone before the linker looks.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::ops::{Range, RangeInclusive};
use core::panic::PanicInfo;

use wsproto_extensions::deflate::WindowBits;
use wsproto_frame::{
    CloseCode, ClosePayload, EncodedHeader, FrameChunk, FrameDecoder, FrameEncoder, FrameError, FrameHeader,
    MaskingKey, Opcode, Role, TextCheck,
};
use wsproto_handshake::Request;

#[unsafe(no_mangle)]
pub fn parse_header(bytes: &[u8]) -> Result<Option<(FrameHeader, usize)>, FrameError> {
    FrameHeader::parse(bytes)
}

#[unsafe(no_mangle)]
pub fn encode_header(header: &FrameHeader, wire: &mut [u8; FrameHeader::MAX_LEN]) -> u64 {
    let encoded = header.encode();
    wire.iter_mut().zip(encoded.iter()).map(|(to, from)| *to = *from).count() as u64
}

#[unsafe(no_mangle)]
pub fn encode_frame(encoder: &mut FrameEncoder, header: &FrameHeader) -> Result<EncodedHeader, FrameError> {
    encoder.encode(header)
}

#[unsafe(no_mangle)]
pub fn check_sent_frame(encoder: &mut FrameEncoder, header: &FrameHeader) -> Result<bool, FrameError> {
    encoder.check(header).map(|()| encoder.message().is_some())
}

#[unsafe(no_mangle)]
pub fn decode_frame<'a>(
    decoder: &mut FrameDecoder,
    input: &mut &'a mut [u8],
) -> Result<Option<FrameChunk<&'a mut [u8]>>, FrameError> {
    decoder.decode(input)
}

/// A new decoder with nothing that the caller could get wrong.
#[unsafe(no_mangle)]
pub fn decode_whole_input(role: &Role, mut input: &mut [u8]) -> Result<u64, FrameError> {
    let mut decoder = FrameDecoder::new(*role);
    let mut payload = 0_u64;
    while let Some(chunk) = decoder.decode(&mut input)? {
        payload = payload.wrapping_add(chunk.payload.len() as u64);
    }
    Ok(payload)
}

/// In pieces of any length, even such as make no sense.
#[unsafe(no_mangle)]
pub fn decode_in_place(
    decoder: &mut FrameDecoder,
    input: &mut [u8],
    pieces: &RangeInclusive<usize>,
) -> Result<Option<FrameChunk<Range<usize>>>, FrameError> {
    decoder.decode_in_place(input, pieces.clone())
}

/// A place taken off any bytes, even such as were not shown to the decoder.
#[unsafe(no_mangle)]
pub fn split_off<'a>(chunk: &FrameChunk<Range<usize>>, input: &mut &'a mut [u8]) -> FrameChunk<&'a mut [u8]> {
    chunk.clone().split_off(input)
}

#[unsafe(no_mangle)]
pub fn under_way(decoder: &FrameDecoder) -> (Option<Opcode>, Option<(Opcode, u64)>) {
    (decoder.message(), decoder.payload())
}

#[unsafe(no_mangle)]
pub fn mask(key: &mut MaskingKey, payload: &mut [u8]) {
    key.apply(payload);
}

#[unsafe(no_mangle)]
pub fn check_text<'a>(check: &mut TextCheck, part: &'a [u8]) -> Result<(Option<char>, &'a str), FrameError> {
    check.push(part)
}

#[unsafe(no_mangle)]
pub fn look_at_text(check: &mut TextCheck, part: &[u8]) -> Result<(), FrameError> {
    check.check(part)
}

#[unsafe(no_mangle)]
pub fn end_text(check: &mut TextCheck) -> Result<usize, FrameError> {
    let missing = check.missing();
    check.finish().map(|()| missing)
}

#[unsafe(no_mangle)]
pub fn close_code(code: u16) -> Option<CloseCode> {
    CloseCode::new(code)
}

#[unsafe(no_mangle)]
pub fn parse_close<'a>(payload: &'a [u8]) -> Result<ClosePayload<'a>, FrameError> {
    #[cfg(feature = "panics")]
    assert!(payload.len() < 126);
    ClosePayload::parse(payload)
}

#[unsafe(no_mangle)]
pub fn write_close<'a>(
    close: &ClosePayload<'_>,
    buffer: &'a mut [u8; FrameHeader::MAX_CONTROL_PAYLOAD_LEN],
) -> Result<&'a [u8], FrameError> {
    close.write(buffer)
}

#[unsafe(no_mangle)]
pub fn error_code(error: &FrameError) -> CloseCode {
    error.close_code()
}

#[unsafe(no_mangle)]
pub fn parse_window_bits(value: &str) -> Option<WindowBits> {
    WindowBits::parse(value)
}

#[unsafe(no_mangle)]
pub fn window_size(bits: u8) -> Option<usize> {
    WindowBits::new(bits).map(WindowBits::size)
}

#[unsafe(no_mangle)]
pub fn split_list(field: &str) -> usize {
    wsproto_handshake::split_list(field).count()
}

#[unsafe(no_mangle)]
pub fn check_origin(request: &Request, allowed: &[&str]) -> bool {
    wsproto_handshake::check_origin(request, allowed).is_ok()
}

#[unsafe(no_mangle)]
pub fn check_same_host(request: &Request) -> bool {
    wsproto_handshake::check_same_host(request).is_ok()
}

// The C library, because the compiler copies memory by its functions; it doesn't define these two.
#[link(name = "c")]
unsafe extern "C" {
    fn a_panic_can_be_reached() -> !;
    fn memory_is_allocated() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it is never linked, let alone called.
    unsafe { a_panic_can_be_reached() }
}

struct NoHeap;

// SAFETY: it never returns.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        // SAFETY: it is never linked, let alone called.
        unsafe { memory_is_allocated() }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        // SAFETY: it is never linked, let alone called.
        unsafe { memory_is_allocated() }
    }
}

#[global_allocator]
static NO_HEAP: NoHeap = NoHeap;
