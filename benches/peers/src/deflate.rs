//! permessage-deflate: whoever has it, at the same level and with the same parameters.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use wsproto::{
    Config, Connection, DeflateConfig, Event, ReadBuffer, TextMessage,
    extensions::{self, ExtensionConfig, deflate::Backend},
};
use wsproto_benches::Deflate;

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

struct Ours {
    transport: Transport,
    connection: Connection,
    messages: ReadBuffer,
    out: Vec<u8>,
    as_str: bool,
    texts: Vec<String>,
    next: usize,
}

pub(crate) fn miniz(work: &Work) -> Option<Runner> {
    Some(Ours::new(work, Backend::Miniz)?.runner(work))
}

pub(crate) fn zlib_rs(work: &Work) -> Option<Runner> {
    Some(Ours::new(work, Backend::ZlibRs)?.runner(work))
}

impl Ours {
    fn new(work: &Work, backend: Backend) -> Option<Self> {
        let Deflate { level, takeover } = work.deflate?;
        let mut config = DeflateConfig::default().with_backend(backend).with_level(level);
        if !takeover {
            config = config.with_server_no_context_takeover().with_client_no_context_takeover();
        }
        let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config)];
        let offers = extensions::offers(&configs).unwrap();
        let (_, agreed) = extensions::respond(&configs, &offers).unwrap();
        let text = |payload| String::from_utf8(payload).unwrap();
        Some(Self {
            transport: Transport::new(work.tape(), work.read_len),
            connection: Connection::open_server(Config::default()).with_extensions(agreed),
            messages: ReadBuffer::messages(),
            out: Vec::new(),
            as_str: work.as_str,
            texts: work.payloads().into_iter().map(text).collect(),
            next: 0,
        })
    }

    fn runner(mut self, work: &Work) -> Runner {
        let written = self.transport.written();
        let work = *work;
        let round = move |count: usize, delivered: &mut Delivered| match work.task {
            Task::Send => self.send(count, work.batch()),
            _ => self.receive(count, delivered),
        };
        Runner { round: Box::new(round), written }
    }

    fn receive(&mut self, count: usize, delivered: &mut Delivered) {
        let mut left = count;
        loop {
            while let Some(event) = self.connection.receive_from(&mut self.messages).unwrap() {
                let Event::TextMessage(message) = event else { unreachable!() };
                if self.as_str {
                    delivered.text(&message.data);
                } else {
                    delivered.message(message.data.as_bytes());
                }
                left -= 1;
                if left == 0 {
                    return;
                }
            }
            let n = self.transport.take(self.messages.room());
            self.messages.filled(n);
        }
    }

    fn send(&mut self, count: usize, batch: usize) {
        for i in 1..=count {
            self.connection.send(TextMessage::new(&self.texts[self.next]), &mut self.out).unwrap();
            self.next = (self.next + 1) % self.texts.len();
            if i % batch == 0 || i == count {
                self.transport.put(&self.out);
                self.out.clear();
            }
        }
    }
}

/// Starts a peer that is a stream and a sink of messages.
macro_rules! stream_and_sink {
    ($work:ident, $stream:ident, $messages:ident, |$next:ident| $bytes:expr, $text:expr) => {{
        let work = *$work;
        let mut next = 0;
        let round = move |count: usize, delivered: &mut Delivered| {
            run(async {
                for i in 1..=count {
                    if work.task == Task::Receive {
                        let $next = $stream.next().await.unwrap();
                        if work.as_str {
                            delivered.text($text);
                        } else {
                            delivered.message($bytes);
                        }
                        continue;
                    }
                    $stream.feed($messages[next].clone()).await.unwrap();
                    next = (next + 1) % $messages.len();
                    if i % work.batch() == 0 || i == count {
                        $stream.flush().await.unwrap();
                    }
                }
            });
        };
        Runner { round: Box::new(round), written: crate::transport::Written::here() }
    }};
}

pub(crate) fn yawc(work: &Work) -> Option<Runner> {
    let Deflate { level, takeover } = work.deflate?;
    let deflate = yawc::DeflateOptions {
        level: yawc::CompressionLevel::new(u32::from(level)),
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        ..Default::default()
    };
    let mut options = yawc::Options::default()
        .with_utf8()
        .with_limits(64 << 20, 128 << 20)
        .with_read_buffer_capacity(64 << 10)
        .with_write_buffer_capacity(64 << 10);
    options.compression = Some(deflate);
    let agreed = match takeover {
        true => "permessage-deflate",
        false => "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    };
    let transport = Transport::new(work.tape(), work.read_len);
    let role = yawc::Role::Server;
    let mut stream =
        yawc::WebSocket::from_stream_with_extensions(transport, role, Some(agreed), options).ok()?;
    let messages: Vec<_> = work.payloads().into_iter().map(yawc::Frame::text).collect();
    Some(stream_and_sink!(work, stream, messages, |message| message.payload(), to_str(message.payload())))
}

fn sockudo_config(work: &Work) -> Option<sockudo_ws::deflate::DeflateConfig> {
    let Deflate { level, takeover } = work.deflate?;
    Some(sockudo_ws::deflate::DeflateConfig {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        compression_level: u32::from(level),
        ..Default::default()
    })
}

fn sockudo_messages(work: &Work) -> Vec<sockudo_ws::Message> {
    work.payloads().into_iter().map(|payload| sockudo_ws::Message::Text(Bytes::from(payload))).collect()
}

pub(crate) fn sockudo(work: &Work) -> Option<Runner> {
    let config =
        sockudo_ws::Config::builder().auto_ping(false).idle_timeout(0).max_payload_length(64 << 20).build();
    let transport = Transport::new(work.tape(), work.read_len);
    let mut stream = sockudo_ws::CompressedWebSocketStream::server(transport, config, sockudo_config(work)?);
    let messages = sockudo_messages(work);
    Some(stream_and_sink!(
        work,
        stream,
        messages,
        |message| message.as_ref().unwrap().as_bytes(),
        message.as_ref().unwrap().as_text().unwrap()
    ))
}

pub(crate) fn sockudo_parser(work: &Work) -> Option<Runner> {
    let work = *work;
    let mut transport = Transport::new(work.tape(), work.read_len);
    let written = transport.written();
    let mut protocol =
        sockudo_ws::protocol::CompressedProtocol::server(64 << 20, 64 << 20, sockudo_config(&work)?);
    let messages = sockudo_messages(&work);
    let mut next = 0;
    let (mut input, mut output) = (BytesMut::with_capacity(64 << 10), BytesMut::with_capacity(64 << 10));
    let mut received = Vec::new().into_iter();
    let round = move |count: usize, delivered: &mut Delivered| {
        for i in 1..=count {
            if work.task == Task::Receive {
                let message = loop {
                    if let Some(message) = received.next() {
                        break message;
                    }
                    crate::sockudo::read(&mut transport, &mut input);
                    received = protocol.process(&mut input).unwrap().into_iter();
                };
                if work.as_str {
                    delivered.text(message.as_text().unwrap());
                } else {
                    delivered.message(message.as_bytes());
                }
                continue;
            }
            protocol.encode_message(&messages[next], &mut output).unwrap();
            next = (next + 1) % messages.len();
            if i % work.batch() == 0 || i == count {
                transport.put(&output);
                output.clear();
            }
        }
    };
    Some(Runner { round: Box::new(round), written })
}
