//! websocket-sans-io: only frames. It checks neither their order nor their text, so we join and check text for it.

use bytes::Bytes;
use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

use crate::{
    Runner,
    transport::Transport,
    work::{Delivered, Task, Work, to_str},
};

struct Peer {
    work: Work,
    transport: Transport,
    decoder: WebsocketFrameDecoder,
    encoder: WebsocketFrameEncoder,
    buf: Vec<u8>,
    unread: std::ops::Range<usize>,
    /// The parts of the message so far.
    joined: Vec<u8>,
    out: Vec<u8>,
    payload: Bytes,
}

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let transport = Transport::of(work);
    let mut peer = Peer {
        work: *work,
        transport,
        decoder: WebsocketFrameDecoder::new(),
        encoder: WebsocketFrameEncoder::new(),
        buf: vec![0; 64 << 10],
        unread: 0..0,
        joined: Vec::new(),
        out: Vec::new(),
        payload: work.shared_payload(),
    };
    let round = move |messages: usize, delivered: &mut Delivered| match peer.work.task {
        _ if delivered.shrinks => peer.joined = Vec::new(),
        Task::Receive => peer.receive::<false>(messages, delivered),
        Task::Echo | Task::Handshake => peer.receive::<true>(messages, delivered),
        Task::Send => {
            let batch = peer.work.batch();
            for i in 1..=messages {
                encode(&peer.work, &mut peer.encoder, &peer.payload, &mut peer.out);
                if i % batch == 0 || i == messages {
                    peer.transport.put(&peer.out);
                    peer.out.clear();
                }
            }
        }
    };
    Some(Runner::new(round))
}

impl Peer {
    fn receive<const ECHO: bool>(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            // The part of the current frame that has come, in `buf`.
            let mut part = 0..0;
            loop {
                let result = self.decoder.add_data(&mut self.buf[self.unread.clone()]).unwrap();
                let start = self.unread.start;
                self.unread.start += result.consumed_bytes;
                match result.event {
                    Some(WebsocketFrameEvent::Start { .. }) => {}
                    Some(WebsocketFrameEvent::PayloadChunk { .. }) => part = start..self.unread.start,
                    Some(WebsocketFrameEvent::End { frame_info, original_opcode }) => {
                        let part = &self.buf[std::mem::take(&mut part)];
                        if !frame_info.fin {
                            self.joined.extend_from_slice(part);
                            continue;
                        }
                        let message = if self.joined.is_empty() {
                            part
                        } else {
                            self.joined.extend_from_slice(part);
                            &self.joined
                        };
                        if self.work.as_str {
                            delivered.text(to_str(message));
                        } else {
                            if original_opcode == Opcode::Text {
                                check(message);
                            }
                            delivered.message(message);
                        }
                        if ECHO {
                            encode(&self.work, &mut self.encoder, message, &mut self.out);
                        }
                        self.joined.clear();
                        left -= 1;
                        if left == 0 {
                            self.flush::<ECHO>();
                            return;
                        }
                    }
                    None => break,
                }
            }
            self.joined.extend_from_slice(&self.buf[part]);
            self.flush::<ECHO>();
            self.unread = 0..self.transport.take(&mut self.buf);
        }
    }

    fn flush<const ECHO: bool>(&mut self) {
        if ECHO {
            self.transport.put(&self.out);
            self.out.clear();
        }
    }
}

/// Checks text in the fastest way.
fn check(text: &[u8]) {
    if text.len() >= 256 || !text.is_ascii() {
        simdutf8::basic::from_utf8(text).unwrap();
    }
}

fn encode(work: &Work, encoder: &mut WebsocketFrameEncoder, payload: &[u8], out: &mut Vec<u8>) {
    let info = FrameInfo {
        opcode: if work.is_text() { Opcode::Text } else { Opcode::Binary },
        payload_length: payload.len() as u64,
        mask: work.is_client().then(rand::random::<[u8; 4]>),
        fin: true,
        reserved: 0,
    };
    out.extend_from_slice(&encoder.start_frame(&info));
    let start = out.len();
    out.extend_from_slice(payload);
    encoder.transform_frame_payload(&mut out[start..]);
}
