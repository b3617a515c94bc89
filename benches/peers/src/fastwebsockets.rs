//! fastwebsockets: frames collected to messages; it writes each frame at once.

use fastwebsockets::{FragmentCollector, Frame, Payload, Role, WebSocket};

use crate::{
    Runner,
    transport::{Transport, run},
    work::{Delivered, Task, Work, to_str},
};

pub(crate) fn start(work: &Work) -> Option<Runner> {
    let work = *work;
    let transport = Transport::of(&work);
    let role = if work.is_client() { Role::Client } else { Role::Server };
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(transport, role));
    let payload = work.shared_payload();
    let round = move |messages: usize, delivered: &mut Delivered| {
        run(async {
            for _ in 0..messages {
                let frame = match work.task {
                    Task::Send if work.is_text() => Frame::text(Payload::Borrowed(&payload)),
                    Task::Send => Frame::binary(Payload::Borrowed(&payload)),
                    Task::Receive | Task::Echo | Task::Handshake => socket.read_frame().await.unwrap(),
                };
                match work.task {
                    Task::Send => {}
                    _ if work.as_str => delivered.text(to_str(&frame.payload)),
                    _ => delivered.message(&frame.payload),
                }
                if work.task != Task::Receive {
                    socket.write_frame(frame).await.unwrap();
                }
            }
        });
    };
    Some(Runner::new(round))
}
