//! yawc: a stream and a sink, with its read buffer as large as a read, and text checked.

use wsproto_benches::Deflate;
use yawc::{CompressionLevel, DeflateOptions, Frame, Options, Role, WebSocket};

use crate::{
    Runner,
    peer::{self, stream_and_sink},
    transport::Transport,
    work::{Work, to_str},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let role = if work.is_client() { Role::Client } else { Role::Server };
    let mut options = Options::default()
        .with_utf8()
        .with_limits(64 << 20, 128 << 20)
        .with_read_buffer_capacity(64 << 10)
        .with_write_buffer_capacity(64 << 10);
    let agreed = work.deflate.map(|Deflate { level, takeover }| {
        options.compression = Some(DeflateOptions {
            level: CompressionLevel::new(u32::from(level)),
            server_no_context_takeover: !takeover,
            client_no_context_takeover: !takeover,
            ..Default::default()
        });
        match takeover {
            true => "permessage-deflate",
            false => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        }
    });
    let stream = WebSocket::from_stream_with_extensions(Transport::of(work), role, agreed, options).ok()?;
    peer::start(
        work,
        stream,
        |is_text, payload| {
            if is_text { Frame::text(payload) } else { Frame::binary(payload) }
        },
    )
}

// Its own `as_str` also checks again, and takes longer.
stream_and_sink!(
    WebSocket<Transport>,
    Frame,
    |item| item,
    |message| message.payload(),
    to_str(message.payload())
);
